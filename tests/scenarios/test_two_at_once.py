"""The same run taken up twice at once, as after a crash: it is called once, and its outcome is the call's."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import select

from bot.storage.tables import attempts
from bot.usecases.dispatch import dispatch
from playground.sandbox import Fault
from playground.slack import Person
from playground.stage import Stage
from tests.scenarios.steps import WAIT, approved, asked, reads

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_whoever_comes_second_neither_calls_nor_says_how_it_ended(on: Stage, alice: Person) -> None:
    assert on.bot is not None
    app = on.bot.services
    before = len(on.foreman.received("POST", "/api/job_invocations"))
    on.foreman.faults.append(Fault("slow", "/api/job_invocations$", "POST", seconds=0.5))
    sending = app.backend("foreman.main").sending
    async with AsyncExitStack() as full:
        for _ in range(4):
            await full.enter_async_context(sending)
        card = await approved(on, await asked(alice))
        await reads(card, "Starting", on=on)
        async with app.db.read() as tx:
            run_id = (await tx.execute(select(attempts.c.run_id).where(attempts.c.state == "prepared"))).scalar_one()
        second = asyncio.create_task(dispatch(app, run_id))
        await asyncio.sleep(0.2)  # It has read the row, and waits for its turn behind the first one.
        assert not second.done()
    await asyncio.wait_for(second, WAIT)
    await reads(card, "Succeeded", on=on)
    assert len(on.foreman.received("POST", "/api/job_invocations")) == before + 1
