"""English for a schedule, such that reading it gives the schedule back."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from bot.schedule.model import Moment, Now, Once, Rule, Schedule, Series, Weekday, Window
from bot.schedule.occurrences import happens_twice
from bot.schedule.vocabulary import MONTHS, WEEKDAYS, ordinal

_UNITS = {
    "yearly": "year",
    "monthly": "month",
    "weekly": "week",
    "daily": "day",
    "hourly": "hour",
    "minutely": "minute",
}
_WORKDAYS = tuple(Weekday(day=day) for day in range(5))
_WEEKEND = (Weekday(day=5), Weekday(day=6))


def words(schedule: Schedule) -> str:
    """Say a schedule in words that ``read`` understands as the same schedule."""
    match schedule:
        case Now():
            return "now"
        case Once(start=start, grain="day"):
            return f"{start.wall:%Y-%m-%d} {start.zone}"
        case Once(start=start, latest_start=Moment() as latest):
            return f"{_moment(start)}, latest {_moment(latest)} {start.zone}"
        case Once(start=start):
            return f"{_moment(start)} {start.zone}"
        case Window(start=start, end=end, grain="day"):
            return f"{start.wall:%Y-%m-%d} to {end.wall - timedelta(days=1):%Y-%m-%d} {start.zone}"
        case Window(start=start, end=end):
            return f"{_moment(start)} to {_moment(end)} {start.zone}"
        case Series():
            return _series(schedule)


def _moment(moment: Moment) -> str:
    """A date and time, with which of two equal times is meant where there are two."""
    text = f"{moment.wall:%Y-%m-%d} {clock(moment.wall.time())}"
    if happens_twice(moment.wall, moment.zone):
        text += " the second time" if moment.fold else " the first time"
    return text


def clock(value: time) -> str:
    """A time of day: 09:00, or 09:00:30."""
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"


def _series(series: Series) -> str:
    rule = series.rule
    parts = [_days(rule)]
    if rule.times:
        parts.append(f"at {listed([clock(value) for value in rule.times])}")
    parts.append(series.zone)
    if series.window:
        parts.append(f"for {length(series.window)}")
    if series.starting:
        parts.append(f"starting {_start(series)}")
    if series.until:
        parts.append(f"until {_until(series.until.wall)}")
    if series.count:
        parts.append(f"for {series.count} times")
    return " ".join(parts)


def _start(series: Series) -> str:
    """The date of the start, with the time where the date alone would start with another run."""
    rule = series.rule
    earliest = min(rule.times, default=None)
    timed = rule.freq in ("hourly", "minutely") or (earliest is not None and series.first.wall.time() != earliest)
    if timed:
        return f"{series.first.wall:%Y-%m-%d} {clock(series.first.wall.time())}"
    return f"{series.starting:%Y-%m-%d}"


def _until(wall: datetime) -> str:
    if (wall.hour, wall.minute) == (23, 59):
        return f"{wall:%Y-%m-%d}"
    if wall.day == 1 and wall.time() == time():
        return f"{wall:%B %Y}"
    return f"{wall:%Y-%m-%d} {clock(wall.time())}"


def length(minutes: int) -> str:
    """A length of time in hours or minutes: 3 hours, 90 minutes."""
    count, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{count} {unit}" + ("s" if count != 1 else "")


def listed(items: Sequence[str]) -> str:
    """Join with commas and "and"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _days(rule: Rule) -> str:
    """The days of a rule: every 2 weeks on Monday and Friday."""
    text = _every(rule)
    months = f" in {_month_names(rule.months)}" if rule.months else ""
    if rule.positions:
        return f"{text} on the {_ordinals(rule.positions)} weekday{months}"
    if rule.monthdays:
        return text + _monthdays(rule)
    if any(day.nth for day in rule.weekdays):
        return f"{text} on {_nth_weekdays(rule.weekdays)}{months}"
    if rule.yeardays:
        return f"{text} on the {_ordinals(rule.yeardays)} day"
    if rule.weeks:
        text += f" in week {listed([str(week) for week in rule.weeks])}"
    if rule.minutes:
        text += f" at minute {listed([str(minute) for minute in rule.minutes])}"
    if rule.weekdays and not (rule.freq == "weekly" and rule.interval == 1):
        text += " on weekdays" if rule.weekdays == _WORKDAYS else f" on {_weekday_names(rule.weekdays)}"
    return text + months


def _every(rule: Rule) -> str:
    unit = _UNITS[rule.freq]
    if rule.interval > 1:
        return f"every {rule.interval} {unit}s"
    if rule.freq == "weekly" and rule.weekdays:
        if rule.weekdays == _WORKDAYS:
            return "every weekday"
        return "every weekend" if rule.weekdays == _WEEKEND else f"every {_weekday_names(rule.weekdays)}"
    return f"every {unit}"


def _monthdays(rule: Rule) -> str:
    """On the 1st and last day; of a year: on the 24th of December, or on the 1st day in January and July."""
    if rule.freq == "yearly" and len(rule.months) == 1 and min(rule.monthdays) > 0:
        return f" on the {_ordinals(rule.monthdays)} of {_month_names(rule.months)}"
    day = "" if rule.freq == "monthly" and rule.monthdays[-1] > 0 else " day"
    months = f" in {_month_names(rule.months)}" if rule.months else ""
    return f" on the {_ordinals(rule.monthdays)}{day}{months}"


def _nth_weekdays(days: Sequence[Weekday]) -> str:
    """The 1st and last Friday and the 2nd Monday."""
    by_day: dict[int, list[int]] = {}
    for day in days:
        by_day.setdefault(day.day, []).append(day.nth or 0)
    return listed([f"the {_ordinals(nths)} {WEEKDAYS[day].capitalize()}" for day, nths in by_day.items()])


def _ordinals(numbers: Sequence[int]) -> str:
    return listed([_ordinal(number) for number in numbers])


def _ordinal(number: int) -> str:
    if number == -1:
        return "last"
    return ordinal(number) if number > 0 else f"{ordinal(-number)} last"


def _weekday_names(days: Sequence[Weekday]) -> str:
    return listed([WEEKDAYS[day.day].capitalize() for day in days])


def _month_names(months: Sequence[int]) -> str:
    return listed([MONTHS[month - 1].capitalize() for month in months])
