"""Whether moments of a run are within hours and days."""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta


def telling_moments(start: datetime, length: timedelta, edges: Collection[time]) -> list[datetime]:
    """Return the start of a run, every edge that it passes, and its last second: between them nothing changes."""
    if not length:
        return [start]
    end = (start.astimezone(UTC) + length).astimezone(start.tzinfo)
    days = [start.date() + timedelta(days=day) for day in range((end.date() - start.date()).days + 1)]
    edges_passed = [datetime.combine(day, edge, start.tzinfo) for day in days for edge in edges]
    between = [edge for edge in edges_passed if start.timestamp() < edge.timestamp() < end.timestamp()]
    last = (end.astimezone(UTC) - timedelta(seconds=1)).astimezone(start.tzinfo)
    return [start, *sorted(between, key=datetime.timestamp), last]


def in_hours(local: datetime, span: tuple[time, time], days: frozenset[int]) -> bool:
    """Return whether a time is in a span of hours. A span over midnight belongs to the day on which it begins."""
    first, last = span
    now = local.time()
    if first < last:
        return first <= now < last and (not days or local.weekday() in days)
    if now >= first:
        return not days or local.weekday() in days
    return now < last and (not days or (local - timedelta(days=1)).weekday() in days)
