"""The values of time: a schedule (now, once, a window or a series), and the result of reading a phrase.

A wall-clock time is kept with its IANA zone, because that is what people mean. The instant follows from both.
"""

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from bot.values import FrozenModel


class ZonedTime(FrozenModel):
    """A wall-clock time in a zone. ``fold`` is 1 for the second of two equal wall-clock times (PEP 495)."""

    wall: datetime
    zone: str
    fold: Literal[0, 1] = 0

    @property
    def local(self) -> datetime:
        """Return the zone-aware wall-clock time."""
        return self.wall.replace(tzinfo=ZoneInfo(self.zone), fold=self.fold)

    @property
    def instant(self) -> datetime:
        """Return the time in UTC."""
        return self.local.astimezone(UTC)

    @classmethod
    def from_instant(cls, instant: datetime, zone: str) -> "ZonedTime":
        """Return the time at which ``instant`` (zone-aware) happens in ``zone``, cut to the minute."""
        local = instant.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
        return cls(wall=local.replace(tzinfo=None, fold=0), zone=zone, fold=1 if local.fold else 0)


Frequency = Literal["yearly", "monthly", "weekly", "daily", "hourly", "minutely"]


class Weekday(FrozenModel):
    """A day of the week, Monday is 0; ``nth`` picks one of a month's or year's (1 first, -1 last), None every one."""

    day: int = Field(ge=0, le=6)
    nth: int | None = None


class RecurrenceRule(FrozenModel):
    """When a series runs, in the terms of RFC 5545.

    ``times`` are the wall-clock times on each matching day. Hourly and minutely rules have none; they count from the
    first run of the series.
    """

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
    """Start as soon as the request is approved."""

    kind: Literal["now"] = "now"


class Once(FrozenModel):
    """One start.

    After ``latest_start`` it must not start; None sets no limit. ``grain`` is "day" where only a date was named; such a
    schedule has no time and can never run.
    """

    kind: Literal["once"] = "once"
    start: ZonedTime
    latest_start: ZonedTime | None = None
    grain: Literal["minute", "day"] = "minute"


class Window(FrozenModel):
    """Start at ``start`` if possible, and never after ``end``."""

    kind: Literal["window"] = "window"
    start: ZonedTime
    end: ZonedTime
    grain: Literal["minute", "day"] = "minute"


_LEFT_OUT_IF_EMPTY = frozenset({"ends_by_clock", "excluded", "added"})


class Series(FrozenModel):
    """A rule in a zone from ``first`` on, the earliest time allowed, with at most one bound.

    ``until`` is inclusive. ``window`` is how many minutes late each run may start; with ``ends_by_clock`` they are
    minutes on the clock, so that a window from 22:00 to 06:00 is an hour longer or shorter when the clock changes, and
    otherwise real ones. ``starting`` is the date that the
    speaker named as the start. ``excluded`` are days without a run, ``added`` days with runs besides those of the rule.
    """

    kind: Literal["series"] = "series"
    rule: RecurrenceRule
    zone: str
    first: ZonedTime
    until: ZonedTime | None = None
    count: int | None = Field(default=None, ge=1)
    window: int | None = Field(default=None, ge=1)
    ends_by_clock: bool = False
    starting: date | None = None
    excluded: tuple[date, ...] = ()
    added: tuple[date, ...] = ()

    @model_serializer(mode="wrap")
    def _without_empty_dates(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out what earlier releases did not know, so that the hash of what they stored stays the same."""
        fields: dict[str, object] = serialize(self)
        return {name: value for name, value in fields.items() if value or name not in _LEFT_OUT_IF_EMPTY}


Schedule = Annotated[Now | Once | Window | Series, Field(discriminator="kind")]


class PhraseSpan(FrozenModel):
    """A part of the phrase and its meaning."""

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
    """One possible meaning: a short label for a button, and the whole reading."""

    label: str
    meaning: Parsed


class Ambiguous(FrozenModel):
    """The phrase has two or more meanings, and the speaker picks one. ``word`` is the part in doubt.

    ``time_place`` is where a time of day is missing in the phrase; any time answers the question then.
    """

    kind: Literal["question"] = "question"
    phrase: str
    ask: str
    choices: tuple[Choice, ...] = ()
    word: str = ""
    time_place: int | None = None

    def phrase_at(self, at: time) -> str:
        """Return the phrase with the time of day that was missing."""
        place = len(self.phrase) if self.time_place is None else self.time_place
        return f"{self.phrase[:place]} at {at:%H:%M}{self.phrase[place:]}"


class Rejected(FrozenModel):
    """The phrase was not understood. ``word`` names the part; ``example`` is a phrase that works."""

    kind: Literal["refusal"] = "refusal"
    phrase: str
    reason: str
    word: str = ""
    example: str = ""


Reading = Annotated[Parsed | Ambiguous | Rejected, Field(discriminator="kind")]


class Holidays(FrozenModel):
    """The holidays of a calendar, which says something up to its ``last`` day.

    ``days`` is None where they are not known: no calendar is configured, or it (``has_calendar``) does not answer.
    """

    has_calendar: bool = False
    days: frozenset[date] | None = None
    last: date | None = None

    def includes(self, day: date) -> bool:
        """Tell whether a day is known to be a holiday."""
        return self.days is not None and day in self.days

    def doubt(self, day: date) -> str | None:
        """Return what is not known about a day, or None where the calendar covers it."""
        if not self.has_calendar:
            return "Holidays are not known here, so every day from Monday to Friday counts."
        if self.days is None:
            return "The holiday calendar does not answer, so every day from Monday to Friday counts."
        if self.last is not None and day > self.last:
            end = f"{self.last:%-d %B %Y}"
            return f"The holiday calendar ends on {end}; after that every day from Monday to Friday counts."
        return None


class TimePreferences(FrozenModel):
    """What is known about how the speaker writes times and dates. None means unknown.

    ``language`` is a code such as "de". English is understood in every language. ``holidays`` are no business days.
    ``usual_times`` are offered where a phrase names no time of day.
    """

    uses_24h_clock: bool | None = None
    day_first: bool | None = None
    language: str = "en"
    holidays: Holidays = Holidays()
    usual_times: tuple[time, ...] = ()


def start_of(schedule: Schedule) -> ZonedTime | None:
    """Return the earliest start of a schedule, or None for now."""
    match schedule:
        case Now():
            return None
        case Series(first=first):
            return first
        case Once(start=start) | Window(start=start):
            return start


def latest_start_of(schedule: Schedule) -> datetime | None:
    """Return the instant after which a single run must not start, or None where there is no limit."""
    match schedule:
        case Once(latest_start=ZonedTime() as latest):
            return latest.instant
        case Window(end=end):
            return end.instant
        case _:
            return None
