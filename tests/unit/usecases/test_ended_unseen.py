"""A back end that does not tell how a run goes: its card says so, people may mark it as ended, and a repeat needs an
approver then."""

from datetime import timedelta

import pytest

from blocks.card.model import Card
from blocks.card.render import card_blocks
from bot.errors import Conflict, NotAllowed
from bot.requests.model import Request, Run
from bot.usecases.conflict_finder import MAY_BE_RUNNING
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.runs.confirm_ended import ENDED_TEXT, confirm_ended
from bot.usecases.runs.silence import SHOWN_AFTER
from playground.sandbox import Fault
from playground.slack.elements import button_labels
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "small"
when = { max_targets = 1 }
effect = "approve"
"""


async def going(bot: Harness, hosts: str) -> tuple[Request, Run]:
    bot.env.foreman.speed = 0.001
    request = await bot.request(hosts=hosts)
    assert request.state == "scheduled"
    await bot.dispatch(await bot.run(request))
    await bot.poll()
    return await bot.reload(request), await bot.run(request)


def foreman_is_away(bot: Harness) -> None:
    bot.env.foreman.faults.append(Fault("status", "/api/job_invocations", "GET", status=500, remaining=None))


async def silent(bot: Harness, hosts: str) -> tuple[Request, Run]:
    """A run whose back end has not answered for a while."""
    request, _ = await going(bot, hosts)
    foreman_is_away(bot)
    await bot.poll()
    bot.forward(seconds=SHOWN_AFTER.total_seconds())
    await bot.poll()
    bot.env.foreman.faults.clear()
    return request, await bot.run(request)


def buttons(request: Request, run: Run) -> list[str]:
    return button_labels(card_blocks(Card(request, runs=[run])))


async def test_the_card_says_that_there_is_no_contact_and_stops_saying_so(bot: Harness) -> None:
    request, run = await going(bot, "name ~ web05")
    foreman_is_away(bot)
    await bot.poll()
    run = await bot.run(request)
    assert run.silent_since == bot.now
    assert run.problem == ""
    assert "Mark as ended" not in buttons(request, run)
    bot.forward(seconds=SHOWN_AFTER.total_seconds())
    await bot.poll()
    run = await bot.run(request)
    assert run.problem.startswith("No contact since ")
    assert "Mark as ended" in buttons(request, run)
    shown = run.version
    await bot.poll()
    assert (await bot.run(request)).version == shown
    bot.env.foreman.faults.clear()
    await bot.poll()
    run = await bot.run(request)
    assert (run.silent_since, run.problem, run.state) == (None, "", "running")
    with pytest.raises(Conflict, match="its back end answers again"):
        await confirm_ended(bot.services, request.id, run.number, bot.person("alice"))


async def test_its_requester_or_an_approver_may_mark_it_as_ended_and_nobody_else(bot: Harness) -> None:
    request, run = await silent(bot, "name ~ web10")
    with pytest.raises(NotAllowed):
        await confirm_ended(bot.services, request.id, run.number, bot.person("erin"))
    said = await confirm_ended(bot.services, request.id, run.number, bot.person("alice"))
    assert "may still be running" in said
    request, run = await bot.reload(request), await bot.run(request)
    assert (request.state, request.outcome) == ("ended_unseen", ENDED_TEXT)
    assert run.state == "ended_unseen"
    assert {m.recipient for m in await bot.messages(request, "outcome")} == {"#results", request.requester.user}


async def test_a_repeat_needs_an_approver_for_a_day(bot: Harness) -> None:
    request, run = await silent(bot, "name ~ web15")
    await confirm_ended(bot.services, request.id, run.number, bot.person("bob"))
    actor = await bot.actor("alice")
    draft, preview = await preview_draft(bot.services, await bot.draft(hosts="name ~ web15"), actor)
    assert preview.requirement.effect == "ask"
    assert any(f"{request.name} (" in text and "may still be running" in text for text in preview.warnings)
    repeated = await bot.submit(draft)
    assert repeated.state == "awaiting_approval"
    _, elsewhere = await preview_draft(bot.services, await bot.draft(hosts="name ~ web20"), actor)
    assert elsewhere.requirement.effect == "approve"
    bot.forward(seconds=(MAY_BE_RUNNING + timedelta(minutes=1)).total_seconds())
    _, later = await preview_draft(bot.services, await bot.draft(hosts="name ~ web15"), actor)
    assert later.requirement.effect == "approve"
