"""Decide which hour of the day is meant, and ask where that is unknown."""

from dataclasses import replace

from bot.schedule.calendar_names import ordinal
from bot.schedule.parsing.errors import AmbiguityError, ParseError
from bot.schedule.parsing.nodes import BareNumber, Daypart, EndOfDay, HourCertainty, TimeOfDay
from bot.schedule.resolving.context import PhraseContext

_HOURS_BY_DAYPART = {
    "morning": {hour: hour for hour in range(1, 12)},
    "afternoon": {hour: hour + 12 for hour in range(1, 8)},
    "evening": {hour: hour + 12 for hour in range(4, 12)},
    "night": {hour: hour + 12 for hour in range(6, 12)},
    "lunchtime": {11: 11, 12: 12, 1: 13, 2: 14},
}
"""The hour that a number means in each part of the day; other numbers are in doubt."""
_DAYPART_BOUNDS = {
    "morning": (0, 12),
    "afternoon": (12, 19),
    "evening": (15, 24),
    "night": (17, 24),
    "lunchtime": (11, 15),
}
_END_OF_DAY = 24
_DAYPART_EXAMPLES = {
    "morning": ("06:00", "09:00"),
    "afternoon": ("13:00", "15:00"),
    "evening": ("18:00", "20:00"),
    "night": ("21:00", "23:00"),
    "lunchtime": ("12:00", "13:00"),
}


def resolve_hour(
    ctx: PhraseContext, clock: TimeOfDay | None, daypart: Daypart | None, end_of_day: EndOfDay | None
) -> TimeOfDay | None:
    """Return the time of day with a certain hour, or None where no time is named.

    Raises AmbiguityError where the hour is in doubt.
    """
    if end_of_day is not None:
        raise AmbiguityError("When does the day end?", ("at 17:00", "at 23:59"), end_of_day, accepts_one=True)
    if clock is None:
        if daypart is not None:
            raise _ask_hour(ctx, daypart)
        return None
    if clock.is_approximate:
        ctx.add_assumption("'About' was read as exactly.")
    if daypart is not None and not clock.is_midnight:
        return _resolve_in_daypart(ctx, clock, daypart)
    return resolve_without_daypart(ctx, clock)


def _ask_hour(ctx: PhraseContext, daypart: Daypart) -> AmbiguityError:
    question = "At what time " + ("at lunchtime?" if daypart.name == "lunchtime" else f"in the {daypart.name}?")
    if daypart.is_today:
        today = tuple(f"today at {time}" for time in _hours_in(ctx, daypart))
        return AmbiguityError(question, today, daypart, time_after=daypart)
    options = tuple(f" at {time}" for time in _hours_in(ctx, daypart))
    return AmbiguityError(question, options, daypart, insert_after=daypart, time_after=daypart)


def _hours_in(ctx: PhraseContext, daypart: Daypart) -> tuple[str, ...]:
    """Return the usual times in a part of the day, or two examples."""
    first, last = _DAYPART_BOUNDS[daypart.name]
    usual = tuple(f"{at:%H:%M}" for at in ctx.preferences.usual_times if first <= at.hour < last)
    return usual or _DAYPART_EXAMPLES[daypart.name]


def resolve_without_daypart(ctx: PhraseContext, clock: TimeOfDay) -> TimeOfDay:
    """Return a time without a part of the day as on the 24-hour clock, or ask."""
    if clock.certainty >= HourCertainty.LIKELY:
        if clock.certainty == HourCertainty.LIKELY and clock.hour < 12:
            ctx.add_assumption(f"{clock.hour}:{clock.minute:02} was read on the 24-hour clock.")
        return clock
    if ctx.preferences.uses_24h_clock:
        ctx.add_assumption(f"{format_time_of_day(clock)} was read on the 24-hour clock, as is usual for you.")
        return clock
    raise ask_half_of_day(ctx, clock)


def ask_half_of_day(ctx: PhraseContext, clock: TimeOfDay) -> AmbiguityError:
    """Return the question which half of the day is meant."""
    early, late = replace(clock, hour=clock.hour % 12), replace(clock, hour=clock.hour % 12 + 12)
    lead = "and " if clock.joined else "at " if ctx.tokens[clock.start].name == "at" else ""
    options = (f"{lead}{format_time_of_day(early)}", f"{lead}{format_time_of_day(late)}")
    if clock.hour == 12:
        options = options[::-1]
    question = f"Is '{ctx.text_of(clock)}' in the first or the second half of the day?"
    return AmbiguityError(question, options, clock, accepts_one=True)


def format_time_of_day(clock: TimeOfDay) -> str:
    """Return the time in figures: 09:00, or 09:00:30."""
    hour = clock.hour % 24 if clock.hour > 24 else clock.hour
    text = f"{hour:02}:{clock.minute:02}"
    return text + f":{clock.second:02}" if clock.second else text


def _resolve_in_daypart(ctx: PhraseContext, clock: TimeOfDay, daypart: Daypart) -> TimeOfDay:
    if clock.certainty == HourCertainty.LIKELY and clock.hour == 12 and daypart.name == "afternoon":
        return clock
    if clock.certainty < HourCertainty.CERTAIN:
        hour = _HOURS_BY_DAYPART[daypart.name].get(clock.hour)
        if hour is None:
            raise _daypart_conflict(clock, daypart)
        return replace(clock, hour=hour, certainty=HourCertainty.CERTAIN)
    if daypart.is_today and daypart.name == "night" and clock.hour < 6 <= ctx.local_now.hour:
        return replace(clock, hour=clock.hour + 24)
    first, last = _DAYPART_BOUNDS[daypart.name]
    if clock.hour == last == _END_OF_DAY:
        return clock
    if not first <= clock.hour < last:
        raise _daypart_conflict(clock, daypart)
    return clock


def _daypart_conflict(clock: TimeOfDay, daypart: Daypart) -> AmbiguityError | ParseError:
    """Return the error for two at night or twelve in the evening; near midnight the day is in doubt too."""
    if daypart.is_today and daypart.name == "night" and clock.hour < 6:
        early = f"{clock.hour:02}:{clock.minute:02}"
        options = (f"tomorrow {early}", f"today {early}")
        if clock.certainty < HourCertainty.CERTAIN:
            options = (f"tomorrow {early}", f"today {clock.hour + 12}:{clock.minute:02}")
        return AmbiguityError("Which night hour is meant?", options, clock, daypart)
    if daypart.name == "night" and clock.hour == 12 and clock.certainty < HourCertainty.CERTAIN:
        return AmbiguityError("Is that midnight?", ("at 24:00",), clock, accepts_one=True)
    return ParseError(
        f"{format_time_of_day(clock)} does not fit '{daypart.name}'. Say the date and the time in figures.",
        clock,
        daypart,
        example="tomorrow 05:00",
    )


def bare_number_error(number: BareNumber, with_day: bool) -> AmbiguityError | ParseError:
    """Return the error for a number that may be an hour or a day."""
    options: tuple[str, ...] = ()
    if 1 <= number.value <= 12:
        options = (f"at {number.value % 12:02}:00", f"at {number.value % 12 + 12:02}:00")
    elif 13 <= number.value <= 23:
        options = (f"at {number.value}:00",)
    if 1 <= number.value <= 31 and not with_day:
        options += (f"the {ordinal(number.value)}",)
    if not options:
        return ParseError(f"What {number.value} means was not understood.", number)
    return AmbiguityError(f"What is {number.value} here?", options, number, accepts_one=with_day)


def hour_from_number(number: BareNumber) -> TimeOfDay:
    """Read a number as an hour, because its context says so."""
    if number.value > 23:
        raise ParseError(f"{number.value} is not an hour of the day.", number)
    return number.as_time()
