"""The form: which fields there are, and what choosing a job fills in."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.backends.base import form_fields, hidden_values, is_relevant, parse_params
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.params import UpdateJobParams
from bot.backends.opsramp.update_job import UpdateJobOperation
from bot.errors import InputError, Refused
from playground.opsramp import OpsRampSandbox
from playground.opsramp.world import CLIENT, stable_uuid
from playground.sandbox import Fault
from tests.unit.opsramp.support import NOW, TOKEN, moment, once

BACKUP, AD, INSTALL, SCRIPT = "Nightly network backup", "Weekly AD checklist", "Install viewer", "Restart print spooler"


async def opened_values(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox, chosen: str, **values: Any
) -> dict[str, Any]:
    """The values of a form after choosing a job."""
    job = {"job": sandbox.job_by_name(chosen)["id"]}
    return {**job, **(await update_operation.load(job)), **values}


async def filled_params(update_operation: UpdateJobOperation, values: Mapping[str, Any]) -> UpdateJobParams:
    """The parameters that the form gives: the fields that appear, and what it remembers of the job."""
    shown = {f.name for f in await update_operation.fields(values) if is_relevant(f, values)}
    typed = {name: value for name, value in values.items() if name in shown}
    return parse_params(UpdateJobParams, {**hidden_values(UpdateJobParams, values), **typed})


def names(fields: Any, values: Mapping[str, Any]) -> set[str]:
    return {f.name for f in fields if is_relevant(f, values)}


def test_parameters_appear_for_their_job_type_alone() -> None:
    fields = form_fields(UpdateJobParams)
    common = {"client", "job", "job_type", "name", "job_queued", "entities", "start_date", "pattern_type"}
    assert names(fields, {"job_type": "adCheckList"}) == common
    assert names(fields, {"job_type": "networkconfigbackup"}) - common == {
        "versions_saved",
        "backup_trigger",
        "startup_config_alert",
        "runtime_config_alert",
        "startup_config_files_backup",
        "runtime_config_files_backup",
    }
    assert names(fields, {"job_type": "appinstall"}) - common == {"approval_type", "approval_reason", "alert_required"}
    assert names(fields, {"job_type": "custom"}) - common == {"script", "user_type", "credential_set"}


def test_parts_of_a_pattern_appear_for_their_type_alone() -> None:
    fields = form_fields(UpdateJobParams)

    def parts(**values: str) -> set[str]:
        return {name for name in names(fields, values) if name.startswith("pattern_")} - {"pattern_type"}

    assert parts(pattern_type="daily") == {"pattern_frequency"}
    assert parts(pattern_type="daily", pattern_frequency="recurrence") == {
        "pattern_frequency",
        "pattern_repeat_type",
        "pattern_repeat_frequency",
    }
    assert parts(pattern_type="weekly") == {"pattern_week_days"}
    assert parts(pattern_type="monthly") == {"pattern_day_of_month", "pattern_week_index", "pattern_day_of_week"}
    assert parts(pattern_type="never") == parts(pattern_type="run once") == parts() == set()


async def test_choosing_a_job_fills_in_what_it_is_today(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, BACKUP)
    del values["loaded"]
    devices = [d.id for d in sandbox.devices[3:6]]
    assert sorted(values.pop("entities")) == sorted(devices)
    assert {name: value for name, value in values.items() if value is not None} == {
        "job": sandbox.job_by_name(BACKUP)["id"],
        "job_type": "networkconfigbackup",
        "name": BACKUP,
        "job_queued": True,
        "versions_saved": "VERSION_WITH_CHANGES",
        "backup_trigger": True,
        "startup_config_alert": False,
        "runtime_config_alert": True,
        "startup_config_files_backup": True,
        "runtime_config_files_backup": False,
        "start_date": "2026-01-04T22:30:00Z",
        "pattern_type": "daily",
        "pattern_frequency": "everyday",
    }


async def test_a_form_left_as_it_opened_changes_nothing(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    for name in (BACKUP, AD, INSTALL, SCRIPT):
        params = await filled_params(update_operation, await opened_values(update_operation, sandbox, name))
        assert (await update_operation.preview(params, NOW, TOKEN)).changes == ()
        plan = update_operation.plan(params, NOW, TOKEN)
        assert plan.context["overlay"] == {"id": params.job}


async def test_only_what_was_changed_is_laid_over_what_the_job_is_when_it_is_sent(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, BACKUP, backup_trigger=False)
    plan = update_operation.plan(await filled_params(update_operation, values), NOW, TOKEN)
    sandbox.job_by_name(BACKUP)["script"]["configParams"]["versionsSaved"] = "ALL_VERSIONS"
    sandbox.job_by_name(BACKUP)["jobQueued"] = False
    await update_operation.start(plan)
    job = sandbox.job_by_name(BACKUP)
    assert job["script"]["configParams"]["backUpTrigger"] is False
    assert job["script"]["configParams"]["versionsSaved"] == "ALL_VERSIONS"
    assert job["jobQueued"] is False


async def test_the_schedule_that_the_form_shows_is_no_second_schedule(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = await filled_params(update_operation, await opened_values(update_operation, sandbox, AD))
    plan = update_operation.plan(params, once("2026-07-01T20:00"), TOKEN)
    assert plan.context["overlay"] == {
        "id": params.job,
        "schedule": {"startDate": "2026-07-01T20:00:00+0000", "pattern": {"type": "never"}},
    }


async def test_a_pattern_is_sent_whole_when_any_part_of_it_changes(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, SCRIPT, pattern_repeat_frequency="5")
    plan = update_operation.plan(await filled_params(update_operation, values), NOW, TOKEN)
    pattern = {"type": "daily", "frequency": "recurrence", "repeatType": "days", "repeatFrequency": 5}
    assert plan.context["overlay"] == {"id": values["job"], "schedule": {"pattern": pattern}}


async def test_the_order_of_devices_and_days_is_no_change(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, AD)
    turned = {**values, "entities": values["entities"][::-1], "pattern_week_days": ["Wednesday", "Sunday"]}
    assert update_operation.plan(await filled_params(update_operation, turned), NOW, TOKEN).context["overlay"] == {
        "id": values["job"]
    }


async def test_emptying_what_a_job_must_have_is_refused(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(
        update_operation, sandbox, AD, entities=[], name="", pattern_type=None, start_date=None
    )
    with pytest.raises(InputError) as caught:
        update_operation.plan(await filled_params(update_operation, values), NOW, TOKEN)
    assert set(caught.value.problems) == {"entities", "name", "pattern_type", "start_date"}
    plan = update_operation.plan(
        await filled_params(update_operation, {**values, "entities": ["x"], "name": "y"}),
        once("2026-07-01T20:00"),
        TOKEN,
    )
    assert plan.context["overlay"]["schedule"]["pattern"] == {"type": "never"}  # type: ignore[index,call-overload]


async def test_a_reason_and_a_parameter_can_be_emptied(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, INSTALL, approval_reason="")
    await update_operation.start(update_operation.plan(await filled_params(update_operation, values), NOW, TOKEN))
    assert sandbox.job_by_name(INSTALL)["script"]["approvalType"]["approvalReason"] == ""
    values = await opened_values(update_operation, sandbox, SCRIPT, **{"parameters.3": ""})
    await update_operation.start(update_operation.plan(await filled_params(update_operation, values), NOW, TOKEN))
    parameters = {p["paramId"]: p["value"] for p in sandbox.job_by_name(SCRIPT)["script"]["parameters"]}
    assert parameters == {2: "Spooler", 3: ""}


async def test_a_box_that_was_unticked_means_no_and_one_that_opsramp_did_not_tell_is_no_change(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    del sandbox.job_by_name(AD)["jobQueued"]
    values = await opened_values(update_operation, sandbox, AD, job_queued=False)
    assert update_operation.plan(await filled_params(update_operation, values), NOW, TOKEN).context["overlay"] == {
        "id": values["job"]
    }
    values = await opened_values(update_operation, sandbox, BACKUP, backup_trigger=False)
    fields = {f.name: f for f in await update_operation.fields(values)}
    assert fields["backup_trigger"].default is False
    unloaded = {f.name: f for f in await update_operation.fields({"job": values["job"]})}
    assert unloaded["backup_trigger"].default is None


async def test_loading_happens_once_for_a_job_and_anew_for_another(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, SCRIPT)
    assert values["parameters.2"] == "Spooler"
    assert await update_operation.load({**values, "job_type": "appinstall"}) == {}
    other = await update_operation.load({**values, "job": sandbox.job_by_name(AD)["id"]})
    assert other["parameters.2"] is None
    assert other["parameters.3"] is None
    assert other["script"] is None
    assert other["name"] == AD
    assert await update_operation.load({}) == {}


async def test_a_script_brings_fields_for_its_parameters(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, SCRIPT)
    fields = {f.name: f for f in await update_operation.fields(values) if f.section == "Script parameters"}
    assert list(fields) == ["parameters.2", "macros.2", "parameters.3", "macros.3", "parameters.4", "macros.4"]
    assert fields["parameters.2"].hint == "Name of the service. The script needs it."
    assert fields["parameters.2"].default is None
    fresh = {f.name: f for f in await update_operation.fields({"job_type": "custom", "script": "7"})}
    assert fresh["parameters.2"].default == "Spooler"
    assert fresh["parameters.4"].default is None
    assert (fields["parameters.2"].widget, fields["parameters.3"].widget) == ("text", "number")
    password = fields["parameters.4"]
    assert (password.widget, password.secret, password.default) == ("choice", True, None)
    assert [(o.value, o.label) for o in password.choices] == [("secret:spooler", "spooler")]


async def test_parameters_that_cannot_be_read_are_said_and_the_form_still_opens(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    sandbox.faults.append(Fault("status", path="/rba/", status=403, body={"msg": "No"}, remaining=None))
    fields = {f.name: f for f in await update_operation.fields({"job_type": "custom", "script": "7"})}
    assert "parameters.2" not in fields
    assert "Its parameters cannot be shown" in fields["script"].hint


async def test_a_job_with_more_devices_than_a_form_shows_keeps_them(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    job = sandbox.job_by_name(AD)
    job["entities"] = [{"resource": {"id": f"d-{n}", "type": "DEVICE"}} for n in range(101)]
    values = await opened_values(update_operation, sandbox, AD, name="Renamed")
    assert values["entities"] is None
    fields = {f.name: f for f in await update_operation.fields(values)}
    assert "Leave this empty to keep them" in fields["entities"].hint
    await update_operation.start(update_operation.plan(await filled_params(update_operation, values), NOW, TOKEN))
    assert len(sandbox.job_by_name("Renamed")["entities"]) == 101


async def test_a_job_with_values_that_no_form_takes_still_opens(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    job = sandbox.job_by_name(BACKUP)
    job["script"]["configParams"]["versionsSaved"] = "LAST_TEN"
    job["schedule"]["pattern"] = {"type": "hourly"}
    values = await opened_values(update_operation, sandbox, BACKUP, job_queued=False)
    assert values["versions_saved"] is None
    assert values["backup_trigger"] is True
    preview = await update_operation.preview(await filled_params(update_operation, values), NOW, TOKEN)
    assert [c.field for c in preview.changes] == ["Queued"]


async def test_a_job_that_became_another_kind_meanwhile_is_left_alone(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, BACKUP, backup_trigger=False)
    plan = update_operation.plan(await filled_params(update_operation, values), NOW, TOKEN)
    sandbox.job_by_name(BACKUP)["script"] = {"jobType": "adCheckList"}
    with pytest.raises(Refused, match="another kind of job"):
        await update_operation.start(plan)
    assert not sandbox.requests_to("POST", ".*/jobs/.*")


async def test_the_form_of_a_new_job_says_no_for_boxes_that_are_not_ticked(
    create_operation: CreateJobOperation,
) -> None:
    fields = {f.name: f for f in await create_operation.fields({"job_type": "networkconfigbackup"})}
    assert fields["backup_trigger"].default is False
    assert "job" not in fields
    assert fields["job_type"].required
    assert await create_operation.load({"job_type": "custom"}) == {}


def test_a_moment_of_the_form_is_read(update_operation: UpdateJobOperation) -> None:
    params = parse_params(
        UpdateJobParams, {"job": "x", "start_date": "2026-05-05T10:00:00+00:00", "pattern_type": "never"}
    )
    assert params.start_date == moment("2026-05-05T10:00").instant


def test_what_a_form_remembers_of_a_job_travels_beside_its_fields() -> None:
    state = {"job": "x", "name": "A"}
    assert hidden_values(UpdateJobParams, {"name": "B", "loaded": state, "other": 1}) == {"loaded": state}
    assert hidden_values(UpdateJobParams, {"name": "B"}) == {}


async def test_what_a_job_has_is_read_by_its_names(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    values = await opened_values(update_operation, sandbox, SCRIPT)
    found = await update_operation.labels_for(values)
    assert found["job_type"] == "Custom script"
    assert found["script"] == "Restart service"
    assert set(found["entities"]) == set(values["entities"])
    assert all(stable_uuid(f"{CLIENT}/{host}") == device for device, host in found["entities"].items())
    assert await update_operation.labels_for({"job": values["job"]}) == {}
