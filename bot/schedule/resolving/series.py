"""Build a series from the nodes of a recurring phrase: its rule, its first run and its bounds."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from bot.schedule.calendar_names import WEEKDAYS
from bot.schedule.model import Frequency, RecurrenceRule, Series, Weekday, ZonedTime
from bot.schedule.occurrences import next_runs, occurrences
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import (
    AmbiguousDate,
    CalendarDate,
    Duration,
    HourCertainty,
    MonthDays,
    NthWeekdays,
    Recurrence,
    RelativeDay,
    SyntaxNode,
    TimeOfDay,
    Weekdays,
)
from bot.schedule.resolving.bounds import bound_by_period, resolve_series_start, with_end
from bot.schedule.resolving.context import PhraseContext, clock_part, is_calendar_duration
from bot.schedule.resolving.exclusions import (
    remaining_selectors,
    with_added_dates,
    with_excluded_dates,
    without_excluded_parts,
)
from bot.schedule.resolving.holiday_moves import with_holidays
from bot.schedule.resolving.hours import resolve_hour
from bot.schedule.resolving.pairs import half_day_ranges, resolve_pair
from bot.schedule.resolving.recurring import SeriesParts, classify, is_working_week
from bot.schedule.resolving.rules import build_rule

_UNCHOSEN_DAYS: dict[Frequency, tuple[str, tuple[str, ...]]] = {
    "weekly": ("On which day of the week?", (" on Saturday", " on Sunday")),
    "monthly": ("On which day of the month?", (" on the 1st", " on the last Sunday")),
    "yearly": ("On which day of the year?", (" on 1 January", " on 1 July")),
}
_NAMES_A_DAY = (CalendarDate, AmbiguousDate, RelativeDay, Weekdays, MonthDays)
_LAST_COMMON_DAY = 28
"""The last day of the month that every month has."""
_END_OF_NIGHT = 6
_LONG_WINDOW = timedelta(hours=8)
"""A daily window longer than this may mean "every hour from .. to", so that is asked."""


def build_series(ctx: PhraseContext, nodes: Sequence[SyntaxNode]) -> Series:
    """Return the series that the nodes mean."""
    parts = classify(nodes)
    if not parts.recurrences:
        if parts.daypart is not None and parts.daypart.plural:
            parts.recurrences.append(Recurrence(parts.daypart.start, parts.daypart.end, "daily"))
        elif is_working_week(nodes) and not any(isinstance(p, Weekdays) and p.plural for p in nodes):
            ctx.add_assumption("Monday to Friday was read as those days of every week.")
    bound_by_period(ctx, parts)
    start = resolve_series_start(ctx, parts)
    times, window = _resolve_times(ctx, parts)
    rule = build_rule(ctx, parts.recurrences, remaining_selectors(parts), times, parts.minutes)
    rule, window = _expand_hours(rule, window, parts)
    rule = _with_day_of_start(without_excluded_parts(rule, parts), parts, start)
    _require_complete(ctx, rule, parts, nodes)
    series = anchor(ctx, rule, start, parts.run_count.count if parts.run_count else None)
    if window is not None:
        # A length is real time, an end is a time on the clock.
        series = series.model_copy(update={"window": window, "ends_by_clock": parts.duration is None})
    series = with_end(ctx, series, parts, start)
    series = with_added_dates(ctx, with_excluded_dates(ctx, series, parts), parts)
    return with_holidays(ctx, series, parts)


def _with_day_of_start(rule: RecurrenceRule, parts: SeriesParts, start: datetime | None) -> RecurrenceRule:
    """Take the day that the phrase does not name from the date that the series starts on."""
    chosen = rule.weekdays or rule.monthdays or rule.yeardays or rule.weeks
    names_day = parts.start_nodes and any(isinstance(node, _NAMES_A_DAY) for node in parts.start_nodes)
    if start is None or chosen or not names_day:
        return rule
    if rule.freq == "weekly":
        return rule.model_copy(update={"weekdays": (Weekday(day=start.weekday()),)})
    if rule.freq == "monthly" and start.day <= _LAST_COMMON_DAY:
        return rule.model_copy(update={"monthdays": (start.day,)})
    if rule.freq == "yearly" and not rule.months and start.day <= _LAST_COMMON_DAY:
        return rule.model_copy(update={"months": (start.month,), "monthdays": (start.day,)})
    return rule


def _resolve_times(ctx: PhraseContext, parts: SeriesParts) -> tuple[tuple[time, ...], int | None]:
    """Return the times of day, and how many minutes late each run may start."""
    if not parts.clocks and parts.daypart is None and not parts.is_sub_daily:
        for bound_nodes in (parts.start_nodes, parts.until_nodes):
            clocks = [node for node in bound_nodes or () if isinstance(node, TimeOfDay)]
            if clocks and bound_nodes is not None:
                parts.clocks, bound_nodes[:] = clocks, [node for node in bound_nodes if node not in clocks]
                break
    if parts.end_clocks:
        return _time_range(ctx, parts)
    _share_24h_clock(parts.clocks)
    times = tuple(sorted({_resolve_time(ctx, clock, parts) for clock in parts.clocks}))
    if not parts.clocks and parts.daypart is not None:
        resolve_hour(ctx, None, parts.daypart, None)
    window = _window_minutes(parts)
    return times, window


def _share_24h_clock(clocks: list[TimeOfDay]) -> None:
    """Read all times on the 24-hour clock if one of them is: the 17 in "10, 12 and 17", 08:30 beside 10."""
    written = any(
        clock.certainty == HourCertainty.CERTAIN and clock.hour > 12 and not clock.has_meridiem for clock in clocks
    )
    if written and not any(clock.has_meridiem for clock in clocks):
        for clock in clocks:
            clock.certainty = max(clock.certainty, HourCertainty.LIKELY)


def _resolve_time(ctx: PhraseContext, clock: TimeOfDay, parts: SeriesParts) -> time:
    if clock.is_midnight:
        if parts.selectors:
            question = "Is that the midnight at which the day starts, or at which it ends?"
            raise AmbiguityError(question, ("at 00:00", "at 23:59"), clock, *parts.selectors, replace=(clock,))
        return time()
    if clock.certainty == HourCertainty.CERTAIN and clock.hour < _END_OF_NIGHT:
        _ask_about_hour_of_night(clock, parts)
        if parts.daypart is not None and parts.daypart.name == "night":
            return time(clock.hour, clock.minute, clock.second)
    hour = resolve_hour(ctx, clock, parts.daypart, None)
    assert hour is not None
    if hour.hour == 24 or hour.fold is not None:
        raise ParseError("That time cannot recur.", clock)
    return time(hour.hour, hour.minute, hour.second)


def _ask_about_hour_of_night(clock: TimeOfDay, parts: SeriesParts) -> None:
    """Ask whether the 2am of "friday nights 2am" is on Fridays or on the days after."""
    days = next((node for node in parts.selectors if isinstance(node, Weekdays | NthWeekdays)), None)
    is_night = parts.daypart is not None and parts.daypart.name == "night"
    if days is None or not (is_night or (isinstance(days, Weekdays) and days.has_nights)):
        return
    if not isinstance(days, Weekdays):
        raise ParseError("Say the day on which that hour falls.", clock, example="every sunday at 02:00")
    texts = (" and ".join(f"{WEEKDAYS[(day + shift) % 7]}s" for day in days.days) for shift in (1, 0))
    nodes = (days, parts.daypart) if parts.daypart is not None else (days,)
    raise AmbiguityError("Is that hour on those days, or on the days after?", tuple(texts), *nodes)


def _window_minutes(parts: SeriesParts) -> int | None:
    """Return the minutes of "for 3 hours"; durations of days or more are bounds of the series."""
    if parts.duration is None or is_calendar_duration(parts.duration.amount):
        return None
    if parts.is_sub_daily and not parts.clocks:
        return _sub_daily_window(parts, parts.duration)
    minutes = clock_part(parts.duration.amount).total_seconds() / 60
    short = all(unit in ("hour", "minute") for _, unit in parts.duration.amount)
    if parts.duration.is_next or not short or minutes < 1 or minutes != int(minutes):
        raise ParseError("That is no length for each run.", parts.duration, example="every day at 21:00 for 3 hours")
    if not parts.clocks:
        raise ParseError("A length needs a time to start at.", parts.duration, example="every day at 21:00 for 3 hours")
    return int(minutes)


def _sub_daily_window(parts: SeriesParts, duration: Duration) -> int | None:
    """Return the length of each run of "every hour for 50 minutes"; a longer one ends the series (None)."""
    minutes = clock_part(duration.amount).total_seconds() / 60
    every = next(node for node in parts.recurrences if node.freq in ("hourly", "minutely"))
    fits = minutes <= every.interval * (60 if every.freq == "hourly" else 1)
    return int(minutes) if fits and 1 <= minutes == int(minutes) and not duration.is_next else None


def _time_range(ctx: PhraseContext, parts: SeriesParts) -> tuple[tuple[time, ...], int]:
    """Return the start of "from 21:00 to 23:00" and its length in minutes."""
    if len(parts.clocks) != 1 or len(parts.end_clocks) != 1 or parts.duration is not None:
        raise ParseError("Say one stretch of hours.", *parts.clocks, *parts.end_clocks)
    first, last = parts.clocks[0], parts.end_clocks[0]
    if parts.daypart is None and parts.end_weekday is None:
        options = () if ctx.preferences.uses_24h_clock else half_day_ranges(first, last, "to")
        if options:
            between = SyntaxNode(first.end, last.start)
            raise AmbiguityError("In the first or the second half of the day?", options, first, between, last)
        first, last = resolve_pair(first, last)
    start = _resolve_time(ctx, first, parts)
    end = time() if last.is_midnight or last.hour == 24 else _resolve_time(ctx, last, parts)
    length = (datetime.combine(date.min, end) - datetime.combine(date.min, start)).seconds // 60 or 24 * 60
    return (start,), length + _whole_days_between(parts, start, end) * 24 * 60


def _whole_days_between(parts: SeriesParts, start: time, end: time) -> int:
    """Return the whole days in "friday 22:00 to saturday 02:00", without the hours."""
    if parts.end_weekday is None:
        return 0
    days = parts.selectors[0].days if parts.selectors and isinstance(parts.selectors[0], Weekdays) else ()
    if len(parts.selectors) != 1 or len(days) != 1 or parts.end_weekday.determiner:
        raise ParseError("An end on another day needs one day to start on.", parts.end_weekday)
    apart = (parts.end_weekday.days[0] - days[0]) % 7
    if end > start:
        return apart
    return (apart - 1) % 7


def _expand_hours(rule: RecurrenceRule, window: int | None, parts: SeriesParts) -> tuple[RecurrenceRule, int | None]:
    """Turn "every 2 hours from 8:00 to 17:00" into a list of times on each day."""
    if rule.freq not in ("hourly", "minutely"):
        if parts.minutes is not None:
            raise ParseError("Minutes alone need 'every hour'.", parts.minutes, example="every hour at minute 15")
        long = (
            parts.end_clocks
            and parts.end_weekday is None
            and window is not None
            and timedelta(minutes=window) > _LONG_WINDOW
        )
        if long and rule.times:
            first, last = parts.clocks[0], parts.end_clocks[0]
            length = window or 0
            lasting = f"{length // 60} hours" if length % 60 == 0 else f"{length} minutes"
            stretch = f"{rule.times[0]:%H:%M} to {last.hour:02}:{last.minute:02}"
            options: tuple[str, ...] = (f"at {rule.times[0]:%H:%M} for {lasting}", f"every hour from {stretch}")
            if length % (24 * 60) == 0:
                options = options[:1]
            nodes = [first, SyntaxNode(first.end, last.start), last]
            if not parts.selectors and len(parts.recurrences) == 1 and parts.recurrences[0].freq == "daily":
                every = parts.recurrences[0]
                nodes += [every, *([SyntaxNode(every.end, first.start)] if every.end < first.start else [])]
                options = (f"every day {options[0]}", *options[1:])
            question = "One run that may start in all these hours, or one every hour?"
            raise AmbiguityError(question, options, *nodes, accepts_one=True)
        return rule, window
    if parts.clocks and not parts.end_clocks:
        raise ParseError("A series by the hour names no time of day.", *parts.clocks, example="every 2 hours")
    if not parts.end_clocks:
        return rule, window
    if parts.minutes is not None or rule.freq == "minutely":
        raise ParseError(
            "Say the times one by one.", *parts.clocks, *parts.end_clocks, example="every day at 09:00 and 15:00"
        )
    opening = datetime.combine(date(2000, 1, 1), rule.times[0])
    steps = (window or 0) // (60 * rule.interval)
    times = tuple(sorted({(opening + timedelta(hours=rule.interval * n)).time() for n in range(steps + 1)}))
    freq = "weekly" if rule.weekdays else "daily"
    return rule.model_copy(update={"freq": freq, "interval": 1, "times": times}), None


def _require_complete(
    ctx: PhraseContext, rule: RecurrenceRule, parts: SeriesParts, nodes: Sequence[SyntaxNode]
) -> None:
    """Ask for the day or the time that the rule lacks; with ``whole_days`` it may lack both."""
    if ctx.whole_days or rule.freq in ("hourly", "minutely"):
        return
    days = (*parts.recurrences, *parts.selectors)
    last = (parts.recurrences or parts.selectors or list(nodes))[-1]
    chosen = rule.weekdays or rule.monthdays or rule.yeardays
    if not chosen and rule.freq in _UNCHOSEN_DAYS:
        question, options = _UNCHOSEN_DAYS[rule.freq]
        if rule.freq == "weekly" and rule.times:
            options = tuple(dict.fromkeys((f" on {ctx.today:%A}", *options)))
        if not rule.times:
            options = tuple(f"{option}{time}" for option in options for time in ctx.time_options)
        raise AmbiguityError(question, options, *days, insert_after=last)
    if not rule.times:
        place = nodes[-1] if parts.until_nodes is None else last
        raise AmbiguityError("At what time?", ctx.time_options, *days, insert_after=place, time_after=place)


def anchor(ctx: PhraseContext, rule: RecurrenceRule, start: datetime | None, count: int | None) -> Series:
    """Return the series from its first run on: the first that fits after now, or after the named start."""
    start_wall = start or _earliest_start(ctx, rule)
    once_each = rule.model_copy(update={"interval": 1}) if rule.interval > 1 else rule
    opened = Series(rule=once_each, zone=ctx.zone, first=ZonedTime(wall=start_wall, zone=ctx.zone))
    runs = next_runs(opened, opened.first.instant - timedelta(minutes=1), 1)
    if not runs:
        raise ParseError("That never happens.")
    counted = rule.interval > 1 or rule.freq in ("hourly", "minutely") or count is not None
    starting = runs[0].wall.date() if start is not None or counted else None
    if start is not None and start.time() == time():
        starting = start.date()
    series = Series(rule=rule, zone=ctx.zone, first=runs[0], starting=starting, count=count)
    return series if series.first.instant > ctx.now else _skip_past_runs(ctx, series)


def _earliest_start(ctx: PhraseContext, rule: RecurrenceRule) -> datetime:
    """Return the next minute; for an hourly series the next full hour."""
    minute = ctx.local_now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if rule.freq == "hourly" and not (rule.minutes and rule.interval == 1):
        return (minute - timedelta(minutes=1)).replace(minute=0) + timedelta(hours=1)
    if rule.freq == "minutely" and 60 % rule.interval == 0:
        return minute + timedelta(minutes=-minute.minute % rule.interval)
    return minute


def _skip_past_runs(ctx: PhraseContext, series: Series) -> Series:
    """Return a series whose start is past, from its next run on but counted from that start."""
    ctx.add_assumption(f"The start, {series.first.wall:%-d %B %Y}, has passed; the runs are counted from it.")
    runs = next_runs(series, ctx.now, 1)
    if not runs:
        raise ParseError("All runs of that series have passed.")
    if series.count is None:
        return series.model_copy(update={"first": runs[0]})
    passed = sum(1 for _ in takewhile(lambda run: run.instant <= ctx.now, occurrences(series)))
    update = {"first": runs[0], "count": series.count - passed, "starting": runs[0].wall.date()}
    return series.model_copy(update=update)
