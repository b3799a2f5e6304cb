"""Closing a run of unknown outcome: it is looked for first, and nothing is started."""

import pytest

from bot.errors import Conflict, NotAllowed
from bot.usecases.runs.close_unknown import close_unknown
from bot.usecases.runs.retry_unknown import retry_unknown
from playground.sandbox import Fault
from tests.scenarios.steps import JOBS_PATH
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = '[policy]\napprovers = ["@sre"]\nzone = "Europe/Berlin"\nexpires = "30d"\n'


async def test_what_did_not_run_is_closed_and_nothing_is_sent(bot: Harness) -> None:
    request, run = await bot.unknown()
    sent = len(bot.posts())
    bot.woken()
    text = await close_unknown(bot.services, request.id, bot.person("bob"))
    assert text == f"{request.name} is closed. Nothing of it will start."
    assert bot.woken() == {"sender"}
    closed, run = await bot.reload(request), await bot.run(request)
    assert (closed.state, closed.finished_at, run.state) == ("cancelled", bot.now, "cancelled")
    assert run.problem == "It did not run, and was closed."
    assert (await bot.audit(request))[-1] == ("run.closed", {"run": run.id})
    assert len(bot.posts()) == sent
    with pytest.raises(Conflict, match="not in doubt any more: cancelled"):
        await close_unknown(bot.services, request.id, bot.person("bob"))


async def test_what_did_run_is_watched_instead_however_long_ago_it_was_sent(bot: Harness) -> None:
    for answer in (close_unknown, retry_unknown):
        request, _ = await bot.unknown(arrived=True)
        bot.forward(days=3)
        sent = len(bot.posts())
        text = await answer(bot.services, request.id, bot.person("bob"))
        assert text.startswith(f"{request.name} did start: it was found in the back end")
        assert (await bot.run(request)).state == "running"
        assert len(bot.posts()) == sent


async def test_nothing_is_closed_while_the_back_end_does_not_answer(bot: Harness) -> None:
    request, _ = await bot.unknown()
    bot.env.foreman.faults.append(Fault("status", JOBS_PATH, "GET", status=503, remaining=None))
    try:
        with pytest.raises(Conflict, match="so nothing was changed"):
            await close_unknown(bot.services, request.id, bot.person("bob"))
    finally:
        bot.env.foreman.faults.clear()
    assert (await bot.run(request)).state == "unknown"


async def test_only_the_requester_and_the_approvers_close_it(bot: Harness) -> None:
    request, _ = await bot.unknown()
    with pytest.raises(NotAllowed, match="Only the requester and the approvers"):
        await close_unknown(bot.services, request.id, bot.person("dave"))
