"""/nightshift and the Home tab: an overview for each person."""

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import (
    RESTART_COMMAND,
    WAIT_SECONDS,
    approve_request,
    eventually,
    find_card,
    make_request,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def hub_reply(env: Environment, who: Person, text: str) -> str:
    """The ephemeral answer to ``/nightshift``."""
    reply = await who.command(f"/nightshift {text}".strip())
    assert reply.error == ""
    await eventually(env, lambda: reply.ephemeral_texts)
    return "\n".join(reply.ephemeral_texts)


async def test_help_names_every_verb_and_command(env: Environment, alice: Person) -> None:
    for text in ("", "help", "HELP"):
        said = await hub_reply(env, alice, text)
        for verb in ("list", "mine", "approvals", "show NS-12", "cancel NS-12", "when PHRASE", "delegate", "help"):
            assert f"/nightshift {verb}" in said
        assert "/foreman, /opsramp, /immybot" in said


async def test_an_unknown_verb_is_answered_with_the_known_ones(env: Environment, alice: Person) -> None:
    said = await hub_reply(env, alice, "explode everything <!channel>")
    assert "“explode” is not known here." in said
    assert "/nightshift list" in said


async def test_lists_show_what_they_say(env: Environment, alice: Person, bob: Person, carol: Person) -> None:
    done = await make_request(alice)
    await wait_for_texts(await approve_request(env, done, by="carol"), "Done", env=env)
    waiting = await make_request(bob)
    everything = await hub_reply(env, carol, "list")
    assert f"{done} ·" in everything
    assert "Done" in everything
    assert f"{waiting} ·" in everything
    undecided = await hub_reply(env, carol, "approvals")
    assert f"{waiting} ·" in undecided
    assert f"{done} ·" not in undecided
    own = await hub_reply(env, alice, "mine")
    assert f"{done} ·" in own
    assert f"{waiting} ·" not in own
    assert "You have no requests." in await hub_reply(env, carol, "mine")


async def test_show_opens_everything_about_a_request(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    reply = await bob.command(f"/nightshift show {name.lower()}")
    modal = reply.modal or await bob.modal(WAIT_SECONDS)
    assert name in modal.title
    assert "Waiting for approval" in modal.text
    assert "app12.ber.example.com" in modal.text


async def test_the_file_of_details_is_for_those_who_have_to_do_with_the_request(
    env: Environment, alice: Person
) -> None:
    dave, name = env.slack.person("dave"), await make_request(alice)
    reply = await dave.command(f"/nightshift show {name}")
    modal = reply.modal or await dave.modal(WAIT_SECONDS)
    await modal.click("Send me the file")
    await modal.wait_for_text(f"Logs and files of {name} are for its requester, its approvers and admins.")
    await modal.close(everything=True)


@pytest.mark.parametrize("text", ["show", "show me", "show NS-99999", "cancel NS-99999", "cancel all", "show -1"])
async def test_an_unknown_request_is_reported(env: Environment, alice: Person, text: str) -> None:
    said = await hub_reply(env, alice, text)
    assert said in (
        "Say which request: its number, such as NS-12.",
        "There is no request NS-99999. /nightshift list shows the recent ones.",
    )
    assert alice.open_modal is None


async def test_cancel_withdraws_what_was_not_decided_yet(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    card = await find_card(bob, name)
    assert await hub_reply(env, alice, f"cancel {name}") == f"{name} is withdrawn."
    await wait_for_texts(card, "Withdrawn", env=env)


async def test_somebody_else_cannot_cancel(env: Environment, alice: Person) -> None:
    name = await make_request(alice)
    assert "Only the requester can withdraw it." in await hub_reply(env, env.slack.person("dave"), f"cancel {name}")


async def test_when_explains_a_time_to_its_author_only(env: Environment, alice: Person, bob: Person) -> None:
    assert "21:00 CET (Europe/Berlin)" in await hub_reply(env, alice, "when tomorrow 21:00")
    assert "21:00 EST (America/New_York)" in await hub_reply(env, bob, "when tomorrow 21:00")
    assert "was not understood" in await hub_reply(env, alice, "when pigs fly")


async def test_when_lists_the_answers_to_its_question(env: Environment, alice: Person) -> None:
    told = await hub_reply(env, alice, "when tomorrow at 9")
    assert "❓" in told
    for phrase in ("tomorrow at 09:00", "tomorrow at 21:00"):
        assert f"say “{phrase}”" in told


async def test_when_names_a_series_that_runs_too_often(env: Environment, alice: Person) -> None:
    told = await hub_reply(env, alice, "when every 5 minutes")
    assert "Runs must be at least 60 minutes apart; these are 5." in told


@pytest.mark.parametrize("name", ["mallory"])
async def test_a_guest_is_told_that_it_is_not_for_them(env: Environment, name: str) -> None:
    assert "Guests cannot use Nightshift here." in await hub_reply(env, env.slack.person(name), "list")


async def test_the_home_tab_shows_what_waits_and_ones_own_requests(
    env: Environment, alice: Person, bob: Person
) -> None:
    name = await make_request(alice)
    home = await bob.open_home()
    await eventually(env, lambda: name in home.text)
    waiting, own = home.text.split("Your requests")
    assert "Needs you" in waiting
    assert name in waiting
    assert name not in own
    for start in ("Run a Foreman job", "OpsRamp job", "Run ImmyBot maintenance"):
        assert start in home.buttons
    home = await alice.open_home()
    await eventually(env, lambda: name in home.text.split("Your requests")[1])
    await home.click("Details", near=name)
    details = await alice.modal(WAIT_SECONDS)
    assert name in details.title


async def test_the_home_tab_of_a_guest_says_why_it_is_empty(env: Environment) -> None:
    home = await env.slack.person("mallory").open_home()
    await eventually(env, lambda: "Guests cannot use Nightshift here." in home.text)


async def test_the_home_tab_holds_any_number_of_requests(env: Environment, alice: Person) -> None:
    for _ in range(12):
        await make_request(alice)
    home = await alice.open_home()
    await eventually(env, lambda: "There are more: /nightshift mine" in home.text)
    assert len(home.blocks) <= 100
    assert RESTART_COMMAND not in home.text


async def test_times_are_said_back_in_the_language_that_somebody_chooses(env: Environment, alice: Person) -> None:
    assert "Times are read and said back in German" in await hub_reply(env, alice, "language Deutsch")
    said = await hub_reply(env, alice, "when Samstag um 22 Uhr")
    assert "2027 22:00 CET (Europe/Berlin), in " in said
    assert said.startswith("Sa., "), said
    assert "Say one of en, de, es, fr, nl, pt, or off" in await hub_reply(env, alice, "language klingon")
    assert "said back in English" in await hub_reply(env, alice, "language off")
    assert (await hub_reply(env, alice, "when saturday 22:00")).startswith("Sat ")
