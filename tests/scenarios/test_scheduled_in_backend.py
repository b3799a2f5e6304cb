"""Work whose time Foreman keeps is checked shortly before each start, and only that start is cancelled there."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from playground.environment import Environment
from playground.foreman.world import World
from playground.sandbox import Fault
from playground.slack import Message, Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.placed import (
    begin_at_nine,
    cancel_what_is_left,
    check_is_recorded,
    is_cancelled,
    move_before,
    scheduled,
)
from tests.scenarios.steps import (
    approve_request,
    cancel_on_card,
    eventually,
    jobs_received,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"
POLICY = """
[policy]
approvers = ["@sre"]
zone = "UTC"

[[policy.rules]]
name = "no work by day"
when = { targets = "batch*", hours = "08:00-18:00" }
effect = "refuse"
"""
DAILY = "every day at 06:00"


@pytest.fixture
def world(env: Environment) -> Iterator[World]:
    """Foreman's objects, as before after the test."""
    world = env.foreman.state.world
    hosts, templates = list(world.hosts), list(world.templates)
    yield world
    world.hosts, world.templates = hosts, templates
    world.change_template(189, name="Run Command - Script Default", text="<%= input('command') %>")


@pytest.fixture(autouse=True)
def nothing_left_in_foreman(env: Environment) -> Iterator[None]:
    begin_at_nine(env)
    yield
    cancel_what_is_left(env)


def lookups(env: Environment) -> int:
    return len(env.foreman.requests_to("GET", "/api/hosts"))


async def test_a_start_is_checked_once_and_then_happens(env: Environment, alice: Person, world: World) -> None:
    name, card, job = await scheduled(env, alice)
    before = lookups(env)
    move_before(env, job, 16)
    move_before(env, job, 10)
    await check_is_recorded(env, name)
    assert lookups(env) == before + 1
    move_before(env, job, 1)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await wait_for_texts(card, "Done", "8 of 8", env=env)
    assert "Not checked" not in card.text
    assert lookups(env) == before + 1


async def test_a_start_that_would_do_something_else_is_cancelled_and_asked_about(
    env: Environment, alice: Person, bob: Person, world: World
) -> None:
    name, card, job = await scheduled(env, alice)
    world.change_template(189, text="reboot")
    move_before(env, job, 10)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Waiting for approval", "It would do something else now.", "text of template", env=env)
    await bob.wait_for(f"{name} must be approved again.", where="#approvals")


async def test_the_start_of_somebody_who_left_is_cancelled_and_admins_are_told(env: Environment, bob: Person) -> None:
    name, card, job = await scheduled(env, env.slack.person("dave"))
    env.slack.admin.deactivate("dave")
    move_before(env, job, 10)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Not started: The requester may not use Nightshift any more.", env=env)
    await bob.wait_for(f"{name} was approved, but a run of it did not start.", where="#ops-admin")


async def test_a_start_whose_template_is_gone_is_cancelled(env: Environment, alice: Person, world: World) -> None:
    _, card, job = await scheduled(env, alice)
    world.templates = [template for template in world.templates if template.id != 189]
    move_before(env, job, 10)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Failed", "no such template", env=env)


async def test_of_a_series_only_the_one_start_is_cancelled(env: Environment, alice: Person, world: World) -> None:
    _, card, job = await scheduled(env, alice, DAILY)
    assert job.logic is not None
    calls = jobs_received(env)
    world.change_template(189, text="reboot")
    move_before(env, job, 10)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Waiting for approval", "text of template", env=env)
    assert job.logic.state == "active"
    following = next(j for j in env.foreman.invocations if j.logic is job.logic and not j.cancelled)
    assert following.start_at == job.start_at + timedelta(days=1)

    # Approved again, the series goes on in Foreman as it was.
    env.clock.move_to(job.start_at + timedelta(hours=1))
    await approve_request(env, re.search(r"NS-\d+", card.text)[0])
    await wait_for_texts(card, "Scheduled", env=env)
    move_before(env, following, 10)
    await wait_for_texts(card, "waiting in the back end", "· checked", env=env)
    env.clock.move_to(following.start_at + timedelta(seconds=5))
    await wait_for_texts(card, "8 of 8", env=env)
    assert (job.logic.state, jobs_received(env)) == ("active", calls)


async def test_a_series_that_is_denied_when_asked_again_ends_in_foreman_too(
    env: Environment, alice: Person, bob: Person, world: World
) -> None:
    _, card, job = await scheduled(env, alice, DAILY)
    world.change_template(189, text="reboot")
    move_before(env, job, 10)
    await wait_for_texts(card, "Waiting for approval", "text of template", env=env)
    await deny(env, bob, card)
    logic = job.logic
    assert logic is not None
    await eventually(env, lambda: logic.state == "cancelled")
    assert all(j.cancelled for j in env.foreman.invocations if j.logic is logic)


async def deny(env: Environment, who: Person, card: Message) -> None:
    await who.click("Deny", card)
    question = await who.modal(WAIT_SECONDS)
    await question.fill({"Why?": "not this"})
    await question.submit()
    await wait_for_texts(card, "Denied", env=env)


async def test_what_cannot_be_checked_is_cancelled_in_time_and_started_from_here(
    env: Environment, alice: Person
) -> None:
    _, card, job = await scheduled(env, alice)
    calls = jobs_received(env)
    env.foreman.faults.append(Fault("status", "/api/hosts", status=503, remaining=None))
    move_before(env, job, 10)
    await wait_for_texts(card, "Its start is checked again until", env=env)
    assert not job.cancelled
    move_before(env, job, 1.9)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Cancelled in Foreman; Nightshift makes this start instead.", env=env)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await wait_for_texts(card, "Retrying until", env=env)
    assert jobs_received(env) == calls
    env.foreman.faults.clear()
    await wait_for_texts(card, "Done", "8 of 8", env=env)
    assert jobs_received(env) == calls + 1


async def test_a_run_of_a_series_that_cannot_be_checked_is_started_from_here_and_the_series_goes_on(
    env: Environment, alice: Person
) -> None:
    _, card, job = await scheduled(env, alice, DAILY)
    assert job.logic is not None
    calls = jobs_received(env)
    env.foreman.faults.append(Fault("status", "/api/hosts", status=503, remaining=None))
    move_before(env, job, 1.9)
    await is_cancelled(env, job)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    env.foreman.faults.clear()
    await wait_for_texts(card, "8 of 8", env=env)
    assert jobs_received(env) == calls + 1
    assert job.logic.state == "active"
    assert sum(j.logic is job.logic and not j.cancelled for j in env.foreman.invocations) == 1


async def test_a_pause_holds_a_start_in_foreman_that_was_checked_before(
    env: Environment, alice: Person, bob: Person
) -> None:
    _, card, job = await scheduled(env, alice)
    calls, before = jobs_received(env), lookups(env)
    move_before(env, job, 10)
    await eventually(env, lambda: lookups(env) > before)
    await bob.command("/nightshift pause foreman.main because the switch is replaced", "#ops")
    await wait_for_texts(card, "Paused: the switch is replaced.", env=env)
    move_before(env, job, 1.9)
    await is_cancelled(env, job)
    env.clock.move_to(job.start_at + timedelta(minutes=30))
    await wait_for_texts(card, "Held until somebody ends the pause.", env=env)
    assert jobs_received(env) == calls
    await bob.command("/nightshift resume foreman.main", "#ops")
    await wait_for_texts(card, "Done", "8 of 8", env=env)
    assert jobs_received(env) == calls + 1


async def test_people_are_told_before_a_start_that_foreman_does_not_cancel(
    env: Environment, alice: Person, bob: Person, world: World
) -> None:
    name, card, job = await scheduled(env, alice)
    world.change_template(189, text="reboot")
    env.foreman.faults.append(Fault("status", "/cancel", "POST", status=503, remaining=None))
    move_before(env, job, 10)
    for where, who in (("dm", alice), ("#ops-admin", bob)):
        told = await who.wait_for(f"{name} may start in Foreman at", where=where)
        assert "although it should not: it is not confirmed that this start is cancelled." in told.text
    assert not job.cancelled
    env.foreman.faults.clear()
    await is_cancelled(env, job)
    await wait_for_texts(card, "Waiting for approval", "text of template", env=env)


async def test_what_a_person_cancels_is_not_started_from_here_though_foreman_did_not_cancel_it_at_first(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, card, job = await scheduled(env, alice)
    calls = jobs_received(env)
    env.foreman.faults.append(Fault("status", "/cancel", "POST", status=503, remaining=None))
    env.foreman.faults.append(Fault("status", "/api/hosts", status=503, remaining=None))
    move_before(env, job, 10)
    await wait_for_texts(card, "Its start is checked again until", env=env)
    assert "could not be cancelled" in await cancel_on_card(alice, card)
    move_before(env, job, 1.9)
    told = await bob.wait_for(f"{name} may start in Foreman at", where="#ops-admin")
    assert f"it is not confirmed that this start is cancelled. {name} was cancelled." in told.text
    env.foreman.faults.clear()
    env.clock.advance(timedelta(seconds=30))
    await is_cancelled(env, job)
    await wait_for_texts(card, "Cancelled", f"{name} was cancelled.", env=env)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await asyncio.sleep(1)
    assert jobs_received(env) == calls


async def test_what_was_cancelled_in_foreman_by_hand_is_not_started_from_here(env: Environment, alice: Person) -> None:
    _, card, job = await scheduled(env, alice)
    calls = jobs_received(env)
    env.foreman.faults.append(Fault("status", "/cancel", "POST", status=503, remaining=None))
    env.foreman.faults.append(Fault("status", "/api/hosts", status=503, remaining=None))
    move_before(env, job, 1.9)
    await wait_for_texts(card, "It could not be cancelled yet", env=env)
    env.foreman.state.jobs.cancel(job, env.clock.now())
    env.foreman.faults.clear()
    env.clock.advance(timedelta(seconds=30))
    await wait_for_texts(card, "Cancelled", "Cancelled in Foreman, not by Nightshift.", env=env)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await asyncio.sleep(1)
    assert jobs_received(env) == calls


async def test_people_are_told_of_a_run_that_foreman_announces_and_does_not_show(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, card, job = await scheduled(env, alice, DAILY)
    del env.foreman.state.jobs.invocations[job.id]
    move_before(env, job, 10)
    await wait_for_texts(card, "Foreman shows nothing that it will start then.", env=env)
    move_before(env, job, 1.9)
    for where, who in (("dm", alice), ("#ops-admin", bob)):
        told = await who.wait_for(f"{name} may start in Foreman at", where=where)
        assert "unchecked: it could be neither checked nor cancelled." in told.text


async def test_a_start_during_which_nightshift_was_down_says_so(env: Environment, alice: Person) -> None:
    _, card, job = await scheduled(env, alice)
    env.clock.move_to(job.start_at + timedelta(minutes=1))
    await wait_for_texts(card, "Done", "Not checked before it started: Nightshift was down.", env=env)


async def test_the_hours_of_a_rule_count_at_the_start_not_at_the_check(env: Environment, alice: Person) -> None:
    later = env.clock.now().astimezone(UTC) + timedelta(days=1)
    start = datetime(later.year, later.month, later.day, 18, 5, tzinfo=UTC)
    _, card, job = await scheduled(env, alice, f"{start:%Y-%m-%d} 18:05 UTC", "name ~ batch")
    before = lookups(env)
    move_before(env, job, 10)
    await eventually(env, lambda: lookups(env) == before + 1)
    env.clock.move_to(start + timedelta(seconds=5))
    await wait_for_texts(card, "Done", env=env)
    assert "Not checked" not in card.text


async def test_foremans_own_series_is_checked_too(env: Environment, alice: Person, world: World) -> None:
    _, card, job = await scheduled(env, alice, "now", more=' cron_line="0 4 * * *"')
    await wait_for_texts(card, "as its own fields say. Scheduled in Foreman.", env=env)
    world.change_template(189, text="reboot")
    move_before(env, job, 10)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Waiting for approval", "text of template", env=env)


async def test_hosts_that_foreman_has_got_with_the_call_are_not_looked_for_again(
    env: Environment, alice: Person, world: World
) -> None:
    """A static search: what joins the search later is not touched, and asked about by nobody."""
    _, card, job = await scheduled(env, alice, more=" targeting_type=static_query")
    web = next(host for host in world.hosts if host.name.startswith("web"))
    world.hosts.append(replace(web, id=990, name="web990.ber.example.com"))
    move_before(env, job, 10)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await wait_for_texts(card, "Done", "8 of 8", env=env)
