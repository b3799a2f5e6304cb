"""The modal of a form: its inputs in pages, one for each section."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from blocks.inputs import block_id, field_input, option_element
from blocks.limits import fit_view
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    button,
    clip,
    context,
    modal,
    plain_text,
    rich_text_lines,
    text_run,
)
from bot.backends.base import FormField
from bot.forms import OPERATION, REASON, SYSTEM, WHEN, Form
from bot.schedule import Ambiguous
from bot.values import JsonObject

FORM_CALLBACK = "form"
TIME_PICKER = "when_time"
BASICS = "Basics"
MAX_PAGE_FIELDS = 40
MAX_PAGE_BYTES = 120_000
"""Maximum size of a page, well below that of a view."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a form."""

    name: str
    fields: Sequence[FormField]


def paginate(fields: Sequence[FormField], values: JsonObject) -> list[Page]:
    """The pages of a form, the basics first. A section that is too long for one page continues on further pages:
    ``Inputs``, ``Inputs 2``."""
    pages: dict[str, list[FormField]] = {}
    last: dict[str, tuple[int, int, int]] = {}
    for item in fields:
        size = len(json.dumps(field_input(item, values.get(item.name), None, 0, "")))
        number, count, filled = last.get(item.section, (1, 0, 0))
        if count and (count == MAX_PAGE_FIELDS or filled + size > MAX_PAGE_BYTES):
            number, count, filled = number + 1, 0, 0
        last[item.section] = (number, count + 1, filled + size)
        name = item.section if number == 1 else f"{item.section} {number}"
        pages.setdefault(name, []).append(item)
    found = [Page(name, items) for name, items in pages.items()] or [Page(BASICS, ())]
    return sorted(found, key=lambda page: page.name != BASICS)


def shown_page(form: Form, pages: Sequence[Page]) -> Page:
    """The page to show: the one that was chosen, unless only other pages have errors."""
    chosen = next((page for page in pages if page.name == form.page), pages[0])
    wrong = [page for page in pages if _has_error(form, page)]
    return wrong[0] if wrong and chosen not in wrong else chosen


def _has_error(form: Form, page: Page) -> bool:
    return any(item.name in form.errors for item in page.fields)


def encode_metadata(draft_id: str, version: int, base_revision: int | None = None) -> str:
    """The private metadata of a view: an opaque id, the version that it shows, and the revision that an edit is of."""
    base = {} if base_revision is None else {"b": base_revision}
    return json.dumps({"d": draft_id, "v": version, **base})


def loading_view(title: str) -> View:
    """A view to open at once, before anything is looked up."""
    blocks = [rich_text_lines([text_run("One moment, the form is being put together …")])]
    return modal(title, blocks, callback_id="loading")


def message_view(title: str, *texts: str, keep_parent: bool = False) -> View:
    """A view that only says something. With ``keep_parent``, closing it goes back to the view below it."""
    blocks = [rich_text_lines([text_run(text)]) for text in texts]
    view = modal(title, blocks, callback_id="notice", close="Back" if keep_parent else "Close")
    return {**view, "clear_on_close": not keep_parent}


def form_view(form: Form) -> View:
    """The modal that shows a form."""
    blocks: list[Block] = [
        rich_text_lines([text_run(f"⚠️ {clip(text, 1000)}", bold=True)]) for text in form.notices[:10]
    ]
    if form.unfinished_draft:
        blocks.append(
            actions("resume", button("Pick up the form you left unfinished", "resume", form.unfinished_draft))
        )
    blocks += _selector_blocks(form)
    pages = paginate(form.fields, form.values)
    page = shown_page(form, pages)
    if len(pages) > 1:
        blocks.append(_page_buttons(form, pages, page))
    for item in page.fields:
        blocks.append(
            field_input(item, form.values.get(item.name), form.labels.get(item.name), form.generation, form.system)
        )
        blocks += _error_blocks(form, item.name)
    if page is pages[0]:
        blocks += _when_blocks(form)
        blocks += _reason_blocks(form)
    metadata = encode_metadata(form.draft_id, form.version, form.base_revision)
    return fit_view(modal(form.title, blocks, callback_id=FORM_CALLBACK, submit="Preview", metadata=metadata))


def _selector_blocks(form: Form) -> list[Block]:
    rows = [
        (SYSTEM, "System", form.systems, form.system),
        (OPERATION, "What to do", form.operations, form.operation),
    ]
    blocks: list[Block] = []
    for name, label, choices, chosen in rows:
        if len(choices) > 1:
            selected = next((c for c in choices if c.value == chosen), choices[0])
            element: Element = {
                "type": "static_select",
                "action_id": name,
                "options": [option_element(c) for c in choices[:100]],
                "initial_option": option_element(selected),
            }
            blocks.append(
                {
                    "type": "input",
                    "block_id": block_id(name, form.generation),
                    "dispatch_action": True,
                    "label": plain_text(label, 2000),
                    "element": element,
                }
            )
    return blocks


def _page_buttons(form: Form, pages: Sequence[Page], shown: Page) -> Block:
    buttons = []
    for number, page in enumerate(pages[:25]):
        label = f"⚠️ {page.name}" if _has_error(form, page) else page.name
        style = "primary" if page is shown else ""
        buttons.append(button(label, f"page:{number}", page.name, style=style))
    return actions("pages", *buttons)


def _error_blocks(form: Form, name: str) -> list[Block]:
    text = form.errors.get(name)
    return [context(f"⚠️ {text}")] if text else []


def _when_blocks(form: Form) -> list[Block]:
    element: Element = {
        "type": "plain_text_input",
        "action_id": WHEN,
        "max_length": 300,
        "placeholder": plain_text("now · tomorrow 21:00 · every day at 06:00", 150),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]},
    }
    if form.phrase:
        element["initial_value"] = clip(form.phrase, 300)
    blocks: list[Block] = [
        {
            "type": "input",
            "block_id": block_id(WHEN, form.generation),
            "dispatch_action": True,
            "label": plain_text("When", 2000),
            "hint": plain_text("In your own words. What it means appears below.", 2000),
            "element": element,
        }
    ]
    blocks += _error_blocks(form, WHEN)
    if form.echo:
        blocks.append(context(*form.echo))
    if isinstance(form.reading, Ambiguous) and form.reading.choices:
        answers: list[Element] = [
            button(choice.label, f"when_choice:{i}", str(i)) for i, choice in enumerate(form.reading.choices[:10])
        ]
        if form.reading.time_place is not None:
            answers.append(
                {"type": "timepicker", "action_id": TIME_PICKER, "placeholder": plain_text("Another time", 150)}
            )
        blocks.append(actions("when_choices", *answers))
    return blocks


def _reason_blocks(form: Form) -> list[Block]:
    element: Element = {
        "type": "plain_text_input",
        "action_id": REASON,
        "multiline": True,
        "max_length": 1000,
        "placeholder": plain_text("What this is for, for those who approve it", 150),
    }
    if form.reason:
        element["initial_value"] = clip(form.reason, 1000)
    block: Block = {
        "type": "input",
        "block_id": block_id(REASON, form.generation),
        "label": plain_text("Why", 2000),
        "element": element,
    }
    return [block, *_error_blocks(form, REASON)]
