"""Sessions of ImmyBot that may be what a call of unknown outcome made."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.backends.base import Candidate, Plan
from bot.backends.immybot.operation import MaintenanceOperation
from bot.schedule import Now
from playground.immybot import ImmyBotSandbox
from tests.unit.immybot.support import START, ManualClock, body, once, params, progress_of


async def candidates_of(maintenance: MaintenanceOperation, plan: Plan, remote_id: str = "") -> Sequence[Candidate]:
    since, until = START - timedelta(minutes=2), START + timedelta(minutes=15)
    return await maintenance.candidates(plan, since, until, remote_id)


@pytest.fixture
def plan(maintenance: MaintenanceOperation) -> Plan:
    return maintenance.plan(params(), Now(), "t")


def start_by_hand(sandbox: ImmyBotSandbox, plan: Plan, **changes: Any) -> list[int]:
    return sandbox.start_sessions({**body(plan), "sessionGroupId": None, **changes})


async def test_sessions_without_a_group_on_the_same_computers_match(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock, plan: Plan
) -> None:
    numbers = start_by_hand(sandbox, plan)
    (found,) = await candidates_of(maintenance, plan)
    assert (found.id, found.starts_at, found.carries_token) == (",".join(map(str, numbers)), START, False)
    assert found.differences == ()
    assert found.title.startswith(f"Sessions {found.id} · ")
    assert await candidates_of(maintenance, plan, found.id) == [found]
    clock.advance(60)
    progress = await progress_of(maintenance, found.handle)
    assert (progress.state, progress.total) == ("succeeded", 2)


async def test_cancelling_them_cancels_no_other(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, plan: Plan
) -> None:
    mine, others = start_by_hand(sandbox, plan), start_by_hand(sandbox, plan)
    (found,) = await candidates_of(maintenance, plan, ",".join(map(str, mine)))
    await maintenance.cancel(found.handle)
    (call,) = sandbox.requests_to("POST", ".*/cancel")
    assert sorted(call.body["sessionIds"]) == mine
    assert not set(others) & set(call.body["sessionIds"])


async def test_the_sessions_of_the_call_itself_carry_the_token(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, plan: Plan
) -> None:
    handle = await maintenance.start(plan)
    start_by_hand(sandbox, plan)
    first, second = await candidates_of(maintenance, plan)
    assert (first.carries_token, first.handle.id) == (True, handle.id)
    assert not second.carries_token


async def test_sessions_of_another_group_of_other_computers_or_codes_differ(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, plan: Plan
) -> None:
    async def differences(**changes: Any) -> list[str]:
        numbers = start_by_hand(sandbox, plan, **changes)
        (found,) = await candidates_of(maintenance, plan, ", ".join(map(str, numbers)))
        return [found.other_token, *found.differences] if found.other_token else list(found.differences)

    group = "0b7f6a52-0f5e-4b7c-9a52-2d8a6a2f7b11"
    assert await differences(sessionGroupId=group) == [group]
    assert await differences(computers=[{"computerId": 101}]) == [
        "It leaves out 1 of the computers that were asked for."
    ]
    assert await differences(computers=[{"computerId": n} for n in (101, 102, 103)]) == [
        "It is for targets that were not asked for."
    ]
    (words,) = await differences(rebootPreference=-1)
    assert words.startswith("Its rebootPreference is -1, not ")


async def test_sessions_of_another_time_or_other_computers_are_not_listed(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock, plan: Plan
) -> None:
    clock.advance(minutes=-3)
    start_by_hand(sandbox, plan)
    clock.advance(minutes=19)
    start_by_hand(sandbox, plan)
    start_by_hand(sandbox, plan, computers=[{"computerId": 103}])
    clock.advance(minutes=1)
    assert await candidates_of(maintenance, plan) == []


@pytest.mark.parametrize("remote_id", ["999999", "nonsense", "4, x"])
async def test_what_is_no_session_is_no_candidate(
    maintenance: MaintenanceOperation, plan: Plan, remote_id: str
) -> None:
    assert await candidates_of(maintenance, plan, remote_id) == []


async def test_a_start_that_immybot_holds_is_compared_by_its_time(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    plan = maintenance.plan(params(), once("2026-03-04T21:00"), "t")
    numbers = start_by_hand(sandbox, plan)
    clock.advance(minutes=1)
    start_by_hand(sandbox, plan, updateTime=None, timeZoneInfoId=None)
    start = START.replace(hour=21)
    (found,) = await maintenance.candidates(plan, start - timedelta(minutes=2), start + timedelta(minutes=15))
    assert (found.id, found.starts_at) == (",".join(map(str, numbers)), start)
