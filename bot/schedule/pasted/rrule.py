"""Read recurrence rules of RFC 5545, with DTSTART and EXDATE where they are pasted too."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from itertools import product
from typing import get_args
from zoneinfo import ZoneInfo

from bot.schedule.model import Frequency, RecurrenceRule, Weekday
from bot.schedule.parsing.zones import zone_names
from bot.schedule.pasted.fields import PastedRule

_DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_KNOWN = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYYEARDAY", "BYWEEKNO"}
    | {"BYHOUR", "BYMINUTE", "BYSECOND", "WKST"}
)
_RULE = re.compile(r"(?:RRULE:)?((?:[A-Z]+=[^;\s]+;?)+)")
_START = re.compile(r"DTSTART(?:;TZID=([^:;\s]+))?(?:;VALUE=[A-Z-]+)?:(\d{8}(?:T\d{6}Z?)?)")
_EXCEPT = re.compile(r"EXDATE(?:;[^:\s]+)*:([\dTZ,]+)")
_CLOCK = re.compile(r"(?:AT\s+)?(\d\d):(\d\d)")
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


class NoTimeOfDay(Exception):
    """The rule names no time of day. One can be written behind it: FREQ=DAILY at 22:00."""


def read_rrule(phrase: str) -> PastedRule | None:
    """Return the rule of an RRULE, or None where the phrase is none."""
    text = phrase.upper()
    if "FREQ=" not in text:
        return None
    zone, start = "", None
    excluded: tuple[date, ...] = ()
    if match := _START.search(text):
        zone, start = _zone(match[1]), _moment(match[2])
        zone = "UTC" if match[2].endswith("Z") else zone
        text = text.replace(match[0], " ")
    if match := _EXCEPT.search(text):
        excluded = tuple(_moment(day).date() for day in match[1].split(","))
        text = text.replace(match[0], " ")
    rule_match = _RULE.search(text)
    if rule_match is None:
        raise ValueError("That rule has no FREQ.")
    rest = text.replace(rule_match[0], " ").strip()
    clock = _CLOCK.fullmatch(rest)
    if rest and clock is None:
        raise ValueError(f"'{rest}' was not understood.")
    fields = _fields(rule_match[1])
    spoken = [time(int(clock[1]), int(clock[2]))] if clock else [start.time()] if start else []
    rule = _rule(fields, spoken, start)
    until = _until(fields["UNTIL"], zone) if "UNTIL" in fields else None
    count = _integers(fields, "COUNT", 1, 9999)
    return PastedRule("an RRULE", rule, zone, start, until, count[0] if count else None, excluded)


def _fields(text: str) -> dict[str, str]:
    fields = dict(part.partition("=")[::2] for part in text.split(";") if part)
    if unknown := fields.keys() - _KNOWN:
        raise ValueError(f"'{min(unknown)}' was not understood.")
    if fields.get("BYSECOND", "0") not in ("0", "00"):
        raise ValueError("A series starts at full minutes.")
    return fields


def _zone(name: str | None) -> str:
    if not name:
        return ""
    known = zone_names().get(name.lower())
    if known is None:
        raise ValueError(f"There is no time zone called {name}.")
    return known


def _moment(text: str) -> datetime:
    """Return the wall-clock time of 20261201T220000; that of midnight for a date."""
    return datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")  # noqa: DTZ007


def _until(text: str, zone: str) -> datetime:
    moment = _moment(text)
    if "T" not in text:
        return datetime.combine(moment.date(), time(23, 59))
    if text.endswith("Z") and zone:
        return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return moment


def _integers(fields: Mapping[str, str], name: str, low: int, high: int) -> tuple[int, ...]:
    if name not in fields:
        return ()
    values = tuple(int(part) for part in fields[name].split(",") if re.fullmatch(r"[+-]?\d{1,4}", part))
    if len(values) != len(fields[name].split(",")) or not all(low <= abs(value) <= high for value in values):
        raise ValueError(f"'{name}={fields[name]}' was not understood.")
    return values


def _rule(fields: Mapping[str, str], spoken: list[time], start: datetime | None) -> RecurrenceRule:
    freq = next((name for name in get_args(Frequency) if name.upper() == fields.get("FREQ")), None)
    if freq is None:
        raise ValueError(f"'FREQ={fields.get('FREQ', '')}' was not understood.")
    interval = (_integers(fields, "INTERVAL", 1, 9999) or (1,))[0]
    hours, minutes = _integers(fields, "BYHOUR", 0, 23), _integers(fields, "BYMINUTE", 0, 59)
    rule = RecurrenceRule(
        freq=freq,
        interval=interval,
        weekdays=_weekdays(fields),
        monthdays=_integers(fields, "BYMONTHDAY", 1, 31),
        months=_integers(fields, "BYMONTH", 1, 12),
        positions=_integers(fields, "BYSETPOS", 1, 366),
        yeardays=_integers(fields, "BYYEARDAY", 1, 366),
        weeks=_integers(fields, "BYWEEKNO", 1, 53),
    )
    if freq in ("hourly", "minutely"):
        return rule.model_copy(update={"hours": hours, "minutes": minutes})
    if fields.get("WKST", "MO") != "MO" and freq == "weekly" and interval > 1 and len(rule.weekdays) > 1:
        raise ValueError("Weeks begin on Monday here.")
    times = tuple(time(*pair) for pair in product(hours, minutes or (0,))) or tuple(spoken)
    if not times:
        raise NoTimeOfDay
    return _with_day_of_start(_simplified(rule.model_copy(update={"times": times})), start)


def _weekdays(fields: Mapping[str, str]) -> tuple[Weekday, ...]:
    days = []
    for part in fields.get("BYDAY", "").split(","):
        match = _DAY.fullmatch(part)
        if match is None and part:
            raise ValueError(f"'BYDAY={part}' was not understood.")
        if match is not None:
            days.append(Weekday(day=_DAYS[match[2]], nth=int(match[1]) if match[1] else None))
    return tuple(sorted(days, key=lambda day: (day.nth or 0, day.day)) if not any(d.nth for d in days) else days)


def _simplified(rule: RecurrenceRule) -> RecurrenceRule:
    """Return the form that phrases have: plain weekdays are weekly, and a position of one weekday is its nth."""
    plain = rule.weekdays and not any(day.nth for day in rule.weekdays)
    if rule.positions and len(rule.weekdays) == 1 and plain:
        days = tuple(Weekday(day=rule.weekdays[0].day, nth=position) for position in rule.positions)
        return rule.model_copy(update={"weekdays": days, "positions": ()})
    loose = not (rule.positions or rule.monthdays or rule.weeks or rule.yeardays) and rule.interval == 1
    if plain and loose and rule.freq in ("daily", "monthly", "yearly"):
        rule = rule.model_copy(update={"freq": "weekly"})
    if len(rule.weekdays) == 7 and rule.freq == "weekly" and rule.interval == 1:
        return rule.model_copy(update={"freq": "daily", "weekdays": ()})
    if rule.freq == "daily" and rule.monthdays and rule.interval == 1:
        return rule.model_copy(update={"freq": "monthly"})
    return rule


def _with_day_of_start(rule: RecurrenceRule, start: datetime | None) -> RecurrenceRule:
    """Take the day that the rule does not name from DTSTART."""
    chosen = rule.weekdays or rule.monthdays or rule.yeardays or rule.weeks or rule.freq == "daily"
    if chosen:
        return rule
    if start is None:
        raise ValueError("That rule names no day. Add BYDAY or BYMONTHDAY, or a DTSTART.")
    if rule.freq == "weekly":
        return rule.model_copy(update={"weekdays": (Weekday(day=start.weekday()),)})
    months = rule.months or ((start.month,) if rule.freq == "yearly" else ())
    return rule.model_copy(update={"monthdays": (start.day,), "months": months})
