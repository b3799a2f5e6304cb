"""What a schedule is: now, one moment, a window, or a series; and what reading a phrase can give.

Wall-clock times are kept with their IANA zone, because that is what people mean; the instant follows from both.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.values import FrozenModel


class ZonedTime(FrozenModel):
    """A wall-clock time in a zone. ``fold`` is 1 for the second of two equal wall-clock times (PEP 495)."""

    wall: datetime
    zone: str
    fold: Literal[0, 1] = 0

    @property
    def local(self) -> datetime:
        """The zone-aware wall-clock time."""
        return self.wall.replace(tzinfo=ZoneInfo(self.zone), fold=self.fold)

    @property
    def instant(self) -> datetime:
        """The same moment in UTC."""
        return self.local.astimezone(UTC)

    @classmethod
    def from_instant(cls, instant: datetime, zone: str) -> "ZonedTime":
        """The moment at which ``instant`` (zone-aware) happens in ``zone``, cut to the minute."""
        local = instant.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
        return cls(wall=local.replace(tzinfo=None, fold=0), zone=zone, fold=1 if local.fold else 0)


Frequency = Literal["yearly", "monthly", "weekly", "daily", "hourly", "minutely"]


class Weekday(FrozenModel):
    """A day of the week, Monday is 0; ``nth`` picks one of a month's or year's (1 first, -1 last), None every one."""

    day: int = Field(ge=0, le=6)
    nth: int | None = None


class RecurrenceRule(FrozenModel):
    """When a series runs, in the terms of RFC 5545. ``times`` are the wall-clock times of each day that matches;
    rules that are hourly or faster have none and count from the series' first moment instead."""

    freq: Frequency
    interval: int = Field(default=1, ge=1)
    weekdays: tuple[Weekday, ...] = ()
    monthdays: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    yeardays: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    times: tuple[time, ...] = ()


class Now(FrozenModel):
    """As soon as it is approved."""

    kind: Literal["now"] = "now"


class Once(FrozenModel):
    """One moment. After ``latest_start`` it must not start any more; None means that it may start late.
    ``grain`` is "day" where only a date was said: such a schedule names no time and can never be run."""

    kind: Literal["once"] = "once"
    start: ZonedTime
    latest_start: ZonedTime | None = None
    grain: Literal["minute", "day"] = "minute"


class Window(FrozenModel):
    """From ``start`` to ``end``: it starts at the start, and never after the end."""

    kind: Literal["window"] = "window"
    start: ZonedTime
    end: ZonedTime
    grain: Literal["minute", "day"] = "minute"


class Series(FrozenModel):
    """A rule in a zone, from ``first`` on (the earliest moment allowed), with at most one bound.
    ``until`` is inclusive. ``window`` is how many minutes each run may start late (its maintenance window)."""

    kind: Literal["series"] = "series"
    rule: RecurrenceRule
    zone: str
    first: ZonedTime
    until: ZonedTime | None = None
    count: int | None = Field(default=None, ge=1)
    window: int | None = Field(default=None, ge=1)
    starting: date | None = None
    """The date that the speaker named as the start, if any."""


Schedule = Annotated[Now | Once | Window | Series, Field(discriminator="kind")]


class PhraseSpan(FrozenModel):
    """A part of the phrase and what it was read as."""

    text: str
    production: str
    meaning: str


class Parsed(FrozenModel):
    """The phrase has one meaning. ``assumptions`` are sentences about what was filled in."""

    kind: Literal["understood"] = "understood"
    phrase: str
    schedule: Schedule
    assumptions: tuple[str, ...] = ()
    spans: tuple[PhraseSpan, ...] = ()


class Choice(FrozenModel):
    """One of the things that the phrase may mean: a short label for a button, and the whole reading."""

    label: str
    meaning: Parsed


class Ambiguous(FrozenModel):
    """The phrase has several meanings; the speaker picks one of two or more. ``word`` is the part in doubt."""

    kind: Literal["question"] = "question"
    phrase: str
    ask: str
    choices: tuple[Choice, ...] = ()
    word: str = ""


class Rejected(FrozenModel):
    """The phrase was not understood. ``word`` is the part that was not; ``example`` is a phrase that works."""

    kind: Literal["refusal"] = "refusal"
    phrase: str
    reason: str
    word: str = ""
    example: str = ""


Reading = Annotated[Parsed | Ambiguous | Rejected, Field(discriminator="kind")]


class TimePreferences(FrozenModel):
    """What is known of how the speaker writes: a 24-hour clock, the day before the month."""

    uses_24h_clock: bool | None = None
    day_first: bool | None = None


def start_of(schedule: Schedule) -> ZonedTime | None:
    """The moment at which a schedule may first start; None for now."""
    match schedule:
        case Now():
            return None
        case Series(first=first):
            return first
        case Once(start=start) | Window(start=start):
            return start


def latest_start_of(schedule: Schedule) -> datetime | None:
    """The instant after which a single run must not start; None where there is no such limit."""
    match schedule:
        case Once(latest_start=ZonedTime() as latest):
            return latest.instant
        case Window(end=end):
            return end.instant
        case _:
            return None


def start_window(series: Series) -> timedelta | None:
    """How late each run of a series may start; None where there is no such limit."""
    return timedelta(minutes=series.window) if series.window else None
