"""Change notification: waiters wake when something changes, without polling."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

WAIT_SECONDS = 20.0
"""Timeout for every wait by default, in seconds; generous, since the machine may be busy."""
T = TypeVar("T")
Kind = Literal["message", "ephemeral", "view", "home", "people", "channel", "form", "socket", "exchange", "fault"]


@dataclass(frozen=True, slots=True)
class Change:
    """A change. ``subject`` is the message, view, channel, user or journal entry that changed;
    ``user`` is the only person who can see it ("" for everybody)."""

    kind: Kind
    subject: Any = None
    user: str = ""


class Changes:
    """Announces changes to subscribers (called at once, in order) and wakes waiters. One event loop only."""

    def __init__(self) -> None:
        self.count = 0
        self._subscribers: list[Callable[[Change], None]] = []

    def announce(self, change: Change) -> None:
        self.count += 1
        for callback in tuple(self._subscribers):
            callback(change)

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call back at each change; the returned function ends it."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    async def wait_until(self, predicate: Callable[[], T | None], timeout: float) -> T | None:
        """The first truthy result of ``predicate``, tried now and after each change; its last result on a timeout."""
        found = predicate()
        if found or timeout <= 0:
            return found
        woken = asyncio.Event()
        end = self.subscribe(lambda _: woken.set())
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    woken.clear()
                    await woken.wait()
        except TimeoutError:
            found = predicate()
        finally:
            end()
        return found
