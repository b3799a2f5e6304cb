"""Starts and objects that a back end keeps: overlap, and cancellations that have to be asked for again."""

from datetime import timedelta

import pytest

from bot.requests.model import Content, Request, Run
from bot.requests.start_check import CANCEL_AHEAD, cancelled_by_person
from bot.schedule import Now
from bot.storage import requests, runs
from bot.usecases.jobs.check_starts import check_starts
from bot.usecases.runs.admission import ObstacleCode, find_obstacle
from playground.sandbox import Fault
from tests.unit.requests.build import pending_request
from tests.unit.usecases.harness import OPSRAMP, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"


@pytest.mark.parametrize(("overlap", "late"), [(None, "overlaps"), ("wait", "waits_for_last")])
async def test_a_kept_start_waits_for_the_last_run_until_it_is_too_late_to_cancel_it(
    bot: Harness, overlap: str | None, late: str
) -> None:
    request = await bot.approved(when="every day at 22:00")
    request = request.model_copy(update={"content": request.content.model_copy(update={"overlap": overlap})})
    start = bot.now + timedelta(hours=1)
    going = Run(id=f"n1{request.id}", request_id=request.id, number=1, state="running", version=1, starts_at=bot.now)
    kept = Run(id=f"n2{request.id}", request_id=request.id, number=2, state="scheduled_in_backend", version=1)
    async with bot.services.db.write() as tx:
        await runs.add(tx, going, request.content.backend, request.content.operation)

    async def code(ahead: timedelta) -> tuple[str, str]:
        found = await find_obstacle(bot.services, kept, request, start - ahead, [], start)
        return (found.code, found.text) if found is not None else ("", "")

    assert await code(timedelta(minutes=14)) == (
        ObstacleCode.WAITS_FOR_LAST,
        "The run of Mon 11 Jan 10:00 CET is still going.",
    )
    assert (await code(CANCEL_AHEAD))[0] == late
    async with bot.services.db.write() as tx:
        await runs.transition(tx, going, "succeeded")
    assert (await code(CANCEL_AHEAD))[0] == ""


async def created(bot: Harness, number: int) -> tuple[Request, Run]:
    """A job that OpsRamp has created, and whose request somebody has cancelled."""
    content = Content(backend=OPSRAMP, operation="opsramp.create_job", params={}, schedule=Now())
    changes = {"id": f"r-own{number}", "number": 900 + number, "state": "scheduled", "content": content}
    request = pending_request().model_copy(update={**changes, "content_hash": content.hash})
    handle = {"id": f"j{number}", "kind": "run", "detail": {"tenant": "client_1", "job": f"j{number}"}}
    run = Run(
        id=f"n-own{number}",
        request_id=request.id,
        number=1,
        state="scheduled_in_backend",
        version=1,
        handle=handle,
        start_check=cancelled_by_person(request.name),
    )
    async with bot.services.db.write() as tx:
        await requests.add(tx, request, None)
        await runs.add(tx, run, OPSRAMP, content.operation, check_at=bot.now)
    return request, run


async def test_what_an_operation_created_is_taken_back_once_its_back_end_answers(bot: Harness) -> None:
    backend = bot.services.backends.require(OPSRAMP)
    request, _ = await created(bot, 1)
    bot.env.opsramp.faults.append(Fault("status", "/jobs/j1", "DELETE", status=503, remaining=None))
    await check_starts(bot.services, backend)
    run = await bot.run(request)
    assert (run.state, "could not be cancelled yet" in run.problem) == ("scheduled_in_backend", True)
    bot.env.opsramp.faults.clear()
    bot.forward(minutes=1)
    await check_starts(bot.services, backend)
    assert ((await bot.run(request)).state, (await bot.reload(request)).state) == ("cancelled", "cancelled")


async def test_a_back_end_that_never_takes_it_back_is_not_asked_again(bot: Harness) -> None:
    backend = bot.services.backends.require(OPSRAMP)
    request, _ = await created(bot, 2)
    bot.env.opsramp.faults.append(Fault("status", "/jobs/j2", "DELETE", status=403, remaining=None))
    await check_starts(bot.services, backend)
    run = await bot.run(request)
    assert (run.state, run.start_check) == ("scheduled_in_backend", None)
    assert "It could not be cancelled: " in run.problem
