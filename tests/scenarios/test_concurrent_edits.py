"""Two people edit a request, or one edits it while its run is about to leave: no change is lost, none is undone."""

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import (
    RESTART_COMMAND,
    approve_request,
    confirm_request,
    eventually,
    jobs_received,
    make_request,
    open_edit,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LATER = RESTART_COMMAND.replace("when=now", 'when="tomorrow 21:00:30"')


async def test_an_edit_wins_over_a_call_that_has_not_left_yet(env: Environment, alice: Person) -> None:
    assert env.bot is not None
    card = await approve_request(env, await make_request(alice, LATER, {"service": "nginx"}))
    await wait_for_texts(card, "Scheduled", "Nightshift holds the start", env=env)
    form = await open_edit(alice, card)
    await form.fill({"service": "apache2"})
    preview = await press_preview(form)
    before = jobs_received(env)
    slots = env.bot.services.backends["foreman.main"].send_slots
    async with AsyncExitStack() as full:
        while not slots.locked():
            await full.enter_async_context(slots)
        env.clock.advance(timedelta(days=2))
        await wait_for_texts(card, "Starting", env=env)
        await confirm_request(preview)
    await wait_for_texts(card, "Waiting for approval", "nginx", "apache2", env=env)
    await eventually(env, lambda: not slots.locked())
    assert jobs_received(env) == before
