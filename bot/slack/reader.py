"""Asks Slack within the rates that it publishes. Those who ask the same at the same time share one answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar, cast

from slack_sdk.errors import SlackApiError

from bot.errors import SlackBusy
from bot.slack.error_codes import retry_after_seconds
from bot.slack.rate_limits import MinuteWindow

ReadT = TypeVar("ReadT")
Sleep = Callable[[float], Awaitable[None]]


class SlackReader:
    """Makes calls that only read. ``sleep`` and ``monotonic`` are in seconds."""

    def __init__(
        self,
        window: MinuteWindow | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._window = window or MinuteWindow(monotonic)
        self._sleep = sleep
        self._monotonic = monotonic
        self._running: dict[Hashable, asyncio.Task[object]] = {}

    async def ask(
        self, method: str, key: Hashable, call: Callable[[], Awaitable[ReadT]], *, patience: float = 2.0
    ) -> ReadT:
        """Return the answer to a call. ``key`` is the same for calls that may share an answer.

        Raises SlackBusy if Slack's rates do not allow the call within ``patience`` seconds, SlackApiError, and the
        transport's errors.
        """
        place = method, key
        task = self._running.get(place)
        if task is None:
            task = self._running[place] = asyncio.ensure_future(self._call(method, call, patience))
            task.add_done_callback(lambda done: self._forget(place, done))
        # Whoever asked first may be cancelled; the others still wait for the answer.
        return cast(ReadT, await asyncio.shield(task))

    def _forget(self, place: Hashable, done: "asyncio.Task[object]") -> None:
        self._running.pop(place, None)
        if not done.cancelled():
            done.exception()

    async def _call(self, method: str, call: Callable[[], Awaitable[object]], patience: float) -> object:
        deadline = self._monotonic() + patience
        while True:
            wait = self._window.acquire(method)
            if not wait:
                try:
                    return await call()
                except SlackApiError as error:
                    seconds = retry_after_seconds(error)
                    if seconds is None:
                        raise
                    self._window.pause(method, seconds)
                    wait = seconds
            if self._monotonic() + wait > deadline:
                raise SlackBusy("Slack limits how often it can be asked, so nothing was done. Try again in a minute.")
            await self._sleep(wait)
