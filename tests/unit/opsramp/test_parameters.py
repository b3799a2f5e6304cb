"""Every parameter of OpsRamp's page, by its name there: in the form, in the model, in the body."""

from typing import Any

import pytest

from bot.backends.base import form_fields, parse_params
from bot.backends.opsramp.body import flatten
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.params import CreateJobParams, RunJobParams, UpdateJobParams
from bot.backends.opsramp.update_job import UpdateJobOperation
from bot.errors import InputError
from tests.unit.opsramp.support import (
    FIRST,
    JOB_TYPES,
    NOW,
    TOKEN,
    canonical_body,
    create_params,
    request_body,
    response_body,
    update_params,
)

BACKUP = {"script": {"jobType": "networkconfigbackup", "configParams": {}}}
INSTALL = {"script": {"jobType": "appinstall", "approvalType": {}}}
CUSTOM: dict[str, Any] = {"script": {"jobType": "custom"}}
MONTHLY = {"schedule": {"pattern": {"type": "monthly", "weekIndex": "First", "dayOfWeek": "Monday"}}}
DAILY = {"schedule": {"pattern": {"type": "daily", "frequency": "recurrence", "repeatFrequency": 2}}}
DATES = {"schedule": {"pattern": {"type": "monthly"}}}
WEEKLY = {"schedule": {"pattern": {"type": "weekly"}}}

# The page's row; where it stands in the body; the field; the rest of a body that makes it count; its value.
TABLE: list[tuple[str, str, str, dict[str, Any], Any]] = [
    ("{id}", "id", "job", {}, "an-id"),
    ("entities", "entities", "entities", {}, [{"resource": {"id": FIRST, "type": "DEVICE"}}]),
    ("name", "name", "name", {}, "A name"),
    ("jobQueued", "jobQueued", "job_queued", {}, True),
    ("script.jobType", "script.jobType", "job_type", {}, "sqlreport"),
    ("configParams.versionsSaved", "script.configParams.versionsSaved", "versions_saved", BACKUP, "ALL_VERSIONS"),
    ("configParams.backUpTrigger", "script.configParams.backUpTrigger", "backup_trigger", BACKUP, True),
    ("configParams.startupConfigAlert", "script.configParams.startupConfigAlert", "startup_config_alert", BACKUP, True),
    ("configParams.runConfigAlert", "script.configParams.runtimeConfigAlert", "runtime_config_alert", BACKUP, True),
    (
        "configParams.startUpConfigFilesBackUp",
        "script.configParams.startUpConfigFilesBackUp",
        "startup_config_files_backup",
        BACKUP,
        True,
    ),
    (
        "configParams.runTimeConfigFilesBackUp",
        "script.configParams.runTimeConfigFilesBackUp",
        "runtime_config_files_backup",
        BACKUP,
        True,
    ),
    ("approvalType.approvalType", "script.approvalType.approvalType", "approval_type", INSTALL, 0),
    ("approvalType.approvalReason", "script.approvalType.approvalReason", "approval_reason", INSTALL, "because"),
    ("approvalType.alertRequired", "script.approvalType.alertRequired", "alert_required", INSTALL, False),
    ("customScript.id", "script.customScript.id", "script", CUSTOM, 7),
    ("userType", "script.userType", "user_type", CUSTOM, 1),
    ("credentialSet.uniqueId", "credentialSet.uniqueId", "credential_set", CUSTOM, "abcdefghijklmnopqrstuvwx"),
    ("schedule.startDate", "schedule.startDate", "start_date", {}, "2026-06-07T08:09:00+0000"),
    ("pattern.type", "schedule.pattern.type", "pattern_type", {}, "run once"),
    ("pattern.frequency", "schedule.pattern.frequency", "pattern_frequency", DAILY, "recurrence"),
    ("pattern.repeatType", "schedule.pattern.repeatType", "pattern_repeat_type", DAILY, "days"),
    ("pattern.repeatFrequency", "schedule.pattern.repeatFrequency", "pattern_repeat_frequency", DAILY, 5),
    ("pattern.weekDays", "schedule.pattern.weekDays", "pattern_week_days", WEEKLY, "Sunday, Tuesday"),
    ("pattern.dayOfMonth", "schedule.pattern.dayOfMonth", "pattern_day_of_month", DATES, "1, 15, 31"),
    ("pattern.weekIndex", "schedule.pattern.weekIndex", "pattern_week_index", MONTHLY, "Last"),
    ("pattern.dayOfIndex", "schedule.pattern.dayOfWeek", "pattern_day_of_week", MONTHLY, "Friday"),
]


def _put(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    head, dot, rest = path.partition(".")
    return {**body, head: _put(body.get(head, {}), rest, value) if dot else value}


@pytest.mark.parametrize(("row", "path", "field", "around", "value"), TABLE, ids=[row[0] for row in TABLE])
def test_each_parameter_is_a_field_and_reaches_the_body(
    update_operation: UpdateJobOperation, row: str, path: str, field: str, around: dict[str, Any], value: Any
) -> None:
    known = {f.name: f for f in form_fields(UpdateJobParams)}
    assert known[field].api_name == path
    (call,) = update_operation.plan(update_params(**_put(around, path, value)), NOW, TOKEN).calls
    assert isinstance(call.body, dict)
    assert flatten(call.body)[path] == value


def test_no_field_is_missing_from_the_table_and_none_is_in_it_twice() -> None:
    ours = [field for _, _, field, _, _ in TABLE]
    assert len(set(ours)) == len(ours)
    assert {f.name for f in form_fields(UpdateJobParams)} == {*ours, "client"}
    assert {f.name for f in form_fields(CreateJobParams)} == {*ours, "client"} - {"job"}
    assert {f.name for f in form_fields(RunJobParams)} == {"client", "job", "reason"}


def test_the_rows_of_a_script_parameter_are_its_id_its_value_and_its_macro(
    update_operation: UpdateJobOperation,
) -> None:
    parameters = [{"paramId": 2, "value": "150"}, {"paramId": 3, "itopMacro": {"id": 9}}]
    params = update_params(script={"jobType": "custom", "parameters": parameters})
    assert (params.parameters, params.macros) == ({"2": "150"}, {"3": 9})
    assert params == update_params(job_type="custom", **{"parameters.2": "150", "macros.3": 9})
    (call,) = update_operation.plan(params, NOW, TOKEN).calls
    assert isinstance(call.body, dict)
    assert call.body["script"] == {"jobType": "custom", "parameters": parameters}


@pytest.mark.parametrize("kind", JOB_TYPES)
def test_a_sample_request_comes_out_in_the_types_of_its_answer(update_operation: UpdateJobOperation, kind: str) -> None:
    plan = update_operation.plan(parse_params(UpdateJobParams, request_body(kind)), NOW, TOKEN)
    (call,) = plan.calls
    assert call.method == "POST"
    assert call.body == canonical_body(kind)
    assert _types(call.body) == _types(canonical_body(kind))


@pytest.mark.parametrize("kind", JOB_TYPES)
def test_a_sample_answer_loads_as_well(update_operation: UpdateJobOperation, kind: str) -> None:
    (call,) = update_operation.plan(parse_params(UpdateJobParams, response_body(kind)), NOW, TOKEN).calls
    assert call.body == {**canonical_body(kind), "name": f"Sample {kind}"}


@pytest.mark.parametrize("kind", JOB_TYPES)
def test_the_same_body_without_its_id_creates(create_operation: CreateJobOperation, kind: str) -> None:
    body = {key: value for key, value in request_body(kind).items() if key != "id"}
    (call,) = create_operation.plan(parse_params(CreateJobParams, body), NOW, TOKEN).calls
    assert call.url.endswith("/api/v2/tenants/client_93/jobs")
    assert call.body == {key: value for key, value in canonical_body(kind).items() if key != "id"}


def test_creating_takes_no_id() -> None:
    with pytest.raises(InputError) as caught:
        create_params(**request_body("adCheckList"))
    assert caught.value.problems == {"job": "There is no parameter of this name."}


@pytest.mark.parametrize("kind", JOB_TYPES)
def test_parameters_survive_being_stored_as_json(update_operation: UpdateJobOperation, kind: str) -> None:
    params = parse_params(UpdateJobParams, request_body(kind))
    stored = params.model_dump(mode="json", exclude_none=True)
    assert UpdateJobParams.model_validate(stored) == params
    assert update_operation.plan(parse_params(UpdateJobParams, stored), NOW, TOKEN).calls[0].body == canonical_body(
        kind
    )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"pattern_frequency": "everyday"}, "pattern_type"),
        ({"pattern_type": "daily"}, "pattern_frequency"),
        ({"pattern_type": "daily", "pattern_frequency": "recurrence"}, "pattern_repeat_frequency"),
        ({"pattern_type": "weekly"}, "pattern_week_days"),
        ({"pattern_type": "monthly"}, "pattern_day_of_month"),
        ({"pattern_type": "monthly", "pattern_week_index": "First"}, "pattern_day_of_week"),
        ({"pattern_type": "monthly", "pattern_day_of_week": "Friday"}, "pattern_week_index"),
        (
            {"pattern_type": "monthly", "pattern_day_of_month": "3", "pattern_week_index": "First"},
            "pattern_day_of_month",
        ),
        ({"parameters.2": "x", "macros.2": 5}, "macros.2"),
    ],
)
def test_what_does_not_fit_together_is_said_under_its_field(
    update_operation: UpdateJobOperation, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        update_operation.plan(update_params(**values), NOW, TOKEN)
    assert list(caught.value.problems) == [field]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"approval_type": 2}, "approval_type"),
        ({"user_type": "3"}, "user_type"),
        ({"user_type": "root"}, "user_type"),
        ({"versions_saved": "SOME"}, "versions_saved"),
        ({"pattern_type": "yearly"}, "pattern_type"),
        ({"pattern_repeat_frequency": 0}, "pattern_repeat_frequency"),
        ({"pattern_repeat_type": "weeks"}, "pattern_repeat_type"),
        ({"pattern_week_days": "Monday, Someday"}, "pattern_week_days"),
        ({"pattern_day_of_month": "0, 1"}, "pattern_day_of_month"),
        ({"pattern_day_of_month": "32"}, "pattern_day_of_month"),
        ({"pattern_week_index": "Fifth"}, "pattern_week_index"),
        ({"entities": [{"resource": {"type": "DEVICE"}}]}, "entities"),
        ({"parameters.first": "x"}, "parameters.first"),
        ({"macros.2": "many"}, "macros.2"),
        ({"client": "../client_1"}, "client"),
    ],
)
def test_a_value_that_opsramp_does_not_know_is_refused_under_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        update_params(**values)
    assert list(caught.value.problems) == [field]


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        ({"pattern_type": "daily", "pattern_frequency": "everyday"}, {"type": "daily", "frequency": "everyday"}),
        (
            {"pattern_type": "daily", "pattern_frequency": "every weekday"},
            {"type": "daily", "frequency": "every weekday"},
        ),
        (
            {"pattern_type": "daily", "pattern_frequency": "recurrence", "pattern_repeat_frequency": "4"},
            {"type": "daily", "frequency": "recurrence", "repeatType": "days", "repeatFrequency": 4},
        ),
        (
            {"pattern_type": "weekly", "pattern_week_days": ["Friday", "Sunday"]},
            {"type": "weekly", "weekDays": "Friday, Sunday"},
        ),
        (
            {"pattern_type": "monthly", "pattern_day_of_month": ["15", "1"]},
            {"type": "monthly", "dayOfMonth": "1, 15"},
        ),
        (
            {"pattern_type": "monthly", "pattern_week_index": "Second", "pattern_day_of_week": "Sunday"},
            {"type": "monthly", "weekIndex": "Second", "dayOfWeek": "Sunday"},
        ),
        ({"pattern_type": "run once"}, {"type": "run once"}),
        ({"pattern_type": "never"}, {"type": "never"}),
    ],
)
def test_every_pattern_can_be_spelled_out(
    update_operation: UpdateJobOperation, values: dict[str, Any], pattern: dict[str, Any]
) -> None:
    start = "2026-04-05T21:00:00+0000"
    (call,) = update_operation.plan(update_params(start_date=start, **values), NOW, TOKEN).calls
    assert isinstance(call.body, dict)
    assert call.body["schedule"] == {"startDate": start, "pattern": pattern}


def test_what_a_pattern_does_not_use_is_not_sent(update_operation: UpdateJobOperation) -> None:
    values = {"pattern_type": "never", "pattern_week_days": ["Monday"], "pattern_frequency": "everyday"}
    (call,) = update_operation.plan(update_params(**values), NOW, TOKEN).calls
    assert isinstance(call.body, dict)
    assert call.body["schedule"] == {"pattern": {"type": "never"}}


def _types(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _types(inner) for key, inner in value.items()}
    return [_types(inner) for inner in value] if isinstance(value, list) else type(value)
