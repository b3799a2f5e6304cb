"""Pausing: the button on the card of a series, and its question why."""

from blocks.form import message_view
from blocks.modals import PAUSE_CALLBACK, question_view
from blocks.text import View
from bot.errors import InputError
from bot.storage import requests
from bot.usecases.pauses.pause_series import check_may_pause_series, pause_series
from bot.usecases.services import Services
from handlers.actors import authorize_for_request
from handlers.payloads import Click, Submission
from handlers.replies import FieldErrors, OpenView, Reply, UpdateView
from handlers.routes import Route, RouteTable


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the button that pauses a series."""
    handlers = PauseHandlers(services)
    table.actions["pause_series"] = Route(handlers.ask_why)
    table.submissions[PAUSE_CALLBACK] = Route(handlers.pause)


class PauseHandlers:
    """The handlers of the button that pauses a series."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ask_why(self, click: Click) -> Reply:
        """Ask for the reason, if the person may pause the series at all."""
        ref = click.request_ref
        person = await authorize_for_request(self._services, click.person, ref.id)
        async with self._services.db.read() as tx:
            request = await requests.get(tx, ref.id)
        await check_may_pause_series(self._services, request, person)
        return OpenView(question_view(PAUSE_CALLBACK, ref.id, ref.revision))

    async def pause(self, submission: Submission) -> Reply:
        """Pause the series for the reason that was typed."""
        ref, reason = submission.view.request_ref, submission.answer
        person = await authorize_for_request(self._services, submission.person, ref.id)
        try:
            text = await pause_series(self._services, ref.id, person, reason)
        except InputError as error:
            problem = " ".join(error.problems.values())

            async def redraw() -> View:
                return question_view(PAUSE_CALLBACK, ref.id, ref.revision, answer=reason, problem=problem)

            return FieldErrors({"answer": problem}, redraw)
        return UpdateView(message_view("Pause", text))
