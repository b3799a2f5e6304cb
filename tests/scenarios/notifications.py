"""Who gets which new message: approvers in the channel and outside of it, the requester. Played over HTTP, and over
Socket Mode with a private channel."""

from datetime import UTC, datetime, timedelta

import pytest

from playground.environment import Environment
from playground.slack import Message, Person
from tests.scenarios.steps import (
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

GROUPS = {"@sre": ["bob", "dave"], "@leads": ["carol"]}
"""Dave is not in #approvals."""
POLICY = """
[policy]
approvers = ["@sre"]
reminders = ["30m"]
escalate_after = "2h"
escalate_to = ["@leads"]
expires = "5h"
"""
ONE_HOST = '/foreman template="Run Command - Script Default" hosts="name ~ db11" inputs.command=uptime '
ONE_HOST += 'when="tomorrow 21:00" because=patch'


@pytest.fixture
def dave(env: Environment) -> Person:
    """An approver who is not in the channel."""
    return env.slack.person("dave")


def mentioned(message: Message) -> set[str]:
    """The ids of the users and groups that a message mentions."""
    found: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            found.update(str(value[key]) for key in ("user_id", "usergroup_id") if key in value)
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(message.blocks)
    return found


def notes(person: Person, name: str) -> list[str]:
    """The direct messages to somebody that are about a request and no card of it."""
    return [m.text for m in person.direct_messages if name in m.text and "\nWhen " not in m.text]


async def test_who_is_not_in_the_channel_has_the_card_and_decides_on_it(
    env: Environment, alice: Person, bob: Person, dave: Person
) -> None:
    form = await open_form(alice, ONE_HOST)
    preview = await press_preview(form)
    assert "This will notify 2 people." in preview.text
    assert "In #approvals: @bob. By direct message: @dave." in preview.text
    name = await confirm_request(preview)
    card, copy = await find_card(bob, name), await find_card(dave, name, "dm")
    assert "S0SRE" in mentioned(card)
    assert "S0SRE" not in mentioned(copy)
    assert copy.buttons == card.buttons
    assert not [m for m in bob.direct_messages if name in m.text]
    assert f"You approved {name}." in await click_for_reply(dave, "Approve", copy)
    await wait_for_texts(card, "Approved by @dave", "Scheduled", env=env)
    await wait_for_texts(copy, "Approved by @dave", "Scheduled", env=env)
    assert "Approve" not in copy.buttons
    told = await alice.wait_for("Approved: Run Command: uptime", "dm")
    assert f"@dave approved {name}." in told.text
    assert "It starts " in told.text
    assert not notes(dave, name)


async def test_a_denial_and_a_wish_for_changes_are_new_messages(
    env: Environment, alice: Person, bob: Person, dave: Person
) -> None:
    name = await make_request(alice, ONE_HOST)
    card = await find_card(bob, name)
    copy = await find_card(dave, name, "dm")
    await bob.click("Request changes", card)
    question = await bob.modal()
    await question.fill({"What should be changed?": "not tomorrow"})
    await question.submit()
    reply = await bob.wait_for("not tomorrow", card)
    assert alice.id in mentioned(reply)
    await alice.wait_for(f"Changes to {name} are requested: “not tomorrow”", "dm")
    await (await bob.modal()).close()
    await click_for_reply(bob, "Undo my decision", card)
    await dave.click("Deny", copy)
    question = await dave.modal()
    await question.fill({"Why?": "not before the release"})
    await question.submit()
    told = await alice.wait_for("Denied: Run Command: uptime", "dm")
    assert f"@dave: “not before the release”. {name} will not run." in told.text
    await wait_for_texts(card, "Denied", "@dave", env=env)


async def test_reminders_go_to_those_who_have_not_decided_and_an_escalation_to_the_second_group(
    env: Environment, alice: Person, bob: Person, carol: Person, dave: Person
) -> None:
    name = await make_request(alice, ONE_HOST)
    card, copy = await find_card(bob, name), await find_card(dave, name, "dm")
    env.clock.advance(timedelta(minutes=31))
    reminder = await bob.wait_for("1 approval needed", card)
    assert mentioned(reminder) == {bob.id}
    assert reminder.buttons == ["Approve", "Deny", "Details"]
    assert mentioned(await dave.wait_for("1 approval needed", copy)) == {dave.id}
    assert not [m for m in carol.direct_messages if name in m.text]
    env.clock.advance(timedelta(hours=2))
    await find_card(carol, name, "dm")
    escalated = await bob.wait_for("@leads may decide now too.", card)
    assert "S0SRE" in mentioned(escalated)
    assert len(mentioned(escalated)) == 2
    env.clock.advance(timedelta(hours=4))
    expired = await alice.wait_for("Expired: Run Command: uptime", "dm")
    assert expired.buttons == ["Edit and request again", "Details"]
    await eventually(env, lambda: not reminder.buttons, lambda: reminder.text)
    assert "Expired" in reminder.text
    await wait_for_texts(await find_card(carol, name, "dm"), "Expired", env=env)


async def test_the_start_and_the_end_are_told_to_the_requester_and_in_the_thread(
    env: Environment, alice: Person, bob: Person
) -> None:
    name = await make_request(alice, ONE_HOST)
    card = await find_card(bob, name)
    await click_for_reply(bob, "Approve", card)
    await alice.wait_for("Approved: Run Command: uptime", "dm")
    await wait_for_texts(card, "Scheduled", env=env)
    env.clock.move_to(datetime(2027, 1, 12, 19, 46, tzinfo=UTC))
    await alice.wait_for(f"{name} starts ", "dm")
    await bob.wait_for(f"{name} starts ", card)
    env.clock.advance(timedelta(minutes=15))
    await eventually(env, lambda: any(f"{name} succeeded" in m.text for m in card.thread), lambda: card.text)
    outcome = await bob.wait_for(f"{name} ·", "#results")
    assert "U0ALICE" not in mentioned(outcome)
    assert sum(f"{name} starts " in text for text in notes(alice, name)) == 1
