"""Large databases: ten thousand waiting requests, five thousand watched runs; a million finished requests."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks.copies import copy_request
from benchmarks.harness import Harness, run_harness
from benchmarks.load import LoadResult, steady_in_subprocess
from benchmarks.measurements import Measurement, below, informational, percentile

_COPIED_TABLES = {
    "requests": "id",
    "revisions": "request_id",
    "decisions": "request_id",
    "runs": "request_id",
    "messages": "request_id",
}
_MAX_RATIO = 1.5


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """Milliseconds to the answers that people wait for."""

    list_ms: float
    home_ms: float
    click_ms: float


async def _measure_response_times(harness: Harness, card: Any, repetitions: int = 15) -> ResponseTimes:
    request_id = harness.rows("SELECT id FROM requests WHERE number = 1")[0][0]
    listed, home, click = [], [], []
    for _ in range(repetitions):
        began = time.perf_counter()
        outcome = await harness.bob.command("/nightshift list", channel="#ops", settle_timeout=5)
        listed.append((time.perf_counter() - began) * 1000)
        if not outcome.ephemeral_texts:
            raise RuntimeError(f"the list did not come: {outcome}")
        began = time.perf_counter()
        await harness.bob.open_home(settle_timeout=5)
        home.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        kind, payload = harness.button_payload(card, "approve", f"{request_id}:1", "decision")
        outcome = await harness.bob.send(kind, "approve", payload, settle_timeout=5)
        click.append((time.perf_counter() - began) * 1000)
        if not outcome.ephemeral_texts:
            raise RuntimeError(f"the click was not answered: {outcome}")
    return ResponseTimes(median(listed), median(home), median(click))


async def finished_million(size: float) -> Sequence[Measurement]:
    """The list, Home and a click with a million finished requests, against an empty database."""
    many = max(1000, int(1_000_000 * size))
    async with run_harness() as harness:
        card = await harness.make_request(approve=True)
        await _measure_response_times(harness, card, 5)
        empty = await _measure_response_times(harness, card)
        await harness.bot.stop()
        request_id = harness.rows("SELECT id FROM requests")[0][0]
        copy_request(harness.database, request_id, many, tables=_COPIED_TABLES)
        began = time.perf_counter()
        await harness.bot.start()
        ready = time.perf_counter() - began
        await _measure_response_times(harness, card, 5)
        full = await _measure_response_times(harness, card)
        share = await harness.cpu_percent(max(5.0, 15 * size))
        return [
            informational("finished requests", many, ""),
            informational("database", harness.database.stat().st_size / 1e6, "MB"),
            below("list, times of empty", full.list_ms / empty.list_ms, "", _MAX_RATIO),
            below("Home, times of empty", full.home_ms / empty.home_ms, "", _MAX_RATIO),
            below("click, times of empty", full.click_ms / empty.click_ms, "", _MAX_RATIO),
            informational("list, empty", empty.list_ms, "ms"),
            informational("Home, empty", empty.home_ms, "ms"),
            informational("click, empty", empty.click_ms, "ms"),
            below("start to ready with all of that", ready, "s", 2),
            informational("idle with all of that: processor", share, "%"),
        ]


async def waiting_and_watched(size: float) -> Sequence[Measurement]:
    """10,000 requests waiting for approval and 5,000 watched runs, against none."""
    waiting, watched = max(100, int(10_000 * size)), max(50, int(5_000 * size))
    async with run_harness() as harness:
        over = await harness.make_request(approve=True)
        running = await _start_endless_run(harness)
        await harness.make_request()
        request_id = harness.rows("SELECT id FROM requests WHERE number = 1")[0][0]

        async def clicks(seconds: float) -> LoadResult:
            click = harness.button_payload(over, "approve", f"{request_id}:1", "decision")
            return await steady_in_subprocess(harness.bot.url, harness.env.slack.signing_secret, click, 15, seconds)

        await clicks(3)
        empty = await clicks(max(4.0, 30 * size))
        await harness.bot.stop()
        tables = {name: owner for name, owner in _COPIED_TABLES.items() if name != "decisions"}
        wait_id = harness.rows("SELECT id FROM requests WHERE state = 'awaiting_approval'")[0][0]
        copy_request(harness.database, wait_id, waiting, tables={k: v for k, v in tables.items() if k != "runs"})
        _copy_jobs(harness, running, watched)
        began = time.perf_counter()
        await harness.bot.start()
        ready = time.perf_counter() - began
        await harness.cpu_percent(15)
        share = await harness.cpu_percent(max(10.0, 30 * size))
        full = await clicks(max(4.0, 30 * size))
        return [
            informational("waiting for approval", waiting, ""),
            informational("runs being watched", watched, ""),
            below("resident with all of that", harness.memory_mb(), "MB", 300),
            below("processor with all of that", share, "%", 10),
            informational("acknowledgement, median, empty", empty.p50, "ms"),
            below("acknowledgement, median, times of empty", full.p50 / empty.p50, "", 1.2),
            informational("acknowledgement, p99, empty", empty.p99, "ms"),
            below("acknowledgement, p99, times of empty", full.p99 / empty.p99, "", 1.2),
            below("deadlines missed", full.missed_deadlines, "", 1),
            informational("worst acknowledgement", percentile(full.times, 1.0), "ms"),
            below("start to ready with what waits", ready, "s", 2),
        ]


async def _start_endless_run(harness: Harness) -> str:
    """Make a request whose run never ends. Returns its id."""
    harness.env.foreman.speed = 0.0001
    card = await harness.make_request()
    approver = harness.load.approvers[0]
    await harness.load.approve(approver, card)
    await harness.env.slack.wait_until(lambda: "Running" in card.text, 30)
    return str(harness.rows("SELECT id FROM requests WHERE state = 'running'")[0][0])


def _copy_jobs(harness: Harness, request_id: str, count: int) -> None:
    """Copies of a running request, each watching a job of its own in Foreman."""
    jobs = harness.env.foreman.state.jobs
    original = harness.env.foreman.invocations[-1]
    first = max(row[0] for row in harness.rows("SELECT max(number) FROM requests")) + 1
    for number in range(first, first + count):
        jobs.add(replace(original, id=100_000 + number))
    handle = "json_set(old.handle, '$.id', CAST(100000 + n.i AS TEXT))"
    tables = {"requests": "id", "revisions": "request_id", "runs": "request_id", "messages": "request_id"}
    copy_request(harness.database, request_id, count, tables=tables, changes={"runs.handle": handle})
