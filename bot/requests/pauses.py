"""Pauses: the starts of a system, of everything or of one series are held until the pause ends."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Person, Request, Run
from bot.schedule import Series, ZonedTime, next_runs
from bot.values import FrozenModel

KEPT_SINCE_PAUSE = "Nightshift has kept this series since it was paused."
"""Why Nightshift keeps the time of a series that its back end kept before."""
PauseScope = Literal["everything", "system", "series"]


class Pause(FrozenModel):
    """A pause. ``name`` is the back end (``foreman.prod``) or the id of the request; "" for everything.

    ``until`` is None if it lasts until somebody resumes it. ``by`` is None if Nightshift itself has paused it.
    ``released`` are the ids of requests that may start all the same.
    """

    id: str
    scope: PauseScope
    name: str = ""
    since: datetime
    until: datetime | None = None
    by: Person | None = None
    reason: str
    ended_at: datetime | None = None
    released: tuple[str, ...] = ()

    def covers(self, backend: str, request_id: str) -> bool:
        """Return whether it is a pause of a request's starts."""
        if request_id in self.released:
            return False
        match self.scope:
            case "everything":
                return True
            case "system":
                return self.name == backend
            case "series":
                return self.name == request_id

    def holds_at(self, moment: datetime) -> bool:
        """Return whether it holds starts at a moment. One that is not ended holds before its beginning too: the clock
        may have been set back."""
        return self.ended_at is None and (self.until is None or moment < self.until)


def holding_pause(pauses: Iterable[Pause], backend: str, request_id: str, moment: datetime) -> Pause | None:
    """Return the pause that holds a start at a moment; None if none does. Of several it is the one that ends last."""
    return last_to_end(pause for pause in pauses if pause.covers(backend, request_id) and pause.holds_at(moment))


def last_to_end(pauses: Iterable[Pause]) -> Pause | None:
    """Return the pause that ends last; None if there is none."""
    return max(pauses, key=lambda pause: pause.until or datetime.max.replace(tzinfo=UTC), default=None)


def shown_pauses(pauses: Iterable[Pause], request: Request, runs: Iterable[Run], now: datetime) -> tuple[Pause, ...]:
    """Return the pauses that hold the next start of a request, for its card; those of its series in any case."""
    start = _next_start(request, runs, now)
    covering = (pause for pause in pauses if pause.covers(request.content.backend, request.id))
    return tuple(
        pause
        for pause in covering
        if request.state not in FINAL_STATES
        and (pause.scope == "series" or (start is not None and pause.holds_at(max(start, now))))
    )


def released_pauses(pauses: Iterable[Pause], request: Request, runs: Iterable[Run], now: datetime) -> tuple[Pause, ...]:
    """Return the pauses that would hold the next start of a request if somebody had not released it from them."""
    excepted = (pause.model_copy(update={"released": ()}) for pause in pauses if request.id in pause.released)
    return shown_pauses(excepted, request, runs, now)


def _next_start(request: Request, runs: Iterable[Run], now: datetime) -> datetime | None:
    """Return when a request starts next; None if no start is to come."""
    waiting = [run for run in runs if run.state in ("pending", "scheduled_in_backend")]
    if request.state not in ("awaiting_approval", "approved") and not waiting:
        return None
    due = min((start for run in waiting if (start := run.due_at or run.starts_at)), default=None)
    if due is not None:
        return due
    schedule = request.content.schedule
    if isinstance(schedule, Series):
        upcoming = next_runs(schedule, now, 1)
        return upcoming[0].instant if upcoming else None
    return request.start_at or now


def held_text(pause: Pause, zone: str) -> str:
    """Return what the card of a request says whose start is held. ``zone`` is that of its times."""
    why = f"Paused: {pause.reason.rstrip('. ')}."
    if pause.until is not None:
        return f"{why} Held until {local_time(pause.until, zone)}."
    if pause.scope == "series":
        return f"{why} No run starts until somebody resumes the series."
    return f"{why} Held until somebody ends the pause."


def released_text(pause: Pause) -> str:
    """Return what the card of a request says that may start during a pause."""
    return f"Released: it may start during the pause ({pause.reason.rstrip('. ')})."


def local_time(moment: datetime, zone: str) -> str:
    """Return a moment as people of a zone read it: ``Mon 11 Jan 20:00 CET``."""
    return f"{ZonedTime.from_instant(moment, zone).local:%a %d %b %H:%M %Z}"
