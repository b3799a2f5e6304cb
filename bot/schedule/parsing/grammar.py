"""Turn tokens into nodes: at each place the first production that fits takes its tokens; unread tokens are rejected."""

from collections.abc import Callable, Sequence

from bot.schedule.parsing import dates, days, durations, holidays, later, patch_days, recurrences, times, zones
from bot.schedule.parsing.connectives import connective
from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import (
    BareNumber,
    CalendarDate,
    Connective,
    HourCertainty,
    MonthDays,
    NthWeekdays,
    Recurrence,
    RelativeDay,
    ShiftedWeekday,
    SyntaxNode,
    TimeOfDay,
    Weekdays,
    Workdays,
)
from bot.schedule.parsing.tokens import Token

Production = Callable[[Sequence[Token], int], SyntaxNode | None]

_DATE_PRODUCTIONS: tuple[Production, ...] = (dates.calendar_date, dates.months)
_AFTER_THE: tuple[Production, ...] = (
    patch_days.patch_tuesday,
    days.counted_days,
    days.relative_day,
    later.day_before_or_after,
    dates.calendar_date,
    days.ordinals,
    days.period,
    days.period_boundary,
    times.end_of_day,
    days.weekdays,
    holidays.holiday,
)
_AFTER_DETERMINER: tuple[Production, ...] = (
    patch_days.patch_tuesday,
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
        patch_days.patch_tuesday,
        days.weekdays,
        later.weeks_ahead,
        recurrences.times_per_unit,
        recurrences.minutes_past_hour,
        durations.labelled_length,
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
    "ordinal": (patch_days.patch_tuesday, dates.calendar_date, days.ordinals),
    "clock": (durations.from_now, times.time_of_day),
    "dotted": (durations.from_now, times.time_of_day, dates.dotted_number),
    "slashed": _DATE_PRODUCTIONS,
    "date": _DATE_PRODUCTIONS,
    "month": (holidays.holiday, *_DATE_PRODUCTIONS),
    "offset": (zones.time_zone,),
    "zone": (zones.time_zone,),
    "other": (patch_days.patch_tuesday, holidays.holiday, durations.labelled_length, connective, zones.time_zone),
    "duration": (durations.iso_duration,),
    "weekday": (patch_days.patch_tuesday, later.week_after_day, days.weekdays),
    "weekdays": (days.weekdays,),
    "daypart": (times.daypart,),
    "dayparts": (times.daypart,),
    "unit": (
        patch_days.patch_tuesday,
        days.relative_day,
        later.day_before_or_after,
        later.weeks_ahead,
        durations.from_now,
        days.period,
        days.weekdays,
        days.ordinals,
        recurrences.minutes_of_hour,
    ),
    "dash": (connective,),
}
_BY_WORD: dict[str, tuple[Production, ...]] = {
    "the": _AFTER_THE,
    "a": (later.weeks_ahead, durations.from_now, times.time_of_day),
    "an": (durations.from_now,),
    "half": (durations.from_now, times.time_of_day, times.half_hour, recurrences.minutes_past_hour),
    "quarter": (times.time_of_day, recurrences.minutes_past_hour),
    "+": (durations.from_now,),
    "at": (
        connective,
        days.right_now,
        durations.labelled_length,
        recurrences.minutes_past_hour,
        times.time_of_day,
        recurrences.minutes_of_hour,
        times.daypart,
        times.end_of_day,
        days.period_boundary,
        days.period,
    ),
    "about": (times.time_of_day,),
    "exactly": (times.time_of_day,),
    "for": (durations.labelled_length, days.counted_days, durations.duration, times.time_of_day, days.relative_day),
    "in": (
        durations.labelled_length,
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
        patch_days.patch_tuesday,
        days.counted_days,
        dates.calendar_date,
        days.ordinals,
        days.weekdays,
        days.relative_day,
        times.daypart,
        recurrences.minutes_of_hour,
        holidays.holiday,
        days.period,
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
        holidays.holiday,
    ),
    "after": (durations.from_now, connective),
    "within": (durations.within,),
    "twice": (recurrences.recurrence, durations.duration),
    "last": (days.passed, days.ordinals),
    "t": (durations.from_now,),
    "as": (connective, days.right_now),
    "other": (connective, recurrences.recurrence),
    "penultimate": (days.ordinals,),
    "x": (durations.duration,),
    **dict.fromkeys(("max", "maximum"), (durations.labelled_length,)),
    **dict.fromkeys(("apart", "aside"), (connective,)),
    "close": (times.end_of_day,),
    "end": (times.end_of_day, days.period_boundary),
    "start": (connective, days.period_boundary),
    **dict.fromkeys(("this", "next", "following", "coming"), _AFTER_DETERMINER),
    **dict.fromkeys(("today", "tomorrow", "yesterday"), (later.week_after_day, days.relative_day)),
    **dict.fromkeys(("weekend", "week-end"), (days.period, days.weekdays)),
    "now": (durations.from_now, days.right_now),
    **dict.fromkeys(("right", "straight", "just"), (days.right_now,)),
    **dict.fromkeys(("noon", "midnight", "mid"), (times.time_of_day,)),
    **dict.fromkeys(("tonight", "early", "late"), (times.daypart,)),
    **dict.fromkeys(("eod",), (times.end_of_day,)),
    **dict.fromkeys(("eow", "eom", "eoq", "eoy"), (days.period_boundary,)),
    **dict.fromkeys(("weekday", "weekdays", "weekends", "business", "working"), (days.weekdays,)),
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
            "also",
            "latest",
            "and",
            "by",
        ),
        (connective,),
    ),
    **dict.fromkeys(("no", "not"), (durations.labelled_length, connective)),
}


_FILLERS = frozenset({"please", "later", "first", "on"})
"""The names of the first words of those that say nothing."""
_YEAR_LENGTH = 4
_SEPARABLE_DAYS = (NthWeekdays, Weekdays, CalendarDate, RelativeDay, Workdays, ShiftedWeekday)


def parse(tokens: Sequence[Token]) -> list[SyntaxNode]:
    """Return the nodes of a phrase, in order.

    Raises ParseError for the first word that no production takes.
    """
    nodes: list[SyntaxNode] = []
    has_dash = False
    i = 0
    while tokens[i].kind != "end":
        if tokens[i].name in _FILLERS and (skipped := _filler_words(tokens, i)) > 0:
            i += skipped
            continue
        node = _next_time_in_list(tokens, i, nodes) or _first_match(tokens, i, nodes)
        if node is not None:
            has_dash |= tokens[i].kind == "dash"
            nodes.append(node)
            i = node.end
        elif tokens[i].kind == "comma":
            i += 1
        else:
            raise _unknown_word_error(tokens, i)
    return _without_separators(tokens, nodes) if has_dash else nodes


def _without_separators(tokens: Sequence[Token], nodes: list[SyntaxNode]) -> list[SyntaxNode]:
    """Return the nodes without dashes that only separate: monthly - third saturday - 22:00."""
    kept, has_time = nodes[:1], isinstance(nodes[0], TimeOfDay)
    for before, node, after in zip(nodes, nodes[1:], nodes[2:], strict=False):
        has_time |= isinstance(node, TimeOfDay)
        if not _is_separator(tokens, before, node, after) or (has_time and not isinstance(after, Recurrence)):
            kept.append(node)
    return [*kept, *nodes[1:][-1:]]


def _is_separator(tokens: Sequence[Token], before: SyntaxNode, node: SyntaxNode, after: SyntaxNode) -> bool:
    if not isinstance(node, Connective) or not node.is_dash or tokens[node.start].adjacent or tokens[node.end].adjacent:
        return False
    if isinstance(before, Recurrence) or isinstance(after, Recurrence):
        return True
    may_be_hour = tokens[before.end - 1].kind == "number" and len(tokens[before.end - 1].text) < _YEAR_LENGTH
    return isinstance(before, _SEPARABLE_DAYS) and isinstance(after, TimeOfDay) and not may_be_hour


def _filler_words(tokens: Sequence[Token], i: int) -> int:
    """Return how many tokens say nothing: please, the "later" of "later today", first thing, on the dot."""
    token, second, third = tokens[i : i + 3]
    if token.name == "please":
        return 1
    if token.name == "later" and second.name in ("today", "tonight", "this"):
        return 1
    if (token.text, second.text) == ("first", "thing"):
        return 2 + (third.name in ("in", "on"))
    return 3 if (token.text, second.text, third.text) == ("on", "the", "dot") else 0


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


_BETWEEN = (TimeOfDay, CalendarDate, RelativeDay)


def _follows_between(nodes: list[SyntaxNode]) -> bool:
    opener = nodes[-2]
    return isinstance(opener, Connective) and opener.role == "between" and isinstance(nodes[-1], _BETWEEN)


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
