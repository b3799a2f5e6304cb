"""Move the runs of "the first business day of every month" that holidays would put on the wrong day."""

from dataclasses import replace
from datetime import date

from bot.schedule.model import Series
from bot.schedule.parsing.nodes import Workdays
from bot.schedule.resolving.context import PhraseContext, month_after
from bot.schedule.resolving.counted_days import counted_day
from bot.schedule.resolving.exclusions import add_dates
from bot.schedule.resolving.recurring import SeriesParts

_MONTHS_CHECKED = 24
"""Number of months whose holidays are taken into account."""


def with_holidays(ctx: PhraseContext, series: Series, parts: SeriesParts) -> Series:
    """Return the series with each run on its business day. What holidays change is kept as single dates."""
    node = next((part for part in parts.selectors if isinstance(part, Workdays) and part.has_holidays), None)
    if node is None:
        return series
    months = [month_after(ctx.today, offset) for offset in range(_MONTHS_CHECKED)]
    months = [month for month in months if not series.rule.months or month[1] in series.rule.months]
    by_rule = {day for month in months for day in _workdays(ctx, replace(node, has_holidays=False), *month)}
    actual = {day for month in months for day in _workdays(ctx, node, *month)}
    last = max(actual)
    doubt = ctx.preferences.holidays.doubt(last)
    ctx.add_assumption(doubt or f"Holidays are taken into account until {last:%B %Y}.")
    end = series.until.wall.date() if series.until else date.max
    excluded = {day for day in by_rule - actual if series.first.wall.date() <= day <= end}
    series = series.model_copy(update={"excluded": tuple(sorted({*series.excluded, *excluded}))})
    return add_dates(ctx, series, {*series.added, *(day for day in actual - by_rule if day <= end)})


def _workdays(ctx: PhraseContext, node: Workdays, year: int, month: int) -> set[date]:
    days = (counted_day(ctx, replace(node, nths=(nth,)), year, month) for nth in node.nths)
    return {day for day in days if day is not None}
