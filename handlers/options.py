"""Live choices for the selects of a form: searched as somebody types, answered in time whatever the back end does."""

import asyncio
from textwrap import wrap
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck

from blocks.form import read_metadata
from blocks.inputs import MORE, field_of, options, system_of
from blocks.text import clip
from bot.backends.base import Option
from bot.errors import BackendError, NightshiftError
from bot.usecases import draft as drafting
from bot.usecases.services import Services
from handlers.common import admitted
from handlers.routes import Body, Routes

PATIENCE = 2.5
"""Seconds; Slack waits for three and then shows an error without words."""
LINE = 75
"""Characters that Slack shows of a choice, and as many of what stands below it."""
_log = structlog.get_logger(__name__)


def register(routes: Routes, app: Services) -> None:
    """Every select asks here, whichever field it is."""

    async def choices(ack: AsyncAck, body: Body) -> None:
        found = await _search(app, body)
        await ack(options=options(found))

    routes.options = choices


async def _search(app: Services, body: Body) -> list[Option]:
    try:
        return await asyncio.wait_for(_lookup(app, body), PATIENCE)
    except TimeoutError:
        return [_row("This takes too long just now: type more, or try again")]
    except BackendError as error:
        _log.warning("a lookup failed", backend=error.backend, why=str(error))
        return [_row(str(error))]
    except NightshiftError as error:
        return [_row(str(error))]


async def _lookup(app: Services, body: Body) -> list[Option]:
    who = await admitted(app, body)
    draft_id, _ = read_metadata(body["view"]["private_metadata"])
    draft = await drafting.load(app, draft_id, who.person)
    # The form that somebody looks at may be a moment behind the draft: what it offers is of the system that it shows.
    operation = app.operation(system_of(body["block_id"]) or draft.backend, draft.operation)
    values: dict[str, Any] = dict(draft.values)
    return list(await operation.lookup(field_of(body["block_id"]), body.get("value", ""), values))


def _row(text: str) -> Option:
    """A row that only says something, on two lines where it is long; picking it picks nothing."""
    first, *rest = wrap(text, LINE) or [""]
    return Option(value=MORE, label=first, description=clip(" ".join(rest), LINE))
