"""Conflicts: two requests, of any back ends, that work on the same target at the same time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.requests.spans import TimeSpan
from bot.requests.text import first_few, format_span
from bot.values import FrozenModel


class PlannedWork(FrozenModel):
    """The targets of a request and when it works on them. ``request`` is its name (NS-12); ``windows`` come from
    ``bot.requests.spans.work_spans``."""

    request: str
    backend: str
    title: str = ""
    is_hidden: bool = False
    """Whether somebody who reads of the conflict may not see this request."""
    names: tuple[str, ...] = ()
    windows: tuple[TimeSpan, ...] = ()


class TargetConflict(FrozenModel):
    """Another request on the same targets at the same time. ``start`` to ``end`` is the first time that both share;
    ``overlap_count`` is how many times they share."""

    request: str
    backend: str
    names: tuple[str, ...]
    start: datetime
    end: datetime
    overlap_count: int
    text: str
    told_as: str
    """How its text begins, whenever it is told."""
    is_possible: bool = False
    """Whether it is not known if the other request is still running: people have marked it as ended."""

    def is_told_in(self, warnings: Iterable[str]) -> bool:
        """Return whether warnings from an earlier moment are about this conflict. Their times may have moved since."""
        return any(warning.startswith(self.told_as) for warning in warnings)


class ConflictSearch:
    """Compares one request with others, one at a time, so that a caller can pause in between.

    Names are compared without case, and with ``short_names`` by their first label only, so that web-1 is
    web-1.example.org. Times are told in ``zone``.
    """

    def __init__(self, mine: PlannedWork, *, zone: str = "UTC", short_names: bool = False) -> None:
        self._mine = mine
        self._zone = zone
        self._short_names = short_names
        self._names_by_key = _by_key(mine.names, short_names)
        self._overlaps: dict[tuple[TimeSpan, ...], Sequence[TimeSpan]] = {}
        """The times that the request shares with others, by their windows: many others have the same."""

    def shares_targets(self, names: Iterable[str]) -> bool:
        """Return whether some of the names are targets of the request."""
        return any(_comparison_key(name, self._short_names) in self._names_by_key for name in names)

    def conflict_with(self, other: PlannedWork) -> TargetConflict | None:
        """Return the conflict with another request; None if there is none."""
        if other.request == self._mine.request:
            return None
        shared = self._names_by_key.keys() & _by_key(other.names, self._short_names).keys()
        overlaps = self._overlaps_with(other.windows) if shared else ()
        if not overlaps:
            return None
        names = tuple(sorted(self._names_by_key[key] for key in shared))
        return _describe_conflict(other, names, overlaps, self._zone)

    def possible_conflict_with(self, other: PlannedWork, now: datetime) -> TargetConflict | None:
        """Return the conflict with a request that may still be running; None if it works on other targets."""
        shared = self._names_by_key.keys() & _by_key(other.names, self._short_names).keys()
        if other.request == self._mine.request or not shared:
            return None
        names = tuple(sorted(self._names_by_key[key] for key in shared))
        said = f"{_name_of(other)} may still be running on {first_few(names)}"
        return TargetConflict(
            request=other.request,
            backend=other.backend,
            names=names,
            start=now,
            end=now,
            overlap_count=1,
            text=f"{said}: it was marked as ended, but nobody has seen it end. No rule alone approves this.",
            told_as=_beginning(other, said),
            is_possible=True,
        )

    def _overlaps_with(self, windows: tuple[TimeSpan, ...]) -> Sequence[TimeSpan]:
        if windows not in self._overlaps:
            self._overlaps[windows] = _overlaps(self._mine.windows, windows)
        return self._overlaps[windows]


def earliest_first(conflicts: Iterable[TargetConflict]) -> tuple[TargetConflict, ...]:
    """Return conflicts in the order of their times."""
    return tuple(sorted(conflicts, key=lambda conflict: (conflict.start, conflict.request)))


def _by_key(names: Sequence[str], short_names: bool) -> Mapping[str, str]:
    return {_comparison_key(name, short_names): name for name in names}


def _comparison_key(name: str, short_names: bool) -> str:
    low = name.casefold().rstrip(".")
    if short_names and not low.replace(".", "").isdigit():
        return low.partition(".")[0]
    return low


def _overlaps(mine: Sequence[TimeSpan], others: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Return the times that two lists of spans share, in one pass over both."""
    left, right = sorted(mine), sorted(others)
    shared, i, j = [], 0, 0
    while i < len(left) and j < len(right):
        if left[i].overlaps(right[j]):
            shared.append(TimeSpan(max(left[i].start, right[j].start), min(left[i].end, right[j].end)))
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
    return shared


def _name_of(other: PlannedWork) -> str:
    if other.is_hidden:
        return "A request that you cannot see"
    return f"{other.request} ({other.title}, {other.backend})" if other.title else f"{other.request} ({other.backend})"


def _beginning(other: PlannedWork, said: str) -> str:
    """Return how every text about another request begins: with its name, or with what is said of one without a name."""
    return said if other.is_hidden else f"{other.request} ("


def _describe_conflict(
    other: PlannedWork, names: tuple[str, ...], overlaps: Sequence[TimeSpan], zone: str
) -> TargetConflict:
    first = TimeSpan(*(at.astimezone(ZoneInfo(zone)) for at in overlaps[0]))
    said = f"{_name_of(other)} works on {first_few(names)} too"
    often = f", the first of {len(overlaps)} times" if len(overlaps) > 1 else ""
    return TargetConflict(
        request=other.request,
        backend=other.backend,
        names=names,
        start=first.start,
        end=first.end,
        overlap_count=len(overlaps),
        text=f"{said}: {format_span(*first)}{often}.",
        told_as=_beginning(other, said),
    )
