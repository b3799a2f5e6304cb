"""Scenes for one process, played on SQLite and on PostgreSQL."""

import asyncio
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot import failpoints
from bot.clock import SystemClock
from bot.usecases.jobs.check_starts import LEASE
from tests.crash.harness import Harness
from tests.crash.process import BotProcess
from tests.scenarios.steps import approve_request, eventually, make_request, wait_for_texts

_LATER = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when="in 60 minutes" because=patch'
Scene = Callable[[Harness], Awaitable[None]]
STOP_SECONDS = 15.0


def random_kills(count: int, kills: int) -> Scene:
    """Send SIGKILL at random moments, while it starts and while it is busy."""

    async def scene(harness: Harness) -> None:
        async def killing() -> None:
            for _ in range(kills):
                await asyncio.sleep(harness.rng.uniform(0.2, 6.0))
                if harness.rng.random() < 0.15:
                    # Killed while it starts.
                    await harness.bot.kill()
                    harness.kills += 1
                    await harness.bot.start(ready=False)
                    await asyncio.sleep(harness.rng.uniform(0.1, 2.0))
                await harness.restart(harness.bot)

        await harness.work(count, meanwhile=killing(), seconds=60 + count * 2 + kills * 15)
        harness.expect_no_failure()
        harness.expect(harness.kills >= kills, f"only {harness.kills} of {kills} kills")

    return scene


def failpoint(point: str, count: int) -> Scene:
    """Let the process crash at a failpoint, at an early pass and at a later one."""
    # Forms and searches are acknowledged many times before the first request is confirmed.
    passings = ("2", "25") if "acknowledged" in point else ("1", "3")

    async def scene(harness: Harness) -> None:
        async def dying() -> None:
            for passing in passings:
                await harness.bot.kill()
                await harness.bot.start(NIGHTSHIFT_FAILPOINT=f"{point}:{passing}")
                code = await harness.bot.wait_ended(60)
                harness.kills += 1
                harness.expect(code == -9, f"{point}: it ended with {code}")
            await harness.bot.start()

        await harness.work(count, meanwhile=dying(), seconds=180)
        harness.expect_no_failure()
        harness.expect(harness.kills == 2, f"{point} was reached {harness.kills} times, not twice")

    return scene


async def check_of_starts(harness: Harness) -> None:
    """Crash in the check of starts that Foreman makes, before what was found is marked: each happens once, checked."""
    env, bot = harness.env, harness.bot
    settings = {"NIGHTSHIFT_BACKENDS__FOREMAN__MAIN__SCHEDULER": "backend"}
    await bot.kill()
    await bot.start(NIGHTSHIFT_FAILPOINT=f"{failpoints.BEFORE_START_CHECKED}:1", **settings)
    alice = env.slack.person("alice")
    cards = [await approve_request(env, await make_request(alice, _LATER, {"command": "id"})) for _ in range(4)]
    await eventually(env, lambda: len(env.foreman.invocations) == len(cards), lambda: cards[-1].text, 60)
    await eventually(env, lambda: all("Edit" not in card.buttons for card in cards), lambda: cards[-1].text, 60)
    starts_at = max(job.start_at for job in env.foreman.invocations)
    env.clock.move_to(starts_at - timedelta(minutes=12))
    for point in (f"{failpoints.BEFORE_START_CHECKED}:3", ""):
        code = await bot.wait_ended(60)
        harness.kills += 1
        harness.expect(code == -9, f"it ended with {code}")
        await bot.start(NIGHTSHIFT_FAILPOINT=point, **settings)
        env.clock.advance(LEASE)
    await asyncio.sleep(10)
    env.clock.move_to(starts_at + timedelta(seconds=30))
    for card in cards:
        await wait_for_texts(card, "Done", env=env, timeout=60)
        harness.expect("Not checked" not in card.text, f"not checked: {card.text}")
    async with asyncio.timeout(60):
        while not await harness.verifier.is_settled():
            await asyncio.sleep(0.2)
    jobs = len(env.foreman.invocations)
    harness.expect(jobs == len(cards), f"{jobs} jobs for {len(cards)} requests")
    harness.expect(harness.kills == 2, f"{harness.kills} kills")


async def stop_under_load(harness: Harness) -> None:
    """Send SIGTERM during work: the bot drains and ends in time, and the next process continues."""

    async def stopping() -> None:
        for _ in range(3):
            await asyncio.sleep(harness.rng.uniform(1.0, 3.0))
            code = await harness.bot.stop(40)
            harness.notes.append(f"SIGTERM: exit {code} after {harness.bot.exit_seconds:.1f} s")
            harness.expect(code == 0, f"SIGTERM: it ended with {code}")
            harness.expect(harness.bot.exit_seconds < STOP_SECONDS, f"SIGTERM took {harness.bot.exit_seconds:.1f} s")
            await harness.bot.start()

    await harness.work(24, meanwhile=stopping())


async def database_locked(harness: Harness) -> None:
    """Hold SQLite's write lock, for a while and then for longer than the bot waits."""
    path = str(harness.verifier.path)

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

    await harness.work(16, meanwhile=locking())


async def disk_full(harness: Harness) -> None:
    """Stop files of the process from growing for some seconds, twice."""

    async def filling() -> None:
        for _ in range(2):
            await asyncio.sleep(harness.rng.uniform(2.0, 3.0))
            pid = harness.bot.pid
            soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (60_000, hard))
            await asyncio.sleep(3.0)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
        harness.expect(harness.bot.running, f"a full disk ended the bot with {harness.bot.exit_code}")

    await harness.work(24, meanwhile=filling())


async def clock_jumps(harness: Harness) -> None:
    """Move the bot's clock forward and back by minutes and hours during work; Foreman's goes on."""
    harness.env.foreman.clock = harness.env.foreman.state.clock = SystemClock()

    async def stepping() -> None:
        for minutes in (5, -7, 180, -200, 60, -38):
            await asyncio.sleep(harness.rng.uniform(0.5, 1.5))
            harness.env.clock.advance(timedelta(minutes=minutes))

    await harness.work(20, meanwhile=stepping())


async def duplicate_node_name(harness: Harness) -> None:
    """A second process with the same name must not start, and must not disturb the first."""
    second = BotProcess(
        harness.env.env_vars, harness.bot.log_path.with_name("second.log"), node=harness.bot.node or "main"
    )

    async def intruding() -> None:
        await second.start(ready=False)
        code = await second.wait_ended(60)
        harness.expect(code == 2, f"the second process ended with {code}, not 2:\n{second.log_tail()}")
        harness.notes.append(f"the second process: exit {code}: {second.log_tail(1)}")

    try:
        await harness.work(10, meanwhile=intruding())
    finally:
        await second.kill()


def all_scenes(size: float, database: str) -> dict[str, Scene]:
    """Every scene for one process; ``size`` 1 is the full suite."""
    scenes: dict[str, Scene] = {
        "random kills": random_kills(max(8, round(2000 * size)), max(2, round(60 * size))),
        **{f"crash at {point}": failpoint(point, 12) for point in failpoints.ALL_FAILPOINTS},
        "crash in the check of starts": check_of_starts,
        "SIGTERM in the middle": stop_under_load,
        "clock put forward and back": clock_jumps,
        "the same identity twice": duplicate_node_name,
    }
    if database == "sqlite":
        scenes |= {"database locked": database_locked, "disk full": disk_full}
    return scenes
