"""A form that is filled in from a request: what it starts from, and who may open it."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from blocks.card.model import Card
from blocks.card.render import card_blocks
from bot.errors import Conflict, InputError, NotAllowed
from bot.requests.model import Request
from bot.schedule import Now
from bot.storage import requests, runs
from bot.storage.drafts import Draft
from bot.usecases.approvals.reopen import reopen_for_approval
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.lost_approvals import lost_approval_note
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.reading import parsed_reading
from bot.usecases.drafts.rerun_failed import rerun_failed
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.pauses.list_pauses import list_pauses
from bot.usecases.pauses.pause_series import pause_series
from bot.usecases.pauses.resume_series import resume_series
from bot.usecases.runs.admission import ObstacleCode
from bot.usecases.runs.cancel import cancel
from bot.usecases.runs.finish import finish_run
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHEN = "tomorrow 20:00"


async def edited(bot: Harness, request: Request, who: str = "alice") -> Draft:
    return await edit_request(bot.services, request.id, await bot.actor(who))


async def resubmitted(bot: Harness, draft: Draft, who: str = "alice", **values: Any) -> Request:
    return await bot.submit(await apply_form_state(bot.services, draft, await bot.actor(who), values, {}), who)


async def test_an_edit_starts_from_what_was_asked_for(bot: Harness) -> None:
    request = await bot.request(when=WHEN, channel="C-ELSEWHERE", reason="why not")
    bot.forward(days=3)
    draft = await edited(bot, request, "bob")
    assert (draft.person, draft.channel, draft.backend) == (bot.person("bob"), "C-ELSEWHERE", "foreman.main")
    assert (draft.values, draft.labels, draft.reason) == (request.values, request.labels, "why not")
    assert (draft.revises, draft.phrase) == (request.id, WHEN)
    reading = parsed_reading(draft)
    assert reading is not None
    # The agreed time: “tomorrow” is another day by now.
    assert reading.schedule == request.content.schedule  # type: ignore[union-attr]


async def test_whoever_may_not_edit_or_comes_too_late_gets_no_form(bot: Harness) -> None:
    request = await bot.request(when=WHEN)
    with pytest.raises(NotAllowed, match="Only the requester and the approvers can edit this"):
        await edited(bot, request, "dave")
    approved = (await bot.decide(request)).request
    assert (await edited(bot, approved)).revises == request.id
    await cancel(bot.services, request.id, bot.person("alice"))
    with pytest.raises(Conflict, match="cannot be edited any more: cancelled"):
        await edited(bot, request)


async def test_an_edit_is_told_under_each_card_and_on_record(bot: Harness) -> None:
    request = await bot.request(when=WHEN)
    (card,) = await bot.messages(request, "approval")
    after = await resubmitted(bot, await edited(bot, request, "bob"), "bob", **{"inputs.command": "uptime"})
    notes = {note.recipient: note for note in await bot.messages(request, "note")}
    assert {place: note.parent_id for place, note in notes.items()} == {card.recipient: card.id, "U0ALICE": None}
    text = f"{request.name} was changed."
    assert notes["U0ALICE"].facts == {"text": text, "by": "U0BOB", "event": "edited"}
    assert notes[card.recipient].facts == {"text": text, "by": "U0BOB", "mentions": ["S0SRE"]}
    action, data = (await bot.audit(request))[-1]
    assert (action, data["revision"], data["hash"]) == ("request.revised", 2, after.content_hash)
    assert len(data["fields"]) == 1
    assert (after.last_editor, after.editors, after.requester) == ("U0BOB", ("U0BOB",), request.requester)
    assert after.round_opened_at == bot.now
    (shown,) = await bot.messages(request, "approval")
    assert shown.desired_version > card.desired_version


async def test_content_that_returns_to_what_it_was_needs_a_new_approval(bot: Harness) -> None:
    request = await bot.request(when=WHEN)
    changed = await resubmitted(bot, await edited(bot, request), **{"inputs.command": "uptime"})
    back = await resubmitted(bot, await edited(bot, changed), **{"inputs.command": "id"})
    assert [r.content.renewal for r in (request, changed, back)] == [0, 1, 2]
    assert len({request.content_hash, changed.content_hash, back.content_hash}) == 3
    reasoned = await resubmitted(bot, await edited(bot, back), because="a better reason")
    assert (reasoned.content.renewal, reasoned.reason) == (3, "a better reason")


async def test_a_new_reason_of_an_approved_request_is_approved_again(bot: Harness) -> None:
    """Its run was cancelled by the edit. Earlier approvals would be complete, and leave nobody to decide."""
    request = await bot.approved(when=WHEN)
    after = await resubmitted(bot, await edited(bot, request), because="a better reason")
    assert (after.state, after.content_hash == request.content_hash) == ("awaiting_approval", False)
    assert (await bot.decide(after)).request.state == "scheduled"


async def test_an_edit_that_shows_other_hosts_of_the_same_query_needs_a_new_approval(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a dynamic query matches is not part of the signed text, but approvers decided on the hosts that they saw."""
    request = await bot.request(when=WHEN, targeting_type="dynamic_query")
    world = bot.env.foreman.state.world
    web = next(host for host in world.hosts if host.name.startswith("web"))
    monkeypatch.setattr(world, "hosts", [*world.hosts, replace(web, id=900, name="web99.ber.example.com")])
    after = await resubmitted(bot, await edited(bot, request), because="a better reason")
    assert after.targets.count == request.targets.count + 1
    assert after.content_hash != request.content_hash


async def test_a_rerun_names_what_it_repeats_and_starts_now(bot: Harness) -> None:
    request, run = await bot.started(when="now", reason="r" * 990)
    async with bot.services.db.write() as tx:
        results = [{"name": f"web-{n}", "state": state} for n, state in enumerate(("failed", "succeeded", "cancelled"))]
        await runs.transition(tx, run, "partly_failed", progress={"state": "partly_failed", "results": results})
    draft = await rerun_failed(bot.services, request.id, await bot.actor("alice"))
    assert draft.reason.startswith(f"Again on what failed in {request.name}: rrr")
    assert len(draft.reason) == 1000
    assert (draft.phrase, draft.revises) == ("now", None)
    reading = parsed_reading(draft)
    assert reading is not None
    assert reading.schedule == Now()  # type: ignore[union-attr]


@pytest.mark.parametrize("state", ["succeeded", "cancelled", "missed"])
async def test_what_did_not_fail_is_not_repeated(bot: Harness, state: Any) -> None:
    request, run = await bot.started()
    async with bot.services.db.write() as tx:
        await runs.transition(tx, run, state)
    with pytest.raises(InputError, match="nothing to repeat"):
        await rerun_failed(bot.services, request.id, await bot.actor("alice"))


async def test_what_failed_before_it_started_is_not_repeated(bot: Harness) -> None:
    request = await bot.approved(when=WHEN)
    async with bot.services.db.write() as tx:
        await runs.transition(tx, await bot.run(request), "failed")
    with pytest.raises(InputError, match="nothing to repeat"):
        await rerun_failed(bot.services, request.id, await bot.actor("alice"))


async def test_a_series_may_be_edited_after_a_run_was_missed(bot: Harness) -> None:
    request = await bot.approved(when="every 3 days at 04:00")
    missed = await bot.run(request)
    assert missed.latest_start is not None
    bot.move_to(missed.latest_start + timedelta(seconds=1))
    assert (await bot.dispatch(missed)).state == "missed"
    draft = await edited(bot, await bot.reload(request))
    after = await resubmitted(bot, draft, **{"inputs.command": "uptime"})
    assert (after.state, after.revision) == ("awaiting_approval", 2)
    assert sorted(run.state for run in await bot.runs(request)) == ["cancelled", "missed"]


async def test_a_series_that_never_ran_keeps_its_edit_after_a_pause(bot: Harness) -> None:
    request, alice = await bot.approved(when="every day at 04:00"), bot.person("alice")
    await pause_series(bot.services, request.id, alice, "The disk is full.")
    await resume_series(bot.services, request.id, alice)
    request = await bot.reload(request)
    assert "Edit" in str(card_blocks(Card(request, runs=await bot.runs(request))))
    draft = await edited(bot, request)
    assert (await resubmitted(bot, draft, **{"inputs.command": "uptime"})).state == "awaiting_approval"


async def test_a_series_that_is_over_is_not_listed_as_paused(bot: Harness) -> None:
    """Its pause is ended a moment after it."""
    request, alice = await bot.approved(when="every day at 04:00"), await bot.actor("alice")
    await pause_series(bot.services, request.id, alice.person, "The disk is full.")
    assert any(request.name in line for line in await list_pauses(bot.services, alice))
    async with bot.services.db.write() as tx:
        await requests.transition(tx, await requests.get(tx, request.id), "cancelled")
    assert not any(request.name in line for line in await list_pauses(bot.services, alice))


async def test_an_edit_that_was_open_while_its_request_ended_is_refused(bot: Harness) -> None:
    request = await bot.approved(when="now")
    draft = await edited(bot, request)
    run = await bot.run(request)
    async with bot.services.db.write() as tx:
        await finish_run(tx, bot.services, run, request, "missed", problem="Too late.")
    with pytest.raises(Conflict, match="cannot be edited any more"):
        await resubmitted(bot, draft, **{"inputs.command": "uptime"})


SERIES = "every day at 04:00"


async def test_a_paused_series_stays_a_series(bot: Harness) -> None:
    """Resuming it would start the single run a second time."""
    request = await bot.approved(when=SERIES)
    draft = await edited(bot, request)
    await pause_series(bot.services, request.id, bot.person("bob"), "the disk is full")
    with pytest.raises(Conflict, match="is paused, so it stays a series"):
        await resubmitted(bot, draft, when="in 3 hours")
    assert (await bot.reload(request)).revision == request.revision
    assert [run.state for run in await bot.runs(request)] == ["cancelled"]


async def test_a_series_whose_run_is_still_going_stays_a_series(bot: Harness) -> None:
    """The end of that run would end the request in place of its new one."""
    request = await bot.approved(when=SERIES)
    run = await bot.run(request)
    bot.move_to(run.due_at)
    bot.env.foreman.speed = 0.00001
    run = await bot.dispatch(run)
    assert run.handle is not None
    request = await bot.reload(request)
    pending = next(run for run in await bot.runs(request) if run.state == "pending")
    await reopen_for_approval(bot.services, pending, request, ObstacleCode.RENEWAL_DUE, "It is due.")
    draft = await edited(bot, request)
    with pytest.raises(Conflict, match="is still going, so it stays as it is"):
        await resubmitted(bot, draft, when="in 3 hours")


async def test_the_end_of_an_earlier_run_does_not_end_a_request_with_a_new_one(bot: Harness) -> None:
    request = await bot.approved(when=WHEN)
    newest = await bot.run(request)
    older = newest.model_copy(update={"id": "n_older", "number": newest.number - 1, "state": "running"})
    async with bot.services.db.write() as tx:
        await runs.add(tx, older, request.content.backend, request.content.operation)
    async with bot.services.db.write() as tx:
        await finish_run(tx, bot.services, older, request, "succeeded")
    assert ((await bot.reload(request)).state, (await bot.run(request)).state) == ("scheduled", "pending")


async def test_the_preview_of_an_edit_says_which_approval_it_costs(bot: Harness) -> None:
    request = await bot.approved(when=WHEN)
    draft = await edited(bot, request)
    _, preview = await preview_draft(bot.services, draft, await bot.actor("alice"))
    note = await lost_approval_note(bot.services, draft, preview.requirement)
    assert re.fullmatch(
        rf"{request.name} is approved to start .+\. With this change it waits for approval again, and does not start "
        "before.",
        note,
    )
    waiting = await edited(bot, await bot.request(when=WHEN))
    assert await lost_approval_note(bot.services, waiting, preview.requirement) == ""
