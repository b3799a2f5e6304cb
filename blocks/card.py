"""The card of a request, rendered from stored state alone: every copy of it is the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from blocks.limits import fit_message
from blocks.progress import progress_blocks, target_results
from blocks.text import (
    Block,
    Element,
    actions,
    bullets,
    button,
    clip,
    confirm_dialog,
    context,
    escape,
    header,
    join_names,
    quote,
    rich_text,
    rich_text_lines,
    rich_text_section,
    text_run,
    user_mention,
)
from blocks.times import absolute_time, schedule_line, utc_time
from bot.requests.lifecycle import FINAL_STATES, STATE_LABELS
from bot.requests.model import Decision, Person, Request, Run
from bot.requests.policy.explain import headline
from bot.schedule import ZonedTime

MAX_NAMES = 10
MAX_RUNS = 5
MAX_DECISIONS = 20
MAX_FAILURES = 40

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
    variant: Literal["approval", "receipt"] = "approval"


def card_blocks(card: Card) -> list[Block]:
    """The blocks of a card, within Slack's limits."""
    request = card.request
    blocks = [header(f"{STATE_EMOJI[request.state]} {request.name} · {request.title}"), _summary_block(request)]
    if request.reason:
        blocks.append(rich_text(quote(clip(request.reason, 1000))))
    if request.warnings:
        blocks.append(rich_text(bullets([clip(f"⚠️ {text}", 500) for text in request.warnings[:10]])))
    if request.changes:
        blocks.append(_changes_block("What changes", request.changes))
    if request.revision_changes and request.state == "awaiting_approval":
        blocks.append(_changes_block(f"Changed in revision {request.revision}", request.revision_changes))
    blocks.append(_state_block(card))
    blocks += progress_blocks(card.runs[:MAX_RUNS], request)
    row = _card_buttons(card)
    if row:
        blocks.append(actions("decide", *row))
    return fit_message(blocks)


def fallback_text(card: Card) -> str:
    """The text for notifications and screen readers, escaped because Slack always reads it as mrkdwn."""
    request = card.request
    return escape(
        clip(f"{request.name} · {request.title}: {STATE_LABELS[request.state]}. {request.outcome}".strip(), 1000)
    )


def _summary_block(request: Request) -> Block:
    asked_by: list[Element] = [text_run("Asked by ", bold=True), user_mention(request.requester.user)]
    if request.edited_by:
        asked_by += [text_run(", edited by "), *_user_mentions(request.edited_by)]
    rows: list[Sequence[Element]] = [asked_by]
    rows.append([text_run("When ", bold=True), *schedule_line(request.content.schedule, request.zone)])
    rows.append([text_run("On ", bold=True), text_run(_targets_text(request))])
    rows += [[text_run(f"{label} ", bold=True), text_run(clip(text, 300))] for label, text in request.summary[:20]]
    if request.scheduler_reason:
        rows.append([text_run("Timing ", bold=True), text_run(request.scheduler_reason)])
    return rich_text_lines(*rows)


def _user_mentions(people: Sequence[Person]) -> list[Element]:
    elements: list[Element] = []
    for person in people:
        elements += [text_run(", "), user_mention(person.user)] if elements else [user_mention(person.user)]
    return elements


def _targets_text(request: Request) -> str:
    targets = request.targets
    names = join_names(targets.names, MAX_NAMES, targets.count)
    text = f"{targets.count} {targets.noun}: {names}" if targets.names else f"{targets.count} {targets.noun}"
    if not targets.fixed:
        text += " (worked out again when it starts)"
    return f"{text}. {targets.note}" if targets.note else text


def _changes_block(title: str, changes: Sequence[Mapping[str, str]]) -> Block:
    rows: list[Sequence[Element]] = [[text_run(title, bold=True)]]
    for change in changes[:15]:
        before, after = clip(change["before"] or "nothing", 150), clip(change["after"] or "nothing", 150)
        rows.append([text_run(f"{change['field']}: "), text_run(before, strike=True), text_run(" → "), text_run(after)])
    return rich_text_lines(*rows)


def _state_block(card: Card) -> Block:
    request = card.request
    rows: list[Sequence[Element]] = [[text_run(STATE_LABELS[request.state], bold=True), *_timestamps(request)]]
    if request.state == "awaiting_approval":
        rows.append([text_run(clip(headline(request.requirement), 500))])
        rows.append([text_run(card.approval_status)])
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
    rows += _proposal_rows(card)
    rows += [[text_run(note, italic=True)] for note in request.start_notes]
    return rich_text_lines(*rows)


def _decision_rows(decisions: Sequence[Decision]) -> list[Sequence[Element]]:
    """The newest decisions, oldest first."""
    earlier = len(decisions) - MAX_DECISIONS
    rows: list[Sequence[Element]] = [[text_run(f"{earlier} earlier decisions", italic=True)]] if earlier > 0 else []
    return rows + [_decision_row(decision) for decision in decisions[-MAX_DECISIONS:]]


def _timestamps(request: Request) -> list[Element]:
    stamps = [
        f"{label} {utc_time(at)}"
        for label, at in (
            ("approved", request.approved_at),
            ("started", request.started_at),
            ("finished", request.finished_at),
        )
        if at
    ]
    return [text_run(" · " + " · ".join(stamps))] if stamps else []


def _decision_row(decision: Decision) -> list[Element]:
    labels = {"approved": "✅ Approved by ", "denied": "⛔ Denied by ", "changes": "✏️ Changes asked for by "}
    row = [
        text_run(labels[decision.verdict]),
        user_mention(decision.person.user),
        text_run(f" · {utc_time(decision.at)}"),
    ]
    if decision.on_behalf_of:
        row += [text_run(" on behalf of "), user_mention(decision.on_behalf_of)]
    if decision.comment:
        row.append(text_run(f": {clip(decision.comment, 500)}"))
    return [*([text_run("(taken back) ", italic=True)] if decision.retracted_at else []), *row]


def _card_buttons(card: Card) -> list[Element]:
    request = card.request
    value = f"{request.id}:{request.revision}"
    row: list[Element] = []
    if request.state == "awaiting_approval":
        if card.variant == "approval":
            row += [
                button("Approve", "approve", value, style="primary"),
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
    elif request.state == "unknown":
        row += _proposal_buttons(card)
        row += [
            button("It ran", "adopt", value),
            button("It did not run: run it again", "run_again", value, confirm=_retry_confirmation(request)),
        ]
    elif request.state not in FINAL_STATES:
        if request.state == "scheduled" and all(run.state == "pending" for run in card.runs):
            row.append(button("Edit", "edit", value))
        label = "Cancel the series" if request.is_series else "Cancel"
        row.append(button(label, "cancel", value, style="danger", confirm=_stop_confirmation(request)))
    if request.state in ("failed", "partly_failed"):
        row.append(button("Run again on the failed ones", "rerun_failed", value))
    row.append(button("Show details", "details", value))
    return row


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


def _retry_confirmation(request: Request) -> Element:
    text = "If it did run after all, the work is done twice. Look in the back end first."
    return confirm_dialog(f"Run {request.name} again?", text, "It did not run")


def outcome_blocks(request: Request, run: Run) -> list[Block]:
    """The message that ends a run, in the results channel and to the requester."""
    state = run.state if request.is_series else request.state
    emoji = STATE_EMOJI.get(state, "•")
    numbered = f" · run {run.number}" if request.is_series else ""
    progress = run.progress or {}
    rows: list[Sequence[Element]] = [
        [text_run("Asked by ", bold=True), user_mention(request.requester.user)],
        [text_run("On ", bold=True), text_run(_targets_text(request))],
    ]
    summary = progress.get("summary") or run.problem or request.outcome
    if summary:
        rows.append([text_run(clip(str(summary), 1500))])
    title = header(f"{emoji} {request.name}{numbered} · {request.title}: {outcome_label(state)}")
    blocks = [title, rich_text_lines(*rows), *progress_blocks([run], request)]
    url = str((run.handle or {}).get("url") or "")
    value = f"{request.id}:{request.revision}"
    row = [button("Show details", "details", value)]
    if state in ("failed", "partly_failed") and run.handle:
        row.insert(0, button("Run again on the failed ones", "rerun_failed", value))
    if url:
        row.append(button("Open there", "open_link", url=url))
    return fit_message([*blocks, actions("result", *row)])


def outcome_label(state: str) -> str:
    """How a run ended, for people."""
    return {"partly_failed": "partly failed", "missed": "missed"}.get(state, state)


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
