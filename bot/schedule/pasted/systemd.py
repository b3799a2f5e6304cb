"""Read calendar expressions of systemd.time: Sat *-*-1..7 18:00:00, Mon..Fri 22:00, *-*~01 23:00 Europe/Berlin."""

import re

from bot.schedule.parsing.zones import zone_names
from bot.schedule.pasted.fields import DAY_NAMES, PastedRule, all_monthdays, day_rule, numbers, with_times

_WEEKDAYS = re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*(?:\.\.|,)?)+", re.IGNORECASE)
_DATE = re.compile(r"(?:(\*|\d{4})-)?([\d*,./]+)([-~])([\d*,./]+)")
_TIME = re.compile(r"([\d*,./]+):([\d*,./]+)(?::([\d*,./]+))?")
_SIGNS = re.compile(r"\*-|-\*|\*~|[a-z]\.\.[a-z]|\d\.\.\d|\*:", re.IGNORECASE)
_HOURS = re.compile(r"\d\d?:\d\d\.\.\d\d?:\d\d")
"""What people write for a range of hours. It is an expression too, but for minutes."""
_PREFIX = "oncalendar="


def read_systemd(phrase: str) -> PastedRule | None:
    """Return the rule of a calendar expression, or None where the phrase is none."""
    has_prefix = phrase.lower().startswith(_PREFIX)
    words = phrase[len(_PREFIX) :].split() if has_prefix else phrase.split()
    if not words or not (has_prefix or (_SIGNS.search(phrase) and _HOURS.fullmatch(words[-1]) is None)):
        return None
    zone = zone_names().get(words[-1].lower(), "")
    words = words[:-1] if zone else words
    weekdays = _weekdays(words.pop(0)) if words and _WEEKDAYS.fullmatch(words[0]) else []
    date = _DATE.fullmatch(words[0]) if words else None
    words = words[1:] if date else words
    clock = _TIME.fullmatch(words[0]) if words else None
    words = words[1:] if clock else words
    if words or not (weekdays or date or clock):
        return None
    if date is not None and date[1] not in (None, "*"):
        raise ValueError("That expression names a year, so it does not recur. Say the date and the time.")
    if clock is not None and clock[3] not in (None, "0", "00"):
        raise ValueError("A series starts at full minutes.")
    months = numbers(date[2], 1, 12, dots="..") if date else []
    rule = day_rule(_monthdays(date) if date else [], weekdays, months)
    hours, minutes = (numbers(clock[1], 0, 23, dots=".."), numbers(clock[2], 0, 59, dots="..")) if clock else ([0], [0])
    return PastedRule("a systemd calendar expression", with_times(rule, hours, minutes), zone)


def _monthdays(date: re.Match[str]) -> list[int]:
    days = numbers(date[4], 1, 31, dots="..")
    return [-day for day in days] if date[3] == "~" else all_monthdays(days)


def _weekdays(text: str) -> list[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        names = [DAY_NAMES[name[:3]] for name in part.split("..") if name]
        if len(names) not in (1, 2):
            raise ValueError(f"'{part}' is not a range of weekdays.")
        if len(names) == 1:
            found.add(names[0])
            continue
        found.update((names[0] + step) % 7 for step in range((names[1] - names[0]) % 7 + 1))
    return sorted(found)
