"""What was approved is what runs: the world changes between the approval and the start."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.foreman.world import Host, World
from playground.opsramp.world import CLIENT
from playground.sandbox import Fault
from playground.slack import Message, Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import (
    advance_to_run,
    approve_request,
    eventually,
    find_card,
    jobs_received,
    make_request,
    say_it_did_not_run,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"

[[policy.rules]]
name = "power"
when = { template = "Power Action*" }
approvers = ["@sre"]
quorum = 2

[[policy.rules]]
name = "two caches at once"
when = { targets = "cache*", max_targets = 2 }
unless = { targets = "db*" }
effect = "approve"

[[policy.rules]]
name = "leads only"
when = { targets = "batch*" }
may_request = ["@leads"]
"""
GROUPS = {"leads": ["alice"]}
EXTRA = "[people]\nallow_guests = true\n"
FEATURE = '/foreman run feature="Run Script" hosts="{}" when="{}" because=patch'
COMMAND = '/foreman run template="Run Command - Script Default" hosts="{}" when="{}" because=patch'
UPTIME = {"command": "uptime"}
SERIES = "every 3 days at 04:00"


@pytest.fixture
def world(env: Environment) -> Iterator[World]:
    """Foreman's objects, as before after the test."""
    world = env.foreman.state.world
    hosts = list(world.hosts)
    yield world
    world.hosts = hosts
    world.point_feature("run_script", 189)
    world.change_template(189, name="Run Command - Script Default", text="<%= input('command') %>")
    world.change_template(193, name="Run Command - Ansible Default", text="<%= input('command') %>")


def joined(like: Host, name: str, number: int) -> Host:
    """A host that joined meanwhile, like another one."""
    return replace(like, id=number, name=name)


async def asked_again(env: Environment, card: Message, *texts: str) -> None:
    await wait_for_texts(card, "Waiting for approval", *texts, env=env)


async def test_a_feature_that_is_pointed_at_a_reboot_does_not_run(
    env: Environment, alice: Person, bob: Person, world: World
) -> None:
    before = jobs_received(env)
    name = await make_request(alice, FEATURE.format("name ~ web", SERIES), UPTIME)
    card = await approve_request(env, name)
    world.change_template(193, name="Power Action - Reboot")
    world.point_feature("run_script", 193)
    await advance_to_run(env, card, 1)
    await asked_again(
        env, card, "It would do something else now.", "Power Action - Reboot", "Needs 2 approvals from @sre"
    )
    await bob.wait_for(f"{name} must be approved again.", where="#approvals", timeout=WAIT_SECONDS)
    assert jobs_received(env) == before


async def test_a_renamed_template_does_not_run(env: Environment, alice: Person, world: World) -> None:
    before = jobs_received(env)
    card = await approve_request(env, await make_request(alice, COMMAND.format("name ~ web", SERIES), UPTIME))
    world.change_template(189, name="Power Action - Reboot")
    await advance_to_run(env, card, 1)
    await asked_again(env, card, "Power Action - Reboot", "Needs 2 approvals from @sre")
    assert jobs_received(env) == before


async def test_a_later_run_of_a_series_is_judged_too(env: Environment, alice: Person, world: World) -> None:
    before = jobs_received(env)
    card = await approve_request(env, await make_request(alice, FEATURE.format("name ~ web", SERIES), UPTIME))
    await advance_to_run(env, card, 1)
    await eventually(env, lambda: jobs_received(env) == before + 1)
    await wait_for_texts(card, "Run 2: waiting for its time", env=env)
    world.point_feature("run_script", 193)
    await advance_to_run(env, card, 2)
    await asked_again(env, card, "It would do something else now.")
    assert jobs_received(env) == before + 1


async def test_an_opsramp_job_whose_script_changed_does_not_run(env: Environment, alice: Person) -> None:
    line = '/opsramp run job="Restart print spooler" when="every 3 days at 04:00" because="Printer jam"'
    card = await approve_request(env, await make_request(alice, line))
    script = env.opsramp.tenants[CLIENT].script(7)
    version = script["scriptVersion"]
    try:
        script["scriptVersion"] = "2.0"
        await advance_to_run(env, card, 1)
        await asked_again(env, card, "version of script “Restart service” (id 7): 1.0 → 2.0")
    finally:
        script["scriptVersion"] = version


async def test_hosts_that_joined_do_not_run_along(env: Environment, alice: Person, world: World) -> None:
    before = jobs_received(env)
    card = await approve_request(env, await make_request(alice, COMMAND.format("name ~ web", SERIES), UPTIME))
    web = next(host for host in world.hosts if host.name.startswith("web"))
    world.hosts += [joined(web, f"web9{number:02}.ber.example.com", 900 + number) for number in range(30)]
    await advance_to_run(env, card, 1)
    await asked_again(env, card, "It would do something else now.")
    assert jobs_received(env) == before


async def test_a_database_that_joined_a_query_that_policy_approves_is_asked_about(
    env: Environment, alice: Person, bob: Person, world: World
) -> None:
    """Policy approved two caches; the query matches a third host by the time of the start."""
    before = jobs_received(env)
    world.hosts = [host for host in world.hosts if not host.name.startswith("cache")] + [
        host for host in world.hosts if host.name.startswith("cache")
    ][:2]
    name = await make_request(alice, COMMAND.format("name ~ cache", SERIES), UPTIME)
    card = await find_card(bob, name)
    cache = next(host for host in world.hosts if host.name.startswith("cache"))
    world.hosts.append(joined(cache, "db-cache99.ber.example.com", 999))
    await advance_to_run(env, card, 1)
    await asked_again(env, card, "db-cache99", "Needs 1 approval from @sre")
    assert jobs_received(env) == before


async def test_somebody_who_may_not_request_it_any_more_starts_nothing(
    env: Environment, alice: Person, bob: Person
) -> None:
    before = jobs_received(env)
    name = await make_request(alice, COMMAND.format("name ~ batch", SERIES), UPTIME)
    card = await approve_request(env, name)
    workspace = env.slack.workspace
    workspace.user_group("leads").users = []
    assert env.bot is not None
    env.bot.directory.invalidate_groups()
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "⏸️ Paused: ", "may ask for this", env=env)
    await bob.wait_for(f"{name} is paused:", where="#ops-admin")
    assert jobs_received(env) == before


async def test_a_back_end_that_is_away_at_a_start_is_waited_for_visibly(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    card = await approve_request(env, await make_request(alice, COMMAND.format("name ~ web", SERIES), UPTIME))
    env.foreman.faults.append(Fault("cut", ".*", remaining=None))
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "Retrying until", env=env)
    assert jobs_received(env) == before
    env.foreman.faults.clear()
    await eventually(env, lambda: jobs_received(env) == before + 1)
    await wait_for_texts(card, "8 of 8", env=env)
    assert "Retrying until" not in card.text


async def test_nightshift_keeps_the_time_of_a_single_start_and_checks_it(
    env: Environment, alice: Person, world: World
) -> None:
    before = jobs_received(env)
    name = await make_request(alice, COMMAND.format("name ~ web", "in 3 hours"), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    world.change_template(189, text="reboot")
    env.clock.advance(timedelta(hours=3, seconds=5))
    await asked_again(env, card, "It would do something else now.", "text of template")
    assert jobs_received(env) == before


async def test_a_retry_of_an_unknown_run_keeps_its_window(env: Environment, alice: Person, bob: Person) -> None:
    """The answer to the call is lost; hours later somebody says that it did not run."""
    before = jobs_received(env)
    name = await make_request(alice, COMMAND.format("name ~ web", "in 1 hour for 30 minutes"), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    env.foreman.faults.append(Fault("status", "/api/job_invocations", "POST", status=500, remaining=1))
    env.clock.advance(timedelta(hours=1, seconds=5))
    await wait_for_texts(card, "Outcome unknown", env=env)
    env.clock.advance(timedelta(hours=10))
    assert "its latest start has passed" in await say_it_did_not_run(alice, card, "Start it now")
    await wait_for_texts(card, "It did not run, and its latest start has passed.", env=env)
    assert jobs_received(env) == before + 1


async def test_what_a_guest_may_request_starts_too(env: Environment) -> None:
    before = jobs_received(env)
    name = await make_request(env.slack.person("mallory"), COMMAND.format("name ~ web", "in 3 hours"), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    env.clock.advance(timedelta(hours=3, seconds=5))
    await eventually(env, lambda: jobs_received(env) == before + 1, lambda: card.text)


async def test_the_work_of_somebody_who_was_deactivated_does_not_start(env: Environment, bob: Person) -> None:
    before = jobs_received(env)
    name = await make_request(env.slack.person("dave"), COMMAND.format("name ~ web", "in 3 hours"), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    env.slack.admin.deactivate("dave")
    env.clock.advance(timedelta(hours=3, seconds=5))
    await wait_for_texts(card, "Not started: The requester may not use Nightshift any more.", "take it over", env=env)
    await bob.wait_for(f"{name} was approved, but a run of it did not start.", where="#ops-admin")
    assert jobs_received(env) == before
