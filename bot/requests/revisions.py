"""The differences between two revisions, as lines of text."""

from collections.abc import Callable, Collection, Mapping

from bot.requests.change import CHANGE_LABEL
from bot.requests.emergency import EMERGENCY_LABEL
from bot.requests.model import Content, Overlap
from bot.requests.overlap import OVERLAP_LABEL, OVERLAP_LABELS
from bot.requests.resolutions import compare_resolutions
from bot.requests.text import first_few
from bot.schedule import Schedule
from bot.values import FrozenModel, Json, JsonObject

EMPTY_TEXT = "(empty)"
MASK_TEXT = "•••"


class FieldChange(FrozenModel):
    """One line of a diff: the label of a field and its value before and after."""

    field: str
    before: str
    after: str


def diff_contents(
    before: Content,
    after: Content,
    *,
    describe_schedule: Callable[[Schedule], str],
    field_labels: Mapping[str, str] | None = None,
    labels_before: JsonObject | None = None,
    labels_after: JsonObject | None = None,
    secret_fields: Collection[str] = (),
) -> tuple[FieldChange, ...]:
    """Return the differences of two contents. An empty value equals a missing one.

    ``field_labels`` has the labels of fields; ``labels_before`` and ``labels_after`` have the texts that people saw for
    values (a request's ``labels``), all by field name. ``describe_schedule`` turns a schedule into words. Values of
    ``secret_fields`` are never shown.
    """
    field_labels = field_labels or {}
    old, new = _flatten(before.params), _flatten(after.params)
    changes = [
        FieldChange(field=label, before=old_value, after=new_value)
        for label, old_value, new_value in (
            ("Back end", before.backend, after.backend),
            ("Operation", before.operation, after.operation),
        )
        if old_value != new_value
    ]
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            hidden = name in secret_fields or name.partition(".")[0] in secret_fields
            changes.append(
                FieldChange(
                    field=field_labels.get(name) or name.replace("_", " ").replace(".", ": ").capitalize(),
                    before=_display_text(name, old, labels_before, hidden),
                    after=_display_text(name, new, labels_after, hidden),
                )
            )
    if before.overlap != after.overlap:
        old_text, new_text = (_overlap_text(content.overlap) for content in (before, after))
        changes.append(FieldChange(field=OVERLAP_LABEL, before=old_text, after=new_text))
    if before.change != after.change:
        old_text, new_text = (content.change or EMPTY_TEXT for content in (before, after))
        changes.append(FieldChange(field=CHANGE_LABEL, before=old_text, after=new_text))
    if before.emergency != after.emergency:
        was, becomes = (_value_text(content.emergency) for content in (before, after))
        changes.append(FieldChange(field=EMERGENCY_LABEL, before=was, after=becomes))
    if before.hash_version > 1:
        edited = {name for name in old | new if old.get(name) != new.get(name)}
        changes += _resolution_changes(before, after, edited, field_labels)
    if before.targets != after.targets:
        changes.append(_target_change(before.targets, after.targets))
    if before.schedule != after.schedule:
        changes.append(
            FieldChange(
                field="When", before=describe_schedule(before.schedule), after=describe_schedule(after.schedule)
            )
        )
    return tuple(changes)


def _overlap_text(overlap: Overlap | None) -> str:
    return EMPTY_TEXT if overlap is None else OVERLAP_LABELS[overlap]


def _resolution_changes(
    before: Content, after: Content, edited: Collection[str], field_labels: Mapping[str, str]
) -> list[FieldChange]:
    """Return what unedited parameters stand for now that they did not before."""
    differences = compare_resolutions(
        [resolution for resolution in before.resolutions if resolution.field not in edited],
        [resolution for resolution in after.resolutions if resolution.field not in edited],
        field_labels,
    )
    return [FieldChange(field=d.field, before=d.before, after=d.after) for d in differences]


def _flatten(values: JsonObject, prefix: str = "") -> dict[str, Json]:
    """Return values by dotted name, without empty ones."""
    flat: dict[str, Json] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{prefix}{name}.")
        elif value not in (None, "", []):
            flat[prefix + name] = value
    return flat


def _display_text(name: str, values: JsonObject, labels: JsonObject | None, hidden: bool) -> str:
    if name not in values:
        return EMPTY_TEXT
    if hidden:
        return MASK_TEXT
    label = (labels or {}).get(name)
    return _value_text(values[name] if label is None or label == "" else label)


def _value_text(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return first_few([_value_text(item) for item in value], 10)
    return str(value)


def _target_change(before: tuple[str, ...], after: tuple[str, ...]) -> FieldChange:
    removed = [name for name in before if name not in after]
    added = [name for name in after if name not in before]
    return FieldChange(
        field="Targets",
        before=f"{len(before)}" + (f" (-{first_few(removed, 10)})" if removed else ""),
        after=f"{len(after)}" + (f" (+{first_few(added, 10)})" if added else ""),
    )
