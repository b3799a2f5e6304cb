"""Two people edit a request, or one edits it while its run is about to leave: no change is lost, none is undone."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from playground.environment import Environment
from playground.slack import Message, Modal, Person
from tests.scenarios.steps import (
    RESTART_COMMAND,
    approve_request,
    confirm_request,
    eventually,
    find_card,
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
    await wait_for_texts(card, "Scheduled", env=env)
    form = await open_edit(alice, card)
    await form.fill({"service": "apache2"})
    preview = await press_preview(form)
    before = jobs_received(env)
    slots = env.bot.services.backends["foreman.main"].send_slots
    async with AsyncExitStack() as full:
        while not slots.locked():
            await full.enter_async_context(slots)
        env.clock.advance(timedelta(hours=36))
        await wait_for_texts(card, "Starting", env=env)
        await confirm_request(preview)
    await wait_for_texts(card, "Waiting for approval", "nginx", "apache2", env=env)
    await eventually(env, lambda: not slots.locked())
    assert jobs_received(env) == before


async def edited(who: Person, card: Message, fill: dict[str, Any]) -> Modal:
    """Edit a request up to the preview."""
    form = await open_edit(who, card)
    await form.fill(fill)
    return await press_preview(form)


async def choose(env: Environment, modal: Modal, button: str) -> None:
    """Press a button of the view that shows both changes, and wait for the new preview."""
    await modal.click(button)
    await eventually(env, lambda: modal.container.content["callback_id"] == "preview", lambda: modal.text)


async def test_the_second_of_two_edits_sees_both_and_undoes_nothing(
    env: Environment, alice: Person, bob: Person
) -> None:
    card = await find_card(bob, await make_request(alice))
    alices = await edited(alice, card, {"Why": "for the auditors"})
    await confirm_request(await edited(bob, card, {"Where": "name = web05.sin.example.com"}))
    await wait_for_texts(card, "1 host", "edited by @bob", env=env)
    await alices.submit()
    await eventually(env, lambda: "Nothing was saved." in alices.text, lambda: alices.text)
    for text in ("Changed meanwhile", "Where: ", "name = web05.sin.example.com by @bob", "Why: ", "for the auditors"):
        assert text in alices.text, alices.text
    await choose(env, alices, "Use theirs as the base")
    assert "1 host found by name = web05.sin.example.com: web05.sin.example.com" in alices.text, alices.text
    assert "for the auditors" in alices.text
    await confirm_request(alices)
    await wait_for_texts(card, "for the auditors", "1 host: web05.sin.example.com", env=env)


@pytest.mark.parametrize(("whose", "left"), [("mine", "apache2"), ("theirs", "postgresql")])
async def test_where_both_have_changed_the_same_the_author_picks(
    env: Environment, alice: Person, bob: Person, whose: str, left: str
) -> None:
    card = await find_card(bob, await make_request(alice))
    alices = await edited(alice, card, {"service": "apache2", "Why": "for the auditors"})
    await confirm_request(await edited(bob, card, {"service": "postgresql"}))
    await wait_for_texts(card, "postgresql", env=env)
    await alices.submit()
    await eventually(env, lambda: "You have both changed service." in alices.text, lambda: alices.text)
    await choose(env, alices, f"Use theirs as the base, keep {whose} where both changed")
    await confirm_request(alices)
    await wait_for_texts(card, left, "for the auditors", env=env)


async def test_an_edit_can_be_dropped_for_the_other_one(env: Environment, alice: Person, bob: Person) -> None:
    card = await find_card(bob, await make_request(alice))
    alices = await edited(alice, card, {"service": "apache2"})
    await confirm_request(await edited(bob, card, {"service": "postgresql"}))
    await alices.submit()
    await eventually(env, lambda: "Drop my edit" in alices.text, lambda: alices.text)
    await alices.click("Drop my edit")
    await eventually(env, lambda: "Your edit is dropped." in alices.text, lambda: alices.text)
    await alices.close(everything=True)
    await wait_for_texts(card, "postgresql", env=env)
    assert "service apache2" not in card.text


async def test_a_preview_tells_at_once_that_the_request_was_changed_and_the_form_below_undoes_nothing(
    env: Environment, alice: Person, bob: Person
) -> None:
    card = await find_card(bob, await make_request(alice))
    form = await open_edit(alice, card)
    await form.fill({"Why": "for the auditors"})
    await confirm_request(await edited(bob, card, {"service": "postgresql"}))
    await form.submit()
    top = await alice.modal()
    await eventually(env, lambda: "Nothing was saved." in top.text, lambda: top.text)
    await choose(env, top, "Use theirs as the base")
    assert "postgresql" in top.text
    await top.close()
    form = await alice.modal()
    await form.fill({"Why": "typed into the old form"})
    await form.submit()
    await eventually(env, lambda: "this form now shows your changes on top of that" in form.text, lambda: form.text)
    assert (form.value("service"), form.value("Why")) == ("postgresql", "for the auditors")
    await confirm_request(await press_preview(form))
    await wait_for_texts(card, "postgresql", "for the auditors", env=env)


async def test_another_change_while_both_are_shown_is_shown_too(env: Environment, alice: Person, bob: Person) -> None:
    card = await find_card(bob, await make_request(alice))
    alices = await edited(alice, card, {"Why": "for the auditors"})
    await confirm_request(await edited(bob, card, {"service": "postgresql"}))
    await alices.submit()
    await eventually(env, lambda: "Nothing was saved." in alices.text, lambda: alices.text)
    await confirm_request(await edited(bob, card, {"Where": "name = web05.sin.example.com"}))
    await alices.click("Use theirs as the base")
    await eventually(env, lambda: "name = web05.sin.example.com by @bob" in alices.text, lambda: alices.text)
    await choose(env, alices, "Use theirs as the base")
    await confirm_request(alices)
    await wait_for_texts(card, "postgresql", "1 host: web05", "for the auditors", env=env)
