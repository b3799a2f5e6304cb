"""The pieces of a recurring phrase sorted by what they say: how often, on which days, at what time, from when."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.schedule.hours import as_clock
from bot.schedule.pieces import (
    Clock,
    Date,
    Daypart,
    Edge,
    EndOfDay,
    Every,
    Mark,
    Minutes,
    MonthDays,
    Months,
    Number,
    Numeric,
    Period,
    Piece,
    Relative,
    Span,
    Times,
    Unclear,
    Weekdays,
    Year,
)  # fmt: skip
from bot.schedule.problems import Ask, Unread
from bot.schedule.vocabulary import MONTHS

_DATED = (Date, Relative, Months, Year, Numeric, Period, Edge, Weekdays, MonthDays)


@dataclass(slots=True)
class Recurring:
    """The pieces of a series sorted by what they say."""

    every: list[Every] = field(default_factory=list)
    selectors: list[Piece] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    ends: list[Clock] = field(default_factory=list)
    part: Daypart | None = None
    minutes: Minutes | None = None
    span: Span | None = None
    times: Times | None = None
    start: list[Piece] | None = None
    until: list[Piece] | None = None
    left_out: list[Piece] = field(default_factory=list)
    end_day: Weekdays | None = None

    @property
    def by_the_hour(self) -> bool:
        """Whether the series runs every so many hours or minutes."""
        return any(every.freq in ("hourly", "minutely") for every in self.every)


def is_series(pieces: Sequence[Piece]) -> bool:
    """Whether a phrase recurs: "every", or a plural such as mondays."""
    return any(
        isinstance(piece, Every)
        or (isinstance(piece, Weekdays) and piece.plural and piece.nth == 1 and not piece.which)
        or (isinstance(piece, Daypart) and piece.plural)
        for piece in pieces
    ) or working_week(pieces)


def working_week(pieces: Sequence[Piece]) -> bool:
    """Whether a phrase is one like "monday to friday at 19:00"."""
    week = [piece for piece in pieces if isinstance(piece, Weekdays) and piece.span and piece.days == (0, 1, 2, 3, 4)]
    return bool(week) and any(isinstance(piece, Clock) for piece in pieces)


def sort(pieces: Sequence[Piece]) -> Recurring:
    """Sort the pieces; behind "starting" and "until" come dates, behind "to" the end of a window."""
    found = Recurring()
    target: list[Piece] | None = None
    role = ""
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        if isinstance(piece, Mark):
            role = _role(piece, following, pieces[index + 2 : index + 3], found)
            target = _target(found, role, piece)
        elif isinstance(piece, Unclear):
            raise Ask(piece.ask, piece.options, piece)
        elif role == "end" and isinstance(piece, Weekdays):
            found.end_day = piece
        elif target is not None and _belongs(piece, target, role):
            target.append(piece)
        else:
            _place(found, piece, role)
            target, role = None, ""
    if found.start == [] or found.until == [] or role == "end":
        raise Unread("", pieces[-1])
    return found


def _role(mark: Mark, following: Piece | None, beyond: Sequence[Piece], found: Recurring) -> str:
    """What a mark opens: the start, the end, a window of hours, or days left out."""
    if _ends_on_another_day(mark, following, beyond, found):
        return "end"
    if isinstance(following, Clock | Number) and mark.role in ("from", "between", "to", "until"):
        if mark.role in ("to", "until") and found.clocks and not found.until:
            return "end"
        if mark.role in ("from", "between"):
            return "hours"
    if isinstance(following, Weekdays) and following.span and mark.role == "from":
        return ""
    if isinstance(following, Weekdays) and mark.role == "to":
        raise Unread("", mark, following)
    if isinstance(following, Months) and mark.role == "to":
        months = f"{MONTHS[following.months[0] - 1]} {following.year or ''}".strip()
        raise Ask("Is that month still part of the series?", (f"until {months}", f"until the end of {months}"),
                  mark, following)  # fmt: skip
    roles = {"from": "start", "starting": "start", "until": "until", "to": "until", "except": "except"}
    role = roles.get(mark.role)
    if role is None:
        raise Unread("", mark)
    return role


def _ends_on_another_day(mark: Mark, following: Piece | None, beyond: Sequence[Piece], found: Recurring) -> bool:
    """Whether a mark ends the window of "every friday 22:00 to saturday 02:00"."""
    if not isinstance(following, Weekdays) or following.plural or not beyond or not isinstance(beyond[0], Clock):
        return False
    one_day = [len(piece.days) for piece in found.selectors if isinstance(piece, Weekdays)] == [1]
    return bool(found.clocks) and (mark.role == "to" or (mark.role == "until" and one_day))


def _target(found: Recurring, role: str, mark: Mark) -> list[Piece] | None:
    if role == "start":
        if found.start is not None:
            raise Unread("Two starts are named.", mark)
        found.start = []
        return found.start
    if role == "until":
        if found.until is not None:
            raise Unread("Two ends are named.", mark)
        found.until = []
        return found.until
    return found.left_out if role == "except" else None


def _belongs(piece: Piece, target: list[Piece], role: str) -> bool:
    """Whether a piece goes on saying the date that a mark opened."""
    if role == "except":
        return isinstance(piece, Weekdays)
    if isinstance(piece, Weekdays) and piece.plural:
        return False
    has_clock = any(isinstance(other, Clock) for other in target)
    return isinstance(piece, _DATED) or (isinstance(piece, Clock | EndOfDay) and not has_clock and bool(target))


def _place_clock(found: Recurring, piece: Clock | Number, role: str) -> None:
    """Put a time of day where it belongs; further ones must be joined by "and", so that none is read by accident."""
    if isinstance(piece, Number):
        if found.part is None:
            raise Unread(f"What {piece.value} means was not understood.", piece)
        piece = as_clock(piece)
    clocks = found.ends if role == "end" else found.clocks
    if clocks and not piece.joined:
        raise Unread("Two times are named; say 'and' between them.", *clocks, piece)
    clocks.append(piece)


def _place(found: Recurring, piece: Piece, role: str) -> None:
    """Put a piece where it belongs; two of a kind are refused."""
    if isinstance(piece, Every):
        found.every.append(piece)
    elif isinstance(piece, Clock | Number):
        _place_clock(found, piece, role)
    elif isinstance(piece, EndOfDay):
        raise Ask("When does the day end?", ("at 17:00", "at 23:59"), piece)
    elif isinstance(piece, Daypart | Minutes | Span | Times):
        name = {Daypart: "part", Minutes: "minutes", Span: "span", Times: "times"}[type(piece)]
        if getattr(found, name) is not None:
            raise Unread("Two of a kind are named.", getattr(found, name), piece)
        setattr(found, name, piece)
    else:
        found.selectors.append(piece)
