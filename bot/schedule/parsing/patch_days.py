"""Parse Patch Tuesday, and days counted from it or from the nth weekday of a month."""

from collections.abc import Sequence

from bot.schedule.parsing.durations import duration_parts
from bot.schedule.parsing.nodes import ShiftedWeekday
from bot.schedule.parsing.tokens import Token

_LINKS = frozenset({"after", "before", "following", "+"})
"""Words between a day and the one that it is counted from."""
_LINKS_OF_LENGTHS = frozenset({"after", "before", "from", "and", "comma"})
_PATCH_TUESDAY = (2, 1)


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
