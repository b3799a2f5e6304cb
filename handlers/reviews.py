"""Reviewing an emergency: the button on its card, and its question what was found."""

from blocks.form import message_view
from blocks.modals import REVIEW_CALLBACK, question_view
from blocks.text import View
from bot.errors import InputError
from bot.usecases.reviews.record_review import load_reviewable, record_review
from bot.usecases.services import Services
from handlers.actors import authorize_for_request
from handlers.payloads import Click, Submission
from handlers.replies import FieldErrors, OpenView, Reply, UpdateView
from handlers.routes import Route, RouteTable


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the button that reviews an emergency."""
    handlers = ReviewHandlers(services)
    table.actions["review"] = Route(handlers.ask_what_was_found)
    table.submissions[REVIEW_CALLBACK] = Route(handlers.review)


class ReviewHandlers:
    """The handlers of the button that reviews an emergency."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ask_what_was_found(self, click: Click) -> Reply:
        """Ask what the person found, if they may review the emergency at all."""
        ref = click.request_ref
        person = await authorize_for_request(self._services, click.person, ref.id)
        await load_reviewable(self._services, ref.id, person)
        return OpenView(question_view(REVIEW_CALLBACK, ref.id, ref.revision))

    async def review(self, submission: Submission) -> Reply:
        """Record the review."""
        ref, comment = submission.view.request_ref, submission.answer
        person = await authorize_for_request(self._services, submission.person, ref.id)
        try:
            text = await record_review(self._services, ref.id, person, comment)
        except InputError as error:
            problem = " ".join(error.problems.values())

            async def redraw() -> View:
                return question_view(REVIEW_CALLBACK, ref.id, ref.revision, answer=comment, problem=problem)

            return FieldErrors({"answer": problem}, redraw)
        return UpdateView(message_view("Review", text))
