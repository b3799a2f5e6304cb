"""Conflicts: two requests, of whatever back end, at work on the same target at the same time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.requests.model import Value
from bot.requests.windows import Span
from bot.requests.words import some, span


class Work(Value):
    """What a request does, where and when: ``request`` is what people call it (NS-12), ``windows`` as
    ``bot.requests.windows.windows`` gives them."""

    request: str
    backend: str
    title: str = ""
    names: tuple[str, ...] = ()
    windows: tuple[Span, ...] = ()


class Conflict(Value):
    """Another request on the same targets at the same time; ``start`` to ``end`` is the first time that both share,
    ``times`` how often they meet."""

    request: str
    backend: str
    names: tuple[str, ...]
    start: datetime
    end: datetime
    times: int = 1
    words: str = ""


def conflicts(
    mine: Work, others: Iterable[Work], *, zone: str = "UTC", short_names: bool = False
) -> tuple[Conflict, ...]:
    """The other requests that mine would meet, the earliest first. Names are compared without case; with
    ``short_names`` by their first label only, so that web-1 is web-1.example.org. ``zone`` is for the words."""
    known = _by_key(mine.names, short_names)
    found = []
    for other in others:
        if other.request == mine.request:
            continue
        shared = known.keys() & _by_key(other.names, short_names).keys()
        if shared and (meets := _meetings(mine.windows, other.windows)):
            names = tuple(sorted(known[key] for key in shared))
            found.append(_conflict(other, names, meets, zone))
    return tuple(sorted(found, key=lambda c: (c.start, c.request)))


def _by_key(names: Sequence[str], short_names: bool) -> Mapping[str, str]:
    return {_key(name, short_names): name for name in names}


def _key(name: str, short_names: bool) -> str:
    low = name.casefold().rstrip(".")
    if short_names and not low.replace(".", "").isdigit():
        return low.partition(".")[0]
    return low


def _meetings(mine: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The times that two lists of spans share, found in one pass over both."""
    left, right = sorted(mine), sorted(others)
    found, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i].meets(right[j]):
            found.append(Span(max(left[i].start, right[j].start), min(left[i].end, right[j].end)))
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
    return found


def _conflict(other: Work, names: tuple[str, ...], meets: Sequence[Span], zone: str) -> Conflict:
    first = Span(*(at.astimezone(ZoneInfo(zone)) for at in meets[0]))
    what = f"{other.request} ({other.title}, {other.backend})" if other.title else f"{other.request} ({other.backend})"
    often = f", the first of {len(meets)} times" if len(meets) > 1 else ""
    return Conflict(
        request=other.request,
        backend=other.backend,
        names=names,
        start=first.start,
        end=first.end,
        times=len(meets),
        words=f"{what} works on {some(names)} too: {span(*first)}{often}.",
    )
