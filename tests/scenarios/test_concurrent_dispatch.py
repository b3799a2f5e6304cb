"""A run that is dispatched twice at once, as after a crash, is called once, and its outcome is the call's."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import select

from bot.storage.tables import attempts
from bot.usecases.runs.dispatch import dispatch_run
from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Person
from tests.scenarios.steps import WAIT_SECONDS, approve_request, jobs_received, make_request, wait_for_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_second_dispatch_neither_calls_nor_records_an_outcome(env: Environment, alice: Person) -> None:
    assert env.bot is not None
    services = env.bot.services
    before = jobs_received(env)
    env.foreman.faults.append(Fault("slow", "/api/job_invocations$", "POST", seconds=0.5))
    sending = services.backends["foreman.main"].send_slots
    async with AsyncExitStack() as full:
        for _ in range(4):
            await full.enter_async_context(sending)
        card = await approve_request(env, await make_request(alice))
        await wait_for_texts(card, "Starting", env=env)
        async with services.db.read() as tx:
            run_id = (await tx.execute(select(attempts.c.run_id).where(attempts.c.state == "prepared"))).scalar_one()
        second = asyncio.create_task(dispatch_run(services, run_id))
        await asyncio.sleep(0.2)  # It has read the row and waits for its turn.
        assert not second.done()
    await asyncio.wait_for(second, WAIT_SECONDS)
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1
