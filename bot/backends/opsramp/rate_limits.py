"""Keeps to OpsRamp's rate limits, which are calls a minute for each class of calls.

OpsRamp sends ``X-RateLimit-Limit``, ``-Remaining`` and ``-Reset`` (UTC epoch seconds), sometimes in quotes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bot.backends.http import Headers
from bot.backends.opsramp.settings import CallClass, RateLimits
from bot.clock import Clock
from bot.errors import RateLimited

Sleep = Callable[[float], Awaitable[None]]

_WINDOW = timedelta(minutes=1)
_MAX_WAIT = 60.0
"""Maximum number of seconds of one wait, whatever OpsRamp sends: its limits are by the minute."""

_MIN_WAIT = 0.05
_CLASS_LABELS = {"get": "reads", "get_paged": "paged reads", "write": "writes"}


class CallMeter:
    """One class of calls: those of the last minute, and OpsRamp's latest headers."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._sent_at: deque[datetime] = deque()
        self._remaining: int | None = None
        self._resets_at: datetime | None = None
        self._blocked_until: datetime | None = None

    def seconds_until_free(self, now: datetime) -> float:
        """Return seconds until the next call should be sent."""
        while self._sent_at and self._sent_at[0] <= now - _WINDOW:
            self._sent_at.popleft()
        until = [now]
        if self._blocked_until is not None:
            until.append(self._blocked_until)
        if self._remaining is not None and self._remaining <= self._reserve and self._resets_at is not None:
            until.append(self._resets_at)
        if len(self._sent_at) >= self.limit - self._reserve:
            until.append(self._sent_at[0] + _WINDOW)
        return min((max(until) - now).total_seconds(), _MAX_WAIT)

    def record_call(self, now: datetime) -> None:
        """Count a call that is sent now."""
        self._sent_at.append(now)
        if self._resets_at is not None and now >= self._resets_at:
            self._remaining = self._resets_at = None
        if self._remaining is not None:
            self._remaining -= 1

    def record_response(self, now: datetime, status: int, headers: Headers) -> None:
        """Take in the headers of an answer."""
        limit, remaining, reset = (_number(headers, f"x-ratelimit-{key}") for key in ("limit", "remaining", "reset"))
        if limit:
            self.limit = int(limit)
        if remaining is not None and reset is not None:
            self._remaining = int(remaining)
            self._resets_at = min(datetime.fromtimestamp(reset, UTC), now + timedelta(seconds=_MAX_WAIT))
        if status == 429:
            after = _number(headers, "retry-after")
            reset_at = self._resets_at if reset is not None else None
            self._blocked_until = now + timedelta(seconds=min(after, _MAX_WAIT)) if after is not None else reset_at
            self._blocked_until = self._blocked_until or now + timedelta(seconds=5)

    @property
    def _reserve(self) -> int:
        """Return how many calls of the limit are left for other clients."""
        return self.limit // 20


class CallLimiter:
    """The meters of a connection. ``sleep`` waits for a number of seconds."""

    def __init__(self, name: str, budgets: RateLimits, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._name = name
        self._clock = clock
        self._sleep = sleep
        self._meters: dict[CallClass, CallMeter] = {
            "get": CallMeter(budgets.get),
            "get_paged": CallMeter(budgets.get_paged),
            "write": CallMeter(budgets.write),
        }
        self._locks: dict[CallClass, asyncio.Lock] = {kind: asyncio.Lock() for kind in self._meters}

    async def acquire(self, call_class: CallClass, max_wait: float) -> None:
        """Wait until a call may be sent. Raises RateLimited, with nothing sent, if that takes over ``max_wait``
        seconds."""
        meter = self._meters[call_class]
        self._refuse_long_wait(call_class, meter.seconds_until_free(self._clock.now()), max_wait)
        async with self._locks[call_class]:
            waited = 0.0
            while (wait := meter.seconds_until_free(self._clock.now())) > 0:
                self._refuse_long_wait(call_class, waited + wait, max_wait)
                await self._sleep(max(wait, _MIN_WAIT))
                waited += max(wait, _MIN_WAIT)
            meter.record_call(self._clock.now())

    def record_response(self, call_class: CallClass, status: int, headers: Headers) -> None:
        """Take in the headers of an answer."""
        self._meters[call_class].record_response(self._clock.now(), status, headers)

    def _refuse_long_wait(self, call_class: CallClass, wait: float, max_wait: float) -> None:
        if wait > max_wait:
            raise RateLimited(
                self._name,
                f"The limit of {self._name} of {self._meters[call_class].limit} {_CLASS_LABELS[call_class]} a "
                "minute is nearly used up, "
                f"so nothing was sent. Try again in {wait:.0f} seconds.",
                retry_after=wait,
            )


def _number(headers: Headers, name: str) -> float | None:
    try:
        return float(headers[name].strip().strip("\"'"))
    except (KeyError, ValueError):
        return None
