"""Drift: how the targets of a request differ now from those that were approved."""

from bot.requests.model import TargetSet
from bot.requests.text import count_noun, first_few
from bot.values import FrozenModel

DEFAULT_DYNAMIC_PERCENT = 10


class Drift(FrozenModel):
    """The difference. ``percent`` is the share of the approved targets that were added or removed.
    ``needs_confirmation`` means that an approver has to confirm that they have seen it."""

    before: int
    now: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    percent: float
    needs_confirmation: bool
    text: str


def compare_targets(approved: TargetSet, current: TargetSet, max_percent: int | None = None) -> Drift:
    """Compare the approved targets with the current ones. ``max_percent`` is how much may change without confirmation;
    None means the default: nothing for a fixed list, 10 for a dynamic one."""
    limit = max_percent if max_percent is not None else (0 if approved.fixed else DEFAULT_DYNAMIC_PERCENT)
    added, removed = _only_in(current, approved), _only_in(approved, current)
    changed = max(len(added) + len(removed), abs(current.count - approved.count))
    percent = 100 * changed / approved.count if approved.count else (100.0 if changed else 0.0)
    return Drift(
        before=approved.count,
        now=current.count,
        added=added,
        removed=removed,
        percent=round(percent, 1),
        needs_confirmation=percent > limit,
        text=_drift_text(approved, current, added, removed) if changed else "",
    )


def _only_in(one: TargetSet, other: TargetSet) -> tuple[str, ...]:
    """Return the names that only the first set has; none if not all names of the other are known."""
    if len(other.names) < other.count:
        return ()
    known = {name.casefold() for name in other.names}
    return tuple(name for name in one.names if name.casefold() not in known)


def _drift_text(approved: TargetSet, current: TargetSet, added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    names = [f"+{name}" for name in added] + [f"-{name}" for name in removed]
    listed = f": {first_few(names, 10)}" if names else ""
    known = all(len(one.names) >= one.count for one in (approved, current))
    return (
        f"{count_noun(current.count, current.noun)}, was "
        f"{approved.count:,}{listed}{'' if known else ' (not all names are known)'}"
    )
