"""The form of an operation: made from its fields, one page for each section."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blocks.inputs import block_id, field_input, option
from blocks.limits import fit_view
from blocks.text import Block, actions, button, clip, context, lines, plain, t
from bot.backends.base import Field, Option
from bot.schedule import Question, Reading

WHEN = "when"
WHY = "because"
SYSTEM = "_system"
OPERATION = "_operation"
FORM = "form"
BASICS = "Basics"
_PAGE_FIELDS = 40
_PAGE_BYTES = 120_000
"""What one page may hold, well below what a view may."""


@dataclass(frozen=True, slots=True)
class Form:
    """Everything that a form shows. ``errors`` are by field name; ``notices`` stand at the top."""

    draft_id: str
    version: int
    title: str
    system: str
    systems: Sequence[Option]
    operation: str
    operations: Sequence[Option]
    fields: Sequence[Field]
    section: str
    values: Mapping[str, Any]
    labels: Mapping[str, Any]
    generation: int
    phrase: str
    reason: str
    reading: Reading | None = None
    echo: Sequence[str] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[str] = ()
    left_open: str = ""
    """The id of an unfinished form that can be picked up instead."""

    @property
    def sections(self) -> list[str]:
        """The pages, in the order in which their fields come, the basics first."""
        found = dict.fromkeys(f.section for f in self.fields)
        return sorted(found, key=lambda section: section != BASICS) or [self.section or BASICS]

    @property
    def page(self) -> str:
        """The page that is shown."""
        return self.section if self.section in self.sections else self.sections[0]


def paged(fields: Sequence[Field], values: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields, with those of a section that is too long for one page on further pages: ``Inputs``, ``Inputs 2``."""
    pages: dict[str, tuple[int, int, int]] = {}
    found = []
    for item in fields:
        size = len(json.dumps(field_input(item, values.get(item.name), None, 0, "")))
        number, held, filled = pages.get(item.section, (1, 0, 0))
        if held and (held == _PAGE_FIELDS or filled + size > _PAGE_BYTES):
            number, held, filled = number + 1, 0, 0
        pages[item.section] = (number, held + 1, filled + size)
        section = item.section if number == 1 else f"{item.section} {number}"
        found.append(item.model_copy(update={"section": section}))
    return tuple(found)


def metadata(draft_id: str, version: int) -> str:
    """What travels with a view: an opaque id and a version, nothing else."""
    return json.dumps({"d": draft_id, "v": version})


def read_metadata(text: str) -> tuple[str, int]:
    """The draft's id and the version that the view showed. Raises ValueError for anything else."""
    data = json.loads(text)
    return str(data["d"]), int(data["v"])


def skeleton(title: str) -> dict[str, Any]:
    """What opens at once, before anything has been looked up."""
    return {
        "type": "modal",
        "callback_id": "loading",
        "title": plain(clip(title, 24), 24),
        "close": plain("Close", 24),
        "blocks": [lines([t("One moment, the form is being put together …")])],
    }


def notice(title: str, *texts: str, back: bool = False) -> dict[str, Any]:
    """A view that only says something. With ``back``, the view that it lies on is there again when it is closed."""
    return {
        "type": "modal",
        "callback_id": "notice",
        "clear_on_close": not back,
        "title": plain(clip(title, 24), 24),
        "close": plain("Back" if back else "Close", 24),
        "blocks": [lines([t(text)]) for text in texts],
    }


def form_view(form: Form) -> dict[str, Any]:
    """The modal."""
    blocks: list[Block] = [lines([t(f"⚠️ {clip(text, 1000)}", bold=True)]) for text in form.notices[:10]]
    if form.left_open:
        blocks.append(actions("resume", button("Pick up the form you left unfinished", "resume", form.left_open)))
    blocks += _choosers(form)
    if len(form.sections) > 1:
        blocks.append(_pages(form))
    for item in form.fields:
        if item.section == form.page:
            blocks.append(
                field_input(item, form.values.get(item.name), form.labels.get(item.name), form.generation, form.system)
            )
            blocks += _error(form, item.name)
    if form.page == form.sections[0]:
        blocks += _when(form)
        blocks += _why(form)
    view = {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": metadata(form.draft_id, form.version),
        "title": plain(clip(form.title, 24), 24),
        "submit": plain("Preview", 24),
        "close": plain("Close", 24),
        "blocks": blocks,
    }
    return fit_view(view)


def _choosers(form: Form) -> list[Block]:
    rows = [
        (SYSTEM, "System", form.systems, form.system),
        (OPERATION, "What to do", form.operations, form.operation),
    ]
    blocks = []
    for name, label, choices, chosen in rows:
        if len(choices) > 1:
            selected = next((c for c in choices if c.value == chosen), choices[0])
            element = {
                "type": "static_select",
                "action_id": name,
                "options": [option(c) for c in choices[:100]],
                "initial_option": option(selected),
            }
            blocks.append(
                {
                    "type": "input",
                    "block_id": block_id(name, form.generation),
                    "dispatch_action": True,
                    "label": plain(label, 2000),
                    "element": element,
                }
            )
    return blocks


def _pages(form: Form) -> Block:
    wrong = {f.section for f in form.fields if f.name in form.errors}
    buttons = []
    for number, section in enumerate(form.sections[:25]):
        words = f"⚠️ {section}" if section in wrong else section
        style = "primary" if section == form.page else ""
        buttons.append(button(words, f"page:{number}", section, style=style))
    return actions("pages", *buttons)


def _error(form: Form, name: str) -> list[Block]:
    text = form.errors.get(name)
    return [context(f"⚠️ {text}")] if text else []


def _when(form: Form) -> list[Block]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": WHEN,
        "max_length": 300,
        "placeholder": plain("now · tomorrow 21:00 · every day at 06:00", 150),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]},
    }
    if form.phrase:
        element["initial_value"] = clip(form.phrase, 300)
    blocks: list[Block] = [
        {
            "type": "input",
            "block_id": block_id(WHEN, form.generation),
            "dispatch_action": True,
            "label": plain("When", 2000),
            "hint": plain("In your own words. What it means appears below.", 2000),
            "element": element,
        }
    ]
    blocks += _error(form, WHEN)
    if form.echo:
        blocks.append(context(*form.echo))
    if isinstance(form.reading, Question) and form.reading.choices:
        choices = form.reading.choices[:10]
        blocks.append(
            actions("when_choices", *(button(c.label, f"when_choice:{i}", str(i)) for i, c in enumerate(choices)))
        )
    return blocks


def _why(form: Form) -> list[Block]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": WHY,
        "multiline": True,
        "max_length": 1000,
        "placeholder": plain("What this is for, for those who approve it", 150),
    }
    if form.reason:
        element["initial_value"] = clip(form.reason, 1000)
    block: Block = {
        "type": "input",
        "block_id": block_id(WHY, form.generation),
        "label": plain("Why", 2000),
        "element": element,
    }
    return [block, *_error(form, WHY)]
