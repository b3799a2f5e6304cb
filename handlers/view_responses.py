"""Acknowledgements of submissions that carry a reply."""

from blocks.form import message_view
from blocks.text import View
from bot.values import JsonObject
from handlers.fitting import fitting_view
from handlers.replies import Ephemeral, FieldErrors, OpenView, PushView, Reply, UpdateView


async def submission_response(reply: Reply) -> JsonObject | None:
    """Return the acknowledgement of a submission that carries the reply."""
    match reply:
        case UpdateView(view=view):
            return view_response("update", view)
        case OpenView(view=view) | PushView(view=view):
            return view_response("push", view)
        case Ephemeral(text=text):
            return view_response("update", message_view("Nightshift", text))
        case FieldErrors(by_block=by_block, redraw=redraw):
            if by_block:
                return {"response_action": "errors", "errors": by_block}
            return view_response("update", await redraw())
    return None


def view_response(action: str, view: View) -> JsonObject:
    """Return the acknowledgement that updates the view, or pushes another one."""
    return {"response_action": action, "view": fitting_view(view)}


def pending_view() -> View:
    """Return what is shown while a reply takes longer."""
    return message_view("Nightshift", "One moment, this takes a little longer …")
