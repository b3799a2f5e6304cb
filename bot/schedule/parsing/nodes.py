"""The nodes that productions make of a phrase, and that a schedule is built from.

A node covers the tokens ``start`` to ``end`` (exclusive). Each token of a phrase belongs to one node at most.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Literal, TypeAlias

from bot.schedule.model import Frequency

PeriodUnit = Literal["week", "month", "year", "weekend"]
BoundedUnit = Literal["week", "month", "quarter", "year"]
FieldValue: TypeAlias = "str | float | bool | tuple[FieldValue, ...] | None"
"""A value of a field of a node."""
ConnectiveRole = Literal[
    "from", "between", "to", "until", "starting", "latest", "after", "before", "except", "also", "by"
]


class HourCertainty(IntEnum):
    """How certain the hour of a time of day is.

    ``UNKNOWN``: "9", "half past nine"; morning or evening. ``LOW``: "3:30" without a leading zero, which people write
    for both. ``LIKELY``: "8:30", "10:30"; the 24-hour clock, unless a part of the day contradicts it. ``CERTAIN``:
    "21:00", "08:30", "9pm".
    """

    UNKNOWN = 0
    LOW = 1
    LIKELY = 2
    CERTAIN = 3


@dataclass(slots=True)
class SyntaxNode:
    """The tokens that one production has read. ``production`` names the kind of node in the output of ``--json``."""

    production: ClassVar[str] = "piece"

    start: int
    end: int


@dataclass(slots=True)
class TimeOfDay(SyntaxNode):
    """A time of day.

    ``fold`` picks one of two equal times. ``is_midnight`` is kept because midnight belongs to two days. ``joined``
    means that "and" or a comma joins it to the time before it, ``has_h_suffix`` that it is written as in 22h, which
    alone may be a duration.
    """

    production: ClassVar[str] = "clock"

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
    """A number alone: an hour, a day of the month, or unknown."""

    production: ClassVar[str] = "number"

    value: int
    has_on: bool = False

    def as_time(self) -> "TimeOfDay":
        """Read the number as an hour; above 12 it is certain which half of the day is meant."""
        certainty = HourCertainty.CERTAIN if self.value > 12 else HourCertainty.UNKNOWN
        return TimeOfDay(self.start, self.end, self.value, certainty=certainty)


@dataclass(slots=True)
class Daypart(SyntaxNode):
    """A part of the day, such as morning or evening. ``is_today`` is set for "this morning" and "tonight"."""

    production: ClassVar[str] = "daypart"

    name: str
    is_today: bool
    plural: bool


@dataclass(slots=True)
class EndOfDay(SyntaxNode):
    """The end of the day or of the working day."""

    production: ClassVar[str] = "endofday"


@dataclass(slots=True)
class NowNode(SyntaxNode):
    """Now."""

    production: ClassVar[str] = "present"


@dataclass(slots=True)
class RelativeDay(SyntaxNode):
    """Today, tomorrow, the day after tomorrow: ``days`` from today."""

    production: ClassVar[str] = "relative"

    days: int


@dataclass(slots=True)
class Weekdays(SyntaxNode):
    """Days of the week, Monday is 0.

    ``determiner`` is the word before them: this, next, following. A plural makes a series. ``is_range`` is set for
    "monday to friday", ``is_choice`` for "saturday or sunday", ``has_nights`` for weeknights. ``nth`` counts in "two
    sundays from now", ``weeks_later`` in "a week on friday" and "the friday after next".
    """

    production: ClassVar[str] = "weekdays"

    days: tuple[int, ...]
    determiner: str = ""
    plural: bool = False
    is_range: bool = False
    nth: int = 1
    weeks_later: int = 0
    is_choice: bool = False
    has_nights: bool = False


@dataclass(slots=True)
class MonthDays(SyntaxNode):
    """Days of a month by number: the 15th; -1 is the last."""

    production: ClassVar[str] = "monthdays"

    days: tuple[int, ...]
    has_day_word: bool = False


@dataclass(slots=True)
class Workdays(SyntaxNode):
    """The nth days from Monday to Friday of a month; -1 is the last. ``has_holidays`` leaves out holidays."""

    production: ClassVar[str] = "workdays"

    nths: tuple[int, ...]
    has_holidays: bool = False


@dataclass(slots=True)
class NthWeekdays(SyntaxNode):
    """The nth of one weekday in a month or year; -1 is the last."""

    production: ClassVar[str] = "nthweekdays"

    nths: tuple[int, ...]
    day: int
    month: int | None = None
    year: int | None = None


@dataclass(slots=True)
class ShiftedWeekday(SyntaxNode):
    """A day counted from the nth weekday of a month: Patch Tuesday is the 2nd Tuesday, ``shift`` days later."""

    production: ClassVar[str] = "shiftedweekday"

    nth: int
    day: int
    shift: int = 0
    month: int | None = None


@dataclass(slots=True)
class EasterDay(SyntaxNode):
    """A day counted from Easter Sunday: Good Friday is two days before it."""

    production: ClassVar[str] = "easter"

    shift: int
    year: int | None = None


@dataclass(slots=True)
class CountedDays(SyntaxNode):
    """The next days of a kind, counted: the next 3 fridays, the next 5 days (no ``day``)."""

    production: ClassVar[str] = "counteddays"

    count: int
    days: tuple[int, ...] = ()


@dataclass(slots=True)
class CalendarDate(SyntaxNode):
    """Days of a named month, perhaps with the year."""

    production: ClassVar[str] = "date"

    month: int
    days: tuple[int, ...]
    year: int | None = None


@dataclass(slots=True)
class AmbiguousDate(SyntaxNode):
    """A date in figures whose order of day and month is unknown. ``readings`` are pairs of month and day."""

    production: ClassVar[str] = "numeric"

    readings: tuple[tuple[int, int], ...]
    year: int | None = None


@dataclass(slots=True)
class DateRange(SyntaxNode):
    """A range of days in one month: 13 to 15 July."""

    production: ClassVar[str] = "daterange"

    month: int
    first: int
    last: int
    year: int | None = None


@dataclass(slots=True)
class DateSpan(SyntaxNode):
    """All days from one to another, which a series leaves out."""

    production: ClassVar[str] = "datespan"

    first: SyntaxNode
    last: SyntaxNode


@dataclass(slots=True)
class Months(SyntaxNode):
    """Months without a day: in January, July and August 2027."""

    production: ClassVar[str] = "months"

    months: tuple[int, ...]
    year: int | None = None


@dataclass(slots=True)
class Year(SyntaxNode):
    """A year alone."""

    production: ClassVar[str] = "year"

    year: int


@dataclass(slots=True)
class Period(SyntaxNode):
    """A week, month, year or weekend, ``offset`` units from the present one; None for "the month"."""

    production: ClassVar[str] = "period"

    unit: PeriodUnit
    offset: int | None


@dataclass(slots=True)
class PeriodBoundary(SyntaxNode):
    """The start or end of a period: of March, of next month."""

    production: ClassVar[str] = "edge"

    is_end: bool
    month: int | None = None
    year: int | None = None
    unit: BoundedUnit | None = None
    offset: int = 0


DurationParts = tuple[tuple[float, str], ...]
"""A length of time: pairs of number and unit, such as (2, hour), (30, minute)."""


@dataclass(slots=True)
class FromNow(SyntaxNode):
    """A duration counted from now."""

    production: ClassVar[str] = "offset"

    amount: DurationParts


@dataclass(slots=True)
class RelativeTo(SyntaxNode):
    """A duration after (``sign`` 1) or before (-1) the time that follows. ``is_from`` is set for "2 hours from"."""

    production: ClassVar[str] = "beyond"

    amount: DurationParts
    sign: int
    is_from: bool = False


@dataclass(slots=True)
class Duration(SyntaxNode):
    """A length of time: for 3 hours. ``is_next`` is set for "for the next 3 weeks"."""

    production: ClassVar[str] = "span"

    amount: DurationParts
    is_next: bool = False


@dataclass(slots=True)
class RunCount(SyntaxNode):
    """How many runs a series has."""

    production: ClassVar[str] = "times"

    count: int


@dataclass(slots=True)
class MinutesOfHour(SyntaxNode):
    """The minutes of each hour."""

    production: ClassVar[str] = "minutes"

    minutes: tuple[int, ...]


@dataclass(slots=True)
class WeeksOfYear(SyntaxNode):
    """The weeks of each year."""

    production: ClassVar[str] = "weeks"

    weeks: tuple[int, ...]


@dataclass(slots=True)
class Connective(SyntaxNode):
    """A word that gives the nodes after it their role: the start or end of a range, or a limit."""

    production: ClassVar[str] = "mark"

    role: ConnectiveRole
    is_dash: bool = False


@dataclass(slots=True)
class Recurrence(SyntaxNode):
    """How often a series runs. ``freq`` is None for "every" alone; the days named with it then give the unit.

    ``runs_per_unit`` is the 3 of "3 times a week": that number of days or times must be named.
    """

    production: ClassVar[str] = "every"

    freq: Frequency | None = None
    interval: int = 1
    is_quarter: bool = False
    runs_per_unit: int = 0


@dataclass(slots=True)
class AmbiguousNode(SyntaxNode):
    """Words with several meanings: the question to ask, and a text for each meaning.

    ``accepts_one`` asks also where a single meaning remains.
    """

    production: ClassVar[str] = "unclear"

    question: str
    options: tuple[str, ...]
    accepts_one: bool = False


@dataclass(slots=True)
class ZoneNode(SyntaxNode):
    """A time zone. ``candidates`` are IANA names, more than one where the abbreviation is ambiguous."""

    production: ClassVar[str] = "zone"

    candidates: tuple[str, ...]
    abbreviation: str = ""
    is_offset: bool = False
