"""What ids stand for is shown, approved, and asked about again when it changes."""

from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.opsramp.world import CLIENT
from playground.slack import Message, Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import (
    approve_request,
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    jobs_received,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "UTC"

[[policy.rules]]
name = "power"
when = { template = "Power Action*" }
approvers = ["@sre"]
quorum = 2

[[policy.rules]]
name = "no passwords"
when = { template = "Change Local Password" }
effect = "refuse"
"""

BY_FEATURE = '/foreman run feature="Run Script" hosts="name ~ web" when="{}" because=patch'
RUN_JOB = '/opsramp run job="Restart print spooler" when="{}" because="Printer jam"'
CHROME = "/immybot maintenance_type=GlobalSoftware maintenance_identifier=10 computers=ALD-001 when=now because=cve"
UPTIME = {"command": "uptime"}


@pytest.fixture(autouse=True)
def _restored_feature(env: Environment) -> None:
    env.foreman.state.world.point_feature("run_script", 189)
    env.foreman.state.world.change_template(189, name="Run Command - Script Default", text="<%= input('command') %>")


async def press_approve(who: Person, card: Message) -> str:
    """Press Approve and return everything that is answered."""
    return await click_for_reply(who, "Approve", card)


async def test_the_card_of_a_feature_names_its_template(env: Environment, alice: Person, bob: Person) -> None:
    form = await open_form(alice, BY_FEATURE.format("tomorrow 21:00"))
    await form.fill(UPTIME)
    preview = await press_preview(form)
    shown = "Run Script → template “Run Command - Script Default” (id 189), runs as root"
    assert shown in preview.text
    card = await find_card(bob, await confirm_request(preview))
    assert shown in card.text
    await bob.click("Details", card)
    assert shown in (await bob.modal(WAIT_SECONDS)).text


async def test_a_rule_about_a_template_matches_a_request_by_feature(
    env: Environment, alice: Person, bob: Person
) -> None:
    env.foreman.state.world.point_feature("run_script", 192)
    name = await make_request(alice, BY_FEATURE.format("tomorrow 21:00"))
    await wait_for_texts(
        await find_card(bob, name), "Needs 2 approvals from @sre", "Power Action - Script Default", env=env
    )


async def test_a_feature_that_is_pointed_elsewhere_before_the_approval_is_asked_about_again(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    before = jobs_received(env)
    name = await make_request(alice, BY_FEATURE.format("now"), UPTIME)
    card = await find_card(bob, name)
    env.foreman.state.world.point_feature("run_script", 193)
    answer = await press_approve(bob, card)
    difference = (
        "Feature: template “Run Command - Script Default” (id 189) → template “Run Command - Ansible Default” (id 193)"
    )
    assert difference in answer
    assert "This was put before its approvers again." in answer
    assert "You approved" not in answer
    await wait_for_texts(card, "Changed: ", "Waiting for approval", env=env)
    await bob.wait_for(f"{name} must be approved again", where="#approvals", timeout=WAIT_SECONDS)
    assert jobs_received(env) == before
    await approve_request(env, name, "carol")
    await eventually(env, lambda: jobs_received(env) == before + 1)


async def test_one_approval_of_two_does_not_count_for_another_template(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    world = env.foreman.state.world
    world.change_template(189, name="Power Action - harmless")
    name = await make_request(alice, BY_FEATURE.format("tomorrow 21:00"), UPTIME)
    card = await find_card(bob, name)
    assert "You approved" in await press_approve(bob, card)
    world.change_template(189, text="reboot")
    answer = await press_approve(carol, card)
    assert "text of template “Power Action - harmless” (id 189): as approved → changed" in answer
    await wait_for_texts(card, "Changed: ", "Waiting for approval", env=env)
    assert "You approved" in await press_approve(carol, card)
    await approve_request(env, name, "bob")


async def test_a_renamed_template_that_policy_wants_two_people_for_gets_two(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    name = await make_request(alice, BY_FEATURE.format("tomorrow 21:00"), UPTIME)
    card = await find_card(bob, name)
    env.foreman.state.world.change_template(189, name="Power Action - Reboot")
    assert "This was put before its approvers again." in await press_approve(bob, card)
    await wait_for_texts(card, "Changed: ", "Needs 2 approvals from @sre", env=env)
    assert "You approved" in await press_approve(bob, card)
    await approve_request(env, name, "carol")


async def test_a_template_that_policy_refuses_is_not_approved(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice, BY_FEATURE.format("tomorrow 21:00"), UPTIME)
    card = await find_card(bob, name)
    env.foreman.state.world.change_template(189, name="Change Local Password")
    answer = await press_approve(bob, card)
    assert "Policy does not allow this any more." in answer
    await wait_for_texts(card, "Waiting for approval", env=env)


async def test_the_card_of_an_opsramp_job_names_its_script(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice, RUN_JOB.format("tomorrow 21:00"))
    card = await find_card(bob, name)
    await wait_for_texts(
        card, "script “Restart service” (id 7), version 1.0", "parameters Service = Spooler; Timeout = 60", env=env
    )


async def test_a_job_whose_script_changed_before_the_approval_is_asked_about_again(
    env: Environment, alice: Person, bob: Person
) -> None:
    name = await make_request(alice, RUN_JOB.format("tomorrow 21:00"))
    card = await find_card(bob, name)
    env.opsramp.tenants[CLIENT].script(7)["scriptVersion"] = "2.0"
    answer = await press_approve(bob, card)
    assert "version of script “Restart service” (id 7): 1.0 → 2.0" in answer
    await wait_for_texts(card, "Changed: ", "version 2.0", env=env)
    await approve_request(env, name)


async def test_a_job_with_more_devices_before_the_approval_is_asked_about_again(
    env: Environment, alice: Person, bob: Person
) -> None:
    name = await make_request(alice, RUN_JOB.format("tomorrow 21:00"))
    card = await find_card(bob, name)
    job = env.opsramp.job_by_name("Restart print spooler")
    entities, more = job["entities"], env.opsramp.devices[3:12]
    job["entities"] = [*entities, *({"resource": {"id": device.id, "type": "DEVICE"}} for device in more)]
    answer = await press_approve(bob, card)
    job["entities"] = entities
    assert "Targets: 3 devices → 12 devices: +" in answer
    assert f"+{more[0].host}" in answer
    await wait_for_texts(card, "Changed: ", "12 devices", env=env)


async def test_the_card_of_a_maintenance_names_the_item_and_its_version(
    env: Environment, alice: Person, bob: Person
) -> None:
    name = await make_request(alice, CHROME)
    card = await find_card(bob, name)
    await wait_for_texts(card, "Chrome (id 10), version 1.10.0", env=env)
    env.immybot.world.publish_version("Chrome", "1.11.0")
    assert "version of global software “Chrome” (id 10): 1.10.0 → 1.11.0" in await press_approve(bob, card)


async def test_time_that_passes_is_no_change(env: Environment, alice: Person, bob: Person) -> None:
    await make_request(alice, RUN_JOB.format("now"))
    name = await make_request(alice, RUN_JOB.format("now"))
    card = await find_card(bob, name)
    assert "Restart print spooler" in card.text
    env.clock.advance(timedelta(minutes=10))
    await approve_request(env, name)
