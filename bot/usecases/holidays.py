"""The holidays of the policy's calendar, for phrases about business days."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.schedule import Holidays
from bot.usecases.policy_service import PolicyService

if TYPE_CHECKING:
    from bot.requests.freezes.calendars import Calendar

MAX_AGE = timedelta(days=30)
"""Maximum age of a copy of the calendar. Holidays are known long before."""
_YEARS_AHEAD = 3


def known_holidays(policy: PolicyService) -> Holidays:
    """Return the holidays from this year on. They are not known while the calendar does not answer."""
    settings, now = policy.policy.defaults, policy.clock.now()
    if not settings.holidays:
        return Holidays()
    copy = policy.calendars.copies.get(settings.holidays)
    if copy is None or now - copy.read_at > MAX_AGE:
        return Holidays(has_calendar=True)
    return _holidays_in(copy, now.year, settings.zone)


@lru_cache(maxsize=4)
def _holidays_in(calendar: "Calendar", year: int, zone: str) -> Holidays:
    """Return the days that events of a calendar touch. It covers the years up to that of its last event."""
    tz = ZoneInfo(zone)
    start, end = (datetime(n, 1, 1, tzinfo=tz) for n in (year, year + _YEARS_AHEAD))
    days: set[date] = set()
    for event in calendar.events(start, end, zone):
        first, last = event.start.astimezone(tz).date(), (event.end - timedelta(microseconds=1)).astimezone(tz).date()
        days |= {first + timedelta(days=n) for n in range((last - first).days + 1)}
    if not days:
        return Holidays(has_calendar=True)
    return Holidays(has_calendar=True, days=frozenset(days), last=date(max(days).year, 12, 31))
