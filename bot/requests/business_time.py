"""Working hours, and deadlines that are counted in them."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.values import FrozenModel


class BusinessTime(FrozenModel):
    """Working hours: from ``begin`` to ``end`` on some weekdays (0 is Monday) in an IANA zone. They do not go past
    midnight, and there is at least one day."""

    begin: time
    end: time
    weekdays: tuple[int, ...]
    zone: str

    @property
    def text(self) -> str:
        """Return the working hours for people: ``Mon, Tue, Fri 09:00-17:00 Europe/Berlin``."""
        days = ", ".join(calendar.day_abbr[day] for day in self.weekdays)
        return f"{days} {self.begin:%H:%M}-{self.end:%H:%M} {self.zone}"

    def after(self, start: datetime, seconds: float) -> datetime:
        """Return when ``seconds`` of working time have passed since ``start``, which is zone-aware. In UTC."""
        left = timedelta(seconds=seconds)
        for begin, end in self._periods(start.astimezone(ZoneInfo(self.zone)).date()):
            since = max(begin, start)
            worked = max(end - since, timedelta())
            if worked and left <= worked:
                return since + left
            left -= worked
        raise AssertionError("working hours never end")

    def _periods(self, first: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the working hours of each day, in UTC."""
        zone, day = ZoneInfo(self.zone), first
        while True:
            if day.weekday() in self.weekdays:
                begin, end = (datetime.combine(day, at, tzinfo=zone).astimezone(UTC) for at in (self.begin, self.end))
                yield begin, end
            day += timedelta(days=1)


def deadline(business: BusinessTime | None, start: datetime, seconds: float) -> datetime:
    """Return when ``seconds`` have passed since ``start``, in working hours if only these count."""
    return start + timedelta(seconds=seconds) if business is None else business.after(start, seconds)
