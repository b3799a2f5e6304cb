"""Live choices for the selects of a form: searched as somebody types, answered in time whatever the back end does."""

import asyncio
from textwrap import wrap
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck

from blocks.form import decode_metadata
from blocks.inputs import MORE_VALUE, backend_of, field_name_of, option_elements
from blocks.text import clip
from bot.backends.base import Option
from bot.errors import BackendError, NightshiftError
from bot.usecases.drafts import form as drafting
from bot.usecases.services import Services
from handlers.common import authorize_actor
from handlers.router import Payload, Router

ANSWER_TIMEOUT_SECONDS = 2.5
"""Seconds; Slack waits for three and then shows an error without words."""
MAX_LINE_LENGTH = 75
"""Characters that Slack shows of a choice, and as many of what stands below it."""
_log = structlog.get_logger(__name__)


def register(routes: Router, services: Services) -> None:
    """Every select asks here, whichever field it is."""

    async def choices(ack: AsyncAck, body: Payload) -> None:
        found = await _search(services, body)
        await ack(options=option_elements(found))

    routes.options = choices


async def _search(services: Services, body: Payload) -> list[Option]:
    try:
        return await asyncio.wait_for(_lookup(services, body), ANSWER_TIMEOUT_SECONDS)
    except TimeoutError:
        return [_message_option("This takes too long just now: type more, or try again")]
    except BackendError as error:
        _log.warning("a lookup failed", backend=error.backend, why=str(error))
        return [_message_option(str(error))]
    except NightshiftError as error:
        return [_message_option(str(error))]


async def _lookup(services: Services, body: Payload) -> list[Option]:
    who = await authorize_actor(services, body)
    draft_id, _ = decode_metadata(body["view"]["private_metadata"])
    draft = await drafting.load_draft(services, draft_id, who.person)
    # The form that somebody looks at may be a moment behind the draft: what it offers is of the system that it shows.
    operation = services.backends.operation(backend_of(body["block_id"]) or draft.backend, draft.operation)
    values: dict[str, Any] = dict(draft.values)
    return list(await operation.lookup(field_name_of(body["block_id"]), body.get("value", ""), values))


def _message_option(text: str) -> Option:
    """A row that only says something, on two lines where it is long; picking it picks nothing."""
    first, *rest = wrap(text, MAX_LINE_LENGTH) or [""]
    return Option(value=MORE_VALUE, label=first, description=clip(" ".join(rest), MAX_LINE_LENGTH))
