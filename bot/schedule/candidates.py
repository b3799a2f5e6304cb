"""Which days the day words of a phrase can mean, and the questions where they can mean several."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.schedule.context import Context, days_in_month
from bot.schedule.pieces import (
    Date,
    MonthDays,
    Months,
    NthWeekdays,
    Numeric,
    Period,
    Piece,
    Relative,
    Weekdays,
    Workdays,
    Year,
)
from bot.schedule.problems import Ask, Unread
from bot.schedule.vocabulary import MONTHS, WEEKDAYS
from bot.schedule.zones import zone_info

_MONTHS = 24
"""How many months ahead a day of the month is looked for."""
_YEARS = 9
"""How many years ahead a date without a year is looked for: 29 February can be eight years off."""


@dataclass(slots=True)
class Days:
    """Days in order. ``fixed``: only the first is meant, even where it has passed; else the first still to come."""

    dates: tuple[date, ...]
    fixed: bool
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        if not self.dates:
            raise Unread("There is no such day.", *self.pieces)


def days_of(ctx: Context, pieces: Sequence[Piece]) -> Days | None:
    """The days that the day pieces of one point can mean; None where there are none."""
    pieces = _merged(ctx, pieces)
    weekdays = [piece for piece in pieces if isinstance(piece, Weekdays)]
    if len(weekdays) > 1:
        raise Unread("Several days make a series: say 'every'.", *weekdays, example="every monday and friday at 21:00")
    weekday = next(iter(weekdays), None)
    if (last := _from_the_end(ctx, pieces)) is not None:
        return _check_weekday(last, weekday)
    others = [piece for piece in pieces if piece is not weekday]
    if weekday is None and not others:
        return None
    if weekday is not None and (len(weekday.days) > 1 or weekday.span):
        raise Unread("Several days make a series: say 'every'.", weekday, example="every monday and friday at 21:00")
    if len(others) > 1:
        return _week_scoped(ctx, weekday, others) or _agreeing(ctx, others, weekday)
    if not others:
        assert weekday is not None
        return Days(*_weekday(ctx, weekday), (weekday,))
    if weekday is not None and isinstance(others[0], Period) and others[0].unit == "week":
        return _in_week(ctx, weekday, others[0])
    return _agreeing(ctx, others, weekday)


def _merged(ctx: Context, pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces that say one thing together put into one: "the 15th" with "of next month", "26 Oct" with "2027"."""
    rest = list(pieces)
    for piece in [p for p in rest if isinstance(p, Year)]:
        numbered = next((p for p in rest if isinstance(p, MonthDays) and p.named), None)
        if numbered is not None and len(numbered.days) == 1:
            day = _day_of_year(piece.year, numbered.days[0])
            rest.remove(piece)
            rest[rest.index(numbered)] = Date(numbered.start, numbered.end, day.month, (day.day,), day.year)
            continue
        dated = next((p for p in rest if isinstance(p, Date | NthWeekdays) and p.year is None), None)
        if dated is not None and (isinstance(dated, Date) or dated.month):
            dated.year = piece.year
            rest.remove(piece)
    for month in [p for p in rest if isinstance(p, Months) and len(p.months) == 1]:
        numbered = next((p for p in rest if isinstance(p, MonthDays)), None)
        if numbered is not None and len(numbered.days) == 1 and numbered.days[0] > 0:
            rest.remove(month)
            rest[rest.index(numbered)] = Date(numbered.start, numbered.end, month.months[0], numbered.days, month.year)
    return rest


def _day_of_year(year: int, nth: int) -> date:
    """The nth day of a year, counted from its end where ``nth`` is negative."""
    return date(year - 1, 12, 31) + timedelta(days=nth) if nth > 0 else date(year + 1, 1, 1) + timedelta(days=nth)


def _from_the_end(ctx: Context, pieces: Sequence[Piece]) -> Days | None:
    """The last day of a month that is named."""
    numbered = next((p for p in pieces if isinstance(p, MonthDays) and len(p.days) == 1 and p.days[0] < 0), None)
    month = next((p for p in pieces if isinstance(p, Months) and len(p.months) == 1), None)
    if numbered is None or month is None:
        return None
    if any(not isinstance(piece, MonthDays | Months | Weekdays) for piece in pieces):
        raise Unread("Those are two different days.", *pieces)
    years = (month.year,) if month.year else (ctx.today.year, ctx.today.year + 1)
    days = [_in_month(numbered, year, month.months[0]) for year in years]
    coming = tuple(day for day in days if day is not None and (month.year or day >= ctx.today))
    return Days(coming, month.year is not None, (numbered, month))


def _week_scoped(ctx: Context, weekday: Weekdays | None, others: Sequence[Piece]) -> Days | None:
    """The 20th of next month; the first friday of this month."""
    period = next((piece for piece in others if isinstance(piece, Period) and piece.unit == "month"), None)
    counted = next((p for p in others if isinstance(p, MonthDays | NthWeekdays | Workdays)), None)
    if period is None or counted is None or len(others) > 2:
        return None
    if period.offset is None:
        if not isinstance(counted, MonthDays):
            raise _once_or_monthly(ctx, counted, period)
        return Days(tuple(_month_days(ctx, counted)), False, (counted, period))
    index = ctx.today.year * 12 + ctx.today.month - 1 + period.offset
    day = _in_month(counted, index // 12, index % 12 + 1)
    if day is None:
        raise Unread("There is no such day in that month.", counted)
    found = Days((day,), True, (counted, period))
    return _check_weekday(found, weekday)


def _agreeing(ctx: Context, others: Sequence[Piece], weekday: Weekdays | None) -> Days:
    """Several day words for one day, which must agree: tomorrow, 24 December; friday the 15th."""
    found = _one(ctx, others[0])
    for other in others[1:]:
        second = _one(ctx, other)
        common = tuple(day for day in found.dates if day in second.dates)
        if not common:
            raise Unread("Those are two different days.", *found.pieces, *second.pieces)
        found = Days(common[:1], True, found.pieces + second.pieces)
    return _check_weekday(found, weekday)


def _check_weekday(found: Days, weekday: Weekdays | None) -> Days:
    """The days with the weekday named; where the next such day is another weekday, that is asked about."""
    if weekday is None:
        return found
    if weekday.which or weekday.plural or weekday.nth > 1:
        raise Unread("Those are two different days.", weekday, *found.pieces)
    first = found.dates[0]
    if first.weekday() != weekday.days[0]:
        ask = f"{first:%-d %B %Y} is a {WEEKDAYS[first.weekday()].capitalize()}. Which day is meant?"
        nearest = first + timedelta(days=(weekday.days[0] - first.weekday() + 3) % 7 - 3)
        both = [day for day in found.dates if day.weekday() == weekday.days[0]]
        raise Ask(ask, tuple(day.isoformat() for day in (first, nearest, *both[:1])), *found.pieces, weekday)
    return Days((first,), True, (*found.pieces, weekday))


def _one(ctx: Context, piece: Piece) -> Days:
    """The days that one piece can mean."""
    match piece:
        case Relative(days=count):
            if count < 0:
                raise Unread("That has passed.", piece)
            return Days((_relative(ctx, piece),), True, (piece,))
        case Date():
            return Days(*_dated(ctx, piece), (piece,))
        case MonthDays():
            return Days(tuple(_month_days(ctx, piece)), False, (piece,))
        case NthWeekdays():
            return Days(*_nth_weekday(ctx, piece), (piece,))
        case Numeric():
            return Days(*_numeric(ctx, piece), (piece,))
        case Workdays():
            raise _once_or_monthly(ctx, piece)
        case Months() | Period(unit="month"):
            raise Ask("Which day of the month?", _days_of_month(ctx, piece), piece)
        case _:
            raise Unread("That names no single day.", piece, example="friday 21:00")


def _relative(ctx: Context, piece: Relative) -> date:
    """Today and tomorrow are days of the speaker's calendar; in another zone it may be another date there."""
    day = ctx.now.astimezone(zone_info(ctx.zone)).date()
    there = day + timedelta(days=piece.days)
    here = ctx.now.astimezone(zone_info(ctx.speaker)).date() + timedelta(days=piece.days)
    if here != there:
        ask = f"It is {day:%A} in {ctx.zone}, but not in {ctx.speaker}. Which day is meant?"
        raise Ask(ask, (here.isoformat(), there.isoformat()), piece, *ctx.zones, replace=(piece,))
    return there


def _weekday(ctx: Context, piece: Weekdays) -> tuple[tuple[date, ...], bool]:
    """Friday is the first one to come, today included; next friday is asked about where it can be two."""
    ahead = (piece.days[0] - ctx.today.weekday()) % 7
    coming = ctx.today + timedelta(days=ahead)
    if piece.nth > 1 or ctx.text(piece).endswith(("now", "today")):
        return (coming + timedelta(days=7 * (piece.nth - (ahead > 0))),), True
    if piece.which in ("next", "following"):
        after = coming if ahead else coming + timedelta(days=7)
        of_next_week = ctx.today + timedelta(days=7 - ctx.today.weekday() + piece.days[0])
        if after != of_next_week:
            name = WEEKDAYS[piece.days[0]].capitalize()
            raise Ask(f"Which {name} is meant?", (after.isoformat(), of_next_week.isoformat()), piece)
        return (after,), True
    return (coming, coming + timedelta(days=7)), False


def _in_week(ctx: Context, weekday: Weekdays, week: Period) -> Days:
    """Friday of this or next week."""
    monday = ctx.today - timedelta(days=ctx.today.weekday())
    day = monday + timedelta(days=7 * (week.offset or 0) + weekday.days[0])
    if weekday.which:
        raise Unread("Those are two different weeks.", weekday, week)
    return Days((day,), True, (weekday, week))


def _dated(ctx: Context, piece: Date) -> tuple[tuple[date, ...], bool]:
    if len(piece.days) > 1:
        raise Unread("Several days make a series: say 'every'.", piece, example="every year on 24 December at 21:00")
    if piece.year is not None:
        return (_real(piece.year, piece.month, piece.days[0], piece),), True
    return tuple(_each_year(ctx, piece.month, piece.days[0])), False


def _real(year: int, month: int, day: int, piece: Piece) -> date:
    if not 1 <= day <= days_in_month(year, month):
        raise Unread(f"There is no {day} {MONTHS[month - 1].capitalize()} {year}.", piece)
    return date(year, month, day)


def _each_year(ctx: Context, month: int, day: int) -> Iterator[date]:
    for year in range(ctx.today.year, ctx.today.year + _YEARS):
        if day <= days_in_month(year, month) and (found := date(year, month, day)) >= ctx.today:
            yield found


def _month_days(ctx: Context, piece: MonthDays) -> Iterator[date]:
    if len(piece.days) > 1:
        raise Unread("Several days make a series: say 'every'.", piece, example="every month on the 1st at 21:00")
    start = ctx.today.year * 12 + ctx.today.month - 1
    for index in range(start, start + _MONTHS):
        found = _in_month(piece, index // 12, index % 12 + 1)
        if found is not None and found >= ctx.today:
            yield found


def _in_month(piece: MonthDays | NthWeekdays | Workdays, year: int, month: int) -> date | None:
    """The day that a piece counts in one month; None where the month has no such day."""
    length = days_in_month(year, month)
    days = [date(year, month, day) for day in range(1, length + 1)]
    if isinstance(piece, MonthDays):
        counts = piece.days
    elif isinstance(piece, NthWeekdays):
        days, counts = [day for day in days if day.weekday() == piece.day], piece.nths
    else:
        days, counts = [day for day in days if day.weekday() < 5], piece.nths
    if len(counts) > 1:
        raise Unread("Several days make a series: say 'every'.", piece, example="every month on the 1st at 21:00")
    index = counts[0] - 1 if counts[0] > 0 else counts[0]
    return days[index] if -len(days) <= index < len(days) else None


def _nth_weekday(ctx: Context, piece: NthWeekdays) -> tuple[tuple[date, ...], bool]:
    if piece.month is None:
        raise _once_or_monthly(ctx, piece)
    if piece.year is not None:
        day = _in_month(piece, piece.year, piece.month)
        if day is None:
            raise Unread("There is no such day in that month.", piece)
        return (day,), True
    years = (_in_month(piece, ctx.today.year + n, piece.month) for n in range(_YEARS))
    return tuple(day for day in years if day is not None and day >= ctx.today), False


def _once_or_monthly(ctx: Context, piece: NthWeekdays | Workdays, *scope: Piece) -> Ask:
    """The first sunday: of this month or the next, or of every month. "Last friday" alone is the past one."""
    if isinstance(piece, NthWeekdays) and piece.nths == (-1,) and not scope:
        raise Unread("Say of which month, or the date.", piece, example="last friday of december at 21:00")
    start = ctx.today.year * 12 + ctx.today.month - 1
    found = (_in_month(piece, index // 12, index % 12 + 1) for index in range(start, start + 3))
    coming = next((day for day in found if day is not None and day >= ctx.today), None)
    text = ctx.text(piece).removeprefix("on ").removeprefix("the ")
    options = (*((coming.isoformat(),) if coming else ()), f"every month on the {text}")
    return Ask(f"Is '{text}' meant once, or every month?", options, piece, *scope)


def _numeric(ctx: Context, piece: Numeric) -> tuple[tuple[date, ...], bool]:
    """12/11 is read by the speaker's habit, or asked about."""
    order = ctx.habits.day_first
    if order is None:
        years = [piece.year or next(_each_year(ctx, *reading)).year for reading in piece.readings]
        options = tuple(f"{y}-{m:02}-{d:02}" for y, (m, d) in zip(years, piece.readings, strict=True))
        raise Ask("Which is the day and which the month?", options, piece)
    month, day = piece.readings[0 if order else 1]
    ctx.note(f"{ctx.text(piece)} was read as {day} {MONTHS[month - 1].capitalize()}, as is usual for you.")
    return _dated(ctx, Date(piece.start, piece.end, month, (day,), piece.year))


def _days_of_month(ctx: Context, piece: Months | Period) -> tuple[str, ...]:
    if isinstance(piece, Months):
        if len(piece.months) > 1:
            raise Unread("Several months make a series: say 'every'.", piece)
        month, year = piece.months[0], piece.year
        year = year or next(_each_year(ctx, month, 28)).year
    else:
        index = ctx.today.year * 12 + ctx.today.month - 1 + (piece.offset or 0)
        year, month = index // 12, index % 12 + 1
    return tuple(f"{year}-{month:02}-{day:02}" for day in (1, 15, days_in_month(year, month)))
