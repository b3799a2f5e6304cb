"""The rule of a series from its frequency and the days named with it."""

from collections.abc import Iterable, Sequence
from datetime import time
from itertools import pairwise

from bot.schedule.context import Context, days_in_month
from bot.schedule.model import Frequency, Rule, Weekday
from bot.schedule.pieces import (
    Date,
    Edge,
    Every,
    Minutes,
    MonthDays,
    Months,
    NthWeekdays,
    Period,
    Piece,
    Weekdays,
    Weeks,
    Workdays,
)  # fmt: skip
from bot.schedule.problems import Ask, Unread


class _Twice(Exception):
    """A second piece selects what a first one has selected already."""


_LONGEST: dict[Frequency, int] = {
    "yearly": 10, "monthly": 120, "weekly": 520, "daily": 3650, "hourly": 9999, "minutely": 99999,
}  # fmt: skip
"""The longest interval of each unit that anybody can mean."""
_WORKDAYS = tuple(Weekday(day=day) for day in range(5))


def rule_of(
    ctx: Context, every: Sequence[Every], selectors: Sequence[Piece], times: tuple[time, ...], minutes: Minutes | None
) -> Rule:
    """The rule that the pieces mean; raises Unread or Ask where they do not fit together."""
    freq, interval = _frequency(every, selectors)
    rule = Rule(freq=freq, interval=interval, times=times, minutes=minutes.minutes if minutes else ())
    for piece in selectors:
        try:
            rule = _narrowed(ctx, rule, piece, every, selectors)
        except _Twice:
            raise Unread("Two selections of days are named.", *selectors) from None
    if rule.weeks and (rule.months or rule.monthdays or rule.yeardays or any(day.nth for day in rule.weekdays)):
        raise Unread("With a week of the year only its weekdays can be named.", *selectors)
    if sum(map(bool, (rule.weekdays, rule.monthdays, rule.yeardays))) > 1:
        raise Unread("Two selections of days are named.", *selectors)
    if rule.monthdays and rule.months and not any(_has_day(m, d) for m in rule.months for d in rule.monthdays):
        raise Unread("Those months have no such day.", *selectors)
    return _tidy(rule)


def _has_day(month: int, day: int) -> bool:
    """Whether a month has a day of that number, in a leap year."""
    return abs(day) <= days_in_month(2000, month)


def _frequency(every: Sequence[Every], selectors: Sequence[Piece]) -> tuple[Frequency, int]:
    """The unit and interval: said, or following from the days ("every friday" is weekly)."""
    said = [piece for piece in every if piece.freq is not None]
    if len(said) > 1 or any(after.start == before.end for before, after in pairwise(every)):
        raise Unread("Two frequencies are named.", *every)
    if said:
        assert said[0].freq is not None
        if said[0].interval > _LONGEST[said[0].freq]:
            raise Unread("That interval is too long.", said[0])
        return said[0].freq, said[0].interval
    kinds = {type(piece) for piece in selectors}
    if any(isinstance(piece, Period) and piece.unit == "year" for piece in selectors):
        return "yearly", 1
    if Date in kinds or any(isinstance(piece, NthWeekdays) and piece.month for piece in selectors):
        return "yearly", 1
    if NthWeekdays in kinds or MonthDays in kinds or Workdays in kinds or Edge in kinds:
        return "monthly", 1
    if Weekdays in kinds:
        return "weekly", 1
    raise Unread("How often is not said.", *every, *selectors, example="every friday at 21:00")


def _narrowed(ctx: Context, rule: Rule, piece: Piece, every: Sequence[Every], selectors: Sequence[Piece]) -> Rule:
    """The rule with one more selection of days."""
    match piece:
        case Weekdays():
            return _weekdays(rule, piece, every)
        case NthWeekdays():
            return _nth(ctx, rule, piece, every, selectors)
        case MonthDays():
            return _monthdays(ctx, rule, piece, every, selectors)
        case Workdays(nths=nths) if rule.freq == "monthly" and all(1 <= abs(nth) <= 20 for nth in nths):
            return _with(rule, piece, weekdays=_WORKDAYS, positions=nths)
        case Date(year=None) if rule.freq == "yearly":
            return _dates(rule, piece, selectors)
        case Months(months=months, year=None) if rule.freq in ("daily", "weekly", "monthly", "yearly"):
            return _with(rule, piece, months=months)
        case Weeks(weeks=weeks) if rule.freq == "yearly":
            return _with(rule, piece, weeks=weeks)
        case Edge(end_of=end_of, month=None, unit=None | "month", offset=0) if rule.freq == "monthly":
            return _with(rule, piece, monthdays=(-1 if end_of else 1,))
        case Period(unit="month", offset=None) if rule.freq == "monthly":
            return rule
        case Period(unit="year", offset=None) if rule.freq == "yearly":
            return rule
        case Period(unit="month" | "week", offset=None) if rule.freq in ("daily", "weekly") and rule.interval == 1:
            return rule
        case _:
            raise Unread("That does not fit into this series.", piece, *every)


def _with(rule: Rule, piece: Piece, **changes: object) -> Rule:
    """The rule changed; a field set before is not set again."""
    if any(getattr(rule, name) for name in changes):
        raise _Twice
    return rule.model_copy(update=changes)


def _dates(rule: Rule, piece: Date, selectors: Sequence[Piece]) -> Rule:
    """One more date of each year; several must share their month or their days, or one rule cannot hold them."""
    if not rule.months or (rule.monthdays == piece.days):
        months = (*rule.months, piece.month)
        return rule.model_copy(update={"months": months, "monthdays": piece.days})
    if rule.months == (piece.month,):
        return rule.model_copy(update={"monthdays": (*rule.monthdays, *piece.days)})
    raise Unread("Those dates make two series: name one day, or one month.", *selectors)


def _weekdays(rule: Rule, piece: Weekdays, every: Sequence[Every]) -> Rule:
    if piece.which or piece.nth > 1 or (piece.nth == 1 and rule.freq == "minutely"):
        raise Unread("That names one day, not a series.", *every, piece)
    days = tuple(Weekday(day=day) for day in sorted(piece.days))
    if rule.freq == "daily" and rule.interval == 1:
        return _with(rule.model_copy(update={"freq": "weekly"}), piece, weekdays=days)
    if rule.freq == "weekly":
        if rule.interval > 1 and piece.span and list(piece.days) != sorted(piece.days):
            raise Unread("With an interval of weeks, say which days of the same week.", *every, piece)
        return _with(rule, piece, weekdays=days)
    if rule.freq == "hourly" or (rule.freq == "yearly" and rule.weeks):
        return _with(rule, piece, weekdays=days)
    if rule.freq == "monthly":
        raise Unread(
            "Say which of the month's days of that name.",
            *every,
            piece,
            example="every month on the first friday at 21:00",
        )
    raise Unread("That does not fit into this series.", *every, piece)


def _nth(ctx: Context, rule: Rule, piece: NthWeekdays, every: Sequence[Every], selectors: Sequence[Piece]) -> Rule:
    if piece.year is not None or rule.freq not in ("monthly", "yearly"):
        raise Unread("That does not fit into this series.", piece, *every)
    scoped = piece.month or any(e.freq for e in every) or any(isinstance(s, Period | Months) for s in selectors)
    if not scoped and any(abs(n) > 1 and n > 0 for n in piece.nths):
        day = ctx.tokens[piece.end - 1].name.rstrip("s")
        raise _every_other(ctx, piece, day)
    limit = 5 if rule.freq == "monthly" or piece.month else 53
    if any(abs(n) > limit for n in piece.nths):
        raise Unread("There are not so many.", piece)
    days = tuple(Weekday(day=piece.day, nth=nth) for nth in piece.nths)
    same_month = piece.month is None or rule.months in ((), (piece.month,))
    if rule.weekdays and all(day.nth for day in rule.weekdays) and same_month:
        months = (piece.month,) if piece.month else rule.months
        return rule.model_copy(update={"weekdays": rule.weekdays + days, "months": months})
    changed = _with(rule, piece, weekdays=days)
    return _with(changed, piece, months=(piece.month,)) if piece.month else changed


def _every_other(ctx: Context, piece: NthWeekdays, day: str) -> Ask | Unread:
    """Every 2nd tuesday: of the month, or every other one."""
    text = ctx.text(piece).removeprefix("on ").removeprefix("the ")
    if len(piece.nths) > 1:
        return Ask(f"Is '{text}' meant of each month?", (f"{text} of the month",), piece)
    weeks = f"{piece.nths[0]} weeks on {day}"
    return Ask(f"Is every {text} one of each month, or one in so many weeks?", (f"{text} of the month", weeks), piece)


def _monthdays(ctx: Context, rule: Rule, piece: MonthDays, every: Sequence[Every], selectors: Sequence[Piece]) -> Rule:
    if rule.freq == "yearly" and not any(isinstance(s, Months) for s in selectors):
        if not piece.named:
            example = "every year on 31 March at 21:00"
            raise Unread("Say the month, or 'day' for a day of the year.", piece, example=example)
        return _with(rule, piece, yeardays=piece.days)
    if rule.freq not in ("monthly", "yearly") or any(not 1 <= abs(day) <= 31 for day in piece.days):
        raise Unread("That does not fit into this series.", piece, *every)
    scoped = any(e.freq for e in every) or any(isinstance(s, Period | Months) for s in selectors)
    if not scoped and not piece.named and all(0 < day <= 12 for day in piece.days):
        text = ctx.text(piece)
        options = (f"{text} of the month", f"{text} day")
        raise Ask(f"Is '{text}' a day of each month?", options, *every, piece, replace=(piece,))
    return _with(rule, piece, monthdays=piece.days)


def _tidy(rule: Rule) -> Rule:
    """One form for one meaning: sorted fields, months and weekdays without doubles; all seven weekdays are daily."""
    numbers = ("monthdays", "months", "positions", "yeardays", "weeks", "minutes")
    changes: dict[str, object] = {
        name: _ordered(getattr(rule, name)) for name in numbers if len(getattr(rule, name)) > 1
    }
    if len({w.day for w in rule.weekdays if w.nth is None}) == 7 and rule.interval == 1 and rule.freq == "weekly":
        changes |= {"freq": "daily", "weekdays": ()}
    else:
        changes["weekdays"] = tuple(dict.fromkeys(rule.weekdays))
    return rule.model_copy(update=changes)


def _ordered(numbers: Iterable[int]) -> tuple[int, ...]:
    """Ascending, with those counted from the end behind."""
    return tuple(sorted(set(numbers), key=lambda n: (n < 0, n if n > 0 else -n)))
