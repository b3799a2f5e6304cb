"""The form of an operation, as a value: use cases fill it, blocks render it."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.backends.base import FormField, Option
from bot.requests.change import CHANGE_LABEL
from bot.requests.emergency import EMERGENCY_LABEL
from bot.requests.overlap import OVERLAP_LABEL, OVERLAP_LABELS
from bot.schedule import Reading
from bot.values import Json, JsonObject

WHEN = "when"
REASON = "because"
SYSTEM = "_system"
OPERATION = "_operation"
SHARED_SECTION = "Approval and series"
OVERLAP = "_overlap"
OVERLAP_FIELD = FormField(
    name=OVERLAP,
    label=OVERLAP_LABEL,
    hint="Without a choice, policy decides: by default the next run is skipped.",
    section=SHARED_SECTION,
    widget="choice",
    choices=tuple(Option(value=value, label=label) for value, label in OVERLAP_LABELS.items()),
)
"""The field of every form for a series."""
CHANGE = "_change"
CHANGE_FIELD = FormField(
    name=CHANGE,
    label=CHANGE_LABEL,
    hint="The change or ticket that this belongs to. Policy requires one for some requests.",
    argument="change",
)
"""The field of forms where a rule of policy may require a change."""
MAX_CHANGE_LENGTH = 200
EMERGENCY = "_emergency"
EMERGENCY_FIELD = FormField(
    name=EMERGENCY,
    label=EMERGENCY_LABEL,
    hint="It runs now, with fewer approvals or none, and others review it afterwards. The preview says what applies.",
    widget="flag",
    argument="emergency",
)
"""The field of forms where a rule of policy lets something run as an emergency."""
SHARED_FIELDS = frozenset({OVERLAP, CHANGE, EMERGENCY})
"""The names of the fields that are no parameters of an operation."""
MAX_TEXT_LENGTH = 3000
"""Maximum length of a text in one input."""


_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,79}")
_MADE_ID = "~"
"""Begins an id that was made for a name or value that Slack cannot take as one."""
MAX_OPTION_LENGTH = 150
"""Maximum length of the value of an option in Slack."""


def field_id(name: str) -> str:
    """Return the id of a field in Slack: its name, or a short stable id in place of one that is long or odd."""
    return name if _ID.fullmatch(name) else _made_id(name)


def option_id(value: str) -> str:
    """Return the id of an option in Slack: its value, or a short stable id in place of one that is too long."""
    return _made_id(value) if len(value) > MAX_OPTION_LENGTH or value.startswith(_MADE_ID) else value


def _made_id(text: str) -> str:
    return _MADE_ID + hashlib.sha256(text.encode()).hexdigest()[:24]


def has_made_id(values: JsonObject) -> bool:
    """Return whether a field or option in what was entered has an id that was made for it."""
    texts = [text for value in values.values() for text in (value if isinstance(value, list | tuple) else [value])]
    return any(isinstance(text, str) and text.startswith(_MADE_ID) for text in (*values, *texts))


def as_named(
    fields: Iterable[FormField], values: JsonObject, labels: JsonObject
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return what was entered by the names of the fields, with the values of the options that were picked. What belongs
    to no field is left out."""
    by_id = {field_id(item.name): item for item in fields}
    named: dict[str, Json] = {}
    shown: dict[str, Json] = {}
    for entered_as, value in values.items():
        item = by_id.get(entered_as)
        if item is None and entered_as.startswith(_MADE_ID):
            continue
        name = item.name if item is not None else entered_as
        options = {option_id(choice.value): choice.value for choice in item.choices} if item is not None else {}
        named[name] = _picked(value, options)
        if entered_as in labels:
            label = labels[entered_as]
            if isinstance(label, Mapping):
                label = {options.get(key, key): text for key, text in label.items()}
            shown[name] = label
    return named, shown


def _picked(value: Json, options: Mapping[str, str]) -> Json:
    if isinstance(value, list | tuple):
        return [options.get(item, item) if isinstance(item, str) else item for item in value]
    return options.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Form:
    """Everything that a form shows."""

    draft_id: str
    version: int
    title: str
    system: str
    systems: Sequence[Option]
    operation: str
    operations: Sequence[Option]
    fields: Sequence[FormField]
    page: str
    """The page that was chosen last; a page with an error is shown instead."""
    values: JsonObject
    labels: JsonObject
    """What people saw when they picked a value, by field name."""
    generation: int
    """Goes up when the bot fills inputs in, so that Slack drops what was typed there."""
    phrase: str
    reason: str
    reading: Reading | None = None
    echo: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    """By field name."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What was found for a value, in a line below its field; by field name."""
    notices: Sequence[str] = ()
    """Sentences at the top."""
    unfinished_draft: str = ""
    """Id of an unfinished draft that can be resumed instead."""
    base_revision: int | None = None
    """The revision that an edit began from; None for a new request."""


def is_clipped_original(submitted: Json, stored: Json) -> bool:
    """Whether an input was left unchanged that showed only the beginning of a text too long for it."""
    return (
        isinstance(stored, str)
        and len(stored) > MAX_TEXT_LENGTH
        and submitted == stored[: MAX_TEXT_LENGTH - 1].rstrip() + "…"
    )
