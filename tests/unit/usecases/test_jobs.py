"""What is done by the clock: starting, expiring, reminding, alerting, queueing again, forgetting."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.oncall.store import RotaStore
from bot.requests.model import Request
from bot.requests.policy.load import load_policy
from bot.storage import drafts, messages, requests, runs
from bot.usecases.jobs.alert_unapprovable import alert_unapprovable
from bot.usecases.jobs.announce_starts import announce_starts
from bot.usecases.jobs.check_policy import check_policy
from bot.usecases.jobs.expire import expire_requests
from bot.usecases.jobs.purge import purge_old_records
from bot.usecases.jobs.remind import send_reminders
from bot.usecases.jobs.requeue import requeue_orphaned_runs
from bot.usecases.jobs.scheduler import start_due_runs, tick
from bot.usecases.jobs.undeliverable import handle_undeliverable
from bot.usecases.runs.find_unknown import find_unknown_runs
from playground.sandbox import Fault
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "8h"
reminders = ["1h", "4h"]
escalate_after = "2h"
escalate_to = ["@leads"]
"""
GROUPS = {"@leads": ["dave"]}
SERIES = "every 3 days at 04:00"


@pytest.fixture(autouse=True)
async def _nothing_else_waits(bot: Harness) -> None:
    """What earlier tests left open is closed."""
    async with bot.services.db.write() as tx:
        for summary in await requests.summaries_awaiting_approval(tx, 100):
            await requests.transition(tx, await requests.get(tx, summary.id), "withdrawn")
        for state in ("pending", "starting", "unknown"):
            for run in await runs.in_state(tx, state):
                await runs.transition(tx, run, "cancelled")


async def test_a_run_is_started_when_it_is_due_and_not_before(bot: Harness) -> None:
    request = await bot.approved(when=SERIES)
    run = await bot.run(request)
    bot.move_to(run.due_at - timedelta(microseconds=1))
    await tick(bot.services)
    assert bot.engine.started == []
    bot.move_to(run.due_at)
    await tick(bot.services)
    await start_due_runs(bot.services)
    assert bot.engine.started == [("dispatch", f"{run.id}:1")] * 2


async def test_a_start_at_once_is_due_at_once(bot: Harness) -> None:
    run = await bot.run(await bot.approved())
    await start_due_runs(bot.services)
    assert bot.engine.started == [("dispatch", f"{run.id}:1")]


async def test_a_request_expires_when_its_time_has_come(bot: Harness) -> None:
    request = await bot.request()
    bot.move_to(request.approve_by - timedelta(microseconds=1))
    await expire_requests(bot.services)
    assert (await bot.reload(request)).state == "awaiting_approval"
    bot.move_to(request.approve_by)
    bot.woken()
    await tick(bot.services)
    after = await bot.reload(request)
    assert (after.state, after.finished_at) == ("expired", bot.now)
    assert after.outcome == "Nobody decided in time, so nothing was done."
    assert bot.woken() == {"sender"}
    assert (await bot.audit(request))[-1] == ("request.expired", {})
    assert min(m.desired_version for m in await bot.messages(request, "approval", "receipt")) == 2


async def test_a_request_expires_with_its_latest_start(bot: Harness) -> None:
    request = await bot.request(when="today 11:00 to 12:00")
    assert request.latest_start < request.created_at + timedelta(hours=8)
    bot.move_to(request.latest_start)
    await expire_requests(bot.services)
    assert (await bot.reload(request)).state == "expired"


async def test_approvers_are_reminded_with_growing_gaps_and_a_second_group_is_named(bot: Harness) -> None:
    request = await bot.request()
    seen = []
    for hours in (1, 2, 4):
        bot.move_to(request.created_at + timedelta(hours=hours) - timedelta(microseconds=1))
        await send_reminders(bot.services)
        assert len(await bot.messages(request, "reminder")) == len(seen)
        bot.move_to(request.created_at + timedelta(hours=hours))
        bot.woken()
        await tick(bot.services)
        await tick(bot.services)
        assert bot.woken() == {"sender"}
        (new,) = [m for m in await bot.messages(request, "reminder") if m.id not in seen]
        seen.append(new.id)
        assert (new.recipient, new.facts["text"]) == ("#approvals", "@leads may decide now too." if hours > 1 else "")
        assert new.parent_id == (await bot.messages(request, "approval"))[0].id
    assert (await bot.reload(request)).remind_at is None
    assert (await bot.reload(request)).state == "awaiting_approval"


async def test_the_second_group_may_decide_once_it_was_named(bot: Harness) -> None:
    request = await bot.request()
    bot.forward(hours=2)
    assert (await bot.decide(request, "dave")).request.state == "scheduled"


async def test_what_is_decided_is_neither_reminded_of_nor_expires(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 09:00")
    bot.forward(hours=9)
    await tick(bot.services)
    assert (await bot.reload(request)).state == "scheduled"
    assert await bot.messages(request, "reminder") == []


async def notes_to_admins(bot: Harness, request: Request) -> list[str]:
    async with bot.services.db.write() as tx:
        claimed = await messages.claim(tx, bot.now + timedelta(days=1), timedelta(minutes=1), "test", limit=500)
    texts = [m.facts["text"] for m in claimed if m.recipient == "#ops-admin"]
    return [text for text in texts if request.name + " " in text]


async def test_administrators_are_told_once_of_what_nobody_can_approve(bot: Harness) -> None:
    request = await bot.request()
    await alert_unapprovable(bot.services)
    assert await notes_to_admins(bot, request) == []
    bot.env.slack.admin.set_group("@sre", [])
    bot.services.directory.invalidate_groups()
    try:
        bot.woken()
        await alert_unapprovable(bot.services)
        await alert_unapprovable(bot.services)
        assert bot.woken() == {"sender"}
    finally:
        bot.env.slack.admin.set_group("@sre", ["bob", "carol"])
        bot.services.directory.invalidate_groups()
    (text,) = await notes_to_admins(bot, request)
    assert text.startswith(f"{request.name} cannot be approved by anybody now: ")


async def test_nothing_is_concluded_while_slack_does_not_answer(bot: Harness) -> None:
    request = await bot.request()
    bot.env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    bot.services.directory.invalidate_groups()
    bot.woken()
    await alert_unapprovable(bot.services)
    assert bot.woken() == set()
    bot.env.slack.faults.clear()
    assert await notes_to_admins(bot, request) == []


async def test_a_run_that_lost_its_job_gets_a_new_one(bot: Harness) -> None:
    request = await bot.approved(when=SERIES)
    run = await bot.run(request)
    bot.move_to(run.due_at + timedelta(seconds=30) - timedelta(microseconds=1))
    await requeue_orphaned_runs(bot.services)
    assert bot.engine.started == []
    bot.move_to(run.due_at + timedelta(seconds=30))
    bot.engine.running = {f"{run.id}:"}
    await requeue_orphaned_runs(bot.services)
    assert bot.engine.started == []
    bot.engine.running = set()
    await requeue_orphaned_runs(bot.services)
    await requeue_orphaned_runs(bot.services)
    (first, second) = bot.engine.started
    assert first != second
    assert {(job, key.rpartition(":")[0]) for job, key in (first, second)} == {("dispatch", f"{run.id}:1")}


async def test_a_run_that_is_starting_without_a_job_gets_one_at_once(bot: Harness) -> None:
    run = await bot.run(await bot.approved())
    async with bot.services.db.write() as tx:
        run = await runs.transition(tx, run, "starting", token="t")
    await requeue_orphaned_runs(bot.services)
    assert [key.rpartition(":")[0] for _, key in bot.engine.started] == [f"{run.id}:2"]


async def lost(bot: Harness):
    """A run whose call arrived, but whose answer and every look for it were lost."""
    request = await bot.approved()
    bot.env.foreman.faults.append(Fault("cut_after", "^/api/job_invocations$", "POST"))
    bot.env.foreman.faults.append(Fault("status", "/api/job_invocations", "GET", status=500, remaining=None))
    run = await bot.dispatch(await bot.run(request))
    assert run.state == "unknown"
    return request, run


async def test_a_run_of_unknown_fate_is_found_once_the_back_end_answers(bot: Harness) -> None:
    request, run = await lost(bot)
    await find_unknown_runs(bot.services)
    assert (await bot.run(request)).state == "unknown"
    bot.env.foreman.faults.clear()
    bot.forward(days=1)
    await find_unknown_runs(bot.services)
    after = await bot.run(request)
    assert (after.state, after.problem, after.started_at) == ("running", "", bot.now)
    assert (await bot.attempt(run)).state == "answered"
    assert (await bot.reload(request)).state == "running"


async def test_after_a_day_it_is_looked_for_no_more(bot: Harness) -> None:
    request, _ = await lost(bot)
    bot.env.foreman.faults.clear()
    bot.forward(days=1, microseconds=1)
    await find_unknown_runs(bot.services)
    assert (await bot.run(request)).state == "unknown"


async def test_what_has_served_its_purpose_is_forgotten(bot: Harness) -> None:
    draft = await bot.draft()
    request = await bot.request()
    async with bot.services.db.write() as tx:
        note = await messages.add(tx, bot.now, "note", "U0ALICE", request.id, facts={"text": "old"})
        stored = await messages.get(tx, note)
        await messages.mark_undeliverable(tx, stored, "gone")
    timing = bot.services.settings.timing
    bot.forward(days=timing.keep_finished_jobs_days)
    await purge_old_records(bot.services)
    assert [m.id for m in await bot.messages(request, "note")] == [note]
    assert bot.engine.pruned == [timing.keep_finished_jobs_days * 86_400]
    bot.forward(microseconds=1)
    await purge_old_records(bot.services)
    assert await bot.messages(request, "note") == []
    assert len(await bot.messages(request)) == 2
    async with bot.services.db.read() as tx:
        assert (await drafts.get(tx, draft.id)).id == draft.id
    bot.forward(days=timing.keep_drafts_days)
    await purge_old_records(bot.services)
    async with bot.services.db.read() as tx:
        with pytest.raises(Exception, match="form"):
            await drafts.get(tx, draft.id)
    assert (await bot.reload(request)).id == request.id


async def test_a_start_long_after_its_approval_is_announced_once(bot: Harness) -> None:
    request = await bot.approved(when="today 20:00")
    soon = await bot.approved(when="today 10:50", hosts="name ~ db")

    async def announced(of: Request) -> list[str]:
        return [m.recipient for m in await bot.messages(of, "note") if " starts " in str(m.facts["text"])[:20]]

    bot.move_to(soon.start_at - timedelta(minutes=10))
    await announce_starts(bot.services)
    assert await announced(soon) == []
    bot.move_to(request.start_at - timedelta(minutes=15, microseconds=1))
    await announce_starts(bot.services)
    assert await announced(request) == []
    bot.move_to(request.start_at - timedelta(minutes=15))
    for _ in range(2):
        await announce_starts(bot.services)
        assert sorted(await announced(request)) == ["#approvals", "U0ALICE"]


async def test_a_card_that_the_channel_does_not_take_goes_to_the_approvers_themselves(bot: Harness) -> None:
    request = await bot.request()
    (card,) = await bot.messages(request, "approval")
    before = {m.id for m in await bot.messages(request, "copies")}
    await handle_undeliverable(bot.services, card, "channel_not_found")
    assert (await bot.reload(request)).state == "awaiting_approval"
    (lost,) = [m for m in await bot.messages(request, "copies") if m.id not in before]
    assert lost.facts["channel"] == ""


async def test_a_request_that_nobody_can_be_shown_ends(bot: Harness) -> None:
    request = await bot.request()
    (card,) = await bot.messages(request, "approval")
    async with bot.services.db.write() as tx:
        await messages.mark_undeliverable(tx, card, "is_archived")
    await handle_undeliverable(bot.services, card, "is_archived")
    (copies,) = await bot.messages(request, "copies")
    async with bot.services.db.write() as tx:
        await messages.mark_undeliverable(tx, copies, "is_archived")
    bot.woken()
    await handle_undeliverable(bot.services, copies, "no approver can be written to")
    after = await bot.reload(request)
    assert (after.state, after.finished_at) == ("undeliverable", bot.now)
    assert "could not be shown to anybody who may approve it (no approver can be written to)" in after.outcome
    assert bot.woken() == {"sender"}
    assert (await bot.audit(request))[-1][0] == "request.undeliverable"
    shown = {m.kind: m.desired_version for m in await bot.messages(request, "approval", "receipt")}
    assert shown == {"approval": 1, "receipt": 2}
    notes = {note.recipient: note.facts["text"] for note in await bot.messages(request, "note")}
    assert notes.keys() == {"U0ALICE", "#ops-admin"}
    assert all(text.startswith(f"{request.name} could not be shown to its approvers") for text in notes.values())


async def test_a_receipt_that_cannot_be_delivered_ends_nothing(bot: Harness) -> None:
    request = await bot.request()
    (receipt,) = await bot.messages(request, "receipt")
    await handle_undeliverable(bot.services, receipt, "channel_not_found")
    assert (await bot.reload(request)).state == "awaiting_approval"


async def test_a_card_of_a_decided_request_changes_nothing_more(bot: Harness) -> None:
    request = await bot.request()
    (card,) = await bot.messages(request, "approval")
    await bot.decide(request)
    bot.woken()
    await handle_undeliverable(bot.services, card, "channel_not_found")
    assert (await bot.reload(request)).state == "scheduled"
    assert bot.woken() == set()


async def test_a_request_that_does_not_know_when_it_was_put_to_its_approvers_is_reminded_of_from_its_making(
    bot: Harness,
) -> None:
    request = await bot.request()
    async with bot.services.db.write() as tx:
        await requests.transition(tx, request, request.state, round_opened_at=None)
    assert request.remind_at is not None
    bot.move_to(request.remind_at)
    await send_reminders(bot.services)
    assert len(await bot.messages(request, "reminder")) == 1
    after = await bot.reload(request)
    assert after.remind_at is None or after.remind_at > bot.now


async def test_admins_are_told_of_a_rota_that_cannot_be_read(bot: Harness) -> None:
    text = '[policy]\napprovers = ["oncall:net"]\n[policy.oncall.net]\nfile = "/nowhere/net.json"\n'
    rotas = RotaStore(load_policy(text, now=bot.now), bot.clock)
    await rotas.refresh()
    await check_policy(replace(bot.services, rotas=rotas))
    async with bot.services.db.write() as tx:
        claimed = await messages.claim(tx, bot.now + timedelta(days=1), timedelta(minutes=1), "test", limit=500)
    told = [str(message.facts["text"]) for message in claimed if message.recipient == "#ops-admin"]
    assert any("who is on call for net: [Errno 2] No such file" in text for text in told)
