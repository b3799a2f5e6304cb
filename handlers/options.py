"""Live choices for the selects of a form, found as somebody types. A problem is shown as a row."""

from textwrap import wrap

import structlog

from blocks.inputs import MORE_VALUE, option_elements
from blocks.text import clip
from bot.backends.base import Option
from bot.errors import BackendError
from bot.usecases.drafts.entered import choices_of
from bot.usecases.drafts.store import load_draft
from bot.usecases.services import Services
from handlers.actors import authorize_person
from handlers.payloads import OptionsQuery
from handlers.replies import Options, Reply
from handlers.routes import Route, RouteTable

ANSWER_TIMEOUT_SECONDS = 2.5
"""Slack waits for three seconds, and then shows an error without a reason."""
MAX_LINE_LENGTH = 75
"""Maximum length of a choice, and of the line below it."""
_log = structlog.get_logger(__name__)


def register(table: RouteTable, services: Services) -> None:
    """Add the route of every select."""

    async def search(query: OptionsQuery) -> Reply:
        person = await authorize_person(services, query.person)
        draft = await load_draft(services, query.view.draft_ref.id, person)
        # The form on the screen may be older than the draft: search the back end that the form shows.
        operation = services.backends.operation(query.backend or draft.backend, draft.operation)
        try:
            found = await choices_of(services, draft, query.field, query.text)
            if found is None:
                found = await operation.lookup(query.field, query.text, dict(draft.values))
        except BackendError as error:
            _log.warning("lookup failed", backend=error.backend, why=str(error))
            raise
        return Options(option_elements(found))

    table.options = Route(search, error_reply=_message_row, patience=ANSWER_TIMEOUT_SECONDS)


def _message_row(text: str) -> Options:
    """A row that only says something, on two lines if it is long. Picking it picks nothing."""
    first, *rest = wrap(text, MAX_LINE_LENGTH) or [""]
    row = Option(value=MORE_VALUE, label=first, description=clip(" ".join(rest), MAX_LINE_LENGTH))
    return Options(option_elements([row]))
