"""A run from its start to its outcome, over HTTP."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.backends.base import BackendContext, Handle
from bot.backends.immybot.body import session_group
from bot.backends.immybot.connection import ImmyBotConnection
from bot.backends.immybot.operation import MaintenanceOperation
from bot.backends.immybot.settings import ImmyBotSettings
from bot.errors import InputError, Refused, RemoteNotFound
from bot.schedule import Now
from playground.immybot import ImmyBotSandbox
from tests.unit.immybot.support import RUN_PATH, SECRET, ManualClock, once, params, progress_of

SESSION_LIST = "/api/v1/maintenance-sessions/dx"
ACTIONS = "/api/v1/maintenance-actions/dx"
ONE_SESSION = r"/api/v1/maintenance-sessions/\d+"


async def start(maintenance: MaintenanceOperation, token: str = "t", **change: Any) -> Handle:
    return await maintenance.start(maintenance.plan(params(**change), Now(), token))


def names(results: Iterable[Any]) -> list[tuple[str, str]]:
    return [(r.name, r.state) for r in results]


async def test_a_run_is_sent_once_word_for_word(maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox) -> None:
    plan = maintenance.plan(params(), Now(), "t")
    handle = await maintenance.start(plan)
    (received,) = sandbox.requests_to("POST", RUN_PATH)
    assert received.body == plan.calls[0].body
    assert plan.calls[0].url.endswith(RUN_PATH)
    assert handle.id == session_group("t") == received.body["sessionGroupId"]


async def test_sessions_go_from_waiting_to_passed(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    handle = await start(maintenance)
    first = await progress_of(maintenance, handle)
    assert (first.state, first.total, first.pending, first.summary) == ("waiting", 2, 2, "Of 2: 2 created.")
    clock.advance(4)
    second = await progress_of(maintenance, handle)
    assert (second.state, second.pending) == ("running", 2)
    clock.advance(10)
    last = await progress_of(maintenance, handle)
    assert (last.state, last.succeeded, last.summary) == ("succeeded", 2, "Of 2: 2 passed.")
    assert names(last.results) == [("ALD-001 (#101)", "succeeded"), ("BRI-001 (#102)", "succeeded")]


async def test_the_outcome_names_each_failed_action_and_its_reason(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.fail_computers({"ALD-001": [("Chrome", "Exit code 1603"), ("Firefox", "No space left")]})
    sandbox.partly_fail_computers({"BRI-001": [("7-Zip", "File in use")]})
    handle = await start(maintenance, computers=[101, 102, 103])
    clock.advance(20)
    progress = await progress_of(maintenance, handle)
    assert (progress.state, progress.succeeded, progress.failed) == ("partly_failed", 1, 2)
    assert [(r.name, r.reason) for r in progress.results if r.state == "failed"] == [
        ("ALD-001 (#101)", "Install Chrome: Exit code 1603; Install Firefox: No space left."),
        ("BRI-001 (#102)", "Passed in part. Install 7-Zip: File in use."),
    ]
    assert progress.summary == "Of 3: 1 passed, 1 passed in part, 1 failed."


async def test_all_failed_is_failed_and_all_in_part_is_partly_failed(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.fail_computers({"ALD-001"})
    sandbox.partly_fail_computers({"BRI-001"})
    one, two = await start(maintenance, "a", computers=[101]), await start(maintenance, "b", computers=[102])
    clock.advance(20)
    found = await maintenance.poll([one, two])
    assert (found[one.id].state, found[two.id].state) == ("failed", "partly_failed")


async def test_an_offline_computer_waits_and_then_is_done(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.disconnect_computers(["ALD-001"])
    handle = await start(maintenance)
    clock.advance(20)
    waiting = await progress_of(maintenance, handle)
    assert (waiting.state, waiting.succeeded, waiting.pending) == ("waiting", 1, 1)
    assert waiting.results[0].reason == "Offline; ImmyBot does it when it connects."
    assert waiting.summary.startswith("Of 2: 1 passed, 1 offline. ImmyBot goes on with the waiting ones")
    sandbox.connect_computers(["ALD-001"])
    clock.advance(20)
    assert (await progress_of(maintenance, handle)).state == "succeeded"


async def test_an_offline_computer_is_skipped_where_asked_for(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.disconnect_computers(["ALD-001"])
    handle = await start(maintenance, offline_behavior="Skip")
    clock.advance(20)
    progress = await progress_of(maintenance, handle)
    assert (progress.state, progress.succeeded, progress.cancelled) == ("partly_failed", 1, 1)
    assert "such computers are skipped" in progress.results[0].reason


async def test_a_run_that_stays_pending_says_so_after_the_hours_set(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.disconnect_computers(["ALD-001"])
    handle = await start(maintenance)
    clock.advance(hours=71)
    assert "Still pending" not in (await progress_of(maintenance, handle)).summary
    clock.advance(hours=2)
    sandbox.received_requests.clear()
    progress = await progress_of(maintenance, handle)
    assert (progress.state, progress.pending) == ("waiting", 1)
    assert "Still pending after 72 hours" in progress.summary
    assert sandbox.requests_to("GET", SESSION_LIST) == []
    assert len(sandbox.requests_to("GET", ONE_SESSION)) == 1


async def test_a_postponed_session_is_told_and_waited_for(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.postpone_computers(["ALD-001"])
    handle = await start(maintenance, computers=[101])
    clock.advance(20)
    progress = await progress_of(maintenance, handle)
    assert (progress.state, progress.results[0].state) == ("waiting", "pending")
    assert progress.results[0].reason == "Postponed by the person at the computer."


async def test_a_start_that_immybot_holds_tells_when(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    handle = await maintenance.start(maintenance.plan(params(), once("2026-03-04T21:00"), "t"))
    clock.advance(hours=8)
    waiting = await progress_of(maintenance, handle)
    assert (waiting.state, waiting.starts_at) == ("waiting", datetime(2026, 3, 4, 21, tzinfo=UTC))
    clock.advance(hours=2)
    assert (await progress_of(maintenance, handle)).state == "succeeded"


async def test_sessions_that_appear_late_are_waited_for(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.session_delay = timedelta(minutes=10)
    handle = await start(maintenance)
    first = await progress_of(maintenance, handle)
    assert (first.state, first.total, first.pending) == ("waiting", 2, 2)
    assert first.summary == "ImmyBot has accepted the request; its sessions are not there yet."
    clock.advance(minutes=11)
    assert (await progress_of(maintenance, handle)).state == "succeeded"


async def test_a_request_that_makes_no_session_has_failed_after_an_hour(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.drop_requests = True
    computers = await start(maintenance, "a")
    tenant = await start(maintenance, "b", computers=None, tenants=[1])
    clock.advance(minutes=59)
    assert {p.state for p in (await maintenance.poll([computers, tenant])).values()} == {"waiting"}
    clock.advance(minutes=2)
    found = await maintenance.poll([computers, tenant])
    assert (found[computers.id].state, found[computers.id].failed) == ("failed", 2)
    assert found[computers.id].results[0].name == "computer (#101)"
    assert "made no session" in found[computers.id].results[0].reason
    assert (found[tenant.id].state, "made no session" in found[tenant.id].summary) == ("failed", True)


async def test_a_tenant_and_a_person_end_when_their_sessions_have_and_no_more_appear(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    task = {"maintenance_type": "GlobalMaintenanceTask", "maintenance_identifier": "910", "computers": None}
    tenant = await start(maintenance, "a", tenants=[3], **task)
    person = await start(maintenance, "b", persons=[201], **task)
    clock.advance(60)
    assert {p.state for p in (await maintenance.poll([tenant, person])).values()} == {"waiting"}
    clock.advance(61)
    found = await maintenance.poll([tenant, person])
    assert {p.state for p in found.values()} == {"succeeded"}
    assert found[tenant.id].results[0].name == "Corvid Press (tenant #3)"
    assert found[person.id].results[0].name == "person (person #201)"


async def test_sessions_of_other_runs_on_the_same_computers_are_not_ours(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    handle = await start(maintenance, "mine", computers=[101])
    sandbox.fail_computers({"ALD-001"})
    await start(maintenance, "other", computers=[101])
    sandbox.world.computer_by_name("ALD-001").outcome = "passes"
    clock.advance(20)
    progress = await progress_of(maintenance, handle)
    assert (progress.state, progress.total) == ("succeeded", 1)


async def test_watching_many_runs_costs_a_few_lists_a_round(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.session_duration = timedelta(minutes=10)
    handles = [await start(maintenance, f"t{n}", computers=[101 + n % 50]) for n in range(250)]
    while any(p.summary.startswith("ImmyBot has accepted") for p in (await maintenance.poll(handles)).values()):
        pass
    assert len(sandbox.requests_to("GET", ONE_SESSION)) == 250
    sandbox.received_requests.clear()
    clock.advance(minutes=5)
    assert {p.state for p in (await maintenance.poll(handles)).values()} == {"running"}
    clock.advance(minutes=6)
    assert {p.state for p in (await maintenance.poll(handles)).values()} == {"succeeded"}
    assert len(sandbox.requests_to("GET", SESSION_LIST)) == len(sandbox.received_requests) == 2


async def test_more_sessions_than_a_round_reads_are_read_in_the_next_ones(
    settings: ImmyBotSettings, clock: ManualClock, maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    handles = [await start(maintenance, f"t{n}", computers=[101]) for n in range(210)]
    clock.advance(hours=2)
    first = await maintenance.poll(handles)
    assert len(sandbox.requests_to("GET", ONE_SESSION)) == 200
    assert {(p.is_final, p.failed) for p in first.values()} == {(False, 0)}
    second = await maintenance.poll(handles)
    assert {p.state for p in second.values()} == {"succeeded"}


async def test_reasons_are_asked_for_once_and_for_failed_sessions_only(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.fail_computers({"ALD-001"})
    handle = await start(maintenance)
    clock.advance(20)
    for _ in range(3):
        await maintenance.poll([handle])
    assert len(sandbox.requests_to("GET", ACTIONS)) == 1


async def test_the_other_endpoint_names_its_sessions_and_the_busy_computers(
    settings: ImmyBotSettings, clock: ManualClock, sandbox: ImmyBotSandbox
) -> None:
    changed = settings.model_copy(update={"endpoint": "/api/v1/run-immy-service"})
    connection = ImmyBotConnection("immybot.lab", changed, BackendContext(clock=clock))
    maintenance = connection.operations["immybot.maintenance"]
    sandbox.mark_computers_busy(["BRI-001"])
    handle = await start(maintenance)  # type: ignore[arg-type]
    assert (handle.detail["sessions"], handle.detail["busy"]) == ([5001], [102])
    clock.advance(20)
    progress = await progress_of(maintenance, handle)
    assert (progress.state, progress.succeeded, progress.failed) == ("partly_failed", 1, 1)
    assert progress.results[0].reason == "ImmyBot started nothing: a session was already in progress there."
    assert progress.summary == "Of 2: 1 passed, 1 already in a session."
    await connection.close()


async def test_a_lost_attempt_is_found_by_its_session_group(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    plan, other = (maintenance.plan(params(), Now(), token) for token in ("t", "other"))
    assert await maintenance.find_started(plan) is None
    await maintenance.start(other)
    assert await maintenance.find_started(plan) is None
    await maintenance.start(plan)
    clock.advance(20)
    handle = await maintenance.find_started(plan)
    assert handle is not None
    assert handle.id == session_group("t")
    assert (await progress_of(maintenance, handle)).state == "succeeded"
    assert len(sandbox.requests_to("POST", RUN_PATH)) == 2


async def test_cancelling_names_our_open_sessions_alone(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.disconnect_computers(["BRI-001"])
    other = await start(maintenance, "other", computers=[101])
    handle = await start(maintenance, computers=[101, 102])
    clock.advance(20)
    assert await maintenance.cancel(handle) == "Asked ImmyBot to cancel 1 session; 1 session had already ended."
    (sent,) = sandbox.requests_to("POST", "/api/v1/maintenance-sessions/.*")
    assert (sent.path, sent.body) == ("/api/v1/maintenance-sessions/cancel", {"sessionIds": [5003]})
    assert (await progress_of(maintenance, handle)).state == "partly_failed"
    assert (await progress_of(maintenance, other)).state == "succeeded"
    assert await maintenance.cancel(handle) == "There was nothing left to cancel; 2 sessions had already ended."


async def test_cancelling_everything_ends_as_cancelled(maintenance: MaintenanceOperation, clock: ManualClock) -> None:
    handle = await start(maintenance)
    assert await maintenance.cancel(handle) == "Asked ImmyBot to cancel 2 sessions."
    assert (await progress_of(maintenance, handle)).state == "cancelled"


async def test_cancelling_before_there_are_sessions_says_so(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    sandbox.session_delay = timedelta(minutes=10)
    handle = await start(maintenance)
    with pytest.raises(RemoteNotFound, match=r"nothing to cancel. Try again in a minute"):
        await maintenance.cancel(handle)
    assert sandbox.requests_to("POST", "/api/v1/maintenance-sessions/.*") == []


async def test_running_again_takes_the_failed_computers_only(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.fail_computers({"ALD-001", "COR-001"})
    p = params(tenants=[2], computers=[101, 103], reboot_preference="Normal")
    handle = await maintenance.start(maintenance.plan(p, Now(), "t"))
    clock.advance(200)
    failed = [r.name for r in (await progress_of(maintenance, handle)).results if r.state == "failed"]
    again = maintenance.params_for_rerun(p, handle, failed)
    assert again == params(computers=[101, 103], reboot_preference="Normal")
    tenant = maintenance.params_for_rerun(p, handle, ["Corvid Press (tenant #3)", "person (person #201)", "web01"])
    assert (tenant.computers, tenant.tenants, tenant.persons) == ([], [3], [201])
    with pytest.raises(InputError, match="None of the failed targets"):
        maintenance.params_for_rerun(p, handle, ["web01"])


async def test_the_output_of_a_computer_lists_its_actions(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.partly_fail_computers({"ALD-001": [("7-Zip", "File in use")]})
    handle = await start(maintenance)
    clock.advance(20)
    assert await maintenance.output(handle, "ALD-001 (#101)") == (
        "Install 7-Zip: File in use\nInstall Chrome: succeeded"
    )
    assert await maintenance.output(handle, "nobody") == ""


async def test_a_secret_is_sent_in_clear_and_told_to_nobody(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    sandbox.fail_computers({"ALD-001": [("Join", f"Ran join.ps1 -Password {SECRET}")]})
    plan = maintenance.plan(params(task_parameter_values={"Password": {"secret": "admin"}}), Now(), "t")
    handle = await maintenance.start(plan)
    (received,) = sandbox.requests_to("POST", RUN_PATH)
    assert received.body["maintenanceParams"]["taskParameterValues"] == {"Password": {"value": SECRET}}
    clock.advance(20)
    progress = await progress_of(maintenance, handle)
    assert progress.results[0].reason == "Install Join: Ran join.ps1 -Password •••."
    shown = (plan, handle, progress)
    assert [SECRET in x.model_dump_json() for x in shown] == [False] * 3
    assert SECRET not in await maintenance.output(handle, "ALD-001 (#101)")
    assert SECRET not in caplog.text


async def test_a_secret_that_cannot_be_read_stops_the_start(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = maintenance.plan(params(task_parameter_values={"Password": {"secret": "admin"}}), Now(), "t")
    monkeypatch.delenv("IMMYBOT_TEST_ADMIN")
    with pytest.raises(Refused, match=r"IMMYBOT_TEST_ADMIN is not set.* Nothing was sent"):
        await maintenance.start(plan)
    assert sandbox.requests_to("POST", RUN_PATH) == []


async def test_a_restart_forgets_nothing_that_matters(
    settings: ImmyBotSettings, clock: ManualClock, maintenance: MaintenanceOperation
) -> None:
    handle = Handle.model_validate_json((await start(maintenance)).model_dump_json())
    clock.advance(20)
    later = ImmyBotConnection("immybot.lab", settings, BackendContext(clock=clock))
    assert (await progress_of(later.operations["immybot.maintenance"], handle)).state == "succeeded"
    await later.close()


async def test_a_run_can_be_taken_up_by_the_numbers_of_its_sessions(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.fail_computers({"BRI-001"})
    await start(maintenance)
    found = await maintenance.poll([Handle(id="5001, 5002"), Handle(id="77")])
    assert {key: p.state for key, p in found.items()} == {"5001, 5002": "waiting"}
    clock.advance(20)
    named, one = Handle(id="5001, 5002"), Handle(id="5001")
    found = await maintenance.poll([named])
    assert (found[named.id].state, found[named.id].total) == ("partly_failed", 2)
    assert (await progress_of(maintenance, one)).state == "succeeded"
    assert await maintenance.cancel(one) == "There was nothing left to cancel; 1 session had already ended."
