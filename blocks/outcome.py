"""The message that ends a run, in the channel for results and to its requester, and the results by target below it."""

from collections.abc import Sequence

from blocks.card.buttons import details_choice, link_choices, rerun_choices
from blocks.card.model import Card
from blocks.limits import fit_message
from blocks.menu import choice_row
from blocks.progress import target_results
from blocks.request import title_of
from blocks.results import (
    duration_text,
    ended_counts,
    failed_names,
    failure_rows,
    failures_by_reason,
    names_text,
    told_of_the_end,
)
from blocks.states import STATE_EMOJI
from blocks.text import (
    Block,
    Element,
    bullets,
    clip,
    context,
    fallback,
    header,
    rich_text,
    rich_text_lines,
    rich_text_section,
    text_run,
    user_mention,
)
from bot.requests.emergency import review_sentence
from bot.requests.lifecycle import STATE_LABELS, request_state_for_run
from bot.requests.model import Request, RequestState, Run
from bot.requests.text import count_noun

MAX_REASONS = 20
MAX_SUCCEEDED = 100


def outcome_blocks(card: Card, run: Run, requester: str = "", *, is_direct: bool = False) -> list[Block]:
    """How a run ended. A success takes two lines; whatever else has a heading. In a channel it mentions the requester
    unless their name is given."""
    request, state = card.request, _state(card.request, run)
    choices = [*rerun_choices(card, run), details_choice(card), *link_choices(card, run)]
    buttons = choice_row("result", request, choices)
    if state == "succeeded" or is_direct:
        return fit_message([*_short_blocks(card, run, requester, is_direct), *buttons])
    title = header(f"{STATE_EMOJI[state]} {_title_of_run(request, run)}")
    summary = context(f"{_label(request, run)} · {request.name} · {card.system_names.title}")
    first, *rows = _result_rows(card, run)
    person = _requester(request, requester)
    first = [*first, text_run(" · "), person] if ended_counts(run) else [person, text_run(" "), *first]
    return fit_message([title, summary, rich_text_lines(first, *rows), *buttons])


def outcome_text(request: Request, run: Run) -> str:
    """The same in a line, for notifications and screen readers."""
    counts, names = ended_counts(run), failed_names(run)
    result = f", {counts}" if counts else ""
    if names:
        result += f": {names_text(names)}"
    return fallback(f"{_label(request, run)}: {_title_of_run(request, run)}{result}. {request.name}.")


def failure_blocks(run: Run) -> list[Block]:
    """The results by target, for the thread under an outcome: failures by reason, then what succeeded."""
    by_reason = failures_by_reason(run)
    count = sum(len(names) for _, names in by_reason)
    shown = by_reason[:MAX_REASONS]
    items = [clip(f"{reason}: {', '.join(names)}", 400) for reason, names in shown]
    parts = [
        rich_text_section([text_run(f"❌ {count:,} failed", bold=True)]),
        bullets(items or ["Their names are not known."]),
    ]
    succeeded = [str(result["name"]) for result in target_results(run) if result["state"] == "succeeded"]
    if succeeded:
        rest = len(succeeded) - MAX_SUCCEEDED
        names = clip(", ".join(succeeded[:MAX_SUCCEEDED]), 2_000) + (f" + {rest:,} more" if rest > 0 else "")
        title = text_run(f"✅ {len(succeeded):,} succeeded", bold=True)
        parts.append(rich_text_section([title, text_run(f": {names}")]))
    blocks: list[Block] = [rich_text(*parts)]
    if len(by_reason) > len(shown):
        blocks.append(context(f"{count_noun(len(by_reason) - len(shown), 'more reasons')}, all in Details."))
    return fit_message(blocks)


def _short_blocks(card: Card, run: Run, requester: str, is_direct: bool) -> list[Block]:
    request, state = card.request, _state(card.request, run)
    label = _label(request, run)
    if is_direct:
        first = [text_run(f"{STATE_EMOJI[state]} "), text_run(f"{label}: {_title_of_run(request, run)}", bold=True)]
        rows = _result_rows(card, run)
        rows[0] = [*rows[0], text_run(f" · {request.name}")]
        return [rich_text_lines(first, *rows)]
    first = [text_run(f"{STATE_EMOJI[state]} "), text_run(_title_of_run(request, run), bold=True)]
    who = f"requested by {requester}" if requester else ""
    result = ended_counts(run)
    if took := _took(request, run):
        result = f"{result} in {took}".strip()
    parts = [result, request.name, card.system_names.title, who]
    told = [[text_run(clip(text, 1_500))] for text in _told_rows(card, run)]
    line = rich_text_lines([*first, text_run(f": {label.lower()}")], *told)
    return [line, context(" · ".join(part for part in parts if part))]


def _result_rows(card: Card, run: Run) -> list[Sequence[Element]]:
    request = card.request
    counts, took, told = ended_counts(run), _took(request, run), _told_rows(card, run)
    if not counts and told:
        first = [text_run(clip(told.pop(0), 1_500), bold=True)]
    else:
        first = [text_run(counts or _label(request, run), bold=True), text_run(f" in {took}" if took else "")]
    rows: list[Sequence[Element]] = [first, *([text_run(clip(text, 1_500))] for text in told)]
    return [*rows, *failure_rows(run)]


def _told_rows(card: Card, run: Run) -> list[str]:
    request = card.request
    told = told_of_the_end(run, request)
    review = request.requirement.review
    return [text for text in (told, f"Emergency: {review_sentence(review)}" if review else "") if text]


def _requester(request: Request, name: str) -> Element:
    return text_run(f"requested by {name}") if name else user_mention(request.requester.user)


def _title_of_run(request: Request, run: Run) -> str:
    title = title_of(request)
    return f"{title} (run {run.number})" if request.is_series and run.number else title


def _took(request: Request, run: Run) -> str:
    start = run.started_at or (None if request.is_series else request.started_at)
    return duration_text(start, run.finished_at)


def _label(request: Request, run: Run) -> str:
    if run.state == "missed":
        return "Missed"
    return STATE_LABELS[_state(request, run)]


def _state(request: Request, run: Run) -> RequestState:
    return request_state_for_run(run.state) if request.is_series else request.state
