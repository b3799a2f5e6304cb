"""Sort the nodes of a single time by kind."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import (
    AmbiguousDate,
    AmbiguousNode,
    BareNumber,
    CalendarDate,
    Daypart,
    EasterDay,
    EndOfDay,
    FromNow,
    HourCertainty,
    MonthDays,
    Months,
    NowNode,
    NthWeekdays,
    Period,
    PeriodBoundary,
    RelativeDay,
    RelativeTo,
    ShiftedWeekday,
    SyntaxNode,
    TimeOfDay,
    Weekdays,
    Workdays,
    Year,
)
from bot.schedule.resolving.hours import hour_from_number

_DAY_NODES = (
    RelativeDay,
    Weekdays,
    MonthDays,
    Workdays,
    NthWeekdays,
    CalendarDate,
    AmbiguousDate,
    Months,
    Year,
    Period,
    PeriodBoundary,
    ShiftedWeekday,
    EasterDay,
)


@dataclass(slots=True)
class PointParts:
    """The nodes of one point by kind."""

    days: list[SyntaxNode] = field(default_factory=list)
    clock: TimeOfDay | None = None
    daypart: Daypart | None = None
    end_of_day: EndOfDay | None = None
    number: BareNumber | None = None
    from_now: FromNow | None = None
    now: NowNode | None = None
    relative_to: RelativeTo | None = None


@dataclass(slots=True)
class Point:
    """A wall-clock time, the nodes that named it, and its grain. ``instant`` is set where hours were counted."""

    wall: datetime
    grain: Literal["minute", "day"]
    clock: TimeOfDay | None = None
    day_nodes: tuple[SyntaxNode, ...] = ()
    instant: datetime | None = None


def classify(nodes: Iterable[SyntaxNode]) -> PointParts:
    """Sort the nodes of a point by kind.

    Raises ParseError for two nodes of one kind, and for nodes that belong to no point.
    """
    parts = PointParts()
    names = {TimeOfDay: "clock", Daypart: "daypart", EndOfDay: "end_of_day", BareNumber: "number", FromNow: "from_now",
             NowNode: "now", RelativeTo: "relative_to"}  # fmt: skip
    for node in nodes:
        if isinstance(node, _DAY_NODES):
            parts.days.append(node)
            continue
        if isinstance(node, AmbiguousNode):
            raise AmbiguityError(node.question, node.options, node, accepts_one=node.accepts_one)
        name = names.get(type(node))
        if name is None:
            raise ParseError("", node)
        before = getattr(parts, name)
        if before is not None:
            raise ParseError("This names two times for one start. Name one.", before, node)
        setattr(parts, name, node)
    return _place_number(parts)


def _place_number(parts: PointParts) -> PointParts:
    """Read a number after "on", or beside a part of the day, as a day or an hour."""
    number = parts.number
    if number is None:
        return parts
    clock = parts.clock
    comma = clock is not None and clock.start - number.end == 1
    behind_day = (
        clock is not None
        and clock.certainty >= HourCertainty.LIKELY
        and (comma or (clock.has_at and clock.start == number.end))
    )
    if (number.has_on or behind_day) and not parts.days and 1 <= number.value <= 31:
        parts.days.append(MonthDays(number.start, number.end, (number.value,)))
        parts.number = None
    elif parts.daypart is not None and parts.clock is None:
        parts.clock, parts.number = hour_from_number(number), None
    return parts


def wall_time_on(day: date, clock: TimeOfDay) -> datetime:
    """Return the wall-clock time of a time of day on a day; hours from 24 on belong to the next day."""
    days, hour = divmod(clock.hour, 24)
    return datetime.combine(day + timedelta(days=days), time(hour, clock.minute, clock.second))
