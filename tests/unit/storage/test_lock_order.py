"""Two transactions that change a run and its request take turns: neither waits for what the other one holds."""

import asyncio

import pytest

from bot.errors import Conflict
from bot.requests.model import Run
from bot.storage import requests, runs
from bot.storage.database import Database
from tests.unit.requests.build import pending_request

RUN = Run(id="n1", request_id="r1", number=1, state="running", version=1)


@pytest.mark.parametrize("url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_a_run_that_ends_and_a_request_that_is_cancelled_never_wait_for_each_other(db: Database) -> None:
    request, is_locked = pending_request(), asyncio.Event()
    async with db.write() as tx:
        await requests.add(tx, request, None)
        await runs.add(tx, RUN, "foreman.prod", "foreman.run")

    async def cancel() -> None:
        """As ``cancel`` does it: the request first."""
        async with db.write() as tx:
            current = await requests.get(tx, request.id, for_update=True)
            is_locked.set()
            await asyncio.sleep(0.2)
            await runs.transition(tx, RUN, "cancelled")
            await requests.transition(tx, current, "withdrawn")

    async def finish() -> None:
        """As ``finish_run`` does it: the run first."""
        await is_locked.wait()
        async with db.write() as tx:
            await runs.transition(tx, RUN, "succeeded")
            await requests.transition(tx, await requests.get(tx, request.id), "denied")

    results = await asyncio.gather(cancel(), finish(), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], Conflict)
