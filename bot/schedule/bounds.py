"""Where a series begins and ends: starting, from, until, for 3 weeks, for 5 times."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.schedule import points
from bot.schedule.context import Context, add, days_in_month
from bot.schedule.hours import settled
from bot.schedule.model import Moment, Series
from bot.schedule.pieces import Clock, Date, Edge, Months, Period, Piece, Year
from bot.schedule.problems import Unread
from bot.schedule.recurring import Recurring


@dataclass(slots=True)
class Start:
    """The wall-clock start that was named, whether a time was named with it, and its pieces."""

    wall: datetime
    timed: bool
    pieces: tuple[Piece, ...]


def start_of_series(ctx: Context, found: Recurring) -> Start | None:
    """The start of a series; None where none was named."""
    if found.start is None:
        return None
    pieces = tuple(found.start)
    if len(pieces) == 1 and isinstance(pieces[0], Months | Period | Edge | Year):
        return Start(datetime.combine(_first_day(ctx, pieces[0]), time()), False, pieces)
    clocks = [piece for piece in pieces if isinstance(piece, Clock)]
    timed = bool(clocks) and (bool(found.clocks) or found.by_the_hour)
    wanted = [piece for piece in pieces if timed or not isinstance(piece, Clock)]
    if (day := _full_date(wanted)) is not None:
        wall = points.at(day, settled(ctx, clocks[0])) if timed else datetime.combine(day, time())
        return Start(wall, timed, pieces)
    point = points.point(ctx, wanted, timed=False)
    return Start(point.wall, point.grain == "minute", pieces)


def _full_date(pieces: Sequence[Piece]) -> date | None:
    """The date of a start with its year, which may have passed: the series is then counted from it."""
    dates = [piece for piece in pieces if isinstance(piece, Date)]
    if len(dates) != 1 or dates[0].year is None or any(not isinstance(p, Date | Clock) for p in pieces):
        return None
    return date(dates[0].year, dates[0].month, dates[0].days[0])


def _first_day(ctx: Context, piece: Piece) -> date:
    """The first day of a month, year, next week and the like."""
    if isinstance(piece, Months):
        return date(piece.year or ctx.today.year + (piece.months[0] < ctx.today.month), piece.months[0], 1)
    if isinstance(piece, Year):
        return date(piece.year, 1, 1)
    assert isinstance(piece, Period | Edge)
    if isinstance(piece, Edge) and piece.end_of:
        raise Unread("Say which day that is.", piece, example="every day at 21:00 starting 31 March")
    if isinstance(piece, Edge) and piece.month:
        return _edge_day(ctx, piece)
    offset = piece.offset or 0
    if piece.unit == "month":
        index = ctx.today.year * 12 + ctx.today.month - 1 + offset
        return date(index // 12, index % 12 + 1, 1)
    if piece.unit == "year":
        return date(ctx.today.year + offset, 1, 1)
    monday = ctx.today + timedelta(days=7 * offset - ctx.today.weekday())
    return monday + timedelta(days=5 if piece.unit == "weekend" else 0)


def bounded(ctx: Context, made: Series, found: Recurring, start: Start | None) -> Series:
    """The series with its end, if one was named."""
    begin = start.wall if start is not None else ctx.local.replace(second=0, microsecond=0)
    length = found.span if made.window is None else None
    named = [piece for piece in (found.times, length, *(found.until or ())[:1]) if piece is not None]
    if len(named) > 1:
        raise Unread("Two ends are named.", *named)
    if length is not None:
        until = add(begin, length.amount, 1, length)
    elif found.until is not None:
        until = _until(ctx, found.until, max(begin, ctx.local))
    else:
        return made
    bound = Moment(wall=until, zone=ctx.zone)
    if bound.instant < made.first.instant:
        raise Unread("The end comes before the first run.", *named)
    return made.model_copy(update={"until": bound})


def _until(ctx: Context, pieces: Sequence[Piece], start: datetime) -> datetime:
    """The last moment of a series: the end of a day, the start of a month ("until March"), or a time."""
    seen = replace(ctx, notes=ctx.notes)
    seen.local = start
    piece = pieces[0]
    if len(pieces) == 1 and isinstance(piece, Edge):
        return datetime.combine(_edge_day(seen, piece), time(23, 59))
    if len(pieces) == 1 and isinstance(piece, Months | Year | Period):
        day = _first_day(seen, piece)
        if isinstance(piece, Months) and piece.year is None and day <= start.date():
            day = day.replace(year=day.year + 1)
        ctx.note(f"The series ends at the start of {day:%-d %B %Y}.")
        return datetime.combine(day, time())
    point = points.point(seen, pieces, timed=False)
    return datetime.combine(point.wall.date(), time(23, 59)) if point.grain == "day" else point.wall


def _edge_day(ctx: Context, piece: Edge) -> date:
    """The last (or first) day of the month, week or year that is named."""
    today = ctx.today
    if piece.unit == "week":
        monday = today + timedelta(days=7 * piece.offset - today.weekday())
        return monday + timedelta(days=6 if piece.end_of else 0)
    if piece.unit == "year":
        year, month = today.year + piece.offset, 12 if piece.end_of else 1
    elif piece.month is not None:
        year, month = piece.year or today.year + (piece.month < today.month), piece.month
    else:
        index = today.year * 12 + today.month - 1 + piece.offset
        year, month = index // 12, index % 12 + 1
    return date(year, month, days_in_month(year, month) if piece.end_of else 1)
