"""Drift: what a request would touch now, against what it would have touched when it was asked for."""

from bot.requests.model import Matched, Value
from bot.requests.words import counted, some

DYNAMIC_PERCENT = 10


class Drift(Value):
    """The difference. ``percent`` is how many targets came or went, of those there were. ``needs_confirmation`` means
    that an approver has to say that they have seen it."""

    before: int
    now: int
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    percent: float = 0.0
    needs_confirmation: bool = False
    words: str = ""


def drift(then: Matched, now: Matched, allowed: int | None = None) -> Drift:
    """Compare two answers. ``allowed`` is the percentage that may change without a word; None is the usual one: none
    at all for a fixed list, 10 for one that is worked out anew."""
    limit = allowed if allowed is not None else (0 if then.fixed else DYNAMIC_PERCENT)
    added, removed = _only_in(now, then), _only_in(then, now)
    changed = max(len(added) + len(removed), abs(now.count - then.count))
    percent = 100 * changed / then.count if then.count else (100.0 if changed else 0.0)
    return Drift(
        before=then.count,
        now=now.count,
        added=added,
        removed=removed,
        percent=round(percent, 1),
        needs_confirmation=percent > limit,
        words=_words(then, now, added, removed) if changed else "",
    )


def _only_in(one: Matched, other: Matched) -> tuple[str, ...]:
    """The names that only one of the answers has; none where not all names of the other are known."""
    if len(other.names) < other.count:
        return ()
    known = {name.casefold() for name in other.names}
    return tuple(name for name in one.names if name.casefold() not in known)


def _words(then: Matched, now: Matched, added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    names = [f"+{name}" for name in added] + [f"-{name}" for name in removed]
    listed = f": {some(names, 10)}" if names else ""
    known = all(len(one.names) >= one.count for one in (then, now))
    return f"{counted(now.count, now.noun)}, was {then.count:,}{listed}{'' if known else ' (not all names are known)'}"
