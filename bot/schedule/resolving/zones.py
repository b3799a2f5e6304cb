"""Decide which zone an abbreviation means, with the help of the speaker's own."""

from datetime import datetime
from functools import cache

from bot.schedule.model import Once, Window, ZonedTime
from bot.schedule.parsing.errors import ParseError
from bot.schedule.parsing.nodes import ZoneNode
from bot.schedule.parsing.zones import LOCAL, SEASONLESS_ABBREVIATIONS, zone_info
from bot.schedule.resolving.points import zoned_time_at


def resolve_zone(node: ZoneNode, speaker_zone: str) -> str | None:
    """Return the one zone that is meant, with the help of the speaker's own, or None where it is unclear."""
    if speaker_zone in node.candidates or node.abbreviation == LOCAL:
        return speaker_zone
    if (
        node.abbreviation
        and node.abbreviation not in SEASONLESS_ABBREVIATIONS
        and node.abbreviation.upper() in _abbreviations_of(speaker_zone)
    ):
        return speaker_zone
    return node.candidates[0] if len(node.candidates) == 1 else None


def is_wrong_abbreviation(abbreviation: str, actual: str) -> bool:
    """Tell whether the abbreviation written is not the one that applies then, such as EST in July."""
    return bool(abbreviation) and abbreviation not in SEASONLESS_ABBREVIATIONS and abbreviation.upper() != actual


def in_named_zone(schedule: Once | Window, zone: str) -> Once | Window:
    """Return a schedule at an offset as one in the zone named beside it, which must be at that offset then."""
    times = {name: value for name, value in schedule if isinstance(value, ZonedTime)}
    moved = {name: zoned_time_at(value.instant, zone) for name, value in times.items()}
    for name, value in times.items():
        if moved[name].wall != value.wall and value.zone != "UTC":
            raise ParseError(f"{zone} is at UTC{moved[name].local:%z} then, not at UTC{value.local:%z}.")
    return schedule.model_copy(update=moved)


@cache
def _abbreviations_of(name: str) -> frozenset[str]:
    tz = zone_info(name)
    return frozenset(str(datetime(2026, month, 15, tzinfo=tz).tzname()) for month in (1, 7))
