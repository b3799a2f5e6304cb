"""How things stand: what the first rows of a card say once it is decided."""

from collections.abc import Sequence

from blocks.card.model import Card
from blocks.progress import count_of, progress_bar, series_rows
from blocks.results import (
    duration_text,
    ended_counts,
    failed_names,
    failure_rows,
    names_text,
    running_counts,
    told_of_the_end,
)
from blocks.text import Block, Element, clip, rich_text_lines, text_run, user_mention
from blocks.times import stamp
from bot.requests.model import Decision, Run
from bot.requests.pauses import held_text, released_text

MAX_RUNS = 5
MAX_OUTCOME_LENGTH = 1_500


def now_blocks(card: Card) -> list[Block]:
    """What happens now, or how it ended; nothing while the request waits for its approval or its time."""
    rows = [*_state_rows(card), *_review_rows(card), *_pause_rows(card), *_proposal_rows(card)]
    rows += [[text_run(note, italic=True)] for note in card.request.start_notes]
    return [{**rich_text_lines(*rows), "block_id": "now"}] if rows else []


def _state_rows(card: Card) -> list[Sequence[Element]]:
    request = card.request
    if request.state == "denied":
        return _denial_rows(card)
    if request.is_series and card.runs:
        return [*_outcome_rows(card), *series_rows(card.runs[:MAX_RUNS], request)]
    if card.silent_run:
        return _silent_rows(card.silent_run)
    run = card.runs[0] if card.runs else None
    if request.state == "running" and run is not None:
        return _running_rows(card, run)
    if card.is_over and run is not None and request.state not in ("expired", "withdrawn", "undeliverable"):
        return _ended_rows(card, run)
    return _outcome_rows(card)


def _outcome_rows(card: Card) -> list[Sequence[Element]]:
    request = card.request
    is_to_start = request.state in ("approved", "scheduled", "starting") and not request.is_series
    problem = next((run.problem for run in card.runs if run.problem), "") if is_to_start else ""
    text = request.outcome or problem
    is_waited_for = request.state in ("starting", "unknown")
    return [[text_run(clip(text, MAX_OUTCOME_LENGTH), bold=is_waited_for and len(text) < 200)]] if text else []


def _denial_rows(card: Card) -> list[Sequence[Element]]:
    denials = [d for d in card.current_decisions if d.verdict == "denied" and d.retracted_at is None]
    if not denials:
        return _outcome_rows(card)
    return [_denial_row(card, denial) for denial in denials[-1:]]


def _denial_row(card: Card, denial: Decision) -> list[Element]:
    row = [user_mention(denial.person.user)]
    if denial.on_behalf_of:
        row += [text_run(" on behalf of "), user_mention(denial.on_behalf_of)]
    row += [text_run(" "), stamp(denial.at, card.request.zone)]
    return [*row, text_run(f": “{clip(denial.comment, 1_000)}”")] if denial.comment else row


def _running_rows(card: Card, run: Run) -> list[Sequence[Element]]:
    since = run.started_at or card.request.started_at
    told = str(run.problem or card.request.outcome)
    counts = running_counts(run)
    rows: list[Sequence[Element]] = []
    if counts:
        names = failed_names(run)
        failed = f": {clip(names_text(names), 300)}" if names else ""
        rows.append([text_run(counts, bold=True), text_run(failed)])
        progress = run.progress or {}
        done = sum(count_of(progress, name) for name in ("succeeded", "failed", "cancelled"))
        bar = text_run(f"{progress_bar(done, count_of(progress, 'total'))} ")
        rows.append([bar, text_run("since "), stamp(since, card.request.zone)] if since else [bar])
    elif since:
        rows.append([text_run("Since "), stamp(since, card.request.zone)])
    if told:
        rows.append([text_run(clip(told, MAX_OUTCOME_LENGTH))])
    return rows


def _silent_rows(run: Run) -> list[Sequence[Element]]:
    counts = running_counts(run)
    seen: list[Sequence[Element]] = [[text_run(f"Last seen: {counts}")]] if counts else []
    return [[text_run(clip(run.problem, 500), bold=True)], *seen]


def _ended_rows(card: Card, run: Run) -> list[Sequence[Element]]:
    request = card.request
    counts, told = ended_counts(run), told_of_the_end(run, request)
    took = duration_text(run.started_at or request.started_at, run.finished_at or request.finished_at)
    rows: list[Sequence[Element]] = []
    if counts:
        rows.append([text_run(counts, bold=True), text_run(f" in {took}" if took else "")])
    if told:
        rows.append([text_run(clip(told, MAX_OUTCOME_LENGTH))])
    return [*rows, *failure_rows(run)] if run.state in ("failed", "partly_failed") else rows


def _review_rows(card: Card) -> list[Sequence[Element]]:
    return [[text_run(clip(card.review, 600), bold=card.review_is_due)]] if card.review else []


def _pause_rows(card: Card) -> list[Sequence[Element]]:
    """What holds the next start, unless the outcome says it already."""
    texts = (held_text(pause, card.request.zone) for pause in card.pauses)
    held = [[text_run(f"⏸️ {text}")] for text in texts if text != card.request.outcome]
    released = [[text_run(f"▶️ {released_text(pause)}")] for pause in card.released_from]
    return [*held, *released]


def _proposal_rows(card: Card) -> list[Sequence[Element]]:
    return [
        [
            user_mention(run.proposal.by),
            text_run(f" says that it ran as “{clip(run.proposal.title, 300)}”. An approver must confirm this."),
        ]
        for run in card.runs
        if run.state == "unknown" and run.proposal is not None
    ]
