"""The modals behind a card's buttons: a question, a choice, the details of a request, a log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blocks.form import message_view
from blocks.limits import fit_view
from blocks.preview import call_blocks
from blocks.progress import target_results
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    bullets,
    button,
    clip,
    context,
    divider,
    header,
    modal,
    plain_text,
    preformatted,
    rich_text,
    rich_text_lines,
    text_run,
    user_mention,
)
from blocks.times import schedule_line, utc_time
from bot.requests.approval.deadlines import LateOption
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Decision, Request, Run

APPROVE_CALLBACK = "approve_comment"
DENY_CALLBACK = "deny_reason"
CHANGES_CALLBACK = "changes_reason"


@dataclass(frozen=True, slots=True)
class Question:
    """A modal that asks for one text. ``text`` is what it says above the input."""

    title: str
    label: str
    submit_label: str
    text: str = ""
    multiline: bool = True


QUESTIONS: Mapping[str, Question] = {
    APPROVE_CALLBACK: Question("Approve", "What should be known?", "Approve"),
    DENY_CALLBACK: Question("Deny", "Why?", "Deny", "The requester will read this."),
    CHANGES_CALLBACK: Question("Request changes", "What should be changed?", "Send"),
}
"""By callback id."""


def question_view(callback_id: str, request_id: str, revision: int, *, answer: str = "", problem: str = "") -> View:
    """A modal that asks one question about a request, with what was answered and what is wrong with it."""
    question = QUESTIONS[callback_id]
    element: Element = {
        "type": "plain_text_input",
        "action_id": "answer",
        "multiline": question.multiline,
        "max_length": 1000,
    }
    if answer:
        element["initial_value"] = answer
    blocks: list[Block] = [rich_text_lines([text_run(question.text)])] if question.text else []
    blocks.append(
        {
            "type": "input",
            "block_id": "answer",
            "optional": False,
            "label": plain_text(question.label, 2000),
            "element": element,
        }
    )
    if problem:
        blocks.append(context(f"⚠️ {problem}"))
    return modal(
        question.title,
        blocks,
        callback_id=callback_id,
        metadata=json.dumps({"r": request_id, "v": revision}),
        submit=question.submit_label,
        close="Go back",
    )


def preflight_view(request: Request, stop: Sequence[str], confirm: Sequence[str], comment: str = "") -> View | None:
    """What has come up since the request was made; None where nothing has. ``comment`` goes with the approval."""
    if stop:
        return message_view("Not approved", f"{request.name} cannot be approved now.", *stop)
    if not confirm:
        return None
    text = f"{request.name} is not quite what it was when it was asked for:"
    approve = button("Approve anyway", "approve_anyway", f"{request.id}:{request.revision}")
    return _choices_view("Look again", text, [approve], confirm, metadata=comment)


def late_choices_view(
    text: str, options: Sequence[LateOption], request_id: str, revision: int, comment: str = ""
) -> View:
    """The ways to go on with an approval after the start has passed."""
    value = f"{request_id}:{revision}"
    buttons = [button(option.label, f"late_{option.choice}", value) for option in options]
    return _choices_view("It is late", f"{text} What is to be done?", buttons, metadata=comment)


def _choices_view(
    title: str, text: str, buttons: Sequence[Element], considerations: Sequence[str] = (), *, metadata: str
) -> View:
    blocks: list[Block] = [rich_text_lines([text_run(text)])]
    if considerations:
        blocks.append(rich_text(bullets([clip(point, 1000) for point in considerations[:20]])))
    blocks.append(actions("choices", *buttons[:10]))
    return modal(title, blocks, callback_id="choices", metadata=metadata, close="Go back")


def details_view(request: Request, decisions: Sequence[Decision], runs: Sequence[Run]) -> View:
    """Everything about a request."""
    rows = [
        [text_run("State ", bold=True), text_run(STATE_LABELS[request.state])],
        [
            text_run("Asked by ", bold=True),
            user_mention(request.requester.user),
            text_run(f" · {utc_time(request.created_at)}"),
        ],
        [text_run("When ", bold=True), *schedule_line(request.content.schedule, request.zone)],
        [text_run("Said as ", bold=True), text_run(clip(request.phrase, 300))],
        [text_run("Revision ", bold=True), text_run(f"{request.revision} · {request.content_hash[:12]}")],
    ]
    rows += [[text_run(f"{label} ", bold=True), text_run(clip(text, 500))] for label, text in request.summary[:40]]
    blocks: list[Block] = [header(f"{request.name} · {request.title}"), rich_text_lines(*rows)]
    if request.requirement.reasons:
        blocks.append(rich_text(bullets([clip(r, 500) for r in request.requirement.reasons[:10]])))
    for decision in decisions[-20:]:
        old = "" if decision.revision == request.revision else f" (revision {decision.revision})"
        retracted = ", taken back" if decision.retracted_at else ""
        comment = f": {clip(decision.comment, 300)}" if decision.comment else ""
        text = text_run(f" {decision.verdict}{old}{retracted} · {utc_time(decision.at)}{comment}")
        blocks.append(rich_text_lines([user_mention(decision.person.user), text]))
    blocks.append(divider())
    names = request.targets.names
    blocks.append(
        rich_text_lines(
            [
                text_run(f"{request.targets.count} {request.targets.noun}: ", bold=True),
                text_run(clip(", ".join(names), 2500)),
            ]
        )
    )
    for number, run in enumerate(runs[:10]):
        blocks += _run_blocks(run, 60 if number == 0 else 10)
    logs = _log_menu(runs)
    if logs:
        blocks.append(logs)
    blocks += [divider(), *call_blocks(request.calls)]
    return fit_view(modal(request.name, blocks, callback_id="details"))


def _log_menu(runs: Sequence[Run]) -> Block | None:
    """A menu of the targets whose log can be read, of the newest run that names any."""
    run = next((run for run in runs if run.handle and target_results(run)), None)
    if run is None:
        return None
    names = [str(result["name"]) for result in target_results(run)[:100]]
    options: list[Element] = [{"text": plain_text(name, 75), "value": clip(f"{run.id}|{name}", 150)} for name in names]
    menu: Element = {
        "type": "static_select",
        "action_id": "log",
        "placeholder": plain_text("Read the log of …", 150),
        "options": options,
    }
    return actions(f"logs|{run.request_id}", menu)


def log_view(target: str, text: str, *, sent_as_file: bool) -> View:
    """The end of a target's log."""
    shown = text[-2900:] or "There is no log."
    blocks: list[Block] = [rich_text(preformatted(shown))]
    if sent_as_file:
        blocks.append(context("This is its end; all of it was sent to you as a file."))
    elif len(text) > len(shown):
        blocks.append(context("This is its end."))
    return modal(target, blocks, callback_id="log")


def _run_blocks(run: Run, max_results: int) -> list[Block]:
    handle = run.handle or {}
    remote_id = f" · {handle['id']}" if handle.get("id") else ""
    rows = [[text_run(f"Run {run.number} ", bold=True), text_run(f"{run.state}{remote_id} {clip(run.problem, 500)}")]]
    results = target_results(run)
    shown = [clip(f"{r['name']}: {r['state']} {r['reason']}", 150) for r in results[:max_results]]
    blocks: list[Block] = [rich_text_lines(*rows)]
    if shown:
        blocks.append(rich_text(bullets(shown)))
    if len(results) > len(shown):
        blocks.append(context(f"and {len(results) - len(shown)} more"))
    return blocks
