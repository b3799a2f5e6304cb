"""Rounds of the background work: how much one does, and what becomes of the rest."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.requests.model import Run
from bot.storage import requests, runs
from bot.usecases.approvals.reopen import reopen_for_approval
from bot.usecases.jobs import scheduler
from bot.usecases.jobs.requeue import requeue_orphaned_runs
from bot.usecases.jobs.scheduler import start_due_runs
from bot.usecases.jobs.watch import poll_backend
from bot.usecases.runs import find_unknown
from bot.usecases.runs.admission import ObstacleCode
from bot.usecases.runs.find_unknown import find_unknown_runs
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "8h"
reminders = ["1h"]
"""


@pytest.fixture(autouse=True)
async def _nothing_else_waits(bot: Harness) -> None:
    """What earlier tests left open is closed."""
    async with bot.services.db.write() as tx:
        for summary in await requests.summaries_awaiting_approval(tx, 100):
            await requests.transition(tx, await requests.get(tx, summary.id), "withdrawn")
        for state in ("pending", "starting", "unknown"):
            for run in await runs.in_state(tx, state):
                await runs.transition(tx, run, "cancelled")


async def add_runs(bot: Harness, count: int, **values: Any) -> None:
    """Runs of one request that are due, numbered from 100 on."""
    request = await bot.approved(when="tomorrow 20:00")
    async with bot.services.db.write() as tx:
        for number in range(100, 100 + count):
            base = {"id": f"n_{request.id}_{number}", "request_id": request.id, "number": number, "version": 1}
            await runs.add(tx, Run(**(base | {"state": "pending"} | values)), "foreman.main", "foreman.run")


async def test_a_round_starts_a_limited_number_of_runs(bot: Harness) -> None:
    assert scheduler.MAX_STARTS_PER_ROUND == 64
    await add_runs(bot, 66, due_at=bot.now)
    await start_due_runs(bot.services)
    assert len({key for _, key in bot.engine.started}) == 64


async def test_everything_that_runs_is_polled_in_one_round_whatever_became_of_its_operation(bot: Harness) -> None:
    backend = bot.services.backends.require("foreman.main")
    await add_runs(bot, 120, state="running", handle={"kind": "run", "id": "4711", "url": "", "detail": {}})
    bot.forward(seconds=60)
    assert await poll_backend(bot.services, backend) >= 120
    assert await poll_backend(bot.services, backend) == 0
    bot.forward(seconds=60)
    connection = SimpleNamespace(name=backend.name, operations={})
    assert await poll_backend(bot.services, replace(backend, connection=connection)) >= 120  # type: ignore[arg-type]
    async with bot.services.db.write() as tx:
        for run in await runs.in_state(tx, "running", 500):
            await runs.transition(tx, run, "cancelled")


async def test_a_run_has_lost_its_job_if_it_is_overdue_for_half_a_minute(bot: Harness) -> None:
    run = await bot.run(await bot.approved(when="every 3 days at 04:00"))
    assert run.due_at is not None
    bot.engine.reset()
    bot.move_to(run.due_at + timedelta(seconds=30) - timedelta(microseconds=1))
    await requeue_orphaned_runs(bot.services)
    assert not [key for _, key in bot.engine.started if key.startswith(run.id)]
    bot.move_to(run.due_at + timedelta(seconds=30))
    await requeue_orphaned_runs(bot.services)
    (started,) = [(job, key) for job, key in bot.engine.started if key.startswith(run.id)]
    assert started[0] == "dispatch"
    assert started[1] != f"{run.id}:1"
    bot.engine.reset()
    bot.engine.running.add(f"{run.id}:")
    await requeue_orphaned_runs(bot.services)
    assert not [key for _, key in bot.engine.started if key.startswith(run.id)]


async def test_a_run_that_cannot_be_looked_up_keeps_no_other_from_being_found(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    (_, first), (_, second) = await bot.unknown(), await bot.unknown()
    asked, find = [], find_unknown.find_unknown_run

    async def failing(services: Any, run: Run, max_age: timedelta) -> None:
        asked.append(run.id)
        if len(asked) == 1:
            await find(bot.without_backend("foreman.main"), run, max_age)
        await find(services, run, max_age)

    monkeypatch.setattr(find_unknown, "find_unknown_run", failing)
    await find_unknown_runs(bot.services)
    assert set(asked) == {first.id, second.id}


async def test_a_request_that_is_opened_again_begins_a_new_round(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 20:00")
    run = await bot.run(request)
    bot.forward(hours=2)
    bot.woken()
    before = {m.id: m.desired_version for m in await bot.messages(request, "approval", "receipt")}
    earlier_notes = {m.id for m in await bot.messages(request, "note")}
    await reopen_for_approval(bot.services, run, request, ObstacleCode.RENEWAL_DUE, "It is due.")
    after = await bot.reload(request)
    assert (after.state, after.revision, after.outcome) == ("awaiting_approval", request.revision + 1, "It is due.")
    assert (after.approved_at, after.round_opened_at) == (None, bot.now)
    assert after.approve_by == bot.now + timedelta(hours=8)
    assert after.remind_at == bot.now + timedelta(hours=1)
    assert after.content.renewal == request.content.renewal + 1
    assert after.content_hash == after.content.hash != request.content_hash
    assert after.last_editor == request.last_editor
    ended = await bot.run(request)
    assert (ended.state, ended.problem, ended.finished_at) == ("cancelled", "It is due.", bot.now)
    assert (await bot.audit(request))[-1] == (
        "request.asked_again",
        {"why": "It is due.", "codes": ["renewal_due"], "hash": after.content_hash},
    )
    notes = [note for note in await bot.messages(request, "note") if note.id not in earlier_notes]
    (card,) = await bot.messages(request, "approval")
    assert {note.recipient: note.parent_id for note in notes} == {"#approvals": card.id, "U0ALICE": None}
    assert {note.facts["text"] for note in notes} == {f"{request.name} must be approved again. It is due."}
    shown = {m.id: m.desired_version for m in await bot.messages(request, "approval", "receipt")}
    assert all(shown[id_] > version for id_, version in before.items())
    assert bot.woken() == {"sender"}
    assert (await bot.decide(after)).request.state == "scheduled"
