"""The database does not answer: nothing is decided, nothing is lost, and the person reads what to do."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.storage import sqlite
from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Person
from tests.scenarios.steps import (
    JOBS_PATH,
    RESTART_COMMAND,
    approve_request,
    cancel_on_card,
    confirm_request,
    eventually,
    find_card,
    job_requests,
    jobs_received,
    make_request,
    open_edit,
    press_preview,
    wait_for_texts,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.allows_bot_errors]

WHAT_TO_DO = "database does not answer, so this was not recorded. Please look at the card and try again in a minute."


@pytest.fixture(autouse=True)
def _short_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.3)


@contextmanager
def database_locked(env: Environment) -> Iterator[None]:
    """Keep the bot from writing to its database until the block ends."""
    path = Path(env.env_vars["NIGHTSHIFT_DATA_DIR"]) / "nightshift.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.rollback()


async def test_nothing_is_cancelled(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    name = await make_request(alice, RESTART_COMMAND.replace("=now", '="tomorrow 21:00:30"'), {"service": "nginx"})
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    with database_locked(env):
        assert WHAT_TO_DO in await cancel_on_card(alice, card)
        await alice.click("Reschedule", card)
        form = await alice.modal()
        await eventually(env, lambda: WHAT_TO_DO in form.text, lambda: form.text)
        await form.close()
    assert "Scheduled" in card.text
    assert f"{name}: cancelled." in await cancel_on_card(alice, card)
    env.clock.advance(timedelta(days=2))
    await asyncio.sleep(1.0)
    assert jobs_received(env) == before


async def test_nothing_is_paused_or_resumed(env: Environment, bob: Person) -> None:
    async def reply(text: str) -> str:
        answer = await bob.command(f"/nightshift {text}")
        await eventually(env, lambda: answer.ephemeral_texts)
        return "\n".join(answer.ephemeral_texts)

    with database_locked(env):
        assert WHAT_TO_DO in await reply("pause foreman.main 2h because smoke")
    assert "Nothing is paused." in await reply("pauses")
    await reply("pause foreman.main 2h because smoke")
    with database_locked(env):
        assert WHAT_TO_DO in await reply("resume foreman.main")
    assert "Foreman is paused until" in await reply("pauses")
    assert "Foreman has been resumed." in await reply("resume foreman.main")


async def test_no_edit_is_saved_and_it_can_be_sent_again(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    card = await find_card(bob, name)
    form = await open_edit(alice, card)
    await form.fill({"service": "apache2"})
    preview = await press_preview(form)
    with database_locked(env):
        await preview.submit()
        await eventually(env, lambda: WHAT_TO_DO in preview.text, lambda: preview.text)
    await preview.close()
    form = await alice.modal()
    assert form.value("service") == "apache2"
    assert await confirm_request(await press_preview(form)) == name
    await alice.command(f"/nightshift cancel {name}")


async def test_no_run_is_attached(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    env.foreman.faults.append(Fault("cut", f"{JOBS_PATH}$", "POST"))
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", env=env, timeout=60)
    given = {**job_requests(env)[-1].body["job_invocation"], "description_format": "By hand"}
    job = str(env.foreman.start_job(given).id)
    await bob.click("It ran", card)
    offer = await bob.modal()
    await eventually(env, lambda: offer.labels, lambda: offer.text)
    await offer.fill({offer.labels[-1]: job})
    with database_locked(env):
        await offer.submit()
        await eventually(env, lambda: WHAT_TO_DO in offer.text, lambda: offer.text)
    await offer.close(everything=True)
    assert "Outcome unknown" in card.text
    await bob.click("It ran", card)
    offer = await bob.modal()
    await eventually(env, lambda: offer.labels, lambda: offer.text)
    await offer.fill({offer.labels[-1]: job})
    await offer.submit()
    await eventually(env, lambda: f"{name} is watched as {job}" in offer.text, lambda: offer.text)
    await offer.close(everything=True)
