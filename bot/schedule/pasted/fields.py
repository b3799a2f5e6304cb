"""What the formats of rules have in common: fields of numbers, and the days of a month that they select."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import product

from bot.schedule.calendar_names import MONTHS
from bot.schedule.model import RecurrenceRule, Weekday

DAY_NAMES = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
MONTH_NAMES = {name[:3]: number for number, name in enumerate(MONTHS, 1)}
_MAX_TIMES = 24
_WEEK = 7
_LAST_DAY = 31


@dataclass(frozen=True, slots=True)
class PastedRule:
    """A rule with its zone and bounds, where it names them. ``source`` says what it was, such as "a cron line"."""

    source: str
    rule: RecurrenceRule
    zone: str = ""
    start: datetime | None = None
    until: datetime | None = None
    count: int | None = None
    excluded: tuple[date, ...] = field(default_factory=tuple)


def numbers(text: str, low: int, high: int, names: Mapping[str, int] | None = None, dots: str = "-") -> list[int]:
    """Return the values of a field such as 1,3-5 or */2. ``dots`` is written between the ends of a range.

    Raises ValueError for a field that has errors.
    """
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step_text = part.partition("/")
        step = _number(step_text, 1, high, {}) if step_text else 1
        first, separator, last = span.partition(dots)
        if span in ("*", "?"):
            start, end = low, high
        elif separator:
            start, end = _number(first, low, high, names or {}), _number(last, low, high, names or {})
        else:
            start = _number(first, low, high, names or {})
            end = high if step_text else start
        if end < start:
            raise ValueError(f"{part} is not in order.")
        found.update(range(start, end + 1, step))
    return sorted(found)


def _number(text: str, low: int, high: int, names: Mapping[str, int]) -> int:
    value = names.get(text)
    if value is None and text.isascii() and text.isdigit() and len(text) <= 4:
        value = int(text)
    if value is None or not low <= value <= high:
        raise ValueError(f"'{text}' is not a number from {low} to {high}.")
    return value


def with_times(rule: RecurrenceRule, hours: list[int], minutes: list[int]) -> RecurrenceRule:
    """Return a rule of days with its times, or an hourly rule where all hours are selected."""
    plain_days = not rule.monthdays and not rule.months and not any(day.nth for day in rule.weekdays)
    if len(hours) == 24 and plain_days:
        step = 60 // len(minutes)
        if not rule.weekdays and len(minutes) > 1 and minutes == list(range(0, 60, step)):
            return RecurrenceRule(freq="minutely", interval=step)
        return RecurrenceRule(freq="hourly", weekdays=rule.weekdays, minutes=tuple(minutes))
    times = tuple(time(*pair) for pair in product(hours, minutes))
    if len(times) > _MAX_TIMES:
        raise ValueError(f"That rule has more than {_MAX_TIMES} times on a day.")
    return rule.model_copy(update={"times": times})


def day_rule(monthdays: list[int], weekdays: list[int], months: list[int]) -> RecurrenceRule:
    """Return the rule of the days that are selected by month, date and weekday together; empty lists select all."""
    months = [] if len(months) == 12 else months
    days = tuple(Weekday(day=day) for day in weekdays) if len(weekdays) < _WEEK else ()
    if not monthdays and not days:
        return RecurrenceRule(freq="daily", months=tuple(months))
    if not monthdays:
        return RecurrenceRule(freq="weekly", weekdays=days, months=tuple(months))
    if not days:
        return RecurrenceRule(freq="monthly", monthdays=tuple(monthdays), months=tuple(months))
    if (nth := _nth_week(monthdays)) is not None:
        counted = tuple(Weekday(day=day, nth=nth) for day in weekdays)
        return RecurrenceRule(freq="monthly", weekdays=counted, months=tuple(months))
    return RecurrenceRule(freq="monthly", weekdays=days, monthdays=tuple(monthdays), months=tuple(months))


def _nth_week(monthdays: list[int]) -> int | None:
    """Return which seven days of a month are selected: 8 to 14 are the second, the last seven are -1."""
    ordered = sorted(monthdays)
    if ordered == list(range(-_WEEK, 0)):
        return -1
    if len(ordered) != _WEEK or (ordered[0] - 1) % _WEEK or ordered != list(range(ordered[0], ordered[0] + _WEEK)):
        return None
    return (ordered[0] - 1) // _WEEK + 1


def all_monthdays(days: list[int]) -> list[int]:
    """Return no days where all of a month are selected, else the days."""
    return [] if days == list(range(1, _LAST_DAY + 1)) else days
