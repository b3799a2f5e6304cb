"""Somebody changes the content of a request in the database: nothing of it is decided or started."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.settings import load_settings
from bot.storage.schema_version import temporary_engine
from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import (
    RUN_COMMAND,
    approve_request,
    click_for_reply,
    eventually,
    find_card,
    jobs_received,
    make_request,
    wait_for_texts,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.allows_bot_errors]

STOPPED = "Stopped: the stored content is not what was signed."


def alter(env: Environment, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the stored content of a request, as somebody with access to the database could."""
    number = int(name.removeprefix("NS-"))
    with temporary_engine(load_settings(env.config).resolved_database_url) as engine, engine.begin() as connection:
        row = connection.execute(text("SELECT record FROM requests WHERE number = :n"), {"n": number}).scalar_one()
        record = json.loads(row)
        change(record["content"])
        connection.execute(
            text("UPDATE requests SET record = :record WHERE number = :n"), {"record": json.dumps(record), "n": number}
        )


def another_command(content: dict[str, Any]) -> None:
    content["params"]["inputs"]["command"] = "rm -rf /"


def other_hosts(content: dict[str, Any]) -> None:
    content["params"]["search_query"] = "name ~ db"


def an_older_hash(content: dict[str, Any]) -> None:
    """A version that signs fewer fields."""
    content["hash_version"] = 1


@pytest.mark.parametrize("change", [another_command, other_hosts, an_older_hash])
async def test_altered_before_the_decision_it_is_stopped(
    env: Environment, alice: Person, bob: Person, change: Callable[[dict[str, Any]], None]
) -> None:
    name, before = await make_request(alice, f"{RUN_COMMAND} when=now", {"command": "uptime"}), jobs_received(env)
    card = await find_card(bob, name)
    alter(env, name, change)
    answer = await click_for_reply(bob, "Approve", card)
    assert "is not what was signed, so it was stopped" in answer
    await wait_for_texts(card, STOPPED, env=env)
    await bob.wait_for(f"{name} was stopped: its content in the database", where="#ops-admin")
    await alice.wait_for(f"{name} was stopped: its stored content", where="dm")
    assert jobs_received(env) == before


async def test_altered_after_the_approval_nothing_is_sent(env: Environment, alice: Person, bob: Person) -> None:
    line, before = f'{RUN_COMMAND} when="in 2 hours"', jobs_received(env)
    name = await make_request(alice, line, {"command": "uptime"})
    card = await approve_request(env, name)
    alter(env, name, another_command)
    env.clock.advance(timedelta(hours=2, minutes=1))
    await wait_for_texts(card, STOPPED, env=env)
    await bob.wait_for(f"{name} was stopped: its content in the database", where="#ops-admin")
    assert jobs_received(env) == before


async def test_a_series_that_was_altered_has_no_further_run(env: Environment, alice: Person) -> None:
    line = f'{RUN_COMMAND} when="every day at 03:00"'
    name, before = await make_request(alice, line, {"command": "uptime"}), jobs_received(env)
    card = await approve_request(env, name)
    alter(env, name, another_command)
    env.clock.advance(timedelta(days=1))
    await wait_for_texts(card, STOPPED, env=env)
    env.clock.advance(timedelta(days=2))
    await eventually(env, lambda: "waiting for its time" not in card.text, lambda: card.text)
    assert jobs_received(env) == before
