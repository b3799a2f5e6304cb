"""Rate limits: calls a minute by class, slowed down before OpsRamp has to say no.

OpsRamp tells ``X-RateLimit-Limit``, ``-Remaining`` and ``-Reset`` (UTC epoch seconds), at times in quotes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bot.backends.http import Headers
from bot.backends.opsramp.settings import Budgets, Class
from bot.clock import Clock
from bot.errors import Throttled

Sleep = Callable[[float], Awaitable[None]]

_WINDOW = timedelta(minutes=1)
_LONGEST = 60.0
"""Seconds waited at most at a time, whatever OpsRamp says: its limits are by the minute."""

_SHORTEST = 0.05
_WORDS = {"get": "reads", "get_paged": "paged reads", "write": "writes"}


class Meter:
    """One class of calls: what was sent within a minute, and what OpsRamp last said about it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._sent: deque[datetime] = deque()
        self._remaining: int | None = None
        self._reset: datetime | None = None
        self._blocked: datetime | None = None

    def wait(self, now: datetime) -> float:
        """Seconds until the next call should leave."""
        while self._sent and self._sent[0] <= now - _WINDOW:
            self._sent.popleft()
        until = [now]
        if self._blocked is not None:
            until.append(self._blocked)
        if self._remaining is not None and self._remaining <= self._reserve and self._reset is not None:
            until.append(self._reset)
        if len(self._sent) >= self.limit - self._reserve:
            until.append(self._sent[0] + _WINDOW)
        return min((max(until) - now).total_seconds(), _LONGEST)

    def sent(self, now: datetime) -> None:
        """Count a call that leaves now."""
        self._sent.append(now)
        if self._reset is not None and now >= self._reset:
            self._remaining = self._reset = None
        if self._remaining is not None:
            self._remaining -= 1

    def heard(self, now: datetime, status: int, headers: Headers) -> None:
        """Take in the headers of an answer."""
        limit, remaining, reset = (_number(headers, f"x-ratelimit-{key}") for key in ("limit", "remaining", "reset"))
        if limit:
            self.limit = int(limit)
        if remaining is not None and reset is not None:
            self._remaining = int(remaining)
            self._reset = min(datetime.fromtimestamp(reset, UTC), now + timedelta(seconds=_LONGEST))
        if status == 429:
            after = _number(headers, "retry-after")
            told = self._reset if reset is not None else None
            self._blocked = now + timedelta(seconds=min(after, _LONGEST)) if after is not None else told
            self._blocked = self._blocked or now + timedelta(seconds=5)

    @property
    def _reserve(self) -> int:
        """Calls of the allowance that are left to others."""
        return self.limit // 20


class Limits:
    """The meters of a connection. ``sleep`` takes seconds."""

    def __init__(self, name: str, budgets: Budgets, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._name = name
        self._clock = clock
        self._sleep = sleep
        self._meters: dict[Class, Meter] = {
            "get": Meter(budgets.get),
            "get_paged": Meter(budgets.get_paged),
            "write": Meter(budgets.write),
        }
        self._turns: dict[Class, asyncio.Lock] = {kind: asyncio.Lock() for kind in self._meters}

    async def take(self, kind: Class, patience: float) -> None:
        """Wait for a call's turn. Raises Throttled, with nothing sent, where that takes longer than ``patience``
        seconds."""
        meter = self._meters[kind]
        self._refuse(kind, meter.wait(self._clock.now()), patience)
        async with self._turns[kind]:
            waited = 0.0
            while (wait := meter.wait(self._clock.now())) > 0:
                self._refuse(kind, waited + wait, patience)
                await self._sleep(max(wait, _SHORTEST))
                waited += max(wait, _SHORTEST)
            meter.sent(self._clock.now())

    def heard(self, kind: Class, status: int, headers: Headers) -> None:
        """Take in the headers of an answer."""
        self._meters[kind].heard(self._clock.now(), status, headers)

    def _refuse(self, kind: Class, wait: float, patience: float) -> None:
        if wait > patience:
            raise Throttled(
                self._name,
                f"The limit of {self._name} of {self._meters[kind].limit} {_WORDS[kind]} a minute is nearly used up, "
                f"so nothing was sent. Try again in {wait:.0f} seconds.",
                retry_after=wait,
            )


def _number(headers: Headers, name: str) -> float | None:
    try:
        return float(headers[name].strip().strip("\"'"))
    except (KeyError, ValueError):
        return None
