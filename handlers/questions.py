"""The questions behind the entries of a card's menu: an entry cannot have a dialog, so a modal asks."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from blocks.card.questions import CONFIRM_CALLBACK, not_run_view, question_view
from blocks.form import message_view
from blocks.menu import CONFIRM_PREFIX
from bot.requests.model import Person, Request
from bot.storage import requests
from bot.usecases.approvals.take_over import take_over
from bot.usecases.runs.cancel import cancel, withdraw_and_stop
from bot.usecases.runs.confirm_ended import confirm_ended
from bot.usecases.services import Services
from bot.usecases.sight import check_may_see
from handlers.actors import authorize_for_request, authorize_person
from handlers.json_parts import BadPayload
from handlers.payloads import Click, RequestRef, Submission
from handlers.replies import OpenView, Reply, UpdateView
from handlers.routes import Route, RouteTable

Confirmed: TypeAlias = Callable[[Services, RequestRef, Person], Awaitable[str]]


async def _withdraw(services: Services, ref: RequestRef, person: Person) -> str:
    return await withdraw_and_stop(services, ref.id, person)


async def _cancel(services: Services, ref: RequestRef, person: Person) -> str:
    return await cancel(services, ref.id, person)


async def _take_over(services: Services, ref: RequestRef, person: Person) -> str:
    return await take_over(services, ref.id, person)


async def _confirm_ended(services: Services, ref: RequestRef, person: Person) -> str:
    return await confirm_ended(services, ref.id, ref.detail, person)


CONFIRMED: Mapping[str, Confirmed] = {
    "withdraw": _withdraw,
    "cancel": _cancel,
    "take_over": _take_over,
    "confirm_ended": _confirm_ended,
}
"""What is done once the question of an entry is answered with yes."""


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the questions."""
    handlers = QuestionHandlers(services)
    for action_id in CONFIRMED:
        table.actions[CONFIRM_PREFIX + action_id] = Route(handlers.ask)
    table.actions["not_run"] = Route(handlers.ask_what_to_do)
    table.submissions[CONFIRM_CALLBACK] = Route(handlers.confirm)


class QuestionHandlers:
    """The handlers of the questions."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ask(self, click: Click) -> Reply:
        """Ask before something is done that cannot be undone."""
        request = await self._load(click)
        action_id = click.action_id.removeprefix(CONFIRM_PREFIX)
        return OpenView(question_view(action_id, request, click.request_ref.detail))

    async def ask_what_to_do(self, click: Click) -> Reply:
        """Ask whether a run that did not start is started now, or closed."""
        return OpenView(not_run_view(await self._load(click)))

    async def confirm(self, submission: Submission) -> Reply:
        """Do what the person was asked about."""
        act = CONFIRMED.get(submission.confirmed_action)
        if act is None:
            raise BadPayload("view.private_metadata")
        ref = submission.view.request_ref
        person = await authorize_for_request(self._services, submission.person, ref.id)
        return UpdateView(message_view("Nightshift", await act(self._services, ref, person)))

    async def _load(self, click: Click) -> Request:
        person = await authorize_person(self._services, click.person)
        async with self._services.db.read() as tx:
            request = await requests.get(tx, click.request_ref.id)
        await check_may_see(self._services, request, person)
        return request
