"""Parse days relative to now, to the week or to the month: tomorrow, next friday, the 15th, the last sunday."""

from collections.abc import Sequence

from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.later import with_words_behind
from bot.schedule.parsing.nodes import (
    AmbiguousNode,
    BoundedUnit,
    CountedDays,
    MonthDays,
    NowNode,
    NthWeekdays,
    Period,
    PeriodBoundary,
    PeriodUnit,
    RelativeDay,
    SyntaxNode,
    Weekdays,
    Workdays,
)
from bot.schedule.parsing.tokens import Token

_DETERMINERS = frozenset({"this", "next", "following", "coming"})
_PERIODS: dict[str, PeriodUnit] = {
    "week": "week",
    "month": "month",
    "year": "year",
    "weekend": "weekend",
    "week-end": "weekend",
}
_BOUNDED_PERIODS: dict[str, BoundedUnit] = {"week": "week", "month": "month", "quarter": "quarter", "year": "year"}
_ENDS: dict[str, BoundedUnit] = {"eow": "week", "eom": "month", "eoq": "quarter", "eoy": "year"}
_CONJUNCTIONS = frozenset({"and", "or", "/", "+"})


def right_now(tokens: Sequence[Token], i: int) -> NowNode | None:
    """Parse now, right now, straight away, at this moment."""
    if tokens[i].name in ("right", "straight", "just") and tokens[i + 1].name in ("now", "away"):
        return NowNode(i, i + 2)
    if [token.text for token in tokens[i : i + 4]] == ["as", "soon", "as", "possible"]:
        return NowNode(i, i + 4)
    if tokens[i].name == "at" and tokens[i + 1].name in ("this", "the") and tokens[i + 2].name == "moment":
        return NowNode(i, i + 3)
    return NowNode(i, i + 1) if tokens[i].name == "now" else None


def passed(tokens: Sequence[Token], i: int) -> None:
    """Reject last night, last week and the like; but not the last week of something."""
    word = tokens[i + 1]
    is_period = word.kind in ("daypart", "unit") and word.name in (
        "night",
        "evening",
        "morning",
        "afternoon",
        *_PERIODS,
    )
    if (is_period or word.name == "weekend") and tokens[i + 2].name not in ("of", "in"):
        raise ParseError("That has passed.", SyntaxNode(i, i + 2))


def relative_day(tokens: Sequence[Token], i: int) -> RelativeDay | None:
    """Parse today, tomorrow, the day after tomorrow."""
    start = i
    i += tokens[i].name in ("on", "of", "for") and tokens[i].kind == "word"
    i += tokens[i].name == "the"
    if tokens[i].name == "day" and tokens[i + 1].name == "after" and tokens[i + 2].name == "tomorrow":
        return RelativeDay(start, i + 3, 2)
    for word, days in (("today", 0), ("tomorrow", 1), ("yesterday", -1)):
        if tokens[i].name == word and tokens[i].kind == "word":
            return RelativeDay(start, i + 1, days)
    return None


def weekdays(tokens: Sequence[Token], i: int) -> Weekdays | None:
    """Parse friday, next friday, mon-thu, mondays and thursdays, weekdays, two sundays from now."""
    start = i
    if counted := _nth_weekday_from_now(tokens, i):
        return counted
    i += tokens[i].name in ("on", "of", "every") and tokens[i].kind == "word"
    i += tokens[i].name == "the" and (tokens[i + 1].name in _DETERMINERS or tokens[i + 2].name == "after")
    i += tokens[i].name == "a" and i > start and tokens[i + 1].kind == "weekday"
    determiner = ""
    while tokens[i].name in _DETERMINERS:
        if determiner and (determiner != "this" or tokens[i].name != "coming"):
            return None
        determiner = tokens[i].name
        i += 1
    if (group := _weekday_group(tokens, i)) is not None:
        days, plural, end = group
        return Weekdays(start, end, days, determiner, plural, has_nights=tokens[i].text.startswith("weeknight"))
    if tokens[i].kind not in ("weekday", "weekdays"):
        return None
    days, plural, end, is_range = _weekday_list(tokens, i)
    is_choice = len(days) > 1 and any(token.name == "or" for token in tokens[i:end])
    return with_words_behind(tokens, Weekdays(start, end, days, determiner, plural, is_range, is_choice=is_choice))


def counted_days(tokens: Sequence[Token], i: int) -> CountedDays | None:
    """Parse the next 3 fridays, the next 5 days at, for the next 2 weekends."""
    start = i
    i += tokens[i].name in ("for", "on") and tokens[i].kind == "word"
    i += tokens[i].name == "the"
    determiner, count, day = tokens[i : i + 3]
    if determiner.name not in ("next", "coming", "following") or count.kind != "number" or not 1 < count.number < 367:
        return None
    if day.kind in ("weekday", "weekdays"):
        return CountedDays(start, i + 3, count.number, (day.number,))
    if (group := _weekday_group(tokens, i + 2)) is not None and len(group[0]) == 5:
        return CountedDays(start, group[2], count.number, group[0])
    return None


def _nth_weekday_from_now(tokens: Sequence[Token], i: int) -> Weekdays | None:
    count, day, link, now = tokens[i : i + 4]
    if count.kind != "number" or day.kind not in ("weekday", "weekdays") or not 0 < count.number < 60:
        return None
    if link.name == "from" and now.name in ("now", "today") and now.kind == "word":
        return Weekdays(i, i + 4, (day.number,), nth=count.number)
    return None


def _weekday_group(tokens: Sequence[Token], i: int) -> tuple[tuple[int, ...], bool, int] | None:
    """Return the days of a word such as weekdays, business days or weekends, whether it is plural, and its end."""
    name = tokens[i].name
    if name in ("weekday", "weekdays"):
        return (0, 1, 2, 3, 4), name == "weekdays", i + 1
    if name == "week" and tokens[i + 1].name == "day":
        return (0, 1, 2, 3, 4), tokens[i + 1].text == "days", i + 2
    if name in ("business", "working") and tokens[i + 1].name == "day":
        return (0, 1, 2, 3, 4), tokens[i + 1].text == "days", i + 2
    if name in ("weekend", "weekends", "week-end") and tokens[i - 1].name != "this" and tokens[i - 1].name != "next":
        return (5, 6), name == "weekends", i + 1
    return None


def _weekday_list(tokens: Sequence[Token], i: int) -> tuple[tuple[int, ...], bool, int, bool]:
    """Return the days of a list such as "mon, tue and thu-sat", whether plural, its end, and whether it is a range."""
    days: list[int] = []
    joined: set[bool] = set()
    plural = is_range = False
    while True:
        first = tokens[i]
        plural |= first.kind == "weekdays"
        days.append(first.number)
        i += 1
        link = tokens[i]
        if (link.kind == "dash" or link.name in ("to", "through")) and tokens[i + 1].kind in ("weekday", "weekdays"):
            last = tokens[i + 1]
            if last.number == first.number:
                break
            plural |= last.kind == "weekdays"
            days += [(first.number + step) % 7 for step in range(1, (last.number - first.number) % 7 + 1)]
            is_range = True
            i += 2
        after = i
        while tokens[after].kind == "comma" or tokens[after].name in _CONJUNCTIONS:
            after += 1
        after += tokens[after].name in ("on", "every") and after > i
        joined.add(after > i)
        if tokens[after].kind not in ("weekday", "weekdays") or (
            False in joined and _is_no_list(tokens, after, joined, days)
        ):
            break
        i = after
    unique = tuple(dict.fromkeys(days))
    return unique, plural, i, is_range


def _is_no_list(tokens: Sequence[Token], i: int, joined: set[bool], days: list[int]) -> bool:
    """Tell whether weekdays side by side are no list such as "mon wed fri", which has no signs at all."""
    return True in joined or tokens[i].number in days or tokens[i].kind == "weekdays"


def ordinals(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    """Parse the 15th, the 1st and the last, day 2, the 2nd to last friday, the last working day."""
    start = i
    i += tokens[i].name in ("on", "of") and tokens[i].kind == "word"
    if tokens[i].name == "day" and tokens[i + 1].kind == "number":
        return _day_numbers(tokens, start, i + 1)
    the = tokens[i].name == "the"
    i += the
    nths: list[int] = []
    while (counted := _ordinal_at(tokens, i)) is not None:
        nths.append(counted[0])
        end = i = counted[1]
        while tokens[i].kind == "comma" or tokens[i].name in _CONJUNCTIONS:
            i += 1
        i += tokens[i].name == "the"
    if not nths:
        return None
    return _counted_by_ordinals(tokens, start, end, tuple(nths))


def _counted_by_ordinals(tokens: Sequence[Token], start: int, i: int, nths: tuple[int, ...]) -> SyntaxNode | None:
    """Return what the ordinals count: days of the month, working days, or one weekday."""
    i += tokens[i].name == "instances"
    token = tokens[i]
    if token.name == "day":
        return MonthDays(start, i + 1, nths, has_day_word=True)
    if token.name in ("weekend", "weekends") and len(nths) == 1:
        return _nth_weekend(tokens, start, i)
    if token.name == "weekday":
        return Workdays(start, i + 1, nths, has_holidays=token.text == "workday")
    if token.name in ("business", "working") and tokens[i + 1].name == "day":
        return Workdays(start, i + 2, nths, has_holidays=True)
    if token.kind in ("weekday", "weekdays"):
        if tokens[i + 1].name in _CONJUNCTIONS and tokens[i + 2].kind in ("weekday", "weekdays"):
            return None
        return _with_month(tokens, NthWeekdays(start, i + 1, nths, token.number))
    if token.kind == "unit" or token.kind == "month" or token.name in ("time", "times", "weekend", "quarter"):
        return None
    return MonthDays(start, i, nths)


def _nth_weekend(tokens: Sequence[Token], start: int, i: int) -> AmbiguousNode:
    """Ask which day of "the first weekend" is meant."""
    which = " ".join(token.text for token in tokens[start:i] if token.name not in ("on", "of"))
    options = (f"{which} saturday", f"{which} sunday")
    return AmbiguousNode(start, i + 1, "On which day of that weekend?", options)


def _with_month(tokens: Sequence[Token], node: NthWeekdays) -> NthWeekdays:
    """Add the month and year after an nth weekday: in february, of october 2027."""
    i = node.end
    i += tokens[i].name in ("of", "in") and tokens[i].kind == "word"
    after = i + 1
    while tokens[after].kind == "comma" or tokens[after].name in _CONJUNCTIONS:
        after += 1
    listed = after > i + 1 and tokens[after].kind == "month"
    if tokens[i].kind == "month" and not listed and not _starts_date(tokens, i):
        node.month, node.end = tokens[i].number, i + 1
        i += 1 + (tokens[i + 1].kind == "comma")
        if tokens[i].kind == "number" and len(tokens[i].text) == 4 and 1900 <= tokens[i].number < 2200:
            node.year, node.end = tokens[i].number, i + 1
    return node


def _starts_date(tokens: Sequence[Token], i: int) -> bool:
    following = tokens[i + 1]
    return following.kind == "ordinal" or (
        following.kind == "number" and following.number <= 31 and tokens[i + 2].kind not in ("meridiem", "clock")
    )


def _ordinal_at(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """Parse an ordinal, negative where "last" counts from the end: 2nd, last, 2nd to last, 4th last."""
    token = tokens[i]
    if token.name in ("last", "penultimate") and token.kind == "word":
        return -1 - (token.name == "penultimate"), i + 1
    if token.kind != "ordinal" or not 1 <= token.number <= 366:
        return None
    after = i + 1
    if tokens[after].kind == "dash" and tokens[after + 1].name == "last":
        return -token.number, after + 2
    if tokens[after].name == "to" or (tokens[after].kind == "dash" and tokens[after + 1].name == "to"):
        after += 1 + (tokens[after].kind == "dash")
        after += tokens[after].name == "the" or tokens[after].kind == "dash"
        if tokens[after].name == "last":
            return -token.number, after + 1
        return token.number, i + 1
    if tokens[after].name == "last":
        return -token.number, after + 1
    return token.number, i + 1


def _day_numbers(tokens: Sequence[Token], start: int, i: int) -> MonthDays | None:
    """Parse the numbers of day 2 and days 1, 15 and 20."""
    days: list[int] = []
    end = i
    while tokens[i].kind == "number" and 1 <= tokens[i].number <= 366:
        days.append(tokens[i].number)
        end = i = i + 1
        while tokens[i].kind == "comma" or tokens[i].name in _CONJUNCTIONS:
            i += 1
    return MonthDays(start, end, tuple(days), has_day_word=True) if days else None


def period(tokens: Sequence[Token], i: int) -> Period | None:
    """Parse next week, this month, the following year, the weekend, the week after next; and "of the month"."""
    start = i
    i += tokens[i].name in ("in", "of", "on", "at") and tokens[i].kind == "word"
    the = tokens[i].name == "the" or (tokens[i].text == "month" and tokens[i - 1].name == "of" and i > start)
    i += tokens[i].name == "the"
    offset: int | None = None
    if tokens[i].name in _DETERMINERS:
        offset = 0 if tokens[i].name == "this" else 1
        i += 1
    unit = _PERIODS.get(tokens[i].name)
    if unit and offset is None and tokens[i + 1].name == "after" and tokens[i + 2].name == "next":
        return Period(start, i + 3, unit, 2)
    if unit is None or (offset is None and not the) or tokens[i].text.endswith("s"):
        return None
    return Period(start, i + 1, unit, offset)


def period_boundary(tokens: Sequence[Token], i: int) -> PeriodBoundary | None:
    """Parse the end of March, the start of next month, EOM, end of the year."""
    start = i
    i += tokens[i].name in ("at", "by")
    i += tokens[i].name == "the"
    if unit := _ENDS.get(tokens[i].name):
        return PeriodBoundary(start, i + 1, True, unit=unit)
    if tokens[i].name not in ("end", "start"):
        return None
    end_of = tokens[i].name == "end"
    i += 1
    if tokens[i].name != "of" or tokens[i + 1].name == "every":
        return PeriodBoundary(start, i, end_of) if tokens[i].kind != "month" else None
    i += tokens[i].name == "of"
    if tokens[i].kind == "month":
        has_year = tokens[i + 1].kind == "number" and len(tokens[i + 1].text) == 4
        return PeriodBoundary(
            start, i + 1 + has_year, end_of, tokens[i].number, tokens[i + 1].number if has_year else None
        )
    i += tokens[i].name == "the"
    offset = 0
    if tokens[i].name in _DETERMINERS:
        offset = 0 if tokens[i].name == "this" else 1
        i += 1
    unit = _BOUNDED_PERIODS.get(tokens[i].name)
    return PeriodBoundary(start, i + 1, end_of, unit=unit, offset=offset) if unit else None
