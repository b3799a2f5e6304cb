"""An edit between the checks of a start and its call: the edit wins, and the earlier content is not sent."""

import pytest

from bot.requests.model import Request
from bot.storage import requests, runs
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.submit import submit
from bot.usecases.drafts.update import apply_form_state
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def revise(bot: Harness, request: Request) -> Request:
    """Another revision of a request, written by whatever does not know that its run is about to leave."""
    async with bot.services.db.write() as tx:
        current = await requests.get(tx, request.id)
        content = current.content.model_copy(update={"renewal": current.content.renewal + 1})
        by = bot.person("alice")
        hashed = {"content": content, "content_hash": content.hash}
        return await requests.revise(tx, current, by, bot.now, "awaiting_approval", **hashed)


async def test_content_that_changes_between_the_checks_and_the_call_is_not_sent(bot: Harness) -> None:
    request = await bot.approved()
    before = len(bot.posts())
    async with bot.calls_held(request):
        attempt = await bot.attempt(await bot.run(request))
        assert (attempt.state, attempt.revision, attempt.content_hash) == ("prepared", 1, request.content_hash)
        await revise(bot, request)
        bot.woken()
    assert len(bot.posts()) == before
    run, after = await bot.run(request), await bot.reload(request)
    assert (run.state, run.finished_at) == ("cancelled", bot.now)
    assert run.problem == f"{request.name} was edited before this run was sent, so it was not started."
    assert ((await bot.attempt(run)).state, after.state, after.revision) == ("refused", "awaiting_approval", 2)
    assert (await bot.audit(request))[-1] == (
        "run.replaced", {"run": run.id, "token": run.token, "why": run.problem}
    )  # fmt: skip
    assert "sender" in bot.woken()
    assert (await bot.decide(after)).request.state == "scheduled"
    assert (await bot.dispatch(await bot.run(request))).state == "running"


async def test_what_was_prepared_before_the_bot_stopped_is_not_sent_for_another_revision(bot: Harness) -> None:
    request, run = await bot.started()
    async with bot.services.db.write() as tx:
        await runs.transition_attempt(tx, run.token, ["answered"], "prepared")
        await runs.transition(tx, await runs.get(tx, run.id), "starting", handle=None, started_at=None)
        current = await requests.get(tx, request.id)
        await requests.transition(tx, current, "scheduled")
    await revise(bot, request)
    before = len(bot.posts())
    assert (await bot.dispatch(run)).state == "cancelled"
    assert len(bot.posts()) == before


async def test_an_edit_wins_over_a_call_that_was_not_sent_yet(bot: Harness) -> None:
    request = await bot.approved()
    actor = await bot.actor("alice")
    draft = await edit_request(bot.services, request.id, actor)
    draft = await apply_form_state(bot.services, draft, actor, {"inputs.command": "df -h"}, {})
    draft, _ = await preview_draft(bot.services, draft, actor)
    before = len(bot.posts())
    async with bot.calls_held(request):
        assert (await bot.run(request)).state == "starting"
        after = await submit(bot.services, draft, draft.version)
    assert (after.state, after.revision, len(bot.posts())) == ("awaiting_approval", 2, before)
    run = await bot.run(request)
    assert (run.state, run.problem) == ("cancelled", "Replaced by an edit.")
    assert (await bot.attempt(run)).state == "refused"
