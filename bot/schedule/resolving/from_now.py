"""Resolve times that are counted from now: in 2 hours, in 3 days at 9pm, in 2 weeks on saturday, in 2 business days."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.schedule.occurrences import resolve_wall_time
from bot.schedule.parsing.durations import WORKDAY
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import FromNow, SyntaxNode, TimeOfDay, Weekdays
from bot.schedule.parsing.zones import zone_info
from bot.schedule.resolving.candidates import CandidateDays, candidate_days
from bot.schedule.resolving.context import PhraseContext, add_duration, clock_part, is_calendar_duration
from bot.schedule.resolving.counted_days import nth_workday_after
from bot.schedule.resolving.point_parts import Point, PointParts, wall_time_on


def from_now_point(
    ctx: PhraseContext, node: FromNow, parts: PointParts, clock: TimeOfDay | None, needs_time: bool
) -> Point:
    """Resolve in 2 hours, in 3 days at 9pm. Days and months count on the calendar, hours in real time."""
    days = candidate_days(ctx, parts.days)
    if sum(count for count, _ in node.amount) <= 0:
        raise ParseError("That is no time at all.", node, example="in 10 minutes")
    dates = tuple(part for part in node.amount if part[1] not in ("hour", "minute", "second"))
    if any(unit == WORKDAY for _, unit in dates):
        wall = _after_workdays(ctx, node)
    else:
        wall = add_duration(ctx.local_now, dates, 1, node)
    whole = is_calendar_duration(node.amount)
    if days is not None and wall.date() != days.dates[0]:
        wall = datetime.combine(_weekday_after_weeks(ctx, node, wall.date(), parts.days, days), wall.time())
    if not whole:
        if clock is not None:
            raise ParseError("This names two times for one start. Name one.", node, clock)
        instant = ctx.now if wall == ctx.local_now else resolve_wall_time(wall, ctx.zone).instant
        instant += clock_part(node.amount)
        to_the_minute = instant.replace(second=0, microsecond=0)
        if to_the_minute > ctx.now and not any(unit == "second" for _, unit in node.amount):
            instant = to_the_minute
        local = instant.astimezone(zone_info(ctx.zone))
        return Point(local.replace(tzinfo=None), "minute", day_nodes=(node,), instant=instant)
    if clock is not None:
        if any(unit == "year" for _, unit in node.amount) or clock.is_midnight:
            if ctx.whole_days:
                raise ParseError("Say the date.", node, clock, example="1 March 21:00")
            question = "Is that the day?"
            raise AmbiguityError(question, (wall.date().isoformat(),), node, accepts_one=True)
        return Point(wall_time_on(wall.date(), clock), "minute", clock, (node,))
    wall = wall.replace(second=0, microsecond=0)
    if ctx.whole_days or not needs_time:
        return Point(wall, "minute", day_nodes=(node,))
    options = tuple(f"{wall:%Y-%m-%d}{time}" for time in dict.fromkeys((f" at {wall:%H:%M}", *ctx.time_options)))
    raise AmbiguityError("At what time that day?", options, node, time_after=node)


def _after_workdays(ctx: PhraseContext, node: FromNow) -> datetime:
    """Return the present time of day, some working days later."""
    count = node.amount[0][0]
    if len(node.amount) > 1 or count != int(count):
        raise ParseError("Say the number of working days alone.", node, example="in 2 business days at 06:00")
    return datetime.combine(nth_workday_after(ctx, ctx.today, int(count)), ctx.local_now.time())


def _weekday_after_weeks(
    ctx: PhraseContext, node: FromNow, day: date, nodes: Sequence[SyntaxNode], named: CandidateDays
) -> date:
    """Return the saturday of "in 2 weeks on saturday"; ask where it can be one of two."""
    weekday = nodes[0]
    units = {unit for _, unit in node.amount}
    if (
        len(nodes) > 1
        or not isinstance(weekday, Weekdays)
        or weekday.determiner
        or not units <= {"week", "month", "year"}
    ):
        raise ParseError("Those are two different days.", node, *named.nodes)
    in_week = day + timedelta(days=weekday.days[0] - day.weekday())
    after = day + timedelta(days=(weekday.days[0] - day.weekday()) % 7)
    if in_week != after:
        options = (in_week.isoformat(), after.isoformat())
        raise AmbiguityError("Which day is meant?", options, node, weekday)
    return in_week
