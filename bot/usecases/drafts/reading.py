"""What the phrase of a draft was read as."""

from datetime import timedelta

from pydantic import TypeAdapter

from bot.schedule import (
    Ambiguous,
    Parsed,
    Reading,
    Schedule,
    Series,
    echo_in,
    overlap_reason,
    too_far_reason,
    too_frequent_reason,
)
from bot.storage.drafts import Draft
from bot.usecases.actor import Actor
from bot.usecases.services import Services
from bot.values import JsonObject

_READING: TypeAdapter[Reading] = TypeAdapter(Reading)


def parsed_reading(draft: Draft) -> Reading | None:
    """Return what the phrase of a draft was read as when it was typed."""
    return _READING.validate_python(draft.reading) if draft.reading is not None else None


def reading_as_json(reading: Reading) -> JsonObject:
    """Return a reading as it is stored with a draft."""
    json: JsonObject = _READING.dump_python(reading, mode="json")
    return json


def echo_lines(services: Services, reading: Reading | None, actor: Actor) -> tuple[str, ...]:
    """Return what was understood, for the line under the field."""
    match reading:
        case None:
            return ()
        case Parsed():
            lines = echo_in(actor.language, reading, services.clock.now(), actor.zone)
            return (*lines, actor.zone_note) if actor.zone_note else tuple(lines)
        case Ambiguous(ask=ask):
            return (f"❓ {ask}",)
        case _:
            example = f" For example: {reading.example}" if reading.example else ""
            return (f"⚠️ {reading.reason}{example}",)


def explain_lines(services: Services, reading: Reading, actor: Actor) -> tuple[str, ...]:
    """Return what a phrase means, for a reply without buttons: a question has each answer as a phrase to type."""
    lines = echo_lines(services, reading, actor)
    match reading:
        case Ambiguous(choices=choices):
            return (*lines, *(f"• {choice.label}: say “{choice.meaning.phrase}”" for choice in choices))
        case Parsed(schedule=schedule) if problem := schedule_problem(services, schedule):
            return (*lines, f"⚠️ {problem}")
        case _:
            return lines


def schedule_problem(services: Services, schedule: Schedule) -> str | None:
    """Return why a schedule that was understood cannot be requested, as a sentence; None if it can."""
    if problem := too_far_reason(schedule, services.clock.now()):
        return problem
    if not isinstance(schedule, Series):
        return None
    min_interval = timedelta(minutes=services.settings.timing.minimum_interval_minutes)
    return too_frequent_reason(schedule, min_interval) or overlap_reason(schedule)
