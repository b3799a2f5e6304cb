"""The process is paused after it has recorded a call as sent and before it makes the call."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy.engine import make_url

from bot import failpoints
from bot.usecases.runs import attempts
from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import approve_request, eventually, jobs_received, make_request, wait_for_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def during_pause(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Callbacks that run once during the pause."""
    meanwhile: list[Callable[[], None]] = []

    def reach(point: str) -> None:
        if point == failpoints.AFTER_SENT and meanwhile:
            time.sleep(0.5)
            meanwhile.pop()()

    monkeypatch.setattr(failpoints, "hit", reach)
    monkeypatch.setattr(attempts, "MAX_SEND_DELAY_SECONDS", 0.4)
    return meanwhile


async def test_a_call_that_nobody_has_missed_is_made_once(
    env: Environment, alice: Person, during_pause: list[Callable[[], None]]
) -> None:
    before = jobs_received(env)
    during_pause.append(lambda: None)
    card = await approve_request(env, await make_request(alice))
    await wait_for_texts(card, "Done", env=env)
    assert during_pause == []
    assert jobs_received(env) == before + 1


async def test_a_call_that_others_have_given_up_is_not_made(
    env: Environment, alice: Person, during_pause: list[Callable[[], None]]
) -> None:
    assert env.bot is not None
    database = make_url(env.bot.settings.resolved_database_url).database or ""

    def given_up() -> None:
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE attempts SET state = 'unknown' WHERE state = 'sent'")

    before = jobs_received(env)
    during_pause.append(given_up)
    await approve_request(env, await make_request(alice))
    await eventually(env, lambda: not during_pause)
    await asyncio.sleep(1)
    assert jobs_received(env) == before
