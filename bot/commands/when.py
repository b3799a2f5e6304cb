"""The command ``nightshift when``: prints what a phrase means, for people and for programs."""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from itertools import product
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
    is_known_zone,
    read,
    to_phrase,
)
from bot.values import JsonObject

_RRULE_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def run(phrase: str, *, now: str, zone: str, as_json: bool, batch: bool) -> int:
    """Print the reading of a phrase. Return the exit status: 0 understood, 1 asked or rejected, 2 wrong arguments."""
    try:
        if batch:
            _write_lines(_batch_answers(sys.stdin))
            return 0
        moment = _parse_now(now, zone)
        reading = read(phrase, now=moment, zone=zone)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    lines = [json.dumps(_as_json(reading, moment, zone), indent=2)] if as_json else _text_lines(reading, moment, zone)
    _write_lines(lines)
    return 0 if isinstance(reading, Parsed) else 1


def _parse_now(now: str, zone: str) -> datetime:
    """Return the time of ``--now``, by default the current time; without an offset it is a time in ``--zone``."""
    if not is_known_zone(zone):
        raise InputError({"zone": f"there is no time zone called {zone}; name one such as Europe/Berlin"})
    if not now:
        return SystemClock().now()
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise InputError({"now": f"{now} is not a time in ISO 8601, such as 2026-11-22T22:00+01:00"}) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))


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


def _as_json(reading: Reading, now: datetime, zone: str) -> JsonObject:
    """Return the reading; where it was understood, also its words and its echo."""
    fields: JsonObject = reading.model_dump(mode="json")
    if not isinstance(reading, Parsed):
        return fields
    return {**fields, "words": to_phrase(reading.schedule), "echo": list(echo(reading, now, zone))}


def _batch_answers(lines: Iterable[str]) -> Iterator[str]:
    """Answer each JSON line."""
    for line in lines:
        if line.strip():
            yield json.dumps(_batch_answer(line))


def _batch_answer(line: str) -> JsonObject:
    """Answer {"id", "text", "now", "zone"} with wall-clock times of that zone, or with a refusal."""
    try:
        query = json.loads(line)
        moment, zone, text = _parse_now(query["now"], query["zone"]), query["zone"], str(query["text"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError({"batch": f"a line is not of the form id, text, now, zone: {line.strip()[:80]}"}) from error
    reading = read(text, now=moment, zone=zone, whole_days=True)
    meaning = _batch_meaning(reading, moment, zone) if isinstance(reading, Parsed) else None
    return {"id": query.get("id"), **(meaning or {"kind": "refused"})}


def _batch_meaning(reading: Parsed, now: datetime, zone: str) -> JsonObject | None:
    match reading.schedule:
        case Now():
            return {"kind": "point", "start": _local_iso(ZonedTime.from_instant(now, zone), zone), "grain": "minute"}
        case Once(start=start, grain=grain):
            return {"kind": "point", "start": _local_iso(start, zone), "grain": grain}
        case Window(start=start, end=end, grain=grain):
            return {"kind": "window", "start": _local_iso(start, zone), "end": _local_iso(end, zone), "grain": grain}
        case Series() as series:
            rule = to_rrule(series)
            named_start = {"from": series.starting.isoformat()} if series.starting else {}
            return {"kind": "recurrence", "rrule": rule, **named_start} if rule else None


def _local_iso(zoned: ZonedTime, zone: str) -> str:
    return zoned.instant.astimezone(ZoneInfo(zone)).isoformat()


def to_rrule(series: Series) -> str | None:
    """Return a series as an RFC 5545 rule in local time, or None where it needs more than one rule."""
    rule = series.rule
    time_fields = _time_fields(rule)
    if time_fields is None or series.excluded or series.added:
        return None
    fields: dict[str, Iterable[int | str]] = {
        "FREQ": [rule.freq.upper()],
        "INTERVAL": [rule.interval],
        "BYDAY": [f"{day.nth or ''}{_RRULE_DAYS[day.day]}" for day in rule.weekdays],
        "BYMONTHDAY": rule.monthdays,
        "BYMONTH": rule.months,
        "BYSETPOS": rule.positions,
        "BYYEARDAY": rule.yeardays,
        "BYWEEKNO": rule.weeks,
        **time_fields,
        "COUNT": [series.count] if series.count else [],
        "UNTIL": [f"{series.until.wall:%Y%m%dT%H%M%S}"] if series.until else [],
    }
    texts = {name: ",".join(map(str, values)) for name, values in fields.items()}
    return ";".join(f"{name}={text}" for name, text in texts.items() if text)


def _time_fields(rule: RecurrenceRule) -> dict[str, Iterable[int]] | None:
    """Return the hours and minutes of a rule, or None where its times are not every hour at every minute."""
    if not rule.times:
        return {"BYHOUR": rule.hours, "BYMINUTE": rule.minutes}
    hours = sorted({value.hour for value in rule.times})
    minutes = sorted({value.minute for value in rule.times})
    if {time(*pair) for pair in product(hours, minutes)} != {value.replace(second=0) for value in rule.times}:
        return None
    return {"BYHOUR": hours, "BYMINUTE": minutes}
