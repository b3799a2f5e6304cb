"""Rules about what targets belong to: what counts is the targets, however somebody chose them."""

from dataclasses import replace

import pytest

from bot.errors import InputError
from bot.requests.model import Requirement
from bot.usecases.drafts.preview import preview_draft
from playground.opsramp.world import CLIENT
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "brightwater"
when = { facts = { tenants = "Brightwater*" } }
approvers = ["@brightwater"]

[[policy.rules]]
name = "domain controllers"
when = { facts = { device_groups = "Domain controllers" } }
approvers = ["@brightwater"]

[[policy.rules]]
name = "lab"
when = { facts = { host_groups = "lab/*" } }
effect = "approve"

[[policy.rules]]
name = "subsidiary"
when = { facts = { organizations = "Subsidiary" } }
effect = "refuse"
"""
GROUPS = {"brightwater": ["dave"]}
BRIGHTWATER_TENANT, BRIGHTWATER_COMPUTER, OTHER_COMPUTER, BRIGHTWATER_PERSON = "2", "102", "101", "202"


async def maintenance(bot: Harness, **targets: list[str]) -> Requirement:
    """What a full maintenance of targets needs."""
    draft = await bot.draft(operation="immybot.maintenance", full_maintenance=True, **targets)
    return (await preview_draft(bot.services, draft, await bot.actor("alice")))[1].requirement


def asked(requirement: Requirement) -> list[tuple[str, ...]]:
    return [stage.names for stage in requirement.stages]


@pytest.mark.parametrize(
    "targets",
    [
        {"tenants": [BRIGHTWATER_TENANT]},
        {"computers": [BRIGHTWATER_COMPUTER]},
        {"persons": [BRIGHTWATER_PERSON]},
    ],
)
async def test_a_tenants_approvers_are_asked_however_it_is_chosen(bot: Harness, targets: dict[str, list[str]]) -> None:
    assert asked(await maintenance(bot, **targets)) == [("@brightwater",)]


async def test_another_tenants_computer_does_not_need_them(bot: Harness) -> None:
    assert asked(await maintenance(bot, computers=[OTHER_COMPUTER])) == [("@sre",)]
    both = await maintenance(bot, computers=[OTHER_COMPUTER, BRIGHTWATER_COMPUTER])
    assert asked(both) == [("@brightwater",), ("@sre",)]


async def test_a_tenant_whose_child_is_maintained_too_needs_them(bot: Harness) -> None:
    (child,) = [tenant for tenant in bot.env.immybot.world.tenants if tenant.id == 2]
    child.parent = 1
    bot.forward(minutes=2)
    try:
        assert asked(await maintenance(bot, tenants=["1"])) == [("@sre",)]
        family = await maintenance(bot, tenants=["1"], propagate_to_child_tenants=True)
        assert asked(family) == [("@brightwater",), ("@sre",)]
    finally:
        child.parent = None


async def test_hosts_are_judged_by_their_groups_and_organizations(bot: Harness) -> None:
    world = bot.env.foreman.state.world
    before = world.hosts
    world.hosts = [replace(host, hostgroup=f"lab/{host.hostgroup}") if "db" in host.name else host for host in before]
    try:
        _, found = await preview_draft(bot.services, await bot.draft(hosts="name ~ db"), await bot.actor("alice"))
        assert (found.requirement.effect, found.requirement.rules) == ("approve", ("lab",))
        mixed = await bot.draft(hosts="name ~ db or name ~ app")
        _, found = await preview_draft(bot.services, mixed, await bot.actor("alice"))
        assert asked(found.requirement) == [("@sre",)]
        with pytest.raises(InputError, match="refuses this: the organization Subsidiary"):
            await preview_draft(bot.services, await bot.draft(hosts="name ~ web"), await bot.actor("alice"))
    finally:
        world.hosts = before


async def test_devices_are_judged_by_their_groups(bot: Harness) -> None:
    sandbox = bot.env.opsramp
    job = sandbox.job_by_name("Weekly AD checklist")
    sandbox.tenants[CLIENT].groups = {"Domain controllers": {e["resource"]["id"] for e in job["entities"]}}
    for approvers in ("@brightwater", "@sre"):
        draft = await bot.draft(operation="opsramp.run_job", job=job["id"])
        _, found = await preview_draft(bot.services, draft, await bot.actor("alice"))
        assert asked(found.requirement) == [(approvers,)]
        sandbox.tenants[CLIENT].groups = {}


async def test_a_start_is_judged_by_what_its_targets_belong_to_now(bot: Harness) -> None:
    """Somebody moves the computer to another tenant between the approval and the start."""
    values = {"operation": "immybot.maintenance", "full_maintenance": True, "computers": [OTHER_COMPUTER]}
    request = await bot.approved(when="tomorrow 20:00", **values)
    computer = bot.env.immybot.world.computers[int(OTHER_COMPUTER)]
    before, computer.tenant = computer.tenant, bot.env.immybot.world.tenants[1]
    try:
        bot.move_to(request.start_at)
        run = await bot.dispatch(await bot.run(request))
        request = await bot.reload(request)
        assert (run.state, request.state, asked(request.requirement)) == (
            "cancelled",
            "awaiting_approval",
            [("@brightwater",)],
        )
    finally:
        computer.tenant = before
