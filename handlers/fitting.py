"""Views that are too large for Slack, which must not look as if they had been shown."""

import structlog

from blocks.form import message_view
from blocks.limits import view_size_problem
from blocks.text import View
from handlers.replies import OpenView, Reply, UpdateView

_TOO_LARGE = "This form is too large for Slack. Please use fewer values."
_log = structlog.get_logger(__name__)


def fitting_view(view: View) -> View:
    """The view, or a short one that says that it is too large for Slack."""
    problem = view_size_problem(view)
    if not problem:
        return view
    _log.error("view too large for Slack", why=problem)
    return message_view("Nightshift", _TOO_LARGE)


async def confirm_shown(reply: Reply) -> None:
    """Tell whoever made a reply that Slack has taken its view as it is."""
    if isinstance(reply, OpenView | UpdateView) and reply.on_shown is not None and not view_size_problem(reply.view):
        await reply.on_shown()
