"""The modals behind a card's buttons: a question, a choice, the details of a request, a log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blocks.form import message_view
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    bullets,
    button,
    clip,
    context,
    modal,
    plain_text,
    preformatted,
    rich_text,
    rich_text_lines,
    text_run,
)
from bot.requests.approval.deadlines import LateOption
from bot.requests.model import Request

APPROVE_CALLBACK = "approve_comment"
DENY_CALLBACK = "deny_reason"
CHANGES_CALLBACK = "changes_reason"
PAUSE_CALLBACK = "pause_reason"
REVIEW_CALLBACK = "review_comment"


@dataclass(frozen=True, slots=True)
class Question:
    """A modal that asks for one text. ``text`` is what it says above the input."""

    title: str
    label: str
    submit_label: str
    text: str = ""
    multiline: bool = True


QUESTIONS: Mapping[str, Question] = {
    APPROVE_CALLBACK: Question("Approve", "Comment", "Approve"),
    DENY_CALLBACK: Question("Deny", "Why?", "Deny", "The requester will read this."),
    CHANGES_CALLBACK: Question("Request changes", "What should be changed?", "Send"),
    PAUSE_CALLBACK: Question("Pause", "Why?", "Pause", "No run starts until somebody resumes the series."),
    REVIEW_CALLBACK: Question(
        "Review", "What did you find?", "Reviewed", "It is kept, and shown to all who took part."
    ),
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
    text = f"{request.name} has changed since it was requested:"
    approve = button("Approve anyway", "approve_anyway", f"{request.id}:{request.revision}")
    return _choices_view("Look again", text, [approve], confirm, metadata=comment)


def late_choices_view(
    text: str, options: Sequence[LateOption], request_id: str, revision: int, comment: str = ""
) -> View:
    """The ways to go on with an approval after the start has passed."""
    value = f"{request_id}:{revision}"
    buttons = [button(option.label, f"late_{option.choice}", value) for option in options]
    return _choices_view("It is late", f"{text} What should happen now?", buttons, metadata=comment)


def _choices_view(
    title: str, text: str, buttons: Sequence[Element], considerations: Sequence[str] = (), *, metadata: str
) -> View:
    blocks: list[Block] = [rich_text_lines([text_run(text)])]
    if considerations:
        blocks.append(rich_text(bullets([clip(point, 1000) for point in considerations[:20]])))
    blocks.append(actions("choices", *buttons[:10]))
    return modal(title, blocks, callback_id="choices", metadata=metadata, close="Go back")


def log_view(target: str, text: str, *, sent_as_file: bool) -> View:
    """The end of a target's log."""
    shown = text[-2900:] or "There is no log."
    blocks: list[Block] = [rich_text(preformatted(shown))]
    if sent_as_file:
        blocks.append(context("This is its end; all of it was sent to you as a file."))
    elif len(text) > len(shown):
        blocks.append(context("This is its end."))
    return modal(target, blocks, callback_id="log")
