"""Reads until when a pause lasts. What can mean two times is asked about, never guessed."""

import re
from datetime import datetime, timedelta

from bot.errors import InputError
from bot.requests.durations import parse_duration
from bot.schedule import Ambiguous, Once, Parsed, Rejected, read
from bot.usecases.actor import Actor

MAX_DURATION = timedelta(days=366)
_HOW = "Say how long, such as 2h, or until when, such as until tomorrow 8:00."


def read_end(text: str, now: datetime, actor: Actor) -> datetime | None:
    """Return the end that ``2h``, ``for 90 minutes`` or ``until tomorrow 8:00`` names; None for an empty text.

    A day counts whole. Raises InputError with a sentence for whatever does not name one moment ahead.
    """
    text = text.strip(" ,")
    if not text:
        return None
    until = re.fullmatch(r"(?:until|till)\s+(.+)", text, re.IGNORECASE)
    end = _moment(until[1], text, now, actor) if until else _after(text, now, actor)
    if end <= now:
        raise InputError({"": f"“{text}” has passed already. {_HOW}"})
    if end - now > MAX_DURATION:
        text = f"An end is at most {MAX_DURATION.days} days ahead. Without one, the pause lasts until it is resumed."
        raise InputError({"": text})
    return end


def _after(text: str, now: datetime, actor: Actor) -> datetime:
    """Return the moment after a length of time."""
    length = re.sub(r"^for\s+", "", text, flags=re.IGNORECASE)
    try:
        seconds = parse_duration(length)
    except ValueError:
        return _moment(f"in {length}", text, now, actor)
    return now + min(timedelta(seconds=min(seconds, 2**31)), 2 * MAX_DURATION)


def _moment(phrase: str, text: str, now: datetime, actor: Actor) -> datetime:
    match read(phrase, now=now, zone=actor.zone, preferences=actor.time_preferences, whole_days=True):
        case Parsed(schedule=Once(start=start, grain="day")):
            return (start.local + timedelta(days=1)).replace(hour=0, minute=0)
        case Parsed(schedule=Once(start=start)):
            return start.instant
        case Ambiguous(ask=ask, choices=choices):
            meanings = " or ".join(choice.label for choice in choices)
            raise InputError({"": f"{ask} {meanings}? Say it more exactly."})
        case Rejected(reason=reason):
            raise InputError({"": f"“{text}”: {reason} {_HOW}"})
        case _:
            raise InputError({"": f"“{text}” does not name one moment. {_HOW}"})
