"""The small modals behind buttons: a reason, an id, a choice; and a request with everything that is known of it."""

from collections.abc import Sequence
from typing import Any

from blocks.limits import fit_view
from blocks.preview import call_blocks
from blocks.text import (
    Block,
    bullets,
    button,
    clip,
    context,
    divider,
    header,
    plain_text,
    preformatted,
    rich_text,
    rich_text_lines,
    text_run,
    user_mention,
)
from blocks.times import schedule_line, utc_time
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Decision, Request, Run

APPROVE_CALLBACK = "approve_comment"
DENY_CALLBACK = "deny_reason"
CHANGES_CALLBACK = "changes_reason"
ATTACH_CALLBACK = "adopt_id"


def question_view(
    callback_id: str, metadata: str, title: str, label: str, submit_label: str, *, text: str = "", required: bool = True
) -> dict[str, Any]:
    """A modal that asks for one text."""
    blocks: list[Block] = [rich_text_lines([text_run(text)])] if text else []
    blocks.append(
        {
            "type": "input",
            "block_id": "answer",
            "optional": not required,
            "label": plain_text(label, 2000),
            "element": {
                "type": "plain_text_input",
                "action_id": "answer",
                "multiline": callback_id != ATTACH_CALLBACK,
                "max_length": 1000,
            },
        }
    )
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": plain_text(clip(title, 24), 24),
        "submit": plain_text(clip(submit_label, 24), 24),
        "close": plain_text("Go back", 24),
        "blocks": blocks,
    }


def submitted_answer(view: dict[str, Any]) -> str:
    """What was typed into a question."""
    return (view["state"]["values"]["answer"]["answer"].get("value") or "").strip()


def choices_view(
    title: str,
    text: str,
    choices: Sequence[tuple[str, str, str]],
    considerations: Sequence[str] = (),
    *,
    metadata: str = "",
) -> dict[str, Any]:
    """A modal with a button for each choice: words, action and value. ``points`` are what there is to consider."""
    return {
        "type": "modal",
        "callback_id": "choices",
        "private_metadata": metadata,
        "title": plain_text(clip(title, 24), 24),
        "close": plain_text("Go back", 24),
        "blocks": [
            rich_text_lines([text_run(text)]),
            *([rich_text(bullets([clip(point, 1000) for point in considerations[:20]]))] if considerations else []),
            {
                "type": "actions",
                "block_id": "choices",
                "elements": [button(words, action, value) for words, action, value in choices[:10]],
            },
        ],
    }


def details_view(request: Request, decisions: Sequence[Decision], runs: Sequence[Run]) -> dict[str, Any]:
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
        gone = ", taken back" if decision.retracted_at else ""
        said = f": {clip(decision.comment, 300)}" if decision.comment else ""
        text = text_run(f" {decision.verdict}{old}{gone} · {utc_time(decision.at)}{said}")
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
    view = {
        "type": "modal",
        "callback_id": "details",
        "title": plain_text(clip(request.name, 24), 24),
        "close": plain_text("Close", 24),
        "blocks": blocks,
    }
    return fit_view(view)


def _log_menu(runs: Sequence[Run]) -> Block | None:
    """A menu of the targets whose log can be read: the failed ones first, of the newest run that names any."""
    run = next((r for r in runs if r.handle and (r.progress or {}).get("results")), None)
    if run is None:
        return None
    names = [r["name"] for r in (run.progress or {})["results"]][:100]
    options = [{"text": plain_text(name, 75), "value": clip(f"{run.id}|{name}", 150)} for name in names]
    menu = {
        "type": "static_select",
        "action_id": "log",
        "placeholder": plain_text("Read the log of …", 150),
        "options": options,
    }
    return {"type": "actions", "block_id": f"logs|{run.request_id}", "elements": [menu]}


def log_view(target: str, text: str, sent_as_file: bool) -> dict[str, Any]:
    """The log of one target, its end where it is long. ``more``: all of it was sent as a file."""
    shown = text[-2900:] or "There is no log."
    blocks: list[Block] = [rich_text(preformatted(shown))]
    if sent_as_file:
        blocks.append(context("This is its end; all of it was sent to you as a file."))
    elif len(text) > len(shown):
        blocks.append(context("This is its end."))
    return {
        "type": "modal",
        "callback_id": "log",
        "title": plain_text(clip(target, 24), 24),
        "close": plain_text("Close", 24),
        "blocks": blocks,
    }


def _run_blocks(run: Run, max_results: int) -> list[Block]:
    handle = run.handle or {}
    known = f" · {handle['id']}" if handle.get("id") else ""
    rows = [[text_run(f"Run {run.number} ", bold=True), text_run(f"{run.state}{known} {clip(run.problem, 500)}")]]
    results = (run.progress or {}).get("results", ())
    shown = [clip(f"{r['name']}: {r['state']} {r['reason']}", 150) for r in results[:max_results]]
    blocks: list[Block] = [rich_text_lines(*rows)]
    if shown:
        blocks.append(rich_text(bullets(shown)))
    if len(results) > len(shown):
        blocks.append(context(f"and {len(results) - len(shown)} more"))
    return blocks
