"""Loops that run as long as the bot does: an error is logged and the loop goes on."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

LONGEST_PAUSE = 30.0
GAP = 0.05
"""Seconds between two rounds at least: nudges that come together are one."""
_log = structlog.get_logger(__name__)


async def forever(
    name: str, work: Callable[[], Awaitable[object]], seconds: float, nudge: asyncio.Event | None = None
) -> None:
    """Do ``work`` again and again, ``seconds`` apart or as soon as ``nudge`` is set, until cancelled."""
    failures = 0
    while True:
        if nudge is not None:
            nudge.clear()
        try:
            await work()
            failures = 0
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 (a loop that ended would be noticed by nobody)
            failures += 1
            _log.error("a loop stumbled and goes on", loop=name, error=f"{type(error).__name__}: {error}")
        pause = min(seconds * 2**failures, max(LONGEST_PAUSE, seconds)) if failures else seconds
        if nudge is None or failures:
            await asyncio.sleep(pause)
        else:
            await asyncio.sleep(GAP)
            await _wait(nudge, pause)


async def _wait(nudge: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(nudge.wait(), seconds)
    except TimeoutError:
        return
