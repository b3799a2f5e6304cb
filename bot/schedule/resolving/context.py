"""The state while one phrase is read: when and where it was said, and what has been assumed so far."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.schedule.model import TimePreferences
from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import DurationParts, SyntaxNode
from bot.schedule.parsing.tokens import Token
from bot.schedule.parsing.zones import zone_info

_SATURDAY = 5
_HOURS_PER_UNIT = {"week": 168, "day": 24, "hour": 1, "minute": 1 / 60, "second": 1 / 3600}
_MAX_YEARS = 100
"""Maximum duration that can be added to a time."""


@dataclass(slots=True)
class PhraseContext:
    """The tokens of a phrase and the origin it is read from.

    ``zone`` is the zone of the phrase, ``speaker_zone`` that of its speaker. ``local_now`` is the current wall-clock
    time in ``zone``. ``zone_nodes`` name the zone, ``zone_abbreviation`` is how it was written. ``written_offset`` is
    the fixed zone of an offset beside a ``named_zone``.
    """

    tokens: Sequence[Token]
    now: datetime
    speaker_zone: str
    preferences: TimePreferences
    whole_days: bool
    zone: str = ""
    zone_abbreviation: str = ""
    local_now: datetime = datetime(1, 1, 1)  # noqa: DTZ001
    zone_nodes: Sequence[SyntaxNode] = ()
    assumptions: list[str] = field(default_factory=list)
    written_offset: str = ""
    named_zone: str = ""

    def set_zone(self, zone: str) -> None:
        """Read the phrase in this zone."""
        self.zone = zone
        self.local_now = self.now.astimezone(zone_info(zone)).replace(tzinfo=None, fold=0)

    @property
    def today(self) -> date:
        """Return the date in the zone of the phrase."""
        return self.local_now.date()

    def is_workday(self, day: date) -> bool:
        """Tell whether a day is from Monday to Friday and not known to be a holiday."""
        return day.weekday() < _SATURDAY and not self.preferences.holidays.includes(day)

    @property
    def time_options(self) -> tuple[str, ...]:
        """Return the answers to "At what time?": the usual times, or one in each half of the day."""
        usual = self.preferences.usual_times
        return tuple(f" at {at:%H:%M}" for at in usual) or (" at 09:00", " at 21:00")

    def add_assumption(self, text: str) -> None:
        """Record an assumption, once."""
        if text not in self.assumptions:
            self.assumptions.append(text)

    def text_of(self, node: SyntaxNode) -> str:
        """Return the words of a node."""
        return " ".join(token.text or token.name for token in self.tokens[node.start : node.end])


def is_calendar_duration(amount: DurationParts) -> bool:
    """Tell whether a duration consists of whole days, weeks, months or years."""
    units = ("day", "week", "month", "year", "workday")
    return all(unit in units and count == int(count) for count, unit in amount)


def add_duration(wall: datetime, amount: DurationParts, sign: int, node: SyntaxNode) -> datetime:
    """Move a wall-clock time by a duration. Months keep the day of the month, or take the last day there is."""
    for count, unit in amount:
        if unit == "workday":
            raise ParseError(
                "Working days can be counted from now on only.", node, example="in 2 business days at 06:00"
            )
        if unit in ("month", "year") and count != int(count):
            raise ParseError(f"{count:g} {unit}s is not a length of time that can be counted.", node)
        if count * _HOURS_PER_UNIT.get(unit, 720) > _MAX_YEARS * 9000:
            raise ParseError("That is too far away.", node)
        if unit in ("month", "year"):
            wall = add_months(wall, sign * int(count) * (12 if unit == "year" else 1))
        else:
            wall += timedelta(hours=sign * count * _HOURS_PER_UNIT[unit])
    return wall


def clock_part(amount: DurationParts) -> timedelta:
    """Return the hours, minutes and seconds of a duration."""
    return timedelta(hours=sum(n * _HOURS_PER_UNIT[unit] for n, unit in amount if unit in ("hour", "minute", "second")))


def add_months(wall: datetime, months: int) -> datetime:
    """Return the same day of another month, or the last day of that month where it is shorter."""
    year, month = month_after(wall, months)
    return wall.replace(year=year, month=month, day=min(wall.day, days_in_month(year, month)))


def month_after(day: date, offset: int) -> tuple[int, int]:
    """Return the year and month that are ``offset`` months after the month of ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + offset, 12)
    return year, month + 1


def days_in_month(year: int, month: int) -> int:
    """Return the number of days of a month."""
    return monthrange(year, month)[1]
