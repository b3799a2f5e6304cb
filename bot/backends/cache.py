"""Caches responses for a short time, because reads are limited or slow."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.clock import Clock

T = TypeVar("T")
_MAX_ENTRIES = 200


class ExpiringCache:
    """Caches values for ``ttl_seconds``. Concurrent requests for a key share one fetch.

    A fetch continues after its caller has given up, so that the next caller finds the result.
    """

    def __init__(self, clock: Clock, ttl_seconds: float) -> None:
        self._clock = clock
        self._ttl = timedelta(seconds=ttl_seconds)
        self._entries: dict[Hashable, tuple[datetime, asyncio.Future[Any]]] = {}
        """When each fetch began, and the fetch."""

    async def get(self, key: Hashable, fetch: Callable[[], Awaitable[T]], *, since: datetime | None = None) -> T:
        """Return the cached value, or fetch it. Errors are not cached.

        With ``since``, a value whose fetch did not begin after that moment is fetched again.
        """
        now = self._clock.now()
        entry = self._entries.get(key)
        if entry is None or not self._is_fresh(entry[0], now, since) or _failed(entry[1]):
            entry = (now, asyncio.ensure_future(fetch()))
            entry[1].add_done_callback(_failed)
            self._entries.pop(key, None)
            if len(self._entries) >= _MAX_ENTRIES:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = entry
        value: T = await asyncio.shield(entry[1])
        return value

    def _is_fresh(self, began_at: datetime, now: datetime, since: datetime | None) -> bool:
        # A fetch that began after now began before the clock was set back.
        return now - self._ttl < began_at <= now and (since is None or began_at > since)

    async def close(self) -> None:
        """Cancel pending fetches."""
        for _, task in self._entries.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in self._entries.values()), return_exceptions=True)
        self._entries.clear()


def _failed(task: "asyncio.Future[Any]") -> bool:
    """Return whether a fetch failed. Reading the exception keeps asyncio from warning about it."""
    return task.done() and (task.cancelled() or task.exception() is not None)
