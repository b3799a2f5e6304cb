"""The modal that asks which run of the back end a run of unknown outcome is."""

import json
from collections.abc import Mapping, Sequence

from blocks.limits import fit_view
from blocks.text import Block, Element, View, clip, context, modal, plain_text, rich_text_lines, text_run
from bot.requests.model import Request

ATTACH_CALLBACK = "adopt_id"
TITLE = "It ran"
CHOICE_BLOCK, ID_BLOCK = "choice", "answer"
MAX_CHOICES = 10


def attach_view(
    request: Request,
    system: str,
    choices: Sequence[tuple[str, str]] | None,
    *,
    answer: str = "",
    problems: Mapping[str, str] | None = None,
) -> View:
    """Runs to choose from, as value and label, and an input for the id of another one.

    ``system`` is what people call the back end. ``choices`` is None if they are not known. ``problems`` are shown under
    the inputs, by block id.
    """
    blocks: list[Block] = []
    if choices:
        blocks.append(rich_text_lines([text_run(f"{system} has these that fit {request.name}.")]))
        blocks.append(_input(CHOICE_BLOCK, f"Which of them is {request.name}?", _radio_buttons(choices)))
    elif choices is not None:
        blocks.append(rich_text_lines([text_run(f"{system} shows no run that fits {request.name}.")]))
    id_input: Element = {"type": "plain_text_input", "action_id": "answer", "max_length": 200}
    if answer:
        id_input["initial_value"] = answer
    label = f"Or its id in {system}" if choices else f"Under which id does {system} have it?"
    blocks.append(_input(ID_BLOCK, label, id_input))
    blocks.append(
        context("A run that does not carry the token must be confirmed by an approver who has not written the request.")
    )
    blocks += [context(f"⚠️ {clip(text, 1500)}") for text in (problems or {}).values()]
    return fit_view(
        modal(
            TITLE,
            blocks,
            callback_id=ATTACH_CALLBACK,
            metadata=json.dumps({"r": request.id, "v": request.revision}),
            submit="Watch it",
            close="Go back",
        )
    )


def _input(block_id: str, label: str, element: Element) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "optional": True,
        "label": plain_text(label, 2000),
        "element": element,
    }


def _radio_buttons(choices: Sequence[tuple[str, str]]) -> Element:
    options: list[Element] = [
        {"text": plain_text(clip(label, 75)), "value": value} for value, label in choices[:MAX_CHOICES]
    ]
    return {"type": "radio_buttons", "action_id": "choice", "options": options}
