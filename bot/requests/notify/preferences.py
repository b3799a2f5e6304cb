"""What people have chosen about their own notifications."""

from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.values import FrozenModel

Results = Literal["all", "failures", "none"]
QuietHours = Literal["off", "22-07", "20-08", "18-09w"]
Clock = Literal["", "24", "12"]
_SPANS: dict[str, tuple[time, time]] = {
    "22-07": (time(22), time(7)),
    "20-08": (time(20), time(8)),
    "18-09w": (time(18), time(9)),
}


class Preferences(FrozenModel):
    """What somebody has chosen; the defaults where they have chosen nothing.

    ``copies`` asks for a direct message about each approval, in addition to the channel. ``results`` None means all
    results, except the successes of a series that goes on.
    """

    copies: bool = False
    results: Results | None = None
    quiet: QuietHours = "off"
    zone: str = ""
    """The IANA zone of the times that they type, and of their quiet hours; "" for that of their Slack profile."""
    clock: Clock = ""
    """Whether "at 9" means 09:00 (24), or AM or PM (12); "" for what the language of their profile suggests."""

    def wants_outcome(self, *, failed: bool, goes_on: bool) -> bool:
        """Return whether they want the outcome of their request as a direct message. ``goes_on`` is for a run of a
        series that has more to come."""
        match self.results:
            case "none":
                return False
            case "failures":
                return failed
            case "all":
                return True
            case _:
                return failed or not goes_on


NO_PREFERENCES = Preferences()


def quiet_until(quiet: QuietHours, zone: str, now: datetime) -> datetime | None:
    """Return when the quiet hours end that ``now`` lies in; None if it lies in none. ``now`` is zone-aware, and so is
    what is returned."""
    if quiet == "off":
        return None
    begin, end = _SPANS[quiet]
    local = now.astimezone(ZoneInfo(zone))
    is_weekend = quiet.endswith("w") and local.weekday() >= 5
    if not is_weekend and end <= local.time() < begin:
        return None
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    while quiet.endswith("w") and day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, end, tzinfo=ZoneInfo(zone))
