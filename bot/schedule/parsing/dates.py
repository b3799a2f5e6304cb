"""Parse dates with a month's name or in figures: 27 Nov 2026, the 13th to 15th of July, 2026-12-24, 4/22.

The productions find the words that make up a date; dateparser reads them and knows which dates exist.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, date, datetime
from functools import lru_cache

from bot.schedule.calendar_names import MONTHS
from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import AmbiguousDate, AmbiguousNode, CalendarDate, DateRange, Months, SyntaxNode, Year
from bot.schedule.parsing.tokens import Token

_LEAP_YEAR = datetime(2000, 1, 1)  # noqa: DTZ001  (a calendar without a zone: every day of every year is in it)
_SETTINGS: dict[str, str | list[str] | datetime] = {
    "PARSERS": ["absolute-time"],
    "REQUIRE_PARTS": ["day", "month"],
    "DATE_ORDER": "DMY",
    "PREFER_DATES_FROM": "current_period",
    "RELATIVE_BASE": _LEAP_YEAR,
}


@lru_cache(maxsize=512)
def parse_day(text: str) -> date | None:
    """Return the day of words such as "27 november" as a date of a leap year, or None where there is no such day."""
    import dateparser

    parsed = dateparser.parse(text, languages=["en"], settings=_SETTINGS)
    return parsed.date() if parsed else None


def warm_up() -> None:
    """Load dateparser and read every day of a year once."""
    for month in MONTHS:
        for day in range(1, 32):
            parse_day(f"{day} {month}")


def calendar_date(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    """Parse a date that names its month, in words or in figures."""
    start = i
    i += tokens[i].name in ("on", "of", "next") and tokens[i].kind == "word"
    i += tokens[i].name == "the"
    node = _numeric_date(tokens, i) or _date_range_at(tokens, i) or _day_first(tokens, i) or _month_first(tokens, i)
    node = node or _year_first(tokens, i)
    if node is not None:
        node.start = start
    return node


def _numeric_date(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    token = tokens[i]
    if token.kind == "slashed" and token.parts[1] < 100:
        first, last = token.parts
        return _numeric_date_node(token, i, ((last, first), (first, last)), None)
    if token.kind != "date":
        return None
    first, middle, last = token.parts
    if first > 99:
        return _numeric_date_node(token, i, ((middle, last),), first)
    return _numeric_date_node(token, i, ((middle, first), (first, middle)), last if last > 99 else 2000 + last)


def _numeric_date_node(token: Token, i: int, orders: tuple[tuple[int, int], ...], year: int | None) -> SyntaxNode:
    """Return the one date that the figures can mean, or a node with both."""
    possible = tuple(dict.fromkeys(o for o in orders if 1 <= o[0] <= 12 and 1 <= o[1] <= 31))
    if not possible:
        raise ParseError(f"{token.text} is not a date.", SyntaxNode(i, i + 1), example="24 December 21:00")
    if len(possible) == 2:
        return AmbiguousDate(i, i + 1, possible, year)
    return _validated(CalendarDate(i, i + 1, possible[0][0], (possible[0][1],), year))


def _validated(node: CalendarDate) -> CalendarDate:
    """Reject a date that no calendar has, or that dateparser reads differently."""
    for day in node.days:
        name = MONTHS[node.month - 1]
        parsed = parse_day(f"{day} {name}")
        known = parsed is not None and (parsed.day, parsed.month) == (day, node.month)
        if not known or (node.year is not None and not _exists_in_year(node.year, node.month, day)):
            raise ParseError(f"There is no {day} {name.capitalize()} {node.year or ''}".strip() + ".", node)
    return node


def _exists_in_year(year: int, month: int, day: int) -> bool:
    """Tell whether a day of a leap year exists in this year too."""
    return MINYEAR <= year <= MAXYEAR and day <= monthrange(year, month)[1]


def _date_range_at(tokens: Sequence[Token], i: int) -> DateRange | None:
    """Parse 13 to 15 July, the 13th to the 15th of July 2027; but "5 to 6pm" means hours."""
    start, first = i, _day_number(tokens, i)
    if first is None:
        return None
    i += 1
    if tokens[i].kind != "dash" and tokens[i].name not in ("to", "through", "until"):
        return None
    i += 1
    i += tokens[i].name == "the"
    last = _day_number(tokens, i)
    if last is None:
        return None
    i += 1
    i += tokens[i].name == "of"
    if tokens[i].kind != "month":
        return None
    if _day_number(tokens, i + 1):
        return None
    month, (year, end) = tokens[i].number, _trailing_year(tokens, i + 1)
    return _date_range_node(start, end, month, first, last, year)


def _date_range_node(start: int, end: int, month: int, first: int, last: int, year: int | None) -> DateRange:
    node = DateRange(start, end, month, first, last, year)
    for day in (first, last):
        _validated(CalendarDate(start, end, month, (day,), year))
    if last <= first:
        raise ParseError("The end of that stretch is not after its start.", node)
    return node


def _day_first(tokens: Sequence[Token], i: int) -> CalendarDate | None:
    """Parse 15 February, the 15th of February 2027, 15Feb, 23/sep/2020, the 20th and 30th of August."""
    days = _day_numbers(tokens, i)
    if days is None:
        return None
    start, (numbers, i) = i, days
    i += tokens[i].name in ("of", "/") or tokens[i].kind == "dash"
    if tokens[i].kind != "month":
        return None
    if _day_number(tokens, i + 1):
        return None
    year, end = _trailing_year(tokens, i + 1)
    return _validated(CalendarDate(start, end, tokens[i].number, numbers, year))


def _month_first(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    """Parse Feb 15, february the 15th, Aug 20 and 30, July 13-15, October 2 2027."""
    if tokens[i].kind != "month":
        return None
    start, month = i, tokens[i].number
    i += 1
    if tokens[i].name == "on" and tokens[i + 1].name == "day":
        i += 2
    elif tokens[i].kind in ("dash", "comma") or tokens[i].name in ("/", "the"):
        i += 1
        i += tokens[i].name == "the"
    if (
        (year_before_day := _year_number(tokens, i))
        and _separator_width(tokens, i + 1)
        and (day := _day_number(tokens, i + 2))
    ):
        return _validated(CalendarDate(start, i + 3, month, (day,), year_before_day))
    days = _day_numbers(tokens, i)
    if days is None:
        return None
    numbers, i = days
    if len(numbers) == 1 and (last := _range_end(tokens, i)):
        year, end = _trailing_year(tokens, last[1])
        return _date_range_node(start, end, month, numbers[0], last[0], year)
    year, end = _trailing_year(tokens, i)
    return _validated(CalendarDate(start, end, month, numbers, year))


def _range_end(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    if tokens[i].kind != "dash" and tokens[i].name not in ("to", "through", "until"):
        return None
    i += 1
    i += tokens[i].name == "the"
    day = _day_number(tokens, i)
    other_month = tokens[i + 1].name in ("of", "/") and _year_number(tokens, i + 2) is None
    if day is None or tokens[i + 1].kind == "month" or other_month:
        return None
    return day, i + 1


def _year_first(tokens: Sequence[Token], i: int) -> CalendarDate | None:
    """Parse 2012/Aug/10, 2020/23/sep, 2018 March 18."""
    year = _year_number(tokens, i)
    if year is None:
        return None
    start = i
    i += 1
    i += _separator_width(tokens, i)
    if tokens[i].kind == "month":
        month, after = tokens[i].number, i + 1
        day = _day_number(tokens, after + _separator_width(tokens, after))
        end = after + _separator_width(tokens, after) + 1
    else:
        day = _day_number(tokens, i)
        after = i + 1 + _separator_width(tokens, i + 1)
        month, end = tokens[after].number if tokens[after].kind == "month" else 0, after + 1
    return _validated(CalendarDate(start, end, month, (day,), year)) if day and month else None


def _separator_width(tokens: Sequence[Token], i: int) -> int:
    return int(tokens[i].kind == "dash" or tokens[i].name == "/")


def _day_number(tokens: Sequence[Token], i: int) -> int | None:
    """Return the number of a day of a month, unless the next token makes it an hour or a duration."""
    token = tokens[i]
    if token.kind == "ordinal":
        return token.number if 1 <= token.number <= 31 else None
    if token.kind != "number" or not 1 <= token.number <= 31:
        return None
    following = tokens[i + 1]
    if following.kind in ("meridiem", "unit") or following.name in ("o'clock", "times", "x"):
        return None
    return token.number


def _day_numbers(tokens: Sequence[Token], i: int) -> tuple[tuple[int, ...], int] | None:
    """Return one day or several, and where they end: "21st and 31st", "1, 10 and 20"."""
    day = _day_number(tokens, i)
    if day is None:
        return None
    days = [day]
    i += 1
    while True:
        after = i
        while tokens[after].kind == "comma" or tokens[after].name == "and":
            after += 1
        after += tokens[after].name in ("the", "day")
        following = _day_number(tokens, after) if after > i else None
        plain_year = tokens[after].kind == "number" and tokens[after].number > 31
        if following is None or plain_year or tokens[after].kind != tokens[i - 1].kind:
            return tuple(days), i
        days.append(following)
        i = after + 1


def _trailing_year(tokens: Sequence[Token], i: int) -> tuple[int | None, int]:
    """Return the year at ``i``, after a comma, a dash or "of", and its end; None and ``i`` where there is none."""
    after = i + (_separator_width(tokens, i) or int(tokens[i].kind == "comma" or tokens[i].name in ("of", "in")))
    year = _year_number(tokens, after)
    return (year, after + 1) if year else (None, i)


def _year_number(tokens: Sequence[Token], i: int) -> int | None:
    token = tokens[i]
    if token.kind != "number" or len(token.text) != 4 or not token.text.isdigit() or token.number < 1900:
        return None
    if tokens[i + 1].kind == "meridiem" or tokens[i + 1].name == "hour" or tokens[i - 1].name == "at":
        return None
    is_late_hour = 2200 <= token.number < 2400 and token.number % 100 < 60
    return None if is_late_hour else token.number


def months(tokens: Sequence[Token], i: int) -> Months | None:
    """Parse months without a day: in January, march 2027, July and August, 04/2027."""
    start = i
    i += tokens[i].name in ("in", "of", "every") and tokens[i].kind == "word"
    if tokens[i].kind == "slashed" and tokens[i].parts[1] >= 1000 and 1 <= tokens[i].parts[0] <= 12:
        return Months(start, i + 1, (tokens[i].parts[0],), tokens[i].parts[1])
    if (year := _year_number(tokens, i)) and tokens[i + 1].kind == "month":
        return Months(start, i + 2, (tokens[i + 1].number,), year)
    if tokens[i].kind != "month":
        return None
    numbers = [tokens[i].number]
    i += 1
    while True:
        after = i
        while tokens[after].kind == "comma" or tokens[after].name in ("and", "or"):
            after += 1
        if after == i or tokens[after].kind != "month" or _day_number(tokens, after + 1):
            break
        numbers.append(tokens[after].number)
        i = after + 1
    stated_year, end = _trailing_year(tokens, i)
    return Months(start, end, tuple(numbers), stated_year)


def year(tokens: Sequence[Token], i: int) -> Year | None:
    """Parse a year alone: 2027, in 2027."""
    lead = int(tokens[i].name in ("in", "of") and tokens[i].kind == "word")
    number = _year_number(tokens, i + lead)
    return Year(i, i + lead + 1, number) if number else None


def dotted_number(tokens: Sequence[Token], i: int) -> AmbiguousNode | CalendarDate | None:
    """Parse 8.25 alone: a time, or a date in one of two orders."""
    token = tokens[i]
    if token.kind != "dotted":
        return None
    first, last = token.parts
    dates = [(month, day) for day, month in dict.fromkeys(((first, last), (last, first))) if _is_real_day(month, day)]
    options: tuple[str, ...] = (
        (f"at {first:02}:{last:02}",) if first < 24 and last < 60 and len(token.text.split(".")[1]) == 2 else ()
    )
    if not options and len(dates) == 1:
        return CalendarDate(i, i + 1, dates[0][0], (dates[0][1],))
    options += tuple(f"{day} {MONTHS[month - 1].capitalize()}" for month, day in dates)
    return AmbiguousNode(i, i + 1, f"Is {token.text} a time or a date?", options)


def _is_real_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and parse_day(f"{day} {MONTHS[month - 1]}") is not None
