"""Starting a run: may it start, is it on record before it leaves, and what if it is not known whether it arrived."""

import asyncio
import re
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.storage import requests, runs
from bot.storage.database import Database
from bot.storage.transactions import Tx
from bot.usecases.runs.dispatch import dispatch_run
from bot.usecases.runs.find_unknown import find_unknown_run
from playground.foreman.world import default_world
from tests.unit.usecases.harness import FOREMAN, RUN_COMMAND, Harness, foreman_fault

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "30d"

[[policy.rules]]
name = "series"
when = { targets = "cache*" }
effect = "limit"
renew_after_runs = 2

[[policy.freezes]]
name = "quarter end"
start = 2027-03-31T00:00:00Z
end = 2027-04-02T00:00:00Z
"""
SERIES = "every 3 days at 04:00"


async def test_a_call_is_on_record_before_it_leaves_and_after_it_was_answered(bot: Harness) -> None:
    request = await bot.approved()
    bot.woken()
    before = len(bot.posts())
    run = await bot.dispatch(await bot.run(request))
    assert len(bot.posts()) == before + 1
    attempt = await bot.attempt(run)
    assert (attempt.state, attempt.run_id, attempt.created_at, attempt.sent_at, attempt.answered_at) == (
        "answered", run.id, bot.now, bot.now, bot.now,
    )  # fmt: skip
    assert run.token in bot.posts()[-1]["description_format"]
    assert (run.state, run.started_at, run.handle) == ("running", bot.now, attempt.handle)
    after = await bot.reload(request)
    assert (after.state, after.started_at) == ("running", bot.now)
    assert bot.woken() == {"sender", "watchers"}
    assert (await bot.audit(request))[-2:] == [
        ("run.prepared", {"run": run.id, "token": run.token}),
        ("run.started", {"run": run.id, "token": run.token, "handle": run.handle["id"]}),
    ]


async def test_dispatched_again_it_is_not_sent_again(bot: Harness) -> None:
    _, run = await bot.started()
    before = len(bot.posts())
    assert await bot.dispatch(run) == await bot.dispatch(run)
    assert len(bot.posts()) == before


async def test_two_at_once_send_it_once(bot: Harness) -> None:
    request = await bot.approved()
    run, before = await bot.run(request), len(bot.posts())
    await asyncio.gather(*(dispatch_run(bot.services, run.id) for _ in range(3)))
    assert len(bot.posts()) == before + 1
    assert (await bot.run(request)).state == "running"


class DatabaseThatGoesAway:
    """The database, after it could not be reached for some reads."""

    def __init__(self, db: Database, failures: int) -> None:
        self._db = db
        self._failures = failures

    def read(self) -> AbstractAsyncContextManager[Tx]:
        if self._failures:
            self._failures -= 1
            raise OperationalError("SELECT 1", {}, OSError("connection refused"))
        return self._db.read()

    def write(self) -> AbstractAsyncContextManager[Tx]:
        return self._db.write()


async def test_a_database_that_is_away_is_waited_for_with_growing_gaps(bot: Harness) -> None:
    request = await bot.approved()
    away = replace(bot.services, db=DatabaseThatGoesAway(bot.services.db, 3))
    with capture_logs() as log:
        await dispatch_run(away, (await bot.run(request)).id)
    assert [entry["seconds"] for entry in log if entry["event"] == "database unavailable; retrying"] == [0.2, 0.5, 1.0]
    assert (await bot.run(request)).state == "running"


async def test_a_start_in_the_back_end_is_not_running_yet(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 09:00")
    run = await bot.dispatch(await bot.run(request))
    assert (run.state, run.started_at) == ("scheduled_in_backend", None)
    after = await bot.reload(request)
    assert (after.state, after.started_at) == ("scheduled", None)


async def test_a_start_found_shortly_before_its_time_is_checked_again_if_its_call_was_made_long_before(
    bot: Harness,
) -> None:
    _, run = await bot.unknown(arrived=True, when="in 180 minutes")
    bot.forward(minutes=170)
    await find_unknown_run(bot.services, run)
    async with bot.services.db.write() as tx:
        found = await runs.get(tx, run.id)
        assert (found.state, found.start_check) == ("scheduled_in_backend", None)
        assert run.id in [due.id for due in await runs.claim_for_check(tx, FOREMAN, bot.now, timedelta(seconds=1), 100)]


async def test_what_is_over_does_not_start(bot: Harness) -> None:
    request = await bot.approved()
    async with bot.services.db.write() as tx:
        await requests.transition(tx, await requests.get(tx, request.id), "cancelled")
    before = len(bot.posts())
    run = await bot.dispatch(await bot.run(request))
    assert (run.state, run.problem) == ("cancelled", f"{request.name} was over before this run's time came.")
    assert len(bot.posts()) == before


async def test_a_run_starts_up_to_its_latest_start_and_not_after(bot: Harness) -> None:
    request = await bot.approved(when=SERIES)
    first = await bot.run(request)
    bot.move_to(first.latest_start)
    assert (await bot.dispatch(first)).state != "missed"
    second = await bot.run(request)
    bot.move_to(second.latest_start + timedelta(microseconds=1))
    before = len(bot.posts())
    second = await bot.dispatch(second)
    assert (second.state, len(bot.posts())) == ("missed", before)
    assert re.fullmatch(r"Missed: it could not start before \d\d Jan 05:00 CET\.", second.problem)
    assert (await bot.run(request)).number == 3


async def test_a_freeze_that_began_meanwhile_keeps_a_run_from_starting(bot: Harness) -> None:
    request = await bot.approved()
    run = (await bot.run(request)).model_copy()
    bot.move_to(bot.now.replace(month=3, day=31, hour=12))
    run = await bot.dispatch(run)
    assert run.state == "missed"
    assert run.problem.startswith("Not started: ")
    assert "quarter end" in run.problem


async def test_an_approver_who_left_does_not_count_at_the_start(bot: Harness) -> None:
    request = await bot.approved()
    bot.env.slack.admin.set_group("@sre", ["carol"])
    bot.services.directory.invalidate_groups()
    before = len(bot.posts())
    try:
        bot.woken()
        run = await bot.dispatch(await bot.run(request))
    finally:
        bot.env.slack.admin.set_group("@sre", ["bob", "carol"])
        bot.services.directory.invalidate_groups()
    assert (run.state, run.finished_at, len(bot.posts())) == ("cancelled", bot.now, before)
    after = await bot.reload(request)
    assert (after.state, after.revision, after.content.renewal, after.approved_at) == ("awaiting_approval", 2, 1, None)
    assert (after.round_opened_at, after.approve_by) == (bot.now, bot.now + timedelta(days=30))
    assert (after.outcome, after.content_hash) == (run.problem, after.content.hash)
    assert bot.woken() == {"sender"}
    text = f"{request.name} must be approved again. {run.problem}"
    notes = [note for note in await bot.messages(request, "note") if note.facts["text"] == text]
    (card,) = await bot.messages(request, "approval")
    assert {note.recipient: note.parent_id for note in notes} == {"#approvals": card.id, "U0ALICE": None}
    assert (await bot.audit(request))[-1] == (
        "request.asked_again",
        {"why": run.problem, "codes": ["approval_invalid"], "hash": after.content_hash},
    )
    assert (after.last_editor, after.edited_by) == ("", ())
    assert (await bot.decide(after)).request.state == "scheduled"
    assert (await bot.run(request)).number == 2


async def test_what_is_approved_again_is_what_it_would_do_now(bot: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """The approver has left, and a host has joined: the next approver is asked about both at once."""
    request = await bot.approved(targeting_type="dynamic_query", hosts="name ~ cache")
    world = bot.env.foreman.state.world
    cache = next(host for host in world.hosts if host.name.startswith("cache"))
    monkeypatch.setattr(world, "hosts", [*world.hosts, replace(cache, id=900, name="cache99.ber.example.com")])
    bot.env.slack.admin.set_group("@sre", ["carol"])
    bot.services.directory.invalidate_groups()
    try:
        run = await bot.dispatch(await bot.run(request))
    finally:
        bot.env.slack.admin.set_group("@sre", ["bob", "carol"])
        bot.services.directory.invalidate_groups()
    after = await bot.reload(request)
    assert (run.state, after.state) == ("cancelled", "awaiting_approval")
    assert after.targets.count == request.targets.count + 1
    assert "The approval no longer holds" in run.problem
    assert "cache99" in run.problem


async def test_a_series_is_asked_for_again_after_some_runs(bot: Harness) -> None:
    request = await bot.approved(when=SERIES, hosts="name ~ cache")
    for number in (1, 2):
        run = await bot.run(request)
        assert run.number == number
        bot.move_to(run.due_at)
        await bot.dispatch(run)
        await bot.poll()
    run = await bot.run(request)
    bot.move_to(run.due_at)
    run = await bot.dispatch(run)
    assert (run.number, run.state) == (3, "cancelled")
    assert run.problem == "This series has made 2 runs since it was approved; policy asks again after 2."
    assert (await bot.reload(request)).state == "awaiting_approval"


async def test_a_back_end_that_is_configured_no_longer_fails_the_run(bot: Harness) -> None:
    request = await bot.approved()
    run = await bot.run(request)
    await dispatch_run(bot.without_backend("foreman.main"), run.id)
    run = await bot.run(request)
    assert (run.state, run.problem) == (
        "failed",
        "The back end foreman.main is not configured any more. An administrator can add it again.",
    )
    assert (await bot.reload(request)).state == "failed"


async def test_nightshift_keeps_the_time_where_the_back_end_no_longer_can(bot: Harness) -> None:
    request = await bot.approved(when="today 20:00")
    assert (request.scheduler, (await bot.run(request)).due_at) == ("backend", None)
    bot.move_to(request.start_at - timedelta(seconds=2))
    before = len(bot.posts())
    bot.woken()
    given_up = await bot.dispatch(await bot.run(request))
    assert (given_up.state, len(bot.posts())) == ("cancelled", before)
    after, run = await bot.reload(request), await bot.run(request)
    assert (after.state, after.scheduler, after.scheduler_reason) == ("scheduled", "nightshift", given_up.problem)
    assert (run.number, run.state, run.due_at) == (2, "pending", request.start_at)
    assert bot.woken() == {"sender", "scheduler"}
    bot.move_to(request.start_at)
    run = await bot.dispatch(run)
    assert (run.state, len(bot.posts())) == ("scheduled_in_backend", before + 1)


async def test_what_did_not_arrive_is_tried_again(bot: Harness) -> None:
    request = await bot.approved()
    bot.env.foreman.faults.append(foreman_fault("status", status=429, headers={"Retry-After": "0.2"}))
    before = len(bot.posts())
    run = await bot.dispatch(await bot.run(request))
    assert (run.state, len(bot.posts())) == ("running", before + 2)
    assert (await bot.attempt(run)).state == "answered"


async def test_it_is_not_tried_for_longer_than_is_set(bot: Harness) -> None:
    request = await bot.approved()
    bot.env.foreman.faults.append(foreman_fault("status", status=429, headers={"Retry-After": "40"}, remaining=None))
    waiting = await bot.dispatch(await bot.run(request))
    bot.forward(seconds=bot.services.settings.timing.connect_seconds)
    waiting = await bot.dispatch(waiting)
    assert waiting.state == "pending", "this is the last moment"
    bot.forward(seconds=1)
    sent = len(bot.posts())
    run = await bot.dispatch(waiting)
    assert run.state == "missed"
    assert run.problem.startswith("Missed: it could not start before")
    assert len(bot.posts()) == sent


async def test_its_start_is_checked_again_if_a_call_does_not_arrive_for_long(bot: Harness) -> None:
    """What was approved may have changed by the time that the back end can be reached again."""
    request = await bot.approved()
    bot.env.foreman.faults.append(foreman_fault("status", status=429, headers={"Retry-After": "40"}, remaining=None))
    run = await bot.dispatch(await bot.run(request))
    assert (run.state, run.token) == ("pending", "")
    assert (run.latest_start, run.silent_since) == (None, bot.now)
    waiting = await bot.reload(request)
    assert (waiting.state, "Retrying until" in waiting.outcome) == ("scheduled", True)
    async with bot.services.db.read() as tx:
        assert run.id not in {due.id for due in await runs.due_to_start(tx, bot.now + timedelta(seconds=39))}
        assert run.id in {due.id for due in await runs.due_to_start(tx, bot.now + timedelta(seconds=41))}
    bot.env.foreman.faults.clear()
    bot.env.foreman.state.world.change_template(RUN_COMMAND, name="Something else")
    before = len(bot.posts())
    try:
        await bot.dispatch(run)
    finally:
        bot.env.foreman.state.world = default_world()
    assert (await bot.reload(request)).state == "awaiting_approval"
    assert len(bot.posts()) == before


async def test_the_latest_start_holds_while_it_is_tried_again(bot: Harness) -> None:
    request = await bot.approved(when="every 3 days from 04:00 to 04:05")
    run = await bot.run(request)
    bot.move_to(run.due_at)
    bot.env.foreman.faults.append(foreman_fault("status", status=429, headers={"Retry-After": "40"}, remaining=None))
    waiting = await bot.dispatch(run)
    assert (waiting.state, waiting.latest_start) == ("pending", run.latest_start)
    bot.env.foreman.faults.clear()
    sent = len(bot.posts())
    bot.move_to(run.latest_start + timedelta(seconds=1))
    late = await bot.dispatch(waiting)
    assert (late.state, late.problem.startswith("Missed: it could not start before")) == ("missed", True)
    assert len(bot.posts()) == sent


async def test_a_refusal_is_final_and_said(bot: Harness) -> None:
    request = await bot.approved()
    bot.env.foreman.faults.append(foreman_fault("status", status=422, body={"error": {"message": "No such template"}}))
    before = len(bot.posts())
    run = await bot.dispatch(await bot.run(request))
    attempt = await bot.attempt(run)
    assert (run.state, attempt.state, len(bot.posts())) == ("failed", "refused", before + 1)
    assert "No such template" in run.problem
    assert attempt.problem == run.problem
    assert (await bot.reload(request)).state == "failed"
