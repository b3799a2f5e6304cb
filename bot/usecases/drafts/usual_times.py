"""The times of day at which work is usually done, offered where a phrase names none."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.requests.patterns import Patterns
from bot.requests.policy.rules import PolicyRule, PolicySettings
from bot.requests.setting_types import parse_hour_range
from bot.storage import requests
from bot.usecases.services import Services

_MAX_TIMES = 3


async def usual_times(services: Services, backend: str, zone: str) -> tuple[time, ...]:
    """Return when maintenance hours of the policy begin, then when the last requests for a back end started."""
    async with services.db.read() as tx:
        starts = await requests.recent_starts(tx, backend)
    local = (start.astimezone(ZoneInfo(zone)).time().replace(second=0, microsecond=0) for start in starts)
    chosen = [at for at, _ in Counter(local).most_common()]
    hours = maintenance_hours(services.policy.policy.defaults, backend, zone, services.clock.now())
    return tuple(dict.fromkeys((*hours, *chosen)))[:_MAX_TIMES]


def maintenance_hours(settings: PolicySettings, backend: str, zone: str, now: datetime) -> Iterator[time]:
    """Yield when the hours of rules begin, or end where a rule refuses work in them, on the clock of ``zone``."""
    for rule in settings.rules:
        if rule.when.backend and not Patterns(rule.when.backend).match(backend):
            continue
        yield from (_in_zone(at, rule.when.zone or settings.zone, zone, now) for at in _openings(rule))


def _openings(rule: PolicyRule) -> list[time]:
    spans = [parse_hour_range(text) for text in rule.when.hours]
    return [last if rule.effect == "refuse" else first for first, last in spans]


def _in_zone(at: time, zone: str, other: str, now: datetime) -> time:
    """Return the time of day in another zone, today."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return datetime.combine(today, at, ZoneInfo(zone)).astimezone(ZoneInfo(other)).time()
