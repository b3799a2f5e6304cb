"""Durations in policy: "90s", "30m", "1h30m", "2d", "1w". In code they are seconds."""

import re

_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_NAMES = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_DURATION = re.compile(r"(?:\s*\d+\s*[wdhms])+\s*", re.IGNORECASE)
_PART = re.compile(r"(\d+)\s*([wdhms])", re.IGNORECASE)


def parse_duration(text: str) -> int:
    """Return a duration in seconds. Raises ValueError with a sentence."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f'"{text}" is not a length of time; write it like "90s", "30m", "1h30m" or "2d"')
    return sum(int(number) * _UNITS[unit.lower()] for number, unit in _PART.findall(text))


def format_duration(duration_seconds: float) -> str:
    """Format a duration in words, with its two largest units: "1 hour 30 minutes", "2 days"."""
    remaining = int(duration_seconds)
    parts = []
    for size, name in _NAMES:
        number, remaining = divmod(remaining, size)
        if number:
            parts.append(f"{number} {name}{'' if number == 1 else 's'}")
    return " ".join(parts[:2]) or "0 seconds"


def format_age(age_seconds: float) -> str:
    """Format how old something is, in whole minutes from a minute on: "5 hours", "12 minutes", "8 seconds"."""
    return format_duration(age_seconds // 60 * 60 if age_seconds >= 60 else age_seconds)
