"""What a rule approved by itself because of its requester does not start once that no longer holds."""

import pytest

from bot.requests.model import Request, Run
from bot.usecases.pauses.resume_series import resume_series
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "operators"
when = { requester = "@operators", backend = "foreman" }
effect = "approve"
"""
GROUPS = {"operators": ["alice"]}
WHY = "The rule “operators” approved this because the requester was from @operators. That is no longer so."


def set_operators(bot: Harness, *names: str) -> None:
    bot.env.slack.admin.set_group("@operators", names)
    bot.services.directory.invalidate_groups()


async def start(bot: Harness, request: Request) -> Run:
    run = await bot.run(request)
    bot.move_to(run.due_at)
    return await bot.dispatch(run)


async def test_a_series_is_paused_and_goes_on_when_it_holds_again(bot: Harness) -> None:
    request = await bot.request(when="every day at 22:00")
    assert (request.state, (await start(bot, request)).token != "") == ("scheduled", True)
    jobs = len(bot.posts())
    set_operators(bot, "dave")
    try:
        run = await start(bot, request)
        told = [m.facts.get("text", "") for m in await bot.messages(request, "note")]
    finally:
        set_operators(bot, "alice")
    assert (run.state, len(bot.posts()), (await bot.reload(request)).state) == ("cancelled", jobs, "scheduled")
    assert f"{request.name} is paused: {WHY} No run starts until somebody resumes it." in told
    await resume_series(bot.services, request.id, bot.person("alice"))
    assert (await start(bot, request)).token != ""


async def test_a_single_start_waits_for_another_requester(bot: Harness) -> None:
    request = await bot.request(when="tomorrow 20:00")
    set_operators(bot, "dave")
    try:
        run = await start(bot, request)
    finally:
        set_operators(bot, "alice")
    assert (await bot.reload(request)).state == "awaiting_approval"
    assert run.problem.startswith(f"Not started: {WHY} Somebody who may request this can take it over")


async def test_what_people_approved_goes_on(bot: Harness) -> None:
    request = await bot.approved("dave", when="tomorrow 20:00")
    assert (await start(bot, request)).token != ""
