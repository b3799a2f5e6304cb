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
    lines,
    plain,
    preformatted,
    rich,
    t,
    user,
)
from blocks.times import schedule_line, utc
from bot.requests.lifecycle import WORDS
from bot.requests.model import Decision, Request, Run

APPROVE = "approve_comment"
DENY = "deny_reason"
CHANGES = "changes_reason"
ADOPT = "adopt_id"


def question_view(
    callback: str, metadata: str, title: str, label: str, submit: str, *, text: str = "", required: bool = True
) -> dict[str, Any]:
    """A modal that asks for one text."""
    blocks: list[Block] = [lines([t(text)])] if text else []
    blocks.append(
        {
            "type": "input",
            "block_id": "answer",
            "optional": not required,
            "label": plain(label, 2000),
            "element": {
                "type": "plain_text_input",
                "action_id": "answer",
                "multiline": callback != ADOPT,
                "max_length": 1000,
            },
        }
    )
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "title": plain(clip(title, 24), 24),
        "submit": plain(clip(submit, 24), 24),
        "close": plain("Go back", 24),
        "blocks": blocks,
    }


def answer_of(view: dict[str, Any]) -> str:
    """What was typed into a question."""
    return (view["state"]["values"]["answer"]["answer"].get("value") or "").strip()


def choices_view(
    title: str,
    text: str,
    choices: Sequence[tuple[str, str, str]],
    points: Sequence[str] = (),
    *,
    metadata: str = "",
) -> dict[str, Any]:
    """A modal with a button for each choice: words, action and value. ``points`` are what there is to consider."""
    return {
        "type": "modal",
        "callback_id": "choices",
        "private_metadata": metadata,
        "title": plain(clip(title, 24), 24),
        "close": plain("Go back", 24),
        "blocks": [
            lines([t(text)]),
            *([rich(bullets([clip(point, 1000) for point in points[:20]]))] if points else []),
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
        [t("State ", bold=True), t(WORDS[request.state])],
        [t("Asked by ", bold=True), user(request.requester.user), t(f" · {utc(request.created_at)}")],
        [t("When ", bold=True), *schedule_line(request.content.schedule, request.zone)],
        [t("Said as ", bold=True), t(clip(request.phrase, 300))],
        [t("Revision ", bold=True), t(f"{request.revision} · {request.content_hash[:12]}")],
    ]
    rows += [[t(f"{label} ", bold=True), t(clip(text, 500))] for label, text in request.summary[:40]]
    blocks: list[Block] = [header(f"{request.name} · {request.title}"), lines(*rows)]
    if request.requirement.reasons:
        blocks.append(rich(bullets([clip(r, 500) for r in request.requirement.reasons[:10]])))
    for decision in decisions[-20:]:
        old = "" if decision.revision == request.revision else f" (revision {decision.revision})"
        gone = ", taken back" if decision.taken_back else ""
        said = f": {clip(decision.comment, 300)}" if decision.comment else ""
        text = t(f" {decision.verdict}{old}{gone} · {utc(decision.at)}{said}")
        blocks.append(lines([user(decision.person.user), text]))
    blocks.append(divider())
    names = request.matched.names
    blocks.append(
        lines([t(f"{request.matched.count} {request.matched.noun}: ", bold=True), t(clip(", ".join(names), 2500))])
    )
    for number, run in enumerate(runs[:10]):
        blocks += _run(run, 60 if number == 0 else 10)
    logs = _logs(runs)
    if logs:
        blocks.append(logs)
    blocks += [divider(), *call_blocks(request.calls)]
    view = {
        "type": "modal",
        "callback_id": "details",
        "title": plain(clip(request.name, 24), 24),
        "close": plain("Close", 24),
        "blocks": blocks,
    }
    return fit_view(view)


def _logs(runs: Sequence[Run]) -> Block | None:
    """A menu of the targets whose log can be read: the failed ones first, of the newest run that names any."""
    run = next((r for r in runs if r.handle and (r.progress or {}).get("results")), None)
    if run is None:
        return None
    names = [r["name"] for r in (run.progress or {})["results"]][:100]
    options = [{"text": plain(name, 75), "value": clip(f"{run.id}|{name}", 150)} for name in names]
    menu = {
        "type": "static_select",
        "action_id": "log",
        "placeholder": plain("Read the log of …", 150),
        "options": options,
    }
    return {"type": "actions", "block_id": f"logs|{run.request_id}", "elements": [menu]}


def log_view(target: str, text: str, more: bool) -> dict[str, Any]:
    """The log of one target, its end where it is long. ``more``: all of it was sent as a file."""
    shown = text[-2900:] or "There is no log."
    blocks: list[Block] = [rich(preformatted(shown))]
    if more:
        blocks.append(context("This is its end; all of it was sent to you as a file."))
    elif len(text) > len(shown):
        blocks.append(context("This is its end."))
    return {
        "type": "modal",
        "callback_id": "log",
        "title": plain(clip(target, 24), 24),
        "close": plain("Close", 24),
        "blocks": blocks,
    }


def _run(run: Run, most: int) -> list[Block]:
    handle = run.handle or {}
    known = f" · {handle['id']}" if handle.get("id") else ""
    rows = [[t(f"Run {run.number} ", bold=True), t(f"{run.state}{known} {clip(run.problem, 500)}")]]
    results = (run.progress or {}).get("results", ())
    shown = [clip(f"{r['name']}: {r['state']} {r['reason']}", 150) for r in results[:most]]
    blocks: list[Block] = [lines(*rows)]
    if shown:
        blocks.append(rich(bullets(shown)))
    if len(results) > len(shown):
        blocks.append(context(f"and {len(results) - len(shown)} more"))
    return blocks
