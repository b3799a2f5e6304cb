"""What a job stands for in OpsRamp: its script, its parameters, its devices."""

import pytest

from bot.backends.base import Preview, Resolution
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.run_job import RunJobOperation
from bot.backends.opsramp.update_job import UpdateJobOperation
from bot.errors import BackendError, InputError
from playground.opsramp import OpsRampSandbox
from playground.opsramp.world import CLIENT
from playground.sandbox import Fault
from tests.unit.opsramp.support import NOW, PASSWORD, TOKEN, create_params, run_params, update_params

AD, SCRIPT = "Weekly AD checklist", "Restart print spooler"


async def preview(operation: RunJobOperation, sandbox: OpsRampSandbox, name: str = SCRIPT) -> Preview:
    return await operation.preview(run_params(job=sandbox.job_by_name(name)["id"]), NOW, TOKEN)


def resolution(found: Preview, kind: str) -> Resolution:
    return next(r for r in found.resolutions if r.kind == kind)


async def test_a_job_is_told_with_its_script_parameters_and_devices(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    found = await preview(run_operation, sandbox)
    job, script = found.resolutions
    assert (job.field, job.kind, job.id, job.name) == ("job", "job", sandbox.job_by_name(SCRIPT)["id"], SCRIPT)
    assert {name: job.details[name] for name in ("type", "runs as", "parameters")} == {
        "type": "custom",
        "runs as": "system",
        "parameters": "Service = Spooler; Timeout = 60",
    }
    assert (script.field, script.kind, script.id, script.name) == ("job", "script", "7", "Restart service")
    assert script.details["version"] == "1.0"
    assert found.facts["script"] == "Restart service"


async def test_a_job_without_a_script_is_told_with_its_settings(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    (job,) = (await preview(run_operation, sandbox, "Nightly network backup")).resolutions
    assert "Back up on change trap = yes" in job.details["settings"]
    sandbox.job_by_name("Nightly network backup")["script"]["configParams"]["backUpTrigger"] = False
    (changed,) = (await preview(run_operation, sandbox, "Nightly network backup")).resolutions
    assert "Back up on change trap = no" in changed.details["settings"]


async def test_another_script_of_a_job_is_seen_at_once(run_operation: RunJobOperation, sandbox: OpsRampSandbox) -> None:
    await preview(run_operation, sandbox)
    sandbox.job_by_name(SCRIPT)["script"] |= {"customScript": {"id": 9}, "parameters": [{"paramId": 5, "value": "1"}]}
    found = await preview(run_operation, sandbox)
    assert (resolution(found, "script").id, resolution(found, "script").name) == ("9", "Rotate logs")
    assert resolution(found, "job").details["parameters"] == "Keep = 1"


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"scriptVersion": "2.0"}, "version"),
        ({"executionType": "BATCH"}, "definition"),
        ({"platforms": []}, "definition"),
    ],
)
async def test_a_new_version_of_a_script_is_seen_at_once(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, change: dict[str, object], detail: str
) -> None:
    before = resolution(await preview(run_operation, sandbox), "script")
    sandbox.tenants[CLIENT].script(7).update(change)
    after = resolution(await preview(run_operation, sandbox), "script")
    assert before.details[detail] != after.details[detail]


async def test_other_devices_are_seen_and_another_order_of_them_is_not(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    job = sandbox.job_by_name(SCRIPT)
    before = resolution(await preview(run_operation, sandbox), "job")
    job["entities"] = job["entities"][::-1]
    assert resolution(await preview(run_operation, sandbox), "job") == before
    job["entities"] = job["entities"][:2]
    assert resolution(await preview(run_operation, sandbox), "job").details["devices"] != before.details["devices"]


async def test_a_password_is_not_told(run_operation: RunJobOperation, sandbox: OpsRampSandbox) -> None:
    sandbox.password_mode = "plain"
    sandbox.job_by_name(SCRIPT)["script"]["parameters"].append({"paramId": 4, "value": PASSWORD})
    found = await preview(run_operation, sandbox)
    assert PASSWORD not in str(found.resolutions)
    assert "Password = •••" in resolution(found, "job").details["parameters"]


async def test_a_script_that_the_account_may_not_read_is_named_with_a_warning(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    sandbox.faults.append(Fault("status", path="/rba/", status=403, body={"msg": "No"}, remaining=None))
    found = await preview(run_operation, sandbox)
    assert resolution(found, "script") == Resolution(field="job", kind="script", id="7", name="Restart service")
    assert "Spooler" not in resolution(found, "job").details["parameters"]
    assert "The script could not be read: a change of it would not be noticed." in found.warnings


async def test_a_server_that_does_not_tell_the_script_now_leaves_it_unknown(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    sandbox.faults.append(Fault("status", path="/rba/", status=503, remaining=None))
    with pytest.raises(BackendError):
        await preview(run_operation, sandbox)


async def test_a_script_that_is_gone_is_said_under_the_job(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    await preview(run_operation, sandbox)
    sandbox.tenants[CLIENT].scripts[12] = []
    with pytest.raises(InputError) as caught:
        await preview(run_operation, sandbox)
    assert "has no script 7" in caught.value.problems["job"]


async def test_a_script_that_was_moved_to_another_category_is_found(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox
) -> None:
    before = resolution(await preview(run_operation, sandbox), "script")
    scripts = sandbox.tenants[CLIENT].scripts
    scripts[21].append(scripts[12].pop(0))
    assert resolution(await preview(run_operation, sandbox), "script") == before


async def test_a_repeated_preview_takes_three_reads(run_operation: RunJobOperation, sandbox: OpsRampSandbox) -> None:
    await preview(run_operation, sandbox)
    before = len(sandbox.received_requests)
    await preview(run_operation, sandbox)
    assert len(sandbox.received_requests) - before <= 3


async def test_an_update_tells_what_becomes_of_the_job(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    job = sandbox.job_by_name(SCRIPT)
    params = update_params(job=job["id"], name="Restart nightly", parameters={"3": "90"})
    found = await update_operation.preview(params, NOW, TOKEN)
    assert resolution(found, "job").name == SCRIPT
    assert resolution(found, "job").details["parameters"] == "Service = Spooler; Timeout = 90"
    assert (resolution(found, "script").field, resolution(found, "script").name) == ("script", "Restart service")
    job["script"]["userType"] = 2
    assert resolution(await update_operation.preview(params, NOW, TOKEN), "job").details["runs as"] == "other"


async def test_a_new_job_tells_its_script(create_operation: CreateJobOperation, sandbox: OpsRampSandbox) -> None:
    params = create_params(job_type="custom", name="New", script=9, entities=[sandbox.devices[0].id])
    (script,) = (await create_operation.preview(params, NOW, TOKEN)).resolutions
    assert (script.field, script.id, script.name, script.details["version"]) == ("script", "9", "Rotate logs", "1.4")
