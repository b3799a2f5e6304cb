"""Hundreds of starts at once: how often Foreman is asked before them, and how late their calls are."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import update

from benchmarks.measurements import Measurement, at_most, below, informational, percentile
from bot.storage.tables import runs
from playground.environment import Environment, run_bot, run_environment
from tests.unit.usecases.harness import Harness, RecordingEngine, StillClock

SEARCHES, TEMPLATES = 100, 10
_TEMPLATE, _FIRST_COPY = 189, 1000
_NOT_LOOKUPS = ("/job_invocations", "/recurring_logics")
_DAYS = 300
_LEAD = timedelta(seconds=5)


async def starts(size: float) -> Sequence[Measurement]:
    """500 starts with 100 searches and 10 templates: spread over a minute, those of a search together and at random;
    and all in the same second."""
    count = max(SEARCHES, int(500 * size))
    at_random = [Random(f"starts:{n}").randrange(SEARCHES) for n in range(count)]

    # A loop of its own for each bot: the engine shuts down the threads of the loop that it ran in.
    def measure(search_of: Callable[[int], int], seconds: float) -> _Delays:
        return asyncio.run(_starts(count, search_of, seconds))

    together = await asyncio.to_thread(measure, lambda n: n * SEARCHES // count, 60 * size)
    scattered = await asyncio.to_thread(measure, at_random.__getitem__, 60 * size)
    at_once = await asyncio.to_thread(measure, lambda n: n % SEARCHES, 0)
    return [
        informational("starts", count, ""),
        at_most("over a minute, equal searches together: lookups", together.lookups, "", 200),
        below("the same: due to call, p99", together.p99, "s", 5),
        at_most("over a minute, equal searches at random: lookups", scattered.lookups, "", 200),
        below("the same: due to call, p99", scattered.p99, "s", 5),
        informational("all in one second: lookups", at_once.lookups, ""),
        below("the same: the last call", at_once.last, "s", 60),
    ]


class _Delays:
    """What was measured: lookups in all, and seconds from due to call."""

    def __init__(self, lookups: int, delays: Sequence[float]) -> None:
        self.lookups = lookups
        self.p99 = percentile(delays, 0.99)
        self.last = max(delays)


async def _starts(count: int, search_of: Callable[[int], int], seconds: float) -> _Delays:
    with tempfile.TemporaryDirectory(prefix="nightshift-bench-") as name:
        async with run_environment(Path(name)) as env, run_bot(env, "http") as bot:
            _copy_templates(env)
            harness = Harness(env, bot.services, RecordingEngine(), StillClock())
            ids = [await _approve(harness, number, search_of(number)) for number in range(count)]
            first = bot.services.clock.now() + _LEAD
            due = {id_: first + timedelta(seconds=seconds * n / count) for n, id_ in enumerate(ids)}
            async with bot.services.db.write() as tx:
                for id_, at in due.items():
                    await tx.execute(update(runs).where(runs.c.request_id == id_).values(due_at=at))
            before = len(env.foreman.received_requests)
            await env.slack.wait_until(lambda: len(_calls(env, before)) == count, 60 + seconds + count)
            received = env.foreman.received_requests[before:]
            lookups = [r for r in received if r.method == "GET" and not any(part in r.path for part in _NOT_LOOKUPS)]
            calls = {_number(r.body): r.at for r in _calls(env, before)}
            return _Delays(len(lookups), [(calls[n] - due[id_]).total_seconds() for n, id_ in enumerate(ids)])


def _copy_templates(env: Environment) -> None:
    world = env.foreman.state.world
    original = next(template for template in world.templates if template.id == _TEMPLATE)
    world.templates += [replace(original, id=_FIRST_COPY + n, name=f"Command {n}") for n in range(TEMPLATES)]


async def _approve(harness: Harness, number: int, search: int) -> str:
    """Approve a request whose command names its number, few for the same day, so that they do not conflict. Returns its
    id."""
    request = await harness.approved(
        when=f"in {1 + number % _DAYS} days at 04:00",
        hosts=f"name ~ web or name = search{search}",
        command=f"echo {number}",
        job_template_id=str(_FIRST_COPY + number % TEMPLATES),
    )
    return request.id


def _calls(env: Environment, since: int) -> Sequence[Any]:
    received = env.foreman.received_requests[since:]
    return [r for r in received if r.method == "POST" and r.path == "/api/job_invocations"]


def _number(body: Any) -> int:
    return int(body["job_invocation"]["inputs"]["command"].removeprefix("echo "))
