"""Time: a phrase becomes a schedule, a question or a refusal; a schedule becomes words and moments. Pure."""

from bot.schedule.due import Agenda, agenda
from bot.schedule.echo import echo
from bot.schedule.limits import far_future_warning, same_runs, too_far_reason, too_frequent_reason
from bot.schedule.model import (
    Ambiguous,
    Choice,
    Now,
    Once,
    Parsed,
    PhraseSpan,
    Reading,
    RecurrenceRule,
    Rejected,
    Schedule,
    Series,
    TimePreferences,
    Weekday,
    Window,
    ZonedTime,
    latest_start_of,
    start_of,
    start_window,
)
from bot.schedule.occurrences import next_runs, occurrences
from bot.schedule.read import read, warm_up
from bot.schedule.words import to_phrase

__all__ = [
    "Agenda",
    "Ambiguous",
    "Choice",
    "Now",
    "Once",
    "Parsed",
    "PhraseSpan",
    "Reading",
    "RecurrenceRule",
    "Rejected",
    "Schedule",
    "Series",
    "TimePreferences",
    "Weekday",
    "Window",
    "ZonedTime",
    "agenda",
    "echo",
    "far_future_warning",
    "latest_start_of",
    "next_runs",
    "occurrences",
    "read",
    "same_runs",
    "start_of",
    "start_window",
    "to_phrase",
    "too_far_reason",
    "too_frequent_reason",
    "warm_up",
]
