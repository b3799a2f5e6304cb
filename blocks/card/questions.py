"""The questions before what cannot be undone: as the dialog of a button, or as a modal behind an entry of a menu."""

import json

from blocks.menu import Confirmation
from blocks.text import Block, View, actions, button, clip, modal, rich_text_lines, text_run
from bot.requests.model import Request
from bot.requests.text import count_noun

CONFIRM_CALLBACK = "confirm_action"
NOT_RUN_CALLBACK = "not_run"


def question_view(action_id: str, request: Request, detail: int = 0) -> View:
    """The question as a modal. Raises KeyError."""
    question = question_about(action_id, request, detail)
    blocks: list[Block] = [
        rich_text_lines(
            [text_run(clip(request.title.strip() or request.name, 250), bold=True)], [text_run(question.text)]
        )
    ]
    metadata = json.dumps({"r": request.id, "v": request.revision, "n": detail, "a": action_id})
    return modal(
        question.title,
        blocks,
        callback_id=CONFIRM_CALLBACK,
        submit=question.yes,
        close="Go back",
        metadata=metadata,
    )


def not_run_view(request: Request) -> View:
    """What to do about a run that did not start, says somebody who has looked in its system."""
    value = f"{request.id}:{request.revision}"
    rows = [
        [text_run(clip(request.title.strip() or request.name, 250), bold=True)],
        [text_run("Look in its system first. If it did run after all, starting it now does the work twice.")],
    ]
    buttons = [
        button("Start it now", "run_again", value, spoken=f"Start {request.name} now"),
        button("Close it", "close_unknown", value, spoken=f"Close {request.name}: it did not run, and will not"),
    ]
    blocks = [rich_text_lines(*rows), actions("not_run", *buttons)]
    return modal("It did not run", blocks, callback_id=NOT_RUN_CALLBACK, close="Go back")


def question_about(action_id: str, request: Request, detail: int = 0) -> Confirmation:
    """What is asked before an action. ``detail`` is the number of the run that it is about. Raises KeyError."""
    name = request.name
    match action_id:
        case "withdraw":
            return Confirmation(
                f"Withdraw {name}?", "Its approvers can no longer decide. Nothing was started.", "Withdraw"
            )
        case "cancel" if request.is_series:
            text = "No further run will start. The present run is stopped as far as its system allows."
            return Confirmation(f"Cancel the series {name}?", text, "Cancel the series")
        case "cancel" if request.state in ("running", "unknown"):
            return Confirmation(f"Stop {name}?", _stop_text(request), "Stop it")
        case "cancel":
            return Confirmation(f"Cancel {name}?", "It has not started. It will not start.", "Cancel it")
        case "take_over":
            text = f"You answer for {name} from now on. Its approvers are asked again, and you cannot approve it."
            return Confirmation(f"Take over {name}?", text, "Take over")
        case "confirm_ended" if request.is_series:
            text = "Look in its system first. If it goes on after all, two runs may overlap."
            return Confirmation(f"Has run {detail} ended?", text, "Yes, it has ended")
        case "confirm_ended":
            text = "Nothing is cancelled in its system. It may still be running, so a repeat needs an approver."
            return Confirmation(f"Mark {name} as ended?", text, "Mark as ended")
        case "confirm_remote":
            return Confirmation(
                "Is this the run?", "Nightshift then follows it as the run of this request.", "Yes, this is it"
            )
        case _:
            raise KeyError(action_id)


def _stop_text(request: Request) -> str:
    count = count_noun(request.targets.count, request.targets.noun)
    return f"What is done on some of the {count} stays as it is. The rest is not started, as far as its system allows."
