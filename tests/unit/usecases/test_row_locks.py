"""Who changes a request holds the lock of its row first, so that on PostgreSQL two nodes take turns.

SQLite has one writer at a time and no such locks, so the statements are looked at as PostgreSQL would get them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import CursorResult, Dialect, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.base import Executable

from bot.errors import ContentAltered
from bot.ids import PREVIEW_TOKEN
from bot.requests.model import Request
from bot.storage import requests
from bot.storage.database import Database
from bot.storage.tables import requests as requests_table
from bot.storage.transactions import Parameters, SqlValue, Tx
from bot.usecases.approvals.ask_again import ask_again
from bot.usecases.approvals.decide import load_decidable_request
from bot.usecases.approvals.reopen import reopen_for_approval
from bot.usecases.approvals.retract import retract_decision
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.preflight import PreflightResult
from bot.usecases.runs.admission import ObstacleCode
from bot.usecases.runs.cancel import cancel
from bot.usecases.runs.dispatch import dispatch_run
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

_DIALECT = PGDialect_psycopg()


class WatchedTx(Tx):
    """A transaction that notes how requests are read in it."""

    def __init__(self, tx: Tx, noted: list[str]) -> None:
        self._tx = tx
        self._noted = noted

    @property
    def dialect(self) -> Dialect:
        return self._tx.dialect

    async def execute(
        self, statement: Executable, parameters: Parameters | Sequence[Parameters] | None = None, /
    ) -> CursorResult[*tuple[SqlValue, ...]]:
        if isinstance(statement, Select) and requests_table in statement.get_final_froms():
            text = str(statement.compile(dialect=_DIALECT))
            self._noted.append("locked" if text.endswith("FOR UPDATE") else "read")
        return await self._tx.execute(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Parameters | None = None, /) -> SqlValue:
        return await self._tx.scalar(statement, parameters)


class WatchedDatabase:
    """The database, with the reads of requests in each transaction that may write."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.writes: list[list[str]] = []

    def read(self) -> AbstractAsyncContextManager[Tx]:
        return self._db.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        self.writes.append([])
        async with self._db.write() as tx:
            yield WatchedTx(tx, self.writes[-1])

    @property
    def first_reads(self) -> list[str]:
        """How each transaction that reads a request reads it first."""
        return [reads[0] for reads in self.writes if reads]


@asynccontextmanager
async def watched(bot: Harness) -> AsyncIterator[WatchedDatabase]:
    """Let the services of the harness work on a watched database."""
    before, db = bot.services, WatchedDatabase(bot.services.db)
    bot.services = replace(before, db=db)  # type: ignore[arg-type]
    try:
        yield db
    finally:
        bot.services = before


async def current_preview(bot: Harness, request: Request) -> Any:
    operation = bot.services.backends.operation(request.content.backend, request.content.operation)
    params = operation.params_model.model_validate(request.content.params)
    return await operation.preview(params, request.content.schedule, PREVIEW_TOKEN)


async def test_a_decision_and_its_retraction(bot: Harness) -> None:
    request = await bot.request()
    async with watched(bot) as db:
        await bot.decide(request, "bob", "changes", comment="smaller, please")
        await retract_decision(bot.services, request.id, bot.person("bob"))
    assert db.first_reads == ["locked", "locked"]


async def test_a_new_round(bot: Harness) -> None:
    waiting, approved = await bot.request(), await bot.approved(when="tomorrow 20:00")
    found = PreflightResult(current=await current_preview(bot, waiting))
    async with watched(bot) as db:
        await ask_again(bot.services, waiting, found)
        await reopen_for_approval(bot.services, await bot.run(approved), approved, ObstacleCode.RENEWAL_DUE, "Due.")
    assert db.first_reads == ["locked", "locked"]


async def test_an_edit(bot: Harness) -> None:
    request = await bot.request()
    draft = await edit_request(bot.services, request.id, await bot.actor("alice"))
    draft = await apply_form_state(bot.services, draft, await bot.actor("alice"), {"inputs.command": "uptime"}, {})
    async with watched(bot) as db:
        await bot.submit(draft)
    assert db.first_reads == ["locked"]


async def test_a_start_locks_when_it_is_prepared_and_when_it_is_sent(bot: Harness) -> None:
    run = await bot.run(await bot.approved())
    async with watched(bot) as db:
        await dispatch_run(bot.services, run.id)
    assert db.first_reads[:2] == ["locked", "locked"]


async def test_a_cancellation_here_and_in_the_back_end(bot: Harness) -> None:
    request, _ = await bot.started()
    async with watched(bot) as db:
        await cancel(bot.services, request.id, bot.person("alice"))
    assert db.first_reads == ["locked", "locked"]


async def test_the_stop_of_what_was_altered(bot: Harness) -> None:
    request = await bot.request()
    altered = request.content.model_copy(update={"params": {**request.content.params, "description": "another"}})
    async with bot.services.db.write() as tx:
        await requests.transition(tx, request, request.state, content=altered)
    async with watched(bot) as db:
        with pytest.raises(ContentAltered):
            await load_decidable_request(bot.services, request.id, request.revision, bot.person("bob"))
    assert db.first_reads == ["locked"]
