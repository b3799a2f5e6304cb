"""Loops that run as long as the bot does: an error is logged and the loop goes on."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

MAX_PAUSE_LENGTH = 30.0
MIN_GAP_SECONDS = 0.05
"""Seconds between two rounds at least: nudges that come together are one."""
_log = structlog.get_logger(__name__)


async def run_periodically(
    name: str, work: Callable[[], Awaitable[object]], seconds: float, wake: asyncio.Event | None = None
) -> None:
    """Do ``work`` again and again, ``seconds`` apart or as soon as ``nudge`` is set, until cancelled."""
    failures = 0
    while True:
        if wake is not None:
            wake.clear()
        try:
            await work()
            failures = 0
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 (a loop that ended would be noticed by nobody)
            failures += 1
            _log.error("a loop stumbled and goes on", loop=name, error=f"{type(error).__name__}: {error}")
        pause = min(seconds * 2**failures, max(MAX_PAUSE_LENGTH, seconds)) if failures else seconds
        if wake is None or failures:
            await asyncio.sleep(pause)
        else:
            await asyncio.sleep(MIN_GAP_SECONDS)
            await _wait(wake, pause)


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        return
