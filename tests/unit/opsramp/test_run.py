"""Running a job on demand: what is told of it is what OpsRamp tells."""

from typing import Any

import pytest

from bot.backends.base import Tools
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.run import Run
from bot.errors import FateUnknown, InputError, Refused
from bot.schedule import Rule
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import NOW, TOKEN, HandClock, moment, once, run, series

AD, SCRIPT = "Weekly AD checklist", "Restart print spooler"


def chosen(sandbox: OpsRampSandbox, name: str = SCRIPT, **more: Any) -> Any:
    return run(job=sandbox.job_named(name)["id"], **more)


async def test_a_run_is_asked_for_with_get_a_body_and_a_reason(running: Run, sandbox: OpsRampSandbox) -> None:
    plan = running.plan(chosen(sandbox, reason="Printer jam"), NOW, TOKEN)
    await running.start(plan)
    (ran,) = sandbox.runs
    assert ran.job == sandbox.job_named(SCRIPT)["id"]
    assert ran.reason == f"Printer jam (Nightshift {TOKEN})"
    (call,) = sandbox.received("GET", ".*/run")
    assert call.headers["Content-Type"] == "application/json"
    assert plan.calls[0].method == "GET"
    assert plan.calls[0].body == call.body


async def test_a_server_that_wants_post_gets_it(running: Run, sandbox: OpsRampSandbox) -> None:
    sandbox.run_verb = "POST"
    await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    assert [r.method for r in sandbox.ledger if r.path.endswith("/run")] == ["GET", "POST"]
    assert len(sandbox.runs) == 1


async def test_the_verb_can_be_configured(sandbox: OpsRampSandbox, url: str, clock: HandClock) -> None:
    sandbox.run_verb = "POST"
    connection = OpsRampConnection("o", settings_for(sandbox, url, run_verb="POST"), Tools(clock), clock.sleep)
    operation = connection.operations["opsramp.run_job"]
    plan = operation.plan(chosen(sandbox), NOW, TOKEN)
    await operation.start(plan)
    assert plan.calls[0].method == "POST"
    assert [r.method for r in sandbox.ledger if r.path.endswith("/run")] == ["POST"]
    await connection.close()


async def test_any_schedule_is_held_by_nightshift(running: Run, sandbox: OpsRampSandbox) -> None:
    weird = series(Rule(freq="hourly", interval=7), "2026-03-02T20:00", "America/New_York")
    for schedule in (once("2026-07-01T20:00"), weird):
        plan = running.plan(chosen(sandbox), schedule, TOKEN)
        assert plan.placement.holder == "nightshift"
        due = running.occurrence(chosen(sandbox), schedule, moment("2026-07-01T20:00"), TOKEN)
        assert due.calls == plan.calls


async def test_a_job_without_a_script_is_only_known_to_be_accepted(running: Run, sandbox: OpsRampSandbox) -> None:
    preview = await running.preview(chosen(sandbox, AD), NOW, TOKEN)
    assert preview.warnings == (
        "OpsRamp will only tell that it accepted the run. It does not tell how it went on the devices.",
    )
    assert set(preview.targets.names) == {d.host for d in sandbox.devices[:3]}
    assert sandbox.runs == []
    handle = await running.start(running.plan(chosen(sandbox, AD), NOW, TOKEN))
    progress = (await running.poll([handle]))[handle.id]
    assert progress.state == "succeeded"
    assert progress.summary == "OpsRamp accepted the run. It does not tell how it went on the devices."
    assert (progress.total, progress.succeeded, progress.results) == (0, 0, ())


async def test_the_output_of_a_script_is_watched_device_by_device(
    running: Run, sandbox: OpsRampSandbox, clock: HandClock
) -> None:
    hosts = [d.host for d in sandbox.devices[:3]]
    sandbox.take_offline([hosts[1]])
    handle = await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    progress = (await running.poll([handle]))[handle.id]
    assert (progress.state, progress.pending, progress.succeeded) == ("running", 3, 0)
    assert all(result.state == "pending" for result in progress.results)
    clock.move(seconds=6)
    progress = (await running.poll([handle]))[handle.id]
    assert (progress.state, progress.succeeded, progress.failed) == ("partly_failed", 2, 1)
    assert progress.results[0].name == hosts[1]
    assert progress.results[0].reason == "The agent was offline."
    assert progress.summary == (
        "OpsRamp accepted the run. Output came from 2 of 3 devices, 1 had their agent offline. "
        "OpsRamp tells no exit status."
    )
    assert await running.output(handle, hosts[0]) == f"Done on {hosts[0]}"
    assert await running.output(handle, hosts[1]) == "Agent Offline"
    assert await running.output(handle, "elsewhere") == ""


async def test_all_agents_offline_is_a_failure(running: Run, sandbox: OpsRampSandbox, clock: HandClock) -> None:
    sandbox.take_offline(d.host for d in sandbox.devices)
    handle = await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    clock.move(seconds=6)
    assert (await running.poll([handle]))[handle.id].state == "failed"


async def test_output_that_never_comes_is_not_called_a_success_of_devices(
    running: Run, sandbox: OpsRampSandbox, clock: HandClock
) -> None:
    handle = await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    sandbox.runs.clear()
    clock.move(minutes=29)
    assert (await running.poll([handle]))[handle.id].state == "running"
    clock.move(minutes=2)
    progress = (await running.poll([handle]))[handle.id]
    assert progress.state == "succeeded"
    assert progress.succeeded == 0
    assert "Output came from 0 of 3 devices." in progress.summary
    assert "nothing is known of them" in progress.summary


async def test_an_earlier_runs_output_is_not_taken_for_this_ones(
    running: Run, sandbox: OpsRampSandbox, clock: HandClock
) -> None:
    earlier = await running.start(running.plan(chosen(sandbox), NOW, "ns-earlier"))
    clock.move(minutes=1)
    handle = await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    found = await running.poll([earlier, handle])
    assert (found[earlier.id].succeeded, found[handle.id].pending) == (3, 3)
    assert (await running.poll([handle]))[handle.id].pending == 3
    assert await running.link.scripts.outputs("client_93", 7, clock.now()) == []


async def test_many_runs_of_a_script_cost_one_list(running: Run, sandbox: OpsRampSandbox, clock: HandClock) -> None:
    handles = []
    for number in range(12):
        handles.append(await running.start(running.plan(chosen(sandbox), NOW, f"ns-{number}")))
        clock.move(seconds=7)
    sandbox.ledger.clear()
    found = await running.poll(handles)
    assert len(found) == 12
    assert {progress.state for progress in found.values()} == {"succeeded"}
    assert len(sandbox.ledger) == 1


async def test_output_pages_are_followed_but_not_into_the_past(
    running: Run, sandbox: OpsRampSandbox, clock: HandClock
) -> None:
    job = sandbox.job_named(SCRIPT)
    few, job["entities"] = job["entities"], [{"resource": {"id": d.id, "type": "DEVICE"}} for d in sandbox.devices]
    earlier = []
    for number in range(4):
        earlier.append(await running.start(running.plan(chosen(sandbox), NOW, f"ns-old-{number}")))
        clock.move(seconds=10)
    sandbox.ledger.clear()
    assert (await running.poll([earlier[0]]))[earlier[0].id].succeeded == 60
    assert [r.query["pageNo"] for r in sandbox.ledger] == ["1", "2", "3"]
    job["entities"] = few
    handle = await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    clock.move(seconds=6)
    sandbox.ledger.clear()
    assert (await running.poll([handle]))[handle.id].succeeded == 3
    assert len(sandbox.ledger) == 1


async def test_a_run_whose_output_cannot_be_read_is_not_known_this_time(running: Run, sandbox: OpsRampSandbox) -> None:
    handle = await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    sandbox.faults.append(Fault("status", path="paginatedOutputs", status=500, body={"code": "0001"}, times=None))
    assert await running.poll([handle]) == {}


async def test_a_lost_answer_is_never_sent_again_and_cannot_be_looked_up(running: Run, sandbox: OpsRampSandbox) -> None:
    plan = running.plan(chosen(sandbox), NOW, TOKEN)
    sandbox.faults.append(Fault("cut_after", path="/run$"))
    with pytest.raises(FateUnknown, match="was lost before its answer"):
        await running.start(plan)
    assert len(sandbox.runs) == 1
    assert await running.find(plan) is None


async def test_a_run_cannot_be_stopped_or_repeated_in_part(running: Run, sandbox: OpsRampSandbox) -> None:
    handle = await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    with pytest.raises(Refused, match="no way to stop a run"):
        await running.cancel(handle)
    with pytest.raises(InputError):
        running.rerun_failed(chosen(sandbox), handle, ["x"])


async def test_a_job_that_is_gone_is_said_under_the_job(running: Run, sandbox: OpsRampSandbox) -> None:
    with pytest.raises(InputError) as caught:
        await running.preview(run(id="gone"), NOW, TOKEN)
    assert "may have been deleted" in caught.value.problems["job"]


async def test_a_job_without_devices_is_pointed_out(running: Run, sandbox: OpsRampSandbox) -> None:
    sandbox.job_named(AD)["entities"] = []
    assert (await running.preview(chosen(sandbox, AD), NOW, TOKEN)).warnings[0] == "The job has no devices."


async def test_watching_a_thousand_runs_of_a_script_is_one_list(running: Run, sandbox: OpsRampSandbox) -> None:
    handle = await running.start(running.plan(chosen(sandbox), NOW, TOKEN))
    handles = [handle.model_copy(update={"id": f"run-{number}"}) for number in range(1000)]
    before = len(sandbox.ledger)
    found = await running.poll(handles)
    assert len(found) == 1000
    assert [r.path.rpartition("/")[2] for r in sandbox.ledger[before:]] == ["paginatedOutputs"]
