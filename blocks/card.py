"""The card of a request: one renderer, for every copy of it. What is shown follows from stored state alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from blocks.limits import fit_message
from blocks.progress import progress_lines
from blocks.text import (
    Block,
    Element,
    actions,
    bullets,
    button,
    clip,
    confirm,
    context,
    escape,
    header,
    lines,
    listed,
    quote,
    rich,
    section,
    t,
    user,
)
from blocks.times import fixed, schedule_line, utc
from bot.requests.explain import headline
from bot.requests.lifecycle import FINAL, WORDS
from bot.requests.model import Decision, Person, Request, Run
from bot.schedule import Moment

NAMES_SHOWN = 10
RUNS_SHOWN = 5
DECISIONS_SHOWN = 20

MARKS = {
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
    """What a card is made of. ``standing`` says how the approval stands; ``notes`` are what an approver should see."""

    request: Request
    decisions: Sequence[Decision] = ()
    runs: Sequence[Run] = ()
    standing: str = ""
    notes: Sequence[str] = ()
    view: Literal["approval", "receipt"] = "approval"


def card_blocks(card: Card) -> list[Block]:
    """The blocks of a card; always within Slack's limits."""
    request = card.request
    blocks = [header(f"{MARKS[request.state]} {request.name} · {request.title}"), _what(request)]
    if request.reason:
        blocks.append(rich(quote(clip(request.reason, 1000))))
    if request.warnings or card.notes:
        warnings = [clip(f"⚠️ {text}", 500) for text in (*request.warnings, *card.notes)]
        blocks.append(rich(bullets(warnings[:10])))
    if request.changes:
        blocks.append(_diff("What changes", request.changes))
    if request.revised and request.state == "awaiting_approval":
        blocks.append(_diff(f"Changed in revision {request.revision}", request.revised))
    blocks.append(_state(card))
    blocks += progress_lines(card.runs[:RUNS_SHOWN], request)
    row = _buttons(card)
    if row:
        blocks.append(actions("decide", *row))
    return fit_message(blocks)


def fallback(card: Card) -> str:
    """The text of notifications and screen readers; always mrkdwn, so it is escaped."""
    request = card.request
    return escape(clip(f"{request.name} · {request.title}: {WORDS[request.state]}. {request.outcome}".strip(), 1000))


def _what(request: Request) -> Block:
    asked_by: list[Element] = [t("Asked by ", bold=True), user(request.requester.user)]
    if request.edited_by:
        asked_by += [t(", edited by "), *_users(request.edited_by)]
    rows: list[Sequence[Element]] = [asked_by]
    rows.append([t("When ", bold=True), *schedule_line(request.content.schedule, request.zone)])
    rows.append([t("On ", bold=True), t(_targets(request))])
    rows += [[t(f"{label} ", bold=True), t(clip(text, 300))] for label, text in request.summary[:20]]
    if request.holding:
        rows.append([t("Timing ", bold=True), t(request.holding)])
    return lines(*rows)


def _users(people: Sequence[Person]) -> list[Element]:
    elements: list[Element] = []
    for person in people:
        elements += [t(", "), user(person.user)] if elements else [user(person.user)]
    return elements


def _targets(request: Request) -> str:
    matched = request.matched
    names = listed(matched.names, NAMES_SHOWN, matched.count)
    text = f"{matched.count} {matched.noun}: {names}" if matched.names else f"{matched.count} {matched.noun}"
    if not matched.fixed:
        text += " (worked out again when it starts)"
    return f"{text}. {matched.note}" if matched.note else text


def _diff(title: str, changes: Sequence[Mapping[str, str]]) -> Block:
    rows: list[Sequence[Element]] = [[t(title, bold=True)]]
    for change in changes[:15]:
        before, after = clip(change["before"] or "nothing", 150), clip(change["after"] or "nothing", 150)
        rows.append([t(f"{change['field']}: "), t(before, strike=True), t(" → "), t(after)])
    return lines(*rows)


def _state(card: Card) -> Block:
    request = card.request
    rows: list[Sequence[Element]] = [[t(WORDS[request.state], bold=True), *_since(request)]]
    if request.state == "awaiting_approval":
        rows.append([t(clip(headline(request.requirement), 500))])
        rows.append([t(card.standing)])
        if request.approve_by:
            rows.append([t(f"Decide by {fixed(Moment.at(request.approve_by, request.zone))}", italic=True)])
    rows += _decisions([d for d in card.decisions if d.content_hash == request.content_hash])
    if request.outcome:
        rows.append([t(clip(request.outcome, 1500))])
    return lines(*rows)


def _decisions(decisions: Sequence[Decision]) -> list[Sequence[Element]]:
    """The newest ones, oldest first."""
    earlier = len(decisions) - DECISIONS_SHOWN
    rows: list[Sequence[Element]] = [[t(f"{earlier} earlier decisions", italic=True)]] if earlier > 0 else []
    return rows + [_decision(decision) for decision in decisions[-DECISIONS_SHOWN:]]


def _since(request: Request) -> list[Element]:
    stamps = [
        f"{word} {utc(at)}"
        for word, at in (
            ("approved", request.approved_at),
            ("started", request.started_at),
            ("finished", request.finished_at),
        )
        if at
    ]
    return [t(" · " + " · ".join(stamps))] if stamps else []


def _decision(decision: Decision) -> list[Element]:
    words = {"approved": "✅ Approved by ", "denied": "⛔ Denied by ", "changes": "✏️ Changes asked for by "}
    row = [t(words[decision.verdict]), user(decision.person.user), t(f" · {utc(decision.at)}")]
    if decision.on_behalf_of:
        row += [t(" on behalf of "), user(decision.on_behalf_of)]
    if decision.comment:
        row.append(t(f": {clip(decision.comment, 500)}"))
    return [*([t("(taken back) ", italic=True)] if decision.taken_back else []), *row]


def _buttons(card: Card) -> list[Element]:
    request = card.request
    value = f"{request.id}:{request.revision}"
    row: list[Element] = []
    if request.state == "awaiting_approval":
        if card.view == "approval":
            row += [
                button("Approve", "approve", value, style="primary"),
                button("Deny", "deny", value, style="danger"),
                button("Request changes", "changes", value),
                button("Approve with a comment", "approve_with", value),
            ]
        row += [button("Edit", "edit", value), button("Withdraw", "withdraw", value, confirm=_sure(request))]
        if any(d.taken_back is None and d.content_hash == request.content_hash for d in card.decisions):
            row.append(button("Take back", "take_back", value))
    elif request.state == "unknown":
        row += [
            button("It ran", "adopt", value),
            button("It did not run: run it again", "run_again", value, confirm=_again(request)),
        ]
    elif request.state not in FINAL:
        if request.state == "scheduled" and all(run.state == "held" for run in card.runs):
            row.append(button("Edit", "edit", value))
        word = "Cancel the series" if request.is_series else "Cancel"
        row.append(button(word, "cancel", value, style="danger", confirm=_sure(request)))
    if request.state in ("failed", "partly_failed"):
        row.append(button("Run again on the failed ones", "rerun_failed", value))
    row.append(button("Show details", "details", value))
    return row


def _sure(request: Request) -> Element:
    return confirm(f"Stop {request.name}?", clip(request.title, 250), "Yes, stop it")


def _again(request: Request) -> Element:
    text = "If it did run after all, the work is done twice. Look in the back end first."
    return confirm(f"Run {request.name} again?", text, "It did not run")


def result_blocks(request: Request, run: Run) -> list[Block]:
    """The message of an outcome in the results channel and to the requester."""
    state = run.state if request.is_series else request.state
    mark = MARKS.get(state, "•")
    numbered = f" · run {run.number}" if request.is_series else ""
    progress = run.progress or {}
    rows: list[Sequence[Element]] = [
        [t("Asked by ", bold=True), user(request.requester.user)],
        [t("On ", bold=True), t(_targets(request))],
    ]
    summary = progress.get("summary") or run.problem or request.outcome
    if summary:
        rows.append([t(clip(str(summary), 1500))])
    head = header(f"{mark} {request.name}{numbered} · {request.title}: {outcome_words(state)}")
    blocks = [head, lines(*rows), *progress_lines([run], request)]
    url = (run.handle or {}).get("url")
    value = f"{request.id}:{request.revision}"
    row = [button("Show details", "details", value)]
    if state in ("failed", "partly_failed") and run.handle:
        row.insert(0, button("Run again on the failed ones", "rerun_failed", value))
    if url:
        row.append(button("Open there", "open_link", url=url))
    return fit_message([*blocks, actions("result", *row)])


def outcome_words(state: str) -> str:
    """The word for how a run ended."""
    return {"partly_failed": "partly failed", "missed": "missed"}.get(state, state)


def failures_blocks(request: Request, run: Run, first: int = 0) -> list[Block]:
    """The failures by target, for the thread under an outcome."""
    results = [r for r in (run.progress or {}).get("results", ()) if r["state"] == "failed"]
    shown = results[first : first + 40]
    items = [clip(f"{r['name']}: {r['reason'] or 'failed'}", 200) for r in shown]
    blocks: list[Block] = [
        rich(section([t(f"{len(results)} failed", bold=True)]), bullets(items or ["no names known"]))
    ]
    if len(results) > len(shown):
        blocks.append(context(f"and {len(results) - len(shown)} more: “Show details” has them."))
    return fit_message(blocks)
