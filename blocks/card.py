"""The card of a request, rendered from stored state alone: every copy of it is the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from blocks.limits import fit_message
from blocks.mentions import requirement_elements
from blocks.progress import progress_blocks, target_results
from blocks.request import excerpt_elements, request_blocks
from blocks.text import (
    Block,
    Element,
    actions,
    bullets,
    button,
    clip,
    confirm_dialog,
    context,
    fallback,
    header,
    rich_text,
    rich_text_lines,
    rich_text_section,
    text_run,
    user_mention,
)
from blocks.times import absolute_time, readers_time
from bot.requests.disclosure import CardExcerpts, card_excerpts
from bot.requests.emergency import review_sentence
from bot.requests.lifecycle import FINAL_STATES, NOT_SENT_RUN_STATES, STATE_LABELS
from bot.requests.model import Decision, Request, Run
from bot.requests.pauses import Pause, held_text
from bot.requests.policy.explain import demand_sentence
from bot.schedule import ZonedTime

MAX_RUNS = 5
MAX_DECISIONS = 20
MAX_FAILURES = 40

_READ_ALL = "⚠️ Part of it does not fit here. Read all before you approve."
_SHOW_DETAILS = "⚠️ Part of it does not fit here. “Show details” has all of it."

STATE_EMOJI = {
    "awaiting_approval": "🟡",
    "approved": "🟢",
    "scheduled": "🕒",
    "starting": "🟢",
    "running": "🔵",
    "unknown": "❓",
    "succeeded": "✅",
    "partly_failed": "🟠",
    "failed": "🔴",
    "cancelled": "⚪",
    "ended_unseen": "❓",
    "denied": "⛔",
    "expired": "⌛",
    "withdrawn": "⚪",
    "undeliverable": "📪",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What a card shows. ``approval_status`` is a sentence on the decisions so far."""

    request: Request
    decisions: Sequence[Decision] = ()
    runs: Sequence[Run] = ()
    approval_status: str = ""
    pauses: Sequence[Pause] = ()
    """The pauses that hold its next start."""
    review: str = ""
    """How the review of an emergency stands; "" for other requests."""
    review_is_due: bool = False
    """Whether somebody must still review it."""
    variant: Literal["approval", "receipt"] = "approval"
    mentions_approvers: bool = False
    """Whether it mentions them. It does in their channel; a direct message reaches them without."""


def card_blocks(card: Card) -> list[Block]:
    """The blocks of a card, within Slack's limits."""
    request = card.request
    shown = card_excerpts(request)
    title = header(f"{STATE_EMOJI[request.state]} {request.name} · {request.title}")
    content = request_blocks(request, shown)
    state = [_state_block(card, shown), *progress_blocks(card.runs[:MAX_RUNS], request)]
    buttons = actions("decide", *_card_buttons(card, shown))
    # What is hidden was worked out for the content as it is here, so nothing more of it may be cut.
    return fit_message([title, *content, *state, buttons], whole=content)


def fallback_text(card: Card) -> str:
    """The text for notifications and screen readers, escaped because Slack always reads it as mrkdwn."""
    request = card.request
    hint = card.variant == "approval" and _is_to_be_read(request, card_excerpts(request))
    text = fallback(f"{request.name} · {request.title} · {STATE_LABELS[request.state]}. {request.outcome}".strip())
    return f"{text} Part of it does not fit on the card: read all of it first." if hint else text


def _is_to_be_read(request: Request, shown: CardExcerpts) -> bool:
    """Whether an approver must read more than the card shows."""
    return request.state == "awaiting_approval" and shown.hidden > 0


def _state_block(card: Card, shown: CardExcerpts) -> Block:
    request = card.request
    rows: list[Sequence[Element]] = [[text_run(STATE_LABELS[request.state], bold=True), *_timestamps(request)]]
    if request.state == "awaiting_approval":
        needs = requirement_elements(request.requirement) if card.mentions_approvers else None
        rows.append(needs or [text_run(clip(demand_sentence(request.requirement), 500))])
        rows.append([text_run(card.approval_status)])
        if _is_to_be_read(request, shown):
            rows.append([text_run(_READ_ALL if card.variant == "approval" else _SHOW_DETAILS)])
        if request.approve_by:
            rows.append(
                [
                    text_run(
                        f"Decide by {absolute_time(ZonedTime.from_instant(request.approve_by, request.zone))}",
                        italic=True,
                    )
                ]
            )
    rows += _decision_rows([d for d in card.decisions if d.content_hash == request.content_hash])
    if request.outcome:
        rows.append([text_run(clip(request.outcome, 1500))])
    if card.review:
        rows.append([text_run(clip(card.review, 600), bold=card.review_is_due)])
    rows += _pause_rows(card)
    rows += _proposal_rows(card)
    rows += [[text_run(note, italic=True)] for note in request.start_notes]
    return rich_text_lines(*rows)


def _pause_rows(card: Card) -> list[Sequence[Element]]:
    """What holds the next start, unless the outcome says it already."""
    texts = (held_text(pause, card.request.zone) for pause in card.pauses)
    return [[text_run(f"⏸️ {text}")] for text in texts if text != card.request.outcome]


def _decision_rows(decisions: Sequence[Decision]) -> list[Sequence[Element]]:
    """The newest decisions, oldest first."""
    earlier = len(decisions) - MAX_DECISIONS
    rows: list[Sequence[Element]] = [[text_run(f"{earlier} earlier decisions", italic=True)]] if earlier > 0 else []
    return rows + [_decision_row(decision) for decision in decisions[-MAX_DECISIONS:]]


def _timestamps(request: Request) -> list[Element]:
    stamps = (
        ("approved", request.approved_at),
        ("started", request.started_at),
        ("finished", request.finished_at),
    )
    return [part for label, at in stamps if at for part in (text_run(f" · {label} "), readers_time(at))]


def _decision_row(decision: Decision) -> list[Element]:
    labels = {"approved": "✅ Approved by ", "denied": "⛔ Denied by ", "changes": "✏️ Changes asked for by "}
    row = [
        text_run(labels[decision.verdict]),
        user_mention(decision.person.user),
        text_run(" · "),
        readers_time(decision.at),
    ]
    if decision.on_behalf_of:
        row += [text_run(" on behalf of "), user_mention(decision.on_behalf_of)]
    if decision.comment:
        row.append(text_run(f": {clip(decision.comment, 500)}"))
    return [*([text_run("(taken back) ", italic=True)] if decision.retracted_at else []), *row]


def _card_buttons(card: Card, shown: CardExcerpts) -> list[Element]:
    request = card.request
    value = f"{request.id}:{request.revision}"
    row: list[Element] = []
    read_first = card.variant == "approval" and _is_to_be_read(request, shown)
    if request.state == "awaiting_approval":
        if card.variant == "approval":
            if read_first:
                spoken = f"Read all of {request.name}, {request.title}"
                row.append(button("Read all", "details", value, style="primary", spoken=spoken))
            row += [
                button("Approve", "approve", value, style="" if read_first else "primary"),
                button("Deny", "deny", value, style="danger"),
                button("Request changes", "changes", value),
                button("Approve with a comment", "approve_with", value),
            ]
        row += [
            button("Edit", "edit", value),
            button("Withdraw", "withdraw", value, confirm=_stop_confirmation(request)),
        ]
        if any(d.retracted_at is None and d.content_hash == request.content_hash for d in card.decisions):
            row.append(button("Take back", "take_back", value))
    if _is_in_doubt(card):
        row += _proposal_buttons(card)
        row += [
            button("It ran", "adopt", value),
            button("It did not run: run it again", "run_again", value, confirm=_retry_confirmation(request)),
            button("It did not run: close it", "close_unknown", value, confirm=_close_confirmation(request)),
        ]
    if request.state not in (*FINAL_STATES, "awaiting_approval", "unknown"):
        if request.state == "scheduled" and all(run.state in NOT_SENT_RUN_STATES for run in card.runs):
            row.append(button("Edit", "edit", value))
        row += [*_overlap_buttons(card, value), *_silence_buttons(card, value), *_pause_buttons(card, value)]
        label = "Cancel the series" if request.is_series else "Cancel"
        row.append(button(label, "cancel", value, style="danger", confirm=_stop_confirmation(request)))
    if card.review_is_due and request.state in FINAL_STATES:
        row.append(button("Review", "review", value, style="primary", spoken=f"Review {request.name}"))
    if request.state in ("failed", "partly_failed"):
        row.append(button("Rerun failed targets", "rerun_failed", value))
    if not read_first:
        row.append(button("Show details", "details", value))
    return row


def _overlap_buttons(card: Card, value: str) -> list[Element]:
    """The button that ends a run of a series that keeps a later one from starting."""
    going = [run.number for run in card.runs if run.number and run.state == "running"]
    held_up = [run for run in card.runs if going and run.number > min(going) and run.state in ("pending", "missed")]
    if not card.request.is_series or not any(run.problem for run in held_up):
        return []
    text = "Look in the back end first. If it goes on after all, two runs may overlap."
    dialog = confirm_dialog(f"Has run {min(going)} ended?", text, "Yes, it has ended")
    return [button("It has ended: go on", "confirm_ended", f"{value}:{min(going)}", confirm=dialog)]


def _silence_buttons(card: Card, value: str) -> list[Element]:
    """The button that ends a run whose back end has not answered for a while."""
    silent = [run.number for run in card.runs if run.state == "running" and run.silent_since and run.problem]
    if card.request.is_series or not silent:
        return []
    text = "Nothing is cancelled in the back end. It may still be running, so a repeat needs an approver."
    dialog = confirm_dialog(f"Mark {card.request.name} as ended?", text, "Mark as ended")
    return [button("Mark as ended", "confirm_ended", f"{value}:{silent[0]}", confirm=dialog)]


def _pause_buttons(card: Card, value: str) -> list[Element]:
    """The button that pauses a series, or resumes it."""
    if not card.request.is_series:
        return []
    if any(pause.scope == "series" for pause in card.pauses):
        row = [button("Resume", "resume_series", value)]
        if any(pause.scope == "series" and pause.by is None for pause in card.pauses):
            # Nightshift pauses a series whose author has left.
            row.insert(0, button("Take over", "take_over", value, confirm=_take_over_confirmation(card.request)))
        return row
    return [button("Pause", "pause_series", value)] if card.request.state == "scheduled" else []


def _take_over_confirmation(request: Request) -> Element:
    text = f"You answer for {request.name} from now on. Its approvers are asked again, and you cannot approve it."
    return confirm_dialog(f"Take over {request.name}?", text, "Take over")


def _is_in_doubt(card: Card) -> bool:
    """Return whether people have to say what became of a run: the only one, or one of a series."""
    if card.request.state in FINAL_STATES:
        return False
    return card.request.state == "unknown" or any(run.state == "unknown" for run in card.runs)


def _proposal_buttons(card: Card) -> list[Element]:
    """The button that confirms which run of the back end it is, once somebody has named one."""
    request = card.request
    return [
        button(
            "Confirm this run",
            "confirm_remote",
            f"{request.id}:{run.version}",
            style="primary",
            confirm=confirm_dialog("Is this the run?", clip(run.proposal.title, 250), "Yes, this is it"),
        )
        for run in card.runs
        if run.state == "unknown" and run.proposal is not None
    ][:1]


def _proposal_rows(card: Card) -> list[Sequence[Element]]:
    return [
        [
            user_mention(run.proposal.by),
            text_run(f" says that it ran as “{clip(run.proposal.title, 300)}”. An approver must confirm this."),
        ]
        for run in card.runs
        if run.state == "unknown" and run.proposal is not None
    ]


def _stop_confirmation(request: Request) -> Element:
    return confirm_dialog(f"Stop {request.name}?", clip(request.title, 250), "Yes, stop it")


def _close_confirmation(request: Request) -> Element:
    text = "If it did run after all, nobody watches it. Look in the back end first."
    return confirm_dialog(f"Close {request.name}?", text, "It did not run")


def _retry_confirmation(request: Request) -> Element:
    text = "If it did run after all, the work is done twice. Look in the back end first."
    return confirm_dialog(f"Run {request.name} again?", text, "It did not run")


def outcome_blocks(request: Request, run: Run, requester: str = "") -> list[Block]:
    """The message that ends a run, in the results channel and to the requester. It mentions the requester, unless their
    name is given."""
    state = run.state if request.is_series else request.state
    emoji = STATE_EMOJI.get(state, "•")
    numbered = f" · run {run.number}" if request.is_series else ""
    progress = run.progress or {}
    rows: list[Sequence[Element]] = [
        [
            text_run("Requested by ", bold=True),
            text_run(requester) if requester else user_mention(request.requester.user),
            text_run(f" · {request.content.backend}"),
        ],
        [text_run("On ", bold=True), *excerpt_elements(card_excerpts(request).targets)],
    ]
    if request.requirement.review:
        rows.append([text_run(f"Emergency: {review_sentence(request.requirement.review)}", bold=True)])
    summary = progress.get("summary") or run.problem or request.outcome
    if summary:
        rows.append([text_run(clip(str(summary), 1500))])
    title = header(f"{emoji} {request.name}{numbered} · {outcome_label(state)} · {request.title}")
    blocks = [title, rich_text_lines(*rows), *progress_blocks([run], request)]
    url = str((run.handle or {}).get("url") or "")
    value = f"{request.id}:{request.revision}"
    row = [button("Show details", "details", value)]
    if state in ("failed", "partly_failed") and run.handle:
        row.insert(0, button("Rerun failed targets", "rerun_failed", value))
    if url:
        row.append(button("Open there", "open_link", url=url))
    return fit_message([*blocks, actions("result", *row)])


def outcome_label(state: str) -> str:
    """How a run ended, for people."""
    return {"partly_failed": "partly failed", "missed": "missed", "ended_unseen": "ended unseen"}.get(state, state)


def failure_blocks(run: Run) -> list[Block]:
    """The failures by target, for the thread under an outcome."""
    failed = [result for result in target_results(run) if result["state"] == "failed"]
    shown = failed[:MAX_FAILURES]
    items = [clip(f"{result['name']}: {result['reason'] or 'failed'}", 200) for result in shown]
    title = rich_text_section([text_run(f"{len(failed)} failed", bold=True)])
    blocks: list[Block] = [rich_text(title, bullets(items or ["no names known"]))]
    if len(failed) > len(shown):
        blocks.append(context(f"and {len(failed) - len(shown)} more: “Show details” has them."))
    return fit_message(blocks)
