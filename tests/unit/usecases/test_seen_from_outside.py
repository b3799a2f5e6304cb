"""What operators see of a request: a line of the log and a count for each step, and its trail in order."""

from contextlib import suppress

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.storage import requests
from bot.storage.open_work import read_open_work
from bot.storage.trail import read_trail
from playground.sandbox import Fault
from tests.unit.usecases.harness import FOREMAN, JOBS, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_each_step_of_a_request_is_a_line_of_the_log_and_a_count(bot: Harness) -> None:
    approved = count("nightshift_decisions_total", verdict="approved")
    started = count("nightshift_starts_total", backend=FOREMAN, outcome="started")
    made = count("nightshift_request_transitions_total", was="new", state="awaiting_approval")
    with capture_logs() as log:
        request, run = await bot.started()
    lines = [line for line in log if line.get("request") == request.name]
    first = next(line for line in lines if line["event"] == "request")
    assert (first["was"], first["state"]) == ("new", "awaiting_approval")
    assert {"decision", "run", "call"} <= {line["event"] for line in lines}
    (call,) = [line for line in lines if line["event"] == "call"]
    assert (call["run"], call["backend"], call["outcome"]) == (1, FOREMAN, "started")
    assert call["attempt"] == run.token
    assert count("nightshift_decisions_total", verdict="approved") == approved + 1
    assert count("nightshift_starts_total", backend=FOREMAN, outcome="started") == started + 1
    assert count("nightshift_request_transitions_total", was="new", state="awaiting_approval") == made + 1
    assert {line["log_level"] for line in lines} == {"info"}


async def test_what_is_rolled_back_is_neither_logged_nor_counted(bot: Harness) -> None:
    request = await bot.request()
    with capture_logs() as log, suppress(ZeroDivisionError):
        async with bot.services.db.write() as tx:
            await requests.transition(tx, request, "withdrawn")
            raise ZeroDivisionError
    assert log == []


async def test_a_call_that_fails_is_counted_by_what_went_wrong(bot: Harness) -> None:
    before = count("nightshift_starts_total", backend=FOREMAN, outcome="refused")
    bot.env.foreman.faults.append(Fault("status", JOBS, "POST", status=422))
    with capture_logs() as log:
        request = await bot.approved()
        await bot.dispatch(await bot.run(request))
    assert count("nightshift_starts_total", backend=FOREMAN, outcome="refused") == before + 1
    assert [line["outcome"] for line in log if line["event"] == "call"] == ["refused"]


async def test_the_trail_tells_in_order_what_happened(bot: Harness) -> None:
    request, run = await bot.started()
    async with bot.services.db.read() as tx:
        trail = await read_trail(tx, request)
    what = [entry.what for entry in trail]
    assert what.index("request.submitted") < what.index("call.prepared") < what.index("call.sent")
    assert what.index("call.sent") < what.index("call.answered")
    assert [entry.at for entry in trail] == sorted(entry.at for entry in trail)
    (sent,) = [entry for entry in trail if entry.what == "call.sent"]
    assert sent.facts == {"run": 1, "attempt": run.token}
    assert "message.stored" in what


async def test_the_age_of_the_oldest_that_waits_is_known(bot: Harness) -> None:
    request = await bot.request()
    async with bot.services.db.read() as tx:
        work = await read_open_work(tx, bot.now)
    assert work.requests["awaiting_approval"] >= 1
    assert work.oldest["waiting"] is not None
    assert work.oldest["waiting"] <= request.created_at
