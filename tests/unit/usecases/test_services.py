"""Policy, approvals and conflicts, as use cases ask for them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import ConfigError, InputError, NotAllowed
from bot.requests.approval.permission import PermissionCode
from bot.requests.policy.load import load_policy
from bot.usecases.approvals.delegate import delegate
from bot.usecases.approvals.end_delegation import end_delegation
from bot.usecases.calendar_store import CalendarStore
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.policy_channels import channel_problems
from bot.usecases.preflight import preflight
from playground.sandbox import Fault
from tests.unit.usecases.harness import START, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "30d"

[[policy.rules]]
name = "the lab approves itself"
when = { backend = "foreman.lab" }
effect = "approve"

[[policy.rules]]
name = "leads for caches"
when = { targets = "cache*" }
approvers = ["@leads"]

[[policy.rules]]
name = "dave keeps off production"
when = { backend = "foreman.main", requester = "@interns" }
effect = "refuse"

[[policy.freezes]]
name = "quarter end"
start = 2027-03-31T00:00:00Z
end = 2027-04-02T00:00:00Z

[[policy.freezes]]
name = "release week"
start = 2027-06-07T00:00:00Z
end = 2027-06-14T00:00:00Z
effect = "ask"
approvers = ["@leads"]
"""
GROUPS = {"@leads": ["carol"], "@interns": ["dave"]}
EXTRA = """
[backends.foreman.lab]
title = "Lab"
url = "{foreman}"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
"""
LAB = {"system": "foreman.lab"}


@pytest_asyncio.fixture(loop_scope="module")
async def groups(bot: Harness) -> AsyncIterator[None]:
    """Groups may be changed, and are put right afterwards."""
    yield
    for handle, names in {"@sre": ["bob", "carol"], **GROUPS}.items():
        bot.env.slack.admin.set_group(handle, names)
    bot.services.directory.invalidate_groups()


async def test_a_channel_that_no_rule_can_mean_is_told(bot: Harness) -> None:
    channels = 'when = { channel = ["#approvals", "#aprovals", "#x-*"] }'
    text = f'[policy]\napprovers = ["@sre"]\n[[policy.rules]]\nname = "r"\n{channels}'
    policy = load_policy(text, "p.toml", now=START)
    assert await channel_problems(policy, bot.services.directory) == (
        'p.toml:5: the rule “r”: the bot sees no channel #aprovals; did you mean "#approvals"?',
    )
    bot.services.directory.invalidate_channels()
    bot.env.slack.faults.fail_with_code("conversations.list", "internal_error", times=None)
    assert await channel_problems(policy, bot.services.directory) is None


def regroup(bot: Harness, **members: list[str]) -> None:
    for handle, names in members.items():
        bot.env.slack.admin.set_group(f"@{handle}", names)
    bot.services.directory.invalidate_groups()


async def test_approvers_manage_a_request_and_others_do_not(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ cache")
    managers = [name for name in ("alice", "bob", "carol", "dave", "mallory") if (await can_manage(bot, request, name))]
    assert managers == ["carol"]


async def can_manage(bot: Harness, request, name: str) -> bool:
    return (await bot.services.approvals.can_manage(request, bot.person(name))).allowed


async def test_the_default_approvers_manage_what_policy_approved_by_itself(bot: Harness) -> None:
    request = await bot.request(**LAB)
    assert (request.state, request.requirement.stages) == ("scheduled", ())
    assert [name for name in ("alice", "bob", "carol", "dave") if await can_manage(bot, request, name)] == [
        "bob",
        "carol",
    ]


async def test_the_default_approvers_do_not_manage_what_others_approve(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ cache")
    assert not await can_manage(bot, request, "bob")


@pytest.mark.usefixtures("groups")
async def test_an_approval_holds_while_its_approver_is_in_the_group(bot: Harness) -> None:
    request = await bot.approved()
    assert (await bot.services.approvals.approval_at_start(request)).permission.allowed
    regroup(bot, sre=["carol"])
    assert "0 of 1" in (await bot.services.approvals.approval_at_start(request)).permission.reason


async def test_what_policy_approved_by_itself_needs_no_approver(bot: Harness) -> None:
    assert (await bot.services.approvals.approval_at_start(await bot.request(**LAB))).permission.allowed


@pytest.mark.usefixtures("groups")
async def test_after_a_change_that_slack_does_not_tell_an_approval_is_unknown(bot: Harness) -> None:
    request = await bot.approved()
    bot.services.directory.invalidate_groups()
    bot.env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    assert (await bot.services.approvals.approval_at_start(request)).permission.is_unknown


async def test_a_delegate_counts_by_the_delegation_of_the_time_of_the_decision(bot: Harness) -> None:
    bob = await bot.actor("bob")
    await delegate(bot.services, bob, "U0DAVE", "tomorrow 10:00")
    request = await bot.request()
    bot.forward(minutes=1)
    request = (await bot.decide(request, "dave")).request
    bot.forward(minutes=1)
    await end_delegation(bot.services, bob.person)
    bot.forward(days=3)
    assert await bot.services.approvals.delegations_for(()) == ()
    assert (await bot.services.approvals.approval_at_start(request)).permission.allowed
    given = await bot.services.approvals.delegations_for(await bot.decisions(request))
    assert [(d.user, d.to_user) for d in given] == [("U0BOB", "U0DAVE")]


async def test_a_freeze_keeps_runs_from_starting_while_it_lasts(bot: Harness) -> None:
    request = await bot.approved()
    for moment, frozen in (("2027-03-30T22:00", False), ("2027-03-31T00:00", True), ("2027-04-01T23:59", True),
                           ("2027-04-02T00:00", False)):  # fmt: skip
        bot.move_to(START.fromisoformat(f"{moment}:00+00:00"))
        assert (
            "quarter end" in await bot.services.policy.active_freeze_reason(request, bot.services.clock.now())
        ) is frozen, moment


async def test_a_freeze_with_approvers_of_its_own_stops_only_what_they_were_not_asked_about(bot: Harness) -> None:
    before = await bot.approved()
    bot.move_to(START.fromisoformat("2027-06-08T09:00:00+00:00"))
    asked = await bot.request()
    assert asked.requirement.freezes == ("release week",)
    assert "release week" in await bot.services.policy.active_freeze_reason(before, bot.services.clock.now())
    assert await bot.services.policy.active_freeze_reason(asked, bot.services.clock.now()) == ""


async def test_only_systems_that_a_person_may_use_are_offered(bot: Harness) -> None:
    both = ["foreman.lab", "foreman.main"]
    offered = bot.services.policy.requestable_backends
    assert await offered(bot.person("alice"), "foreman.run", both) == both
    assert await offered(bot.person("dave"), "foreman.run", both) == ["foreman.lab"]
    assert await offered(bot.person("dave"), "foreman.run", ["foreman.main"]) == ["foreman.main"]
    assert await offered(bot.person("dave"), "foreman.run", ["foreman.main", "foreman.main"]) == ["foreman.main"] * 2


@pytest.mark.usefixtures("groups")
async def test_all_systems_are_offered_while_slack_does_not_tell_groups(bot: Harness) -> None:
    bot.services.directory.invalidate_groups()
    bot.env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    both = ["foreman.lab", "foreman.main"]
    assert await bot.services.policy.requestable_backends(bot.person("dave"), "foreman.run", both) == both


@pytest.mark.usefixtures("groups")
async def test_what_nobody_could_approve_is_not_requested(bot: Harness) -> None:
    regroup(bot, leads=[])
    with pytest.raises(InputError, match="Nobody could approve this"):
        await bot.request(hosts="name ~ cache")
    regroup(bot, leads=["alice"])
    with pytest.raises(InputError, match="Nobody could approve this"):
        await bot.request(hosts="name ~ cache")


async def test_the_requester_is_not_counted_among_those_who_are_notified(bot: Harness) -> None:
    for who, count in (("alice", 2), ("bob", 1)):
        _, result = await preview_draft(bot.services, await bot.draft(who), await bot.actor(who))
        assert result.notified_count == count


@pytest.mark.parametrize(("when", "scheduler"), [("every day at 06:00", "nightshift"), ("tomorrow 09:00", "backend")])
async def test_a_freeze_that_may_come_makes_nightshift_keep_a_series(bot: Harness, when: str, scheduler: str) -> None:
    request = await bot.request(when=when)
    assert request.scheduler == scheduler
    if scheduler == "nightshift":
        assert "because the freeze “quarter end” is looked at again then" in request.scheduler_reason


async def test_conflicts_are_with_open_requests_on_the_same_hosts_at_the_same_time(bot: Harness) -> None:
    first = await bot.request(when="tomorrow 09:00")

    async def conflicts(**values: str) -> tuple[str, ...]:
        draft = await bot.draft(**values)
        return (await preview_draft(bot.services, draft, await bot.actor("alice")))[1].conflicts

    assert any(first.name in text for text in await conflicts(when="tomorrow 09:00"))
    assert any(first.name in text for text in await conflicts(when="tomorrow 09:30"))
    assert not any(first.name in text for text in await conflicts(when="tomorrow 12:00"))
    assert not any(first.name in text for text in await conflicts(when="tomorrow 09:00", hosts="name ~ db"))
    await bot.decide(first, "bob", "denied", comment="no")
    assert not any(first.name in text for text in await conflicts(when="tomorrow 09:00"))


async def test_preflight_of_an_unchanged_world_finds_nothing(bot: Harness) -> None:
    request = await bot.request(when="today 23:00", hosts="name ~ app")
    assert await preflight(bot.services, request) == type(await preflight(bot.services, request))()


async def test_preflight_says_what_has_changed_since(bot: Harness) -> None:
    request = await bot.request(when="today 22:00", hosts="name ~ batch")
    other = await bot.request(when="today 22:00", hosts="name ~ batch")
    bot.move_to(request.start_at - timedelta(minutes=10))
    result = await preflight(bot.services, request)
    assert any("leaves little time" in text for text in result.confirm)
    assert any(other.name in text for text in result.confirm)
    assert result.stop == ()
    bot.env.foreman.faults.append(Fault("status", "/api/hosts", "GET", status=500, remaining=None))
    bot.forward(minutes=1)
    result = await preflight(bot.services, request)
    assert any(text.startswith("What it would touch now cannot be found out: ") for text in result.confirm)


async def test_preflight_stops_what_a_freeze_forbids(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ app")
    bot.move_to(START.fromisoformat("2027-03-31T12:00:00+00:00"))
    assert any("quarter end" in text for text in (await preflight(bot.services, request)).stop)
    bot.move_to(START.fromisoformat("2027-06-08T12:00:00+00:00"))
    (stop,) = (await preflight(bot.services, request)).stop
    assert "release week" in stop
    assert stop.endswith("Edit the request, so that the freeze's own approvers are asked too.")


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
SUMMARY:Freeze
DTSTART:20270401T000000Z
DTEND:20270402T000000Z
END:VEVENT
END:VCALENDAR
"""


def store(bot: Harness, *addresses: str) -> CalendarStore:
    freezes = "".join(f'[[policy.freezes]]\nname = "f{n}"\ncalendar = "{a}"\n' for n, a in enumerate(addresses))
    return CalendarStore(load_policy(f'[policy]\napprovers = ["@sre"]\n{freezes}', "p.toml", now=START), bot.clock)


async def test_a_calendar_is_kept_as_it_was_last_read(bot: Harness, tmp_path: Path) -> None:
    path = tmp_path / "freeze.ics"
    path.write_text(CALENDAR)
    calendars = store(bot, str(path))
    await calendars.load()
    good = calendars.copies[str(path)]
    path.write_text("no calendar")
    (problem,) = await calendars.refresh()
    assert problem.startswith("p.toml:")
    assert "its calendar cannot be read" in problem
    assert calendars.copies[str(path)] is good
    path.write_text(CALENDAR)
    assert await calendars.refresh() == []
    assert calendars.copies[str(path)] is not good


async def test_a_file_that_is_missing_at_the_start_is_a_fault_of_the_configuration(
    bot: Harness, tmp_path: Path
) -> None:
    calendars = store(bot, str(tmp_path / "none.ics"), f"file://{tmp_path}/other.ics")
    with pytest.raises(ConfigError, match="there is no file") as raised:
        await calendars.load()
    assert len(raised.value.problems) == 2


async def test_an_address_that_does_not_answer_at_the_start_is_waited_for(bot: Harness) -> None:
    calendars = store(bot, "http://127.0.0.1:9/none.ics")
    await calendars.load()
    assert calendars.copies == {}
    (problem,) = await calendars.refresh()
    assert "is the address right, and is it up?" in problem


async def test_without_calendars_there_is_nothing_to_read(bot: Harness) -> None:
    calendars = store(bot)
    await calendars.refresh_forever()
    assert await calendars.refresh() == []


@pytest.mark.usefixtures("groups")
async def test_a_delegate_is_not_called_a_stranger_while_slack_tells_no_groups(bot: Harness) -> None:
    await delegate(bot.services, await bot.actor("bob"), "U0DAVE", "tomorrow 10:00")
    request = await bot.request()
    bot.services.directory.invalidate_groups()
    bot.env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    with pytest.raises(NotAllowed) as refused:
        await bot.decide(request, "dave")
    assert refused.value.code is PermissionCode.UNKNOWN
    bot.env.slack.faults.clear()
    assert (await bot.decide(request, "dave")).request.state == "scheduled"
