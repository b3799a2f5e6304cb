"""Takes what a person typed into a draft."""

from datetime import time

from bot.backends.base import form_fields
from bot.forms import OPERATION, REASON, SYSTEM, WHEN, is_clipped_original
from bot.schedule import Ambiguous, read
from bot.storage.drafts import Draft, DraftChanges
from bot.typed_text import plain_punctuation
from bot.usecases.actor import Actor
from bot.usecases.drafts.reading import parsed_reading, reading_as_json
from bot.usecases.drafts.store import save_draft
from bot.usecases.drafts.usual_times import usual_times
from bot.usecases.services import Services
from bot.values import Json, JsonObject


async def apply_form_state(
    services: Services, draft: Draft, actor: Actor, values: JsonObject, labels: JsonObject
) -> Draft:
    """Store the state of a view. The phrase is read again only if it has changed. Raises Conflict."""
    typed = {name: value for name, value in values.items() if not is_clipped_original(value, draft.values.get(name))}
    changes: DraftChanges = {"checked": None}
    backend, operation = _text(typed.pop(SYSTEM, None)), _text(typed.pop(OPERATION, None))
    if operation:
        changes["operation"] = operation
    if REASON in typed:
        changes["reason"] = _text(typed.pop(REASON)).strip()
    if WHEN in typed:
        phrase = _text(typed.pop(WHEN)).strip()
        if phrase != draft.phrase or draft.reading is None:
            changes["phrase"] = phrase
            changes["reading"] = await _read(services, actor, backend or draft.backend, phrase)
    merged = {**draft.values, **_with_plain_punctuation(services, draft, typed)}
    if backend and backend != draft.backend and backend in services.backends:
        # What was picked has another meaning there: the same id is another template, computer or job.
        portable = _portable_fields(services, draft)
        changes["backend"] = backend
        changes["generation"] = draft.generation + 1
        changes["labels"] = {}
        changes["values"] = {name: value for name, value in merged.items() if name in portable}
    else:
        changes["values"] = merged
        changes["labels"] = {**draft.labels, **labels}
    return await save_draft(services, draft, **changes)


async def choose_meaning(services: Services, draft: Draft, choice: int) -> Draft:
    """Take one of the meanings of an ambiguous phrase. Raises Conflict."""
    reading = parsed_reading(draft)
    if not isinstance(reading, Ambiguous) or not 0 <= choice < len(reading.choices):
        return draft
    meaning = reading.choices[choice].meaning
    return await save_draft(services, draft, reading=reading_as_json(meaning), checked=None)


async def choose_time(services: Services, draft: Draft, actor: Actor, at: time) -> Draft:
    """Take a time of day as the answer to the question for one. Raises Conflict."""
    reading = parsed_reading(draft)
    if not isinstance(reading, Ambiguous) or reading.time_place is None:
        return draft
    answered = await _read(services, actor, draft.backend, reading.phrase_at(at))
    return await save_draft(services, draft, reading=answered, checked=None)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


async def _read(services: Services, actor: Actor, backend: str, phrase: str) -> JsonObject | None:
    if not phrase:
        return None
    now, preferences = services.clock.now(), actor.time_preferences
    reading = read(phrase, now=now, zone=actor.zone, preferences=preferences)
    if isinstance(reading, Ambiguous) and reading.time_place is not None:
        times = await usual_times(services, backend, actor.zone)
        preferences = preferences.model_copy(update={"usual_times": times})
        reading = read(phrase, now=now, zone=actor.zone, preferences=preferences)
    return reading_as_json(reading)


def _with_plain_punctuation(services: Services, draft: Draft, typed: JsonObject) -> JsonObject:
    """Return typed values with straight quotes and plain dashes in the fields of one line: phones type others there.

    Longer texts and the inputs of templates are left alone; the preview names the characters instead.
    """
    fields = form_fields(services.backends.operation(draft.backend, draft.operation).params_model)
    one_line = {field.name for field in fields if field.widget == "text"}
    return {
        name: plain_punctuation(value) if name in one_line and isinstance(value, str) else value
        for name, value in typed.items()
    }


def _portable_fields(services: Services, draft: Draft) -> set[str]:
    """Return the fields whose values mean the same on every back end of a kind: those that are not looked up there."""
    fields = form_fields(services.backends.operation(draft.backend, draft.operation).params_model)
    return {field.name for field in fields if field.widget not in ("lookup", "lookups")}
