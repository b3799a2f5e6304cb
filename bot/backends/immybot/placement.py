"""Decides who holds the start: ImmyBot, which accepts a time of day but no date, or Nightshift.

ImmyBot reads ``updateTime`` as the next instant at which the clock of ``timeZoneInfoId`` shows it: today, or tomorrow
if that time has passed. So it can hold only one start, within the next 24 hours.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from bot.backends.base import Placement
from bot.backends.immybot.params import MaintenanceParams
from bot.errors import InputError
from bot.schedule import Now, Once, Schedule, Series, Window, ZonedTime, is_ambiguous, wall_time_exists

MIN_LEAD_TIME = timedelta(minutes=5)
"""How far a start must be from now, and from now plus 24 hours: the two clocks may differ, and calls take time."""


@dataclass(frozen=True, slots=True)
class StartPlacement:
    """The placement, and the time fields of the body. ``starts_at`` is set if ImmyBot holds the start."""

    placement: Placement
    update_time: str | None = None
    zone: str | None = None
    starts_at: datetime | None = None


def place_start(
    params: MaintenanceParams, schedule: Schedule, now: datetime, *, native_schedules: bool = True
) -> StartPlacement:
    """Return who holds a start. ``native_schedules`` is False if the instance cannot hold any. Raises InputError."""
    if params.update_time and params.time_zone:
        return _own_update_time(params.update_time, params.time_zone, schedule, now)
    match schedule:
        case Now():
            return _scheduled_in_nightshift("It is sent as soon as it is approved.")
        case Series():
            return _scheduled_in_nightshift(
                "Nightshift makes each call when it is due: ImmyBot's request holds one start only."
            )
        case Window():
            return _scheduled_in_nightshift(
                "Nightshift makes the call when it is due: ImmyBot knows no end of a window."
            )
        case Once(start=start, latest_start=latest):
            why = (
                _inexact_reason(start, latest, now)
                if native_schedules
                else "This ImmyBot is set up to start at once only."
            )
            if why:
                return _scheduled_in_nightshift(f"Nightshift makes the call when it is due. {why}")
            at = f"{start.wall:%H:%M}"
            reason = f"ImmyBot holds it as update time {at} in {start.zone}, which comes once in the next 24 hours."
            return StartPlacement(Placement(scheduler="backend", reason=reason), at, start.zone, start.instant)


def next_instant_at(clock_time: str, zone: str, now: datetime) -> datetime:
    """Return the next instant at which the clock of a zone shows ``clock_time`` (HH:mm)."""
    local = now.astimezone(ZoneInfo(zone))
    today = datetime.combine(local.date(), time.fromisoformat(clock_time))
    moments = (ZonedTime(wall=today + timedelta(days=days), zone=zone) for days in count())
    return next(moment.instant for moment in moments if wall_time_exists(moment.wall, zone) and moment.instant > now)


def _own_update_time(clock_time: str, zone: str, schedule: Schedule, now: datetime) -> StartPlacement:
    """Return the placement for an update time that was given as a parameter."""
    if not isinstance(schedule, Now):
        text = "Two starts are given: leave the update time out, or ask for the run now."
        raise InputError({"update_time": text})
    reason = f"ImmyBot starts it the next time that the clock in {zone} shows {clock_time}."
    return StartPlacement(
        Placement(scheduler="backend", reason=reason, own_timing=True),
        clock_time,
        zone,
        next_instant_at(clock_time, zone, now),
    )


def _scheduled_in_nightshift(reason: str) -> StartPlacement:
    return StartPlacement(Placement(scheduler="nightshift", reason=reason))


def _inexact_reason(start: ZonedTime, latest: ZonedTime | None, now: datetime) -> str:
    """Return why ImmyBot cannot hold a start exactly. Empty if it can."""
    if latest is not None:
        return "ImmyBot knows no latest start."
    if start.wall.second or start.wall.microsecond:
        return "ImmyBot knows whole minutes only."
    if not wall_time_exists(start.wall, start.zone) or is_ambiguous(start.wall, start.zone):
        return "The clocks change then, and ImmyBot would have to guess."
    if start.instant - now < MIN_LEAD_TIME:
        return "The start is too close."
    local = now.astimezone(ZoneInfo(start.zone)).replace(tzinfo=None)
    ahead = start.wall - local
    if ahead > timedelta(days=1) - MIN_LEAD_TIME:
        return "ImmyBot takes a time of day without a date, so it can hold the next 24 hours only."
    return ""
