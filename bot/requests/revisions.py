"""What an edit changed, line by line, in words."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.requests.model import Content
from bot.requests.text import first_few
from bot.schedule import Schedule
from bot.values import FrozenModel

EMPTY_TEXT = "(empty)"
MASK_TEXT = "•••"


class FieldChange(FrozenModel):
    """One line of a diff: what it is called, what it was and what it becomes."""

    field: str
    before: str
    after: str


def diff_contents(
    before: Content,
    after: Content,
    *,
    describe_schedule: Callable[[Schedule], str],
    field_labels: Mapping[str, str] | None = None,
    labels_before: Mapping[str, Any] | None = None,
    labels_after: Mapping[str, Any] | None = None,
    secret_fields: Collection[str] = (),
) -> tuple[FieldChange, ...]:
    """The difference of two contents. An empty value and a missing one are the same here.

    ``titles`` are the labels of fields, ``words_before`` and ``words_after`` the words that people saw for values
    (a request's ``labels``), all by field name; ``say`` turns a schedule into words. Values of ``secret`` fields are
    never shown.
    """
    field_labels = field_labels or {}
    old, new = _flatten(before.params), _flatten(after.params)
    found = [
        FieldChange(field=title, before=one, after=other)
        for title, one, other in (
            ("Back end", before.backend, after.backend),
            ("Operation", before.operation, after.operation),
        )
        if one != other
    ]
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            hidden = name in secret_fields or name.partition(".")[0] in secret_fields
            found.append(
                FieldChange(
                    field=field_labels.get(name) or name.replace("_", " ").replace(".", ": ").capitalize(),
                    before=_display_text(name, old, labels_before, hidden),
                    after=_display_text(name, new, labels_after, hidden),
                )
            )
    if before.targets != after.targets:
        found.append(_target_change(before.targets, after.targets))
    if before.schedule != after.schedule:
        found.append(
            FieldChange(
                field="When", before=describe_schedule(before.schedule), after=describe_schedule(after.schedule)
            )
        )
    return tuple(found)


def _flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Values by dotted name; what is empty is left out, since it says nothing."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            out |= _flatten(value, f"{prefix}{name}.")
        elif value is not None and value != "" and value != [] and value != ():
            out[prefix + name] = value
    return out


def _display_text(name: str, values: Mapping[str, Any], labels: Mapping[str, Any] | None, hidden: bool) -> str:
    if name not in values:
        return EMPTY_TEXT
    if hidden:
        return MASK_TEXT
    said = (labels or {}).get(name)
    return _value_text(values[name] if said is None or said == "" else said)


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return first_few([_value_text(item) for item in value], 10)
    return str(value)


def _target_change(before: tuple[str, ...], after: tuple[str, ...]) -> FieldChange:
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    return FieldChange(
        field="Targets",
        before=f"{len(before)}" + (f" (-{first_few(gone, 10)})" if gone else ""),
        after=f"{len(after)}" + (f" (+{first_few(come, 10)})" if come else ""),
    )
