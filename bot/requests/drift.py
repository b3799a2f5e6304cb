"""Drift: how the targets and facts of a request differ now from those that were approved."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from bot.requests.model import Request, TargetSet
from bot.requests.resolutions import Difference, DifferenceCode, compare_resolutions, field_label
from bot.requests.text import count_noun, first_few
from bot.values import FrozenModel, Json, Resolution

DEFAULT_DYNAMIC_PERCENT = 10


class Observation(FrozenModel):
    """What a back end tells about a request at one moment.

    ``resolutions`` is None where it was not recorded: content that an earlier release approved.
    """

    targets: TargetSet
    facts: Mapping[str, JsonValue] = {}
    resolutions: tuple[Resolution, ...] | None = None


class Drift(FrozenModel):
    """The difference. ``percent`` is the share of the approved targets that were added or removed.

    ``comparable`` is False if not all names are known, so that nobody can tell. ``needs_confirmation`` means that an
    approver has to confirm that they have seen it. ``exceeds_limit`` means that more has changed, as far as is known,
    than an approval covers.
    """

    before: int
    now: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    percent: float
    comparable: bool
    needs_confirmation: bool
    exceeds_limit: bool
    text: str


def approved_observation(request: Request) -> Observation:
    """Return what was known of a request when its content was put before its approvers."""
    return Observation(
        targets=request.targets,
        facts=request.facts,
        resolutions=request.content.resolutions if request.content.hash_version > 1 else None,
    )


def compare_observations(
    approved: Observation,
    current: Observation,
    *,
    labels: Mapping[str, str] | None = None,
    max_drift_percent: int | None = None,
) -> tuple[Difference, ...]:
    """Return how what a request would do now differs from what was approved, by value.

    ``labels`` has what people call the parameters, by name. ``max_drift_percent`` is as in ``compare_targets``; smaller
    drift is no difference.
    """
    resolved = compare_resolutions(approved.resolutions, current.resolutions or (), labels)
    facts = compare_facts(approved.facts, current.facts, labels)
    known = {value for r in (*(approved.resolutions or ()), *(current.resolutions or ())) for value in _values(r)}
    drift = compare_targets(approved.targets, current.targets, max_drift_percent)
    return (
        *resolved,
        # A fact that repeats what a parameter stands for needs no second line.
        *(fact for fact in facts if not {fact.before, fact.after} <= known),
        *([_target_difference(drift, approved.targets, current.targets)] if drift.needs_confirmation else ()),
    )


def compare_facts(
    approved: Mapping[str, JsonValue], current: Mapping[str, JsonValue], labels: Mapping[str, str] | None = None
) -> tuple[Difference, ...]:
    """Return the facts that have another value now. Only facts that were recorded are compared: a later release may
    know more of them."""
    return tuple(
        Difference(
            code=DifferenceCode.FACT_CHANGED,
            field=field_label(name, labels or {}),
            before=_fact_text(value),
            after=_fact_text(current.get(name)),
        )
        for name, value in approved.items()
        if (value or None) != (current.get(name) or None)
    )


def compare_targets(approved: TargetSet, current: TargetSet, max_percent: int | None = None) -> Drift:
    """Compare the approved targets with the current ones. ``max_percent`` is how much may change without confirmation;
    None means the default: nothing for a fixed list, 10 for a dynamic one. Sets whose names are not all known always
    need confirmation."""
    limit = max_percent if max_percent is not None else (0 if approved.fixed else DEFAULT_DYNAMIC_PERCENT)
    comparable = approved.names_are_complete and current.names_are_complete
    added, removed = _only_in(current, approved), _only_in(approved, current)
    changed = max(len(added) + len(removed), abs(current.count - approved.count))
    percent = 100 * changed / approved.count if approved.count else (100.0 if changed else 0.0)
    return Drift(
        before=approved.count,
        now=current.count,
        added=added,
        removed=removed,
        percent=round(percent, 1),
        comparable=comparable,
        needs_confirmation=not comparable or percent > limit,
        exceeds_limit=percent > limit,
        text=_drift_text(approved, current, added, removed) if changed or not comparable else "",
    )


def _only_in(one: TargetSet, other: TargetSet) -> tuple[str, ...]:
    """Return the names that only the first set has; none if not all names of the other are known. Two targets of one
    name count twice."""
    if not other.names_are_complete:
        return ()
    known = Counter(name.casefold() for name in other.names)
    return tuple(_without(one.names, known))


def _without(names: Sequence[str], known: Counter[str]) -> Iterator[str]:
    for name in names:
        if known[name.casefold()]:
            known[name.casefold()] -= 1
        else:
            yield name


def _drift_text(approved: TargetSet, current: TargetSet, added: tuple[str, ...], removed: tuple[str, ...]) -> str:
    which = _which_text(added, removed, comparable=approved.names_are_complete and current.names_are_complete)
    return f"{count_noun(current.count, current.noun)}, was {approved.count:,}{which}"


def _which_text(added: tuple[str, ...], removed: tuple[str, ...], *, comparable: bool) -> str:
    """Return which targets came and went, as the end of a sentence."""
    names = [f"+{name}" for name in added] + [f"-{name}" for name in removed]
    listed = f": {first_few(names, 10)}" if names else ""
    return listed if comparable else f"{listed} (not all names are known)"


def _target_difference(drift: Drift, approved: TargetSet, current: TargetSet) -> Difference:
    which = _which_text(drift.added, drift.removed, comparable=drift.comparable)
    return Difference(
        code=DifferenceCode.TARGETS_CHANGED if drift.exceeds_limit else DifferenceCode.TARGETS_NOT_COMPARABLE,
        field="Targets",
        before=count_noun(approved.count, approved.noun),
        after=f"{count_noun(current.count, current.noun)}{which}",
    )


def _values(resolution: Resolution) -> set[str]:
    return {resolution.id, resolution.name, *resolution.details.values()}


def _fact_text(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join("unknown" if item is None else _fact_text(item) for item in value) or "nothing"
    return str(value) if value not in (None, "") else "nothing"
