"""What goes wrong between the checks of a start and its call, and while a call is repeated."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.backends.base import FormField, FormValues, Operation, Preview
from bot.errors import ContentAltered, InputError, Unreachable
from bot.requests.model import Request
from bot.storage import requests, runs
from bot.usecases.runs import find_unknown
from bot.usecases.runs.cancel import cancel
from bot.usecases.runs.dispatch import dispatch_run
from bot.usecases.runs.evidence import load_doubt
from bot.usecases.runs.find_unknown import find_unknown_runs
from bot.usecases.runs.transitions import record_not_arrived
from playground.foreman.world import default_world
from playground.sandbox import Fault
from tests.unit.usecases.harness import FOREMAN, JOBS, RUN_COMMAND, Harness, foreman_fault
from tests.unit.usecases.test_edit_before_call import revise
from tests.unit.usecases.test_on_record import watching

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

AWAY = Fault("status", JOBS, "GET", status=500, remaining=None)


@pytest.fixture(autouse=True)
def _short_search(bot: Harness) -> None:
    """A call whose answer was lost is looked for once."""
    timing = bot.services.settings.timing.model_copy(update={"find_seconds": 0.0})
    bot.services = replace(bot.services, settings=bot.services.settings.model_copy(update={"timing": timing}))


def operation_of(bot: Harness) -> Operation[Any]:
    return bot.services.backends.operation(FOREMAN, "foreman.run")


def after_its_preview(bot: Harness, monkeypatch: pytest.MonkeyPatch, method: str, failing: object) -> None:
    """Let a method of the back end fail as soon as preflight has seen a preview."""
    operation = operation_of(bot)
    preview = operation.preview_of_start

    async def previewed(*given: Any) -> Preview:
        found = await preview(*given)
        monkeypatch.setattr(operation, method, failing)
        return found

    monkeypatch.setattr(operation, "preview_of_start", previewed)


async def test_a_back_end_that_goes_away_after_the_checks_is_waited_for(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise Unreachable(FOREMAN, "It does not answer.")

    request, before = await bot.approved(), len(bot.posts())
    after_its_preview(bot, monkeypatch, "prepare", away)
    run = await bot.dispatch(await bot.run(request))
    assert (run.state, run.problem, len(bot.posts())) == ("pending", "It does not answer.", before)
    assert "Retrying until" in (await bot.reload(request)).outcome


async def test_what_the_back_end_no_longer_takes_after_the_checks_fails(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise InputError({"": "That cannot be done."})

    request, before = await bot.approved(), len(bot.posts())
    after_its_preview(bot, monkeypatch, "plan", refuse)
    run = await bot.dispatch(await bot.run(request))
    assert (run.state, run.problem, len(bot.posts())) == ("failed", "That cannot be done.", before)


async def test_a_card_that_cannot_be_filled_in_is_tried_again(bot: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: FormValues) -> tuple[FormField, ...]:
        raise Unreachable(FOREMAN, "It does not answer.")

    request = await bot.approved()
    bot.env.foreman.state.world.change_template(RUN_COMMAND, text="reboot")
    monkeypatch.setattr(operation_of(bot), "fields", away)
    try:
        run = await bot.dispatch(await bot.run(request))
        after = await bot.reload(request)
        assert (run.state, run.problem, after.state) == ("pending", "It does not answer.", "scheduled")
        monkeypatch.undo()
        run = await bot.dispatch(run)
    finally:
        bot.env.foreman.state.world = default_world()
    assert (run.state, (await bot.reload(request)).state) == ("cancelled", "awaiting_approval")


async def test_a_call_is_not_repeated_once_its_latest_start_has_passed_while_it_waited(bot: Harness) -> None:
    request = await bot.approved(when="every 3 days from 04:00 to 04:05", system="foreman.main")
    run = await bot.run(request)
    assert run.due_at is not None
    assert run.latest_start is not None
    bot.move_to(run.due_at)
    bot.env.foreman.faults.append(foreman_fault("status", status=429, headers={"Retry-After": "0.3"}))
    dispatching = asyncio.create_task(dispatch_run(bot.services, run.id))
    before = len(bot.posts())
    async with asyncio.timeout(20):
        while (attempt := await bot.attempt(await current(bot, run.id))) is None or not attempt.problem:
            await asyncio.sleep(0.02)
    bot.move_to(run.latest_start + timedelta(microseconds=1))
    await asyncio.wait_for(dispatching, 20)
    run = await current(bot, run.id)
    if run.state == "pending":
        # So much time has passed that its start is checked again first.
        run = await bot.dispatch(run)
    assert len(bot.posts()) == before + 1
    assert (run.state, run.problem.partition(" ")[0]) in (("failed", "foreman.main"), ("missed", "Missed:"))


async def current(bot: Harness, run_id: str) -> Any:
    async with bot.services.db.read() as tx:
        return await runs.get(tx, run_id)


async def test_a_long_answer_of_a_call_that_did_not_arrive_is_kept_in_part(bot: Harness) -> None:
    request = await bot.approved()
    async with bot.calls_held(request):
        run = await bot.run(request)
        async with bot.services.db.write() as tx:
            await runs.transition_attempt(tx, run.token, ["prepared"], "sent")
        starting: Any = type("Starting", (), {"plan": type("Plan", (), {"token": run.token})})
        await record_not_arrived(bot.services, starting, "x" * 501)
        attempt = await bot.attempt(run)
    assert attempt is not None
    assert (attempt.state, attempt.problem) == ("prepared", "x" * 500)


async def test_a_call_that_an_edit_has_replaced_is_shown_on_the_cards(bot: Harness) -> None:
    request = await bot.approved()
    async with bot.calls_held(request):
        await revise(bot, request)
        before = {m.id: m.desired_version for m in await bot.messages(request, "approval", "receipt")}
    after = {m.id: m.desired_version for m in await bot.messages(request, "approval", "receipt")}
    assert before
    assert all(after[id_] > version for id_, version in before.items())


async def alter(bot: Harness, request: Request) -> None:
    """Change the content of a request in the database, behind the bot's back."""
    altered = request.content.model_copy(update={"params": {**request.content.params, "description": "another"}})
    async with bot.services.db.write() as tx:
        await requests.transition(tx, request, request.state, content=altered)


async def test_a_decision_on_altered_content_stops_the_request(bot: Harness) -> None:
    request = await bot.request()
    await alter(bot, request)
    async with watching(bot, request) as change:
        with pytest.raises(ContentAltered):
            await bot.decide(request)
    assert [action for _, action, _ in change.entries] == ["request.content_altered"]
    assert ((await bot.reload(request)).state, await bot.decisions(request)) == ("cancelled", [])


async def test_a_run_in_doubt_is_found_and_then_cancelled(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, run = await bot.unknown(arrived=True)
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    job = str(bot.env.foreman.invocations[-1].id)
    assert answer.startswith(f"{request.name}: cancelling. Foreman is cancelling job {job}")
    assert ((await bot.run(request)).state, (await bot.run(request)).id) == ("running", run.id)


async def test_a_run_in_doubt_that_cannot_be_looked_up_is_not_called_cancelled(bot: Harness) -> None:
    request, _ = await bot.unknown(arrived=True)
    bot.env.foreman.faults.append(AWAY)
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert "It is not known whether the present run started, so it was not cancelled." in answer
    assert answer.endswith(f"Try again with /nightshift cancel {request.name}.")
    assert (await bot.run(request)).state == "unknown"


async def test_a_run_in_doubt_is_looked_for_around_its_call(bot: Harness) -> None:
    request, run = await bot.unknown()
    attempt = await bot.attempt(run)
    assert attempt is not None
    assert attempt.sent_at is not None
    doubt = await load_doubt(bot.services, request.id, bot.person("alice"))
    assert (doubt.since, doubt.until) == (
        attempt.sent_at - timedelta(minutes=2),
        attempt.sent_at + timedelta(minutes=15),
    )


async def test_a_run_in_doubt_whose_time_the_back_end_keeps_is_looked_for_around_its_start(bot: Harness) -> None:
    request, _ = await bot.unknown(when="tomorrow 20:00")
    assert request.start_at is not None
    doubt = await load_doubt(bot.services, request.id, bot.person("alice"))
    assert doubt.plan.placement.scheduler == "backend"
    assert doubt.expected_start == request.start_at


async def test_a_round_looks_for_fifty_runs_in_doubt(bot: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    request, run = await bot.unknown()
    async with bot.services.db.write() as tx:
        for number in range(100, 160):
            copy = run.model_copy(update={"id": f"n_doubt_{number}", "number": number, "version": 1})
            await runs.add(tx, copy, request.content.backend, request.content.operation)
    asked: list[str] = []

    async def note(_: object, run: Any, max_age: object) -> None:
        asked.append(run.id)

    monkeypatch.setattr(find_unknown, "find_unknown_run", note)
    await find_unknown_runs(bot.services)
    assert len(set(asked)) == 50
