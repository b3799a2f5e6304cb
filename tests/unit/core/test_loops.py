"""Background loops."""

import asyncio

from bot.loops import MIN_GAP_SECONDS, run_periodically


async def test_a_loop_that_is_woken_and_cancelled_at_the_same_moment_ends() -> None:
    wake = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)

    loop = asyncio.create_task(run_periodically("test", work, 60, wake))
    await asyncio.sleep(MIN_GAP_SECONDS * 3)
    # Let the wait see that it is woken, and cancel it before it goes on.
    wake.set()
    await asyncio.sleep(0)
    loop.cancel()
    await asyncio.wait([loop], timeout=5)
    assert loop.cancelled()
