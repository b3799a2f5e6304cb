"""What is said back before anything happens: absolute times, zones, how long from now, and what was assumed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.schedule.limits import far_off
from bot.schedule.model import Moment, Now, Once, Schedule, Series, Understood, Window
from bot.schedule.occurrences import exists, happens_twice, next_runs
from bot.schedule.words import clock, length, words

_RUNS = 3
_LABEL = 75
"""Characters that Slack allows on a button."""


def echo(understood: Understood, now: datetime, zone: str | None = None) -> tuple[str, ...]:
    """The lines that say what a phrase was understood as. ``zone`` is the speaker's, where it is known."""
    schedule = understood.schedule
    lines = list(_lines(schedule, now, zone))
    if (warning := far_off(schedule, now)) is not None:
        lines.append(warning)
    return (*lines, *understood.assumptions)


def _lines(schedule: Schedule, now: datetime, zone: str | None) -> tuple[str, ...]:
    match schedule:
        case Now():
            return ("Now: as soon as it is approved.",)
        case Once(start=start, grain="day"):
            return (f"{_date(start.wall)} ({start.zone}), without a time of day.",)
        case Once(start=start, latest_start=latest):
            last = f"It must have started by {_date(latest.wall)} {clock(latest.wall.time())}." if latest else None
            return (_moment(start, now, zone), *((last,) if last else ()))
        case Window():
            return (_window(schedule, now, zone),)
        case Series():
            return _series(schedule, now, zone)


def _moment(moment: Moment, now: datetime, zone: str | None) -> str:
    """Fri 27 Nov 2026 21:00 CET (Europe/Berlin), in 5 days; 20:00 UTC."""
    text = f"{_date(moment.wall)} {clock(moment.wall.time())} {letters(moment)}, {until(moment.instant, now)}"
    return text + "".join(f"; {other}" for other in _elsewhere(moment, zone))


def _elsewhere(moment: Moment, zone: str | None) -> tuple[str, ...]:
    """The same moment in UTC and on the speaker's clock, with its date where that is another."""
    found = []
    for name in dict.fromkeys(name for name in ("UTC", zone) if name and name != moment.zone):
        there = moment.instant.astimezone(ZoneInfo(name))
        day = f"{there:%a} {there.day} {there:%b} " if there.date() != moment.wall.date() else ""
        found.append(f"{day}{clock(there.time())} {'UTC' if name == 'UTC' else f'in {name}'}")
    return tuple(found)


def _window(window: Window, now: datetime, zone: str | None) -> str:
    start, end = window.start, window.end
    if window.grain == "day":
        last = end.wall - timedelta(days=1)
        return f"{_date(start.wall)} to {_date(last)} ({start.zone}), without times of day."
    same_day = start.wall.date() == end.wall.date()
    ending = clock(end.wall.time()) if same_day else f"{_date(end.wall)} {clock(end.wall.time())}"
    lasts = length(round((end.instant - start.instant).total_seconds() / 60))
    text = f"{_date(start.wall)} {clock(start.wall.time())} to {ending} {letters(start)}"
    text += f", {lasts}, {until(start.instant, now)}"
    return text + "".join(f"; {other}" for other in _elsewhere(start, zone))


def _series(series: Series, now: datetime, zone: str | None) -> tuple[str, ...]:
    text = words(series)
    runs = next_runs(series, now, _RUNS)
    lines = [text[0].upper() + text[1:] + "."]
    lines += [f"{'Next' if n == 0 else 'Then'}: {_moment(run, now, zone)}" for n, run in enumerate(runs)]
    return (*lines, *clock_changes(series, now))


def clock_changes(series: Series, now: datetime, days: int = 400) -> tuple[str, ...]:
    """Sentences about the runs of the coming days that fall into an hour which the clocks skip or repeat."""
    found = []
    tz = ZoneInfo(series.zone)
    start = now.astimezone(tz).date()
    for count in range(days if series.rule.times else 0):
        day = start + timedelta(days=count)
        midnight = datetime.combine(day, time(), tz)
        if midnight.utcoffset() == datetime.combine(day + timedelta(days=1), time(), tz).utcoffset():
            continue
        run = next(iter(next_runs(series, midnight.astimezone(UTC) - timedelta(seconds=1), 1)), None)
        if run is not None and run.wall.date() == day:
            found += [_change(datetime.combine(day, value), series.zone) for value in series.rule.times]
    return tuple(text for text in found if text)


def _change(wall: datetime, zone: str) -> str:
    if not exists(wall, zone):
        return (
            f"On {_date(wall)} {clock(wall.time())} does not exist: that run starts when the clocks have gone forward."
        )
    if happens_twice(wall, zone):
        return f"On {_date(wall)} {clock(wall.time())} comes twice: that run starts the first time."
    return ""


def label(schedule: Schedule, speaker: str) -> str:
    """A schedule on a button: its absolute time; its zone where that is not the speaker's."""
    zone = ""
    match schedule:
        case Now():
            return "Now"
        case Series():
            text = words(schedule).removesuffix(f" {speaker}").replace(f" {speaker} ", " ")
            return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"
        case Once(start=start, grain=grain):
            zone = f" ({start.zone})" if start.zone != speaker else ""
            text = _date(start.wall) + (
                f" {clock(start.wall.time())} {letters(start, short=True)}" if grain == "minute" else ""
            )
        case Window(start=start, end=end):
            zone = f" ({start.zone})" if start.zone != speaker else ""
            ending = f"{_date(end.wall)} " if start.wall.date() != end.wall.date() else ""
            first, last = letters(start, short=True), letters(end, short=True)
            begin = clock(start.wall.time()) + (f" {first}" if first != last else "")
            text = f"{_date(start.wall)} {begin} to {ending}{clock(end.wall.time())} {last}"
    return text + zone


def letters(moment: Moment, *, short: bool = False) -> str:
    """The zone of a moment: CET (Europe/Berlin); UTC-2 where the zone has no letters."""
    name = moment.local.tzname() or ""
    if not name.isalpha():
        name = f"UTC{moment.local:%z}"[:-2].replace("+0", "+").replace("-0", "-") if moment.local.utcoffset() else "UTC"
    if short or name == moment.zone or moment.zone.startswith("Etc/"):
        return name
    return f"{name} ({moment.zone})"


def until(instant: datetime, now: datetime) -> str:
    """How far off an instant is, in its two largest units: in 2 days 3 hours."""
    seconds = int((instant - now).total_seconds())
    minutes = abs(seconds) // 60
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    shown = [f"{count} {unit}" + ("s" if count != 1 else "") for count, unit in parts if count][:2]
    if not shown:
        return "now" if seconds <= 0 else "in less than a minute"
    return f"{' '.join(shown)} ago" if seconds < 0 else f"in {' '.join(shown)}"


def _date(wall: datetime) -> str:
    return f"{wall:%a} {wall.day} {wall:%b %Y}"
