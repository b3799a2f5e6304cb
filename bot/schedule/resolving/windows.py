"""Resolve windows, from one time to another or for a duration, and single times with a latest start."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.schedule.model import Once, Window, ZonedTime
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import (
    Connective,
    Daypart,
    Duration,
    HourCertainty,
    NowNode,
    Period,
    SyntaxNode,
    TimeOfDay,
    Weekdays,
    Year,
)
from bot.schedule.resolving import points
from bot.schedule.resolving.candidates import ask_about_several_days
from bot.schedule.resolving.context import PhraseContext, add_duration, clock_part, is_calendar_duration
from bot.schedule.resolving.day_windows import context_from, window_between_days, window_of_day_range, window_of_days
from bot.schedule.resolving.hours import format_time_of_day, resolve_hour
from bot.schedule.resolving.pairs import half_day_ranges, resolve_pair
from bot.schedule.resolving.point_parts import Point, classify, wall_time_on

MAX_UNASKED_LENGTH = timedelta(hours=12)
"""Maximum length of a window between two times of day that is read without a question."""
MAX_ANSWERED_LENGTH = timedelta(hours=16)
"""The same for programs, whose windows are not run."""
_START_ROLES = ("from", "between", "starting")
_END_ROLES = ("to", "until", "before")


def resolve_single(ctx: PhraseContext, nodes: Sequence[SyntaxNode]) -> Once | Window:
    """Return the one time or window that the nodes mean."""
    if len(nodes) == 1 and isinstance(nodes[0], TimeOfDay) and nodes[0].has_h_suffix and nodes[0].end == 2:
        hour = nodes[0].hour
        raise AmbiguityError(
            f"Is {hour}h a time, or a length of time?", (f"at {hour:02}:00", f"in {hour} hours"), nodes[0]
        )
    index = next((n for n, node in enumerate(nodes) if isinstance(node, Connective) and node.role == "latest"), None)
    if index is not None:
        return _once_with_latest_start(ctx, nodes[:index], nodes[index + 1 :], nodes[index])
    durations = [node for node in nodes if isinstance(node, Duration)]
    rest = [node for node in nodes if not isinstance(node, Duration)]
    start_nodes, end_nodes, connectives = _split_at_end(rest)
    if end_nodes is not None:
        if durations:
            raise ParseError("Two ends are named.", durations[0], *connectives[-1:])
        return _between_points(ctx, start_nodes, end_nodes, connectives)
    if durations:
        return _window_of_duration(ctx, start_nodes, durations)
    for connective in connectives:
        if connective.role == "by":
            raise _ask_about_by(ctx, start_nodes, connective)
    day_range = next((node for node in start_nodes if points.is_day_range(node)), None)
    if day_range is not None and not any(isinstance(node, Weekdays) and not node.is_range for node in start_nodes):
        if any(isinstance(node, TimeOfDay) for node in start_nodes):
            raise _ask_which_day(ctx, day_range, start_nodes)
        return window_of_day_range(ctx, day_range, start_nodes, connectives)
    open_range = next((connective for connective in connectives if connective.role in ("from", "between")), None)
    if open_range is not None:
        raise ParseError("Until when?", open_range, *start_nodes, example="tomorrow 21:00 to 23:00")
    point = points.resolve_point(ctx, start_nodes)
    if any(connective.role == "after" for connective in connectives):
        _note_after(ctx, point, connectives)
    return Once(start=points.to_zoned_time(ctx, point), grain=point.grain)


def _ask_about_by(ctx: PhraseContext, nodes: Sequence[SyntaxNode], by: Connective) -> AmbiguityError:
    """Ask whether "by 6am" is the end of a window from now on, or the time itself."""
    time = " ".join(ctx.text_of(node) for node in nodes)
    options = (f"now until {time}", time)
    return AmbiguityError("A start at any time until then, or exactly then?", (), by, whole_phrases=options)


def _ask_which_day(ctx: PhraseContext, node: SyntaxNode, nodes: Sequence[SyntaxNode]) -> AmbiguityError | ParseError:
    """Ask on which of the days of "mon-thu 22:00" or "this weekend 02:00" that time is."""
    if isinstance(node, Weekdays):
        return ask_about_several_days(ctx, node)
    if isinstance(node, Period) and node.unit == "weekend":
        saturday = ctx.today + timedelta(days=5 - ctx.today.weekday() + 7 * (node.offset or 0))
        options = tuple((saturday + timedelta(days=n)).isoformat() for n in (0, 1))
        return AmbiguityError("On which day of that weekend?", options, node)
    return ParseError("On which of those days?", *nodes, example="13 July 21:00")


def _note_after(ctx: PhraseContext, point: Point, connectives: Sequence[Connective]) -> None:
    """Record that "after 9pm" starts at 21:00; reject "after friday", which names no time."""
    if point.clock is None:
        raise ParseError("After what time?", *connectives, *point.day_nodes)
    ctx.add_assumption(f"'After' was read as at {format_time_of_day(point.clock)}.")


def _split_at_end(nodes: Sequence[SyntaxNode]) -> tuple[list[SyntaxNode], list[SyntaxNode] | None, list[Connective]]:
    """Split the nodes at the connective of the end, and return the connectives apart."""
    start_nodes: list[SyntaxNode] = []
    end_nodes: list[SyntaxNode] | None = None
    connectives: list[Connective] = []
    for node in nodes:
        if not isinstance(node, Connective):
            (start_nodes if end_nodes is None else end_nodes).append(node)
            continue
        connectives.append(node)
        if node.role in _END_ROLES:
            if end_nodes is not None:
                raise ParseError("Two ends are named.", node)
            end_nodes = []
        elif end_nodes is not None or node.role not in (*_START_ROLES, "after", "by") or len(connectives) > 1:
            raise ParseError("", node)
    if connectives and connectives[-1] is nodes[-1]:
        raise ParseError("", connectives[-1])
    return start_nodes, end_nodes, connectives


def _once_with_latest_start(
    ctx: PhraseContext, start_nodes: Sequence[SyntaxNode], end_nodes: Sequence[SyntaxNode], connective: SyntaxNode
) -> Once:
    """Resolve 21:00, latest 23:00: one time with a latest start."""
    if not start_nodes or not end_nodes:
        raise ParseError("", connective)
    once = resolve_single(ctx, start_nodes)
    if not isinstance(once, Once) or once.grain == "day":
        raise ParseError(
            "A latest start needs one time to start at.", connective, example="tomorrow 21:00, latest 23:00"
        )
    last = _end_point(ctx, end_nodes, Point(once.start.wall, "minute"), connective)
    if not _day_nodes(end_nodes) and last.wall - once.start.wall > timedelta(hours=12):
        raise ParseError("The latest start is not after the start.", *start_nodes, connective, *end_nodes)
    return once.model_copy(
        update={"latest_start": _require_after(points.to_zoned_time(ctx, last), once.start, end_nodes)}
    )


def _require_after(end: ZonedTime, start: ZonedTime, nodes: Sequence[SyntaxNode]) -> ZonedTime:
    if end.instant <= start.instant:
        raise ParseError("The end is not after the start.", *nodes)
    return end


def _between_points(
    ctx: PhraseContext, start_nodes: list[SyntaxNode], end_nodes: list[SyntaxNode], connectives: Sequence[Connective]
) -> Once | Window:
    end_connective = connectives[-1]
    for side in (start_nodes, end_nodes):
        clocks = [node for node in side if isinstance(node, TimeOfDay)]
        if len(clocks) > 1:
            raise ParseError("This names two times for one start. Name one.", *clocks)
    first_clock, last_clock = _first_clock(start_nodes), _first_clock(end_nodes)
    if end_connective.is_dash and len(connectives) == 1 and first_clock is None and not _day_nodes(end_nodes):
        if (
            start_nodes
            and ctx.tokens[start_nodes[-1].end - 1].kind == "number"
            and ctx.tokens[start_nodes[-1].end - 1].number < 32
        ):
            raise ParseError(
                "Is that a day, or the start of a stretch of hours?", *start_nodes, end_connective, *end_nodes
            )
        dash = ctx.tokens[end_connective.start]
        if start_nodes and not dash.adjacent and ctx.tokens[end_connective.end].adjacent:
            raise ParseError("What that sign means was not understood.", end_connective, *end_nodes)
        point = points.resolve_point(ctx, start_nodes + end_nodes)
        return Once(start=points.to_zoned_time(ctx, point), grain=point.grain)
    if not start_nodes:
        raise ParseError(
            "That names an end, but no start.", end_connective, *end_nodes, example="tomorrow 21:00 to 23:00"
        )
    _share_year(start_nodes, end_nodes)
    end_nodes = [node for node in end_nodes if not isinstance(node, Year)] if _day_nodes(start_nodes) else end_nodes
    if first_clock is None and last_clock is None:
        return window_between_days(ctx, start_nodes, end_nodes, connectives)
    if first_clock is not None and last_clock is not None:
        if end_connective.is_dash and len(connectives) == 1 and not _names_day([*start_nodes, *end_nodes]):
            _ask_about_two_numbers(ctx, first_clock, last_clock, end_connective)
        _ask_about_halves(ctx, first_clock, last_clock, (*start_nodes, *end_nodes), connectives)
        if not (_day_nodes(start_nodes) and _day_nodes(end_nodes)):
            start_nodes, end_nodes = _pair_clocks(start_nodes, end_nodes, first_clock, last_clock)
    dated_behind = bool(_day_nodes(end_nodes)) and not _day_nodes(start_nodes)
    start = (
        _start_on_day_of_end(ctx, start_nodes, end_nodes, end_connective)
        if dated_behind
        else points.resolve_point(ctx, start_nodes, allow_past=True)
    )
    own_end_nodes = [node for node in end_nodes if node not in _day_nodes(end_nodes) or _day_nodes(start_nodes)]
    end = _end_point(ctx, own_end_nodes, start, end_connective)
    if end.wall <= ctx.local_now and not dated_behind:
        start = points.resolve_point(ctx, start_nodes)
        end = _end_point(ctx, own_end_nodes, start, end_connective)
    if not _day_nodes([*start_nodes, *end_nodes]):
        start, end = _prefer_open_window(ctx, start, end)
    if not (_day_nodes(start_nodes) and _day_nodes(end_nodes)):
        _require_short(ctx, start, end, (*start_nodes, *connectives, *end_nodes))
    return _make_window(
        ctx,
        points.to_zoned_time(ctx, start),
        points.to_zoned_time(ctx, end),
        (*start_nodes, end_connective, *end_nodes),
    )


def _require_short(ctx: PhraseContext, start: Point, end: Point, nodes: Sequence[SyntaxNode]) -> None:
    """Ask about a window of more than 12 hours between two times of day; the answers name both dates."""
    length = end.wall - start.wall
    longest = MAX_ANSWERED_LENGTH if ctx.whole_days else MAX_UNASKED_LENGTH
    if length <= longest or start.instant is not None or end.instant is not None:
        return
    options = [f"{start.wall:%Y-%m-%d %H:%M} to {end.wall:%Y-%m-%d %H:%M}"]
    if length == timedelta(days=1):
        options.insert(0, f"{start.wall:%Y-%m-%d %H:%M}")
    elif timedelta(days=1) - length <= MAX_UNASKED_LENGTH and end.wall.date() > start.wall.date():
        swapped = end.wall - timedelta(days=1)
        options.insert(0, f"{swapped:%Y-%m-%d %H:%M} to {start.wall:%Y-%m-%d %H:%M}")
    hours = f"{length.total_seconds() / 3600:g}"
    question = f"From {start.wall:%H:%M} to {end.wall:%H:%M} are {hours} hours. Is that meant?"
    raise AmbiguityError(question, tuple(options), *nodes, is_doubtful=True, accepts_one=True)


def _make_window(ctx: PhraseContext, start: ZonedTime, end: ZonedTime, nodes: Sequence[SyntaxNode]) -> Window:
    """Return the window. An open window is accepted with an assumption; a closed one is rejected."""
    window = Window(start=start, end=_require_after(end, start, nodes))
    if end.instant <= ctx.now:
        raise ParseError(f"{end.wall:%-d %B %Y %H:%M} has passed.", *nodes)
    if start.wall < ctx.local_now.replace(second=0, microsecond=0):
        ctx.add_assumption(f"This window has begun already, at {start.wall:%H:%M} on {start.wall:%-d %B}.")
    return window


def _prefer_open_window(ctx: PhraseContext, start: Point, end: Point) -> tuple[Point, Point]:
    """For hours without a day that began today, take today's window while more than half is left, else tomorrow's."""
    day = timedelta(days=1)
    length, left = end.wall - start.wall, end.wall - day - ctx.local_now
    if start.wall.date() == ctx.today or left * 2 <= length:
        return start, end
    ctx.assumptions[:] = [note for note in ctx.assumptions if "has passed today" not in note]
    return replace(start, wall=start.wall - day), replace(end, wall=end.wall - day)


def _ask_about_two_numbers(ctx: PhraseContext, first: TimeOfDay, last: TimeOfDay, dash: Connective) -> None:
    """Ask about "2 - 15", which may be hours, a date or a sum."""
    tokens = [ctx.tokens[clock.start] for clock in (first, last) if clock.end - clock.start == 1]
    numbers = len(tokens) == 2 and all(token.kind == "number" and len(token.text) < 3 for token in tokens)
    if numbers and last.certainty == HourCertainty.CERTAIN:
        option = f"from {first.hour:02}:00 to {last.hour:02}:00"
        raise AmbiguityError("What do those two numbers mean?", (option,), first, dash, last, accepts_one=True)


def _ask_about_halves(
    ctx: PhraseContext,
    first: TimeOfDay,
    last: TimeOfDay,
    nodes: Sequence[SyntaxNode],
    connectives: Sequence[Connective],
) -> None:
    """Ask whether "10-2" begins in the first or the second half of the day; the end is the next such hour."""
    if ctx.preferences.uses_24h_clock or any(isinstance(node, Daypart) for node in nodes):
        return
    if options := half_day_ranges(first, last, "and" if connectives[0].role == "between" else "to"):
        question = "In the first or the second half of the day?"
        raise AmbiguityError(question, options, first, connectives[-1], last, accepts_one=True)


def _first_clock(nodes: Sequence[SyntaxNode]) -> TimeOfDay | None:
    return next((node for node in nodes if isinstance(node, TimeOfDay)), None)


def _day_nodes(nodes: Sequence[SyntaxNode]) -> list[SyntaxNode]:
    return [node for node in nodes if not isinstance(node, TimeOfDay | Daypart)]


def _names_day(nodes: Sequence[SyntaxNode]) -> bool:
    return any(not isinstance(node, TimeOfDay) for node in nodes)


def _start_on_day_of_end(
    ctx: PhraseContext, start_nodes: list[SyntaxNode], end_nodes: list[SyntaxNode], connective: Connective
) -> Point:
    """Return the start of "9pm to 11pm tomorrow", whose day follows the end."""
    first, last = _first_clock(start_nodes), _first_clock(end_nodes)
    if first is not None and last is not None and (last.hour, last.minute) <= (first.hour, first.minute):
        day = points.resolve_point(ctx, _day_nodes(end_nodes), needs_time=False).wall.date()
        options = tuple(
            f"{start_day.isoformat()} {format_time_of_day(first)} to {(start_day + timedelta(days=1)).isoformat()} "
            f"{format_time_of_day(last)}"
            for start_day in (day - timedelta(days=1), day)
            if start_day >= ctx.today
        )
        raise AmbiguityError("On which day does that start?", options, *start_nodes, connective, *end_nodes)
    return points.resolve_point(ctx, start_nodes + _day_nodes(end_nodes), allow_past=True)


def _pair_clocks(
    start_nodes: list[SyntaxNode], end_nodes: list[SyntaxNode], first: TimeOfDay, last: TimeOfDay
) -> tuple[list[SyntaxNode], list[SyntaxNode]]:
    """Settle the hours of both times by each other; a part of the day after the second applies to both."""
    part = next((node for node in end_nodes if isinstance(node, Daypart)), None)
    if any(isinstance(node, Daypart) for node in start_nodes):
        return start_nodes, end_nodes
    if part is not None:
        return [*start_nodes, part], end_nodes
    first, last = resolve_pair(first, last)
    start_nodes = [first if isinstance(node, TimeOfDay) else node for node in start_nodes]
    end_nodes = [last if isinstance(node, TimeOfDay) else node for node in end_nodes]
    return start_nodes, end_nodes


def _end_point(ctx: PhraseContext, nodes: Sequence[SyntaxNode], start: Point, connective: SyntaxNode) -> Point:
    """Return the end of a window, on the day of the start, or on the next day where the time is not later."""
    if not _day_nodes(nodes):
        parts = classify(nodes)
        clock = resolve_hour(ctx, parts.clock, parts.daypart, parts.end_of_day)
        if clock is None:
            raise ParseError("", connective)
        if clock.is_midnight:
            return Point(datetime.combine(start.wall.date() + timedelta(days=1), time()), "minute", clock)
        wall = wall_time_on(start.wall.date(), clock)
        if wall <= start.wall:
            wall += timedelta(days=1)
        return Point(wall, "minute", clock)
    point = points.resolve_point(context_from(ctx, start), nodes, needs_time=False, allow_past=True)
    if point.grain == "day":
        raise ParseError("At what time does it end?", *nodes)
    return point


def _window_of_duration(ctx: PhraseContext, nodes: Sequence[SyntaxNode], durations: Sequence[Duration]) -> Window:
    """Resolve 4pm for 30 minutes; for 10 days from 18 December; the next 3 days."""
    if len(durations) > 1:
        raise ParseError("Two lengths are named.", *durations)
    duration = durations[0]
    if is_calendar_duration(duration.amount) and not any(isinstance(node, TimeOfDay | NowNode) for node in nodes):
        return window_of_days(ctx, nodes, duration)
    if not nodes:
        if duration.is_next:
            raise AmbiguityError(
                "A start at any time until then?",
                (f"now for {_format_duration(duration)}", f"in {_format_duration(duration)}"),
                duration,
            )
        raise ParseError("That names a length, but no start.", duration, example="tomorrow 21:00 for 3 hours")
    point = points.resolve_point(ctx, nodes, allow_past=True)
    start = points.to_zoned_time(ctx, point)
    dates = tuple(part for part in duration.amount if part[1] not in ("hour", "minute", "second"))
    wall = add_duration(start.wall, dates, 1, duration)
    duration_start = start if wall == start.wall else points.to_zoned_time(ctx, replace(point, wall=wall, instant=None))
    end = points.zoned_time_at(duration_start.instant + clock_part(duration.amount), ctx.zone)
    return _make_window(ctx, start, end, (*nodes, *durations))


def _format_duration(duration: Duration) -> str:
    return " ".join(f"{count:g} {unit}s" for count, unit in duration.amount)


def _share_year(start_nodes: Sequence[SyntaxNode], end_nodes: Sequence[SyntaxNode]) -> None:
    years = [node.year for node in end_nodes if hasattr(node, "year") and node.year]
    for node in start_nodes:
        if years and hasattr(node, "month") and hasattr(node, "year") and node.year is None:
            node.year = years[0]
