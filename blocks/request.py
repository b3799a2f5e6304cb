"""What a request would do, as its card shows it."""

from collections.abc import Sequence

from blocks.text import Block, Element, rich_text_lines, text_run, user_mention
from blocks.times import schedule_line
from bot.requests.disclosure import CardExcerpts, ChangeExcerpt, Excerpt, LeftOut
from bot.requests.model import Person, Request
from bot.requests.text import count_noun


def request_blocks(request: Request, shown: CardExcerpts) -> list[Block]:
    """The blocks of what a request would do. Each excerpt says how much of its text it leaves out."""
    blocks = [_summary_block(request, shown)]
    if shown.warnings:
        rows: list[Sequence[Element]] = [[text_run("⚠️ "), *excerpt_elements(text)] for text in shown.warnings]
        blocks.append(rich_text_lines(*rows, *_left_out_rows(shown.warnings_left_out, "warnings")))
    if shown.changes:
        blocks.append(_changes_block("What changes", shown.changes, shown.changes_left_out))
    if shown.revision_changes:
        title = f"Changed in revision {request.revision}"
        blocks.append(_changes_block(title, shown.revision_changes, shown.revision_changes_left_out))
    return blocks


def excerpt_elements(excerpt: Excerpt, *, before: str = "", after: str = "") -> list[Element]:
    """An excerpt between two marks, and how much it leaves out."""
    return [text_run(f"{before}{excerpt.text}{after}"), *_hidden_note(excerpt.hidden)]


def requester_elements(request: Request) -> list[Element]:
    """Everyone who wrote a request."""
    elements: list[Element] = [text_run("Requested by ", bold=True), user_mention(request.requester.user)]
    if request.edited_by:
        elements += [text_run(", edited by "), *_user_mentions(request.edited_by)]
    if request.taken_over_from:
        elements += [text_run(", taken over from "), *_user_mentions(request.taken_over_from)]
    return [*elements, text_run(f" · {request.content.backend}")]


def _summary_block(request: Request, shown: CardExcerpts) -> Block:
    rows: list[Sequence[Element]] = [requester_elements(request)]
    rows.append([text_run("When ", bold=True), *schedule_line(request.content.schedule)])
    rows.append([text_run("On ", bold=True), *excerpt_elements(shown.targets)])
    for row in shown.parameters:
        value = [text_run(row.value, code=True)] if row.value else []
        rows.append([text_run(f"{row.label} ", bold=True), *value, *_hidden_note(row.hidden)])
    rows += _left_out_rows(shown.parameters_left_out, "parameters")
    if request.scheduler_reason:
        rows.append([text_run("Timing ", bold=True), *excerpt_elements(shown.scheduler_reason)])
    if request.reason:
        rows.append([text_run("Why ", bold=True), *excerpt_elements(shown.reason, before="“", after="”")])
    return rich_text_lines(*rows)


def _user_mentions(people: Sequence[Person]) -> list[Element]:
    elements: list[Element] = []
    for person in people:
        elements += [text_run(", "), user_mention(person.user)] if elements else [user_mention(person.user)]
    return elements


def _changes_block(title: str, changes: Sequence[ChangeExcerpt], left_out: LeftOut) -> Block:
    rows: list[Sequence[Element]] = [[text_run(title, bold=True)]]
    for change in changes:
        before, after = text_run(change.before or "nothing", strike=True), text_run(change.after or "nothing")
        rows.append([text_run(f"{change.field}: "), before, text_run(" → "), after, *_hidden_note(change.hidden)])
    return rich_text_lines(*rows, *_left_out_rows(left_out, "changes"))


def _hidden_note(hidden: int) -> list[Element]:
    return [text_run(" … "), text_run(count_noun(hidden, "more characters"), italic=True)] if hidden else []


def _left_out_rows(left_out: LeftOut, noun: str) -> list[Sequence[Element]]:
    if not left_out.rows:
        return []
    text = f"{count_noun(left_out.rows, f'more {noun}')} ({count_noun(left_out.characters, 'characters')})"
    return [[text_run("… "), text_run(text, italic=True)]]
