"""Sort the nodes of a recurring phrase by what they say: how often, on which days, at what time, from when."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.schedule.calendar_names import MONTHS, WEEKDAYS
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import (
    AmbiguousDate,
    AmbiguousNode,
    BareNumber,
    CalendarDate,
    Connective,
    CountedDays,
    DateRange,
    DateSpan,
    Daypart,
    Duration,
    EasterDay,
    EndOfDay,
    MinutesOfHour,
    MonthDays,
    Months,
    NthWeekdays,
    Period,
    PeriodBoundary,
    Recurrence,
    RelativeDay,
    RunCount,
    SyntaxNode,
    TimeOfDay,
    Weekdays,
    Workdays,
    Year,
)
from bot.schedule.resolving.hours import hour_from_number

_ROLES = {
    "from": "start", "between": "start", "starting": "start", "until": "until", "to": "until", "except": "except",
    "also": "also",
}  # fmt: skip
_DAYS_PER_UNIT = {"day": 1, "week": 7}
_EXCLUDABLE_NODES = (EasterDay, Weekdays, CalendarDate, DateRange, NthWeekdays, RelativeDay, Months, Period)
_DATE_NODES = (CalendarDate, RelativeDay, Months, Year, AmbiguousDate, Period, PeriodBoundary, Weekdays, MonthDays)


@dataclass(slots=True)
class SeriesParts:
    """The nodes of a series by what they say."""

    recurrences: list[Recurrence] = field(default_factory=list)
    selectors: list[SyntaxNode] = field(default_factory=list)
    clocks: list[TimeOfDay] = field(default_factory=list)
    end_clocks: list[TimeOfDay] = field(default_factory=list)
    daypart: Daypart | None = None
    minutes: MinutesOfHour | None = None
    duration: Duration | None = None
    run_count: RunCount | None = None
    start_nodes: list[SyntaxNode] | None = None
    until_nodes: list[SyntaxNode] | None = None
    excluded: list[SyntaxNode] = field(default_factory=list)
    added: list[SyntaxNode] = field(default_factory=list)
    end_weekday: Weekdays | None = None

    @property
    def is_sub_daily(self) -> bool:
        """Tell whether the series runs every few hours or minutes."""
        return any(every.freq in ("hourly", "minutely") for every in self.recurrences)


def is_series(nodes: Sequence[SyntaxNode]) -> bool:
    """Tell whether a phrase recurs: "every", a plural such as mondays, or "the 1st and 15th of the month"."""
    for node in nodes:
        match node:
            case Recurrence() | CountedDays():
                return True
            case Weekdays():
                if node.plural and node.nth == 1 and not node.determiner:
                    return True
            case Daypart():
                if node.plural:
                    return True
            case NthWeekdays() | Workdays() | MonthDays():
                if len(node.days if isinstance(node, MonthDays) else node.nths) > 1 and _of_the_month(nodes):
                    return True
            case Duration():
                if _is_next_days(node, nodes):
                    return True
    return is_working_week(nodes)


def _of_the_month(nodes: Sequence[SyntaxNode]) -> bool:
    return any(isinstance(node, Period) and node.unit == "month" and node.offset is None for node in nodes)


def _is_next_days(node: SyntaxNode, nodes: Sequence[SyntaxNode]) -> bool:
    """Tell whether a node is "for the next 5 days" beside a time of day and no other day."""
    if not isinstance(node, Duration) or not node.is_next or any(unit not in _DAYS_PER_UNIT for _, unit in node.amount):
        return False
    others = [other for other in nodes if other is not node]
    return any(isinstance(other, TimeOfDay) for other in others) and all(
        isinstance(other, TimeOfDay | Daypart | Duration)
        or (isinstance(other, Connective) and other.role in ("from", "between", "to", "until"))
        for other in others
    )


def _spelled_out(nodes: Sequence[SyntaxNode]) -> list[SyntaxNode]:
    """Return the nodes with "the next 3 fridays" as "every friday 3 times"."""
    result: list[SyntaxNode] = []
    has_recurrence = any(isinstance(node, Recurrence) for node in nodes)
    for node in nodes:
        if isinstance(node, CountedDays):
            result += [
                Recurrence(node.start, node.end),
                Weekdays(node.start, node.end, node.days, plural=True),
                RunCount(node.start, node.end, node.count),
            ]
        elif not has_recurrence and _is_next_days(node, nodes):
            assert isinstance(node, Duration)
            days = sum(int(count) * _DAYS_PER_UNIT[unit] for count, unit in node.amount)
            if days < 1:
                raise ParseError("A series needs one run or more.", node)
            result += [Recurrence(node.start, node.end, "daily"), RunCount(node.start, node.end, days)]
        else:
            result.append(node)
    return result


def is_working_week(nodes: Sequence[SyntaxNode]) -> bool:
    """Tell whether a phrase is like "monday to friday at 19:00"."""
    week = [node for node in nodes if isinstance(node, Weekdays) and node.is_range and node.days == (0, 1, 2, 3, 4)]
    return bool(week) and any(isinstance(node, TimeOfDay) for node in nodes)


def classify(nodes: Sequence[SyntaxNode]) -> SeriesParts:
    """Sort the nodes. Dates follow "starting" and "until"; the end of a window follows "to"."""
    parts = SeriesParts()
    nodes = _spelled_out(nodes)
    _ask_about_days_of_a_range(nodes)
    target: list[SyntaxNode] | None = None
    role = ""
    for index, node in enumerate(nodes):
        following = nodes[index + 1] if index + 1 < len(nodes) else None
        if isinstance(node, Connective) and role == "except" and _joins_excluded_dates(node, parts.excluded, following):
            continue
        if isinstance(node, Connective):
            role = _role(node, following, nodes[index + 2 : index + 3], parts)
            target = _target_list(parts, role, node)
        elif isinstance(node, AmbiguousNode):
            raise AmbiguityError(node.question, node.options, node, accepts_one=node.accepts_one)
        elif role == "end" and isinstance(node, Weekdays):
            parts.end_weekday = node
        elif target is not None and _continues_date(node, target, role, parts):
            before = nodes[index - 1]
            opened = before.role if role == "except" and isinstance(before, Connective) else ""
            is_last = opened == "to"
            added = _as_range(node) if opened == "between" else node
            target.append(DateSpan(target[-1].start, node.end, target.pop(), node) if is_last else added)
        else:
            _add_node(parts, node, role)
            target, role = None, ""
    if parts.start_nodes == [] or parts.until_nodes == [] or role == "end" or isinstance(nodes[-1], Connective):
        raise ParseError("", nodes[-1])
    return parts


def _as_range(node: SyntaxNode) -> SyntaxNode:
    """Return the days from the first to the last of "between 24 and 31 december"."""
    if not isinstance(node, CalendarDate) or len(node.days) != 2:
        return node
    first, last = node.days
    return DateRange(node.start, node.end, node.month, first, last, node.year)


def _joins_excluded_dates(node: Connective, excluded: list[SyntaxNode], following: SyntaxNode | None) -> bool:
    """Tell whether a connective belongs to "except 20 dec to 3 jan" or "except between 20 dec and 3 jan"."""
    if not isinstance(following, CalendarDate):
        return False
    if node.role == "to":
        return bool(excluded) and isinstance(excluded[-1], CalendarDate)
    return node.role in ("between", "from") and not excluded


def _ask_about_days_of_a_range(nodes: Sequence[SyntaxNode]) -> None:
    """Ask whether "from monday to friday every day" is one week, or every week."""
    for index, node in enumerate(nodes[:-1]):
        days = nodes[index + 1]
        daily = [other for other in nodes if isinstance(other, Recurrence) and other.freq == "daily"]
        is_from = isinstance(node, Connective) and node.role == "from" and isinstance(days, Weekdays)
        if is_from and isinstance(days, Weekdays) and days.is_range and daily:
            names = f"{WEEKDAYS[days.days[0]]} to {WEEKDAYS[days.days[-1]]}"
            once = f"every day starting {WEEKDAYS[days.days[0]]} for {len(days.days)} times"
            question = "In one week only, or in every week?"
            raise AmbiguityError(question, (once, f"every {names}"), *daily, node, days)


def _role(connective: Connective, following: SyntaxNode | None, rest: Sequence[SyntaxNode], parts: SeriesParts) -> str:
    """Return what a connective opens: the start, the end, a range of hours, or excluded days."""
    if _ends_on_another_day(connective, following, rest, parts):
        return "end"
    if isinstance(following, TimeOfDay) and connective.role == "from" and parts.is_sub_daily:
        until = rest[0] if rest else None
        if not isinstance(until, Connective) or until.role not in ("to", "until"):
            return "start"
    if isinstance(following, TimeOfDay | BareNumber) and connective.role in ("from", "between", "to", "until"):
        if connective.role in ("to", "until") and parts.clocks and not parts.until_nodes:
            return "end"
        if connective.role in ("from", "between"):
            return "hours"
    if isinstance(following, Weekdays) and following.is_range and connective.role == "from":
        return ""
    if isinstance(following, Weekdays) and connective.role == "to":
        raise ParseError("", connective, following)
    if isinstance(following, Months) and connective.role == "to":
        months = f"{MONTHS[following.months[0] - 1]} {following.year or ''}".strip()
        raise AmbiguityError(
            "Is that month still part of the series?",
            (f"until {months}", f"until the end of {months}"),
            connective,
            following,
        )
    role = _ROLES.get(connective.role)
    if role is None:
        raise ParseError("", connective)
    return role


def _ends_on_another_day(
    connective: Connective, following: SyntaxNode | None, rest: Sequence[SyntaxNode], parts: SeriesParts
) -> bool:
    """Tell whether a connective ends the window of "every friday 22:00 to saturday 02:00"."""
    if not isinstance(following, Weekdays) or following.plural or not rest or not isinstance(rest[0], TimeOfDay):
        return False
    one_day = [len(node.days) for node in parts.selectors if isinstance(node, Weekdays)] == [1]
    return bool(parts.clocks) and (connective.role == "to" or (connective.role == "until" and one_day))


def _target_list(parts: SeriesParts, role: str, connective: Connective) -> list[SyntaxNode] | None:
    if role == "start":
        if parts.start_nodes is not None:
            raise ParseError("Two starts are named.", connective)
        parts.start_nodes = []
        return parts.start_nodes
    if role == "until":
        if parts.until_nodes is not None:
            raise ParseError("Two ends are named.", connective)
        parts.until_nodes = []
        return parts.until_nodes
    return {"except": parts.excluded, "also": parts.added}.get(role)


def _continues_date(node: SyntaxNode, target: list[SyntaxNode], role: str, parts: SeriesParts) -> bool:
    """Tell whether a node continues the date that a connective opened."""
    if role == "except":
        of_every_month = isinstance(node, Recurrence) and node.freq == "monthly"
        counted = of_every_month and any(isinstance(other, NthWeekdays) for other in target)
        return counted or isinstance(node, _EXCLUDABLE_NODES)
    if role == "also":
        return isinstance(node, CalendarDate)
    if isinstance(node, TimeOfDay) and not target and not node.joined and parts.is_sub_daily and not parts.clocks:
        return True
    if isinstance(node, Weekdays) and node.plural:
        return False
    has_clock = any(isinstance(other, TimeOfDay) for other in target)
    return isinstance(node, _DATE_NODES) or (isinstance(node, TimeOfDay | EndOfDay) and not has_clock and bool(target))


def _add_clock(parts: SeriesParts, node: TimeOfDay | BareNumber, role: str) -> None:
    """Add a time of day to its list. Further ones must be joined by "and", so that none is read by accident."""
    if isinstance(node, BareNumber):
        if parts.daypart is None:
            raise ParseError(f"What {node.value} means was not understood.", node)
        node = hour_from_number(node)
    clocks = parts.end_clocks if role == "end" else parts.clocks
    if clocks and not node.joined:
        raise ParseError("Two times are named; say 'and' between them.", *clocks, node)
    clocks.append(node)


def _add_node(parts: SeriesParts, node: SyntaxNode, role: str) -> None:
    """Add a node to its list; two of a kind are rejected."""
    if isinstance(node, Recurrence):
        parts.recurrences.append(node)
    elif isinstance(node, TimeOfDay | BareNumber):
        _add_clock(parts, node, role)
    elif isinstance(node, EndOfDay):
        raise AmbiguityError("When does the day end?", ("at 17:00", "at 23:59"), node)
    elif isinstance(node, Daypart | MinutesOfHour | Duration | RunCount):
        name = {Daypart: "daypart", MinutesOfHour: "minutes", Duration: "duration", RunCount: "run_count"}[type(node)]
        if getattr(parts, name) is not None:
            raise ParseError("Two of a kind are named.", getattr(parts, name), node)
        setattr(parts, name, node)
    else:
        parts.selectors.append(node)
