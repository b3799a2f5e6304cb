"""What productions find in a phrase: the parts that a schedule is put together from.

A node covers the tokens ``start`` to ``end`` (exclusive). Every token of a phrase belongs to exactly one node.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from bot.schedule.model import Frequency


class HourCertainty(IntEnum):
    """How certain the hour of a clock time is.

    ``BARE``: "9", "half past nine": morning or evening. ``LOW``: "3:30" without a leading zero, which people use for
    both. ``WRITTEN``: "8:30", "10:30": as on a 24-hour clock, unless a part of the day says otherwise. ``FIXED``:
    "21:00", "08:30", "9pm".
    """

    UNKNOWN = 0
    LOW = 1
    LIKELY = 2
    CERTAIN = 3


@dataclass(slots=True)
class SyntaxNode:
    """A run of tokens that one production has read."""

    start: int
    end: int


@dataclass(slots=True)
class TimeOfDay(SyntaxNode):
    """A time of day. ``fold`` says which of two equal times is meant. ``midnight`` is marked because it belongs to two
    days, ``half`` that am or pm was said, ``led`` that "at" stands before it, ``joined`` that "and" or a comma joins it
    to the time before, ``hours_only`` that it stands as 22h, which alone may be a length of time, and ``about`` that it
    was said to be rough."""

    hour: int
    minute: int = 0
    second: int = 0
    certainty: HourCertainty = HourCertainty.CERTAIN
    fold: Literal[0, 1] | None = None
    is_midnight: bool = False
    has_meridiem: bool = False
    has_at: bool = False
    joined: bool = False
    has_h_suffix: bool = False
    is_approximate: bool = False


@dataclass(slots=True)
class BareNumber(SyntaxNode):
    """A number alone: an hour, a day of the month, or nothing that can be told."""

    value: int
    has_on: bool = False


@dataclass(slots=True)
class Daypart(SyntaxNode):
    """Morning, evening and the like. ``today`` is set for "this morning" and "tonight"; ``plural`` for "mornings"."""

    name: str
    is_today: bool = False
    plural: bool = False


@dataclass(slots=True)
class EndOfDay(SyntaxNode):
    """The end of the working day or of the day."""


@dataclass(slots=True)
class NowNode(SyntaxNode):
    """Now."""


@dataclass(slots=True)
class RelativeDay(SyntaxNode):
    """Today, tomorrow, the day after tomorrow: ``days`` from today."""

    days: int


@dataclass(slots=True)
class Weekdays(SyntaxNode):
    """Days of the week, Monday is 0. ``which`` is the word before: this, next, following. ``plural`` makes a series;
    ``span`` is set for "monday to friday"; ``nth`` counts in "two sundays from now"."""

    days: tuple[int, ...]
    determiner: str = ""
    plural: bool = False
    is_range: bool = False
    nth: int = 1


@dataclass(slots=True)
class MonthDays(SyntaxNode):
    """Days of a month by number: the 15th; -1 is the last. ``named`` says that the word "day" was there."""

    days: tuple[int, ...]
    has_day_word: bool = False


@dataclass(slots=True)
class Workdays(SyntaxNode):
    """The nth working days (Monday to Friday) of a month; -1 is the last."""

    nths: tuple[int, ...]


@dataclass(slots=True)
class NthWeekdays(SyntaxNode):
    """The nth of one weekday in a month or year; -1 is the last."""

    nths: tuple[int, ...]
    day: int
    month: int | None = None
    year: int | None = None


@dataclass(slots=True)
class CalendarDate(SyntaxNode):
    """Days of a month that is named, perhaps with the year."""

    month: int
    days: tuple[int, ...]
    year: int | None = None


@dataclass(slots=True)
class AmbiguousDate(SyntaxNode):
    """A date in figures whose order of day and month cannot be told: both readings as (month, day)."""

    readings: tuple[tuple[int, int], ...]
    year: int | None = None


@dataclass(slots=True)
class DateRange(SyntaxNode):
    """13 to 15 July."""

    month: int
    first: int
    last: int
    year: int | None = None


@dataclass(slots=True)
class Months(SyntaxNode):
    """Months alone: in January, July and August 2027."""

    months: tuple[int, ...]
    year: int | None = None


@dataclass(slots=True)
class Year(SyntaxNode):
    """A year alone."""

    year: int


@dataclass(slots=True)
class Period(SyntaxNode):
    """This or next week, month, year or weekend: ``offset`` units from the present one; None for "the month"."""

    unit: Literal["week", "month", "year", "weekend"]
    offset: int | None


@dataclass(slots=True)
class PeriodBoundary(SyntaxNode):
    """The start or end of what follows, such as of March, or of next month."""

    is_end: bool
    month: int | None = None
    year: int | None = None
    unit: Literal["week", "month", "year"] | None = None
    offset: int = 0


DurationParts = tuple[tuple[float, str], ...]
"""A length of time: numbers with their units, such as (2, hour), (30, minute)."""


@dataclass(slots=True)
class FromNow(SyntaxNode):
    """A length of time from now."""

    amount: DurationParts


@dataclass(slots=True)
class RelativeTo(SyntaxNode):
    """A length of time after (sign 1) or before (-1) what follows."""

    amount: DurationParts
    sign: int


@dataclass(slots=True)
class Duration(SyntaxNode):
    """For how long. ``coming`` is set for "for the next 3 weeks"."""

    amount: DurationParts
    is_next: bool = False


@dataclass(slots=True)
class RunCount(SyntaxNode):
    """For how many times."""

    count: int


@dataclass(slots=True)
class MinutesOfHour(SyntaxNode):
    """At which minutes of the hour."""

    minutes: tuple[int, ...]


@dataclass(slots=True)
class WeeksOfYear(SyntaxNode):
    """In which weeks of the year."""

    weeks: tuple[int, ...]


@dataclass(slots=True)
class Connective(SyntaxNode):
    """A word that says what the nodes after it are: the start or end of a range, or a limit."""

    role: Literal["from", "between", "to", "until", "starting", "latest", "after", "before", "except"]
    is_dash: bool = False


@dataclass(slots=True)
class Recurrence(SyntaxNode):
    """What makes a series. ``freq`` is None for "every" alone; its unit then follows from the days named."""

    freq: Frequency | None = None
    interval: int = 1


@dataclass(slots=True)
class AmbiguousNode(SyntaxNode):
    """Words with several meanings: the question to ask, and what each meaning would be written as."""

    question: str
    options: tuple[str, ...]


@dataclass(slots=True)
class ZoneNode(SyntaxNode):
    """A time zone: the candidates as IANA names, more than one where the letters are ambiguous; ``letters`` is the
    abbreviation that was written, if one was."""

    candidates: tuple[str, ...]
    abbreviation: str = ""
