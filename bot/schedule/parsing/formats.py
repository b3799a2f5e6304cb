"""Read the date strings that programs write: ISO 8601, RFC 3339, RFC 2822, JavaScript's, and Unix times."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from bot.schedule.parsing.tokens import Token

_OFFSET = r"(?:\s?(?P<offset>z|[+-]\d\d(?::?\d\d)?))?(?![\d:])"
_TIME = r"(?P<time>\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)"
_BASIC_TIME = r"(?P<time>\d{4}(?:\d\d)?)"
_DURATION = re.compile(r"p(?=[\dt])(?:(\d+)y)?(?:(\d+)m)?(?:(\d+)w)?(?:(\d+)d)?(?:t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?")
_DURATION_UNITS = ("year", "month", "week", "day", "hour", "minute", "second")
_UNIX_RANGE = (datetime(2001, 9, 9, tzinfo=UTC).timestamp(), datetime(2286, 1, 1, tzinfo=UTC).timestamp())

_Found = list[Token] | None


def _datetime(match: re.Match[str]) -> _Found:
    """Return the tokens of a date with a time and perhaps an offset, in ISO 8601's extended or basic form."""
    text = match["date"]
    day = _calendar_day(text)
    if day is None:
        return None
    start, middle = match.span("date")
    tokens = [_date_token(day, text, start, middle)]
    if not match.groupdict().get("time"):
        return tokens
    figures = match["time"].replace(",", ".").partition(".")[0].replace(":", "")
    parts = tuple(int(figures[n : n + 2]) for n in range(0, len(figures), 2))
    clock = ":".join(f"{part:02}" for part in parts)
    tokens.append(Token("clock", clock, match.start("time") - 1, match.end("time"), clock, parts=parts))
    if match["offset"]:
        tokens.append(Token("offset", match["offset"], *match.span("offset"), match["offset"], adjacent=True))
    return tokens


def _calendar_day(text: str) -> date | None:
    """Return the day of 2026-11-30, 20261130, 2026-W49-1 or 2026-334."""
    try:
        if "w" not in text and len(text) == 8 and text[4] == "-":
            day = date(int(text[:4]), 1, 1) + timedelta(days=int(text[5:]) - 1)
            return day if day.year == int(text[:4]) else None
        return date.fromisoformat(text.upper())
    except ValueError:
        return None


def _date_token(day: date, text: str, start: int, end: int) -> Token:
    return Token("date", text, start, end, day.isoformat(), parts=(day.year, day.month, day.day))


def _duration(match: re.Match[str]) -> _Found:
    """Return PT2H as "for 2 hours", or as a duration alone, whose meaning is asked for."""
    parts = [
        (int(count), unit) for count, unit in zip(match.groups(), _DURATION_UNITS, strict=True) if count is not None
    ]
    if not parts:
        return None
    start, end = match.span()
    tokens = [Token("duration", "duration", start, end, match[0])]
    for count, unit in parts:
        tokens.append(Token("number", str(count), start, end, str(count), count))
        tokens.append(Token("unit", unit, start, end, unit, 1))
    return tokens


def _unix_time(match: re.Match[str]) -> _Found:
    """Return Unix seconds or milliseconds as a date and time in UTC."""
    seconds = int(match[1]) / (1000 if len(match[1]) == 13 else 1)
    if not _UNIX_RANGE[0] <= seconds <= _UNIX_RANGE[1]:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    start, end = match.span()
    day = _date_token(moment.date(), "unix", start, end)
    clock = Token("clock", "unix", start, end, f"{moment:%H:%M:%S}", parts=(moment.hour, moment.minute, moment.second))
    return [day, clock, Token("offset", "z", start, end, "z", adjacent=True)]


def _commented_offset(match: re.Match[str]) -> _Found:
    """Return the offset of "GMT+0100 (Central European Standard Time)"; the comment repeats it."""
    text = match[1].removeprefix("gmt").removeprefix("utc")
    return [Token("offset", text, match.start(), match.end(), text)]


def _interval_sign(match: re.Match[str]) -> _Found:
    """Return the slash of an interval between two times as "to"; before a duration it says nothing."""
    before_duration = match.string[match.end()] == "p"
    return [] if before_duration else [Token("word", "to", match.start(), match.end(), "/")]


_FORMATS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Found]], ...] = (
    (re.compile(rf"(?P<date>\d{{4}}-\d\d-\d\d)t{_TIME}{_OFFSET}"), _datetime),
    (re.compile(rf"(?P<date>\d{{8}})t{_BASIC_TIME}{_OFFSET}"), _datetime),
    (re.compile(rf"(?P<date>\d{{4}}-?w\d\d-?[1-7])(?!\d)(?:t{_TIME}{_OFFSET})?"), _datetime),
    (re.compile(rf"(?P<date>\d{{4}}-\d{{3}})(?![\d-])(?:t{_TIME}{_OFFSET})?"), _datetime),
    (re.compile(r"(?P<date>(?:19|20|21)\d{6})(?!\d)"), _datetime),
    (_DURATION, _duration),
    (re.compile(r"@?(\d{10}|\d{13})(?!\d)"), _unix_time),
    (re.compile(r"((?:gmt|utc)?[+-]\d{4}) ?\((?:[a-z]{2,5}|[a-z ]+ time)\)"), _commented_offset),
    (re.compile(r"/(?=\d{4}-|\d{8}t)|/(?=p[\dt])"), _interval_sign),
)
_HINTS = re.compile(r"\d{4}|p[\dt]")
_STARTS = re.compile(
    r"(?<![a-z\d])(?:(?=\d{8}|\d{4}-?w\d|\d{4}-\d{3}(?!\d)|\d{4}-\d\d-\d\dt)|(?=@\d{10})|(?=p[\dt])"
    r"|(?=(?:gmt|utc)?[+-]\d{4} ?\())|(?=/[p\d])"
)


def find_formats(text: str) -> list[tuple[int, int, list[Token]]]:
    """Return the places of the date strings in a lower-case text, in order, each with its tokens."""
    found: list[tuple[int, int, list[Token]]] = []
    if _HINTS.search(text) is None:
        return found
    place = 0
    for start in _STARTS.finditer(text):
        if start.start() < place:
            continue
        end, tokens = _format_at(text, start.start())
        if tokens is not None:
            found.append((start.start(), end, tokens))
            place = end
    return found


def _format_at(text: str, place: int) -> tuple[int, _Found]:
    for pattern, convert in _FORMATS:
        match = pattern.match(text, place)
        if match is None or (match[0] != "/" and text[match.end() : match.end() + 1].isalnum()):
            continue
        if (tokens := convert(match)) is not None:
            return match.end(), tokens
    return place, None
