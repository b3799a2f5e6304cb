"""Which hour of the day is meant, and the questions where that cannot be told."""

from dataclasses import replace

from bot.schedule.context import Context
from bot.schedule.pieces import Clock, Daypart, EndOfDay, Number, Sure
from bot.schedule.problems import Ask, Unread
from bot.schedule.vocabulary import ordinal

_TWELVE_HOUR = {
    "morning": {hour: hour for hour in range(1, 12)},
    "afternoon": {hour: hour + 12 for hour in range(1, 8)},
    "evening": {hour: hour + 12 for hour in range(4, 12)},
    "night": {hour: hour + 12 for hour in range(6, 12)},
    "lunchtime": {11: 11, 12: 12, 1: 13, 2: 14},
}
"""The hour that a number from 1 to 12 means in each part of the day; others are in doubt."""
_SPANS = {"morning": (0, 12), "afternoon": (12, 19), "evening": (15, 24), "night": (17, 24), "lunchtime": (11, 15)}
_EXAMPLES = {
    "morning": ("06:00", "09:00"),
    "afternoon": ("13:00", "15:00"),
    "evening": ("18:00", "20:00"),
    "night": ("21:00", "23:00"),
    "lunchtime": ("12:00", "13:00"),
}


def hour_of(ctx: Context, clock: Clock | None, part: Daypart | None, end: EndOfDay | None) -> Clock | None:
    """The clock time with its hour settled; None where no time is named.

    Raises Ask where the hour is in doubt.
    """
    if end is not None:
        raise Ask("When does the day end?", ("at 17:00", "at 23:59"), end)
    if clock is None:
        if part is not None:
            raise _which_hour(part)
        return None
    if clock.about:
        ctx.note("'About' was read as exactly.")
    if part is not None and not clock.midnight:
        return _in_daypart(ctx, clock, part)
    return settled(ctx, clock)


def _which_hour(part: Daypart) -> Ask:
    ask = "At what time " + ("at lunchtime?" if part.name == "lunchtime" else f"in the {part.name}?")
    if part.today:
        return Ask(ask, tuple(f"today at {time}" for time in _EXAMPLES[part.name]), part)
    return Ask(ask, tuple(f" at {time}" for time in _EXAMPLES[part.name]), part, after=part)


def settled(ctx: Context, clock: Clock) -> Clock:
    """A clock time without a part of the day: on the 24-hour clock as written, or asked about."""
    if clock.sure >= Sure.WRITTEN:
        if clock.sure == Sure.WRITTEN and clock.hour < 12:
            ctx.note(f"{clock.hour}:{clock.minute:02} was read on the 24-hour clock.")
        return clock
    if ctx.habits.clock24:
        ctx.note(f"{shown(clock)} was read on the 24-hour clock, as is usual for you.")
        return clock
    raise in_doubt(ctx, clock)


def in_doubt(ctx: Context, clock: Clock) -> Ask:
    """The question which half of the day is meant."""
    early, late = replace(clock, hour=clock.hour % 12), replace(clock, hour=clock.hour % 12 + 12)
    lead = "at " if ctx.tokens[clock.start].name == "at" else ""
    options = (f"{lead}{shown(early)}", f"{lead}{shown(late)}")
    if clock.hour == 12:
        options = options[::-1]
    return Ask(f"Is '{ctx.text(clock)}' in the first or the second half of the day?", options, clock)


def shown(clock: Clock) -> str:
    """The time in figures: 09:00, or 09:00:30."""
    hour = clock.hour % 24 if clock.hour > 24 else clock.hour
    text = f"{hour:02}:{clock.minute:02}"
    return text + f":{clock.second:02}" if clock.second else text


def _in_daypart(ctx: Context, clock: Clock, part: Daypart) -> Clock:
    if clock.sure == Sure.WRITTEN and clock.hour == 12 and part.name == "afternoon":
        return clock
    if clock.sure < Sure.FIXED:
        hour = _TWELVE_HOUR[part.name].get(clock.hour)
        if hour is None:
            raise _misfit(clock, part)
        return replace(clock, hour=hour, sure=Sure.FIXED)
    if part.today and part.name == "night" and clock.hour < 6 <= ctx.local.hour:
        return replace(clock, hour=clock.hour + 24)
    first, last = _SPANS[part.name]
    if not first <= clock.hour < last:
        raise _misfit(clock, part)
    return clock


def _misfit(clock: Clock, part: Daypart) -> Ask | Unread:
    """Two at night, twelve in the evening: near midnight the day is in doubt too."""
    if part.today and part.name == "night" and clock.hour < 6:
        early = f"{clock.hour:02}:{clock.minute:02}"
        options = (f"tomorrow {early}", f"today {early}")
        if clock.sure < Sure.FIXED:
            options = (f"tomorrow {early}", f"today {clock.hour + 12}:{clock.minute:02}")
        return Ask("Which night hour is meant?", options, clock, part)
    return Unread(
        f"{shown(clock)} does not fit '{part.name}'. Say the date and the time in figures.", clock, part,
        example="tomorrow 05:00",
    )  # fmt: skip


def number_alone(number: Number, with_day: bool) -> Ask | Unread:
    """A number that nothing says is an hour or a day."""
    options: tuple[str, ...] = ()
    if 1 <= number.value <= 12:
        options = (f"at {number.value % 12:02}:00", f"at {number.value % 12 + 12:02}:00")
    elif 13 <= number.value <= 23:
        options = (f"at {number.value}:00",)
    if 1 <= number.value <= 31 and not with_day:
        options += (f"the {ordinal(number.value)}",)
    if not options:
        return Unread(f"What {number.value} means was not understood.", number)
    return Ask(f"What is {number.value} here?", options, number)


def as_clock(number: Number) -> Clock:
    """A number that its surroundings say is an hour."""
    if number.value > 23:
        raise Unread(f"{number.value} is not an hour of the day.", number)
    sure = Sure.FIXED if number.value > 12 else Sure.BARE
    return Clock(number.start, number.end, number.value, sure=sure)
