"""Parse times of day: 21:00, 9pm, 22h30, half past nine, noon; and parts of the day, which alone name no hour."""

from collections.abc import Sequence
from typing import Literal

from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import AmbiguousNode, BareNumber, Daypart, EndOfDay, HourCertainty, MonthDays, TimeOfDay
from bot.schedule.parsing.tokens import Token

_PREFIXES = frozenset({"at", "about", "for", "exactly"})
_FRACTION_MINUTES = {"quarter": 15, "half": 30}
_DAY_WORDS = frozenset(
    {"today", "tonight", "tomorrow", "weekday", "weekdays", "weekend", "weekends", "daily", "nightly"}
)
_MAX_SHORT_RANGE = 6 * 60
"""Minutes up to which "5 to 6pm" is a range and nothing else."""


def time_of_day(
    tokens: Sequence[Token], i: int, *, allow_bare: bool = False, allow_minutes_to: bool = True
) -> TimeOfDay | AmbiguousNode | None:
    """Parse a time of day with its "at".

    A number alone is a time only after "at" or with ``allow_bare``. Without ``allow_minutes_to``, "five to seven" means
    two hours.
    """
    start = i
    leads = set()
    while tokens[i].name in _PREFIXES:
        leads.add(tokens[i].name)
        i += 1
    i += tokens[i].name == "next" and tokens[i + 1].name in ("noon", "midnight")
    node = (
        _noon_or_midnight(tokens, i)
        or _minutes_past_or_to(tokens, i, allow_minutes_to)
        or _numeric_time(tokens, i, allow_bare or bool(leads))
    )
    if node is None:
        return None
    if isinstance(node, AmbiguousNode):
        node.start = start
        return node
    _apply_suffixes(tokens, node)
    if "for" in leads and node.certainty < HourCertainty.LIKELY and tokens[node.end].name != "in":
        return None
    node.start, node.has_at = start, bool(leads)
    node.is_approximate |= "about" in leads
    return node


def _apply_suffixes(tokens: Sequence[Token], clock: TimeOfDay) -> None:
    if tokens[clock.end].name in ("sharp", "exactly", "about"):
        clock.is_approximate |= tokens[clock.end].name == "about"
        clock.end += 1
    if tokens[clock.end].text == "ish" and tokens[clock.end].adjacent:
        clock.end, clock.is_approximate = clock.end + 1, True
    if tokens[clock.end].name == "or" and tokens[clock.end + 1].text == "so":
        clock.end, clock.is_approximate = clock.end + 2, True
    i = clock.end
    the, which, word = tokens[i : i + 3]
    if the.name == "the" and which.kind == "ordinal" and which.number in (1, 2) and word.name == "time":
        fold: Literal[0, 1] = 0 if which.number == 1 else 1
        clock.fold, clock.end = fold, i + 3


def _noon_or_midnight(tokens: Sequence[Token], i: int) -> TimeOfDay | None:
    """Parse noon and midnight, also as "12 noon" and "12:00 midnight"."""
    start = i
    if (tokens[i].kind == "number" and tokens[i].number == 12) or tokens[i].parts == (12, 0):
        i += 1 + (tokens[i + 1].name == "o'clock")
    if tokens[i].name == "noon":
        return TimeOfDay(start, i + 1, 12)
    if tokens[i].name == "midnight":
        return TimeOfDay(start, i + 1, 0, is_midnight=True)
    if tokens[i].name == "mid" and i == start:
        i += 2 if tokens[i + 1].kind == "dash" else 1
        if tokens[i].name == "night":
            return TimeOfDay(start, i + 1, 0, is_midnight=True)
        if tokens[i].name == "day":
            return TimeOfDay(start, i + 1, 12)
    return None


def _minutes_past_or_to(tokens: Sequence[Token], i: int, allow_minutes_to: bool) -> TimeOfDay | AmbiguousNode | None:
    """Parse half past eight, a quarter to seven, 20 minutes past 3pm, three minutes to eight."""
    start = i
    i += tokens[i].name == "a"
    minutes = _FRACTION_MINUTES.get(tokens[i].name, tokens[i].number if tokens[i].kind == "number" else 0)
    if tokens[i].kind == "number" and tokens[i + 1].name == "quarters":
        minutes, i = 15 * minutes, i + 1
    counted = tokens[i + 1].name == "minute"
    relation = tokens[i + 1 + counted].name
    relation = "past" if relation == "after" and not counted else relation
    if not 0 < minutes < 60 or relation not in ("past", "to"):
        return None
    is_unambiguous = counted or tokens[i].name in ("quarter", "quarters", "half")
    twelve = _noon_or_midnight(tokens, i + 2 + counted)
    if relation == "to" and not is_unambiguous and not allow_minutes_to:
        return None
    hour = twelve or _numeric_time(tokens, i + 2 + counted, True)
    if not isinstance(hour, TimeOfDay) or (hour.minute and relation == "past"):
        return None
    if relation == "to" and not is_unambiguous and not tokens[i].text.isalpha() and not twelve:
        return _figures_to(tokens, start, hour)
    total = (hour.hour * 60 + hour.minute + (minutes if relation == "past" else -minutes)) % (24 * 60)
    certainty = HourCertainty.CERTAIN if hour.certainty == HourCertainty.CERTAIN else HourCertainty.UNKNOWN
    if certainty is HourCertainty.UNKNOWN and total // 60 == 0:
        total += 12 * 60
    if relation == "to" and not is_unambiguous:
        return _minutes_to_or_range(tokens, start, hour, total)
    return TimeOfDay(start, hour.end, total // 60, total % 60, certainty=certainty)


def _figures_to(tokens: Sequence[Token], start: int, hour: TimeOfDay) -> TimeOfDay | AmbiguousNode | None:
    """Read "20 to 8pm" as minutes, "5 to 6pm" as a range (None), and ask where both make sense: "10 to 10pm"."""
    first, end = tokens[start].number, hour.hour * 60 + hour.minute
    is_certain = hour.certainty == HourCertainty.CERTAIN
    if first not in (5, 10, 15, 20, 25) or tokens[start].text != str(first) or hour.minute:
        return None
    total = (end - first) % (24 * 60)
    if not is_certain:
        if first < 20 or hour.hour > 12:
            return None
        early, late = total % 720, total % 720 + 720
        options = [f"{minute // 60:02}:{minute % 60:02}" for minute in (early, late)]
        options += [f"{first:02}:00 to {hour.hour + 12:02}:00"] if first < 24 and hour.hour + 12 > first else []
    else:
        period = 720 if first <= 12 else 1440
        length = (end - first * 60) % period or period
        if (length < _MAX_SHORT_RANGE and first < 15) or (hour.hour > 12 and not hour.has_meridiem):
            return None
        if length > 720 or first > 23:
            return TimeOfDay(start, hour.end, total // 60, total % 60)
        opening = (end - length) % 1440 // 60
        options = [f"{total // 60:02}:{total % 60:02}", f"{opening:02}:00 to {hour.hour:02}:00"]
    words = " ".join(token.text for token in tokens[start : hour.end])
    return AmbiguousNode(start, hour.end, f"Which time is meant by '{words}'?", tuple(options))


def half_hour(tokens: Sequence[Token], i: int) -> AmbiguousNode | None:
    """Ask about "half 8", which is half past seven to some and half past eight to others."""
    hour = tokens[i + 1]
    if tokens[i].name != "half" or hour.kind != "number" or not 1 <= hour.number <= 12:
        return None
    hours = [(hour.number + shift) % 12 + half for shift in (0, -1) for half in (0, 12)]
    options = tuple(f"{value:02}:30" for value in hours)
    return AmbiguousNode(i, i + 2, f"Which time is meant by 'half {hour.text}'?", options)


def _minutes_to_or_range(
    tokens: Sequence[Token], start: int, hour: TimeOfDay, total: int
) -> TimeOfDay | AmbiguousNode | None:
    """Ask whether "ten to nine" is a time or a range; other numbers ("one to three") are always a range."""
    if tokens[start].number in (15, 20, 25):
        return TimeOfDay(start, hour.end, total // 60, total % 60, certainty=hour.certainty)
    if tokens[start].number not in (5, 10):
        return None
    if tokens[hour.start].kind == "word" or tokens[hour.start + 1].name in ("noon", "midnight"):
        return TimeOfDay(start, hour.end, total // 60, total % 60)
    early, late = total % 720, total % 720 + 720
    options = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in (early, late))
    first = tokens[start].number
    if hour.certainty == HourCertainty.CERTAIN:
        opening = (hour.hour * 60 - ((hour.hour - first) * 60 % 720 or 720)) % 1440 // 60
        options = (f"{total // 60:02}:{total % 60:02}", f"{opening:02}:00 to {hour.hour:02}:00")
    elif hour.hour > first:
        options += (f"{first:02}:00 to {hour.hour:02}:00",)
    words = " ".join(token.text for token in tokens[start : hour.end])
    return AmbiguousNode(start, hour.end, f"Which time is meant by '{words}'?", options)


def _numeric_time(tokens: Sequence[Token], i: int, allow_bare: bool) -> TimeOfDay | None:
    token = tokens[i]
    if token.kind == "clock":
        return _colon_time(tokens, i)
    if token.kind == "dotted":
        return _dotted_time(tokens, i, allow_bare)
    if token.kind != "number":
        return None
    if token.text.isdigit() and len(token.text) in (3, 4):
        return _four_digit_time(tokens, i, allow_bare)
    return _hour_time(tokens, i, allow_bare)


def _colon_time(tokens: Sequence[Token], i: int) -> TimeOfDay:
    token = tokens[i]
    hour, minute, second = (*token.parts, 0)[:3]
    node = TimeOfDay(i, i + 1, hour, minute, second)
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and minute + second):
        raise ParseError(f"{token.text} is not a time of day.", node)
    if tokens[i + 1].name == "o'clock" or (tokens[i + 1].name == "hour" and tokens[i + 1].text != "hour"):
        node.end += 1
    if (meridiem := _meridiem(tokens, node.end)) is not None:
        return _with_meridiem(tokens, node, *meridiem)
    figures = len(token.text.partition("h")[0].partition(":")[0])
    if "h" in token.text or hour > 12 or token.text[0] == "0":
        return node
    node.certainty = HourCertainty.LOW if figures == 1 and hour < 7 else HourCertainty.LIKELY
    return node


def _dotted_time(tokens: Sequence[Token], i: int, allow_bare: bool) -> TimeOfDay | None:
    """Parse 8.30pm and "at 17.30"; 8.25 alone may be a date."""
    token = tokens[i]
    hour, minute = token.parts
    meridiem = _meridiem(tokens, i + 1)
    part = tokens[i + 1].kind == "daypart" or tokens[i + 1].name == "tonight"
    clear = (
        meridiem is not None
        or part
        or tokens[i + 1].name == "o'clock"
        or allow_bare
        or not minute
        or minute > 31
        or (hour > 12 and minute > 12)
        or token.text[0] == "0"
    )
    if not clear or hour > 23 or minute > 59 or len(token.text.partition(".")[2]) != 2:
        return None
    node = TimeOfDay(i, i + 1 + (tokens[i + 1].name == "o'clock"), hour, minute)
    if meridiem is not None:
        return _with_meridiem(tokens, node, *meridiem)
    if hour <= 12 and token.text[0] != "0":
        node.certainty = HourCertainty.LOW if hour < 7 else HourCertainty.LIKELY
    return node


def _four_digit_time(tokens: Sequence[Token], i: int, allow_bare: bool) -> TimeOfDay | None:
    """Parse 0600, 2200, "at 730"; but 1990 to 2199 alone is a year."""
    token = tokens[i]
    hour, minute = divmod(token.number, 100)
    meridiem = _meridiem(tokens, i + 1)
    suffixed = tokens[i + 1].name == "hour"
    if hour > 23 or minute > 59 or not (meridiem or allow_bare or suffixed or len(token.text) == 4):
        return None
    if not (meridiem or allow_bare or suffixed or _stands_as_time(tokens, i)) and 1900 <= token.number < 2200:
        return None
    node = TimeOfDay(i, i + 1 + suffixed, hour, minute)
    if meridiem is not None:
        return _with_meridiem(tokens, node, *meridiem)
    if hour <= 12 and token.text[0] != "0":
        node.certainty = HourCertainty.LOW if len(token.text) == 3 else HourCertainty.LIKELY
    return node


def _stands_as_time(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether four figures such as 2030 stand beside a day or in a range, where a year makes no sense."""
    previous, following, second = tokens[i - 1] if i else None, tokens[i + 1], tokens[i + 2]
    if previous is not None and previous.kind == "clock":
        return False
    if following.kind == "dash" or following.name in ("to", "until"):
        return second.kind in ("clock",) or (second.kind == "number" and len(second.text) == 4)
    day_before = previous is not None and (
        previous.kind in ("weekday", "weekdays", "daypart", "dash", "date") or previous.name in _DAY_WORDS
    )
    return day_before or following.kind in ("weekday", "daypart") or following.name in _DAY_WORDS


def four_figures(tokens: Sequence[Token], i: int) -> AmbiguousNode | None:
    """Ask about four figures alone, such as 2130: the time is offered, as a year names no time."""
    token = tokens[i]
    if i or tokens[1].kind != "end" or len(token.text) != 4 or not token.text.isdigit() or token.number % 100 > 59:
        return None
    if not 1900 <= token.number < 2200:
        return None
    options = (f"at {token.text[:2]}:{token.text[2:]}",)
    return AmbiguousNode(i, i + 1, f"Is {token.text} a time?", options, accepts_one=True)


def _hour_time(tokens: Sequence[Token], i: int, allow_bare: bool) -> TimeOfDay | None:
    """Parse 9pm, 9 o'clock, eight forty am, 22h; and a number alone with ``allow_bare``."""
    token = tokens[i]
    if token.number > 24:
        return None
    node = TimeOfDay(i, i + 1, token.number, certainty=HourCertainty.UNKNOWN)
    following = tokens[i + 1]
    alike = following.kind == "number" and token.text.isalpha() == following.text.isalpha() and token.number <= 12
    spoken = token.text.isalpha() or (len(following.text) == 2 and tokens[i + 2].kind == "meridiem")
    if alike and spoken and (10 <= following.number < 60 or following.text == "00"):
        node.minute, node.end = following.number, i + 2
    if tokens[node.end].name == "o'clock":
        node.end += 1
    if (meridiem := _meridiem(tokens, node.end)) is not None:
        return _with_meridiem(tokens, node, *meridiem) if node.hour <= 12 else None
    if following.name == "hour" and following.text == "h":
        node.end, node.certainty, node.has_h_suffix = i + 2, HourCertainty.CERTAIN, True
        return node
    if node.end == i + 1 and not allow_bare and not (following.text == "ish" and following.adjacent):
        return None
    if node.end == i + 1 and (following.kind in ("unit", "month", "ordinal") or following.name in ("times", "x")):
        return None
    if node.hour > 12 or node.hour == 0:
        node.certainty = HourCertainty.CERTAIN
    return node


def _meridiem(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """Parse "pm" or "in the pm" at ``i``. Return the hours to add (0 or 12) and its end."""
    if tokens[i].name == "in" and tokens[i + 1].name == "the":
        i += 2
    elif tokens[i].text == "ish" and tokens[i].adjacent:
        i += 1
    if tokens[i].kind != "meridiem":
        return None
    return tokens[i].number, i + 1


def _with_meridiem(tokens: Sequence[Token], node: TimeOfDay, hours_to_add: int, end: int) -> TimeOfDay:
    """Apply am or pm to a time; 16:30 pm is accepted, 16:30 am is not."""
    meridiem = "pm" if hours_to_add else "am"
    if node.hour > 12 or node.hour == 0:
        if node.hour > 23 or (node.hour > 12) != bool(hours_to_add):
            raise ParseError(
                f"{tokens[node.start].text} {meridiem} is not a time of day.", TimeOfDay(node.start, end, 0)
            )
    else:
        node.hour = node.hour % 12 + hours_to_add
    if tokens[end].name == "o'clock":
        end += 1
    node.end, node.certainty, node.has_meridiem = end, HourCertainty.CERTAIN, True
    return node


def daypart(tokens: Sequence[Token], i: int) -> Daypart | None:
    """Parse in the morning, this evening, tonight, at night, on mornings, lunchtime."""
    start = i
    if tokens[i].name in ("in", "on", "at") and tokens[i].kind == "word":
        i += 1
    today = tokens[i].name == "this"
    if tokens[i].name in ("the", "this"):
        i += 1
    if tokens[i].name in ("early", "late") and tokens[i + 1 + (tokens[i + 1].kind == "dash")].kind == "daypart":
        i += 1 + (tokens[i + 1].kind == "dash")
    token = tokens[i]
    if token.name == "tonight" and i == start:
        return Daypart(start, i + 1, "night", is_today=True, plural=False)
    if token.kind == "daypart" or token.kind == "dayparts":
        return Daypart(start, i + 1, token.name, is_today=today, plural=token.kind == "dayparts")
    return None


def end_of_day(tokens: Sequence[Token], i: int) -> EndOfDay | None:
    """Parse end of day, EOD, the end of today; but not "the end of the month"."""
    start = i
    i += tokens[i].name in ("at", "by")
    i += tokens[i].name == "the"
    if tokens[i].name == "eod":
        return EndOfDay(start, i + 1)
    if tokens[i].name == "close" and tokens[i + 1].name == "of" and tokens[i + 2].text in ("business", "play"):
        return EndOfDay(start, i + 3)
    if tokens[i].text != "end":
        return None
    i += 1
    i += tokens[i].name == "of"
    i += tokens[i].name in ("the", "business", "working")
    if tokens[i].name == "day":
        return EndOfDay(start, i + 1)
    if tokens[i].name in ("today", "tomorrow") or tokens[i].kind == "weekday":
        return EndOfDay(start, i)
    return None


def bare_number(tokens: Sequence[Token], i: int) -> BareNumber | MonthDays | None:
    """Parse a number alone, or "on 15"; and the day in "20 of next month"."""
    on = tokens[i].name == "on"
    i += on
    if tokens[i].kind == "number" and 1 <= tokens[i].number <= 31 and tokens[i + 1].name == "of":
        return MonthDays(i - on, i + 1, (tokens[i].number,))
    if tokens[i].kind == "number" and tokens[i].number < 100:
        return BareNumber(i - on, i + 1, tokens[i].number, has_on=on)
    return None
