"""How each field of the forms works; the texts are in docs/operations."""

from bot.backends.base import form_fields
from bot.backends.opsramp.params import CreateJobParams, RunJobParams, UpdateJobParams
from tests.unit.backends.forms import describe

UPDATE = {
    "client": "Basics: lookup, reloads, api=tenantId",
    "job": "Basics: lookup, required, reloads, api=id",
    "job_type": "What it does: lookup, reloads, api=script.jobType",
    "name": "Name and queue: text",
    "job_queued": "Name and queue: flag, api=jobQueued",
    "entities": "Basics: lookups",
    "versions_saved": "What it does: choice, api=script.configParams.versionsSaved, choices=ALL_VERSIONS/VERSION_WITH_CHANGES, if job_type in networkconfigbackup",  # noqa: E501
    "backup_trigger": "What it does: flag, api=script.configParams.backUpTrigger, if job_type in networkconfigbackup",
    "startup_config_alert": "What it does: flag, api=script.configParams.startupConfigAlert, if job_type in networkconfigbackup",  # noqa: E501
    "runtime_config_alert": "What it does: flag, api=script.configParams.runtimeConfigAlert, if job_type in networkconfigbackup",  # noqa: E501
    "startup_config_files_backup": "What it does: flag, api=script.configParams.startUpConfigFilesBackUp, if job_type in networkconfigbackup",  # noqa: E501
    "runtime_config_files_backup": "What it does: flag, api=script.configParams.runTimeConfigFilesBackUp, if job_type in networkconfigbackup",  # noqa: E501
    "approval_type": "What it does: choice, api=script.approvalType.approvalType, choices=0/1, if job_type in appinstall",  # noqa: E501
    "approval_reason": "What it does: text, api=script.approvalType.approvalReason, if job_type in appinstall",
    "alert_required": "What it does: flag, api=script.approvalType.alertRequired, if job_type in appinstall",
    "script": "What it does: lookup, reloads, api=script.customScript.id, if job_type in custom",
    "user_type": "What it does: choice, api=script.userType, choices=1/2, if job_type in custom",
    "credential_set": "What it does: lookup, api=credentialSet.uniqueId, if job_type in custom",
    "start_date": "Schedule in OpsRamp: moment, api=schedule.startDate",
    "pattern_type": "Schedule in OpsRamp: choice, reloads, api=schedule.pattern.type, choices=daily/weekly/monthly/run once/never",  # noqa: E501
    "pattern_frequency": "Schedule in OpsRamp: choice, reloads, api=schedule.pattern.frequency, choices=everyday/every weekday/recurrence, if pattern_type in daily",  # noqa: E501
    "pattern_repeat_type": "Schedule in OpsRamp: choice, api=schedule.pattern.repeatType, choices=days, if pattern_type in daily, if pattern_frequency in recurrence",  # noqa: E501
    "pattern_repeat_frequency": "Schedule in OpsRamp: number, api=schedule.pattern.repeatFrequency, if pattern_type in daily, if pattern_frequency in recurrence",  # noqa: E501
    "pattern_week_days": "Schedule in OpsRamp: choices, api=schedule.pattern.weekDays, choices=Sunday/Monday/Tuesday/Wednesday/Thursday/Friday/Saturday, if pattern_type in weekly",  # noqa: E501
    "pattern_day_of_month": "Schedule in OpsRamp: choices, api=schedule.pattern.dayOfMonth, choices=1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31, if pattern_type in monthly",  # noqa: E501
    "pattern_week_index": "Schedule in OpsRamp: choice, api=schedule.pattern.weekIndex, choices=First/Second/Third/Fourth/Last, if pattern_type in monthly",  # noqa: E501
    "pattern_day_of_week": "Schedule in OpsRamp: choice, api=schedule.pattern.dayOfWeek, choices=Sunday/Monday/Tuesday/Wednesday/Thursday/Friday/Saturday, if pattern_type in monthly",  # noqa: E501
}
RUN = {
    "client": "Basics: lookup, reloads, api=tenantId",
    "job": "Basics: lookup, required, reloads, api=id",
    "reason": "Basics: text",
}


def test_every_field_of_an_update():
    assert {field.name: describe(field) for field in form_fields(UpdateJobParams)} == UPDATE


def test_a_new_job_needs_its_type_and_has_no_id():
    expected = {**UPDATE, "job_type": "What it does: lookup, required, reloads, api=script.jobType"}
    del expected["job"]
    assert {field.name: describe(field) for field in form_fields(CreateJobParams)} == expected


def test_every_field_of_a_run():
    assert {field.name: describe(field) for field in form_fields(RunJobParams)} == RUN
