"""Instants as Slack shows them, in the viewer's zone: the tokens of ``<!date^...>`` and of rich text's dates."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_TOKEN = re.compile(r"\{(\w+)\}")
# Zones in which times have AM and PM.
_TWELVE_HOURS = ("America/", "Australia/", "US/")


class ViewerClock:
    """Formats instants for a person in ``zone``; ``now`` decides words such as today."""

    def __init__(self, zone: str, now: datetime) -> None:
        self.zone = ZoneInfo(zone)
        self.now = now.astimezone(self.zone)
        self._twelve_hour = zone.startswith(_TWELVE_HOURS)

    def local(self, timestamp: float) -> datetime:
        return datetime.fromtimestamp(timestamp, UTC).astimezone(self.zone)

    def time(self, at: datetime, seconds: bool = False) -> str:
        """A time such as ``21:00``, or ``9:00 PM`` in zones that use it."""
        tail = f":{at:%S}" if seconds else ""
        if self._twelve_hour:
            return f"{at.hour % 12 or 12}:{at:%M}{tail} {'AM' if at.hour < 12 else 'PM'}"
        return f"{at:%H:%M}{tail}"

    def day(self, at: datetime) -> str:
        """``Today``, ``Yesterday``, ``Tomorrow`` or the date."""
        names = {0: "Today", -1: "Yesterday", 1: "Tomorrow"}
        return names.get((at.date() - self.now.date()).days) or f"{at:%A}, {at:%B} {_ordinal(at.day)}"

    def format(self, timestamp: float, pattern: str) -> str:
        """``pattern`` with its tokens filled in; unknown tokens are kept."""
        at = self.local(timestamp)
        return _TOKEN.sub(lambda match: self._token(match[1], at) or match[0], pattern)

    def _token(self, token: str, at: datetime) -> str:
        name = token.removesuffix("_pretty")
        writer = _FORMATTERS.get(name)
        if writer is None:
            return {"time": self.time(at), "time_secs": self.time(at, True), "ago": self._relative(at)}.get(name, "")
        near = abs((at.date() - self.now.date()).days) <= 1
        return self.day(at).lower() if near and token.endswith("_pretty") else writer(at)

    def _relative(self, at: datetime) -> str:
        minutes = round((self.now - at).total_seconds() / 60)
        size, unit = next(
            (size, unit) for size, unit in ((1440, "day"), (60, "hour"), (1, "minute"), (0, "")) if abs(minutes) >= size
        )
        if not size:
            return "now"
        count = abs(minutes) // size
        words = f"{count} {unit}{'' if count == 1 else 's'}"
        return f"{words} ago" if minutes > 0 else f"in {words}"


def _ordinal(day: int) -> str:
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


_FORMATTERS: dict[str, Callable[[datetime], str]] = {
    "date_num": lambda at: f"{at:%Y-%m-%d}",
    "date_slash": lambda at: f"{at:%m/%d/%Y}",
    "date": lambda at: f"{at:%B} {_ordinal(at.day)}, {at.year}",
    "date_short": lambda at: f"{at:%b} {at.day}, {at.year}",
    "date_long": lambda at: f"{at:%A}, {at:%B} {_ordinal(at.day)}, {at.year}",
    "date_long_full": lambda at: f"{at:%A}, {at:%B} {_ordinal(at.day)}, {at.year}",
    "day_divider": lambda at: f"{at:%A}, {at:%B} {_ordinal(at.day)}",
}
