"""Expands and describes OpsRamp's recurrence patterns.

A pattern is a part of the canonical body. OpsRamp's schedules have no time zone, no end, and intervals in days only.
Its responses are in UTC, so days and dates are read in UTC.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from bot.backends.opsramp import coercion
from bot.backends.payload import as_object
from bot.values import Json, JsonObject

Pattern = JsonObject

SINGLE_RUN_TYPES = frozenset({"never", "run once"})
TYPE_LABELS = {
    "daily": "Daily",
    "weekly": "Weekly",
    "monthly": "Monthly",
    "run once": "Run once (a single time after the initial occurrence)",
    "never": "Never (runs a single time and does not recur)",
}
FREQUENCY_LABELS = {"everyday": "Every day", "every weekday": "Every weekday", "recurrence": "Every few days"}


def matches_day(pattern: Pattern, start: datetime, at: datetime) -> bool:
    """Return whether the pattern includes the day of ``at`` (UTC). Intervals are counted from ``start``.

    Dates that a month does not have are left out: OpsRamp does not document what it does with the 29th to 31st.
    """
    match pattern.get("type"):
        case "daily" if pattern.get("frequency") == "every weekday":
            return at.weekday() < 5
        case "daily" if pattern.get("frequency") == "recurrence":
            return (at.date() - start.date()).days % (coercion.coerce_number(pattern["repeatFrequency"]) or 1) == 0
        case "daily":
            return True
        case "weekly":
            return weekday_name(at.weekday()) in (coercion.coerce_weekdays(pattern["weekDays"]) or ())
        case "monthly" if "weekIndex" in pattern:
            return weekday_name(at.weekday()) == pattern["dayOfWeek"] and _in_week(at, str(pattern["weekIndex"]))
        case "monthly":
            return at.day in (coercion.coerce_month_days(pattern["dayOfMonth"]) or ())
        case _:
            return at.date() == start.date()


def expand(pattern: Pattern, start: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the instants (UTC) of a pattern from ``start`` to ``until``, both included, at the time of day of
    ``start``."""
    first = start.astimezone(UTC)
    for days in count():
        at = first + timedelta(days=days)
        if at > until:
            return
        if matches_day(pattern, first, at):
            yield at


def weekday_name(weekday: int) -> str:
    """Return the name of a weekday. Monday is 0."""
    return coercion.WEEKDAYS[(weekday + 1) % 7]


def _in_week(at: datetime, week: str) -> bool:
    if week == "Last":
        return (at + timedelta(days=7)).month != at.month
    return (at.day - 1) // 7 == coercion.WEEK_INDEXES.index(week)


def describe_schedule(schedule: JsonObject) -> str:
    """Return a canonical ``schedule`` in words: its pattern and its start."""
    if not schedule:
        return "no schedule"
    pattern = as_object(schedule.get("pattern"))
    words = describe_pattern(pattern) if pattern else "no pattern"
    start = schedule.get("startDate")
    if not start:
        return words
    return f"{words}, {'at' if pattern.get('type') == 'never' else 'from'} {_display_start(start)}"


def describe_pattern(pattern: Pattern) -> str:
    """Return a pattern in words, such as "weekly on Sunday, Tuesday"."""
    match pattern.get("type"):
        case "daily" if pattern.get("frequency") == "every weekday":
            return "daily on every weekday"
        case "daily" if pattern.get("frequency") == "recurrence":
            return f"daily, every {pattern.get('repeatFrequency')} days"
        case "daily":
            return "daily, every day"
        case "weekly":
            return f"weekly on {pattern.get('weekDays')}"
        case "monthly" if "weekIndex" in pattern:
            return f"monthly on the {str(pattern['weekIndex']).lower()} {pattern.get('dayOfWeek')}"
        case "monthly":
            return f"monthly on day {pattern.get('dayOfMonth')}"
        case "never":
            return "one time, not recurring"
        case "run once":
            return "run once after the initial occurrence"
        case other:
            return str(other)


def _display_start(start: Json) -> str:
    try:
        instant = coercion.coerce_instant(start)
    except ValueError:
        instant = None
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if instant is not None else str(start)
