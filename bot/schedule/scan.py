"""From tokens to pieces: at each place the first production that fits takes its tokens; what none takes is refused."""

from collections.abc import Callable, Sequence

from bot.schedule import absolute, clock_times, days, lengths, recurrences, zones
from bot.schedule.pieces import Clock, Date, Mark, MonthDays, NthWeekdays, Number, Piece, Sure
from bot.schedule.problems import Unread
from bot.schedule.tokens import Token

Production = Callable[[Sequence[Token], int], Piece | None]

_MARKS = {"from": "from", "between": "between", "to": "to", "through": "to", "until": "until",
          "starting": "starting", "after": "after", "before": "before", "except": "except"}  # fmt: skip


def mark(tokens: Sequence[Token], i: int) -> Mark | None:
    """A word or phrase that says what the pieces after it are."""
    token, second, third = tokens[i : i + 3]
    if token.kind == "dash":
        return Mark(i, i + 1, "to", dash=True)
    if token.name == "later" and second.name == "than":
        return Mark(i, i + 2, "after")
    if token.name in ("but", "and") and second.name == "before":
        return Mark(i, i + 2, "before")
    if token.name in ("no", "not") and second.name in ("later", "after"):
        return Mark(i, i + 2 + (third.name == "than"), "latest")
    if token.name == "latest":
        return Mark(i, i + 1 + (second.name == "by"), "latest")
    if token.name == "at" and second.name == "latest":
        return Mark(i, i + 2, "latest")
    role = _MARKS.get(token.name)
    if role is None or token.kind != "word":
        return None
    return Mark(i, i + 1 + (role == "starting" and second.name == "from"), role)  # type: ignore[arg-type]


_DATES: tuple[Production, ...] = (absolute.absolute, absolute.months)
_THE: tuple[Production, ...] = (
    days.relative, absolute.absolute, days.ordinals, days.period, days.edge, clock_times.end_of_day, days.weekdays,
)  # fmt: skip
_WHICH: tuple[Production, ...] = (
    days.weekdays, days.period, absolute.absolute, clock_times.daypart, lengths.coming, clock_times.clock,
)  # fmt: skip
_BY_KIND: dict[str, tuple[Production, ...]] = {
    "number": (
        days.weekdays, lengths.offset, absolute.absolute, lengths.span, absolute.months, clock_times.clock,
        absolute.year, clock_times.number,
    ),
    "ordinal": (absolute.absolute, days.ordinals),
    "clock": (lengths.offset, clock_times.clock),
    "dotted": (lengths.offset, clock_times.clock, absolute.dotted),
    "slashed": _DATES,
    "date": _DATES,
    "month": _DATES,
    "offset": (zones.zone,),
    "zone": (zones.zone,),
    "other": (zones.zone,),
    "weekday": (days.weekdays,),
    "weekdays": (days.weekdays,),
    "daypart": (clock_times.daypart,),
    "dayparts": (clock_times.daypart,),
    "unit": (days.relative, days.weekdays, days.ordinals, recurrences.minutes),
    "dash": (mark,),
}  # fmt: skip
_BY_WORD: dict[str, tuple[Production, ...]] = {
    "the": _THE,
    "a": (lengths.offset, clock_times.clock),
    "an": (lengths.offset,),
    "half": (lengths.offset, clock_times.clock),
    "quarter": (clock_times.clock,),
    "+": (lengths.offset,),
    "at": (
        mark, days.present, clock_times.clock, recurrences.minutes, clock_times.daypart, clock_times.end_of_day,
        days.edge,
    ),
    "about": (clock_times.clock,),
    "exactly": (clock_times.clock,),
    "for": (lengths.span, clock_times.clock, days.relative),
    "in": (
        lengths.within, lengths.offset, recurrences.weeks, absolute.months, absolute.year, days.period,
        clock_times.daypart, zones.zone,
    ),
    "on": (
        absolute.absolute, days.ordinals, days.weekdays, days.relative, clock_times.daypart, recurrences.minutes,
        zones.zone, clock_times.number, recurrences.every,
    ),
    "of": (
        absolute.absolute, absolute.months, recurrences.every, days.period, days.relative, days.weekdays,
        days.ordinals, absolute.year,
    ),
    "after": (lengths.offset, mark),
    "within": (lengths.within,),
    "twice": (recurrences.every, lengths.span),
    "last": (days.ordinals,),
    "end": (clock_times.end_of_day, days.edge),
    "start": (days.edge,),
    **dict.fromkeys(("this", "next", "following", "coming"), _WHICH),
    **dict.fromkeys(("today", "tomorrow", "yesterday"), (days.relative,)),
    **dict.fromkeys(("now", "right", "straight", "just"), (days.present,)),
    **dict.fromkeys(("noon", "midnight", "mid"), (clock_times.clock,)),
    **dict.fromkeys(("tonight", "early", "late"), (clock_times.daypart,)),
    **dict.fromkeys(("eod",), (clock_times.end_of_day,)),
    **dict.fromkeys(("eom", "eoy"), (days.edge,)),
    **dict.fromkeys(
        ("weekday", "weekdays", "weekend", "weekends", "week-end", "business", "working"), (days.weekdays,)
    ),
    **dict.fromkeys(
        ("every", "any", "all", "once", "hourly", "daily", "everyday", "nightly", "weekly", "fortnightly", "monthly",
         "quarterly", "annually", "biweekly", "bimonthly"),
        (recurrences.every,),
    ),
    **dict.fromkeys(
        ("from", "between", "to", "through", "until", "starting", "before", "except", "later", "but", "no", "not",
         "latest", "and"),
        (mark,),
    ),
}  # fmt: skip


def scan(tokens: Sequence[Token]) -> list[Piece]:
    """The pieces of a phrase, in order.

    Raises Unread for the first word that fits nowhere.
    """
    pieces: list[Piece] = []
    i = 0
    while tokens[i].kind != "end":
        piece = _listed_clock(tokens, i, pieces) or _first_fit(tokens, i, pieces)
        if piece is not None:
            pieces.append(piece)
            i = piece.end
        elif tokens[i].kind == "comma" or tokens[i].name == "please":
            i += 1
        else:
            raise _unread(tokens, i)
    return pieces


def _first_fit(tokens: Sequence[Token], i: int, pieces: list[Piece]) -> Piece | None:
    token = tokens[i]
    last = pieces[-1] if pieces else None
    if isinstance(last, Mark):
        if token.kind == "number" and (found := _after_mark(tokens, i)) is not None:
            return found
    elif token.name == "and" and len(pieces) > 1 and _begins_between(pieces):
        _as_clock(pieces)
        return Mark(i, i + 1, "to")
    elif isinstance(last, Number) and (token.kind == "dash" or token.name in ("to", "until")):
        _as_clock(pieces)
    if token.name == "and" and isinstance(last, NthWeekdays | MonthDays | Date):
        joined = _first_fit(tokens, i + 1, [])
        if isinstance(joined, NthWeekdays | MonthDays | Date):
            joined.start = i
            return joined
    productions = _BY_WORD.get(token.name, ()) if token.kind == "word" else _BY_KIND.get(token.kind, ())
    for production in productions:
        if (piece := production(tokens, i)) is not None:
            return piece
    return None


def _after_mark(tokens: Sequence[Token], i: int) -> Piece | None:
    """A number behind "from", "to" and the like: a date if it can be one, or an hour."""
    for production in (lengths.offset, absolute.absolute):
        if (piece := production(tokens, i)) is not None:
            return piece
    if tokens[i].text.isdigit() and len(tokens[i].text) == 4:
        return None
    return clock_times.clock(tokens, i, bare=True, past=False)


def _begins_between(pieces: list[Piece]) -> bool:
    opener = pieces[-2]
    return isinstance(opener, Mark) and opener.role == "between" and isinstance(pieces[-1], Clock | Number)


def _as_clock(pieces: list[Piece]) -> None:
    last = pieces[-1]
    if isinstance(last, Number) and not last.on and last.value <= 24:
        sure = Sure.FIXED if last.value > 12 else Sure.BARE
        pieces[-1] = Clock(last.start, last.end, last.value, sure=sure)


def _listed_clock(tokens: Sequence[Token], i: int, pieces: list[Piece]) -> Piece | None:
    """A further time of day in a list: 6pm and 8pm; 10, 12 and 17."""
    if not pieces or not isinstance(pieces[-1], Clock):
        return None
    after = i
    while tokens[after].kind == "comma":
        after += 1
    joined = tokens[after].name in ("and", "or")
    after += joined
    if after == i or (len(pieces) > 1 and _begins_between(pieces)):
        return None
    found = clock_times.clock(tokens, after, bare=True)
    if not isinstance(found, Clock):
        return None
    if not joined and found.sure == Sure.BARE and tokens[found.end].kind != "comma" and tokens[found.end].name != "and":
        return None
    found.start, found.joined = i, True
    return found


def _unread(tokens: Sequence[Token], i: int) -> Unread:
    """The refusal that names the word: the first one after ``i`` that means nothing anywhere, else the one at ``i``."""
    for place in range(i, len(tokens)):
        if tokens[place].kind == "other" and zones.zone(tokens, place) is None:
            return Unread("", Piece(place, place + 1))
    return Unread("", Piece(i, i + 1))
