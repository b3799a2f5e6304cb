"""Several nodes on PostgreSQL: ``python -m tests.crash.cluster``. They are killed, frozen, upgraded, cut off."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import select

from bot.storage.tables import runs
from playground.sandbox import Fault
from tests.crash.__main__ import arguments
from tests.crash.harness import Harness, Postgres, SceneResult, play_scene, postgres
from tests.crash.process import BotProcess

Scene = Callable[[Harness], Awaitable[None]]
NODES = 3
TAKEOVER_SECONDS = 10.0
_CODE_PACKAGES = ("bot", "handlers", "blocks", "playground")


def _slow_down_calls(harness: Harness) -> None:
    """Slow calls to Foreman, so that some are always in progress."""
    harness.env.foreman.faults.append(Fault("slow", "/api/job_invocations$", "POST", seconds=0.5, remaining=None))


def _starting_run_ids(harness: Harness) -> set[str]:
    with harness.verifier.read() as tx:
        return {row.id for row in tx.execute(select(runs.c.id).where(runs.c.state == "starting"))}


async def _wait_for_takeover(harness: Harness, orphans: set[str]) -> float:
    """Seconds until none of the starting runs is starting any more."""
    began = time.monotonic()
    while orphans & await asyncio.to_thread(_starting_run_ids, harness):
        await asyncio.sleep(0.1)
        if time.monotonic() - began > 60:
            break
    return time.monotonic() - began


def kill_in_turn(seconds: float, interval: float, count: int) -> Scene:
    """Kill and restart one node every few seconds, under load."""

    async def scene(harness: Harness) -> None:
        _slow_down_calls(harness)
        taken: list[float] = []

        async def killing() -> None:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await asyncio.sleep(interval)
                victim = harness.rng.choice(harness.bots)
                orphans = await asyncio.to_thread(_starting_run_ids, harness)
                await victim.kill()
                harness.kills += 1
                taken.append(await _wait_for_takeover(harness, orphans))
                await victim.start()

        await harness.work(count, meanwhile=killing(), seconds=seconds + 240)
        harness.expect_no_failure()
        worst = max(taken, default=0.0)
        harness.notes.append(f"takeover: worst {worst:.1f} s of {[round(t, 1) for t in taken]}")
        harness.expect(worst < TAKEOVER_SECONDS, f"takeover took {worst:.1f} s")

    return scene


async def freeze_node(harness: Harness) -> None:
    """Freeze a node with calls in progress until the others have taken over; then resume it."""
    _slow_down_calls(harness)

    async def freezing() -> None:
        for _ in range(3):
            await asyncio.sleep(harness.rng.uniform(1.0, 3.0))
            victim = harness.rng.choice(harness.bots)
            victim.freeze()
            await asyncio.sleep(harness.rng.uniform(4.0, 9.0))
            victim.resume()

    await harness.work(24, meanwhile=freezing())


async def freeze_and_disconnect(harness: Harness) -> None:
    """Freeze a node until PostgreSQL has dropped its connections and others have taken over; then resume it."""
    _slow_down_calls(harness)

    async def cutting() -> None:
        for _ in range(2):
            await asyncio.sleep(harness.rng.uniform(1.5, 3.0))
            victim = harness.rng.choice(harness.bots)
            orphans = await asyncio.to_thread(_starting_run_ids, harness)
            victim.freeze()
            with harness.verifier.read() as tx:
                mine = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
                tx.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE pid IN ({mine}) OR application_name = 'nightshift'"
                )
            await _wait_for_takeover(harness, orphans)
            await asyncio.sleep(3.0)
            victim.resume()

    await harness.work(24, meanwhile=cutting())
    gone = [bot.exit_code for bot in harness.bots if not bot.running]
    harness.expect(not gone, f"nodes ended: {gone}")


def restart_database(server: Postgres) -> Scene:
    """Restart PostgreSQL under load: every node waits and continues."""

    async def scene(harness: Harness) -> None:
        async def restarting() -> None:
            for _ in range(2):
                await asyncio.sleep(harness.rng.uniform(2.0, 4.0))
                began = time.monotonic()
                await asyncio.to_thread(server.restart)
                harness.notes.append(f"PostgreSQL was away for {time.monotonic() - began:.1f} s")

        await harness.work(24, meanwhile=restarting())
        gone = [bot.exit_code for bot in harness.bots if not bot.running]
        harness.expect(not gone, f"nodes ended: {gone}")

    return scene


async def rolling_upgrade(harness: Harness) -> None:
    """Old and new code side by side on one database: node after node is stopped and started as the new version, one of
    them by a kill, so that new code finishes old work."""
    _slow_down_calls(harness)
    with tempfile.TemporaryDirectory(prefix="nightshift-new-") as name:
        new = Path(name)
        root = Path(__file__).parents[2]
        for part in _CODE_PACKAGES:
            shutil.copytree(root / part, new / part, ignore=shutil.ignore_patterns("__pycache__"))
        settings = new / "bot" / "logs.py"
        settings.write_text(settings.read_text() + '\nVERSION = "the next one"\n')

        async def upgrading() -> None:
            for number, old in enumerate(list(harness.bots)):
                await asyncio.sleep(harness.rng.uniform(1.5, 3.0))
                if number == 1:
                    await old.kill()
                    harness.kills += 1
                else:
                    harness.expect(await old.stop() == 0, "an old node did not stop cleanly")
                young = BotProcess(harness.env.env_vars, new / f"new{number}.log", node=old.node, code_dir=new)
                young.port = old.port
                harness.bots[number] = young
                harness.cleanup.push_async_callback(young.kill)
                await young.start()

        await harness.work(24, meanwhile=upgrading())
        for bot in harness.bots:
            await bot.stop()


async def stop_in_turn(harness: Harness) -> None:
    """Stop nodes by SIGTERM under load; they hand over their work."""
    _slow_down_calls(harness)

    async def stopping() -> None:
        for bot in harness.bots:
            await asyncio.sleep(1.5)
            harness.expect(
                await bot.stop() == 0 and bot.exit_seconds < 15, f"SIGTERM: {bot.exit_code}, {bot.exit_seconds} s"
            )
            await bot.start()

    await harness.work(20, meanwhile=stopping())


def all_scenes(size: float, server: Postgres) -> dict[str, Scene]:
    """Every scene; ``size`` 1 is the full suite: five minutes of kills."""
    return {
        "a node killed every 10 s": kill_in_turn(max(20.0, 300 * size), 10.0, max(12, round(1500 * size))),
        "a node frozen": freeze_node,
        "a node frozen and cut off": freeze_and_disconnect,
        "PostgreSQL restarted": restart_database(server),
        "nodes stopped in turn": stop_in_turn,
        "rolling upgrade": rolling_upgrade,
    }


async def main(seed: int, size: float, name_filter: str) -> int:
    outcomes: list[SceneResult] = []
    with postgres() as server:
        for number, (name, scene) in enumerate(all_scenes(size, server).items()):
            if name_filter in name:
                outcome = await play_scene(name, scene, seed + number, database_url=server.database(), nodes=NODES)
                outcome.print()
                outcomes.append(outcome)
    failed = [outcome for outcome in outcomes if outcome.failures]
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} scenes passed, seed {seed}, size {size:g}, {NODES} nodes")
    return 1 if failed else 0


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.seed, given.size, given.only)))
