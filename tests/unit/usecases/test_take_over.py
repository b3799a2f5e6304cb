"""A request that somebody took over: whom its former authors keep from approving it."""

from dataclasses import replace

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


async def test_the_groups_of_a_former_author_who_left_slack_are_remembered(bot: Harness) -> None:
    """Slack lists nobody in a group who was deactivated."""
    request = await bot.request()
    bot.env.slack.admin.set_group("@ops", ["carol"])
    bot.services.directory.invalidate_groups()
    await take_over(bot.services, request.id, bot.person("bob"))
    request = await bot.reload(request)
    await record_shown(bot.services, request, bot.person("carol"), "pages")
    with pytest.raises(NotAllowed, match="You are in a group of the requester, so somebody else has to decide"):
        await bot.decide(request, "carol")


async def test_a_former_author_of_whom_nothing_is_known_may_have_been_in_any_group(bot: Harness) -> None:
    """The request is of an earlier release."""
    request = await bot.request()
    unknown = replace(policy_input_of_request(request), former_authors=(bot.person("nobody"),), former_groups=None)
    known = replace(unknown, former_groups=())
    excluded = [set((await bot.services.policy.requirement_now(each)).stages[0].excluded) for each in (unknown, known)]
    everything = {group.id for group in (await bot.services.directory.groups()).by_id.values()}
    assert everything <= excluded[0]
    assert not everything <= excluded[1]
