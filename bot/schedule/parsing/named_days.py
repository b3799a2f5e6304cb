"""Parse days that have a name: holidays, Patch Tuesday, and days counted from it."""

from collections.abc import Sequence

from bot.schedule.parsing.durations import duration_parts
from bot.schedule.parsing.nodes import CalendarDate, NthWeekdays, ShiftedWeekday
from bot.schedule.parsing.tokens import Token

_HOLIDAYS: dict[tuple[str, ...], tuple[int, int]] = {
    ("christmas", "eve"): (12, 24), ("xmas", "eve"): (12, 24), ("christmas", "day"): (12, 25),
    ("xmas", "day"): (12, 25),
    ("christmas",): (12, 25), ("xmas",): (12, 25), ("boxing", "day"): (12, 26),
    ("new", "year", "s", "eve"): (12, 31), ("new", "years", "eve"): (12, 31), ("new", "year", "eve"): (12, 31),
    ("nye",): (12, 31), ("new", "year", "s", "day"): (1, 1), ("new", "years", "day"): (1, 1), ("nyd",): (1, 1),
    ("new", "year", "s"): (1, 1), ("new", "years"): (1, 1),
    ("valentine", "s", "day"): (2, 14), ("valentines", "day"): (2, 14), ("st", "patrick", "s", "day"): (3, 17),
    ("april", "fools", "day"): (4, 1), ("halloween",): (10, 31), ("hallowe", "en"): (10, 31),
    ("independence", "day"): (7, 4), ("veterans", "day"): (11, 11),
}  # fmt: skip
"""Holidays with a fixed date, as month and day."""
_NTH_HOLIDAYS: dict[tuple[str, ...], tuple[int, int, int]] = {
    ("thanksgiving",): (4, 3, 11), ("thanksgiving", "day"): (4, 3, 11), ("labor", "day"): (1, 0, 9),
    ("memorial", "day"): (-1, 0, 5), ("mother", "s", "day"): (2, 6, 5), ("mothers", "day"): (2, 6, 5),
    ("father", "s", "day"): (3, 6, 6), ("fathers", "day"): (3, 6, 6), ("mlk", "day"): (3, 0, 1),
    ("martin", "luther", "king", "day"): (3, 0, 1), ("columbus", "day"): (2, 0, 10),
}  # fmt: skip
"""Holidays on the nth weekday of a month: which one, the weekday, the month."""
_LINKS = frozenset({"after", "before", "following", "+"})
"""Words between a day and the one that it is counted from."""
_LINKS_OF_LENGTHS = frozenset({"after", "before", "from", "and", "comma"})
_LONGEST_NAME = 4
_PATCH_TUESDAY = (2, 1)


def holiday(tokens: Sequence[Token], i: int) -> CalendarDate | NthWeekdays | None:
    """Parse christmas, new year's eve, thanksgiving."""
    start = i
    i += tokens[i].name == "on"
    i += tokens[i].name == "the"
    for length in range(_LONGEST_NAME, 0, -1):
        name = tuple(token.text for token in tokens[i : i + length])
        if (fixed := _HOLIDAYS.get(name)) is not None:
            return CalendarDate(start, i + length, fixed[0], (fixed[1],))
        if (counted := _NTH_HOLIDAYS.get(name)) is not None:
            return NthWeekdays(start, i + length, (counted[0],), counted[1], counted[2])
    return None


def patch_tuesday(tokens: Sequence[Token], i: int) -> ShiftedWeekday | None:
    """Parse patch tuesday, patch tuesday + 3 days, 3 days after patch tuesday, the saturday after patch tuesday."""
    first, second = tokens[i], tokens[i + 1]
    if first.kind == "weekday" and second.name not in _LINKS:
        return None
    if first.kind == "number" and (second.kind != "unit" or tokens[i + 2].name not in _LINKS_OF_LENGTHS):
        return None
    if not any(token.text == "patch" or token.name in _LINKS for token in tokens):
        return None
    return _counted_from(tokens, i) or _weekday_from(tokens, i) or _plain(tokens, i)


def _plain(tokens: Sequence[Token], i: int) -> ShiftedWeekday | None:
    start = i
    base = _base(tokens, i)
    if base is None:
        return None
    nth, day, i = base
    sign = {"+": 1, "dash": -1}.get(tokens[i].name if tokens[i].kind == "word" else tokens[i].kind)
    amount = duration_parts(tokens, i + 1) if sign else None
    if sign and amount and (days := _whole_days(amount[0])) is not None:
        return ShiftedWeekday(start, amount[1], nth, day, sign * days)
    return ShiftedWeekday(start, i, nth, day, 0) if _is_patch_tuesday(tokens, start) else None


def _counted_from(tokens: Sequence[Token], i: int) -> ShiftedWeekday | None:
    """Parse 3 days after patch tuesday, the day before the 2nd tuesday."""
    start = i
    i += tokens[i].name == "on"
    the = tokens[i].name == "the"
    unit = tokens[i + the]
    if unit.kind == "unit" and unit.name in ("day", "week"):
        days: int | None = 1 if unit.name == "day" else 7
        i += 1 + the
    else:
        amount = duration_parts(tokens, i)
        if amount is None:
            return None
        days, i = _whole_days(amount[0]), amount[1]
    if days is None or tokens[i].name not in ("after", "before", "from"):
        return None
    sign = -1 if tokens[i].name == "before" else 1
    base = _base(tokens, i + 1)
    return ShiftedWeekday(start, base[2], base[0], base[1], sign * days) if base else None


def _weekday_from(tokens: Sequence[Token], i: int) -> ShiftedWeekday | None:
    """Parse the saturday after patch tuesday, sunday before the 2nd tuesday."""
    start = i
    i += tokens[i].name == "on"
    i += tokens[i].name == "the"
    i += tokens[i].name in ("next", "following", "first") or (tokens[i].kind == "ordinal" and tokens[i].number == 1)
    weekday, link = tokens[i], tokens[i + 1]
    if weekday.kind not in ("weekday", "weekdays") or link.name not in ("after", "before", "following"):
        return None
    base = _base(tokens, i + 2)
    if base is None:
        return None
    nth, day, end = base
    ahead = (weekday.number - day) % 7 or 7
    shift = ahead if link.name != "before" else -((day - weekday.number) % 7 or 7)
    return ShiftedWeekday(start, end, nth, day, shift)


def _is_patch_tuesday(tokens: Sequence[Token], i: int) -> bool:
    i += tokens[i].name in ("on", "of") and tokens[i].kind == "word"
    i += tokens[i].name in ("the", "next", "this", "coming")
    return tokens[i].text == "patch"


def _base(tokens: Sequence[Token], i: int) -> tuple[int, int, int] | None:
    """Parse patch tuesday, or the 2nd tuesday of the month. Return which one, the weekday, and its end."""
    i += tokens[i].name in ("on", "of") and tokens[i].kind == "word"
    i += tokens[i].name in ("the", "next", "this", "coming")
    first, second = tokens[i], tokens[i + 1]
    if first.text == "patch" and second.kind in ("weekday", "weekdays") and second.number == _PATCH_TUESDAY[1]:
        return *_PATCH_TUESDAY, i + 2
    if first.kind == "ordinal" and 1 <= first.number <= 4 and second.kind == "weekday":
        return first.number, second.number, i + 2
    return None


def _whole_days(amount: Sequence[tuple[float, str]]) -> int | None:
    """Return the days of a length of days and weeks, or None for another length."""
    per_unit = {"day": 1, "week": 7}
    if any(unit not in per_unit or count != int(count) for count, unit in amount):
        return None
    return sum(int(count) * per_unit[unit] for count, unit in amount)
