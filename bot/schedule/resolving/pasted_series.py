"""Build the series of a pasted rule."""

from datetime import time

from bot.schedule.calendar_names import WEEKDAYS
from bot.schedule.model import Series, ZonedTime
from bot.schedule.parsing.errors import ParseError
from bot.schedule.pasted import PastedRule
from bot.schedule.resolving.context import PhraseContext
from bot.schedule.resolving.series import anchor


def build_pasted_series(ctx: PhraseContext, pasted: PastedRule) -> Series:
    """Return the series of a rule, from its start or from now on."""
    rule = pasted.rule
    if rule.interval > 1 and rule.freq not in ("hourly", "minutely") and pasted.start is None:
        ctx.add_assumption("The rule names no start, so it is counted from its next run.")
    series = anchor(ctx, rule, pasted.start, pasted.count)
    if pasted.until is not None:
        until = ZonedTime(wall=pasted.until, zone=ctx.zone)
        if until.instant < series.first.instant:
            raise ParseError("The end comes before the first run.")
        series = series.model_copy(update={"until": until})
    if pasted.excluded:
        series = series.model_copy(update={"excluded": tuple(sorted(set(pasted.excluded)))})
    if rule.times == (time(),) and rule.freq == "weekly" and pasted.source == "a cron line":
        names = " and ".join(WEEKDAYS[day.day].capitalize() for day in rule.weekdays)
        ctx.add_assumption(f"00:00 is the midnight at which {names} starts.")
    ctx.add_assumption(f"This was read from {pasted.source}.")
    return series
