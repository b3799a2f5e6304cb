"""The search for conflicts among thousands of open requests: how long it holds the event loop."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measurements import Measurement, at_most, informational
from bot.clock import SystemClock
from bot.requests.model import Content, Person, Request, Requirement, TargetSet
from bot.schedule import Parsed, read
from bot.storage import requests
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.usecases.conflict_finder import ConflictFinder
from bot.usecases.policy_input import policy_input_of_request

MAX_HOLD_MS = 50
_ALICE = Person(team="T1", user="U1")


async def conflicts(size: float) -> Sequence[Measurement]:
    """5,000 open requests: with other targets, with one of the same, and some with as many names as a preview gives."""
    count = max(50, int(5000 * size))
    shared = tuple(f"web-{number}" for number in range(50))
    figures = [informational("open requests", count, "")]
    for label, many, names in (
        ("other targets", count, 50),
        ("the same targets", count, 0),
        ("20,000 names in every 50th", count, 20_000),
    ):
        others = [_names(number, names, shared) for number in range(many)]
        held, seconds, found = await _search(shared, others)
        figures += [
            at_most(f"event loop held, {label}", held * 1000, "ms", MAX_HOLD_MS),
            informational(f"search, {label}", seconds * 1000, "ms"),
            informational(f"conflicts, {label}", found, ""),
        ]
    return figures


def _names(number: int, names: int, shared: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return shared
    count = names if names < 1000 or number % 50 == 0 else 50
    return tuple(f"host-{number}-{index}.example.com" for index in range(count))


async def _search(mine: tuple[str, ...], others: Sequence[tuple[str, ...]]) -> tuple[float, float, int]:
    """Return for how long the loop was held at most, how long a search took, and how many conflicts it found."""
    with tempfile.TemporaryDirectory(prefix="nightshift-bench-") as name:
        url = f"sqlite:///{Path(name) / 'nightshift.sqlite'}"
        migrate(url)
        db = Database(url)
        async with db.write() as tx:
            for number, names in enumerate(others, 2):
                await requests.add(tx, _request(number, names), None)
        finder = ConflictFinder(db, SystemClock(), timedelta(hours=1), short_names=False)
        policy_input = policy_input_of_request(_request(1, mine))
        gaps: list[float] = []
        ticking = asyncio.create_task(_tick(gaps))
        began = time.perf_counter()
        found = await finder.find(policy_input)
        seconds = time.perf_counter() - began
        ticking.cancel()
        await db.close()
        return max(gaps), seconds, len(found)


async def _tick(gaps: list[float]) -> None:
    """Note how long each turn of the loop takes."""
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now


def _request(number: int, names: tuple[str, ...]) -> Request:
    now = datetime.now(UTC)
    parsed = read("every day at 06:00", now=now, zone="Europe/Berlin")
    assert isinstance(parsed, Parsed)
    content = Content(backend="foreman.prod", operation="foreman.run", params={}, schedule=parsed.schedule)
    return Request(
        id=f"r_{number}",
        number=number,
        state="scheduled",
        version=1,
        revision=1,
        content=content,
        content_hash=content.hash,
        title="Foreman: run a job",
        phrase="every day at 06:00",
        zone="Europe/Berlin",
        reason="a benchmark",
        requester=_ALICE,
        targets=TargetSet(count=len(names), names=names),
        requirement=Requirement(),
        created_at=now,
    )
