"""Find days that are counted: the nth of a month, working days, days from a weekday of a month or from Easter."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from dateutil.easter import easter

from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import EasterDay, MonthDays, Months, NthWeekdays, ShiftedWeekday, Workdays
from bot.schedule.resolving.context import PhraseContext, days_in_month, month_after

_SATURDAY = 5
MONTHS_AHEAD = 24
"""Number of months searched for a day of the month."""
YEARS_AHEAD = 9
"""Number of years searched for a date without a year: 29 February can be eight years off."""


def counted_day(ctx: PhraseContext, node: MonthDays | NthWeekdays | Workdays, year: int, month: int) -> date | None:
    """Return the day that a node counts in one month, or None where the month has no such day."""
    length = days_in_month(year, month)
    days: Sequence[int] = range(1, length + 1)
    if isinstance(node, MonthDays):
        counts = node.days
    elif isinstance(node, NthWeekdays):
        first = (node.day - date(year, month, 1).weekday()) % 7 + 1
        days, counts = range(first, length + 1, 7), node.nths
    else:
        dates = [date(year, month, day) for day in days]
        days = [day.day for day in dates if (ctx.is_workday(day) if node.has_holidays else day.weekday() < _SATURDAY)]
        counts = node.nths
    if len(counts) > 1:
        text = ctx.text_of(node).removeprefix("on ").removeprefix("the ")
        options = (f"every month on {text if text.startswith('day') else f'the {text}'}",)
        raise AmbiguityError(f"Are the {text} of every month meant?", options, node, accepts_one=True)
    index = counts[0] - 1 if counts[0] > 0 else counts[0]
    return date(year, month, days[index]) if -len(days) <= index < len(days) else None


def upcoming_month_days(ctx: PhraseContext, node: MonthDays) -> Iterator[date]:
    """Yield the next days of that number, of this month and of later ones."""
    for offset in range(MONTHS_AHEAD):
        candidate = counted_day(ctx, node, *month_after(ctx.today, offset))
        if candidate is not None and candidate >= ctx.today:
            yield candidate


def workdays_of_month(ctx: PhraseContext, node: Workdays, month: Months) -> tuple[date, ...]:
    """Return the nth working day of a named month, of this year or the next."""
    years = (month.year,) if month.year else (ctx.today.year, ctx.today.year + 1)
    days = (counted_day(ctx, node, year, month.months[0]) for year in years)
    coming = tuple(day for day in days if day is not None and (month.year or day >= ctx.today))[:1]
    for text in holiday_notes(ctx, node, *coming):
        ctx.add_assumption(text)
    return coming


def holiday_notes(ctx: PhraseContext, node: Workdays, *days: date) -> tuple[str, ...]:
    """Return what holidays changed about working days of a month, and what is not known about them."""
    if not node.has_holidays:
        return ()
    plain = [counted_day(ctx, replace(node, has_holidays=False), day.year, day.month) for day in days]
    return _notes(ctx, list(zip(days, plain, strict=True)))


def _notes(ctx: PhraseContext, days: Sequence[tuple[date, date | None]]) -> tuple[str, ...]:
    """Return the notes for days, each with the day that it would be if there were no holidays."""
    holidays = ctx.preferences.holidays
    doubts = [doubt for day, _ in days if (doubt := holidays.doubt(day)) is not None]
    moved = [
        f"Without holidays this would be {plain:%-d %B %Y}."
        for day, plain in days
        if plain is not None and plain != day
    ]
    return tuple(dict.fromkeys((*doubts, *moved)))


def shifted_weekday_dates(
    ctx: PhraseContext, node: ShiftedWeekday, month_offset: int | None
) -> tuple[tuple[date, ...], bool]:
    """Return the days at a distance from the nth weekday of each month, or of the month at an offset."""
    base = NthWeekdays(node.start, node.end, (node.nth,), node.day)
    if node.month is not None:
        months = [(ctx.today.year + n, node.month) for n in range(YEARS_AHEAD)]
    else:
        offsets = range(-1, MONTHS_AHEAD) if month_offset is None else (month_offset,)
        months = [month_after(ctx.today, offset) for offset in offsets]
    bases = (counted_day(ctx, base, *month) for month in months)
    days = tuple(day + timedelta(days=node.shift) for day in bases if day is not None)
    if month_offset is not None:
        return days, True
    return tuple(day for day in days if day >= ctx.today), False


def easter_dates(ctx: PhraseContext, node: EasterDay) -> tuple[tuple[date, ...], bool]:
    """Return the days at a distance from Easter Sunday, of the named year or of the coming ones."""
    if node.year is not None:
        return (easter(node.year) + timedelta(days=node.shift),), True
    years = range(ctx.today.year, ctx.today.year + YEARS_AHEAD)
    days = (easter(year) + timedelta(days=node.shift) for year in years)
    return tuple(day for day in days if day >= ctx.today), False


def nth_workday_after(ctx: PhraseContext, start: date, nth: int) -> date:
    """Return the nth working day after a day."""
    if not 0 < nth <= 366:
        raise ParseError("That is too far away.")
    days = [start + timedelta(days=n) for n in range(1, 2 * nth + 60)]
    found = [day for day in days if ctx.is_workday(day)][nth - 1]
    plain = [day for day in days if day.weekday() < _SATURDAY][nth - 1]
    for text in _notes(ctx, [(found, plain)]):
        ctx.add_assumption(text)
    return found
