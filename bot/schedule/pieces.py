"""What productions find in a phrase: the parts that a schedule is put together from.

A piece covers the tokens ``start`` to ``end`` (exclusive). Every token of a phrase belongs to exactly one piece.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from bot.schedule.model import Frequency


class Sure(IntEnum):
    """How certain the hour of a clock time is.

    ``BARE``: "9", "half past nine": morning or evening. ``LOW``: "3:30" without a leading zero, which people use for
    both. ``WRITTEN``: "8:30", "10:30": as on a 24-hour clock, unless a part of the day says otherwise. ``FIXED``:
    "21:00", "08:30", "9pm".
    """

    BARE = 0
    LOW = 1
    WRITTEN = 2
    FIXED = 3


@dataclass(slots=True)
class Piece:
    """A run of tokens that one production has read."""

    start: int
    end: int


@dataclass(slots=True)
class Clock(Piece):
    """A time of day. ``fold`` says which of two equal times is meant. ``midnight`` is marked because it belongs to two
    days, ``half`` that am or pm was said, ``led`` that "at" stands before it, ``joined`` that "and" or a comma joins it
    to the time before, ``hours_only`` that it stands as 22h, which alone may be a length of time, and ``about`` that it
    was said to be rough."""

    hour: int
    minute: int = 0
    second: int = 0
    sure: Sure = Sure.FIXED
    fold: Literal[0, 1] | None = None
    midnight: bool = False
    half: bool = False
    led: bool = False
    joined: bool = False
    hours_only: bool = False
    about: bool = False


@dataclass(slots=True)
class Number(Piece):
    """A number alone: an hour, a day of the month, or nothing that can be told."""

    value: int
    on: bool = False


@dataclass(slots=True)
class Daypart(Piece):
    """Morning, evening and the like. ``today`` is set for "this morning" and "tonight"; ``plural`` for "mornings"."""

    name: str
    today: bool = False
    plural: bool = False


@dataclass(slots=True)
class EndOfDay(Piece):
    """The end of the working day or of the day."""


@dataclass(slots=True)
class Present(Piece):
    """Now."""


@dataclass(slots=True)
class Relative(Piece):
    """Today, tomorrow, the day after tomorrow: ``days`` from today."""

    days: int


@dataclass(slots=True)
class Weekdays(Piece):
    """Days of the week, Monday is 0. ``which`` is the word before: this, next, following. ``plural`` makes a series;
    ``span`` is set for "monday to friday"; ``nth`` counts in "two sundays from now"."""

    days: tuple[int, ...]
    which: str = ""
    plural: bool = False
    span: bool = False
    nth: int = 1


@dataclass(slots=True)
class MonthDays(Piece):
    """Days of a month by number: the 15th; -1 is the last. ``named`` says that the word "day" was there."""

    days: tuple[int, ...]
    named: bool = False


@dataclass(slots=True)
class Workdays(Piece):
    """The nth working days (Monday to Friday) of a month; -1 is the last."""

    nths: tuple[int, ...]


@dataclass(slots=True)
class NthWeekdays(Piece):
    """The nth of one weekday in a month or year; -1 is the last."""

    nths: tuple[int, ...]
    day: int
    month: int | None = None
    year: int | None = None


@dataclass(slots=True)
class Date(Piece):
    """Days of a month that is named, perhaps with the year."""

    month: int
    days: tuple[int, ...]
    year: int | None = None


@dataclass(slots=True)
class Numeric(Piece):
    """A date in figures whose order of day and month cannot be told: both readings as (month, day)."""

    readings: tuple[tuple[int, int], ...]
    year: int | None = None


@dataclass(slots=True)
class DateRange(Piece):
    """13 to 15 July."""

    month: int
    first: int
    last: int
    year: int | None = None


@dataclass(slots=True)
class Months(Piece):
    """Months alone: in January, July and August 2027."""

    months: tuple[int, ...]
    year: int | None = None


@dataclass(slots=True)
class Year(Piece):
    """A year alone."""

    year: int


@dataclass(slots=True)
class Period(Piece):
    """This or next week, month, year or weekend: ``offset`` units from the present one; None for "the month"."""

    unit: Literal["week", "month", "year", "weekend"]
    offset: int | None


@dataclass(slots=True)
class Edge(Piece):
    """The start or end of what follows, such as of March, or of next month."""

    end_of: bool
    month: int | None = None
    year: int | None = None
    unit: Literal["week", "month", "year"] | None = None
    offset: int = 0


Amount = tuple[tuple[float, str], ...]
"""A length of time: numbers with their units, such as (2, hour), (30, minute)."""


@dataclass(slots=True)
class Offset(Piece):
    """A length of time from now."""

    amount: Amount


@dataclass(slots=True)
class Beyond(Piece):
    """A length of time after (sign 1) or before (-1) what follows."""

    amount: Amount
    sign: int


@dataclass(slots=True)
class Span(Piece):
    """For how long. ``coming`` is set for "for the next 3 weeks"."""

    amount: Amount
    coming: bool = False


@dataclass(slots=True)
class Times(Piece):
    """For how many times."""

    count: int


@dataclass(slots=True)
class Minutes(Piece):
    """At which minutes of the hour."""

    minutes: tuple[int, ...]


@dataclass(slots=True)
class Weeks(Piece):
    """In which weeks of the year."""

    weeks: tuple[int, ...]


@dataclass(slots=True)
class Mark(Piece):
    """A word that says what the pieces after it are: the start or end of a range, or a limit."""

    role: Literal["from", "between", "to", "until", "starting", "latest", "after", "before", "except"]
    dash: bool = False


@dataclass(slots=True)
class Every(Piece):
    """What makes a series. ``freq`` is None for "every" alone; its unit then follows from the days named."""

    freq: Frequency | None = None
    interval: int = 1


@dataclass(slots=True)
class Unclear(Piece):
    """Words with several meanings: the question to ask, and what each meaning would be written as."""

    ask: str
    options: tuple[str, ...]


@dataclass(slots=True)
class Zone(Piece):
    """A time zone: the candidates as IANA names, more than one where the letters are ambiguous; ``letters`` is the
    abbreviation that was written, if one was."""

    candidates: tuple[str, ...]
    letters: str = ""
