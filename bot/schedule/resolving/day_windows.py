"""Resolve windows of whole days: next week, 13 to 15 July, for 10 days from 18 December. Their hours are asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.schedule.model import Window, ZonedTime
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import Connective, DateRange, Duration, Months, NowNode, Period, SyntaxNode, Weekdays
from bot.schedule.resolving import points
from bot.schedule.resolving.context import PhraseContext, add_duration
from bot.schedule.resolving.point_parts import Point, classify


def context_from(ctx: PhraseContext, start: Point) -> PhraseContext:
    """Return the context as of the start of a window, so that its end is the next one after that."""
    start_context = replace(ctx, assumptions=ctx.assumptions)
    start_context.local_now = max(ctx.local_now, start.wall)
    return start_context


def window_of_days(ctx: PhraseContext, nodes: Sequence[SyntaxNode], duration: Duration) -> Window:
    if not nodes:
        if not duration.is_next or any(unit != "day" for _, unit in duration.amount):
            raise ParseError("That names a length, but no start.", duration, example="tomorrow 21:00 for 3 hours")
        first = ctx.today + timedelta(days=1)
    else:
        first = points.resolve_point(ctx, nodes, needs_time=False).wall.date()
    last = add_duration(datetime.combine(first, time()), duration.amount, 1, duration).date()
    return _day_window(ctx, first, last, (*nodes, duration))


def window_between_days(
    ctx: PhraseContext,
    start_nodes: Sequence[SyntaxNode],
    end_nodes: Sequence[SyntaxNode],
    connectives: Sequence[Connective],
) -> Window:
    """Resolve 10 August to 12 September; a year after the end applies to both."""
    if any(isinstance(node, NowNode) for node in start_nodes) or classify(start_nodes).from_now is not None:
        raise ParseError("At what time does it end?", *end_nodes)
    if any(isinstance(node, Months) for node in (*start_nodes, *end_nodes)):
        raise ParseError(
            "Say from which day to which.", *start_nodes, *end_nodes, example="1 March 21:00 to 3 March 06:00"
        )
    first = points.resolve_point(ctx, start_nodes, needs_time=False)
    last = points.resolve_point(context_from(ctx, first), end_nodes, needs_time=False)
    if last.wall < first.wall:
        raise ParseError("The end is not after the start.", *start_nodes, *end_nodes)
    return _day_window(
        ctx, first.wall.date(), last.wall.date() + timedelta(days=1), (*connectives, *start_nodes, *end_nodes)
    )


def window_of_day_range(
    ctx: PhraseContext, node: SyntaxNode, nodes: Sequence[SyntaxNode], connectives: Sequence[Connective]
) -> Window:
    """Resolve next week, the weekend, 13 to 15 July."""
    others = [other for other in nodes if other is not node]
    if others:
        raise ParseError("From when to when on those days?", *nodes, example="13 July 19:00 to 15 July 07:00")
    if isinstance(node, DateRange):
        first = _range_start(ctx, node)
        last = first.replace(day=node.last)
    elif isinstance(node, Weekdays):
        first = ctx.today + timedelta(days=(node.days[0] - ctx.today.weekday()) % 7)
        last = first + timedelta(days=len(node.days) - 1)
        if first == ctx.today or node.determiner:
            raise ParseError("Say the dates of those days.", node, example="13 July 19:00 to 15 July 07:00")
    else:
        assert isinstance(node, Period)
        first, last = _period_bounds(ctx, node)
    return _day_window(ctx, first, last + timedelta(days=1), (*connectives, node))


def _range_start(ctx: PhraseContext, node: DateRange) -> date:
    year = node.year or ctx.today.year
    first = date(year, node.month, node.first)
    if node.year is None and first < ctx.today:
        first = date(year + 1, node.month, node.first)
    return first


def _period_bounds(ctx: PhraseContext, node: Period) -> tuple[date, date]:
    """Return the first and last day of a week, weekend or year."""
    offset = node.offset or 0
    if node.unit == "year":
        start = date(ctx.today.year + offset, 1, 1)
        return start, date(start.year, 12, 31)
    monday = ctx.today + timedelta(days=7 * offset - ctx.today.weekday())
    if node.unit == "weekend":
        options = tuple((monday + timedelta(days=n)).isoformat() for n in (4, 5, 6))
        raise AmbiguityError("When does that weekend start?", options, node)
    return monday, monday + timedelta(days=6)


def _day_window(ctx: PhraseContext, first: date, end: date, nodes: Sequence[SyntaxNode]) -> Window:
    """Return a window of whole days, which ends at the midnight after the last; ask for the hours where it must run."""
    if first < ctx.today and end <= ctx.today:
        raise ParseError("That has passed.", *nodes)
    if not ctx.whole_days:
        start = max(first, ctx.today + timedelta(days=1)) if first < ctx.today else first
        whole = f"{start.isoformat()} 00:00 to {(end - timedelta(days=1)).isoformat()} 24:00"
        raise AmbiguityError("From when to when?", (whole, f"{start.isoformat()} 21:00"), *nodes)
    start_wall, end_wall = datetime.combine(first, time()), datetime.combine(end, time())
    return Window(
        start=ZonedTime(wall=start_wall, zone=ctx.zone), end=ZonedTime(wall=end_wall, zone=ctx.zone), grain="day"
    )
