"""Bodies of jobs: secrets, spellings, changes and the devices in them."""

import pytest

from bot.backends.opsramp import body as bodies
from bot.backends.opsramp import wire
from bot.backends.opsramp.changeset import build_changeset
from bot.backends.opsramp.context import canonical_job, embedded_device_names, job_entities
from bot.backends.opsramp.params import UpdateJobParams
from bot.backends.opsramp.settings import OpsRampSettings
from bot.errors import BackendError, BadResponse
from bot.values import Json, JsonObject

SETTINGS = OpsRampSettings(url="https://o", tenant="client_1", key="env:K", secret="env:S")


def custom(*parameters: JsonObject, **more: Json) -> dict[str, Json]:
    return {"script": {"jobType": "custom", "customScript": {"id": 5}, "parameters": [*parameters]}, **more}


START = "2026-03-04T22:30:00+0000"  # a Wednesday


def test_what_goes_over_the_wire():
    assert [wire.is_hidden(v) for v in ("secret:a", "***", "•••", "**", "x", 4, None)] == 3 * [True] + 4 * [False]
    job = custom({"paramId": 1, "value": "***"}, {"paramId": 2, "value": "v"}, {"paramId": 3, "itopMacro": {"id": 1}})
    assert wire.masked_parameter_ids(job) == ("1",)
    assert wire.secret_names({"1": "secret:a", "2": "b", "3": 4}) == {"1": "a"}
    hidden = {"paramId": 1, "value": "•••"}
    assert wire.parameters(wire.mask_parameters(job, None)) == [hidden, {"paramId": 2, "value": "•••"}, {
        "paramId": 3, "itopMacro": {"id": 1}}]  # fmt: skip
    assert wire.parameters(wire.mask_parameters(job, frozenset({"1"})))[1] == {"paramId": 2, "value": "v"}
    secret = custom({"paramId": 1, "value": "secret:a"})
    assert wire.mask_parameters(secret, None) == secret
    assert wire.mask_parameters({"name": "n"}, None) == {"name": "n"}


def test_secrets_are_put_into_a_copy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("O_SECRET", "hunter2")
    job = custom({"paramId": 1, "value": "secret:a"}, {"paramId": 2, "value": "v"})
    filled, values = wire.body_with_secrets(job, {"a": "env:O_SECRET"})
    assert wire.parameters(filled) == [{"paramId": 1, "value": "hunter2"}, {"paramId": 2, "value": "v"}]
    assert (values, "hunter2" in str(job)) == (("hunter2",), False)
    with pytest.raises(KeyError):
        wire.body_with_secrets(job, {})
    error = wire.redact(BackendError("o", "no hunter2", server_message="hunter2!"), values)
    assert (str(error), error.server_message) == ("no •••", "•••!")


def test_compatible_spellings():
    job: dict[str, Json] = {
        "schedule": {"startDate": "s", "pattern": {"type": "monthly", "dayOfWeek": "Monday", "n": 2}},
        "flag": True, "list": [False, 1, "x", 1.5],
    }  # fmt: skip
    assert wire.to_wire(job, SETTINGS) == job
    indexed = wire.to_wire(job, SETTINGS.model_copy(update={"emit_day_of_index": True}))
    assert indexed["schedule"] == {"startDate": "s", "pattern": {
        "type": "monthly", "dayOfWeek": "Monday", "n": 2, "dayOfIndex": "Monday"}}  # fmt: skip
    assert wire.to_wire({"name": "n"}, SETTINGS.model_copy(update={"emit_day_of_index": True})) == {"name": "n"}
    assert wire.to_wire(job, SETTINGS.model_copy(update={"stringly": True})) == {
        "schedule": {"startDate": "s", "pattern": {"type": "monthly", "dayOfWeek": "Monday", "n": "2"}},
        "flag": "true", "list": ["false", "1", "x", 1.5],
    }  # fmt: skip


CURRENT: dict[str, Json] = {
    "id": "j", "name": "old",
    "script": {"jobType": "custom", "customScript": {"id": 5},
               "parameters": [{"paramId": 2, "value": "a"}, {"paramId": 10, "value": "b"}]},
    "schedule": {"startDate": "s", "pattern": {"type": "weekly", "weekDays": "Monday"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "path", "expected"),
    [
        ({"name": "new"}, "name", "new"),
        ({"name": "new"}, "script", CURRENT["script"]),
        ({"schedule": {"pattern": {"type": "daily"}}}, "schedule", {"startDate": "s", "pattern": {"type": "daily"}}),
        ({"schedule": {"startDate": "t"}}, "schedule",
         {"startDate": "t", "pattern": {"type": "weekly", "weekDays": "Monday"}}),
        ({"script": {"jobType": "adCheckList"}}, "script", {"jobType": "adCheckList"}),
        ({"script": {"customScript": {"id": 6}}}, "script", {"jobType": "custom", "customScript": {"id": 6}}),
        ({"script": {"customScript": {"id": 6}, "parameters": [{"paramId": 3, "value": "c"}]}}, "script",
         {"jobType": "custom", "customScript": {"id": 6}, "parameters": [{"paramId": 3, "value": "c"}]}),
        ({"script": {"customScript": {"id": 5}, "parameters": [{"paramId": 2, "value": "z"}]}}, "script",
         {"jobType": "custom", "customScript": {"id": 5},
          "parameters": [{"paramId": 2, "value": "z"}, {"paramId": 10, "value": "b"}]}),
        ({"script": {"parameters": [{"paramId": 3, "value": "c"}]}}, "script",
         {"jobType": "custom", "customScript": {"id": 5},
          "parameters": [{"paramId": 2, "value": "a"}, {"paramId": 3, "value": "c"}, {"paramId": 10, "value": "b"}]}),
        ({"script": {"userType": 1}}, "script", {**CURRENT["script"], "userType": 1}),  # type: ignore[dict-item]
    ],
)  # fmt: skip
def test_a_job_after_changes(changes: JsonObject, path: str, expected: Json):
    before = str(CURRENT)
    assert bodies.apply_changes(CURRENT, changes)[path] == expected
    assert str(CURRENT) == before


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"userType": "1", "parameters": []}, {"script": {"userType": 1, "parameters": []}}),
        ({"script": {"customScript": 5, "name": "n"}},
         {"script": {"customScript": {"id": 5}, "jobType": "custom"}, "name": "n"}),
        ({"script": {"customScript": {"id": 5, "name": "n", "platforms": [], "description": "d"}}},
         {"script": {"customScript": {"id": 5}, "jobType": "custom"}}),
        ({"script": {"approvalType": {"approvalType": "1"}}},
         {"script": {"approvalType": {"approvalType": 1}, "jobType": "appinstall"}}),
        ({"script": {"configParams": {"runConfigAlert": "true"}}},
         {"script": {"configParams": {"runtimeConfigAlert": True}, "jobType": "networkconfigbackup"}}),
        ({"schedule": {"pattern": {"dayOfIndex": "monday"}}}, {"schedule": {"pattern": {"dayOfWeek": "Monday"}}}),
        ({"schedule": {"pattern": {"weekIndex": "first", "dayOfMonth": "Sunday"}}},
         {"schedule": {"pattern": {"weekIndex": "First", "dayOfWeek": "Sunday"}}}),
        ({"schedule": {"pattern": {"weekIndex": "first", "dayOfMonth": "3"}}},
         {"schedule": {"pattern": {"weekIndex": "First", "dayOfMonth": "3"}}}),
        ({"schedule": {"pattern": {"dayOfMonth": "Sunday"}}}, {"schedule": {"pattern": {"dayOfMonth": "Sunday"}}}),
        ({"schedule": {"pattern": {"type": "Weekly", "frequency": "Monday"}}},
         {"schedule": {"pattern": {"type": "weekly", "weekDays": "Monday"}}}),
        ({"schedule": {"pattern": {"type": "daily", "frequency": "Monday"}}},
         {"schedule": {"pattern": {"type": "daily", "frequency": "Monday"}}}),
        ({"credentialSet": "c", "odd": {"kept": 1}, "gone": None},
         {"credentialSet": {"uniqueId": "c"}, "odd": {"kept": 1}}),
        ({"script": {"entities": ["d"]}}, {"entities": [{"resource": {"id": "d", "type": "DEVICE"}}]}),
    ],
)  # fmt: skip
def test_a_job_in_any_spelling(given: JsonObject, expected: JsonObject):
    assert canonical_job("o", given) == expected


def test_a_job_that_contradicts_itself():
    with pytest.raises(BadResponse, match=r"o sent a job that contradicts itself: .*another spelling"):
        canonical_job("o", {"userType": 1, "script": {"userType": 2}})
    assert canonical_job("o", {"userType": 1, "script": {"userType": 1}}) == {"script": {"userType": 1}}


def test_devices_of_a_job():
    rows: list[Json] = [
        {"resource": {"id": "1", "generalInfo": {"hostName": "h", "aliasName": "a"}}},
        {"resource": {"id": "2", "generalInfo": {"hostName": "", "resourceName": "r"}}},
        {"resource": {"id": "3", "generalInfo": {"aliasName": "a"}}},
        {"resource": {"id": "4", "generalInfo": {}}},
        {"resource": {"id": "5"}}, {"resource": 4}, "6",
    ]  # fmt: skip
    assert embedded_device_names({"entities": rows}) == {"1": "h", "2": "r", "3": "a", "4": "4"}
    assert embedded_device_names({"entities": "x"}) == embedded_device_names({}) == {}
    assert job_entities({"entities": ["1", {"resource": {"id": "2", "type": "GROUP"}}]}) == ("1", "GROUP:2")
    assert job_entities({"entities": [{}]}) == job_entities({}) == ()


def update(**values: Json) -> UpdateJobParams:
    return UpdateJobParams.model_validate({"job": "j", **values})


LOADED: JsonObject = {"job": "j", "job_type": "custom", "name": "n", "entities": ["a", "b"], "script": 5}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name": "n", "entities": ["b", "a"], "job_type": "custom", "script": 5}, {}),
        ({"name": "m", "entities": ["b", "a"], "job_type": "custom", "script": 5}, {"name": "m"}),
        ({"name": "n", "entities": ["a"], "job_type": "custom", "script": 5}, {"entities": ("a",)}),
        ({"name": "n", "entities": ["a", "b"], "job_type": "custom", "script": 6, "user_type": 1},
         {"job_type": "custom", "script": 6, "user_type": 1}),
        ({"name": "n", "entities": ["a", "b"], "job_type": "custom", "script": 5, "job_queued": False}, {}),
        ({"name": "n", "entities": ["a", "b"], "job_type": "custom", "script": 5, "job_queued": True},
         {"job_queued": True}),
        ({"name": "n", "entities": ["a", "b"], "job_type": "custom", "script": 5, "pattern_type": "daily",
          "pattern_frequency": "recurrence", "pattern_repeat_frequency": 2},
         {"pattern_type": "daily", "pattern_frequency": "recurrence", "pattern_repeat_type": "days",
          "pattern_repeat_frequency": 2}),
    ],
)  # fmt: skip
def test_what_a_person_changes(values: JsonObject, expected: JsonObject):
    found = build_changeset(update(loaded=LOADED, **values))
    assert {k: v for k, v in found.changes.items() if v != {}} == {"job": "j", **expected}
    assert found.problems == {}


def test_values_that_were_taken_away():
    found = build_changeset(update(loaded={**LOADED, "pattern_type": "daily", "start_date": "s"}, job_type="custom"))
    assert found.problems == {
        "entities": "A job needs at least one device.",
        "name": "A job that has a name cannot lose it.",
        "pattern_type": "Choose a pattern; Never is the one for a single run.",
        "start_date": "A schedule needs its start date.",
    }
    install: JsonObject = {"job": "j", "job_type": "appinstall", "approval_reason": "r"}
    assert build_changeset(update(loaded=install, job_type="appinstall")).changes["approval_reason"] == ""
    assert "approval_reason" not in build_changeset(update(loaded=install, job_type="custom")).changes
    other = build_changeset(update(loaded={**LOADED, "job": "k"}, name="m"))
    assert (other.changes, other.problems) == ({"job": "j", "name": "m"}, {})


def test_parameters_that_change_or_are_emptied():
    loaded: JsonObject = {**LOADED, "parameters": {"1": "a", "2": "b", "3": "c"}, "macros": {"4": 9}}
    found = build_changeset(update(
        loaded=loaded, job_type="custom", name="n", entities=["a", "b"], script=5,
        parameters={"1": "a", "2": "z"}, macros={"3": 7},
    ))  # fmt: skip
    assert found.changes == {"job": "j", "parameters": {"2": "z", "4": ""}, "macros": {"3": 7}}


def test_values_of_another_job_type_or_pattern_are_unused():
    found = build_changeset(update(job_type="custom", versions_saved="ALL_VERSIONS", pattern_week_days=["Monday"]))
    assert found.unused == ("Versions saved", "Days of the week")
    assert set(found.values) == {"job", "job_type"}
    open_type = build_changeset(update(versions_saved="ALL_VERSIONS"))
    assert (open_type.unused, open_type.values["versions_saved"]) == ((), "ALL_VERSIONS")
    assert build_changeset(update(start_date=START)).schedule_fields == ("start_date",)
    assert build_changeset(update(name="n")).schedule_fields == ()
