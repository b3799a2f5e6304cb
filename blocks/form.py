"""The modal of a form: its inputs in pages, one for each section."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from blocks.inputs import DISPATCH_WHILE_TYPING, block_id, field_input, option_element
from blocks.limits import fit_view
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    button,
    clip,
    context,
    header,
    modal,
    plain_text,
    rich_text_lines,
    text_run,
)
from bot.backends.base import MAIN_SECTION, FormField
from bot.forms import OPERATION, REASON, SYSTEM, WHEN, Form
from bot.schedule import Ambiguous, Parsed
from bot.values import JsonObject

FORM_CALLBACK = "form"
TIME_PICKER = "when_time"
MORE_OPTIONS = "More options"
MAX_NAMED_GROUPS = 3
"""Maximum number of groups that the button names."""
MAX_PAGE_FIELDS = 40
MAX_PAGE_BYTES = 120_000
"""Maximum size of a page, well below that of a view."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a form: the main one, or options in groups. Each field names its group."""

    name: str
    fields: Sequence[FormField]

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(field.section for field in self.fields))


def paginate(fields: Sequence[FormField], values: JsonObject) -> list[Page]:
    """The pages of a form: the main one, then everything else under "More options". What is too long for one page
    continues on further pages: ``More options 2``."""
    main = [field for field in fields if field.section == MAIN_SECTION]
    sections = dict.fromkeys(field.section for field in fields if field.section != MAIN_SECTION)
    more = [field for section in sections for field in fields if field.section == section]
    return [*(_pages(MAIN_SECTION, main, values) or [Page(MAIN_SECTION, ())]), *_pages(MORE_OPTIONS, more, values)]


def _pages(name: str, fields: Sequence[FormField], values: JsonObject) -> list[Page]:
    """The fields, divided into pages that fit."""
    divided: list[list[FormField]] = []
    filled = 0
    for field in fields:
        size = len(json.dumps(field_input(field, values.get(field.name), None, 0, "")))
        if not divided or len(divided[-1]) == MAX_PAGE_FIELDS or filled + size > MAX_PAGE_BYTES:
            divided.append([])
            filled = 0
        divided[-1].append(field)
        filled += size
    return [Page(name if number == 1 else f"{name} {number}", part) for number, part in enumerate(divided, 1)]


def shown_page(form: Form, pages: Sequence[Page]) -> Page:
    """The page to show: the one that was chosen, unless only other pages have errors."""
    chosen = next((page for page in pages if page.name == form.page), pages[0])
    wrong = [page for page in pages if _has_error(form, page, pages)]
    return wrong[0] if wrong and chosen not in wrong else chosen


def _has_error(form: Form, page: Page, pages: Sequence[Page]) -> bool:
    of_main = page is pages[0] and any(name in form.errors for name in (WHEN, REASON))
    return of_main or any(item.name in form.errors for item in page.fields)


def encode_metadata(draft_id: str, version: int, base_revision: int | None = None) -> str:
    """The private metadata of a view: an opaque id, the version that it shows, and the revision that an edit is of."""
    base = {} if base_revision is None else {"b": base_revision}
    return json.dumps({"d": draft_id, "v": version, **base})


LOADING = "Loading…"


def loading_view(title: str) -> View:
    """A view to open at once, before anything is looked up."""
    blocks = [rich_text_lines([text_run(LOADING)])]
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
            actions("resume", button("Continue the form you left unfinished", "resume", form.unfinished_draft))
        )
    pages = paginate(form.fields, form.values)
    page = shown_page(form, pages)
    if page is pages[0]:
        blocks += _selector_blocks(form)
    blocks += _field_blocks(form, page)
    if page is pages[0]:
        blocks += _when_blocks(form)
        blocks += _reason_blocks(form)
    if len(pages) > 1:
        blocks.append(_page_buttons(form, pages, page))
    metadata = encode_metadata(form.draft_id, form.version, form.base_revision)
    view = modal(form.title, blocks, callback_id=FORM_CALLBACK, close="Cancel", submit="Next", metadata=metadata)
    return fit_view(view)


def _field_blocks(form: Form, page: Page) -> list[Block]:
    """The fields of a page. Each group of options has a heading."""
    blocks: list[Block] = []
    for group in page.groups:
        if group != MAIN_SECTION:
            blocks.append(header(group))
        for field in page.fields:
            if field.section == group:
                value, label = form.values.get(field.name), form.labels.get(field.name)
                blocks.append(field_input(field, value, label, form.generation, form.system))
                blocks += _error_blocks(form, field.name)
                if field.name in form.notes:
                    blocks.append(context(form.notes[field.name]))
    return blocks


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
    """Buttons to the other pages. The first is the main one, from elsewhere."""
    buttons = []
    for number, page in enumerate(pages[:25]):
        if page is shown:
            continue
        label = _page_label(page, pages)
        label = f"⚠️ {label}" if _has_error(form, page, pages) else label
        buttons.append(button(label, f"page:{number}", page.name))
    return actions("pages", *buttons)


def _page_label(page: Page, pages: Sequence[Page]) -> str:
    if page is pages[0]:
        return "Back to the form"
    if page.groups == (MAIN_SECTION,):
        return f"{page.name.replace(MAIN_SECTION, 'Page')}…"
    named = ", ".join(page.groups[:MAX_NAMED_GROUPS]) + (", …" if len(page.groups) > MAX_NAMED_GROUPS else "")
    return f"{page.name} ({named})…"


def _error_blocks(form: Form, name: str) -> list[Block]:
    text = form.errors.get(name)
    return [context(f"⚠️ {text}")] if text else []


def _when_blocks(form: Form) -> list[Block]:
    element: Element = {
        "type": "plain_text_input",
        "action_id": WHEN,
        "max_length": 300,
        "placeholder": plain_text("now, tomorrow 21:00, every Saturday 02:00", 150),
        "dispatch_action_config": DISPATCH_WHILE_TYPING,
    }
    if form.phrase:
        element["initial_value"] = clip(form.phrase, 300)
    blocks: list[Block] = [
        {
            "type": "input",
            "block_id": block_id(WHEN, form.generation),
            "dispatch_action": True,
            "label": plain_text("When", 2000),
            "element": element,
        }
    ]
    blocks += _error_blocks(form, WHEN)
    if form.echo:
        mark = "✅ " if isinstance(form.reading, Parsed) else ""
        blocks.append(context(f"{mark}{form.echo[0]}", *form.echo[1:]))
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
        "placeholder": plain_text("Approvers read this first", 150),
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
