"""The process stands still (a paused machine, say) after it has marked a call as sent and before it makes it."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy.engine import make_url

from bot import crashpoints
from bot.usecases import dispatch
from playground.slack import Person
from playground.stage import Stage
from tests.scenarios.steps import approved, asked, reads, so

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def standing_still(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Whatever is put here is done once while the process stands still."""
    meanwhile: list[Callable[[], None]] = []

    def reach(point: str) -> None:
        if point == crashpoints.AFTER_SENT and meanwhile:
            time.sleep(0.5)
            meanwhile.pop()()

    monkeypatch.setattr(crashpoints, "reach", reach)
    monkeypatch.setattr(dispatch, "STALE_SECONDS", 0.4)
    return meanwhile


def received(on: Stage) -> int:
    return len(on.foreman.received("POST", "/api/job_invocations"))


async def test_a_call_that_nobody_has_missed_is_made_once(
    on: Stage, alice: Person, standing_still: list[Callable[[], None]]
) -> None:
    before = received(on)
    standing_still.append(lambda: None)
    card = await approved(on, await asked(alice))
    await reads(card, "Succeeded", on=on)
    assert standing_still == []
    assert received(on) == before + 1


async def test_a_call_that_others_have_given_up_is_not_made(
    on: Stage, alice: Person, standing_still: list[Callable[[], None]]
) -> None:
    assert on.bot is not None
    database = make_url(on.bot.settings.database).database or ""

    def given_up() -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE attempts SET state = 'unknown' WHERE state = 'sent'")

    before = received(on)
    standing_still.append(given_up)
    await approved(on, await asked(alice))
    await so(on, lambda: not standing_still)
    await asyncio.sleep(1)
    assert received(on) == before
