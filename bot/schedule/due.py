"""Which runs of a series that Nightshift holds are due, which were missed, and when the next one comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.schedule.model import Series, ZonedTime, start_window
from bot.schedule.occurrences import occurrences

GRACE = timedelta(hours=1)
"""How late a run of a series without a window may start."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """What to do with a series now: start ``due``, record ``missed`` (oldest first), and look again at ``coming``."""

    due: ZonedTime | None
    missed: tuple[ZonedTime, ...]
    coming: ZonedTime | None


def agenda(series: Series, handled: datetime | None, now: datetime, grace: timedelta = GRACE) -> Agenda:
    """Sort the runs of a series later than ``handled``, the instant of the last one that was started or recorded.

    A run may start from its time until its window has passed (``grace`` where the series has none); what is older was
    missed. Where two may start, the older one is missed, so that one run follows another and never two at once.
    The answer depends on nothing else: after a restart, or a clock that stepped back, it is the same again.
    """
    latest = start_window(series) or grace
    due: ZonedTime | None = None
    missed: list[ZonedTime] = []
    for moment in occurrences(series, handled):
        if moment.instant > now:
            return Agenda(due, tuple(missed), moment)
        if due is not None:
            missed.append(due)
            due = None
        if now - moment.instant <= latest:
            due = moment
        else:
            missed.append(moment)
    return Agenda(due, tuple(missed), None)
