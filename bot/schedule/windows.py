"""Windows: from one moment to another, or for a length of time; and single moments with a latest start."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.schedule import points
from bot.schedule.context import Context, add, hours_of, in_dates
from bot.schedule.day_windows import from_day_to_day, lasting_days, later, stretch_of_days
from bot.schedule.hours import hour_of, shown
from bot.schedule.model import Moment, Once, Window
from bot.schedule.pairs import pair
from bot.schedule.pieces import (
    Clock,
    Daypart,
    Mark,
    Piece,
    Present,
    Span,
    Sure,
    Weekdays,
    Year,
)
from bot.schedule.points import Point
from bot.schedule.problems import Ask, Unread

_OPENING = ("from", "between", "starting")
_ENDING = ("to", "until", "before")


def single(ctx: Context, pieces: Sequence[Piece]) -> Once | Window:
    """The one moment or window that the pieces mean."""
    if len(pieces) == 1 and isinstance(pieces[0], Clock) and pieces[0].hours_only and pieces[0].end == 2:
        hour = pieces[0].hour
        raise Ask(f"Is {hour}h a time, or a length of time?", (f"at {hour:02}:00", f"in {hour} hours"), pieces[0])
    index = next((n for n, piece in enumerate(pieces) if isinstance(piece, Mark) and piece.role == "latest"), None)
    if index is not None:
        return _latest(ctx, pieces[:index], pieces[index + 1 :], pieces[index])
    spans = [piece for piece in pieces if isinstance(piece, Span)]
    rest = [piece for piece in pieces if not isinstance(piece, Span)]
    opened, ended, marks = _split(rest)
    if ended is not None:
        if spans:
            raise Unread("Two ends are named.", spans[0], *marks[-1:])
        return _between(ctx, opened, ended, marks)
    if spans:
        return _lasting(ctx, opened, spans)
    stretch = next((piece for piece in opened if points.is_day_range(piece)), None)
    if stretch is not None and not any(isinstance(piece, Weekdays) and not piece.span for piece in opened):
        return stretch_of_days(ctx, stretch, opened, marks)
    vague = next((mark for mark in marks if mark.role in ("from", "between")), None)
    if vague is not None:
        raise Unread("Until when?", vague, *opened, example="tomorrow 21:00 to 23:00")
    found = points.point(ctx, opened)
    if any(mark.role == "after" for mark in marks):
        _after_a_time(ctx, found, marks)
    return Once(start=points.placed(ctx, found), grain=found.grain)


def _after_a_time(ctx: Context, found: Point, marks: Sequence[Mark]) -> None:
    """ "After 9pm" starts at 21:00; after a day is no time at all."""
    if found.clock is None:
        raise Unread("After what time?", *marks, *found.days)
    ctx.note(f"'After' was read as at {shown(found.clock)}.")


def _split(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece] | None, list[Mark]]:
    """The pieces before and behind the end mark, without the marks."""
    opened: list[Piece] = []
    ended: list[Piece] | None = None
    marks: list[Mark] = []
    for piece in pieces:
        if not isinstance(piece, Mark):
            (opened if ended is None else ended).append(piece)
            continue
        marks.append(piece)
        if piece.role in _ENDING:
            if ended is not None:
                raise Unread("Two ends are named.", piece)
            ended = []
        elif ended is not None or piece.role not in (*_OPENING, "after") or len(marks) > 1:
            raise Unread("", piece)
    if marks and marks[-1] is pieces[-1]:
        raise Unread("", marks[-1])
    return opened, ended, marks


def _latest(ctx: Context, start: Sequence[Piece], end: Sequence[Piece], mark: Piece) -> Once:
    """21:00, latest 23:00: one moment that may come late."""
    if not start or not end:
        raise Unread("", mark)
    once = single(ctx, start)
    if not isinstance(once, Once) or once.grain == "day":
        raise Unread("A latest start needs one time to start at.", mark, example="tomorrow 21:00, latest 23:00")
    last = _end(ctx, end, Point(once.start.wall, "minute"), mark)
    if not _days_in(end) and last.wall - once.start.wall > timedelta(hours=12):
        raise Unread("The latest start is not after the start.", *start, mark, *end)
    return once.model_copy(update={"latest_start": _after(points.placed(ctx, last), once.start, end)})


def _after(end: Moment, start: Moment, pieces: Sequence[Piece]) -> Moment:
    if end.instant <= start.instant:
        raise Unread("The end is not after the start.", *pieces)
    return end


def _between(ctx: Context, opened: list[Piece], ended: list[Piece], marks: Sequence[Mark]) -> Once | Window:
    end_mark = marks[-1]
    for side in (opened, ended):
        clocks = [piece for piece in side if isinstance(piece, Clock)]
        if len(clocks) > 1:
            raise Unread("Two times are named for one moment.", *clocks)
    first_clock, last_clock = _clock(opened), _clock(ended)
    if end_mark.dash and len(marks) == 1 and first_clock is None and not _days_in(ended):
        if opened and ctx.tokens[opened[-1].end - 1].kind == "number" and ctx.tokens[opened[-1].end - 1].number < 32:
            raise Unread("Is that a day, or the start of a stretch of hours?", *opened, end_mark, *ended)
        found = points.point(ctx, opened + ended)
        return Once(start=points.placed(ctx, found), grain=found.grain)
    if not opened:
        raise Unread("That names an end, but no start.", end_mark, *ended, example="tomorrow 21:00 to 23:00")
    _share_year(opened, ended)
    ended = [piece for piece in ended if not isinstance(piece, Year)] if _days_in(opened) else ended
    if first_clock is None and last_clock is None:
        return from_day_to_day(ctx, opened, ended, marks)
    if first_clock is not None and last_clock is not None:
        if end_mark.dash and len(marks) == 1:
            _not_two_numbers(ctx, first_clock, last_clock, end_mark)
        if not (_days_in(opened) and _days_in(ended)):
            opened, ended = _paired(opened, ended, first_clock, last_clock)
    dated_behind = bool(_days_in(ended)) and not _days_in(opened)
    start = _start_with(ctx, opened, ended, end_mark) if dated_behind else points.point(ctx, opened, past=True)
    ended_alone = [piece for piece in ended if piece not in _days_in(ended) or _days_in(opened)]
    end = _end(ctx, ended_alone, start, end_mark)
    if end.wall <= ctx.local and not dated_behind:
        start = points.point(ctx, opened)
        end = _end(ctx, ended_alone, start, end_mark)
    if not _days_in([*opened, *ended]):
        start, end = _open_now(ctx, start, end)
    return _window(ctx, points.placed(ctx, start), points.placed(ctx, end), (*opened, end_mark, *ended))


def _window(ctx: Context, start: Moment, end: Moment, pieces: Sequence[Piece]) -> Window:
    """The window; one that is open already is let pass and said so, one that has closed is refused."""
    made = Window(start=start, end=_after(end, start, pieces))
    if end.instant <= ctx.now:
        raise Unread(f"{end.wall:%-d %B %Y %H:%M} has passed.", *pieces)
    if start.wall < ctx.local.replace(second=0, microsecond=0):
        ctx.note(f"This window has begun already, at {start.wall:%H:%M} on {start.wall:%-d %B}.")
    return made


def _open_now(ctx: Context, start: Point, end: Point) -> tuple[Point, Point]:
    """Hours without a day that have begun today: today's while more than half of them is left, else tomorrow's."""
    day = timedelta(days=1)
    length, left = end.wall - start.wall, end.wall - day - ctx.local
    if start.wall.date() == ctx.today or left * 2 <= length:
        return start, end
    ctx.notes[:] = [note for note in ctx.notes if "has passed today" not in note]
    return replace(start, wall=start.wall - day), replace(end, wall=end.wall - day)


def _not_two_numbers(ctx: Context, first: Clock, last: Clock, dash: Mark) -> None:
    """ "2 - 15" may be hours, a date, or a sum."""
    numbers = all(clock.end - clock.start == 1 and ctx.tokens[clock.start].kind == "number" for clock in (first, last))
    if numbers and last.sure == Sure.FIXED:
        option = f"from {first.hour:02}:00 to {last.hour:02}:00"
        raise Ask("What do those two numbers mean?", (option,), first, dash, last)


def _clock(pieces: Sequence[Piece]) -> Clock | None:
    return next((piece for piece in pieces if isinstance(piece, Clock)), None)


def _days_in(pieces: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in pieces if not isinstance(piece, Clock | Daypart)]


def _start_with(ctx: Context, opened: list[Piece], ended: list[Piece], mark: Mark) -> Point:
    """The start of "9pm to 11pm tomorrow", whose day stands behind the end."""
    first, last = _clock(opened), _clock(ended)
    if first is not None and last is not None and (last.hour, last.minute) <= (first.hour, first.minute):
        day = points.point(ctx, _days_in(ended), timed=False).wall.date()
        options = tuple(
            f"{begin.isoformat()} {shown(first)} to {(begin + timedelta(days=1)).isoformat()} {shown(last)}"
            for begin in (day - timedelta(days=1), day)
        )
        raise Ask("On which day does that start?", options, *opened, mark, *ended)
    return points.point(ctx, opened + _days_in(ended), past=True)


def _paired(opened: list[Piece], ended: list[Piece], first: Clock, last: Clock) -> tuple[list[Piece], list[Piece]]:
    """Both times with their hours settled by each other; a part of the day on the right holds for both."""
    part = next((piece for piece in ended if isinstance(piece, Daypart)), None)
    if any(isinstance(piece, Daypart) for piece in opened):
        return opened, ended
    if part is not None:
        return [*opened, part], ended
    first, last = pair(first, last)
    opened = [first if isinstance(piece, Clock) else piece for piece in opened]
    ended = [last if isinstance(piece, Clock) else piece for piece in ended]
    return opened, ended


def _end(ctx: Context, pieces: Sequence[Piece], start: Point, mark: Piece) -> Point:
    """The end of a window: its day is that of the start, or the next where the time is not after it."""
    if not _days_in(pieces):
        parts = points.sort(pieces)
        clock = hour_of(ctx, parts.clock, parts.part, parts.end)
        if clock is None:
            raise Unread("", mark)
        if clock.midnight:
            return Point(datetime.combine(start.wall.date() + timedelta(days=1), time()), "minute", clock)
        wall = points.at(start.wall.date(), clock)
        if wall <= start.wall:
            wall += timedelta(days=1)
        return Point(wall, "minute", clock)
    found = points.point(later(ctx, start), pieces, timed=False, past=True)
    if found.grain == "day":
        raise Unread("At what time does it end?", *pieces)
    return found


def _lasting(ctx: Context, pieces: Sequence[Piece], spans: Sequence[Span]) -> Window:
    """4pm for 30 minutes; for 10 days from 18 December; the next 3 days."""
    if len(spans) > 1:
        raise Unread("Two lengths are named.", *spans)
    span = spans[0]
    if in_dates(span.amount) and not any(isinstance(piece, Clock | Present) for piece in pieces):
        return lasting_days(ctx, pieces, span)
    if not pieces:
        if span.coming:
            raise Ask("A start at any time until then?", (f"now for {_said(span)}", f"in {_said(span)}"), span)
        raise Unread("That names a length, but no start.", span, example="tomorrow 21:00 for 3 hours")
    found = points.point(ctx, pieces, past=True)
    start = points.placed(ctx, found)
    dates = tuple(part for part in span.amount if part[1] not in ("hour", "minute", "second"))
    wall = add(start.wall, dates, 1, span)
    begin = start if wall == start.wall else points.placed(ctx, replace(found, wall=wall, instant=None))
    end = points.exact(begin.instant + hours_of(span.amount), ctx.zone)
    return _window(ctx, start, end, (*pieces, *spans))


def _said(span: Span) -> str:
    return " ".join(f"{count:g} {unit}s" for count, unit in span.amount)


def _share_year(opened: Sequence[Piece], ended: Sequence[Piece]) -> None:
    years = [piece.year for piece in ended if hasattr(piece, "year") and piece.year]
    for piece in opened:
        if years and hasattr(piece, "month") and hasattr(piece, "year") and piece.year is None:
            piece.year = years[0]
