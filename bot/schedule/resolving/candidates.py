"""Find the days that the nodes of a phrase can mean, and ask where there are several."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.schedule.calendar_names import MONTHS, WEEKDAYS
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import (
    AmbiguousDate,
    CalendarDate,
    EasterDay,
    MonthDays,
    Months,
    NthWeekdays,
    Period,
    PeriodBoundary,
    RelativeDay,
    ShiftedWeekday,
    SyntaxNode,
    Weekdays,
    Workdays,
    Year,
)
from bot.schedule.parsing.zones import zone_info
from bot.schedule.resolving.context import PhraseContext, days_in_month, month_after
from bot.schedule.resolving.counted_days import (
    YEARS_AHEAD,
    counted_day,
    easter_dates,
    holiday_notes,
    nth_workday_after,
    shifted_weekday_dates,
    upcoming_month_days,
    workdays_of_month,
)

_SATURDAY = 5


@dataclass(slots=True)
class CandidateDays:
    """Days in order.

    With ``is_fixed`` only the first is meant, even if it is past; otherwise the first that is still to come.
    """

    dates: tuple[date, ...]
    is_fixed: bool
    nodes: tuple[SyntaxNode, ...]

    def __post_init__(self) -> None:
        if not self.dates:
            raise ParseError("There is no such day.", *self.nodes)


def candidate_days(ctx: PhraseContext, nodes: Sequence[SyntaxNode]) -> CandidateDays | None:
    """Return the days that the day nodes of one point can mean, or None where there are no such nodes."""
    nodes = _merge_nodes(ctx, nodes)
    weekdays = [node for node in nodes if isinstance(node, Weekdays)]
    if len(weekdays) > 1:
        raise ParseError(
            "Several days make a series: say 'every'.", *weekdays, example="every monday and friday at 21:00"
        )
    weekday = next(iter(weekdays), None)
    if (last := _days_from_month_end(ctx, nodes)) is not None:
        return _check_weekday(last, weekday)
    others = [node for node in nodes if node is not weekday]
    if weekday is None and not others:
        return None
    if weekday is not None and (len(weekday.days) > 1 or weekday.is_range):
        if weekday.determiner in ("next", "following") and weekday.days == (0, 1, 2, 3, 4) and not others:
            return CandidateDays((_next_working_day(ctx, weekday),), True, (weekday,))
        raise ask_about_several_days(ctx, weekday)
    if len(others) > 1:
        return _days_in_period(ctx, weekday, others) or _common_day(ctx, others, weekday)
    if not others:
        assert weekday is not None
        return CandidateDays(*_weekday_dates(ctx, weekday), (weekday,))
    if weekday is not None and isinstance(others[0], Period) and others[0].unit in ("week", "weekend"):
        return _weekday_in_week(ctx, weekday, others[0])
    return _common_day(ctx, others, weekday)


def ask_about_several_days(ctx: PhraseContext, node: Weekdays) -> AmbiguityError | ParseError:
    """Ask whether "sat and sun" means those days of every week, or the next ones only."""
    if node.nth > 1:
        return ParseError("Several days make a series: say 'every'.", node, example="every monday at 21:00")
    text = ctx.text_of(node).removeprefix("on ").removeprefix("this ").removeprefix("next ").removeprefix("coming ")
    options = [f"every {text}"] if not node.determiner else []
    if node.is_choice:
        return AmbiguityError("On which of those days?", tuple(WEEKDAYS[day] for day in node.days), node)
    if node.is_range:
        first = ctx.today + timedelta(days=(node.days[0] - ctx.today.weekday()) % 7)
        options.append(f"every {text} starting {first.isoformat()} for {len(node.days)} times")
        left = len(node.days) - node.days.index(ctx.today.weekday()) if ctx.today.weekday() in node.days[1:] else 0
        options += [f"every {text} starting {ctx.today.isoformat()} for {left} times"] if left > 1 else []
    else:
        options.append(f"every {text} for {len(node.days)} times")
    return AmbiguityError("On those days of every week, or only the next ones?", tuple(options), node)


def _next_working_day(ctx: PhraseContext, node: Weekdays) -> date:
    """Return the first day after today from Monday to Friday; "business day" and "working day" leave out holidays."""
    if "weekday" not in ctx.text_of(node):
        return nth_workday_after(ctx, ctx.today, 1)
    days = (ctx.today + timedelta(days=n) for n in range(1, 4))
    return next(day for day in days if day.weekday() < 5)


def _merge_nodes(ctx: PhraseContext, nodes: Sequence[SyntaxNode]) -> list[SyntaxNode]:
    """Merge nodes that belong together: "the 15th" with "of next month", "26 Oct" with "2027"."""
    rest = list(nodes)
    for node in [p for p in rest if isinstance(p, Year)]:
        numbered = next((p for p in rest if isinstance(p, MonthDays) and p.has_day_word), None)
        if numbered is not None and len(numbered.days) == 1:
            day = _day_of_year(node.year, numbered.days[0])
            rest.remove(node)
            rest[rest.index(numbered)] = CalendarDate(numbered.start, numbered.end, day.month, (day.day,), day.year)
            continue
        dated = next(
            (p for p in rest if isinstance(p, CalendarDate | NthWeekdays | EasterDay) and p.year is None), None
        )
        if dated is not None and (not isinstance(dated, NthWeekdays) or dated.month):
            dated.year = node.year
            rest.remove(node)
    for month in [p for p in rest if isinstance(p, Months) and len(p.months) == 1]:
        numbered = next((p for p in rest if isinstance(p, MonthDays)), None)
        if numbered is not None and len(numbered.days) == 1 and numbered.days[0] > 0:
            rest.remove(month)
            rest[rest.index(numbered)] = CalendarDate(
                numbered.start, numbered.end, month.months[0], numbered.days, month.year
            )
    return rest


def _day_of_year(year: int, nth: int) -> date:
    """Return the nth day of a year, counted from its end where ``nth`` is negative."""
    return date(year - 1, 12, 31) + timedelta(days=nth) if nth > 0 else date(year + 1, 1, 1) + timedelta(days=nth)


def _days_from_month_end(ctx: PhraseContext, nodes: Sequence[SyntaxNode]) -> CandidateDays | None:
    """Return the last day of a named month."""
    numbered = next((p for p in nodes if isinstance(p, MonthDays) and len(p.days) == 1 and p.days[0] < 0), None)
    month = next((p for p in nodes if isinstance(p, Months) and len(p.months) == 1), None)
    if numbered is None or month is None:
        return None
    if any(not isinstance(node, MonthDays | Months | Weekdays) for node in nodes):
        raise ParseError("Those are two different days.", *nodes)
    years = (month.year,) if month.year else (ctx.today.year, ctx.today.year + 1)
    days = [counted_day(ctx, numbered, year, month.months[0]) for year in years]
    coming = tuple(day for day in days if day is not None and (month.year or day >= ctx.today))
    return CandidateDays(coming, month.year is not None, (numbered, month))


def _days_in_period(ctx: PhraseContext, weekday: Weekdays | None, others: Sequence[SyntaxNode]) -> CandidateDays | None:
    """Return the 20th of next month, the first friday of this month, the last working day of january."""
    month = next((node for node in others if isinstance(node, Months) and len(node.months) == 1), None)
    workday = next((node for node in others if isinstance(node, Workdays)), None)
    if month is not None and workday is not None and len(others) == 2:
        days = CandidateDays(workdays_of_month(ctx, workday, month), month.year is not None, (workday, month))
        return _check_weekday(days, weekday)
    period = next((node for node in others if isinstance(node, Period) and node.unit == "month"), None)
    counted = next((p for p in others if isinstance(p, MonthDays | NthWeekdays | Workdays | ShiftedWeekday)), None)
    if period is None or counted is None or len(others) > 2:
        return None
    if isinstance(counted, ShiftedWeekday):
        return _check_weekday(CandidateDays(*shifted_weekday_dates(ctx, counted, period.offset), (counted,)), weekday)
    if period.offset is None:
        if not isinstance(counted, MonthDays) or counted.days == (-1,):
            raise _ask_once_or_monthly(ctx, counted, period)
        return CandidateDays(tuple(upcoming_month_days(ctx, counted)), False, (counted, period))
    day = counted_day(ctx, counted, *month_after(ctx.today, period.offset))
    if day is None:
        raise ParseError("There is no such day in that month.", counted)
    if isinstance(counted, Workdays):
        for text in holiday_notes(ctx, counted, day):
            ctx.add_assumption(text)
    days = CandidateDays((day,), True, (counted, period))
    return _check_weekday(days, weekday)


def _common_day(ctx: PhraseContext, others: Sequence[SyntaxNode], weekday: Weekdays | None) -> CandidateDays:
    """Return the day on which several day nodes agree: tomorrow, 24 December; friday the 15th."""
    days = _days_of_node(ctx, others[0])
    for other in others[1:]:
        if isinstance(other, RelativeDay) and any(isinstance(node, RelativeDay) for node in days.nodes):
            raise ParseError("Two days are named.", *days.nodes, other)
        second = _days_of_node(ctx, other)
        common = tuple(day for day in days.dates if day in second.dates)
        if not common:
            raise ParseError("Those are two different days.", *days.nodes, *second.nodes)
        days = CandidateDays(common, True, days.nodes + second.nodes)
    return _check_weekday(days, weekday)


def _check_weekday(days: CandidateDays, weekday: Weekdays | None) -> CandidateDays:
    """Return the days if they fall on the named weekday; ask where the next one is another weekday."""
    if weekday is None:
        return days
    if weekday.determiner or weekday.plural or weekday.nth > 1:
        raise ParseError("Those are two different days.", weekday, *days.nodes)
    first = days.dates[0]
    if first.weekday() != weekday.days[0]:
        question = f"{first:%-d %B %Y} is a {WEEKDAYS[first.weekday()].capitalize()}. Which day is meant?"
        nearest = first + timedelta(days=(weekday.days[0] - first.weekday() + 3) % 7 - 3)
        later = [day for day in days.dates if day.weekday() == weekday.days[0]]
        raise AmbiguityError(
            question,
            tuple(day.isoformat() for day in (first, nearest, *later[:1])),
            *days.nodes,
            weekday,
            is_doubtful=True,
        )
    return CandidateDays((first,), True, (*days.nodes, weekday))


def _days_of_node(ctx: PhraseContext, node: SyntaxNode) -> CandidateDays:
    """Return the days that one node can mean."""
    match node:
        case RelativeDay(days=count):
            if count < 0:
                raise ParseError("That has passed.", node)
            return CandidateDays((_relative_date(ctx, node),), True, (node,))
        case CalendarDate():
            return CandidateDays(*_calendar_dates(ctx, node), (node,))
        case MonthDays():
            return CandidateDays(tuple(upcoming_month_days(ctx, node)), False, (node,))
        case NthWeekdays():
            return CandidateDays(*_nth_weekday_dates(ctx, node), (node,))
        case AmbiguousDate():
            return CandidateDays(*_ambiguous_dates(ctx, node), (node,))
        case Workdays():
            raise _ask_once_or_monthly(ctx, node)
        case EasterDay():
            return CandidateDays(*easter_dates(ctx, node), (node,))
        case ShiftedWeekday():
            return CandidateDays(*shifted_weekday_dates(ctx, node, None), (node,))
        case PeriodBoundary():
            return CandidateDays(*_boundary_dates(ctx, node), (node,))
        case Months() | Period(unit="month"):
            raise AmbiguityError("Which day of the month?", _day_options(ctx, node), node)
        case _:
            raise ParseError("That names no single day.", node, example="friday 21:00")


def _relative_date(ctx: PhraseContext, node: RelativeDay) -> date:
    """Return today or tomorrow by the speaker's calendar; ask where the zone of the phrase has another date."""
    day = ctx.now.astimezone(zone_info(ctx.zone)).date()
    day_there = day + timedelta(days=node.days)
    day_here = ctx.now.astimezone(zone_info(ctx.speaker_zone)).date() + timedelta(days=node.days)
    if day_here != day_there:
        question = f"It is {day:%A} in {ctx.zone}, but not in {ctx.speaker_zone}. Which day is meant?"
        raise AmbiguityError(
            question, (day_here.isoformat(), day_there.isoformat()), node, *ctx.zone_nodes, replace=(node,)
        )
    return day_there


def _weekday_dates(ctx: PhraseContext, node: Weekdays) -> tuple[tuple[date, ...], bool]:
    """Return the next such weekdays, today included; ask where "next friday" can be two days."""
    ahead = (node.days[0] - ctx.today.weekday()) % 7
    coming = ctx.today + timedelta(days=ahead)
    if node.nth > 1 or ctx.text_of(node).endswith(("now", "today")):
        return (coming + timedelta(days=7 * (node.nth - (ahead > 0))),), True
    if node.determiner in ("next", "following"):
        after = coming if ahead else coming + timedelta(days=7)
        of_next_week = ctx.today + timedelta(days=7 - ctx.today.weekday() + node.days[0])
        later = timedelta(weeks=node.weeks_later)
        if after != of_next_week:
            name = WEEKDAYS[node.days[0]].capitalize()
            options = ((after + later).isoformat(), (of_next_week + later).isoformat())
            raise AmbiguityError(f"Which {name} is meant?", options, node)
        return (after + later,), True
    if node.weeks_later:
        return (coming + timedelta(weeks=node.weeks_later),), True
    return (coming, coming + timedelta(days=7)), False


def _weekday_in_week(ctx: PhraseContext, weekday: Weekdays, week: Period) -> CandidateDays:
    """Return friday of this or next week, sunday of next weekend."""
    monday = ctx.today - timedelta(days=ctx.today.weekday())
    if week.unit == "weekend" and weekday.days[0] < _SATURDAY:
        raise ParseError("That is no day of a weekend.", weekday, week)
    day = monday + timedelta(days=7 * (week.offset or 0) + weekday.days[0])
    if weekday.determiner:
        raise ParseError("Those are two different weeks.", weekday, week)
    return CandidateDays((day,), True, (weekday, week))


def _calendar_dates(ctx: PhraseContext, node: CalendarDate) -> tuple[tuple[date, ...], bool]:
    if len(node.days) > 1:
        raise ParseError("Several days make a series: say 'every'.", node, example="every year on 24 December at 21:00")
    if node.year is not None:
        return (_valid_date(node.year, node.month, node.days[0], node),), True
    return tuple(_upcoming_dates(ctx, node.month, node.days[0])), False


def _valid_date(year: int, month: int, day: int, node: SyntaxNode) -> date:
    if not 1 <= day <= days_in_month(year, month):
        raise ParseError(f"There is no {day} {MONTHS[month - 1].capitalize()} {year}.", node)
    return date(year, month, day)


def _upcoming_dates(ctx: PhraseContext, month: int, day: int) -> Iterator[date]:
    for year in range(ctx.today.year, ctx.today.year + YEARS_AHEAD):
        if day <= days_in_month(year, month) and (candidate := date(year, month, day)) >= ctx.today:
            yield candidate


def _nth_weekday_dates(ctx: PhraseContext, node: NthWeekdays) -> tuple[tuple[date, ...], bool]:
    if node.month is None:
        raise _ask_once_or_monthly(ctx, node)
    if node.year is not None:
        day = counted_day(ctx, node, node.year, node.month)
        if day is None:
            raise ParseError("There is no such day in that month.", node)
        return (day,), True
    years = (counted_day(ctx, node, ctx.today.year + n, node.month) for n in range(YEARS_AHEAD))
    return tuple(day for day in years if day is not None and day >= ctx.today), False


def _boundary_dates(ctx: PhraseContext, node: PeriodBoundary) -> tuple[tuple[date, ...], bool]:
    """Return the first or last day of a week, month, quarter or year; ask on which day a week ends."""
    if node.unit is None and node.month is None:
        raise ParseError("Say which day that is.", node, example="31 March 21:00")
    day = boundary_day(ctx, node)
    if node.unit == "week" and node.is_end:
        friday = day - timedelta(days=2)
        raise AmbiguityError("On which day does the week end?", (friday.isoformat(), day.isoformat()), node)
    if node.month is not None and node.year is None and day < ctx.today:
        day = boundary_day(ctx, replace(node, year=day.year + 1))
    return (day,), True


def boundary_day(ctx: PhraseContext, node: PeriodBoundary) -> date:
    """Return the last or first day of the named month, week, quarter or year."""
    today = ctx.today
    if node.unit == "week":
        monday = today + timedelta(days=7 * node.offset - today.weekday())
        return monday + timedelta(days=6 if node.is_end else 0)
    if node.unit == "quarter":
        first = (today.month - 1) // 3 * 3 + 1
        year, month = month_after(today.replace(month=first, day=1), 3 * node.offset + (2 if node.is_end else 0))
    elif node.unit == "year":
        year, month = today.year + node.offset, 12 if node.is_end else 1
    elif node.month is not None:
        year, month = node.year or today.year + (node.month < today.month), node.month
    else:
        year, month = month_after(today, node.offset)
    return date(year, month, days_in_month(year, month) if node.is_end else 1)


def _ask_once_or_monthly(
    ctx: PhraseContext, node: NthWeekdays | Workdays | MonthDays, *scope: SyntaxNode
) -> AmbiguityError:
    """Ask whether "the first sunday" is meant once or every month. Reject "last friday", which may be past."""
    if isinstance(node, NthWeekdays) and node.nths == (-1,) and not scope:
        raise ParseError("Say of which month, or the date.", node, example="last friday of december at 21:00")
    days = (counted_day(ctx, node, *month_after(ctx.today, offset)) for offset in range(3))
    coming = next((day for day in days if day is not None and day >= ctx.today), None)
    text = ctx.text_of(node).removeprefix("on ").removeprefix("the ")
    options = (*((coming.isoformat(),) if coming else ()), f"every month on the {text}")
    notes = holiday_notes(ctx, node, *((coming,) if coming else ())) if isinstance(node, Workdays) else ()
    question = " ".join((f"Is '{text}' meant once, or every month?", *notes))
    return AmbiguityError(question, options, node, *scope)


def _ambiguous_dates(ctx: PhraseContext, node: AmbiguousDate) -> tuple[tuple[date, ...], bool]:
    """Read 12/11 by the speaker's preference, or ask."""
    order = ctx.preferences.day_first
    if order is None:
        years = [node.year or next(_upcoming_dates(ctx, *reading)).year for reading in node.readings]
        options = tuple(f"{y}-{m:02}-{d:02}" for y, (m, d) in zip(years, node.readings, strict=True))
        raise AmbiguityError("Which is the day and which the month?", options, node, accepts_one=True)
    month, day = node.readings[0 if order else 1]
    ctx.add_assumption(f"{ctx.text_of(node)} was read as {day} {MONTHS[month - 1].capitalize()}, as is usual for you.")
    return _calendar_dates(ctx, CalendarDate(node.start, node.end, month, (day,), node.year))


def _day_options(ctx: PhraseContext, node: Months | Period) -> tuple[str, ...]:
    if isinstance(node, Months):
        if len(node.months) > 1:
            raise ParseError("Several months make a series: say 'every'.", node)
        month, year = node.months[0], node.year
        year = year or next(_upcoming_dates(ctx, month, 28)).year
    else:
        year, month = month_after(ctx.today, node.offset or 0)
    return tuple(f"{year}-{month:02}-{day:02}" for day in (1, 15, days_in_month(year, month)))
