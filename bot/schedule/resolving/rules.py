"""Build the rule of a series from its frequency and the days named with it."""

from collections.abc import Iterable, Sequence
from datetime import time
from itertools import pairwise
from typing import TypedDict, Unpack

from bot.schedule.model import Frequency, RecurrenceRule, Weekday
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import (
    CalendarDate,
    MinutesOfHour,
    MonthDays,
    Months,
    NthWeekdays,
    Period,
    PeriodBoundary,
    Recurrence,
    ShiftedWeekday,
    SyntaxNode,
    Weekdays,
    WeeksOfYear,
    Workdays,
)  # fmt: skip
from bot.schedule.resolving.context import PhraseContext, days_in_month


class _RuleFields(TypedDict, total=False):
    """Fields of a rule that select days."""

    weekdays: tuple[Weekday, ...]
    monthdays: tuple[int, ...]
    months: tuple[int, ...]
    positions: tuple[int, ...]
    yeardays: tuple[int, ...]
    weeks: tuple[int, ...]


class _DuplicateSelection(Exception):
    """Two nodes select the same kind of days."""


_MAX_INTERVAL: dict[Frequency, int] = {
    "yearly": 10, "monthly": 120, "weekly": 520, "daily": 3650, "hourly": 9999, "minutely": 99999,
}  # fmt: skip
"""Maximum interval of each unit."""
_LAST_COMMON_DAY = 28
"""The last day of the month that every month has."""
_WORKDAYS = tuple(Weekday(day=day) for day in range(5))


def build_rule(
    ctx: PhraseContext,
    recurrences: Sequence[Recurrence],
    selectors: Sequence[SyntaxNode],
    times: tuple[time, ...],
    minutes: MinutesOfHour | None,
) -> RecurrenceRule:
    """Return the rule that the nodes mean.

    Raises ParseError or AmbiguityError where they do not fit together.
    """
    freq, interval = _frequency(recurrences, selectors)
    rule = RecurrenceRule(freq=freq, interval=interval, times=times, minutes=minutes.minutes if minutes else ())
    for node in selectors:
        try:
            rule = _apply_selector(ctx, rule, node, recurrences, selectors)
        except _DuplicateSelection:
            raise ParseError("Two selections of days are named.", *selectors) from None
    if rule.weeks and (rule.months or rule.monthdays or rule.yeardays or any(day.nth for day in rule.weekdays)):
        raise ParseError("With a week of the year only its weekdays can be named.", *selectors)
    shifted = any(isinstance(node, ShiftedWeekday) for node in selectors)
    if sum(map(bool, (rule.weekdays, rule.monthdays, rule.yeardays))) > 1 and not shifted:
        raise ParseError("Two selections of days are named.", *selectors)
    if rule.monthdays and rule.months and not any(_month_has_day(m, d) for m in rule.months for d in rule.monthdays):
        raise ParseError("Those months have no such day.", *selectors)
    _require_count(rule, recurrences)
    return _normalized(_in_calendar_quarters(rule, recurrences, selectors))


def _require_count(rule: RecurrenceRule, recurrences: Sequence[Recurrence]) -> None:
    """Reject "3 times a week" beside two days."""
    counted = next((node for node in recurrences if node.runs_per_unit), None)
    if counted is None:
        return
    runs = (len(rule.weekdays) or len(rule.monthdays) or 1) * max(1, len(rule.times))
    if runs != counted.runs_per_unit:
        raise ParseError(f"That names {runs} runs, not {counted.runs_per_unit}.")


def _in_calendar_quarters(
    rule: RecurrenceRule, recurrences: Sequence[Recurrence], selectors: Sequence[SyntaxNode]
) -> RecurrenceRule:
    """Return "every quarter on the 1st" as a day of January, April, July and October, "the last" as one of March."""
    quarter = any(node.is_quarter for node in recurrences) and (rule.freq, rule.interval) == ("monthly", 3)
    counts = [day.nth or 0 for day in rule.weekdays if not rule.positions] + [*rule.monthdays, *rule.positions]
    if not quarter or not counts:
        return rule
    if rule.months or (min(counts) < 0 < max(counts)):
        raise ParseError("Say the months instead of the quarter.", *recurrences, *selectors)
    return rule.model_copy(update={"interval": 1, "months": (3, 6, 9, 12) if counts[0] < 0 else (1, 4, 7, 10)})


def _month_has_day(month: int, day: int) -> bool:
    """Tell whether a month has a day of that number, in a leap year."""
    return abs(day) <= days_in_month(2000, month)


def _frequency(recurrences: Sequence[Recurrence], selectors: Sequence[SyntaxNode]) -> tuple[Frequency, int]:
    """Return the unit and interval, explicit or from the days: "every friday" is weekly."""
    explicit = [node for node in recurrences if node.freq is not None]
    if len(explicit) > 1 or any(
        after.start == before.end and before.freq != "weekly" for before, after in pairwise(recurrences)
    ):
        raise ParseError("Two frequencies are named.", *recurrences)
    if explicit:
        assert explicit[0].freq is not None
        if explicit[0].interval > _MAX_INTERVAL[explicit[0].freq]:
            raise ParseError("That interval is too long.", explicit[0])
        return explicit[0].freq, explicit[0].interval
    kinds = {type(node) for node in selectors}
    if any(isinstance(node, Period) and node.unit == "year" for node in selectors):
        return "yearly", 1
    if CalendarDate in kinds or any(isinstance(node, NthWeekdays) and node.month for node in selectors):
        return "yearly", 1
    if (
        ShiftedWeekday in kinds
        or NthWeekdays in kinds
        or MonthDays in kinds
        or Workdays in kinds
        or PeriodBoundary in kinds
    ):
        return "monthly", 1
    if Weekdays in kinds:
        return "weekly", 1
    raise ParseError("How often is not said.", *recurrences, *selectors, example="every friday at 21:00")


def _apply_selector(
    ctx: PhraseContext,
    rule: RecurrenceRule,
    node: SyntaxNode,
    recurrences: Sequence[Recurrence],
    selectors: Sequence[SyntaxNode],
) -> RecurrenceRule:
    """Return the rule with one more selection of days."""
    match node:
        case Weekdays():
            return _add_weekdays(rule, node, recurrences)
        case NthWeekdays():
            return _add_nth_weekdays(ctx, rule, node, recurrences, selectors)
        case ShiftedWeekday() if rule.freq == "monthly":
            return _add_shifted_weekday(rule, node)
        case MonthDays():
            return _add_monthdays(ctx, rule, node, recurrences, selectors)
        case Workdays(nths=nths) if rule.freq == "monthly" and all(1 <= abs(nth) <= 20 for nth in nths):
            return _with_fields(rule, node, weekdays=_WORKDAYS, positions=nths)
        case CalendarDate(year=None) if rule.freq == "yearly":
            return _add_date(rule, node, selectors)
        case Months(months=months, year=None) if rule.freq in ("daily", "weekly", "monthly", "yearly"):
            return _with_fields(rule, node, months=months)
        case WeeksOfYear(weeks=weeks) if rule.freq == "yearly":
            return _with_fields(rule, node, weeks=weeks)
        case PeriodBoundary(is_end=end_of, month=None, unit=None | "month", offset=0) if rule.freq == "monthly":
            return _with_fields(rule, node, monthdays=(-1 if end_of else 1,))
        case Period(unit="month", offset=None) if rule.freq == "monthly":
            return rule
        case Period(unit="year", offset=None) if rule.freq == "yearly":
            return rule
        case Period(unit="month" | "week", offset=None) if rule.freq in ("daily", "weekly") and rule.interval == 1:
            return rule
        case _:
            raise ParseError("That does not fit into this series.", node, *recurrences)


def _with_fields(rule: RecurrenceRule, node: SyntaxNode, **changes: Unpack[_RuleFields]) -> RecurrenceRule:
    """Return the rule with new fields, none of which may be set before."""
    if any(getattr(rule, name) for name in changes):
        raise _DuplicateSelection
    return rule.model_copy(update=changes)


def _add_date(rule: RecurrenceRule, node: CalendarDate, selectors: Sequence[SyntaxNode]) -> RecurrenceRule:
    """Add a date of each year. Several must share their month or their days, or one rule cannot express them."""
    if not rule.months or (rule.monthdays == node.days):
        months = (*rule.months, node.month)
        return rule.model_copy(update={"months": months, "monthdays": node.days})
    if rule.months == (node.month,):
        return rule.model_copy(update={"monthdays": (*rule.monthdays, *node.days)})
    raise ParseError("Those dates make two series: name one day, or one month.", *selectors)


def _add_weekdays(rule: RecurrenceRule, node: Weekdays, recurrences: Sequence[Recurrence]) -> RecurrenceRule:
    if node.determiner or node.nth > 1 or (node.nth == 1 and rule.freq == "minutely"):
        raise ParseError("That names one day, not a series.", *recurrences, node)
    days = tuple(Weekday(day=day) for day in sorted(node.days))
    if rule.freq == "daily" and rule.interval > 1 and rule.interval % 7 == 0:
        rule = rule.model_copy(update={"freq": "weekly", "interval": rule.interval // 7})
    if rule.freq == "daily" and rule.interval == 1:
        return _with_fields(rule.model_copy(update={"freq": "weekly"}), node, weekdays=days)
    if rule.freq == "weekly":
        if rule.interval > 1 and node.is_range and list(node.days) != sorted(node.days):
            raise ParseError("With an interval of weeks, say which days of the same week.", *recurrences, node)
        return _with_fields(rule, node, weekdays=days)
    if rule.freq == "hourly" or (rule.freq == "yearly" and rule.weeks):
        return _with_fields(rule, node, weekdays=days)
    if rule.freq == "monthly":
        raise ParseError(
            "Say which of the month's days of that name.",
            *recurrences,
            node,
            example="every month on the first friday at 21:00",
        )
    raise ParseError("That does not fit into this series.", *recurrences, node)


def _add_nth_weekdays(
    ctx: PhraseContext,
    rule: RecurrenceRule,
    node: NthWeekdays,
    recurrences: Sequence[Recurrence],
    selectors: Sequence[SyntaxNode],
) -> RecurrenceRule:
    if node.year is not None or rule.freq not in ("monthly", "yearly"):
        raise ParseError("That does not fit into this series.", node, *recurrences)
    scoped = node.month or any(e.freq for e in recurrences) or any(isinstance(s, Period | Months) for s in selectors)
    if not scoped and len(node.nths) == 1 and node.nths[0] > 1:
        day = ctx.tokens[node.end - 1].name.rstrip("s")
        raise _ask_nth_or_interval(ctx, node, day)
    limit = 5 if rule.freq == "monthly" or node.month else 53
    if any(abs(n) > limit for n in node.nths):
        raise ParseError("There is no such day.", node)
    days = tuple(Weekday(day=node.day, nth=nth) for nth in node.nths)
    same_month = node.month is None or rule.months in ((), (node.month,))
    if rule.weekdays and all(day.nth for day in rule.weekdays) and same_month:
        months = (node.month,) if node.month else rule.months
        return rule.model_copy(update={"weekdays": rule.weekdays + days, "months": months})
    changed = _with_fields(rule, node, weekdays=days)
    return _with_fields(changed, node, months=(node.month,)) if node.month else changed


def _add_shifted_weekday(rule: RecurrenceRule, node: ShiftedWeekday) -> RecurrenceRule:
    """Add a day counted from an nth weekday: a weekday among seven days of the month."""
    if not node.shift:
        return _with_fields(rule, node, weekdays=(Weekday(day=node.day, nth=node.nth),))
    first = 7 * (node.nth - 1) + 1 + node.shift
    if not 1 <= first <= _LAST_COMMON_DAY - 6:
        raise ParseError("That day is not in the same month every time.", node)
    weekday = (node.day + node.shift) % 7
    return _with_fields(rule, node, weekdays=(Weekday(day=weekday),), monthdays=tuple(range(first, first + 7)))


def _ask_nth_or_interval(ctx: PhraseContext, node: NthWeekdays, day: str) -> AmbiguityError | ParseError:
    """Ask whether "every 2nd tuesday" is one of each month or every other one."""
    text = ctx.text_of(node).removeprefix("on ").removeprefix("the ")
    weeks = f"{node.nths[0]} weeks on {day}"
    return AmbiguityError(f"Every {text}: of each month, or counted in weeks?", (f"{text} of the month", weeks), node)


def _add_monthdays(
    ctx: PhraseContext,
    rule: RecurrenceRule,
    node: MonthDays,
    recurrences: Sequence[Recurrence],
    selectors: Sequence[SyntaxNode],
) -> RecurrenceRule:
    if rule.freq == "yearly" and not any(isinstance(s, Months) for s in selectors):
        if not node.has_day_word:
            example = "every year on 31 March at 21:00"
            raise ParseError("Say the month, or 'day' for a day of the year.", node, example=example)
        return _with_fields(rule, node, yeardays=node.days)
    if rule.freq not in ("monthly", "yearly") or any(not 1 <= abs(day) <= 31 for day in node.days):
        raise ParseError("That does not fit into this series.", node, *recurrences)
    scoped = any(e.freq for e in recurrences) or any(isinstance(s, Period | Months) for s in selectors)
    if not scoped and not node.has_day_word and all(0 < day <= 12 for day in node.days):
        text = ctx.text_of(node)
        options = (f"{text} of the month", f"{text} day")
        raise AmbiguityError(f"Is '{text}' a day of each month?", options, *recurrences, node, replace=(node,))
    return _with_fields(rule, node, monthdays=node.days)


def _normalized(rule: RecurrenceRule) -> RecurrenceRule:
    """Return the one form of each meaning: fields sorted, without duplicates; all seven weekdays are daily."""
    names = ("monthdays", "months", "positions", "yeardays", "weeks", "minutes")
    listed = {name: numbers for name in names if len(numbers := getattr(rule, name)) > 1}
    if listed:
        rule = rule.model_copy(update={name: _sorted_numbers(numbers) for name, numbers in listed.items()})
    if rule.freq == "weekly" and rule.interval == 1 and len({day.day for day in rule.weekdays}) == 7:
        return rule.model_copy(update={"freq": "daily", "weekdays": ()})
    if len(rule.weekdays) > 1:
        rule = rule.model_copy(update={"weekdays": tuple(dict.fromkeys(rule.weekdays))})
    return rule


def _sorted_numbers(numbers: Iterable[int]) -> tuple[int, ...]:
    """Sort ascending, with those counted from the end last."""
    return tuple(sorted(set(numbers), key=lambda n: (n < 0, n if n > 0 else -n)))
