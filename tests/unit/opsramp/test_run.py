"""Running a job on demand: what is told of it is what OpsRamp tells."""

from typing import Any

import pytest

from bot.backends.base import BackendContext
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.run_job import RunJobOperation
from bot.errors import InputError, OutcomeUnknown, Refused
from bot.schedule import RecurrenceRule
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import NOW, TOKEN, ManualClock, moment, once, run_params, series

AD, SCRIPT = "Weekly AD checklist", "Restart print spooler"


def job_params(sandbox: OpsRampSandbox, name: str = SCRIPT, **more: Any) -> Any:
    return run_params(job=sandbox.job_by_name(name)["id"], **more)


async def test_a_run_is_asked_for_with_get_a_body_and_a_reason(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    plan = run_operation.plan(job_params(sandbox, reason="Printer jam"), NOW, TOKEN)
    await run_operation.start(plan)
    (ran,) = sandbox.runs
    assert ran.job == sandbox.job_by_name(SCRIPT)["id"]
    assert ran.reason == f"Printer jam (Nightshift {TOKEN})"
    (call,) = sandbox.requests_to("GET", ".*/run")
    assert call.headers["Content-Type"] == "application/json"
    assert plan.calls[0].method == "GET"
    assert plan.calls[0].body == call.body


async def test_a_server_that_wants_post_gets_it(run_operation: RunJobOperation, sandbox: OpsRampSandbox) -> None:
    sandbox.run_verb = "POST"
    await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    assert [r.method for r in sandbox.received_requests if r.path.endswith("/run")] == ["GET", "POST"]
    assert len(sandbox.runs) == 1


async def test_the_verb_can_be_configured(sandbox: OpsRampSandbox, url: str, clock: ManualClock) -> None:
    sandbox.run_verb = "POST"
    connection = OpsRampConnection("o", settings_for(sandbox, url, run_verb="POST"), BackendContext(clock), clock.sleep)
    operation = connection.operations["opsramp.run_job"]
    plan = operation.plan(job_params(sandbox), NOW, TOKEN)
    await operation.start(plan)
    assert plan.calls[0].method == "POST"
    assert [r.method for r in sandbox.received_requests if r.path.endswith("/run")] == ["POST"]
    await connection.close()


async def test_any_schedule_is_held_by_nightshift(run_operation: RunJobOperation, sandbox: OpsRampSandbox) -> None:
    weird = series(RecurrenceRule(freq="hourly", interval=7), "2026-03-02T20:00", "America/New_York")
    for schedule in (once("2026-07-01T20:00"), weird):
        plan = run_operation.plan(job_params(sandbox), schedule, TOKEN)
        assert plan.placement.scheduler == "nightshift"
        due = run_operation.plan_occurrence(job_params(sandbox), schedule, moment("2026-07-01T20:00"), TOKEN)
        assert due.calls == plan.calls


async def test_a_job_without_a_script_is_only_known_to_be_accepted(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    preview = await run_operation.preview(job_params(sandbox, AD), NOW, TOKEN)
    assert preview.warnings == (
        "OpsRamp will only tell that it accepted the run. It does not tell how it went on the devices.",
    )
    assert set(preview.targets.names) == {d.host for d in sandbox.devices[:3]}
    assert sandbox.runs == []
    handle = await run_operation.start(run_operation.plan(job_params(sandbox, AD), NOW, TOKEN))
    progress = (await run_operation.poll([handle]))[handle.id]
    assert progress.state == "succeeded"
    assert progress.summary == "OpsRamp accepted the run. It does not tell how it went on the devices."
    assert (progress.total, progress.succeeded, progress.results) == (0, 0, ())


async def test_the_output_of_a_script_is_watched_device_by_device(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    hosts = [d.host for d in sandbox.devices[:3]]
    sandbox.take_offline([hosts[1]])
    handle = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    progress = (await run_operation.poll([handle]))[handle.id]
    assert (progress.state, progress.pending, progress.succeeded) == ("running", 3, 0)
    assert all(result.state == "pending" for result in progress.results)
    clock.advance(seconds=6)
    progress = (await run_operation.poll([handle]))[handle.id]
    assert (progress.state, progress.succeeded, progress.failed) == ("partly_failed", 2, 1)
    assert progress.results[0].name == hosts[1]
    assert progress.results[0].reason == "The agent was offline."
    assert progress.summary == (
        "OpsRamp accepted the run. Output came from 2 of 3 devices, 1 had their agent offline. "
        "OpsRamp tells no exit status."
    )
    assert await run_operation.output(handle, hosts[0]) == f"Done on {hosts[0]}"
    assert await run_operation.output(handle, hosts[1]) == "Agent Offline"
    assert await run_operation.output(handle, "elsewhere") == ""


async def test_all_agents_offline_is_a_failure(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    sandbox.take_offline(d.host for d in sandbox.devices)
    handle = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    clock.advance(seconds=6)
    assert (await run_operation.poll([handle]))[handle.id].state == "failed"


async def test_output_that_never_comes_is_not_called_a_success_of_devices(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    handle = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    sandbox.runs.clear()
    clock.advance(minutes=29)
    assert (await run_operation.poll([handle]))[handle.id].state == "running"
    clock.advance(minutes=2)
    progress = (await run_operation.poll([handle]))[handle.id]
    assert progress.state == "succeeded"
    assert progress.succeeded == 0
    assert "Output came from 0 of 3 devices." in progress.summary
    assert "nothing is known of them" in progress.summary


async def test_an_earlier_runs_output_is_not_taken_for_this_ones(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    earlier = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, "ns-earlier"))
    clock.advance(minutes=1)
    handle = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    found = await run_operation.poll([earlier, handle])
    assert (found[earlier.id].succeeded, found[handle.id].pending) == (3, 3)
    assert (await run_operation.poll([handle]))[handle.id].pending == 3
    assert await run_operation.context.scripts.outputs("client_93", 7, clock.now()) == []


async def test_many_runs_of_a_script_cost_one_list(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    handles = []
    for number in range(12):
        handles.append(await run_operation.start(run_operation.plan(job_params(sandbox), NOW, f"ns-{number}")))
        clock.advance(seconds=7)
    sandbox.received_requests.clear()
    found = await run_operation.poll(handles)
    assert len(found) == 12
    assert {progress.state for progress in found.values()} == {"succeeded"}
    assert len(sandbox.received_requests) == 1


async def test_output_pages_are_followed_but_not_into_the_past(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    job = sandbox.job_by_name(SCRIPT)
    few, job["entities"] = job["entities"], [{"resource": {"id": d.id, "type": "DEVICE"}} for d in sandbox.devices]
    earlier = []
    for number in range(4):
        earlier.append(await run_operation.start(run_operation.plan(job_params(sandbox), NOW, f"ns-old-{number}")))
        clock.advance(seconds=10)
    sandbox.received_requests.clear()
    assert (await run_operation.poll([earlier[0]]))[earlier[0].id].succeeded == 60
    assert [r.query["pageNo"] for r in sandbox.received_requests] == ["1", "2", "3"]
    job["entities"] = few
    handle = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    clock.advance(seconds=6)
    sandbox.received_requests.clear()
    assert (await run_operation.poll([handle]))[handle.id].succeeded == 3
    assert len(sandbox.received_requests) == 1


async def test_a_run_whose_output_cannot_be_read_is_not_known_this_time(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    handle = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    sandbox.faults.append(Fault("status", path="paginatedOutputs", status=500, body={"code": "0001"}, remaining=None))
    assert await run_operation.poll([handle]) == {}


async def test_a_lost_answer_is_never_sent_again_and_cannot_be_looked_up(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    plan = run_operation.plan(job_params(sandbox), NOW, TOKEN)
    sandbox.faults.append(Fault("cut_after", path="/run$"))
    with pytest.raises(OutcomeUnknown, match="was lost before its answer"):
        await run_operation.start(plan)
    assert len(sandbox.runs) == 1
    assert await run_operation.find_started(plan) is None


async def test_a_run_cannot_be_stopped_or_repeated_in_part(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    handle = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    with pytest.raises(Refused, match="no way to stop a run"):
        await run_operation.cancel(handle)
    with pytest.raises(InputError):
        run_operation.params_for_rerun(job_params(sandbox), handle, ["x"])


async def test_a_job_that_is_gone_is_said_under_the_job(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    with pytest.raises(InputError) as caught:
        await run_operation.preview(run_params(id="gone"), NOW, TOKEN)
    assert "may have been deleted" in caught.value.problems["job"]


async def test_a_job_without_devices_is_pointed_out(run_operation: RunJobOperation, sandbox: OpsRampSandbox) -> None:
    sandbox.job_by_name(AD)["entities"] = []
    assert (await run_operation.preview(job_params(sandbox, AD), NOW, TOKEN)).warnings[0] == "The job has no devices."


async def test_watching_a_thousand_runs_of_a_script_is_one_list(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    handle = await run_operation.start(run_operation.plan(job_params(sandbox), NOW, TOKEN))
    handles = [handle.model_copy(update={"id": f"run-{number}"}) for number in range(1000)]
    before = len(sandbox.received_requests)
    found = await run_operation.poll(handles)
    assert len(found) == 1000
    assert [r.path.rpartition("/")[2] for r in sandbox.received_requests[before:]] == ["paginatedOutputs"]
