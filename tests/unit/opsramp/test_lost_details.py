"""OpsRamp leaves something out, or cannot be read: what is done without it, and what is said."""

import pytest

from bot.backends.opsramp import coercion
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.run_job import RunJobOperation
from bot.backends.opsramp.update_job import UpdateJobOperation
from bot.errors import BadResponse, OutcomeUnknown
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.support import NOW, TOKEN, ManualClock, create_params, once, run_params

JOBS = "/api/v2/tenants/client_93/jobs"


def sql_report(name: str = "Fresh report") -> object:
    return create_params(job_type="sqlreport", name=name)


def unreadable(path: str) -> Fault:
    return Fault("status", path=path, method="GET", status=404, remaining=None)


async def test_a_new_job_that_cannot_be_read_back_is_made_all_the_same(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    plan = create_operation.plan(sql_report(), once("2026-07-01T20:00"), TOKEN)
    sandbox.faults.append(unreadable(f"{JOBS}/[^/]+$"))
    sandbox.faults.insert(0, Fault("status", path=f"{JOBS}/search", method="GET", status=200, body={"results": []}))
    sandbox.faults.insert(0, Fault("status", path=f"{JOBS}/search", method="GET", status=200, body={"results": []}))
    handle = await create_operation.start(plan)
    assert handle.id == sandbox.job_by_name("Fresh report")["id"]
    sandbox.faults.clear()
    assert (await create_operation.poll([handle]))[handle.id].state == "succeeded"


async def test_a_new_job_whose_id_is_not_told_and_that_is_not_found_is_unknown(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    plan = create_operation.plan(sql_report(), once("2026-07-01T20:00"), TOKEN)
    sandbox.faults.append(Fault("status", path=f"{JOBS}$", method="POST", status=200, body={}))
    with pytest.raises(OutcomeUnknown, match="did not tell its id"):
        await create_operation.start(plan)
    sandbox.faults += [
        Fault("status", path=f"{JOBS}$", method="POST", status=200, body={}),
        Fault("status", path=f"{JOBS}/search", method="GET", status=200, body={"results": []}),
        Fault("status", path=f"{JOBS}/search", method="GET", status=200, body={"results": []}),
        Fault("status", path=f"{JOBS}/search", method="GET", status=403, remaining=None),
    ]
    with pytest.raises(OutcomeUnknown, match="no job like it can be found"):
        await create_operation.start(plan)


async def test_a_job_in_a_list_of_one_is_a_job(update_operation: UpdateJobOperation, sandbox: OpsRampSandbox) -> None:
    job = sandbox.job_by_name("Weekly AD checklist")
    path = f"{JOBS}/{job['id']}"
    sandbox.faults.append(Fault("status", path=path, method="GET", status=200, body=[job]))  # type: ignore[arg-type]
    assert (await update_operation.load({"job": job["id"]}))["name"] == "Weekly AD checklist"
    for body in ([job, job], [], "x", {"id": "another"}):
        sandbox.faults.append(Fault("status", path=path, method="GET", status=200, body=body))  # type: ignore[arg-type]
        with pytest.raises(BadResponse, match="something else where a job was expected"):
            await update_operation.context.fetch_job("client_93", job["id"])


async def test_a_script_that_cannot_be_read_is_said(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    sandbox.faults.append(Fault("status", path="/scripts/", method="GET", status=403, remaining=None))
    params = create_params(job_type="custom", name="No hurry", script=8)
    preview = await create_operation.preview(params, NOW, TOKEN)
    assert "The script could not be read, so its parameters were not checked." in preview.warnings
    sandbox.faults.clear()
    preview = await create_operation.preview(params, NOW, TOKEN)
    assert not any("could not be read" in text for text in preview.warnings)


async def test_a_run_without_a_script_has_no_output(run_operation: RunJobOperation, sandbox: OpsRampSandbox) -> None:
    job = sandbox.job_by_name("Weekly AD checklist")
    handle = await run_operation.start(run_operation.plan(run_params(job=job["id"]), NOW, TOKEN))
    assert await run_operation.output(handle, sandbox.devices[0].host) == ""


async def test_a_run_is_dated_in_whole_seconds_as_outputs_are(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    clock.advance(microseconds=987654)
    job = sandbox.job_by_name("Weekly AD checklist")
    handle = await run_operation.start(run_operation.plan(run_params(job=job["id"]), NOW, TOKEN))
    assert handle.detail["at"] == clock.now().replace(microsecond=0).isoformat()


def test_a_broken_list_of_resources_is_named() -> None:
    with pytest.raises(ValueError, match="This is not a list of resources in JSON"):
        coercion.coerce_entities('[{"resource": ')
    assert coercion.coerce_entities(' ["a", "b", "a"]') == ("a", "b")


async def test_the_form_of_a_job_opens_without_its_script_and_hides_every_parameter(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    job = sandbox.job_by_name("Restart print spooler")
    shown = await update_operation.load({"job": job["id"]})
    sandbox.faults.append(Fault("status", path="/scripts/", method="GET", status=403, remaining=None))
    hidden = await update_operation.load({"job": job["id"]})
    assert [value for key, value in shown.items() if key.startswith("parameters.")] == ["Spooler", "60"]
    assert not [value for key, value in hidden.items() if key.startswith("parameters.") and value]
    assert (hidden["job"], hidden["name"]) == (shown["job"], shown["name"])
