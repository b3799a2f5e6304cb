"""/nightshift and the Home tab: what there is, at a glance, for the one who looks."""

import pytest

from playground.slack import Person
from playground.stage import Stage
from tests.scenarios.steps import RESTART, WAIT, approved, asked, card, reads, so

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def answer(on: Stage, who: Person, text: str) -> str:
    """What ``/nightshift`` answers, to this person alone."""
    reply = await who.command(f"/nightshift {text}".strip())
    assert reply.error == ""
    await so(on, lambda: reply.ephemeral)
    return "\n".join(reply.ephemeral)


async def test_help_names_every_verb_and_command(on: Stage, alice: Person) -> None:
    for text in ("", "help", "HELP"):
        said = await answer(on, alice, text)
        for verb in ("list", "mine", "approvals", "show NS-12", "cancel NS-12", "when PHRASE", "delegate", "help"):
            assert f"/nightshift {verb}" in said
        assert "/foreman, /opsramp, /immybot" in said


async def test_an_unknown_verb_is_answered_with_the_known_ones(on: Stage, alice: Person) -> None:
    said = await answer(on, alice, "explode everything <!channel>")
    assert "“explode” is not known here." in said
    assert "/nightshift list" in said


async def test_lists_show_what_they_say(on: Stage, alice: Person, bob: Person, carol: Person) -> None:
    done = await asked(alice)
    await reads(await approved(on, done, by="carol"), "Succeeded", on=on)
    waiting = await asked(bob)
    everything = await answer(on, carol, "list")
    assert f"{done} ·" in everything
    assert "Succeeded" in everything
    assert f"{waiting} ·" in everything
    undecided = await answer(on, carol, "approvals")
    assert f"{waiting} ·" in undecided
    assert f"{done} ·" not in undecided
    own = await answer(on, alice, "mine")
    assert f"{done} ·" in own
    assert f"{waiting} ·" not in own
    assert "There is nothing." in await answer(on, carol, "mine")


async def test_show_opens_everything_about_a_request(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice)
    reply = await bob.command(f"/nightshift show {name.lower()}")
    modal = reply.modal or await bob.modal(WAIT)
    assert name in modal.title
    assert "Waiting for approval" in modal.text
    assert "app12.ber.example.com" in modal.text


@pytest.mark.parametrize("text", ["show", "show me", "show NS-99999", "cancel NS-99999", "cancel all", "show -1"])
async def test_a_request_that_is_not_there_is_said(on: Stage, alice: Person, text: str) -> None:
    said = await answer(on, alice, text)
    assert said in (
        "Say which request: its number, such as NS-12.",
        "There is no request NS-99999. /nightshift list shows the recent ones.",
    )
    assert alice.open_modal is None


async def test_cancel_withdraws_what_was_not_decided_yet(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice)
    found = await card(bob, name)
    assert await answer(on, alice, f"cancel {name}") == f"{name} is withdrawn."
    await reads(found, "Withdrawn", on=on)


async def test_somebody_else_cannot_cancel(on: Stage, alice: Person) -> None:
    name = await asked(alice)
    assert "Only the one who asked can withdraw it." in await answer(on, on.slack.person("dave"), f"cancel {name}")


async def test_when_says_what_a_time_means_to_the_one_who_asks(on: Stage, alice: Person, bob: Person) -> None:
    assert "21:00 CET (Europe/Berlin)" in await answer(on, alice, "when tomorrow 21:00")
    assert "21:00 EST (America/New_York)" in await answer(on, bob, "when tomorrow 21:00")
    assert "was not understood" in await answer(on, alice, "when pigs fly")


@pytest.mark.parametrize("name", ["mallory"])
async def test_a_guest_is_told_that_it_is_not_for_them(on: Stage, name: str) -> None:
    assert "Guests cannot use Nightshift here." in await answer(on, on.slack.person(name), "list")


async def test_the_home_tab_shows_what_waits_and_ones_own_requests(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice)
    home = await bob.home()
    await so(on, lambda: name in home.text)
    waiting, own = home.text.split("Your requests")
    assert name in waiting
    assert name not in own
    for command in ("/foreman", "/opsramp", "/immybot"):
        assert command in waiting
    home = await alice.home()
    await so(on, lambda: name in home.text.split("Your requests")[1])
    await home.click("Show details", near=name)
    details = await alice.modal(WAIT)
    assert name in details.title


async def test_the_home_tab_of_a_guest_says_why_it_is_empty(on: Stage) -> None:
    home = await on.slack.person("mallory").home()
    await so(on, lambda: "Guests cannot use Nightshift here." in home.text)


async def test_the_home_tab_holds_any_number_of_requests(on: Stage, alice: Person) -> None:
    for _ in range(12):
        await asked(alice)
    home = await alice.home()
    await so(on, lambda: "more: /nightshift list" in home.text)
    assert len(home.blocks) <= 100
    assert RESTART not in home.text
