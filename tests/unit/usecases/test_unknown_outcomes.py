"""Calls whose outcome is unknown: looked for, asked about, and resolved by people."""

import pytest

from bot.errors import Conflict, NotAllowed
from bot.storage import runs
from bot.usecases.runs.attach_remote import confirm_remote, offer_candidates, propose_remote
from bot.usecases.runs.retry_unknown import retry_unknown
from playground.sandbox import Fault
from tests.unit.usecases.harness import JOBS, Harness, foreman_fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_answer_that_was_lost_is_looked_for_by_its_token(bot: Harness) -> None:
    request = await bot.approved()
    bot.env.foreman.faults.append(foreman_fault("cut_after"))
    before = len(bot.posts())
    run = await bot.dispatch(await bot.run(request))
    assert (run.state, len(bot.posts())) == ("running", before + 1)
    assert (await bot.attempt(run)).state == "answered"


async def test_what_cannot_be_told_is_asked_and_never_sent_again(bot: Harness) -> None:
    before = len(bot.posts())
    bot.woken()
    request, run = await bot.unknown()
    assert len(bot.posts()) == before + 1
    assert f"It was looked for as {run.token} and not found" in run.problem
    assert (request.state, (await bot.attempt(run)).state) == ("unknown", "unknown")
    assert "sender" in bot.woken()
    action, data = (await bot.audit(request))[-1]
    assert (action, data["run"], data["token"]) == ("run.unknown", run.id, run.token)
    await bot.dispatch(run)
    assert len(bot.posts()) == before + 1


async def test_a_call_that_was_under_way_when_the_bot_stopped_is_looked_for(bot: Harness) -> None:
    _, run = await bot.started()
    async with bot.services.db.write() as tx:
        current = await runs.get(tx, run.id)
        await runs.transition_attempt(tx, run.token, ["answered"], "sent")
        await runs.transition(tx, current, "starting", handle=None, started_at=None)
    before = len(bot.posts())
    run = await bot.dispatch(run)
    assert (run.state, run.handle is not None, len(bot.posts())) == ("running", True, before)


async def test_a_call_that_was_only_prepared_when_the_bot_stopped_is_sent(bot: Harness) -> None:
    request, run = await bot.started()
    async with bot.services.db.write() as tx:
        current = await runs.get(tx, run.id)
        await runs.transition_attempt(tx, run.token, ["answered"], "prepared")
        await runs.transition(tx, current, "starting", handle=None, started_at=None)
    before = len(bot.posts())
    run = await bot.dispatch(run)
    assert (run.state, len(bot.posts())) == ("running", before + 1)
    assert (await bot.reload(request)).state == "running"


async def test_it_did_not_run_starts_it_with_a_new_token(bot: Harness) -> None:
    request, run = await bot.unknown()
    bot.woken()
    assert await retry_unknown(bot.services, request.id, bot.person("alice")) == f"{request.name} is started again."
    again, after = await bot.run(request), await bot.reload(request)
    assert (again.id, again.state, again.token, again.due_at, again.problem) == (run.id, "pending", "", None, "")
    assert (after.state, after.outcome) == ("scheduled", "")
    old = await bot.attempt(run)
    assert (old.state, old.problem) == ("refused", "A person said that it did not run.")
    assert bot.woken() == {"sender", "scheduler"}
    assert (await bot.audit(request))[-1] == ("run.again", {"run": run.id})
    assert {m.desired_version for m in await bot.messages(request)} >= {5}
    again = await bot.dispatch(again)
    assert (again.state, again.token != run.token) == ("running", True)


async def test_only_requester_and_approvers_say_what_became_of_it(bot: Harness) -> None:
    request, _ = await bot.unknown()
    for act in (retry_unknown(bot.services, request.id, bot.person("dave")),
                offer_candidates(bot.services, request.id, bot.person("dave")),
                propose_remote(bot.services, request.id, bot.person("dave"), "", "1"),
                confirm_remote(bot.services, request.id, 1, bot.person("dave"))):  # fmt: skip
        with pytest.raises(NotAllowed, match="Only the requester and the approvers can say this"):
            await act


async def test_what_is_not_in_doubt_is_not_resolved(bot: Harness) -> None:
    request, _ = await bot.started()
    with pytest.raises(Conflict, match="is not in doubt any more: running"):
        await retry_unknown(bot.services, request.id, bot.person("alice"))


async def test_a_run_that_did_start_is_found_before_it_is_started_again(bot: Harness) -> None:
    """Somebody says that it did not run, perhaps of an earlier attempt; by now the back end shows it."""
    request, run = await bot.unknown(arrived=True)
    before = len(bot.posts())
    answer = await retry_unknown(bot.services, request.id, bot.person("alice"))
    assert answer == f"{request.name} did start: it was found in the back end, so it is not started again."
    again = await bot.run(request)
    assert (again.id, again.state, again.token, len(bot.posts())) == (run.id, "running", run.token, before)


async def test_nothing_is_started_again_while_nobody_can_look_whether_it_started(bot: Harness) -> None:
    request, run = await bot.unknown(arrived=True)
    before = len(bot.posts())
    bot.env.foreman.faults.append(Fault("status", JOBS, "GET", status=500, remaining=None))
    with pytest.raises(Conflict, match="Nobody can tell yet whether it started, so nothing was changed"):
        await retry_unknown(bot.services, request.id, bot.person("alice"))
    assert ((await bot.run(request)).state, len(bot.posts())) == ("unknown", before)
    assert (await bot.run(request)).version == run.version
