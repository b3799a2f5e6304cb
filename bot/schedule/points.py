"""Single moments: the pieces of a point put together, checked, and placed on the clocks of its zone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, cast

from bot.schedule.candidates import Days, days_of
from bot.schedule.context import Context, add, hours_of, in_dates
from bot.schedule.hours import as_clock, hour_of, number_alone, shown
from bot.schedule.model import Moment
from bot.schedule.occurrences import exists, happens_twice, land
from bot.schedule.pieces import (
    Beyond,
    Clock,
    Date,
    DateRange,
    Daypart,
    Edge,
    EndOfDay,
    MonthDays,
    Months,
    NthWeekdays,
    Number,
    Numeric,
    Offset,
    Period,
    Piece,
    Present,
    Relative,
    Sure,
    Unclear,
    Weekdays,
    Workdays,
    Year,
)
from bot.schedule.problems import Ask, Unread
from bot.schedule.zones import zone_info

_DAY_PIECES = (Relative, Weekdays, MonthDays, Workdays, NthWeekdays, Date, Numeric, Months, Year, Period)
_MORNING_AND_NIGHT = (" at 09:00", " at 21:00")


@dataclass(slots=True)
class Parts:
    """The pieces of one point, sorted by what they are."""

    days: list[Piece] = field(default_factory=list)
    clock: Clock | None = None
    part: Daypart | None = None
    end: EndOfDay | None = None
    number: Number | None = None
    offset: Offset | None = None
    present: Present | None = None
    beyond: Beyond | None = None


@dataclass(slots=True)
class Point:
    """A wall-clock time, what said its hour, and how fine it is. ``instant`` is set where hours were counted."""

    wall: datetime
    grain: Literal["minute", "day"]
    clock: Clock | None = None
    days: tuple[Piece, ...] = ()
    instant: datetime | None = None


def sort(pieces: Iterable[Piece]) -> Parts:
    """The parts of a point.

    Raises Unread where two pieces say the same kind of thing, and for pieces that belong to no point.
    """
    parts = Parts()
    names = {Clock: "clock", Daypart: "part", EndOfDay: "end", Number: "number", Offset: "offset",
             Present: "present", Beyond: "beyond"}  # fmt: skip
    for piece in pieces:
        if isinstance(piece, _DAY_PIECES):
            parts.days.append(piece)
            continue
        if isinstance(piece, Unclear):
            raise Ask(piece.ask, piece.options, piece)
        if isinstance(piece, Edge):
            raise Unread("Say which day that is.", piece, example="31 March 21:00")
        name = names.get(type(piece))
        if name is None:
            raise Unread("", piece)
        before = getattr(parts, name)
        if before is not None:
            raise Unread("Two times are named for one moment.", before, piece)
        setattr(parts, name, piece)
    return _with_number(parts)


def _with_number(parts: Parts) -> Parts:
    """A number beside "on", or beside a part of the day, is a day or an hour."""
    number = parts.number
    if number is None:
        return parts
    clock = parts.clock
    comma = clock is not None and clock.start - number.end == 1
    behind_day = (
        clock is not None and clock.sure >= Sure.WRITTEN and (comma or (clock.led and clock.start == number.end))
    )
    if (number.on or behind_day) and not parts.days and 1 <= number.value <= 31:
        parts.days.append(MonthDays(number.start, number.end, (number.value,)))
        parts.number = None
    elif parts.part is not None and parts.clock is None:
        parts.clock, parts.number = as_clock(number), None
    return parts


def point(ctx: Context, pieces: Sequence[Piece], *, timed: bool = True, past: bool = False) -> Point:
    """The one point that the pieces mean. ``timed`` False allows a day without a time even for the bot; ``past``
    allows a time that has gone by, as the start of a window may have."""
    for index, piece in enumerate(pieces):
        if isinstance(piece, Beyond):
            return _beyond(ctx, piece, pieces[:index], pieces[index + 1 :], timed)
    parts = sort(pieces)
    if parts.number is not None:
        raise number_alone(parts.number, any(not isinstance(day, Weekdays) for day in parts.days))
    if parts.present is not None:
        if parts.days or parts.clock or parts.part or parts.offset or parts.end:
            raise Unread("Now is already a time.", parts.present)
        return Point(ctx.local, "minute", instant=ctx.now)
    clock = hour_of(ctx, parts.clock, parts.part, parts.end)
    if parts.offset is not None:
        return _offset(ctx, parts.offset, parts, clock, timed)
    if parts.part is not None and parts.part.today and not any(isinstance(day, Relative) for day in parts.days):
        parts.days.append(Relative(parts.part.start, parts.part.end, 0))
    if ctx.whole_days and clock is None and len(parts.days) == 1 and (month := _month(ctx, parts.days[0])) is not None:
        return Point(month, "day", days=(parts.days[0],))
    days = days_of(ctx, parts.days)
    if clock is None and days is None:
        raise Unread("", *pieces)
    if clock is None:
        return _day(ctx, cast(Days, days), timed)
    if clock.midnight:
        return _midnight(ctx, clock, days, parts)
    return _timed(ctx, clock, days, past)


def _month(ctx: Context, piece: Piece) -> datetime | None:
    """The first day of a month named alone, if it is still to come."""
    if not isinstance(piece, Months) or len(piece.months) > 1:
        return None
    year = piece.year or ctx.today.year + (piece.months[0] < ctx.today.month)
    first = datetime(year, piece.months[0], 1)  # noqa: DTZ001
    return first if first.date() >= ctx.today else None


def _timed(ctx: Context, clock: Clock, days: Days | None, past: bool) -> Point:
    """A time on a day, or the next time that the clock shows it."""
    if days is None:
        wall = at(ctx.today, clock)
        if wall <= ctx.local:
            ctx.note(f"{shown(clock)} has passed today, so this is tomorrow.")
            wall += timedelta(days=1)
        return Point(wall, "minute", clock)
    walls = [at(day, clock) for day in days.dates]
    if walls[0] > ctx.local or past:
        return Point(walls[0], "minute", clock, days.pieces)
    weekly = all(isinstance(piece, Weekdays) for piece in days.pieces)
    if days.fixed or not weekly:
        raise _passed(ctx, walls, days, clock)
    ctx.note(f"{shown(clock)} has passed today, so this is {walls[1]:%A %-d %B %Y}.")
    return Point(walls[1], "minute", clock, days.pieces)


def _passed(ctx: Context, walls: Sequence[datetime], days: Days, clock: Clock) -> Ask | Unread:
    """A time that has gone by: today's is asked about, an older one is refused."""
    if walls[0].date() != ctx.today:
        return Unread(f"{walls[0]:%-d %B %Y %H:%M} has passed.", *days.pieces, clock)
    later = (datetime.combine(ctx.today + timedelta(days=1), walls[0].time()), *([] if days.fixed else walls[1:2]))
    options = tuple(f"{wall:%Y-%m-%d} at {shown(clock)}" for wall in later)
    ask = f"{shown(clock)} has passed today."
    return Ask(ask, options, *days.pieces, clock, whole=("now",), passed=True)


def at(day: date, clock: Clock) -> datetime:
    """The wall-clock time of a clock time on a day; hours from 24 on are those of the next day."""
    days, hour = divmod(clock.hour, 24)
    return datetime.combine(day + timedelta(days=days), time(hour, clock.minute, clock.second))


def _midnight(ctx: Context, clock: Clock, days: Days | None, parts: Parts) -> Point:
    """Midnight alone is the next one; that of a day may be its start or its end."""
    if days is None or (parts.part is not None and parts.part.today):
        return Point(datetime.combine(ctx.today + timedelta(days=1), time()), "minute", clock)
    ask = "Is that the midnight at which the day starts, or at which it ends?"
    raise Ask(ask, ("at 00:00", "at 24:00"), clock, *days.pieces, replace=(clock,))


def _day(ctx: Context, days: Days, timed: bool) -> Point:
    """A day without a time: answered only where whole days are wanted."""
    first = days.dates[0]
    if first < ctx.today:
        raise Unread(f"{first:%-d %B %Y} has passed.", *days.pieces)
    if ctx.whole_days or not timed:
        weekday = next((piece for piece in days.pieces if isinstance(piece, Weekdays)), None)
        if first == ctx.today and len(days.pieces) == 1 and weekday is not None:
            options = (first.isoformat(), (first + timedelta(days=7)).isoformat())
            raise Ask("Is today meant, or a week from now?", options, weekday)
        return Point(datetime.combine(first, time()), "day", days=days.pieces)
    raise Ask("At what time?", _MORNING_AND_NIGHT, *days.pieces, after=days.pieces[-1])


def _offset(ctx: Context, piece: Offset, parts: Parts, clock: Clock | None, timed: bool) -> Point:
    """In 2 hours, in 3 days at 9pm; days and months are counted on the calendar, hours in real time."""
    days = days_of(ctx, parts.days)
    if sum(count for count, _ in piece.amount) <= 0:
        raise Unread("That is no time at all.", piece, example="in 10 minutes")
    dates = tuple(part for part in piece.amount if part[1] not in ("hour", "minute", "second"))
    wall = add(ctx.local, dates, 1, piece)
    whole = in_dates(piece.amount)
    if days is not None and wall.date() != days.dates[0]:
        raise Unread("Those are two different days.", piece, *days.pieces)
    if not whole:
        if clock is not None:
            raise Unread("Two times are named for one moment.", piece, clock)
        instant = ctx.now if wall == ctx.local else land(wall, ctx.zone).instant
        instant += hours_of(piece.amount)
        to_the_minute = instant.replace(second=0, microsecond=0)
        if to_the_minute > ctx.now and not any(unit == "second" for _, unit in piece.amount):
            instant = to_the_minute
        local = instant.astimezone(zone_info(ctx.zone))
        return Point(local.replace(tzinfo=None, fold=0), "minute", days=(piece,), instant=instant)
    if clock is not None:
        if any(unit == "year" for _, unit in piece.amount) or clock.midnight:
            raise Unread("Say the date.", piece, clock, example="1 March 21:00")
        return Point(at(wall.date(), clock), "minute", clock, (piece,))
    wall = wall.replace(second=0, microsecond=0)
    if ctx.whole_days or not timed:
        return Point(wall, "minute", days=(piece,))
    options = (f" at {wall:%H:%M}", *_MORNING_AND_NIGHT)
    raise Ask("At what time that day?", tuple(dict.fromkeys(options)), piece, after=piece)


def _beyond(ctx: Context, piece: Beyond, before: Sequence[Piece], anchor: Sequence[Piece], timed: bool) -> Point:
    """3 days after 12 January, 2 hours before midnight."""
    if not anchor:
        raise Unread("", piece)
    start = point(ctx, anchor, timed=False)
    if any(unit in ("hour", "minute", "second") for _, unit in piece.amount):
        if start.clock is None and start.instant is None:
            raise Unread("From what time of that day is that counted?", piece, *start.days)
        instant = placed(ctx, start).instant + piece.sign * hours_of(piece.amount)
        local = instant.astimezone(zone_info(ctx.zone)).replace(tzinfo=None, fold=0)
        dates = tuple(part for part in piece.amount if part[1] not in ("hour", "minute", "second"))
        if dates or before:
            raise Unread("", piece)
        return _future(ctx, Point(local, "minute", days=(piece,), instant=instant), piece)
    wall = add(start.wall, piece.amount, piece.sign, piece)
    if before:
        parts = sort(before)
        clock = hour_of(ctx, parts.clock, parts.part, parts.end)
        if clock is None or parts.days or parts.offset or parts.number or start.clock:
            raise Unread("", piece)
        return _future(ctx, Point(at(wall.date(), clock), "minute", clock, (piece,)), piece)
    if start.grain == "day" and not ctx.whole_days and timed:
        raise Ask("At what time?", _MORNING_AND_NIGHT, piece, after=anchor[-1])
    return _future(ctx, Point(wall, start.grain, start.clock, (piece,)), piece)


def _future(ctx: Context, found: Point, piece: Piece) -> Point:
    if found.wall <= ctx.local and (found.grain == "minute" or found.wall.date() < ctx.today):
        raise Unread(f"{found.wall:%-d %B %Y %H:%M} has passed.", piece)
    return found


def placed(ctx: Context, found: Point) -> Moment:
    """The moment of a point; a time that daylight saving skips or repeats is asked about."""
    if found.instant is not None:
        return exact(found.instant, ctx.zone)
    if found.grain == "day" or found.clock is None:
        return land(found.wall, ctx.zone)
    clock = found.clock
    if not exists(found.wall, ctx.zone):
        options = tuple(f"at {_shifted(found.wall, ctx.zone, fold):%H:%M}" for fold in (1, 0))
        ask = f"{shown(clock)} does not exist on {found.wall:%-d %B %Y}: the clocks go forward."
        raise Ask(ask, options, clock, *found.days, replace=(clock,))
    fold: Literal[0, 1] | None = clock.fold or 0
    if happens_twice(found.wall, ctx.zone):
        fold = _lettered(ctx, found.wall) if clock.fold is None else clock.fold
        if fold is None:
            ask = f"{shown(clock)} comes twice on {found.wall:%-d %B %Y}: the clocks go back."
            times = (f"at {shown(clock)} the first time", f"at {shown(clock)} the second time")
            raise Ask(ask, times, clock, *found.days, replace=(clock,))
    elif clock.fold is not None:
        ctx.note(f"{shown(clock)} comes only once on that day.")
        fold = 0
    return Moment(wall=found.wall, zone=ctx.zone, fold=fold)


def _lettered(ctx: Context, wall: datetime) -> Literal[0, 1] | None:
    """Which of two equal times the letters of the zone mean: 02:30 CEST comes before 02:30 CET."""
    tz = zone_info(ctx.zone)
    names = [wall.replace(tzinfo=tz, fold=fold).tzname() for fold in (0, 1)]
    written = ctx.letters.upper()
    return None if names.count(written) != 1 else 0 if names[0] == written else 1


def _shifted(wall: datetime, zone: str, fold: int) -> datetime:
    """The wall-clock time before (fold 1) or after (fold 0) a gap that stands for a time inside it."""
    tz = zone_info(zone)
    return wall.replace(tzinfo=tz, fold=fold).astimezone(UTC).astimezone(tz).replace(tzinfo=None)


def exact(instant: datetime, zone: str) -> Moment:
    """The moment of an instant, with its seconds."""
    local = instant.astimezone(zone_info(zone))
    wall = local.replace(tzinfo=None, fold=0)
    return Moment(wall=wall, zone=zone, fold=cast(Literal[0, 1], local.fold))


def is_day_range(piece: Piece) -> bool:
    """Whether a piece alone means a stretch of days."""
    if isinstance(piece, Weekdays):
        return piece.span
    return isinstance(piece, DateRange) or (isinstance(piece, Period) and piece.unit != "month")
