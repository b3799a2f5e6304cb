"""“It ran”: people say which run of the back end a request of unknown outcome is, and evidence decides."""

from typing import Any

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Message, Modal, Person
from tests.scenarios.form_filling import fill_pages
from tests.scenarios.steps import (
    WAIT_SECONDS,
    advance_to_run,
    approve_request,
    click_for_reply,
    confirm_request,
    eventually,
    job_requests,
    jobs_received,
    make_request,
    open_form,
    press_preview,
    say_it_did_not_run,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

JOBS = "^/api/job_invocations$"
BY_ID = "Under which id does Foreman have it?"


async def unknown(env: Environment, alice: Person) -> tuple[str, Message]:
    """A request of Alice's whose call got lost. Returns its name and its card."""
    name = await make_request(alice)
    env.foreman.faults.append(Fault("cut", JOBS, "POST"))
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", "Nothing is sent again", env=env)
    return name, card


def start_by_hand(env: Environment, **changes: Any) -> str:
    """Start in Foreman itself what Nightshift has asked for last, with changes. Returns its id."""
    given = {**job_requests(env)[-1].body["job_invocation"], "description_format": "By hand", **changes}
    return str(env.foreman.start_job(given).id)


async def say_it_ran(env: Environment, who: Person, card: Message) -> Modal:
    """Press “It ran” and wait for what is offered."""
    await who.click("It ran", card)
    modal = await who.modal(WAIT_SECONDS)
    await eventually(env, lambda: "Looking for runs" not in modal.text, lambda: modal.text)
    return modal


async def test_an_approver_chooses_the_job_from_a_list(env: Environment, alice: Person, bob: Person) -> None:
    name, card = await unknown(env, alice)
    job = start_by_hand(env)
    offer = await say_it_ran(env, bob, card)
    await offer.fill({f"Which of them is {name}?": f"{job} · By hand"})
    await offer.submit()
    await eventually(env, lambda: f"{name} is watched as {job}" in offer.text, lambda: offer.text)
    await offer.close(everything=True)
    await wait_for_texts(card, "Done", "20 of 20", env=env)


async def test_what_the_requester_names_counts_once_an_approver_has_confirmed_it(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, card = await unknown(env, alice)
    job = start_by_hand(env)
    offer = await say_it_ran(env, alice, card)
    await offer.fill({"Or its id in Foreman": job})
    await offer.submit()
    await eventually(env, lambda: "An approver who has not written" in offer.text, lambda: offer.text)
    await offer.close(everything=True)
    await wait_for_texts(card, "Outcome unknown", f"@alice says that it ran as “{job} · By hand”", env=env)
    await bob.wait_for(f"{name} is said to have run as “{job} · By hand”", where=card)
    assert "You have written this request" in await click_for_reply(alice, "Confirm this run", card)
    dave = env.slack.person("dave")
    env.slack.admin.add_to_channel("dave", "#approvals")
    assert "Only the requester and the approvers" in await click_for_reply(dave, "Confirm this run", card)
    assert f"{name} is watched as {job}" in await click_for_reply(bob, "Confirm this run", card)
    await wait_for_texts(card, "Done", "20 of 20", env=env)


async def test_a_run_that_carries_the_token_is_found_when_somebody_looks(env: Environment, alice: Person) -> None:
    name = await make_request(alice)
    env.foreman.faults += [
        Fault("cut_after", JOBS, "POST"),
        Fault("status", "^/api/job_invocations", "GET", status=403, remaining=None),
    ]
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", env=env)
    env.foreman.faults.clear()
    found = await say_it_ran(env, alice, card)
    assert f"{name} is watched as {env.foreman.invocations[-1].id}" in found.text
    await found.close(everything=True)
    await wait_for_texts(card, "Done", env=env)


async def test_the_requester_can_neither_attach_nor_cancel_somebody_elses_job(
    env: Environment, alice: Person, bob: Person
) -> None:
    env.foreman.speed = 0.001
    foreign = start_by_hand(env, search_query="name ~ db") if job_requests(env) else ""
    name, card = await unknown(env, alice)
    foreign = foreign or start_by_hand(env, search_query="name ~ db")
    offer = await say_it_ran(env, alice, card)
    label = offer.labels[-1]
    await offer.fill({label: foreign})
    words = (await offer.submit()).errors[label]
    assert f"{foreign} is not the run of {name}." in words
    assert "It is for other hosts: name ~ db." in words
    await offer.close(everything=True)
    reply = await alice.command(f"/nightshift cancel {name}")
    await eventually(env, lambda: reply.ephemeral_texts)
    assert "It is not known whether the present run started, so it was not cancelled." in reply.ephemeral_texts[0]
    assert "“It did not run” on the card ends it." in reply.ephemeral_texts[0]
    assert env.foreman.requests_to("POST", f"/api/job_invocations/{foreign}/cancel") == []
    assert f"{name} is closed." in await say_it_did_not_run(bob, card, "Close it")
    await wait_for_texts(card, "Cancelled", "It did not run, and was closed.", env=env)


async def test_foreman_not_answering_leaves_it_unknown_and_says_so(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, card = await unknown(env, alice)
    job = start_by_hand(env)
    offer = await say_it_ran(env, bob, card)
    label = offer.labels[-1]
    env.foreman.faults.append(Fault("status", "^/api/job_invocations", "GET", status=403, remaining=None))
    await offer.fill({label: job})
    words = (await offer.submit()).errors[label]
    assert "it is not known whether this is the run, and nothing was recorded. Please try again." in words
    env.foreman.faults.clear()
    await offer.submit()
    await eventually(env, lambda: f"{name} is watched as {job}" in offer.text, lambda: offer.text)
    await offer.close(everything=True)
    await wait_for_texts(card, "Done", env=env)


async def lost_run_of_opsramp(env: Environment, alice: Person, job: str) -> tuple[str, Message]:
    """A run on demand whose answer was lost. OpsRamp keeps no record of it."""
    line = f'/opsramp run job="{job}" when=now because=so'
    name = await confirm_request(await press_preview(await open_form(alice, line)))
    env.opsramp.faults.append(Fault("cut_after", r"/jobs/[^/]*/run$", "GET"))
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", env=env)
    return name, card


async def test_opsramp_with_the_id_complete_nonsense_stays_unknown(
    env: Environment, alice: Person, bob: Person
) -> None:
    _, card = await lost_run_of_opsramp(env, alice, "Nightly network backup")
    offer = await say_it_ran(env, bob, card)
    assert "OpsRamp shows no run that fits" in offer.text
    (label,) = offer.labels
    await offer.fill({label: "complete nonsense"})
    words = (await offer.submit()).errors[label]
    assert "OpsRamp shows nothing under complete nonsense that can be read, so it is not known whether it ran." in words
    await offer.close(everything=True)
    await wait_for_texts(card, "Outcome unknown", env=env)


async def test_the_output_of_a_script_shows_that_opsramp_has_run_it(
    env: Environment, alice: Person, bob: Person
) -> None:
    _, card = await lost_run_of_opsramp(env, alice, "Restart print spooler")
    env.clock.advance(env.opsramp.script_duration)
    offer = await say_it_ran(env, bob, card)
    choice, _ = offer.labels
    (option,) = offer.option_texts(choice)
    assert option.startswith("Output of Restart print spooler from")
    await offer.fill({choice: option})
    await offer.submit()
    await offer.close(everything=True)
    await wait_for_texts(card, "Done", "OpsRamp tells no exit status", env=env)


async def test_sessions_that_somebody_started_in_immybot_are_confirmed_by_an_approver(
    env: Environment, alice: Person, bob: Person
) -> None:
    modal = await open_form(alice, "/immybot when=now because=so")
    await fill_pages(
        modal,
        {
            "Targets": {"Computers": ["COR-003"]},
            "Maintenance": {"What": "Full maintenance: everything that is deployed"},
        },
    )
    name = await confirm_request(await press_preview(modal))
    env.immybot.faults.append(Fault("cut", "/api/v1/run-immy-service-new", "POST"))
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", env=env)
    sent = env.immybot.requests_to("POST", "/api/v1/run-immy-service-new")[-1].body
    (session,) = env.immybot.start_sessions({**sent, "sessionGroupId": None})
    offer = await say_it_ran(env, alice, card)
    choice, _ = offer.labels
    await offer.fill({choice: f"Session {session} · COR-003 (#{sent['computers'][0]['computerId']})"})
    await offer.submit()
    await offer.close(everything=True)
    await wait_for_texts(card, "@alice says that it ran as", env=env)
    assert f"{name} is watched as {session}" in await click_for_reply(bob, "Confirm this run", card)
    env.clock.advance(env.immybot.session_duration * 2)
    await wait_for_texts(card, "Done", env=env)


async def test_a_run_of_a_series_whose_outcome_is_unknown_can_be_settled(env: Environment, alice: Person) -> None:
    """The series goes on meanwhile; its card has the same two answers as that of a single run."""
    before = jobs_received(env)
    line = (
        '/foreman template="Run Command - Script Default" hosts="name ~ cache" when="every 3 days at 04:00" because=so'
    )
    card = await approve_request(env, await make_request(alice, line, {"command": "id"}))
    env.foreman.faults.append(Fault("status", "/api/job_invocations", "POST", status=500, remaining=1))
    await advance_to_run(env, card, 1)
    await eventually(env, lambda: "It ran" in card.buttons, lambda: card.text)
    assert "Cancel the series" in card.buttons
    assert "is started again" in await say_it_did_not_run(alice, card, "Start it now")
    await eventually(env, lambda: jobs_received(env) == before + 2, lambda: card.text)
    await eventually(env, lambda: "It ran" not in card.buttons, lambda: card.text)
