"""Background loops. An error is logged, and the loop continues."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from bot.telemetry.metrics import LOOP_LAG

MAX_BACKOFF_SECONDS = 30.0
"""Maximum pause after errors, unless the interval is longer."""
MIN_GAP_SECONDS = 0.05
"""Minimum pause between two rounds, so that events that come together cause one."""
LAG_INTERVAL_SECONDS = 1.0
_log = structlog.get_logger(__name__)


async def run_periodically(
    name: str, work: Callable[[], Awaitable[object]], seconds: float, wake: asyncio.Event | None = None
) -> None:
    """Repeat ``work`` every ``seconds``, or as soon as ``wake`` is set, until cancelled."""
    failures = 0
    while True:
        if wake is not None:
            wake.clear()
        try:
            await work()
            failures = 0
        except Exception as error:  # noqa: BLE001 (nobody would notice that a loop has ended)
            failures += 1
            _log.error("background loop failed; continuing", loop=name, error=f"{type(error).__name__}: {error}")
        pause = min(seconds * 2**failures, max(MAX_BACKOFF_SECONDS, seconds)) if failures else seconds
        if wake is None or failures:
            await asyncio.sleep(pause)
        else:
            await asyncio.sleep(MIN_GAP_SECONDS)
            await _wait(wake, pause)


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the event.
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return


async def measure_lag() -> None:
    """Measure every second how late the event loop is, until cancelled."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LAG_INTERVAL_SECONDS)
        LOOP_LAG.observe(max(0.0, time.perf_counter() - began - LAG_INTERVAL_SECONDS))
