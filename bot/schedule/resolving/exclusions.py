"""Resolve "except": weekdays, months, the nth weekday of a month, and single dates that a series leaves out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.schedule.model import RecurrenceRule, Series
from bot.schedule.occurrences import next_runs, resolve_wall_time
from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import (
    CalendarDate,
    DateRange,
    DateSpan,
    EasterDay,
    Months,
    NthWeekdays,
    RelativeDay,
    SyntaxNode,
    Weekdays,
)
from bot.schedule.resolving.candidates import candidate_days
from bot.schedule.resolving.context import PhraseContext
from bot.schedule.resolving.recurring import SeriesParts

_LONGEST_SPAN = 62
_CANNOT = "Those days cannot be left out of this series."


def remaining_selectors(parts: SeriesParts) -> list[SyntaxNode]:
    """Return the selectors of days without the weekdays of "except"."""
    weekdays = [node for node in parts.excluded if isinstance(node, Weekdays) and not node.determiner]
    if not weekdays:
        return parts.selectors
    excluded = {day for node in weekdays for day in node.days}
    kept = tuple(day for day in range(7) if day not in excluded)
    weekly = [node for node in parts.selectors if isinstance(node, Weekdays)]
    if weekly:
        kept = tuple(day for day in weekly[0].days if day not in excluded)
    daily = all(every.freq in (None, "daily", "weekly") and every.interval == 1 for every in parts.recurrences)
    if not kept or not daily or len(weekly) != len(parts.selectors):
        raise ParseError(_CANNOT, *parts.excluded)
    first = parts.excluded[0]
    return [Weekdays(first.start, first.end, kept, plural=True)]


def without_excluded_parts(rule: RecurrenceRule, parts: SeriesParts) -> RecurrenceRule:
    """Return the rule without the months and the nth weekdays of "except"."""
    counted = [node for node in parts.excluded if isinstance(node, NthWeekdays)]
    months = {month for node in parts.excluded if isinstance(node, Months) and not node.year for month in node.months}
    if months and (counted or rule.freq not in ("daily", "weekly", "monthly") or rule.interval > 1):
        raise ParseError(_CANNOT, *parts.excluded)
    if months:
        kept = tuple(month for month in rule.months or range(1, 13) if month not in months)
        if not kept:
            raise ParseError("That never happens.", *parts.excluded)
        return rule.model_copy(update={"months": kept})
    if not counted:
        return rule
    nths = tuple(nth for node in counted for nth in node.nths)
    same_day = {node.day for node in counted} == {day.day for day in rule.weekdays} and not any(
        node.month for node in counted
    )
    in_order = all(nth in range(1, 5) for nth in nths) or nths == (-1,)
    if (rule.freq, rule.interval, len(rule.weekdays)) != ("weekly", 1, 1) or not same_day or not in_order:
        raise ParseError(_CANNOT, *parts.excluded)
    return rule.model_copy(update={"freq": "monthly", "monthdays": _days_outside(nths)})


def _days_outside(nths: Sequence[int]) -> tuple[int, ...]:
    """Return the days of a month that are not in its nth weeks; counted from its end for the last."""
    if nths == (-1,):
        return tuple(range(-8, -32, -1))
    inside = {day for nth in nths for day in range(7 * nth - 6, 7 * nth + 1)}
    return tuple(day for day in range(1, 32) if day not in inside)


def with_excluded_dates(ctx: PhraseContext, series: Series, parts: SeriesParts) -> Series:
    """Return the series without the dates of "except". A date that is no day of the series is rejected."""
    dated = [node for node in parts.excluded if _names_dates(node)]
    if ignored := [node for node in parts.excluded if isinstance(node, Months) and node.year]:
        raise ParseError(_CANNOT, *ignored)
    excluded: list[date] = []
    for node in dated:
        days = [day for day in _dates_of(ctx, series, node) if _has_run(series, day)]
        if not days:
            raise ParseError("There is no run on that day anyway.", node)
        excluded += days
        if isinstance(node, DateSpan):
            ctx.add_assumption(f"There is no run from {days[0]:%-d %B %Y} to {days[-1]:%-d %B %Y}.")
        elif not getattr(node, "year", None):
            ctx.add_assumption(f"There is no run on {', '.join(f'{day:%-d %B %Y}' for day in days)}.")
    if not excluded:
        return series
    shorter = series.model_copy(update={"excluded": tuple(sorted(set(excluded)))})
    first = next_runs(shorter, series.first.instant - timedelta(minutes=1), 1)
    if not first:
        raise ParseError("That never happens.", *dated)
    starting = series.starting or (first[0].wall.date() if series.rule.interval > 1 else None)
    return shorter.model_copy(update={"first": series.first, "starting": starting})


def with_added_dates(ctx: PhraseContext, series: Series, parts: SeriesParts) -> Series:
    """Return the series with the dates of "and also on", which must be other days than those of the rule."""
    days = [day for node in parts.added for day in _dates_of(ctx, series, node, ctx.local_now)]
    for day in days:
        if series.rule.times and datetime.combine(day, max(series.rule.times)) <= ctx.local_now:
            raise ParseError(f"{day:%-d %B %Y} has passed.", *parts.added)
        if not series.rule.times or _has_run(series, day):
            raise ParseError(f"{day:%-d %B %Y} cannot be added to this series.", *parts.added)
    return add_dates(ctx, series, days)


def add_dates(ctx: PhraseContext, series: Series, days: Iterable[date]) -> Series:
    """Return the series with more days; it begins on the first of them that comes before its first run."""
    coming = sorted({day for day in days if datetime.combine(day, max(series.rule.times)) > ctx.local_now})
    if not coming:
        return series
    walls = [datetime.combine(coming[0], at) for at in series.rule.times]
    first = min(wall for wall in walls if wall > ctx.local_now)
    begun = resolve_wall_time(first, series.zone) if first < series.first.wall else series.first
    return series.model_copy(update={"added": tuple(coming), "first": begun})


def _names_dates(node: SyntaxNode) -> bool:
    is_one_day = isinstance(node, Weekdays) and bool(node.determiner)
    return is_one_day or isinstance(node, CalendarDate | DateRange | DateSpan | RelativeDay | EasterDay)


def _dates_of(ctx: PhraseContext, series: Series, node: SyntaxNode, since: datetime | None = None) -> Iterator[date]:
    """Yield the dates of a node, the next ones from the first run of the series on, or from ``since``."""
    start = replace(ctx, assumptions=ctx.assumptions)
    start.local_now = since or max(ctx.local_now, datetime.combine(series.first.wall.date(), time()))
    numbers: Sequence[int] = ()
    if isinstance(node, DateSpan):
        yield from _days_of_span(start, node)
        return
    if isinstance(node, CalendarDate):
        numbers = node.days
    elif isinstance(node, DateRange):
        numbers = range(node.first, node.last + 1)
    for number in numbers:
        assert isinstance(node, CalendarDate | DateRange)
        one = CalendarDate(node.start, node.end, node.month, (number,), node.year)
        yield from _first_of(start, one)
    if not numbers:
        yield from _first_of(ctx, node)


def _days_of_span(ctx: PhraseContext, node: DateSpan) -> Iterator[date]:
    (first,) = _first_of(ctx, node.first)
    after = replace(ctx, assumptions=ctx.assumptions)
    after.local_now = datetime.combine(first, time())
    (last,) = _first_of(after, node.last)
    if not 0 <= (last - first).days <= _LONGEST_SPAN:
        raise ParseError(f"At most {_LONGEST_SPAN} days in a row can be left out.", node)
    yield from (first + timedelta(days=n) for n in range((last - first).days + 1))


def _first_of(ctx: PhraseContext, node: SyntaxNode) -> tuple[date, ...]:
    days = candidate_days(ctx, [node])
    return days.dates[:1] if days is not None else ()


def _has_run(series: Series, day: date) -> bool:
    """Tell whether the series runs on a day of its zone."""
    midnight = series.first.model_copy(update={"wall": datetime.combine(day, time()), "fold": 0})
    run = next(iter(next_runs(series, midnight.instant - timedelta(minutes=1), 1)), None)
    return run is not None and run.wall.date() == day
