"""Pauses in a history: systems are paused and resumed at any moment, also between a start's checks and its call."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from bot.requests.pauses import Pause, PauseScope, holding_pause
from tests.histories.history import Event, PauseStarts, ResumeStarts, Start, Violation
from tests.histories.world import World

SHARE, SHARE_IF_PLACED = 0.25, 0.5
"""In how many of the histories something is paused, and of those whose starts a back end keeps."""
_SCOPES: tuple[tuple[PauseScope, str], ...] = (
    ("system", "foreman.prod"),
    ("system", "foreman.prod"),
    ("everything", ""),
    ("system", "foreman.lab"),
)


def with_pauses(events: list[Event], random: Random, *, placed: bool) -> list[Event]:
    """Put pauses between the events of a history. They are drawn by themselves, so that nothing else changes."""
    if random.random() > (SHARE_IF_PLACED if placed else SHARE):
        return events
    share = 0.7 if placed else 0.25
    paused = [_paused_between(event, random, share) if isinstance(event, Start) else event for event in events]
    for _ in range(random.choice((1, 1, 2))):
        begins = random.randint(0, len(paused))
        paused.insert(begins, _pause(random))
        if random.random() < 0.5:
            paused.insert(random.randint(begins + 1, len(paused)), ResumeStarts())
    return paused


def _paused_between(start: Start, random: Random, share: float) -> Start:
    return replace(start, between=_pause(random)) if start.between is None and random.random() < share else start


def _pause(random: Random) -> PauseStarts:
    scope, name = random.choice(_SCOPES)
    return PauseStarts(scope, name, random.choice((None, 10, 60, 400)))


@dataclass(slots=True)
class Pauses:
    """The pauses that are stored, and what is known of them apart from the rules: until when each was said to hold."""

    world: World
    stored: list[Pause] = field(default_factory=list)
    _said: list[tuple[str, datetime | None]] = field(default_factory=list)
    series_since: datetime | None = None
    """Since when the series is paused; None if it is not."""
    _left_out: list[tuple[datetime, datetime]] = field(default_factory=list)

    def begin(self, event: PauseStarts) -> None:
        now = self.world.now
        until = None if event.minutes is None else now + timedelta(minutes=event.minutes)
        number = f"p_{len(self.stored)}"
        self.stored.append(Pause(id=number, scope=event.scope, name=event.name, since=now, until=until, reason="smoke"))
        self._said.append((event.name, until))

    def end_all(self) -> None:
        self._end(lambda pause: pause.scope != "series")
        self._said.clear()

    def begin_series(self, request_id: str) -> None:
        self.series_since = self.world.now
        number = f"p_{len(self.stored)}"
        self.stored.append(Pause(id=number, scope="series", name=request_id, since=self.world.now, reason="smoke"))

    def end_series(self) -> None:
        assert self.series_since is not None
        self._left_out.append((self.series_since, self.world.now))
        self.series_since = None
        self._end(lambda pause: pause.scope == "series")

    def _end(self, is_ended: Callable[[Pause], bool]) -> None:
        ended = {"ended_at": self.world.now}
        self.stored = [pause.model_copy(update=ended) if is_ended(pause) else pause for pause in self.stored]

    def holds(self, backend: str) -> bool:
        """Return whether somebody has said that nothing may start now."""
        now = self.world.now
        return any(name in ("", backend) and (until is None or now < until) for name, until in self._said)

    def holding(self, backend: str, request_id: str) -> Pause | None:
        """Return the pause that holds a start by the rules."""
        return holding_pause(self.stored, backend, request_id, self.world.now)

    def check_call(self, backend: str, due: datetime | None) -> None:
        if self.holds(backend):
            raise Violation("sent while a pause held it")
        if self.series_since is not None:
            raise Violation("sent while its series was paused")
        if due is not None and any(since <= due <= until for since, until in self._left_out):
            raise Violation("a run that was due while its series was paused was started after that")

    def check_held(self, backend: str) -> None:
        if not self.holds(backend) and self.series_since is None:
            raise Violation("a start is held, although nothing is paused")
