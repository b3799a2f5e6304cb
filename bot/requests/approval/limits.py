"""How many requests one person may approve in an hour, a day, a night or a week."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.requests.model import ApproverLimit
from bot.requests.text import count_noun

_NOON = 12
_PERIODS = {"hour": "in the last hour", "day": "today", "night": "tonight", "week": "this week"}


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


def limit_text(limit: ApproverLimit, *, in_place_of_another: bool = False) -> str:
    """Return why somebody cannot approve more, for them: a limit is reached, theirs or that of whom they decide for."""
    who = "The person in whose place you decide has" if in_place_of_another else "You have"
    approved = f"{count_noun(limit.count, 'requests')} {_PERIODS[limit.per]}"
    return f"{who} approved {approved}, which is the limit. Somebody else has to decide."
