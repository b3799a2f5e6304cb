"""What changes while something is under way: back ends that are not ready, groups, requests, calendars."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.backends.secrets import SecretNotFound
from bot.errors import BadResponse, Conflict, NotFound, RateLimited, Refused, Unreachable
from bot.requests.model import Run
from bot.requests.policy.load import load_policy
from bot.storage import audit, requests, runs
from bot.usecases import calendar_store
from bot.usecases.approvals.delegate import delegate
from bot.usecases.approvals.end_delegation import end_delegation
from bot.usecases.calendar_store import CalendarStore
from bot.usecases.jobs.expire import expire_requests
from bot.usecases.jobs.remind import send_reminders
from bot.usecases.preflight import preflight
from playground.sandbox import Fault
from tests.unit.usecases.harness import START, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "8h"
reminders = ["1h"]

[[policy.freezes]]
name = "maintenance day"
when = "every wednesday 00:00"
lasts = "24h"
"""


@pytest.fixture
def prepared(bot: Harness, monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What the back end answers before a start, one after the other; it is ready after the last."""
    answers: list[Exception] = []

    async def prepare(_: Any) -> None:
        if answers:
            raise answers.pop(0)

    operation = bot.services.backends.operation("foreman.main", "foreman.run")
    monkeypatch.setattr(type(operation), "prepare", prepare)
    return answers


async def test_a_start_waits_until_the_back_end_is_ready_and_says_so(bot: Harness, prepared: list[Exception]) -> None:
    request = await bot.approved()
    run, before = await bot.run(request), len(bot.posts())
    prepared += [
        Unreachable("f", "It is away."),
        BadResponse("f", "It is odd."),
        RateLimited("f", "Slow.", retry_after=9),
    ]
    for reason in ("It is away.", "It is odd.", "Slow."):
        run = await bot.dispatch(run)
        assert (run.state, run.problem, len(bot.posts())) == ("pending", reason, before)
        outcome = (await bot.reload(request)).outcome
        assert re.fullmatch(rf"{reason} Retrying until \d\d Jan \d\d:\d\d CET\.", outcome), outcome
        bot.forward(seconds=15)
    run = await bot.dispatch(run)
    after = await bot.reload(request)
    assert (run.state, len(bot.posts()) - before, after.outcome, after.start_notes) == ("running", 1, "", ())


async def test_a_run_that_waits_is_due_again_only_after_a_while(bot: Harness, prepared: list[Exception]) -> None:
    run = await bot.dispatch(await waiting(bot, prepared))
    recheck = bot.services.settings.timing.recheck_seconds
    for seconds, due in ((recheck - 0.001, False), (recheck, True)):
        async with bot.services.db.read() as tx:
            found = await runs.due_to_start(tx, bot.now + timedelta(seconds=seconds))
        assert (run.id in [one.id for one in found]) is due
    async with bot.services.db.read() as tx:
        found = await runs.due_to_start(tx, bot.now - timedelta(hours=1))
    assert run.id in [one.id for one in found], "the clock was set back"


async def waiting(bot: Harness, prepared: list[Exception]) -> Run:
    """A run that is due and whose back end is away for long."""
    run = await bot.run(await bot.approved())
    prepared += [Unreachable("f", "It is away.") for _ in range(99)]
    return run


async def test_a_back_end_that_does_not_become_ready_in_time_means_that_the_run_is_missed(
    bot: Harness, prepared: list[Exception]
) -> None:
    run, before = await waiting(bot, prepared), len(bot.posts())
    limit = bot.services.settings.timing.connect_seconds
    run = await bot.dispatch(run)
    assert (run.latest_start, run.silent_since) == (None, bot.now)
    bot.forward(seconds=limit)
    assert (await bot.dispatch(run)).state == "pending"
    bot.forward(seconds=1)
    run = await bot.dispatch(run)
    assert (run.state, len(bot.posts()) - before) == ("missed", 0)
    assert run.problem.endswith("It is away.")


async def test_a_back_end_that_refuses_before_a_start_fails_the_run_at_once(
    bot: Harness, prepared: list[Exception]
) -> None:
    run = await bot.run(await bot.approved())
    prepared.append(Refused("f", "Not for you."))
    run = await bot.dispatch(run)
    assert (run.state, run.problem) == ("failed", "Not for you.")


async def test_a_secret_that_is_gone_at_the_start_is_said_and_nothing_is_sent(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(*_: Any) -> None:
        raise SecretNotFound("The environment variable X is not set.")

    operation = bot.services.backends.operation("foreman.main", "foreman.run")
    monkeypatch.setattr(type(operation), "start", start)
    request = await bot.approved()
    run = await bot.dispatch(await bot.run(request))
    attempt = await bot.attempt(run)
    assert (run.state, run.problem) == ("failed", "The environment variable X is not set.")
    assert attempt is not None
    assert attempt.state == "refused"


async def test_work_that_is_not_possible_any_more_is_said_before_it_is_approved(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ app")
    bot.env.foreman.faults.append(Fault("status", "/api/hosts", "GET", status=200, body={"results": [], "subtotal": 0},
                                        remaining=None))  # fmt: skip
    bot.forward(minutes=1)
    (text,) = (await preflight(bot.services, request)).confirm
    assert text.startswith("The back end would not take it as it is any more: ")


async def test_a_freeze_skips_runs_of_a_series_and_stops_a_single_start(bot: Harness) -> None:
    series = await bot.request(when="every day at 12:00", hosts="name ~ app")
    assert (await preflight(bot.services, series)).stop == ()
    single = await bot.request(hosts="name ~ app")
    bot.move_to(START + timedelta(days=2))
    assert any("maintenance day" in text for text in (await preflight(bot.services, single)).stop)
    assert (await preflight(bot.services, series)).stop == ()


async def test_a_freeze_that_was_shown_is_not_to_be_confirmed_again(bot: Harness) -> None:
    series = await bot.request(when="every day at 12:00", hosts="name ~ batch")
    assert any("“maintenance day”" in text for text in series.warnings)
    assert not any("maintenance day" in text for text in (await preflight(bot.services, series)).confirm)
    unaware = series.model_copy(update={"warnings": ()})
    assert any("maintenance day" in text for text in (await preflight(bot.services, unaware)).confirm)


async def test_a_delegation_is_ended_once_and_on_record(bot: Harness) -> None:
    bob = await bot.actor("bob")
    await delegate(bot.services, bob, "U0DAVE", "tomorrow 10:00")

    async def ended() -> list[str]:
        async with bot.services.db.read() as tx:
            return [e.actor async for e in audit.entries(tx) if e.action == "delegation.ended"]

    before = len(await ended())
    bot.forward(minutes=1)
    assert await end_delegation(bot.services, bob.person) == "You decide for yourself again."
    assert (await ended())[before:] == [bob.person.key]
    assert await end_delegation(bot.services, bob.person) == "You have not delegated to anybody."
    assert len(await ended()) == before + 1


@pytest.mark.parametrize("job", [expire_requests, send_reminders])
async def test_a_request_that_was_decided_meanwhile_keeps_no_other_from_its_turn(
    bot: Harness, monkeypatch: pytest.MonkeyPatch, job: Any
) -> None:
    async with bot.services.db.write() as tx:
        for summary in await requests.summaries_awaiting_approval(tx, 100):
            await requests.transition(tx, await requests.get(tx, summary.id), "withdrawn")
    first, second = await bot.request(), await bot.request()
    if job is expire_requests:
        bot.move_to(max(first.approve_by, second.approve_by))
    else:
        bot.forward(hours=1)
    changed, transition = [], requests.transition

    async def meanwhile(tx: Any, request: Any, *args: Any, **values: Any) -> Any:
        """Another node was faster with the first that is looked at."""
        if not changed:
            changed.append(request.id)
            raise Conflict("This has changed.")
        return await transition(tx, request, *args, **values)

    monkeypatch.setattr(requests, "transition", meanwhile)
    bot.woken()
    await job(bot.services)
    monkeypatch.undo()
    versions = {r.id: (await bot.reload(r)).version - r.version for r in (first, second)}
    assert versions == {changed[0]: 0, next(r.id for r in (first, second) if r.id != changed[0]): 1}
    assert bot.woken() == {"sender"}


@pytest.mark.parametrize("error", [Conflict("Changed."), NotFound("Gone.")])
async def test_a_run_that_changes_while_it_is_polled_keeps_no_other_from_its_turn(
    bot: Harness, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    (_, one), (_, other) = await bot.started(), await bot.started()
    bot.env.foreman.speed = 100.0
    get, failed = requests.get, []

    async def changed(tx: Any, request_id: str) -> Any:
        if not failed and request_id in (one.request_id, other.request_id):
            failed.append(request_id)
            raise error
        return await get(tx, request_id)

    monkeypatch.setattr(requests, "get", changed)
    bot.forward(hours=2)
    with capture_logs() as logs:
        await bot.poll()
    monkeypatch.undo()
    async with bot.services.db.read() as tx:
        states = {r.request_id: (await runs.get(tx, r.id)).state for r in (one, other)}
    assert states.pop(failed[0]) == "running"
    assert set(states.values()) <= {"succeeded", "failed", "partly_failed"}
    assert "run changed while it was polled" in [line["event"] for line in logs]


CALENDAR = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\nEND:VCALENDAR\n"


async def test_calendars_are_read_again_and_again(
    bot: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "freeze.ics"
    path.write_text(CALENDAR)
    text = f'[policy]\napprovers = ["@sre"]\n[[policy.freezes]]\nname = "f"\ncalendar = "{path}"\n'
    calendars = CalendarStore(load_policy(text, "p.toml", now=START), bot.clock)
    monkeypatch.setattr(calendar_store, "REFRESH_SECONDS", 0.001)
    seen = set()
    reading = asyncio.ensure_future(calendars.refresh_forever())
    async with asyncio.timeout(20):
        while len(seen) < 3:
            seen |= {id(copy) for copy in calendars.copies.values()}
            await asyncio.sleep(0.001)
    reading.cancel()
