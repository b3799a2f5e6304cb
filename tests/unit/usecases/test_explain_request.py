"""``nightshift policy explain NS-1``: judged from what preflight looks at, and what is not known is said."""

from dataclasses import replace

import pytest

from bot.errors import NotFound
from bot.requests.policy.explain import demand_sentence, explain
from bot.storage import requests
from bot.usecases.explain_request import ExplainedRequest, explain_request
from playground.sandbox import Fault
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "apprentices"
when = { requester = "@apprentices" }
approvers = ["@leads"]

[[policy.rules]]
name = "from ops"
when = { channel = "#ops", requester = "U0ALICE", max_targets = 8 }
effect = "approve"
budget = 1

[[policy.rules]]
name = "many"
when = { min_targets = 10 }
approvers = ["@leads"]
quorum = 1
"""
GROUPS = {"leads": ["carol"], "apprentices": ["dave"]}


async def explained(bot: Harness, name: str) -> ExplainedRequest:
    return await explain_request(bot.services, int(name.removeprefix("NS-")))


async def ops(bot: Harness) -> str:
    return await bot.services.directory.channel_id("#ops")


async def elsewhere(bot: Harness) -> str:
    return await bot.services.directory.channel_id("#approvals")


async def test_groups_and_the_channel_count(bot: Harness) -> None:
    by_dave = await bot.request("dave", when="tomorrow 20:00", channel=await elsewhere(bot))
    found = await explained(bot, by_dave.name)
    assert demand_sentence(found.requirement).endswith("because a requester from @apprentices (rule “apprentices”).")
    assert found.notes == ()
    by_alice = await bot.request(when="tomorrow 20:00", channel=await ops(bot))
    found = await explained(bot, by_alice.name)
    assert (found.requirement.effect, found.requirement.demanded_by, found.notes) == ("approve", ("from ops",), ())


async def test_it_is_judged_by_the_targets_of_now(bot: Harness) -> None:
    request = await bot.request(when="tomorrow 20:00", channel=await elsewhere(bot), targeting_type="dynamic_query")
    world = bot.env.foreman.state.world
    before = world.hosts
    world.hosts = [*before, *(replace(before[4], id=900 + n, name=f"web{n}.new.example.com") for n in range(9))]
    try:
        found = await explained(bot, request.name)
    finally:
        world.hosts = before
    assert found.requirement.demanded_by == ("many",)
    assert found.notes == (f"When it was requested: {demand_sentence(request.requirement)}",)


async def test_a_system_that_does_not_answer_is_named(bot: Harness) -> None:
    request = await bot.request(when="tomorrow 20:00")
    bot.env.foreman.faults.append(Fault("status", "/api/hosts", "GET", status=500, remaining=None))
    found = await explained(bot, request.name)
    assert found.notes[0].startswith("What it would touch now cannot be found out: foreman.main failed (500).")
    assert found.notes[0].endswith("It is judged by the targets and facts of its request.")


async def test_groups_that_slack_does_not_tell_are_unknown_and_read_strictly(bot: Harness) -> None:
    request = await bot.request(when="tomorrow 20:00")
    bot.services.directory.invalidate_groups()
    bot.env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    found = await explained(bot, request.name)
    assert "Not known, and read strictly: whether the requester is in @apprentices." in found.notes
    assert "apprentices" in found.requirement.demanded_by
    lines = explain(bot.services.policy.policy, found.subject, found.requirement)
    assert any("“apprentices” applies, to a part of it: a requester who may be from @apprentices." in x for x in lines)


async def test_what_others_edited_is_judged_for_all_authors(bot: Harness) -> None:
    request = await bot.request(when="tomorrow 20:00", channel=await ops(bot), hosts="name ~ batch")
    request = request.model_copy(update={"editors": ("U0DAVE",)})
    async with bot.services.db.write() as tx:
        await requests.transition(tx, request, request.state, editors=request.editors)
    found = await explained(bot, request.name)
    assert (found.requirement.effect, found.requirement.demanded_by) == ("ask", ("apprentices",))


async def test_what_is_over_is_judged_by_what_was_known_then(bot: Harness) -> None:
    request = await bot.request("dave", when="now", channel=await elsewhere(bot))
    await bot.decide(request, "carol", "denied", comment="no")
    found = await explained(bot, request.name)
    assert found.notes == ("It has begun or is over: it is judged by the targets, facts and time of its request.",)
    assert found.subject.starts == (request.created_at,)


async def test_a_request_that_does_not_exist(bot: Harness) -> None:
    with pytest.raises(NotFound, match="There is no request NS-999"):
        await explained(bot, "NS-999")
