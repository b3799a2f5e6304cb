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

    async def get(self, key: Hashable, fetch: Callable[[], Awaitable[T]]) -> T:
        """Return the cached value, or fetch it. Errors are not cached."""
        now = self._clock.now()
        entry = self._entries.get(key)
        if entry is None or entry[0] <= now or _failed(entry[1]):
            entry = (now + self._ttl, asyncio.ensure_future(fetch()))
            entry[1].add_done_callback(_failed)
            self._entries.pop(key, None)
            if len(self._entries) >= _MAX_ENTRIES:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = entry
        value: T = await asyncio.shield(entry[1])
        return value

    async def close(self) -> None:
        """Cancel pending fetches."""
        for _, task in self._entries.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in self._entries.values()), return_exceptions=True)
        self._entries.clear()


def _failed(task: "asyncio.Future[Any]") -> bool:
    """Return whether a fetch failed. Reading the exception keeps asyncio from warning about it."""
    return task.done() and (task.cancelled() or task.exception() is not None)
