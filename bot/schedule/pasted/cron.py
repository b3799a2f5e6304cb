"""Read cron lines: five fields with names, steps, # and L; macros such as @weekly; a zone behind, as in Fugit's."""

import re

from bot.schedule.model import RecurrenceRule, Weekday
from bot.schedule.parsing.zones import zone_names
from bot.schedule.pasted.fields import DAY_NAMES, MONTH_NAMES, PastedRule, all_monthdays, day_rule, numbers, with_times

_MACROS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_FIELD = re.compile(r"[\d*?,/\-#a-z]+", re.IGNORECASE)
_CRON_DAYS = {name: (number + 1) % 7 for name, number in DAY_NAMES.items()}
_NTH = re.compile(r"([0-7]|[a-z]{3})(?:#(-?[1-5]|l)|(l))", re.IGNORECASE)


def read_cron(phrase: str) -> PastedRule | None:
    """Return the rule of a cron line, or None where the phrase is none."""
    words = phrase.split()
    zone = ""
    if words and words[0].lower().startswith(("cron_tz=", "tz=")):
        zone = _zone(words.pop(0).partition("=")[2])
    if words and words[0].lower() in _MACROS:
        words[:1] = _MACROS[words[0].lower()].split()
    elif words and words[0].lower() == "@reboot":
        raise ValueError("@reboot names no time.")
    if len(words) == 6 and "/" in words[5] and words[5].lower() in zone_names():
        zone = _zone(words.pop())
    if len(words) not in (5, 6) or not all(_FIELD.fullmatch(word) for word in words) or not _has_fields(words):
        return None
    if len(words) == 6:
        raise ValueError("A cron line here has five fields: minute, hour, day, month and weekday.")
    minute, hour, day, month, weekday = words
    rule = _days(day, month, weekday)
    return PastedRule("a cron line", with_times(rule, numbers(hour, 0, 23), numbers(minute, 0, 59)), zone)


def _has_fields(words: list[str]) -> bool:
    """Tell whether the words are fields of a cron line rather than of a phrase."""
    figures = [word[:1].isdigit() or word[:1] in "*?" for word in words]
    figures[2] |= words[2].lower() == "l"
    return all(figures[:3]) and (any(word[0] in "*?" for word in words) or all(figures))


def _zone(text: str) -> str:
    name = zone_names().get(text.lower())
    if name is None:
        raise ValueError(f"There is no time zone called {text}.")
    return name


def _days(day: str, month: str, weekday: str) -> RecurrenceRule:
    months = numbers(month, 1, 12, MONTH_NAMES)
    if day[0] not in "*?" and weekday[0] not in "*?":
        raise ValueError("A cron line with a date and a weekday runs on either. Name one of them.")
    if "#" in weekday or weekday.lower().rstrip("l") != weekday.lower():
        if day not in ("*", "?"):
            raise ValueError("A cron line with a date and a weekday runs on either. Name one of them.")
        limited = () if len(months) == 12 else tuple(months)
        return RecurrenceRule(freq="monthly", weekdays=_nth_weekdays(weekday), months=limited)
    if day.lower() == "l":
        return day_rule([-1], [], months)
    monthdays = all_monthdays(numbers(day, 1, 31))
    weekdays = sorted({(number - 1) % 7 for number in _cron_weekdays(weekday)})
    return day_rule(monthdays, weekdays, months)


def _cron_weekdays(text: str) -> list[int]:
    """Return the weekdays of a field, Sunday is 0 or 7; a range may go over Sunday, as in fri-mon."""
    found: list[int] = []
    for part in text.lower().split(","):
        first, dash, last = part.partition("-")
        if dash and "/" not in part and _CRON_DAYS.get(last, 9) < _CRON_DAYS.get(first, -1):
            found += [number % 7 for number in range(_CRON_DAYS[first], _CRON_DAYS[last] + 8)]
        else:
            found += numbers(part, 0, 7, _CRON_DAYS)
    return found


def _nth_weekdays(text: str) -> tuple[Weekday, ...]:
    days = []
    for part in text.split(","):
        match = _NTH.fullmatch(part)
        if match is None:
            raise ValueError(f"'{part}' is not a weekday of a month, such as 2#2 or 5L.")
        number = numbers(match[1], 0, 7, _CRON_DAYS)[0]
        nth = -1 if match[3] or match[2].lower() == "l" else int(match[2])
        days.append(Weekday(day=(number - 1) % 7, nth=nth))
    return tuple(days)
