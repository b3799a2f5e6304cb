"""Resolve the start and end of a series: starting, from, until, for 3 weeks, for 5 times."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.schedule.model import Series, ZonedTime
from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import CalendarDate, Months, Period, PeriodBoundary, SyntaxNode, TimeOfDay, Year
from bot.schedule.resolving import points
from bot.schedule.resolving.candidates import boundary_day
from bot.schedule.resolving.context import PhraseContext, add_duration, days_in_month, month_after
from bot.schedule.resolving.hours import resolve_without_daypart
from bot.schedule.resolving.point_parts import wall_time_on
from bot.schedule.resolving.recurring import SeriesParts


def resolve_series_start(ctx: PhraseContext, parts: SeriesParts) -> datetime | None:
    """Return the wall-clock start of a series, or None where none was named."""
    nodes = parts.start_nodes
    if nodes is None:
        return None
    if len(nodes) == 1 and isinstance(nodes[0], Months | Period | PeriodBoundary | Year):
        return datetime.combine(_first_day(ctx, nodes[0]), time())
    clocks = [node for node in nodes if isinstance(node, TimeOfDay)]
    timed = bool(clocks) and (bool(parts.clocks) or parts.is_sub_daily)
    day_nodes = [node for node in nodes if timed or not isinstance(node, TimeOfDay)]
    if (day := _full_date(day_nodes)) is None:
        return points.resolve_point(ctx, day_nodes, needs_time=False).wall
    return wall_time_on(day, resolve_without_daypart(ctx, clocks[0])) if timed else datetime.combine(day, time())


def bound_by_period(ctx: PhraseContext, parts: SeriesParts) -> None:
    """Take start and end from "every day next week at 22:00" and "tuesdays 22:00 this month"."""
    period = next((node for node in parts.selectors if isinstance(node, Period) and node.offset is not None), None)
    if period is None or period.unit == "weekend":
        return
    if parts.start_nodes is not None or parts.until_nodes is not None or parts.run_count is not None:
        raise ParseError("Two ends are named.", period)
    first, last = _days_of_period(ctx, period)
    parts.selectors.remove(period)
    parts.until_nodes = [CalendarDate(period.start, period.end, last.month, (last.day,), last.year)]
    if first > ctx.today:
        parts.start_nodes = [CalendarDate(period.start, period.end, first.month, (first.day,), first.year)]


def _days_of_period(ctx: PhraseContext, period: Period) -> tuple[date, date]:
    """Return the first and last day of a week, month or year, counted from the present one."""
    offset = period.offset or 0
    if period.unit == "week":
        monday = ctx.today + timedelta(days=7 * offset - ctx.today.weekday())
        return monday, monday + timedelta(days=6)
    if period.unit == "year":
        return date(ctx.today.year + offset, 1, 1), date(ctx.today.year + offset, 12, 31)
    year, month = month_after(ctx.today, offset)
    return date(year, month, 1), date(year, month, days_in_month(year, month))


def _full_date(nodes: Sequence[SyntaxNode]) -> date | None:
    """Return the date of a start that names its year. It may be past; the series is then counted from it."""
    dates = [node for node in nodes if isinstance(node, CalendarDate)]
    if len(dates) != 1 or dates[0].year is None or any(not isinstance(p, CalendarDate | TimeOfDay) for p in nodes):
        return None
    return date(dates[0].year, dates[0].month, dates[0].days[0])


def _first_day(ctx: PhraseContext, node: SyntaxNode) -> date:
    """Return the first day of a month, a year, next week and the like."""
    if isinstance(node, Months):
        return date(node.year or ctx.today.year + (node.months[0] < ctx.today.month), node.months[0], 1)
    if isinstance(node, Year):
        return date(node.year, 1, 1)
    assert isinstance(node, Period | PeriodBoundary)
    if isinstance(node, PeriodBoundary) and node.is_end:
        raise ParseError("Say which day that is.", node, example="every day at 21:00 starting 31 March")
    if isinstance(node, PeriodBoundary) and node.month:
        return boundary_day(ctx, node)
    offset = node.offset or 0
    if node.unit == "month":
        return date(*month_after(ctx.today, offset), 1)
    if node.unit == "year":
        return date(ctx.today.year + offset, 1, 1)
    monday = ctx.today + timedelta(days=7 * offset - ctx.today.weekday())
    return monday + timedelta(days=5 if node.unit == "weekend" else 0)


def with_end(ctx: PhraseContext, series: Series, parts: SeriesParts, start: datetime | None) -> Series:
    """Return the series with its end, if one was named."""
    start_wall = start or ctx.local_now.replace(second=0, microsecond=0)
    length = parts.duration if series.window is None else None
    ends = [node for node in (parts.run_count, length, *(parts.until_nodes or ())[:1]) if node is not None]
    if len(ends) > 1:
        raise ParseError("Two ends are named.", *ends)
    if length is not None:
        until = add_duration(start_wall, length.amount, 1, length)
    elif parts.until_nodes is not None:
        until = _resolve_until(ctx, parts.until_nodes, max(start_wall, ctx.local_now))
    else:
        return series
    bound = ZonedTime(wall=until, zone=ctx.zone)
    if bound.instant < series.first.instant:
        raise ParseError("The end comes before the first run.", *ends)
    return series.model_copy(update={"until": bound})


def _resolve_until(ctx: PhraseContext, nodes: Sequence[SyntaxNode], start: datetime) -> datetime:
    """Return the last time of a series: the end of a day, the start of a month ("until March"), or a time."""
    start_context = replace(ctx, assumptions=ctx.assumptions)
    start_context.local_now = start
    node = nodes[0]
    if len(nodes) == 1 and isinstance(node, PeriodBoundary):
        return datetime.combine(boundary_day(start_context, node), time(23, 59))
    if len(nodes) == 1 and isinstance(node, Months | Year | Period):
        day = _first_day(start_context, node)
        if isinstance(node, Months) and node.year is None and day <= start.date():
            day = day.replace(year=day.year + 1)
        ctx.add_assumption(f"The series ends at the start of {day:%-d %B %Y}.")
        return datetime.combine(day, time())
    point = points.resolve_point(start_context, nodes, needs_time=False)
    return datetime.combine(point.wall.date(), time(23, 59)) if point.grain == "day" else point.wall
