"""Resolve single times: combine the nodes of a point, check them, and place them on the clock of the zone."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from bot.schedule.model import ZonedTime
from bot.schedule.occurrences import offset_change, resolve_wall_time
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import (
    DateRange,
    Months,
    Period,
    PeriodBoundary,
    RelativeDay,
    RelativeTo,
    SyntaxNode,
    TimeOfDay,
    Weekdays,
)
from bot.schedule.parsing.zones import zone_info
from bot.schedule.resolving.candidates import CandidateDays, candidate_days
from bot.schedule.resolving.context import PhraseContext, add_duration, clock_part
from bot.schedule.resolving.from_now import from_now_point
from bot.schedule.resolving.hours import bare_number_error, format_time_of_day, resolve_hour
from bot.schedule.resolving.point_parts import Point, PointParts, classify, wall_time_on

_NO_CHANGE = timedelta(0)


def resolve_point(
    ctx: PhraseContext, nodes: Sequence[SyntaxNode], *, needs_time: bool = True, allow_past: bool = False
) -> Point:
    """Return the one point that the nodes mean.

    Without ``needs_time`` a day without a time is accepted. ``allow_past`` accepts a past time, as the start of a
    window may be.
    """
    for index, node in enumerate(nodes):
        if isinstance(node, RelativeTo):
            return _relative_point(ctx, node, nodes[:index], nodes[index + 1 :], needs_time)
    parts = classify(nodes)
    if parts.number is not None:
        raise bare_number_error(parts.number, any(not isinstance(day, Weekdays) for day in parts.days))
    if parts.now is not None:
        if parts.days or parts.clock or parts.daypart or parts.from_now or parts.end_of_day:
            raise ParseError("Now is already a time.", parts.now)
        return Point(ctx.local_now, "minute", instant=ctx.now)
    _ask_about_hour_of_night(ctx, parts)
    clock = resolve_hour(ctx, parts.clock, parts.daypart, parts.end_of_day)
    if parts.from_now is not None:
        return from_now_point(ctx, parts.from_now, parts, clock, needs_time)
    if (
        parts.daypart is not None
        and parts.daypart.is_today
        and not any(isinstance(day, RelativeDay) for day in parts.days)
    ):
        parts.days.append(RelativeDay(parts.daypart.start, parts.daypart.end, 0))
    if (
        ctx.whole_days
        and clock is None
        and len(parts.days) == 1
        and (month := _month_start(ctx, parts.days[0])) is not None
    ):
        return Point(month, "day", day_nodes=(parts.days[0],))
    days = candidate_days(ctx, parts.days)
    if clock is None:
        if days is None:
            raise ParseError("", *nodes)
        return _day_point(ctx, days, needs_time)
    if clock.is_midnight:
        return _midnight_point(ctx, clock, days, parts)
    return _timed_point(ctx, clock, days, allow_past)


def _ask_about_hour_of_night(ctx: PhraseContext, parts: PointParts) -> None:
    """Ask whether the 2am of "friday night 2am" is on Friday or on the day after."""
    clock, daypart = parts.clock, parts.daypart
    if clock is None or daypart is None or daypart.name != "night" or daypart.is_today or not 0 < clock.hour < 6:
        return
    days = candidate_days(ctx, parts.days)
    if days is None or clock.is_midnight:
        return
    following = days.dates[0] + timedelta(days=1)
    options = tuple(f"{day.isoformat()} {format_time_of_day(clock)}" for day in (following, days.dates[0]))
    question = "Is that hour on that day, or on the next?"
    raise AmbiguityError(question, options, *days.nodes, daypart, clock, accepts_one=True)


def _month_start(ctx: PhraseContext, node: SyntaxNode) -> datetime | None:
    """Return the first day of a month that is named alone, if it is still to come."""
    if not isinstance(node, Months) or len(node.months) > 1:
        return None
    year = node.year or ctx.today.year + (node.months[0] < ctx.today.month)
    first = datetime(year, node.months[0], 1)  # noqa: DTZ001
    return first if first.date() >= ctx.today else None


def _timed_point(ctx: PhraseContext, clock: TimeOfDay, days: CandidateDays | None, allow_past: bool) -> Point:
    """Return a time on a day, or the next such time where no day is named."""
    if days is None:
        wall = wall_time_on(ctx.today, clock)
        if wall <= ctx.local_now:
            ctx.add_assumption(f"{format_time_of_day(clock)} has passed today, so this is tomorrow.")
            wall += timedelta(days=1)
        return Point(wall, "minute", clock)
    walls = [wall_time_on(day, clock) for day in days.dates]
    if walls[0] > ctx.local_now or allow_past:
        return Point(walls[0], "minute", clock, days.nodes)
    weekly = all(isinstance(node, Weekdays) for node in days.nodes)
    if days.is_fixed or not weekly:
        raise _passed_error(ctx, walls, days, clock)
    ctx.add_assumption(f"{format_time_of_day(clock)} has passed today, so this is {walls[1]:%A %-d %B %Y}.")
    return Point(walls[1], "minute", clock, days.nodes)


def _passed_error(
    ctx: PhraseContext, wall_times: Sequence[datetime], days: CandidateDays, clock: TimeOfDay
) -> AmbiguityError | ParseError:
    """Return the error for a past time: a question if it was today, a rejection if it was earlier."""
    if wall_times[0].date() != ctx.today:
        return ParseError(f"{wall_times[0]:%-d %B %Y %H:%M} has passed.", *days.nodes, clock)
    later = (
        datetime.combine(ctx.today + timedelta(days=1), wall_times[0].time()),
        *([] if days.is_fixed else wall_times[1:2]),
    )
    options = tuple(f"{wall:%Y-%m-%d} at {format_time_of_day(clock)}" for wall in later)
    question = f"{format_time_of_day(clock)} has passed today."
    return AmbiguityError(question, options, *days.nodes, clock, whole_phrases=("now",), time_passed=True)


def _midnight_point(ctx: PhraseContext, clock: TimeOfDay, days: CandidateDays | None, parts: PointParts) -> Point:
    """Return the next midnight; ask for the midnight of a day, which may be its start or its end."""
    if days is None or (parts.daypart is not None and parts.daypart.is_today):
        return Point(datetime.combine(ctx.today + timedelta(days=1), time()), "minute", clock)
    question = "Is that the midnight at which the day starts, or at which it ends?"
    raise AmbiguityError(question, ("at 00:00", "at 24:00"), clock, *days.nodes, replace=(clock,))


def _day_point(ctx: PhraseContext, days: CandidateDays, needs_time: bool) -> Point:
    """Return a day without a time where that is accepted, or ask for the time."""
    first = days.dates[0]
    if first < ctx.today:
        raise ParseError(f"{first:%-d %B %Y} has passed.", *days.nodes)
    if ctx.whole_days and any(isinstance(node, PeriodBoundary) for node in days.nodes):
        raise ParseError("Say which day that is.", *days.nodes, example="31 March 21:00")
    if ctx.whole_days or not needs_time:
        weekday = next((node for node in days.nodes if isinstance(node, Weekdays)), None)
        if first == ctx.today and len(days.nodes) == 1 and weekday is not None:
            options = (first.isoformat(), (first + timedelta(days=7)).isoformat())
            raise AmbiguityError("Is today meant, or a week from now?", options, weekday)
        return Point(datetime.combine(first, time()), "day", day_nodes=days.nodes)
    last = days.nodes[-1]
    raise AmbiguityError("At what time?", ctx.time_options, *days.nodes, insert_after=last, time_after=last)


def _relative_point(
    ctx: PhraseContext,
    node: RelativeTo,
    preceding: Sequence[SyntaxNode],
    anchor: Sequence[SyntaxNode],
    needs_time: bool,
) -> Point:
    """Resolve 3 days after 12 January, 2 hours before midnight."""
    if not anchor:
        raise ParseError("", node)
    start = resolve_point(ctx, anchor, needs_time=False)
    if any(unit in ("hour", "minute", "second") for _, unit in node.amount):
        if node.is_from and start.clock is not None and not ctx.whole_days:
            text = " ".join(f"{count:g} {unit}s" for count, unit in node.amount)
            options = (f"{text} after", f"for {text} at", f"for {text}")
            raise AmbiguityError("A start so long after that time, or at any time in these hours?", options, node)
        if start.clock is None and start.instant is None:
            raise ParseError("From what time of that day is that counted?", node, *start.day_nodes)
        instant = to_zoned_time(ctx, start).instant + node.sign * clock_part(node.amount)
        local = instant.astimezone(zone_info(ctx.zone)).replace(tzinfo=None)
        dates = tuple(part for part in node.amount if part[1] not in ("hour", "minute", "second"))
        if dates or preceding:
            raise ParseError("", node)
        return _require_future(ctx, Point(local, "minute", day_nodes=(node,), instant=instant), node)
    wall = add_duration(start.wall, node.amount, node.sign, node)
    if preceding:
        parts = classify(preceding)
        clock = resolve_hour(ctx, parts.clock, parts.daypart, parts.end_of_day)
        if clock is None or parts.days or parts.from_now or parts.number or start.clock:
            raise ParseError("", node)
        return _require_future(ctx, Point(wall_time_on(wall.date(), clock), "minute", clock, (node,)), node)
    if start.grain == "day" and not ctx.whole_days and needs_time:
        last = anchor[-1]
        raise AmbiguityError("At what time?", ctx.time_options, node, insert_after=last, time_after=last)
    return _require_future(ctx, Point(wall, start.grain, start.clock, (node,)), node)


def _require_future(ctx: PhraseContext, point: Point, node: SyntaxNode) -> Point:
    if point.wall <= ctx.local_now and (point.grain == "minute" or point.wall.date() < ctx.today):
        raise ParseError(f"{point.wall:%-d %B %Y %H:%M} has passed.", node)
    return point


def to_zoned_time(ctx: PhraseContext, point: Point) -> ZonedTime:
    """Return the time of a point; ask where daylight saving skips or repeats it."""
    if point.instant is not None:
        return zoned_time_at(point.instant, ctx.zone)
    if point.grain == "day" or point.clock is None:
        return resolve_wall_time(point.wall, ctx.zone)
    clock = point.clock
    change = offset_change(point.wall, ctx.zone)
    if change > _NO_CHANGE:
        options = tuple(f"at {_shift_out_of_gap(point.wall, ctx.zone, fold):%H:%M}" for fold in (1, 0))
        question = f"{format_time_of_day(clock)} does not exist on {point.wall:%-d %B %Y}: the clocks go forward."
        raise AmbiguityError(question, options, clock, *point.day_nodes, replace=(clock,), accepts_one=True)
    fold: Literal[0, 1] | None = clock.fold or 0
    if change < _NO_CHANGE:
        fold = _fold_from_abbreviation(ctx, point.wall) if clock.fold is None else clock.fold
        if fold is None:
            question = f"{format_time_of_day(clock)} comes twice on {point.wall:%-d %B %Y}: the clocks go back."
            times = (
                f"at {format_time_of_day(clock)} the first time",
                f"at {format_time_of_day(clock)} the second time",
            )
            raise AmbiguityError(question, times, clock, *point.day_nodes, replace=(clock,))
    elif clock.fold is not None:
        ctx.add_assumption(f"{format_time_of_day(clock)} comes only once on that day.")
        fold = 0
    return ZonedTime(wall=point.wall, zone=ctx.zone, fold=fold)


def _fold_from_abbreviation(ctx: PhraseContext, wall: datetime) -> Literal[0, 1] | None:
    """Return which of two equal times the zone's abbreviation means: 02:30 CEST comes before 02:30 CET."""
    tz = zone_info(ctx.zone)
    names = [wall.replace(tzinfo=tz, fold=fold).tzname() for fold in (0, 1)]
    written = ctx.zone_abbreviation.upper()
    return None if names.count(written) != 1 else 0 if names[0] == written else 1


def _shift_out_of_gap(wall: datetime, zone: str, fold: int) -> datetime:
    """Return the wall-clock time before (fold 1) or after (fold 0) a gap for a time inside it."""
    tz = zone_info(zone)
    return wall.replace(tzinfo=tz, fold=fold).astimezone(UTC).astimezone(tz).replace(tzinfo=None)


def zoned_time_at(instant: datetime, zone: str) -> ZonedTime:
    """Return the zoned time of an instant, with its seconds."""
    local = instant.astimezone(zone_info(zone))
    wall = local.replace(tzinfo=None, fold=0)
    return ZonedTime(wall=wall, zone=zone, fold=1 if local.fold else 0)


def is_day_range(node: SyntaxNode) -> bool:
    """Tell whether a node alone means a range of days."""
    if isinstance(node, Weekdays):
        return node.is_range
    return isinstance(node, DateRange) or (isinstance(node, Period) and node.unit != "month")
