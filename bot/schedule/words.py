"""Write a schedule as an English phrase that reads as the same schedule."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from bot.schedule.calendar_names import MONTHS, WEEKDAYS, ordinal
from bot.schedule.model import Now, Once, RecurrenceRule, Schedule, Series, Weekday, Window, ZonedTime
from bot.schedule.occurrences import is_ambiguous

_UNIT_NAMES = {
    "yearly": "year",
    "monthly": "month",
    "weekly": "week",
    "daily": "day",
    "hourly": "hour",
    "minutely": "minute",
}
_WORKDAYS = tuple(Weekday(day=day) for day in range(5))
_HALF_A_DAY = 12 * 60
"""In minutes: a longer window between two times of day is not read without their days."""
_WEEKEND = (Weekday(day=5), Weekday(day=6))


def to_phrase(schedule: Schedule) -> str:
    """Return a phrase that ``read`` understands as the same schedule."""
    match schedule:
        case Now():
            return "now"
        case Once(start=start, grain="day"):
            return f"{start.wall:%Y-%m-%d} {zone_name(start.zone)}"
        case Once(start=start, latest_start=ZonedTime() as latest):
            return f"{_zoned_time(start)}, latest {_zoned_time(latest)} {zone_name(start.zone)}"
        case Once(start=start):
            return f"{_zoned_time(start)} {zone_name(start.zone)}"
        case Window(start=start, end=end, grain="day"):
            return f"{start.wall:%Y-%m-%d} to {end.wall - timedelta(days=1):%Y-%m-%d} {zone_name(start.zone)}"
        case Window(start=start, end=end):
            return f"{_zoned_time(start)} to {_zoned_time(end)} {zone_name(start.zone)}"
        case Series():
            return _series_phrase(schedule)


def zone_name(zone: str) -> str:
    """Return a zone as people write it: UTC-5 for the IANA name Etc/GMT+5, whose sign is the opposite."""
    offset = zone.removeprefix("Etc/GMT")
    if offset == zone or len(offset) < 2:
        return zone
    return f"UTC{'-' if offset[0] == '+' else '+'}{offset[1:]}"


def _zoned_time(zoned: ZonedTime) -> str:
    """Format a date and time, and which of two equal times it is."""
    text = f"{zoned.wall:%Y-%m-%d} {format_time(zoned.wall.time())}"
    if is_ambiguous(zoned.wall, zoned.zone):
        text += " the second time" if zoned.fold else " the first time"
    return text


def format_time(value: time) -> str:
    """Format a time of day: 09:00, or 09:00:30."""
    return value.isoformat("seconds" if value.second else "minutes")


def _series_phrase(series: Series) -> str:
    rule = series.rule
    parts = [_days_phrase(rule)]
    if series.ends_by_clock and series.window:
        parts.append(_clock_window_phrase(series, series.window))
    elif rule.times:
        parts.append(f"at {join_with_and([format_time(value) for value in rule.times])}")
    parts.append(zone_name(series.zone))
    if series.window and not series.ends_by_clock:
        each = " each" if rule.freq in ("hourly", "minutely") else ""
        parts.append(f"for {format_minutes(series.window)}{each}")
    if series.excluded:
        parts.append(f"except {join_with_and([f'{day:%Y-%m-%d}' for day in series.excluded])}")
    if series.added:
        parts.append(f"and also on {join_with_and([f'{day:%Y-%m-%d}' for day in series.added])}")
    if series.starting:
        parts.append(f"starting {_start_phrase(series)}")
    if series.until:
        parts.append(f"until {_until_phrase(series.until.wall)}")
    if series.count:
        parts.append(f"for {series.count} times")
    return " ".join(parts)


def _clock_window_phrase(series: Series, minutes: int) -> str:
    """Return the window of a series whose end is a time on the clock, perhaps on a later day of the week."""
    (start,) = series.rule.times
    end = datetime.combine(date.min, start) + timedelta(minutes=minutes)
    on_day = ""
    if minutes > _HALF_A_DAY:
        (weekday,) = series.rule.weekdays
        on_day = f"{WEEKDAYS[(weekday.day + (end.date() - date.min).days) % 7].capitalize()} "
    return f"from {format_time(start)} to {on_day}{format_time(end.time())}"


def _start_phrase(series: Series) -> str:
    """Return the date of the start, with the time where the date alone would start with another run."""
    rule = series.rule
    earliest = min(rule.times, default=None)
    timed = rule.freq in ("hourly", "minutely") or (earliest is not None and series.first.wall.time() != earliest)
    if timed:
        return f"{series.first.wall:%Y-%m-%d} {format_time(series.first.wall.time())}"
    return f"{series.starting:%Y-%m-%d}"


def _until_phrase(wall: datetime) -> str:
    if (wall.hour, wall.minute) == (23, 59):
        return f"{wall:%Y-%m-%d}"
    if wall.day == 1 and wall.time() == time():
        return f"{wall:%B %Y}"
    return f"{wall:%Y-%m-%d} {format_time(wall.time())}"


def format_minutes(minutes: int) -> str:
    """Format a duration in hours or minutes: 3 hours, 90 minutes."""
    count, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{count} {unit}" + ("s" if count != 1 else "")


def join_with_and(items: Sequence[str]) -> str:
    """Join with commas and "and"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _days_phrase(rule: RecurrenceRule) -> str:
    """Describe the days of a rule: every 2 weeks on Monday and Friday."""
    text = _frequency_phrase(rule)
    months = f" in {_month_names(rule.months)}" if rule.months else ""
    if rule.positions:
        return f"{text} on the {_ordinals(rule.positions)} weekday{months}"
    if rule.monthdays and rule.weekdays:
        return _weekday_among_days_phrase(rule) + months
    if rule.monthdays:
        return text + _monthdays_phrase(rule)
    if any(day.nth for day in rule.weekdays):
        return f"{text} on {_nth_weekdays_phrase(rule.weekdays)}{months}"
    if rule.yeardays:
        return f"{text} on the {_ordinals(rule.yeardays)} day"
    if rule.weeks:
        text += f" in week {join_with_and([str(week) for week in rule.weeks])}"
    if rule.minutes:
        text += f" at minute {join_with_and([str(minute) for minute in rule.minutes])}"
    if rule.weekdays and not (rule.freq == "weekly" and rule.interval == 1):
        text += " on weekdays" if rule.weekdays == _WORKDAYS else f" on {_weekday_names(rule.weekdays)}"
    return text + months


def _frequency_phrase(rule: RecurrenceRule) -> str:
    unit = _UNIT_NAMES[rule.freq]
    if rule.interval > 1:
        return f"every {rule.interval} {unit}s"
    if rule.freq == "weekly" and rule.weekdays:
        if rule.weekdays == _WORKDAYS:
            return "every weekday"
        return "every weekend" if rule.weekdays == _WEEKEND else f"every {_weekday_names(rule.weekdays)}"
    return f"every {unit}"


def _weekday_among_days_phrase(rule: RecurrenceRule) -> str:
    """Describe a weekday on certain days of a month: the Saturday after the 2nd Tuesday; all but the last Friday."""
    days, name = rule.monthdays, WEEKDAYS[rule.weekdays[0].day].capitalize()
    first = min(days)
    if days == tuple(range(first, first + 7)) and len(rule.weekdays) == 1 and (first - 1) % 7:
        shift = (first - 1) % 7
        base = WEEKDAYS[(rule.weekdays[0].day - shift) % 7].capitalize()
        return f"{_frequency_phrase(rule)} on the {name} after the {_ordinal((first - 1) // 7 + 1)} {base}"
    missing = [nth for nth in range(1, 5) if not set(range(7 * nth - 6, 7 * nth + 1)) & set(days)]
    nths = _ordinals(missing) if first > 0 else "last"
    return f"every {name} except the {nths} {name} of the month"


def _monthdays_phrase(rule: RecurrenceRule) -> str:
    """Describe days of a month or year: on the 1st and last day, on the 24th of December."""
    if rule.freq == "yearly" and len(rule.months) == 1 and min(rule.monthdays) > 0:
        return f" on the {_ordinals(rule.monthdays)} of {_month_names(rule.months)}"
    day = "" if rule.freq == "monthly" and rule.monthdays[-1] > 0 else " day"
    months = f" in {_month_names(rule.months)}" if rule.months else ""
    return f" on the {_ordinals(rule.monthdays)}{day}{months}"


def _nth_weekdays_phrase(days: Sequence[Weekday]) -> str:
    """Describe nth weekdays: the 1st and last Friday and the 2nd Monday."""
    by_day: dict[int, list[int]] = {}
    for day in days:
        by_day.setdefault(day.day, []).append(day.nth or 0)
    return join_with_and([f"the {_ordinals(nths)} {WEEKDAYS[day].capitalize()}" for day, nths in by_day.items()])


def _ordinals(numbers: Sequence[int]) -> str:
    return join_with_and([_ordinal(number) for number in numbers])


def _ordinal(number: int) -> str:
    if number == -1:
        return "last"
    return ordinal(number) if number > 0 else f"{ordinal(-number)} last"


def _weekday_names(days: Sequence[Weekday]) -> str:
    return join_with_and([WEEKDAYS[day.day].capitalize() for day in days])


def _month_names(months: Sequence[int]) -> str:
    return join_with_and([MONTHS[month - 1].capitalize() for month in months])
