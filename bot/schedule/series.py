"""Series: the pieces of a recurring phrase put together into a rule with its first run and its bounds."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from bot.schedule.bounds import Start, bounded, start_of_series
from bot.schedule.context import Context, hours_of, in_dates
from bot.schedule.hours import hour_of
from bot.schedule.model import Moment, Rule, Series
from bot.schedule.occurrences import next_runs, occurrences
from bot.schedule.pairs import pair
from bot.schedule.pieces import Clock, Every, Piece, Sure, Weekdays
from bot.schedule.problems import Ask, Unread
from bot.schedule.recurring import Recurring, sort, working_week
from bot.schedule.rules import rule_of

_LONG = timedelta(hours=8)
"""A daily window longer than this may as well mean "every hour from .. to", so it is asked about."""


def series(ctx: Context, pieces: Sequence[Piece]) -> Series:
    """The series that the pieces mean."""
    found = sort(pieces)
    if not found.every:
        if found.part is not None and found.part.plural:
            found.every.append(Every(found.part.start, found.part.end, "daily"))
        elif working_week(pieces) and not any(isinstance(p, Weekdays) and p.plural for p in pieces):
            ctx.note("Monday to Friday was read as those days of every week.")
    start = start_of_series(ctx, found)
    times, window = _times(ctx, found)
    rule = rule_of(ctx, found.every, _without(found), times, found.minutes)
    rule, window = _stepped(rule, window, found)
    _complete(ctx, rule, found, pieces)
    made = _anchored(ctx, rule, start, found.times.count if found.times else None)
    return bounded(ctx, made.model_copy(update={"window": window}), found, start)


def _without(found: Recurring) -> list[Piece]:
    """The selectors, with the days of "except" taken out of every day."""
    if not found.left_out:
        return found.selectors
    out = {day for piece in found.left_out if isinstance(piece, Weekdays) for day in piece.days}
    kept = tuple(day for day in range(7) if day not in out)
    weekly = [piece for piece in found.selectors if isinstance(piece, Weekdays)]
    if weekly:
        kept = tuple(day for day in weekly[0].days if day not in out)
    daily = all(every.freq in (None, "daily", "weekly") and every.interval == 1 for every in found.every)
    if not kept or not daily or len(weekly) != len(found.selectors):
        raise Unread("Those days cannot be left out of this series.", *found.left_out)
    first = found.left_out[0]
    return [Weekdays(first.start, first.end, kept, plural=True)]


def _times(ctx: Context, found: Recurring) -> tuple[tuple[time, ...], int | None]:
    """The times of day, and how many minutes each run may start late."""
    if not found.clocks and found.part is None and not found.by_the_hour:
        for spec in (found.start, found.until):
            clocks = [piece for piece in spec or () if isinstance(piece, Clock)]
            if clocks and spec is not None:
                found.clocks, spec[:] = clocks, [piece for piece in spec if piece not in clocks]
                break
    if found.ends:
        return _range(ctx, found)
    _agree(found.clocks)
    times = tuple(sorted({_time(ctx, clock, found) for clock in found.clocks}))
    if not found.clocks and found.part is not None:
        hour_of(ctx, None, found.part, None)
    window = _span_minutes(found)
    return times, window


def _agree(clocks: list[Clock]) -> None:
    """In "10, 12 and 17" the 17 says that all three are on the 24-hour clock; so does 08:30 for 10."""
    written = any(clock.sure == Sure.FIXED and clock.hour > 12 and not clock.half for clock in clocks)
    if written and not any(clock.half for clock in clocks):
        for clock in clocks:
            clock.sure = max(clock.sure, Sure.WRITTEN)


def _time(ctx: Context, clock: Clock, found: Recurring) -> time:
    if clock.midnight:
        if found.selectors:
            ask = "Is that the midnight at which the day starts, or at which it ends?"
            raise Ask(ask, ("at 00:00", "at 23:59"), clock, *found.selectors, replace=(clock,))
        return time()
    if found.part is not None and found.part.name == "night" and clock.sure == Sure.FIXED and clock.hour < 6:
        return time(clock.hour, clock.minute, clock.second)
    hour = hour_of(ctx, clock, found.part, None)
    assert hour is not None
    if hour.hour == 24 or hour.fold is not None:
        raise Unread("That time cannot recur.", clock)
    return time(hour.hour, hour.minute, hour.second)


def _span_minutes(found: Recurring) -> int | None:
    """The minutes of "for 3 hours"; lengths of days or more are bounds of the series."""
    if found.span is None or in_dates(found.span.amount) or (found.by_the_hour and not found.clocks):
        return None
    minutes = hours_of(found.span.amount).total_seconds() / 60
    short = all(unit in ("hour", "minute") for _, unit in found.span.amount)
    if found.span.coming or not short or minutes < 1 or minutes != int(minutes):
        raise Unread("That is no length for each run.", found.span, example="every day at 21:00 for 3 hours")
    if not found.clocks:
        raise Unread("A length needs a time to start at.", found.span, example="every day at 21:00 for 3 hours")
    return int(minutes)


def _range(ctx: Context, found: Recurring) -> tuple[tuple[time, ...], int]:
    """The start of "from 21:00 to 23:00" and its length in minutes."""
    if len(found.clocks) != 1 or len(found.ends) != 1 or found.span is not None:
        raise Unread("Say one stretch of hours.", *found.clocks, *found.ends)
    first, last = found.clocks[0], found.ends[0]
    if found.part is None and found.end_day is None:
        first, last = pair(first, last)
    begin = _time(ctx, first, found)
    end = time() if last.midnight or last.hour == 24 else _time(ctx, last, found)
    length = (datetime.combine(date.min, end) - datetime.combine(date.min, begin)).seconds // 60 or 24 * 60
    return (begin,), length + _days_between(found, begin, end) * 24 * 60


def _days_between(found: Recurring, begin: time, end: time) -> int:
    """The whole days in "friday 22:00 to saturday 02:00", beside the hours."""
    if found.end_day is None:
        return 0
    days = found.selectors[0].days if found.selectors and isinstance(found.selectors[0], Weekdays) else ()
    if len(found.selectors) != 1 or len(days) != 1 or found.end_day.which:
        raise Unread("An end on another day needs one day to start on.", found.end_day)
    apart = (found.end_day.days[0] - days[0]) % 7
    if end > begin:
        return apart
    return (apart - 1) % 7


def _stepped(rule: Rule, window: int | None, found: Recurring) -> tuple[Rule, int | None]:
    """ "Every 2 hours from 8:00 to 17:00" is a list of times on each day."""
    if rule.freq not in ("hourly", "minutely"):
        if found.minutes is not None:
            raise Unread("Minutes alone need 'every hour'.", found.minutes, example="every hour at minute 15")
        long = found.ends and window is not None and timedelta(minutes=window) > _LONG
        if long and rule.times:
            first, last = found.clocks[0], found.ends[0]
            hours = (window or 0) // 60
            stretch = f"{rule.times[0]:%H:%M} to {last.hour:02}:{last.minute:02}"
            options = (f"at {rule.times[0]:%H:%M} for {hours} hours", f"every hour from {stretch}")
            raise Ask("One run that may start in all these hours, or one every hour?", options, first, last)
        return rule, window
    if found.clocks and not found.ends:
        raise Unread("A series by the hour names no time of day.", *found.clocks, example="every 2 hours")
    if not found.ends:
        return rule, None
    if found.minutes is not None or rule.freq == "minutely":
        raise Unread("Say the times one by one.", *found.clocks, *found.ends, example="every day at 09:00 and 15:00")
    opening = datetime.combine(date(2000, 1, 1), rule.times[0])
    steps = (window or 0) // (60 * rule.interval)
    times = tuple(sorted((opening + timedelta(hours=rule.interval * n)).time() for n in range(steps + 1)))
    freq = "weekly" if rule.weekdays else "daily"
    return rule.model_copy(update={"freq": freq, "interval": 1, "times": times}), None


def _complete(ctx: Context, rule: Rule, found: Recurring, pieces: Sequence[Piece]) -> None:
    """Ask for the day or the time that the rule lacks; whole days may be asked for without a time."""
    if ctx.whole_days or rule.freq in ("hourly", "minutely"):
        return
    days = (*found.every, *found.selectors)
    last = (found.every or found.selectors or list(pieces))[-1]
    chosen = rule.weekdays or rule.monthdays or rule.yeardays
    if rule.freq == "weekly" and not chosen:
        raise Ask("On which day of the week?", (" on Saturday", " on Sunday"), *days, after=last)
    if rule.freq == "monthly" and not chosen:
        raise Ask("On which day of the month?", (" on the 1st", " on the last Sunday"), *days, after=last)
    if rule.freq == "yearly" and not chosen:
        raise Ask("On which day of the year?", (" on 1 January", " on 1 July"), *days, after=last)
    if not rule.times:
        end = max(pieces, key=lambda piece: piece.end)
        raise Ask("At what time?", (" at 09:00", " at 21:00"), *days, after=end if found.until is None else last)


def _anchored(ctx: Context, rule: Rule, start: Start | None, count: int | None) -> Series:
    """The series from its first run on: the first time that fits after now, or after the start that was named."""
    begin = start.wall if start is not None else _soonest(ctx, rule)
    once_each = rule.model_copy(update={"interval": 1})
    opened = Series(rule=once_each, zone=ctx.zone, first=Moment(wall=begin, zone=ctx.zone))
    runs = next_runs(opened, opened.first.instant - timedelta(minutes=1), 1)
    if not runs:
        raise Unread("That never happens.")
    counted = rule.interval > 1 or rule.freq in ("hourly", "minutely") or count is not None
    starting = start.wall.date() if start is not None else runs[0].wall.date() if counted else None
    made = Series(rule=rule, zone=ctx.zone, first=runs[0], starting=starting, count=count)
    return made if start is None or made.first.instant > ctx.now else _resumed(ctx, made)


def _soonest(ctx: Context, rule: Rule) -> datetime:
    """The next minute; for a series by the hour without its minute the next full hour."""
    minute = ctx.local.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if rule.freq == "hourly":
        return (minute - timedelta(minutes=1)).replace(minute=0) + timedelta(hours=1)
    if rule.freq == "minutely" and 60 % rule.interval == 0:
        return minute + timedelta(minutes=-minute.minute % rule.interval)
    return minute


def _resumed(ctx: Context, series: Series) -> Series:
    """A series whose start has passed: its next run, counted from that start."""
    ctx.note(f"The start, {series.first.wall:%-d %B %Y}, has passed; the runs are counted from it.")
    runs = next_runs(series, ctx.now, 1)
    if not runs:
        raise Unread("All runs of that series have passed.")
    left = series.count
    if left is not None:
        left -= sum(1 for _ in takewhile(lambda run: run.instant <= ctx.now, occurrences(series)))
    return series.model_copy(update={"first": runs[0], "count": left})
