"""Say back what was understood before anything happens: absolute times, zones, time until the start, assumptions."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.schedule.calendar_names import MONTHS, WEEKDAYS
from bot.schedule.limits import far_future_warning
from bot.schedule.model import Now, Once, Parsed, Schedule, Series, Window, ZonedTime
from bot.schedule.occurrences import LOOKAHEAD, is_ambiguous, next_runs, wall_time_exists
from bot.schedule.words import format_minutes, format_time, to_phrase, zone_name

_DAYS = tuple(name[:3].capitalize() for name in WEEKDAYS)
_MONTHS = tuple(name[:3].capitalize() for name in MONTHS)
PASTED_RULE = "rule"
"""The production of a span that is a pasted rule."""
_RUNS_SHOWN = 3
_RUNS_SHOWN_OF_PASTED = 5
_MAX_LABEL_LENGTH = 75
"""Maximum number of characters on a Slack button."""


def echo(parsed: Parsed, now: datetime, zone: str | None = None) -> tuple[str, ...]:
    """Return the lines that say what was understood. ``zone`` is the speaker's, if it is known."""
    lines = _lines(parsed.schedule, now, zone, runs_shown(parsed))
    return (*lines, *remarks(parsed, now))


def runs_shown(parsed: Parsed) -> int:
    """Return how many runs of a series are said."""
    is_pasted = any(span.production == PASTED_RULE for span in parsed.spans)
    return _RUNS_SHOWN_OF_PASTED if is_pasted else _RUNS_SHOWN


def remarks(parsed: Parsed, now: datetime) -> tuple[str, ...]:
    """Return the warning for a start that is far away, and what was assumed."""
    warning = far_future_warning(parsed.schedule, now)
    return ((warning,) if warning is not None else ()) + parsed.assumptions


def _lines(schedule: Schedule, now: datetime, zone: str | None, run_count: int) -> tuple[str, ...]:
    match schedule:
        case Now():
            return ("Now: as soon as it is approved.",)
        case Once(start=start, grain="day"):
            return (f"{_format_date(start.wall)} ({zone_name(start.zone)}), without a time of day.",)
        case Once(start=start, latest_start=latest):
            last = (
                f"It must have started by {_format_date(latest.wall)} {format_time(latest.wall.time())}."
                if latest
                else None
            )
            return (_zoned_time_line(start, now, zone), *((last,) if last else ()))
        case Window():
            return (_window_line(schedule, now, zone),)
        case Series():
            return _series_lines(schedule, now, zone, run_count)


def _zoned_time_line(zoned: ZonedTime, now: datetime, zone: str | None) -> str:
    """Format one time: Fri 27 Nov 2026 21:00 CET (Europe/Berlin), in 5 days; 20:00 UTC."""
    text = (
        f"{_format_date(zoned.wall)} {format_time(zoned.wall.time())} {zone_label(zoned)}, "
        f"{relative_time(zoned.instant, now)}"
    )
    return text + "".join(f"; {other}" for other in _in_other_zones(zoned, zone))


def _in_other_zones(zoned: ZonedTime, zone: str | None) -> tuple[str, ...]:
    """Return the same time in UTC and in the speaker's zone, with its date where that differs."""
    times = []
    for name in dict.fromkeys(name for name in ("UTC", zone) if name and name != zoned.zone):
        local = zoned.instant.astimezone(ZoneInfo(name))
        day = f"{local:%a} {local.day} {local:%b} " if local.date() != zoned.wall.date() else ""
        times.append(f"{day}{format_time(local.time())} {'UTC' if name == 'UTC' else f'in {zone_name(name)}'}")
    return tuple(times)


def _window_line(window: Window, now: datetime, zone: str | None) -> str:
    start, end = window.start, window.end
    if window.grain == "day":
        last = end.wall - timedelta(days=1)
        return f"{_format_date(start.wall)} to {_format_date(last)} ({zone_name(start.zone)}), without times of day."
    same_day = start.wall.date() == end.wall.date()
    ending = format_time(end.wall.time()) if same_day else f"{_format_date(end.wall)} {format_time(end.wall.time())}"
    lasts = format_minutes(round((end.instant - start.instant).total_seconds() / 60))
    text = f"{_format_date(start.wall)} {format_time(start.wall.time())} to {ending} {zone_label(start)}"
    text += f", {lasts}, {relative_time(start.instant, now)}"
    return text + "".join(f"; {other}" for other in _in_other_zones(start, zone))


def _series_lines(series: Series, now: datetime, zone: str | None, run_count: int) -> tuple[str, ...]:
    text = to_phrase(series)
    runs = next_runs(series, now, run_count)
    lines = [text[0].upper() + text[1:] + "."]
    lines += [f"{'Next' if n == 0 else 'Then'}: {_zoned_time_line(run, now, zone)}" for n, run in enumerate(runs)]
    return (*lines, *clock_change_notes(series, now))


def clock_change_notes(series: Series, now: datetime) -> tuple[str, ...]:
    """Return sentences about the coming runs that fall into an hour which the clocks skip or repeat."""
    notes = []
    tz = ZoneInfo(series.zone)
    start = now.astimezone(tz).date()
    for count in range(LOOKAHEAD.days if series.rule.times else 0):
        day = start + timedelta(days=count)
        midnight = datetime.combine(day, time(), tz)
        if midnight.utcoffset() == datetime.combine(day + timedelta(days=1), time(), tz).utcoffset():
            continue
        run = next(iter(next_runs(series, midnight.astimezone(UTC) - timedelta(seconds=1), 1)), None)
        if run is not None and run.wall.date() == day:
            notes += [_clock_change_note(datetime.combine(day, value), series.zone) for value in series.rule.times]
    return tuple(text for text in notes if text)


def _clock_change_note(wall: datetime, zone: str) -> str:
    if not wall_time_exists(wall, zone):
        return (
            f"On {_format_date(wall)} {format_time(wall.time())} does not exist: that run starts when the "
            "clocks have gone forward."
        )
    if is_ambiguous(wall, zone):
        return f"On {_format_date(wall)} {format_time(wall.time())} comes twice: that run starts the first time."
    return ""


def button_label(schedule: Schedule, speaker_zone: str) -> str:
    """Return a short label: the absolute time, and the zone where it is not the speaker's."""
    zone, own = "", zone_name(speaker_zone)
    match schedule:
        case Now():
            return "Now"
        case Series():
            text = to_phrase(schedule).removesuffix(f" {own}").replace(f" {own} ", " ")
            return text if len(text) <= _MAX_LABEL_LENGTH else text[: _MAX_LABEL_LENGTH - 1] + "…"
        case Once(start=start, grain=grain):
            zone = f" ({zone_name(start.zone)})" if start.zone != speaker_zone else ""
            text = _format_date(start.wall) + (
                f" {format_time(start.wall.time())} {zone_label(start, short=True)}" if grain == "minute" else ""
            )
        case Window(start=start, end=end):
            zone = f" ({zone_name(start.zone)})" if start.zone != speaker_zone else ""
            ending = f"{_format_date(end.wall)} " if start.wall.date() != end.wall.date() else ""
            first, last = zone_label(start, short=True), zone_label(end, short=True)
            begins = format_time(start.wall.time()) + (f" {first}" if first != last else "")
            text = f"{_format_date(start.wall)} {begins} to {ending}{format_time(end.wall.time())} {last}"
    return text + zone


def zone_label(zoned: ZonedTime, *, short: bool = False) -> str:
    """Name the zone of a time: CET (Europe/Berlin); UTC-2 where the zone has no abbreviation."""
    name = zoned.local.tzname() or ""
    if not name.isalpha():
        name = f"UTC{zoned.local:%z}"[:-2].replace("+0", "+").replace("-0", "-") if zoned.local.utcoffset() else "UTC"
    if short or name == zoned.zone or zoned.zone.startswith("Etc/"):
        return name
    return f"{name} ({zoned.zone})"


def relative_time(instant: datetime, now: datetime) -> str:
    """Say how far off an instant is, in its two largest units: in 2 days 3 hours."""
    seconds = int((instant - now).total_seconds())
    # A start is a whole minute: "in 10 minutes", said at 20:00:30, is 20:10.
    minutes = -(-seconds // 60) if seconds >= 60 else abs(seconds) // 60
    counts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    parts = [f"{count} {unit}" + ("s" if count != 1 else "") for count, unit in counts if count][:2]
    if not parts:
        return "now" if seconds <= 0 else "in less than a minute"
    return f"{' '.join(parts)} ago" if seconds < 0 else f"in {' '.join(parts)}"


def _format_date(wall: datetime) -> str:
    return f"{_DAYS[wall.weekday()]} {wall.day} {_MONTHS[wall.month - 1]} {wall.year}"
