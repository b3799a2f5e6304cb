"""Windows of whole days: next week, 13 to 15 July, for 10 days from 18 December. The bot asks for their hours."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.schedule import points
from bot.schedule.context import Context, add
from bot.schedule.model import Moment, Window
from bot.schedule.pieces import DateRange, Mark, Months, Period, Piece, Present, Span, Weekdays
from bot.schedule.points import Point
from bot.schedule.problems import Ask, Unread


def later(ctx: Context, start: Point) -> Context:
    """The same phrase seen from the start of the window, so that its end is the first one after that."""
    later = replace(ctx, notes=ctx.notes)
    later.local = max(ctx.local, start.wall)
    return later


def lasting_days(ctx: Context, pieces: Sequence[Piece], span: Span) -> Window:
    if not pieces:
        if not span.coming or any(unit != "day" for _, unit in span.amount):
            raise Unread("That names a length, but no start.", span, example="tomorrow 21:00 for 3 hours")
        first = ctx.today + timedelta(days=1)
    else:
        first = points.point(ctx, pieces, timed=False).wall.date()
    last = add(datetime.combine(first, time()), span.amount, 1, span).date()
    return _day_window(ctx, first, last, (*pieces, span))


def from_day_to_day(ctx: Context, opened: Sequence[Piece], ended: Sequence[Piece], marks: Sequence[Mark]) -> Window:
    """10 August to 12 September: a year behind the end holds for both."""
    if any(isinstance(piece, Present) for piece in opened) or points.sort(opened).offset is not None:
        raise Unread("At what time does it end?", *ended)
    if any(isinstance(piece, Months) for piece in (*opened, *ended)):
        raise Unread("Say from which day to which.", *opened, *ended, example="1 March 21:00 to 3 March 06:00")
    first = points.point(ctx, opened, timed=False)
    last = points.point(later(ctx, first), ended, timed=False)
    if last.wall < first.wall:
        raise Unread("The end is not after the start.", *opened, *ended)
    return _day_window(ctx, first.wall.date(), last.wall.date() + timedelta(days=1), (*marks, *opened, *ended))


def stretch_of_days(ctx: Context, piece: Piece, pieces: Sequence[Piece], marks: Sequence[Mark]) -> Window:
    """Next week, the weekend, 13 to 15 July."""
    others = [other for other in pieces if other is not piece]
    if others:
        raise Unread("From when to when on those days?", *pieces, example="13 July 19:00 to 15 July 07:00")
    if isinstance(piece, DateRange):
        first = _first_of(ctx, piece)
        last = first.replace(day=piece.last)
    elif isinstance(piece, Weekdays):
        first = ctx.today + timedelta(days=(piece.days[0] - ctx.today.weekday()) % 7)
        last = first + timedelta(days=len(piece.days) - 1)
        if first == ctx.today or piece.which:
            raise Unread("Say the dates of those days.", piece, example="13 July 19:00 to 15 July 07:00")
    else:
        assert isinstance(piece, Period)
        first, last = _period(ctx, piece)
    return _day_window(ctx, first, last + timedelta(days=1), (*marks, piece))


def _first_of(ctx: Context, piece: DateRange) -> date:
    year = piece.year or ctx.today.year
    first = date(year, piece.month, piece.first)
    if piece.year is None and first < ctx.today:
        first = date(year + 1, piece.month, piece.first)
    return first


def _period(ctx: Context, piece: Period) -> tuple[date, date]:
    """The first and last day of a week, weekend or year."""
    offset = piece.offset or 0
    if piece.unit == "year":
        start = date(ctx.today.year + offset, 1, 1)
        return start, date(start.year, 12, 31)
    monday = ctx.today + timedelta(days=7 * offset - ctx.today.weekday())
    if piece.unit == "weekend":
        options = tuple((monday + timedelta(days=n)).isoformat() for n in (4, 5, 6))
        raise Ask("When does that weekend start?", options, piece)
    return monday, monday + timedelta(days=6)


def _day_window(ctx: Context, first: date, end: date, pieces: Sequence[Piece]) -> Window:
    """A window of whole days, whose end is the midnight after the last; the bot asks for the hours."""
    if first < ctx.today and end <= ctx.today:
        raise Unread("That has passed.", *pieces)
    if not ctx.whole_days:
        start = max(first, ctx.today + timedelta(days=1)) if first < ctx.today else first
        whole = f"{start.isoformat()} 00:00 to {(end - timedelta(days=1)).isoformat()} 24:00"
        raise Ask("From when to when?", (whole, f"{start.isoformat()} 21:00"), *pieces)
    start_wall, end_wall = datetime.combine(first, time()), datetime.combine(end, time())
    return Window(start=Moment(wall=start_wall, zone=ctx.zone), end=Moment(wall=end_wall, zone=ctx.zone), grain="day")
