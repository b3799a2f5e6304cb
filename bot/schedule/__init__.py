"""Read a phrase as a schedule, a question or a rejection; describe a schedule in words and list its occurrences.

Everything here is pure: the current time and the speaker's zone are arguments.
"""

from bot.schedule.calendar_names import LANGUAGES
from bot.schedule.echo import echo
from bot.schedule.echo_languages import echo_in
from bot.schedule.limits import far_future_warning, overlap_reason, too_far_reason, too_frequent_reason
from bot.schedule.model import (
    Ambiguous,
    Holidays,
    Now,
    Once,
    Parsed,
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
)
from bot.schedule.occurrences import (
    is_ambiguous,
    next_runs,
    occurrences,
    resolve_wall_time,
    wall_time_exists,
    window_end,
)
from bot.schedule.parsing.zones import is_known_zone
from bot.schedule.preferences import ClockPreference, DateOrderPreference, time_preferences
from bot.schedule.read import read, warm_up
from bot.schedule.words import to_phrase, zone_name

__all__ = [
    "LANGUAGES",
    "Ambiguous",
    "ClockPreference",
    "DateOrderPreference",
    "Holidays",
    "Now",
    "Once",
    "Parsed",
    "Reading",
    "RecurrenceRule",
    "Rejected",
    "Schedule",
    "Series",
    "TimePreferences",
    "Weekday",
    "Window",
    "ZonedTime",
    "echo",
    "echo_in",
    "far_future_warning",
    "is_ambiguous",
    "is_known_zone",
    "latest_start_of",
    "next_runs",
    "occurrences",
    "overlap_reason",
    "read",
    "resolve_wall_time",
    "start_of",
    "time_preferences",
    "to_phrase",
    "too_far_reason",
    "too_frequent_reason",
    "wall_time_exists",
    "warm_up",
    "window_end",
    "zone_name",
]
