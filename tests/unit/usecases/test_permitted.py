"""Details offer people only what they may do with a request."""

import pytest

from bot.requests.model import Request
from bot.usecases.approvals.permitted import Action, permitted_actions
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def permitted(bot: Harness, request: Request, who: str) -> set[Action]:
    request = await bot.reload(request)
    decisions, runs = list(await bot.decisions(request)), list(await bot.runs(request))
    return set(await permitted_actions(bot.services, request, decisions, runs, bot.person(who)))


async def test_a_waiting_request_is_decided_by_approvers_and_withdrawn_by_its_requester(bot: Harness) -> None:
    request = await bot.request()
    assert await permitted(bot, request, "alice") == {Action.EDIT, Action.WITHDRAW}
    assert await permitted(bot, request, "bob") == {Action.DECIDE, Action.EDIT}
    assert await permitted(bot, request, "dave") == set()


async def test_a_scheduled_request_is_moved_and_cancelled_by_its_requester_and_approvers(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 21:00")
    for who in ("alice", "bob"):
        assert await permitted(bot, request, who) == {Action.EDIT, Action.CANCEL}
    assert await permitted(bot, request, "dave") == set()


async def test_nothing_can_be_done_with_a_request_that_is_over(bot: Harness) -> None:
    request = await bot.request()
    await bot.decide(request, "bob", "denied", comment="no")
    for who in ("alice", "bob", "dave"):
        assert await permitted(bot, request, who) == set()
