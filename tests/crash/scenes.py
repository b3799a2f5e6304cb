"""What can happen to one process: each function is a scene, played on SQLite and on PostgreSQL."""

import asyncio
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot import crashpoints
from bot.clock import SystemClock
from tests.crash.process import BotProcess
from tests.crash.setting import Setting

Scene = Callable[[Setting], Awaitable[None]]
STOP_SECONDS = 15.0


def random_kills(many: int, kills: int) -> Scene:
    """SIGKILL at random moments, from while it starts to while it is busy."""

    async def scene(here: Setting) -> None:
        async def killing() -> None:
            for _ in range(kills):
                await asyncio.sleep(here.rng.uniform(0.2, 6.0))
                if here.rng.random() < 0.15:
                    # Not even started: killed somewhere on the way.
                    await here.bot.kill()
                    here.kills += 1
                    await here.bot.start(ready=False)
                    await asyncio.sleep(here.rng.uniform(0.1, 2.0))
                await here.restart(here.bot)

        await here.work(many, meanwhile=killing(), seconds=60 + many * 2 + kills * 15)
        here.expect_no_failure()
        here.expect(here.kills >= kills, f"only {here.kills} of {kills} kills")

    return scene


def crash_point(point: str, many: int) -> Scene:
    """The process ends by itself at a named point, at an early passing there and at a later one."""
    # Opening forms and searching is acknowledged many times before the first request is confirmed.
    passings = ("2", "25") if "acknowledged" in point else ("1", "3")

    async def scene(here: Setting) -> None:
        async def dying() -> None:
            for passing in passings:
                await here.bot.kill()
                await here.bot.start(NIGHTSHIFT_CRASH_AT=f"{point}:{passing}")
                code = await here.bot.ended(60)
                here.kills += 1
                here.expect(code == -9, f"{point}: it ended with {code}")
            await here.bot.start()

        await here.work(many, meanwhile=dying(), seconds=180)
        here.expect_no_failure()
        here.expect(here.kills == 2, f"{point} was reached {here.kills} times, not twice")

    return scene


async def stopped_in_the_middle(here: Setting) -> None:
    """SIGTERM while work is under way: it drains, ends in time, and the next process carries on."""

    async def stopping() -> None:
        for _ in range(3):
            await asyncio.sleep(here.rng.uniform(1.0, 3.0))
            code = await here.bot.stop(40)
            here.notes.append(f"SIGTERM: exit {code} after {here.bot.exit_seconds:.1f} s")
            here.expect(code == 0, f"SIGTERM: it ended with {code}")
            here.expect(here.bot.exit_seconds < STOP_SECONDS, f"SIGTERM took {here.bot.exit_seconds:.1f} s")
            await here.bot.start()

    await here.work(24, meanwhile=stopping())


async def database_locked(here: Setting) -> None:
    """Something else holds SQLite's only writing lock, for a while and then for longer than anybody waits."""
    path = str(here.ledger.path)

    def hold() -> Callable[[], None]:
        connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN EXCLUSIVE")

        def release() -> None:
            connection.execute("ROLLBACK")
            connection.close()

        return release

    async def locking() -> None:
        for seconds in (1.0, 4.0, 13.0):
            await asyncio.sleep(1.5)
            release = await asyncio.to_thread(hold)
            await asyncio.sleep(seconds)
            await asyncio.to_thread(release)

    await here.work(16, meanwhile=locking())


async def disk_full(here: Setting) -> None:
    """No file of the process can grow any more, for some seconds, twice; then there is room again."""

    async def filling() -> None:
        for _ in range(2):
            await asyncio.sleep(here.rng.uniform(2.0, 3.0))
            pid = here.bot.pid
            soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (60_000, hard))
            await asyncio.sleep(3.0)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
        here.expect(here.bot.running, f"a full disk ended the bot with {here.bot.code}")

    await here.work(24, meanwhile=filling())


async def clock_steps(here: Setting) -> None:
    """The bot's clock is put forward and back by minutes and hours while work is under way; Foreman's goes on."""
    here.on.foreman.clock = here.on.foreman.state.clock = SystemClock()

    async def stepping() -> None:
        for minutes in (5, -7, 180, -200, 60, -38):
            await asyncio.sleep(here.rng.uniform(0.5, 1.5))
            here.on.clock.forward(timedelta(minutes=minutes))

    await here.work(20, meanwhile=stepping())


async def same_identity(here: Setting) -> None:
    """A second process with the same name must not start, and must not disturb the first."""
    second = BotProcess(here.on.environment, here.bot.log_path.with_name("second.log"), node=here.bot.node or "main")

    async def intruding() -> None:
        await second.start(ready=False)
        code = await second.ended(60)
        here.expect(code == 2, f"the second process ended with {code}, not 2:\n{second.log_tail()}")
        here.notes.append(f"the second process: exit {code}: {second.log_tail(1)}")

    try:
        await here.work(10, meanwhile=intruding())
    finally:
        await second.kill()


def all_scenes(size: float, database: str) -> dict[str, Scene]:
    """Every scene for one process; ``size`` 1 is the full suite."""
    scenes: dict[str, Scene] = {
        "random kills": random_kills(max(8, round(2000 * size)), max(2, round(60 * size))),
        **{f"crash at {point}": crash_point(point, 12) for point in crashpoints.ALL},
        "SIGTERM in the middle": stopped_in_the_middle,
        "clock put forward and back": clock_steps,
        "the same identity twice": same_identity,
    }
    if database == "sqlite":
        scenes |= {"database locked": database_locked, "disk full": disk_full}
    return scenes
