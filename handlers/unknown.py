"""The answers to a run of unknown outcome: which run of the back end it is, and the confirmation of that."""

from blocks.attach import ATTACH_CALLBACK, CHOICE_BLOCK, ID_BLOCK, TITLE, attach_view
from blocks.form import message_view
from blocks.text import View
from bot.errors import InputError
from bot.storage import requests
from bot.usecases.runs.attach_remote import (
    CHOICE,
    REMOTE_ID,
    Offer,
    confirm_remote,
    offer_candidates,
    propose_remote,
)
from bot.usecases.runs.evidence import candidate_key
from bot.usecases.services import Services
from handlers.actors import authorize_for_request
from handlers.payloads import Click, Submission
from handlers.replies import Ephemeral, FieldErrors, OpenView, Reply, UpdateView
from handlers.routes import Route, RouteTable

_BLOCKS = {CHOICE: CHOICE_BLOCK, REMOTE_ID: ID_BLOCK}


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the buttons on a card of unknown outcome."""
    unknown = UnknownOutcomeHandlers(services)
    looking = message_view(TITLE, "Looking for runs that may be this one …")
    table.actions["adopt"] = Route(unknown.offer, _say, opening=lambda _: OpenView(looking))
    table.submissions[ATTACH_CALLBACK] = Route(unknown.propose, _say, pending=lambda _: UpdateView(looking))
    table.actions["confirm_remote"] = Route(unknown.confirm)


class UnknownOutcomeHandlers:
    """The handlers of a card of unknown outcome."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def offer(self, click: Click) -> Reply:
        """Show the runs in the back end that may be it, if the person may say so."""
        person = await authorize_for_request(self._services, click.person, click.request_ref.id)
        offer = await offer_candidates(self._services, click.request_ref.id, person)
        return _say(offer.attached) if offer.attached else UpdateView(_offer_view(offer))

    async def propose(self, submission: Submission) -> Reply:
        """Attach the run that was chosen or named, or propose it to the approvers."""
        ref = submission.view.request_ref
        person = await authorize_for_request(self._services, submission.person, ref.id)
        choice, remote_id = submission.choice, submission.answer
        try:
            return _say(await propose_remote(self._services, ref.id, person, choice, remote_id))
        except InputError as error:
            problems = {_BLOCKS[name]: text[:1900] for name, text in error.problems.items()}

        async def redraw() -> View:
            async with self._services.db.read() as tx:
                request = await requests.get(tx, ref.id)
            system = self._services.backends.require(request.content.backend).connection.title
            return attach_view(request, system, None, answer=remote_id, problems=problems)

        return FieldErrors(problems, redraw)

    async def confirm(self, click: Click) -> Reply:
        """Attach the run that somebody has named."""
        ref = click.request_ref
        person = await authorize_for_request(self._services, click.person, ref.id)
        return Ephemeral(await confirm_remote(self._services, ref.id, ref.revision, person))


def _offer_view(offer: Offer) -> View:
    return attach_view(offer.request, offer.system, [(candidate_key(c), c.title) for c in offer.candidates])


def _say(text: str) -> UpdateView:
    """Say something in the view itself."""
    return UpdateView(message_view(TITLE, text))
