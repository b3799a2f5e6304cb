"""Counts the targets that a form names so far, for the line below the field."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from bot.backends.base import FormField, FoundTargets
from bot.errors import BackendError, InputError
from bot.requests.text import count_noun
from bot.storage.drafts import Draft
from bot.usecases.services import Services

TIMEOUT_SECONDS = 1.5
"""The form does not wait longer for the count. It is found out again at the next change, and by the preview."""
MAX_NAMES = 5
_log = structlog.get_logger(__name__)


async def target_notes(services: Services, draft: Draft, fields: Sequence[FormField]) -> Mapping[str, str]:
    """Return what is known of the targets of a draft, by the field that names them; empty where nothing is."""
    values = {field.name: draft.values[field.name] for field in fields if draft.values.get(field.name)}
    field = next((field for field in fields if field.finds_targets and field.name in values), None)
    if field is None:
        return {}
    backend = services.backends.require(draft.backend)
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            found = await operation.find_targets(values)
    except InputError as error:
        return {name: f"⚠️ {text}" for name, text in error.problems.items()}
    except (BackendError, TimeoutError) as error:
        _log.info("targets not counted", backend=draft.backend, why=str(error))
        return {field.name: f"Not counted yet: {backend.connection.title} does not answer."}
    return {field.name: found_text(found)} if found is not None else {}


def found_text(found: FoundTargets) -> str:
    """Return the targets in a line: ``✅ 16 hosts: web05, web10 + 14 more``."""
    notes = " ".join(found.notes)
    if not found.count:
        return " ".join(part for part in (f"⚠️ No {found.noun.removesuffix('s')} matches this.", notes) if part)
    names = ", ".join(found.names[:MAX_NAMES])
    rest = found.count - min(found.count, len(found.names), MAX_NAMES)
    shown = f": {names}{f' + {rest:,} more' if rest else ''}" if names else ""
    mark = "⚠️" if notes else "✅"
    return " ".join(part for part in (f"{mark} {count_noun(found.count, found.noun)}{shown}", notes) if part)
