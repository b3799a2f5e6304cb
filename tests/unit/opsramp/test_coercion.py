"""Each place where OpsRamp's page contradicts itself, its specification or its answers, by number."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.backends.opsramp.body import canonical
from bot.backends.opsramp.compare import differences
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.params import CreateJobParams, UpdateJobParams
from bot.backends.opsramp.update_job import UpdateJobOperation
from bot.errors import InputError
from playground.opsramp import OpsRampSandbox
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import (
    FIRST,
    JOB,
    NOW,
    SECOND,
    TOKEN,
    canonical_body,
    create_params,
    request_body,
    response_body,
    update_params,
)


def sent(update_operation: UpdateJobOperation, **body: Any) -> dict[str, Any]:
    """The body that an update would send for a body in some spelling."""
    (call,) = update_operation.plan(update_params(**body), NOW, TOKEN).calls
    assert isinstance(call.body, dict)
    return call.body


def pattern(update_operation: UpdateJobOperation, **parts: Any) -> Any:
    return sent(update_operation, schedule={"pattern": parts})["schedule"]["pattern"]


SECOND_SUNDAY = {"type": "monthly", "weekIndex": "Second", "dayOfWeek": "Sunday"}


class TestInconsistency01DayOfIndex:
    @pytest.mark.parametrize("name", ["dayOfIndex", "dayOfWeek", "dayOfMonth", "DAYOFINDEX"])
    def test_the_weekday_is_read_under_each_name_and_sent_as_day_of_week(
        self, update_operation: UpdateJobOperation, name: str
    ) -> None:
        assert pattern(update_operation, type="monthly", weekIndex="Second", **{name: "Sunday"}) == SECOND_SUNDAY

    def test_a_weekday_in_day_of_month_needs_a_week(self) -> None:
        with pytest.raises(InputError) as caught:
            update_params(schedule={"pattern": {"type": "monthly", "dayOfMonth": "Sunday"}})
        assert list(caught.value.problems) == ["pattern_day_of_month"]

    def test_two_names_that_differ_are_refused(self) -> None:
        with pytest.raises(InputError, match="the two differ"):
            update_params(schedule={"pattern": {"weekIndex": "First", "dayOfWeek": "Sunday", "dayOfIndex": "Monday"}})

    async def test_a_server_that_wants_the_other_name_can_be_given_both(
        self, sandbox: OpsRampSandbox, url: str, connection: OpsRampConnection
    ) -> None:
        both = UpdateJobOperation(_with(connection, settings_for(sandbox, url, emit_day_of_index=True)))
        found = pattern(both, type="monthly", weekIndex="Second", dayOfWeek="Sunday")
        assert found == {**SECOND_SUNDAY, "dayOfIndex": "Sunday"}


class TestInconsistency02RuntimeConfigAlert:
    @pytest.mark.parametrize("name", ["runConfigAlert", "runtimeConfigAlert"])
    def test_both_names_are_read_and_one_is_sent(self, update_operation: UpdateJobOperation, name: str) -> None:
        body = sent(update_operation, script={"jobType": "networkconfigbackup", "configParams": {name: "true"}})
        assert body["script"]["configParams"] == {"runtimeConfigAlert": True}

    def test_the_irregular_casing_is_kept(self, update_operation: UpdateJobOperation) -> None:
        assert set(canonical_body("networkconfigbackup")["script"]["configParams"]) == {
            "versionsSaved",
            "backUpTrigger",
            "startupConfigAlert",
            "runtimeConfigAlert",
            "startUpConfigFilesBackUp",
            "runTimeConfigFilesBackUp",
        }
        assert sent(update_operation, **request_body("networkconfigbackup")) == canonical_body("networkconfigbackup")


class TestInconsistency03Booleans:
    @pytest.mark.parametrize("value", [True, "true", "True", "TRUE", "1", 1])
    def test_every_true(self, update_operation: UpdateJobOperation, value: Any) -> None:
        assert sent(update_operation, jobQueued=value)["jobQueued"] is True

    @pytest.mark.parametrize("value", [False, "false", "False", "0", 0])
    def test_every_false(self, update_operation: UpdateJobOperation, value: Any) -> None:
        assert sent(update_operation, jobQueued=value)["jobQueued"] is False

    def test_anything_else_is_refused(self) -> None:
        with pytest.raises(InputError) as caught:
            update_params(jobQueued="maybe")
        assert caught.value.problems == {"job_queued": "Say true or false."}

    async def test_strings_can_be_sent_as_the_samples_show(
        self, sandbox: OpsRampSandbox, url: str, connection: OpsRampConnection
    ) -> None:
        stringly = UpdateJobOperation(_with(connection, settings_for(sandbox, url, stringly=True)))
        body = sent(stringly, **request_body("custom"))
        assert body["jobQueued"] == "true"
        assert body["script"]["userType"] == "2"
        assert body["script"]["customScript"] == {"id": "7"}
        assert body["script"]["parameters"] == [{"paramId": "2", "value": "30"}]
        assert body["schedule"]["pattern"]["repeatFrequency"] == "3"


class TestInconsistency04Numbers:
    @pytest.mark.parametrize("as_sent", [str, int])
    def test_numbers_and_their_strings_are_one(self, update_operation: UpdateJobOperation, as_sent: Any) -> None:
        script = {
            "jobType": "custom",
            "userType": as_sent(2),
            "customScript": {"id": as_sent(7)},
            "parameters": [
                {"paramId": as_sent(2), "value": as_sent(30)},
                {"paramId": as_sent(3), "itopMacro": {"id": as_sent(5)}},
            ],
        }
        assert sent(update_operation, script=script)["script"] == {
            "jobType": "custom",
            "userType": 2,
            "customScript": {"id": 7},
            "parameters": [{"paramId": 2, "value": "30"}, {"paramId": 3, "itopMacro": {"id": 5}}],
        }
        approval = sent(
            update_operation, script={"jobType": "appinstall", "approvalType": {"approvalType": as_sent(1)}}
        )
        assert approval["script"]["approvalType"] == {"approvalType": 1}
        every = pattern(update_operation, type="daily", frequency="recurrence", repeatFrequency=as_sent(2))
        assert every["repeatFrequency"] == 2

    def test_the_script_may_stand_for_its_id(self, update_operation: UpdateJobOperation) -> None:
        body = sent(update_operation, script={"customScript": 7, "parameters": [{"paramId": 1, "itopMacro": 5}]})
        assert body["script"]["customScript"] == {"id": 7}
        assert body["script"]["parameters"] == [{"paramId": 1, "itopMacro": {"id": 5}}]


class TestInconsistency05RepeatType:
    @pytest.mark.parametrize("value", ["Days", "days", "DAYS", None])
    def test_days_in_any_case_or_left_out(self, update_operation: UpdateJobOperation, value: str | None) -> None:
        given = {} if value is None else {"repeatType": value}
        assert pattern(update_operation, type="daily", frequency="recurrence", repeatFrequency=2, **given) == {
            "type": "daily",
            "frequency": "recurrence",
            "repeatType": "days",
            "repeatFrequency": 2,
        }


class TestInconsistency06StartDate:
    @pytest.mark.parametrize(
        "value",
        [
            "2017-05-20T06:30:00+0000",
            "2017-05-20T06:30:00+00:00",
            "2017-05-20T06:30:00Z",
            "2017-05-20T12:00:00+0530",
            "2017-05-20T12:00:00+05:30",
            1495261800,
        ],
    )
    def test_every_offset_becomes_utc_without_a_colon(self, update_operation: UpdateJobOperation, value: Any) -> None:
        body = sent(update_operation, schedule={"startDate": value, "pattern": {"type": "never"}})
        assert body["schedule"]["startDate"] == "2017-05-20T06:30:00+0000"

    @pytest.mark.parametrize("value", ["2017-05-20T06:30:00", "tomorrow"])
    def test_a_time_without_an_offset_is_not_guessed(self, value: str) -> None:
        with pytest.raises(InputError) as caught:
            update_params(schedule={"startDate": value})
        assert "2026-12-24T03:00:00+0000" in caught.value.problems["start_date"]


class TestInconsistency07Seconds:
    def test_none_are_sent_and_none_are_missed(self, update_operation: UpdateJobOperation) -> None:
        body = sent(update_operation, schedule={"startDate": "2017-05-20T06:30:59+0000", "pattern": {"type": "never"}})
        assert body["schedule"]["startDate"] == "2017-05-20T06:30:00+0000"
        asked = {"schedule": {"startDate": "2017-05-20T06:30:59+0000"}}
        assert not differences(asked, body)
        assert differences({"schedule": {"startDate": "2017-05-20T06:31:00+0000"}}, body)


def test_the_order_of_days_and_the_spaces_between_them_make_no_difference() -> None:
    for name, one, other in (("weekDays", "Sunday, Tuesday", "Tuesday,Sunday"), ("dayOfMonth", "1, 15", "15, 1")):
        asked = {"schedule": {"pattern": {name: one}}}
        assert not differences(asked, {"schedule": {"pattern": {name: other}}})
        assert differences(asked, {"schedule": {"pattern": {name: one + ", 9"}}})


def test_inconsistency_08_weekly_means_the_days_that_are_listed(update_operation: UpdateJobOperation) -> None:
    assert pattern(update_operation, type="weekly", weekDays="Sunday, Tuesday, Saturday") == {
        "type": "weekly",
        "weekDays": "Sunday, Tuesday, Saturday",
    }
    with pytest.raises(InputError) as caught:
        pattern(update_operation, type="weekly")
    assert list(caught.value.problems) == ["pattern_week_days"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("everyday", "everyday"),
        ("every day", "everyday"),
        ("every weekday", "every weekday"),
        ("Every Weekday", "every weekday"),
    ],
)
def test_inconsistency_09_daily_has_every_day_and_every_weekday(
    update_operation: UpdateJobOperation, given: str, meant: str
) -> None:
    assert pattern(update_operation, type="daily", frequency=given) == {"type": "daily", "frequency": meant}


def test_inconsistency_09_frequency_is_sent_for_daily_alone(update_operation: UpdateJobOperation) -> None:
    week = {"type": "weekly", "weekDays": "Monday"}
    assert pattern(update_operation, type="weekly", frequency="Monday") == week
    assert pattern(update_operation, type="weekly", frequency="everyday", weekDays="Monday") == week


def test_inconsistency_10_every_day_of_the_week_is_known(update_operation: UpdateJobOperation) -> None:
    days = "Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday"
    assert pattern(update_operation, type="weekly", weekDays=days.upper())["weekDays"] == days
    assert pattern(update_operation, type="weekly", weekDays=["Friday"])["weekDays"] == "Friday"


@pytest.mark.parametrize(
    "value",
    [
        [{"resource": {"id": FIRST, "type": "DEVICE"}}, {"resource": {"id": SECOND, "type": "DEVICE"}}],
        json.dumps([{"resource": {"id": FIRST}}, {"resource": {"id": SECOND}}]),
        [FIRST, SECOND],
        f"{FIRST}, {SECOND}",
        [{"id": FIRST, "type": "DEVICE"}, {"id": SECOND}],
    ],
)
def test_inconsistency_11_entities_are_a_list_however_they_come(
    update_operation: UpdateJobOperation, value: Any
) -> None:
    assert sent(update_operation, entities=value)["entities"] == canonical_body("custom")["entities"]


def test_inconsistency_11_a_resource_of_another_type_keeps_it(update_operation: UpdateJobOperation) -> None:
    group = [{"resource": {"id": FIRST, "type": "DEVICE_GROUP"}}]
    assert sent(update_operation, entities=group)["entities"] == group


async def test_inconsistency_12_an_update_has_its_id_in_path_and_body(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    job = sandbox.job_by_name("Weekly AD checklist")["id"]
    plan = update_operation.plan(UpdateJobParams.model_validate({"id": job, "name": "Renamed"}), NOW, TOKEN)
    assert plan.calls[0].url.endswith(f"/jobs/{job}")
    await update_operation.start(plan)
    (post,) = sandbox.requests_to("POST", ".*/jobs.*")
    assert post.path.endswith(f"/jobs/{job}")
    assert post.body["id"] == job
    with pytest.raises(InputError) as caught:
        update_params(job="")
    assert caught.value.problems == {"job": "This is needed."}


def test_inconsistency_13_entities_and_name_may_stand_in_the_script(update_operation: UpdateJobOperation) -> None:
    body = request_body("networkconfigbackup")
    for name in ("name", "entities"):
        body["script"][name] = body.pop(name)
    assert sent(update_operation, **body) == canonical_body("networkconfigbackup")


def test_inconsistency_14_the_parts_of_custom_may_stand_on_top_or_in_the_script(
    update_operation: UpdateJobOperation,
) -> None:
    body = request_body("custom")
    for name in ("userType", "parameters"):
        body[name] = body["script"].pop(name)
    assert sent(update_operation, **body) == canonical_body("custom")
    wanted = {**canonical_body("custom"), "credentialSet": {"uniqueId": "abc"}}
    inside = {**body, "script": {**body["script"], "credentialSet": {"uniqueId": "abc"}}}
    for spelled in ({**body, "credentialSet": {"uniqueId": "abc"}}, {**body, "credentialSet": "abc"}, inside):
        assert sent(update_operation, **spelled) == wanted


def test_inconsistency_15_custom_without_a_job_type_gets_it_back(update_operation: UpdateJobOperation) -> None:
    told = response_body("custom")
    assert canonical(told) == {**canonical_body("custom"), "name": "Sample custom"}
    assert sent(update_operation, **told) == {**canonical_body("custom"), "name": "Sample custom"}


def test_inconsistency_15_so_does_an_installation_whose_type_is_called_optional(
    update_operation: UpdateJobOperation,
) -> None:
    body = request_body("appinstall")
    del body["script"]["jobType"]
    assert sent(update_operation, **body) == canonical_body("appinstall")


def test_inconsistency_16_order_and_tenant_make_no_difference(update_operation: UpdateJobOperation) -> None:
    told = response_body("adCheckList")
    told["entities"].reverse()
    assert list(told)[-1] == "id"
    assert not differences(canonical_body("adCheckList"), canonical(told))
    del told["entities"][0]
    assert [d.path for d in differences(canonical_body("adCheckList"), canonical(told))] == ["entities"]


@pytest.mark.parametrize(
    ("kind", "script", "problem"),
    [
        ("adCheckList", {}, "name"),
        ("networkconfigbackup", {"configParams": {"versionsSaved": "ALL_VERSIONS"}}, "name"),
        ("appinstall", {"approvalType": {"approvalType": 0}}, None),
        ("custom", {"customScript": {"id": 8}}, None),
    ],
)
async def test_inconsistency_17_whether_a_name_is_needed_hangs_on_the_type(
    create_operation: CreateJobOperation, kind: str, script: dict[str, Any], problem: str | None
) -> None:
    body = {"script": {"jobType": kind, **script}, "schedule": request_body(kind)["schedule"]}
    if problem is None:
        preview = await create_operation.preview(create_params(**body), NOW, TOKEN)
        assert "Without a name the job cannot be found again if OpsRamp's answer gets lost." in preview.warnings
        return
    with pytest.raises(InputError) as caught:
        await create_operation.preview(create_params(**body), NOW, TOKEN)
    assert list(caught.value.problems) == [problem]


async def test_inconsistency_18_the_paging_keys_beside_the_results_are_followed(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    template = sandbox.job_by_name("Weekly AD checklist")
    for number in range(230):
        sandbox.jobs[f"extra-{number}"] = {**template, "id": f"extra-{number}", "name": f"Extra {number:03d}"}
    found = await update_operation.lookup("job", "extra", {})
    assert [option.label for option in found] == [f"Extra {number:03d}" for number in range(230)]
    assert [r.query["pageNo"] for r in sandbox.requests_to("GET", ".*/jobs/search")] == ["1", "2", "3"]


async def test_inconsistency_19_rows_lack_devices_so_a_job_is_read_by_its_id(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    (option,) = await update_operation.lookup("job", "weekly ad", {})
    values = await update_operation.load({"job": option.value})
    devices = [e["resource"]["id"] for e in sandbox.job_by_name("Weekly AD checklist")["entities"]]
    assert sorted(values["entities"]) == sorted(devices)
    assert sandbox.requests_to("GET", f".*/jobs/{option.value}")


def _with(connection: OpsRampConnection, settings: Any) -> Any:
    """What operations of a connection share, with other settings."""
    operation = connection.operations["opsramp.update_job"]
    assert isinstance(operation, UpdateJobOperation)
    return replace(operation.context, settings=settings)


def test_a_contradiction_between_our_name_and_theirs_is_refused() -> None:
    with pytest.raises(InputError, match="given twice"):
        update_params(job_queued=True, jobQueued="false")


def test_a_parameter_that_nobody_knows_is_refused_by_its_path() -> None:
    with pytest.raises(InputError) as caught:
        update_params(script={"jobType": "custom", "runAs": "root"}, retries=3)
    assert caught.value.problems == {
        "script.runAs": "There is no parameter of this name.",
        "retries": "There is no parameter of this name.",
    }


def test_what_an_answer_holds_beyond_the_documented_survives_an_update() -> None:
    told = {**response_body("adCheckList"), "notify": {"emails": ["ops@example.com"]}}
    assert canonical(told)["notify"] == {"emails": ["ops@example.com"]}


def test_values_that_no_form_takes_survive_reading_a_job() -> None:
    told = response_body("networkconfigbackup")
    told["script"]["configParams"]["versionsSaved"] = "LAST_TEN"
    told["schedule"]["pattern"] = {"type": "hourly"}
    found = canonical(told)
    assert found["script"]["configParams"]["versionsSaved"] == "LAST_TEN"
    assert found["schedule"]["pattern"] == {"type": "hourly"}


def test_job_is_an_id_that_fits_a_path() -> None:
    with pytest.raises(InputError) as caught:
        update_params(job="../clients")
    assert list(caught.value.problems) == ["job"]
    assert CreateJobParams.model_fields["job_type"].is_required()
    assert JOB in update_params(job=JOB).job
