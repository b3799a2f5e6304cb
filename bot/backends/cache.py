"""Answers kept for a short while, because reads are scarce or slow."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.clock import Clock

T = TypeVar("T")
_MOST = 200


class Cache:
    """Keeps what was fetched for ``seconds``; asked again meanwhile, or while it is being fetched, it fetches nothing.

    A fetch goes on when the one who asked has given up, so that the next one finds it.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._life = timedelta(seconds=seconds)
        self._kept: dict[Hashable, tuple[datetime, asyncio.Future[Any]]] = {}

    async def get(self, key: Hashable, fetch: Callable[[], Awaitable[T]]) -> T:
        """What ``fetch`` gives, or gave. An error is not kept."""
        now = self._clock.now()
        entry = self._kept.get(key)
        if entry is None or entry[0] <= now or _failed(entry[1]):
            entry = (now + self._life, asyncio.ensure_future(fetch()))
            entry[1].add_done_callback(_failed)
            self._kept.pop(key, None)
            if len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = entry
        found: T = await asyncio.shield(entry[1])
        return found

    async def close(self) -> None:
        """Stop what is still being fetched."""
        for _, task in self._kept.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in self._kept.values()), return_exceptions=True)
        self._kept.clear()


def _failed(task: "asyncio.Future[Any]") -> bool:
    """Whether a fetch has ended without an answer. Looking at it keeps asyncio from warning about it."""
    return task.done() and (task.cancelled() or task.exception() is not None)
