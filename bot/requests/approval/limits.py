"""How many requests one person may approve in an hour, a day, a night or a week."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.requests.model import ApproverLimit
from bot.requests.text import count_noun

_NOON = 12


def limit_since(limit: ApproverLimit, now: datetime, zone: str) -> datetime:
    """Return when the period began that a moment is in. Days, nights and weeks are those of a zone's clocks."""
    if limit.per == "hour":
        return now - timedelta(hours=1)
    local = now.astimezone(ZoneInfo(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match limit.per:
        case "night":
            day = midnight if local.hour >= _NOON else midnight - timedelta(days=1)
            return day.replace(hour=_NOON)
        case "week":
            return midnight - timedelta(days=midnight.weekday())
        case _:
            return midnight


def limit_text(limit: ApproverLimit) -> str:
    """Return why somebody who has reached a limit cannot approve more, for them."""
    approved = count_noun(limit.count, "requests")
    return f"You have approved {approved} this {limit.per}, as many as policy lets one person; somebody else decides."
