"""OpsRamp's recurrence patterns: when a job runs, and how that reads. A pattern is the canonical body's own part.

OpsRamp's schedules have no time zone, no end and no interval beyond days, and its answers are in UTC, so days and
dates are taken as UTC ones.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from bot.backends.opsramp import coercion

Pattern = Mapping[str, Any]

SINGLE_RUN_TYPES = frozenset({"never", "run once"})
TYPE_LABELS = {
    "daily": "Daily",
    "weekly": "Weekly",
    "monthly": "Monthly",
    "run once": "Run once (a single time after the initial occurrence)",
    "never": "Never (runs a single time and does not recur)",
}
FREQUENCY_LABELS = {"everyday": "Every day", "every weekday": "Every weekday", "recurrence": "Every so many days"}


def matches_day(pattern: Pattern, start: datetime, at: datetime) -> bool:
    """Whether a day (``at``, in UTC) is one of the pattern's, counted from ``start`` where it counts.

    A date that a month does not have is left out: OpsRamp does not say what it does with the 29th to 31st.
    """
    match pattern.get("type"):
        case "daily" if pattern.get("frequency") == "every weekday":
            return at.weekday() < 5
        case "daily" if pattern.get("frequency") == "recurrence":
            return bool((at.date() - start.date()).days % pattern["repeatFrequency"] == 0)
        case "daily":
            return True
        case "weekly":
            return _weekday_name(at) in coercion.coerce_weekdays(pattern["weekDays"])
        case "monthly" if "weekIndex" in pattern:
            return _weekday_name(at) == pattern["dayOfWeek"] and _in_week(at, pattern["weekIndex"])
        case "monthly":
            return at.day in coercion.coerce_month_days(pattern["dayOfMonth"])
        case _:
            return at.date() == start.date()


def expand(pattern: Pattern, start: datetime, until: datetime) -> Iterator[datetime]:
    """The moments of a pattern in UTC, from ``start`` to ``until`` inclusive, each at the start's time of day."""
    first = start.astimezone(UTC)
    for days in count():
        at = first + timedelta(days=days)
        if at > until:
            return
        if matches_day(pattern, first, at):
            yield at


def _weekday_name(at: datetime) -> str:
    return coercion.WEEKDAYS[(at.weekday() + 1) % 7]


def _in_week(at: datetime, week: str) -> bool:
    if week == "Last":
        return (at + timedelta(days=7)).month != at.month
    return (at.day - 1) // 7 == coercion.WEEK_INDEXES.index(week)


def describe_schedule(schedule: Mapping[str, Any] | None) -> str:
    """A canonical ``schedule`` in words: the pattern, and from when on."""
    if not schedule:
        return "no schedule"
    pattern = schedule.get("pattern")
    words = describe_pattern(pattern) if pattern else "no pattern"
    start = schedule.get("startDate")
    if not start:
        return words
    once = pattern and pattern.get("type") == "never"
    return f"{words}, {'at' if once else 'from'} {_display_start(start)}"


def describe_pattern(pattern: Pattern) -> str:
    """A pattern in words, such as "weekly on Sunday, Tuesday"."""
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


def _display_start(start: Any) -> str:
    try:
        return f"{coercion.coerce_instant(start).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return str(start)
