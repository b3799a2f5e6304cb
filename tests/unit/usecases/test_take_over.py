"""A request that somebody took over: whom its former authors keep from approving it."""

import pytest

from bot.errors import NotAllowed
from bot.usecases.approvals.disclose import record_shown
from bot.usecases.approvals.take_over import take_over
from bot.usecases.policy_input import policy_input_of_request
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUPS = {"@sre": ["dave"], "@ops": ["alice", "carol"], "@others": ["bob"]}
POLICY = """
[policy]
approvers = ["U0BOB", "U0CAROL", "U0DAVE"]
not_approvers = ["requester's groups"]
"""


async def test_the_groups_of_former_authors_still_may_not_approve(bot: Harness) -> None:
    request = await bot.request()
    await record_shown(bot.services, request, bot.person("carol"), "pages")
    await take_over(bot.services, request.id, bot.person("bob"))
    request = await bot.reload(request)
    for who in ("carol", "dave"):
        await record_shown(bot.services, request, bot.person(who), "pages")
    with pytest.raises(NotAllowed, match="You are in a group of the requester, so somebody else has to decide"):
        await bot.decide(request, "carol")
    now = await bot.services.policy.requirement_now(policy_input_of_request(request))
    assert now.stages == request.requirement.stages
    assert (await bot.decide(request, "dave")).request.state == "scheduled"
