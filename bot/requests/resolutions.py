"""What parameters stand for in the back end, in words, and how that differs from what was approved."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from bot.values import DIGEST_PREFIX, FrozenModel, Resolution


class DifferenceCode(StrEnum):
    """How what the back end tells differs from what was approved, for code to compare."""

    RESOLVES_DIFFERENTLY = "resolves_differently"
    """A parameter stands for another thing, or for one with another name."""
    RESOLVES_NO_LONGER = "resolves_no_longer"
    RESOLVES_NEWLY = "resolves_newly"
    DETAIL_CHANGED = "detail_changed"
    """It is the same thing, but it would do something else: a new version, other parameters."""
    NOT_RESOLVED_BEFORE = "not_resolved_before"
    """The content was approved by a release that did not record what it stands for."""
    FACT_CHANGED = "fact_changed"
    TARGETS_CHANGED = "targets_changed"
    TARGETS_NOT_COMPARABLE = "targets_not_comparable"
    """Not all names are known, so nobody can tell whether the targets changed."""


NEEDS_NEW_APPROVAL = frozenset(
    {
        DifferenceCode.RESOLVES_DIFFERENTLY,
        DifferenceCode.RESOLVES_NO_LONGER,
        DifferenceCode.RESOLVES_NEWLY,
        DifferenceCode.DETAIL_CHANGED,
        DifferenceCode.FACT_CHANGED,
        DifferenceCode.TARGETS_CHANGED,
    }
)
"""Differences in what would be done: no approval of the old content covers them."""


class Difference(FrozenModel):
    """One difference between what was approved and what the back end tells now, in words."""

    code: DifferenceCode
    field: str
    before: str
    after: str

    @property
    def text(self) -> str:
        """The difference as one line."""
        return f"{self.field}: {self.before} → {self.after}" if self.before else f"{self.field}: {self.after}"

    @property
    def needs_new_approval(self) -> bool:
        """Whether the request must go before its approvers again, rather than be confirmed by one of them."""
        return self.code in NEEDS_NEW_APPROVAL


def describe(resolution: Resolution) -> str:
    """Describe what a parameter stands for: ``template “Run Command - SSH” (id 7)``."""
    return f"{resolution.kind} “{resolution.name}” (id {resolution.id})"


def describe_value(text: str, resolutions: Sequence[Resolution]) -> str:
    """Describe a parameter's value and what it stands for:
    ``Run Script → template “Run Command - SSH” (id 7), runs as root``."""
    parts = []
    for resolution in resolutions:
        details = "".join(f", {name} {value}" for name, value in readable_details(resolution))
        if text in (resolution.name, resolution.id):
            text = f"{resolution.name} (id {resolution.id}){details}"
        else:
            parts.append(f"{describe(resolution)}{details}")
    return " → ".join([text, *parts])


def readable_details(resolution: Resolution) -> Iterator[tuple[str, str]]:
    """Return the details that say something to people."""
    return ((name, value) for name, value in resolution.details.items() if not value.startswith(DIGEST_PREFIX))


def compare_resolutions(
    approved: Sequence[Resolution] | None, current: Sequence[Resolution], labels: Mapping[str, str] | None = None
) -> tuple[Difference, ...]:
    """Return the differences between what parameters stood for when approved and what they stand for now.

    ``approved`` is None for content that was approved before this was recorded. ``labels`` has what people call the
    parameters, by name.
    """
    names = labels or {}
    return tuple(
        difference
        for before, after in _pairs(approved or (), current)
        for difference in _compare(before, after, recorded=approved is not None, labels=names)
    )


def _pairs(
    approved: Sequence[Resolution], current: Sequence[Resolution]
) -> Iterator[tuple[Resolution | None, Resolution | None]]:
    """Return what stands beside each other: the same kind of thing behind the same parameter."""
    before = {(r.field, r.kind): r for r in approved}
    after = {(r.field, r.kind): r for r in current}
    gone = [key for key in before if key not in after]
    new = [key for key in after if key not in before]
    yield from ((before[key], after[key]) for key in before if key in after)
    for key in gone:
        # Another kind of thing behind the same parameter: a task where there was software.
        other = next((candidate for candidate in new if candidate[0] == key[0]), None)
        if other is not None:
            new.remove(other)
        yield before[key], after[other] if other is not None else None
    yield from ((None, after[key]) for key in new)


def _compare(
    before: Resolution | None, after: Resolution | None, *, recorded: bool, labels: Mapping[str, str]
) -> Iterator[Difference]:
    behind = after or before
    if behind is None or before == after:
        return
    field = field_label(behind.field, labels)
    if before is None or after is None:
        code = DifferenceCode.RESOLVES_NEWLY if recorded else DifferenceCode.NOT_RESOLVED_BEFORE
        yield Difference(
            code=code if before is None else DifferenceCode.RESOLVES_NO_LONGER,
            field=field,
            before=describe(before) if before else "",
            after=describe(after) if after else "nothing that the back end knows",
        )
        return
    if (before.kind, before.id, before.name) != (after.kind, after.id, after.name):
        yield Difference(
            code=DifferenceCode.RESOLVES_DIFFERENTLY, field=field, before=describe(before), after=describe(after)
        )
    if (before.kind, before.id) == (after.kind, after.id):
        yield from _compare_details(before, after, field)


def _compare_details(before: Resolution, after: Resolution, field: str) -> Iterator[Difference]:
    for name in dict.fromkeys((*before.details, *after.details)):
        old, new = before.details.get(name, "unknown"), after.details.get(name, "unknown")
        if old == new:
            continue
        hidden = old.startswith(DIGEST_PREFIX) or new.startswith(DIGEST_PREFIX)
        yield Difference(
            code=DifferenceCode.DETAIL_CHANGED,
            field=f"{field}: {name} of {describe(after)}",
            before="as approved" if hidden else old,
            after="changed" if hidden else new,
        )


def field_label(field: str, labels: Mapping[str, str]) -> str:
    """Return what people call a parameter."""
    return labels.get(field) or field.replace("_", " ").capitalize()
