"""Turn tokens into nodes: at each place the first production that fits takes its tokens; unread tokens are rejected."""

from collections.abc import Callable, Sequence

from bot.schedule.parsing import dates, days, durations, named_days, recurrences, times, zones
from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import (
    BareNumber,
    CalendarDate,
    Connective,
    ConnectiveRole,
    HourCertainty,
    MonthDays,
    NthWeekdays,
    SyntaxNode,
    TimeOfDay,
)
from bot.schedule.parsing.tokens import Token

Production = Callable[[Sequence[Token], int], SyntaxNode | None]

_CONNECTIVES: dict[str, ConnectiveRole] = {
    "from": "from",
    "between": "between",
    "to": "to",
    "through": "to",
    "until": "until",
    "starting": "starting",
    "after": "after",
    "before": "before",
    "except": "except",
    "by": "by",
}


def connective(tokens: Sequence[Token], i: int) -> Connective | None:
    """Parse a word or phrase that gives the nodes after it their role."""
    token, second, third = tokens[i : i + 3]
    if token.kind == "dash":
        return Connective(i, i + 1, "to", is_dash=True)
    if token.name == "later" and second.name == "than":
        return Connective(i, i + 2, "after")
    if token.name in ("but", "and") and second.name == "before":
        return Connective(i, i + 2, "before")
    if token.name in ("no", "not") and second.name in ("before", "earlier", "sooner"):
        return Connective(i, i + 2 + (third.name == "than"), "after")
    if token.name == "but" and second.name == "not":
        return Connective(i, i + 2 + (third.name == "on"), "except")
    if token.name in ("no", "not") and second.name in ("later", "after"):
        return Connective(i, i + 2 + (third.name == "than"), "latest")
    if token.name == "latest":
        return Connective(i, i + 1 + (second.name == "by"), "latest")
    if token.name == "at" and second.name == "latest":
        return Connective(i, i + 2, "latest")
    role = _CONNECTIVES.get(token.name)
    if role is None or token.kind != "word":
        return None
    follows_start = role == "starting" and second.name in ("from", "at") and tokens[i + 2].kind != "end"
    follows_except = role == "except" and second.name in ("for", "on")
    return Connective(i, i + 1 + (follows_except or (follows_start and second.name == "from")), role)


_DATE_PRODUCTIONS: tuple[Production, ...] = (dates.calendar_date, dates.months)
_AFTER_THE: tuple[Production, ...] = (
    named_days.patch_tuesday,
    days.counted_days,
    days.relative_day,
    dates.calendar_date,
    days.ordinals,
    days.period,
    days.period_boundary,
    times.end_of_day,
    days.weekdays,
    named_days.holiday,
)
_AFTER_DETERMINER: tuple[Production, ...] = (
    named_days.patch_tuesday,
    days.counted_days,
    days.weekdays,
    days.period,
    dates.calendar_date,
    times.daypart,
    durations.next_duration,
    times.time_of_day,
)
_BY_KIND: dict[str, tuple[Production, ...]] = {
    "number": (
        named_days.patch_tuesday,
        days.weekdays,
        durations.length_before_start,
        durations.from_now,
        dates.calendar_date,
        durations.duration,
        dates.months,
        times.time_of_day,
        times.four_figures,
        dates.year,
        durations.length_alone,
        times.bare_number,
    ),
    "ordinal": (named_days.patch_tuesday, dates.calendar_date, days.ordinals),
    "clock": (durations.from_now, times.time_of_day),
    "dotted": (durations.from_now, times.time_of_day, dates.dotted_number),
    "slashed": _DATE_PRODUCTIONS,
    "date": _DATE_PRODUCTIONS,
    "month": _DATE_PRODUCTIONS,
    "offset": (zones.time_zone,),
    "zone": (zones.time_zone,),
    "other": (named_days.patch_tuesday, named_days.holiday, zones.time_zone),
    "duration": (durations.iso_duration,),
    "weekday": (named_days.patch_tuesday, days.weekdays),
    "weekdays": (days.weekdays,),
    "daypart": (times.daypart,),
    "dayparts": (times.daypart,),
    "unit": (named_days.patch_tuesday, days.relative_day, days.weekdays, days.ordinals, recurrences.minutes_of_hour),
    "dash": (connective,),
}
_BY_WORD: dict[str, tuple[Production, ...]] = {
    "the": _AFTER_THE,
    "a": (durations.from_now, times.time_of_day),
    "an": (durations.from_now,),
    "half": (durations.from_now, times.time_of_day, times.half_hour),
    "quarter": (times.time_of_day,),
    "+": (durations.from_now,),
    "at": (
        connective,
        days.right_now,
        times.time_of_day,
        recurrences.minutes_of_hour,
        times.daypart,
        times.end_of_day,
        days.period_boundary,
    ),
    "about": (times.time_of_day,),
    "exactly": (times.time_of_day,),
    "for": (days.counted_days, durations.duration, times.time_of_day, days.relative_day),
    "in": (
        durations.within,
        durations.from_now,
        recurrences.weeks_of_year,
        dates.months,
        dates.year,
        days.period,
        times.daypart,
        zones.time_zone,
    ),
    "on": (
        named_days.patch_tuesday,
        days.counted_days,
        dates.calendar_date,
        days.ordinals,
        days.weekdays,
        days.relative_day,
        times.daypart,
        recurrences.minutes_of_hour,
        named_days.holiday,
        zones.time_zone,
        times.bare_number,
        recurrences.recurrence,
    ),
    "of": (
        dates.calendar_date,
        dates.months,
        recurrences.recurrence,
        days.period,
        days.relative_day,
        days.weekdays,
        days.ordinals,
        dates.year,
    ),
    "after": (durations.from_now, connective),
    "within": (durations.within,),
    "twice": (recurrences.recurrence, durations.duration),
    "last": (days.passed, days.ordinals),
    "t": (durations.from_now,),
    "as": (days.right_now,),
    "other": (recurrences.recurrence,),
    "close": (times.end_of_day,),
    "end": (times.end_of_day, days.period_boundary),
    "start": (days.period_boundary,),
    **dict.fromkeys(("this", "next", "following", "coming"), _AFTER_DETERMINER),
    **dict.fromkeys(("today", "tomorrow", "yesterday"), (days.relative_day,)),
    "now": (durations.from_now, days.right_now),
    **dict.fromkeys(("right", "straight", "just"), (days.right_now,)),
    **dict.fromkeys(("noon", "midnight", "mid"), (times.time_of_day,)),
    **dict.fromkeys(("tonight", "early", "late"), (times.daypart,)),
    **dict.fromkeys(("eod",), (times.end_of_day,)),
    **dict.fromkeys(("eow", "eom", "eoq", "eoy"), (days.period_boundary,)),
    **dict.fromkeys(
        ("weekday", "weekdays", "weekend", "weekends", "week-end", "business", "working"), (days.weekdays,)
    ),
    **dict.fromkeys(
        (
            "every",
            "any",
            "all",
            "once",
            "hourly",
            "daily",
            "everyday",
            "nightly",
            "weekly",
            "fortnightly",
            "monthly",
            "quarterly",
            "annually",
            "biweekly",
            "bimonthly",
        ),
        (recurrences.recurrence,),
    ),
    **dict.fromkeys(
        (
            "from",
            "between",
            "to",
            "through",
            "until",
            "starting",
            "before",
            "except",
            "later",
            "but",
            "no",
            "not",
            "latest",
            "and",
            "by",
        ),
        (connective,),
    ),
}


def parse(tokens: Sequence[Token]) -> list[SyntaxNode]:
    """Return the nodes of a phrase, in order.

    Raises ParseError for the first word that no production takes.
    """
    nodes: list[SyntaxNode] = []
    i = 0
    while tokens[i].kind != "end":
        node = _next_time_in_list(tokens, i, nodes) or _first_match(tokens, i, nodes)
        if node is not None:
            nodes.append(node)
            i = node.end
        elif tokens[i].kind == "comma" or tokens[i].name == "please":
            i += 1
        else:
            raise _unknown_word_error(tokens, i)
    return nodes


def _first_match(tokens: Sequence[Token], i: int, nodes: list[SyntaxNode]) -> SyntaxNode | None:
    token = tokens[i]
    last = nodes[-1] if nodes else None
    if isinstance(last, Connective):
        if token.kind == "number" and (node := _number_after_connective(tokens, i)) is not None:
            return node
    elif (
        isinstance(last, TimeOfDay)
        and (token.kind in ("number", "dotted") or token.name in ("+", "an", "half"))
        and (node := durations.length_after_time(tokens, i)) is not None
    ):
        return node
    elif token.name == "and" and len(nodes) > 1 and _follows_between(nodes):
        return Connective(i, i + 1, "to")
    elif isinstance(last, BareNumber) and (token.kind == "dash" or token.name in ("to", "until")):
        _last_number_to_time(nodes)
    if token.name == "and" and isinstance(last, NthWeekdays | MonthDays | CalendarDate):
        joined = _first_match(tokens, i + 1, [])
        if isinstance(joined, NthWeekdays | MonthDays | CalendarDate):
            joined.start = i
            return joined
    productions = _BY_WORD.get(token.name, ()) if token.kind == "word" else _BY_KIND.get(token.kind, ())
    for production in productions:
        if (node := production(tokens, i)) is not None:
            return node
    return None


def _number_after_connective(tokens: Sequence[Token], i: int) -> SyntaxNode | None:
    """Parse a number after "from", "to" and the like: a date if it can be one, or an hour."""
    for production in (durations.from_now, dates.calendar_date):
        if (node := production(tokens, i)) is not None:
            return node
    if tokens[i].text.isdigit() and len(tokens[i].text) == 4:
        return None
    return times.time_of_day(tokens, i, allow_bare=True, allow_minutes_to=False)


def _follows_between(nodes: list[SyntaxNode]) -> bool:
    opener = nodes[-2]
    return isinstance(opener, Connective) and opener.role == "between" and isinstance(nodes[-1], TimeOfDay)


def _last_number_to_time(nodes: list[SyntaxNode]) -> None:
    last = nodes[-1]
    if isinstance(last, BareNumber) and not last.has_on and last.value <= 24:
        nodes[-1] = last.as_time()


def _next_time_in_list(tokens: Sequence[Token], i: int, nodes: list[SyntaxNode]) -> SyntaxNode | None:
    """Parse a further time of day in a list: 6pm and 8pm; 10, 12 and 17."""
    if not nodes or not isinstance(nodes[-1], TimeOfDay):
        return None
    after = i
    while tokens[after].kind == "comma":
        after += 1
    joined = tokens[after].name in ("and", "or", "/")
    after += joined
    if after == i or (len(nodes) > 1 and _follows_between(nodes)):
        return None
    clock = times.time_of_day(tokens, after, allow_bare=True)
    if not isinstance(clock, TimeOfDay):
        return None
    if (
        not joined
        and clock.certainty == HourCertainty.UNKNOWN
        and tokens[clock.end].kind != "comma"
        and tokens[clock.end].name != "and"
    ):
        return None
    clock.start, clock.joined = i, True
    return clock


def _unknown_word_error(tokens: Sequence[Token], i: int) -> ParseError:
    """Reject the first word from ``i`` on that means nothing anywhere, or else the word at ``i``."""
    for place in range(i, len(tokens)):
        if tokens[place].kind == "other" and zones.time_zone(tokens, place) is None:
            return ParseError("", SyntaxNode(place, place + 1))
    return ParseError("", SyntaxNode(i, i + 1))
