"""Much in the database: ten thousand requests that wait and runs that are watched; a million that are over."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks.figures import Figure, percentile, plain, under
from benchmarks.hall import Hall, hall
from benchmarks.load import Result, steady_apart
from benchmarks.rows import multiply

_FULL = {
    "requests": "id",
    "revisions": "request_id",
    "decisions": "request_id",
    "runs": "request_id",
    "messages": "request_id",
}
_SAME = 1.5


@dataclass(frozen=True, slots=True)
class Feel:
    """How the bot feels: milliseconds to the answer that a person waits for."""

    listed: float
    home: float
    click: float


async def _feel(here: Hall, card: Any, many: int = 15) -> Feel:
    request_id = here.rows("SELECT id FROM requests WHERE number = 1")[0][0]
    listed, home, click = [], [], []
    for _ in range(many):
        began = time.perf_counter()
        outcome = await here.bob.command("/nightshift list", channel="#ops", patience=5)
        listed.append((time.perf_counter() - began) * 1000)
        if not outcome.ephemeral:
            raise RuntimeError(f"the list did not come: {outcome}")
        began = time.perf_counter()
        await here.bob.home(patience=5)
        home.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        kind, payload = here.act(card, "approve", f"{request_id}:1", "decision")
        outcome = await here.bob.interact(kind, "approve", payload, patience=5)
        click.append((time.perf_counter() - began) * 1000)
        if not outcome.ephemeral:
            raise RuntimeError(f"the click was not answered: {outcome}")
    return Feel(median(listed), median(home), median(click))


async def finished_million(size: float) -> Sequence[Figure]:
    """The list, Home and a click with a million requests that are over, against an empty database."""
    many = max(1000, int(1_000_000 * size))
    async with hall() as here:
        card = await here.request(approve=True)
        await _feel(here, card, 5)
        empty = await _feel(here, card)
        await here.bot.stop()
        request_id = here.rows("SELECT id FROM requests")[0][0]
        multiply(here.database, request_id, many, tables=_FULL)
        began = time.perf_counter()
        await here.bot.start()
        ready = time.perf_counter() - began
        await _feel(here, card, 5)
        full = await _feel(here, card)
        share = await here.processor_share(max(5.0, 15 * size))
        return [
            plain("finished requests", many, ""),
            plain("database", here.database.stat().st_size / 1e6, "MB"),
            under("list, times of empty", full.listed / empty.listed, "", _SAME),
            under("Home, times of empty", full.home / empty.home, "", _SAME),
            under("click, times of empty", full.click / empty.click, "", _SAME),
            plain("list, empty", empty.listed, "ms"),
            plain("Home, empty", empty.home, "ms"),
            plain("click, empty", empty.click, "ms"),
            under("start to ready with all of that", ready, "s", 2),
            plain("idle with all of that: processor", share, "%"),
        ]


async def waiting_and_watched(size: float) -> Sequence[Figure]:
    """10,000 requests that wait for approval and 5,000 runs being watched, against none."""
    waiting, watched = max(100, int(10_000 * size)), max(50, int(5_000 * size))
    async with hall() as here:
        over = await here.request(approve=True)
        running = await _running(here)
        await here.request()
        request_id = here.rows("SELECT id FROM requests WHERE number = 1")[0][0]

        async def clicks(seconds: float) -> Result:
            click = here.act(over, "approve", f"{request_id}:1", "decision")
            return await steady_apart(here.bot.url, here.on.slack.signing_secret, click, 15, seconds)

        await clicks(3)
        empty = await clicks(max(4.0, 30 * size))
        await here.bot.stop()
        tables = {name: owner for name, owner in _FULL.items() if name != "decisions"}
        wait_id = here.rows("SELECT id FROM requests WHERE state = 'awaiting_approval'")[0][0]
        multiply(here.database, wait_id, waiting, tables={k: v for k, v in tables.items() if k != "runs"})
        _copy_jobs(here, running, watched)
        began = time.perf_counter()
        await here.bot.start()
        ready = time.perf_counter() - began
        await here.processor_share(15)
        share = await here.processor_share(max(10.0, 30 * size))
        full = await clicks(max(4.0, 30 * size))
        return [
            plain("waiting for approval", waiting, ""),
            plain("runs being watched", watched, ""),
            under("resident with all of that", here.resident(), "MB", 300),
            under("processor with all of that", share, "%", 10),
            plain("acknowledgement, median, empty", empty.p50, "ms"),
            under("acknowledgement, median, times of empty", full.p50 / empty.p50, "", 1.2),
            plain("acknowledgement, p99, empty", empty.p99, "ms"),
            under("acknowledgement, p99, times of empty", full.p99 / empty.p99, "", 1.2),
            under("deadlines missed", full.missed, "", 1),
            plain("worst acknowledgement", percentile(full.times, 1.0), "ms"),
            under("start to ready with what waits", ready, "s", 2),
        ]


async def _running(here: Hall) -> str:
    """A request whose run goes on for ever; its id."""
    here.on.foreman.speed = 0.0001
    card = await here.request()
    approver = here.crowd.approvers[0]
    await here.crowd.approve(approver, card)
    await here.on.slack.until(lambda: "Running" in card.text, 30)
    return str(here.rows("SELECT id FROM requests WHERE state = 'running'")[0][0])


def _copy_jobs(here: Hall, request_id: str, many: int) -> None:
    """Copies of a running request, each watching a job of its own in Foreman."""
    jobs = here.on.foreman.state.jobs
    original = here.on.foreman.invocations[-1]
    first = max(row[0] for row in here.rows("SELECT max(number) FROM requests")) + 1
    for number in range(first, first + many):
        jobs.add(replace(original, id=100_000 + number))
    handle = "json_set(old.handle, '$.id', CAST(100000 + n.i AS TEXT))"
    tables = {"requests": "id", "revisions": "request_id", "runs": "request_id", "messages": "request_id"}
    multiply(here.database, request_id, many, tables=tables, changes={"runs.handle": handle})
