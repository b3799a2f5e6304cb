"""What the phrase of a draft was read as."""

from pydantic import TypeAdapter

from bot.schedule import Ambiguous, Parsed, Reading, echo_in
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
