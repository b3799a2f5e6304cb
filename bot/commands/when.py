"""``nightshift when``: what a phrase means, for people and for programs."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from bot.clock import SystemClock
from bot.errors import InputError
from bot.schedule import (
    Ambiguous,
    Now,
    Once,
    Parsed,
    Reading,
    RecurrenceRule,
    Rejected,
    Series,
    Window,
    ZonedTime,
    echo,
    read,
    to_phrase,
)
from bot.schedule.parsing.zones import is_known_zone

_RRULE_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def run(phrase: str, *, now: str, zone: str, as_json: bool, batch: bool) -> int:
    """Print the reading of a phrase. Returns the exit status: 0 understood, 1 asked or refused, 2 wrong arguments."""
    try:
        if batch:
            _write_lines(_batch_answers(sys.stdin))
            return 0
        said = _parse_now(now, zone)
        reading = read(phrase, now=said, zone=zone)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _write_lines([json.dumps(_as_json(reading, said, zone), indent=2)] if as_json else _text_lines(reading, said, zone))
    return 0 if isinstance(reading, Parsed) else 1


def _parse_now(now: str, zone: str) -> datetime:
    """The moment of ``--now``, the present by default; a time without an offset is one of ``--zone``."""
    if not is_known_zone(zone):
        raise InputError({"zone": f"there is no time zone called {zone}; name one such as Europe/Berlin"})
    if not now:
        return SystemClock().now()
    try:
        said = datetime.fromisoformat(now)
    except ValueError:
        raise InputError({"now": f"{now} is not a time in ISO 8601, such as 2026-11-22T22:00+01:00"}) from None
    return said if said.tzinfo is not None else said.replace(tzinfo=ZoneInfo(zone))


def _write_lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _text_lines(reading: Reading, now: datetime, zone: str) -> Iterator[str]:
    match reading:
        case Parsed():
            yield from echo(reading, now, zone)
        case Ambiguous():
            yield reading.ask
            yield from (f"  {choice.label}    (say: {choice.meaning.phrase})" for choice in reading.choices)
        case Rejected():
            yield reading.reason
            yield f"An example that works: {reading.example}"


def _as_json(reading: Reading, now: datetime, zone: str) -> dict[str, Any]:
    """The reading, with the words and the echo of what was understood."""
    shown: dict[str, Any] = reading.model_dump(mode="json")
    if isinstance(reading, Parsed):
        shown |= {"words": to_phrase(reading.schedule), "echo": echo(reading, now, zone)}
    return shown


def _batch_answers(lines: Iterable[str]) -> Iterator[str]:
    """The answers to JSON lines, one for each."""
    for line in lines:
        if line.strip():
            yield json.dumps(_batch_answer(line))


def _batch_answer(line: str) -> dict[str, Any]:
    """The answer to {"id", "text", "now", "zone"}: wall-clock times of that zone, or a refusal."""
    try:
        asked = json.loads(line)
        said, zone, text = _parse_now(asked["now"], asked["zone"]), asked["zone"], str(asked["text"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError({"batch": f"a line is not of the form id, text, now, zone: {line.strip()[:80]}"}) from error
    reading = read(text, now=said, zone=zone, whole_days=True)
    meaning = _batch_meaning(reading, said, zone) if isinstance(reading, Parsed) else None
    return {"id": asked.get("id"), **(meaning or {"kind": "refused"})}


def _batch_meaning(reading: Parsed, now: datetime, zone: str) -> dict[str, Any] | None:
    match reading.schedule:
        case Now():
            return {"kind": "point", "start": _local_iso(ZonedTime.from_instant(now, zone), zone), "grain": "minute"}
        case Once(start=start, grain=grain):
            return {"kind": "point", "start": _local_iso(start, zone), "grain": grain}
        case Window(start=start, end=end, grain=grain):
            return {"kind": "window", "start": _local_iso(start, zone), "end": _local_iso(end, zone), "grain": grain}
        case Series() as series:
            rule = to_rrule(series)
            named = {"from": series.starting.isoformat()} if series.starting else {}
            return {"kind": "recurrence", "rrule": rule, **named} if rule else None


def _local_iso(zoned: ZonedTime, zone: str) -> str:
    return zoned.instant.astimezone(ZoneInfo(zone)).isoformat()


def to_rrule(series: Series) -> str | None:
    """A series as an RFC 5545 rule in local time; None where its times are no cross product of hours and minutes."""
    rule = series.rule
    clock = _time_fields(rule)
    if clock is None:
        return None
    fields: dict[str, object] = {
        "FREQ": rule.freq.upper(),
        "INTERVAL": rule.interval,
        "BYDAY": [f"{day.nth or ''}{_RRULE_DAYS[day.day]}" for day in rule.weekdays],
        "BYMONTHDAY": rule.monthdays,
        "BYMONTH": rule.months,
        "BYSETPOS": rule.positions,
        "BYYEARDAY": rule.yeardays,
        "BYWEEKNO": rule.weeks,
        **clock,
        "COUNT": series.count or "",
        "UNTIL": f"{series.until.wall:%Y%m%dT%H%M%S}" if series.until else "",
    }
    shown = {name: _join_values(value) for name, value in fields.items()}
    return ";".join(f"{name}={value}" for name, value in shown.items() if value)


def _join_values(value: object) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, list | tuple) else str(value)


def _time_fields(rule: RecurrenceRule) -> dict[str, object] | None:
    if not rule.times:
        return {"BYHOUR": rule.hours, "BYMINUTE": rule.minutes}
    hours = sorted({value.hour for value in rule.times})
    minutes = sorted({value.minute for value in rule.times})
    if {time(*both) for both in product(hours, minutes)} != {value.replace(second=0) for value in rule.times}:
        return None
    return {"BYHOUR": hours, "BYMINUTE": minutes}
