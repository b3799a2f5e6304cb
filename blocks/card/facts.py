"""What was asked for: when, where, what and why, with what an edit changed, and what is unusual about it."""

from collections.abc import Sequence

from blocks.card.model import Card
from blocks.request import excerpt_elements, hidden_note, left_out_rows
from blocks.text import Block, Element, rich_text_lines, text_run, user_mention
from blocks.times import stamp, when_elements
from bot.requests.disclosure import CardExcerpts, ChangeExcerpt
from bot.requests.emergency import emergency_rows
from bot.requests.text import join_words

_INPUTS = "Inputs: "
"""Stands before the name of a template's input in the differences between two revisions."""
_WHEN, _WHERE = "When", "Targets"
"""The labels of the schedule and the targets in the differences between two revisions."""


def fact_blocks(card: Card, shown: CardExcerpts) -> list[Block]:
    """What was asked for, and what an edit changed about it until the decision."""
    changed = {change.field: change for change in shown.revision_changes}
    rows: list[Sequence[Element]] = [
        [
            text_run("When ", bold=True),
            *when_elements(card.request.content.schedule, card.request.created_at, card.reader_zones),
            *_was(changed.pop(_WHEN, None)),
        ],
        [text_run("Where ", bold=True), *excerpt_elements(shown.targets), *_was(changed.pop(_WHERE, None))],
        *_what_rows(shown, changed, _said_above(card)),
    ]
    if shown.scheduler_reason.text:
        rows.append([text_run("Timing ", bold=True), *excerpt_elements(shown.scheduler_reason)])
    if shown.reason.text:
        rows.append([text_run("Why ", bold=True), *excerpt_elements(shown.reason, before="“", after="”")])
    facts = [{**rich_text_lines(*rows), "block_id": "facts"}, *_change_blocks(shown)]
    return [*_edit_blocks(card, shown, list(changed.values())), *facts]


def warning_blocks(shown: CardExcerpts) -> list[Block]:
    """What is unusual about it."""
    if not shown.warnings:
        return []
    rows: list[Sequence[Element]] = [[text_run("⚠️ "), *excerpt_elements(text)] for text in shown.warnings]
    return [{**rich_text_lines(*rows, *left_out_rows(shown.warnings_left_out, "warnings")), "block_id": "unusual"}]


def _said_above(card: Card) -> Sequence[tuple[str, str]]:
    """What the state of the card says: by when an emergency must be reviewed."""
    return emergency_rows(card.request.requirement) if card.review else ()


def _what_rows(
    shown: CardExcerpts, changed: dict[str, ChangeExcerpt], said_above: Sequence[tuple[str, str]]
) -> list[Sequence[Element]]:
    """The parameters in one row, but for what is said above. Takes those that an edit changed out of ``changed``."""
    parameters = [row for row in shown.parameters if (row.label, row.value) not in said_above]
    row = [text_run("What ", bold=True)]
    for number, parameter in enumerate(parameters):
        label = f"{', ' if number else ''}{parameter.label}"
        value = [text_run(" "), text_run(parameter.value, code=True)] if parameter.value else []
        row += [text_run(label), *value, *hidden_note(parameter.hidden), *_was(_pop(changed, parameter.label))]
    rows: list[Sequence[Element]] = [row] if parameters else []
    return [*rows, *left_out_rows(shown.parameters_left_out, "parameters")]


def _pop(changed: dict[str, ChangeExcerpt], label: str) -> ChangeExcerpt | None:
    """Take out the change of a parameter. Differences name the group of an input too: "Inputs: service"."""
    name = next((name for name in changed if name == label or name.endswith(f": {label}")), "")
    return changed.pop(name, None)


def _was(change: ChangeExcerpt | None) -> list[Element]:
    """What stood here before an edit."""
    if change is None:
        return []
    return [text_run(", "), text_run(f"was {change.before or 'empty'}", italic=True), *hidden_note(change.hidden)]


def _edit_blocks(card: Card, shown: CardExcerpts, elsewhere: Sequence[ChangeExcerpt]) -> list[Block]:
    """Who changed what, and when. ``elsewhere`` are the changes of which no row of the card tells."""
    if not shown.revision_changes:
        return []
    request = card.request
    row = [text_run("✏️ "), text_run(f"Changed: {join_words(_names(shown.revision_changes))}", bold=True)]
    if request.last_editor:
        row += [text_run(" by "), user_mention(request.last_editor)]
    if request.round_opened_at:
        row += [text_run(" "), stamp(request.round_opened_at, request.zone)]
    is_reset = any(d.content_hash != request.content_hash and d.verdict == "approved" for d in card.decisions)
    row.append(text_run(". This change reset earlier approvals." if is_reset else "."))
    rows: list[Sequence[Element]] = [row]
    rows += [_change_row(change) for change in elsewhere]
    rows += left_out_rows(shown.revision_changes_left_out, "changes")
    return [{**rich_text_lines(*rows), "block_id": "changed"}]


def _names(changes: Sequence[ChangeExcerpt]) -> list[str]:
    return list(dict.fromkeys("Where" if c.field == _WHERE else c.field.removeprefix(_INPUTS) for c in changes))


def _change_blocks(shown: CardExcerpts) -> list[Block]:
    """The differences that the work makes in its system."""
    if not shown.changes:
        return []
    rows: list[Sequence[Element]] = [[text_run("What changes", bold=True)], *map(_change_row, shown.changes)]
    return [{**rich_text_lines(*rows, *left_out_rows(shown.changes_left_out, "changes")), "block_id": "changes"}]


def _change_row(change: ChangeExcerpt) -> list[Element]:
    before, after = text_run(change.before or "nothing", strike=True), text_run(change.after or "nothing")
    return [text_run(f"{change.field}: "), before, text_run(" → "), after, *hidden_note(change.hidden)]
