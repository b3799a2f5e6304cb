"""Time: a phrase becomes a schedule, a question or a refusal; a schedule becomes words and moments. Pure."""

from bot.schedule.due import Agenda, agenda
from bot.schedule.echo import echo
from bot.schedule.limits import far_off, same_runs, too_far, too_often
from bot.schedule.model import (
    Choice,
    Habits,
    Moment,
    Now,
    Once,
    Question,
    Reading,
    Refusal,
    Rule,
    Schedule,
    Series,
    Span,
    Understood,
    Weekday,
    Window,
    latest_start_of,
    start_of,
    window_of,
)
from bot.schedule.occurrences import next_runs, occurrences
from bot.schedule.read import read, warm
from bot.schedule.words import words

__all__ = [
    "Agenda",
    "Choice",
    "Habits",
    "Moment",
    "Now",
    "Once",
    "Question",
    "Reading",
    "Refusal",
    "Rule",
    "Schedule",
    "Series",
    "Span",
    "Understood",
    "Weekday",
    "Window",
    "agenda",
    "echo",
    "far_off",
    "latest_start_of",
    "next_runs",
    "occurrences",
    "read",
    "same_runs",
    "start_of",
    "too_far",
    "too_often",
    "warm",
    "window_of",
    "words",
]
