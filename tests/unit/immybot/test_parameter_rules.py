"""Which parameters fit together, which count when, and how a misfit is told."""

from typing import Any

import pytest

from bot.backends.base import MAIN_SECTION, FormField, form_fields, is_relevant, parse_params
from bot.backends.immybot.form import maintenance_fields
from bot.backends.immybot.params import MaintenanceParams
from bot.errors import InputError
from tests.unit.immybot.support import params, whole_body


def test_fields_appear_only_where_they_count() -> None:
    fields = {f.name: f for f in form_fields(MaintenanceParams)}
    prompts = ("prompt_timeout_action", "prompt_timeout_minutes", "auto_consent_to_reboots")
    assert [is_relevant(fields[n], {"reboot_preference": "Prompt"}) for n in prompts] == [True] * 3
    assert [is_relevant(fields[n], {"reboot_preference": "Force"}) for n in prompts] == [False] * 3
    reloading = {n for n, f in fields.items() if f.reloads}
    assert reloading == {"maintenance_type", "reboot_preference", "deployment_type", "tenants", "persons"}
    software, task = {"maintenance_type": "LocalSoftware"}, {"maintenance_type": "LocalMaintenanceTask"}
    assert [is_relevant(fields[n], software) for n in ("repair", "maintenance_task_mode")] == [True, False]
    assert [is_relevant(fields[n], task) for n in ("desired_software_state", "maintenance_task_mode")] == [False, True]


def test_a_deployment_or_full_maintenance_needs_no_item() -> None:
    deployment = whole_body(params(maintenance_identifier=None, deployment_id=31))
    assert deployment["deploymentId"] == 31
    assert "maintenanceParams" not in deployment
    full = whole_body(params(maintenance_identifier=None, maintenance_type=None, full_maintenance=True))
    assert full["fullMaintenance"] is True
    assert "maintenanceParams" not in full


@pytest.mark.parametrize("preference", ["Suppress", "Normal", "Force"])
def test_prompt_settings_go_only_with_prompt(preference: str) -> None:
    body = whole_body(params(reboot_preference=preference, prompt_timeout_minutes=30, auto_consent_to_reboots=True))
    assert not {"promptTimeoutAction", "promptTimeoutMinutes", "autoConsentToReboots"} & set(body)


def test_a_field_given_twice_with_different_values_is_refused() -> None:
    with pytest.raises(InputError, match="reboot_preference is given twice"):
        params(rebootPreference="Force", executionOptions={"rebootPreference": "Suppress"})


def test_the_same_target_twice_is_sent_once() -> None:
    assert whole_body(params(computers="7, 8 7"))["computers"] == [{"computerId": 7}, {"computerId": 8}]


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"computers": []}, "computers", "Choose at least one computer, tenant or person."),
        ({"computers": "[1, "}, "computers", "is not valid JSON"),
        ({"computers": ["PC-1"]}, "computers", "'PC-1' is not an id"),
        ({"computers": [0]}, "computers", "ids are whole numbers above 0"),
        ({"computers": [True]}, "computers", "ids are whole numbers above 0"),
        ({"computers": [{"tenantId": 4}]}, "computers", "an object with computerId alone"),
        (
            {"computers": [{"computerId": 4, "maintenanceTaskParameterValueOverrides": {"A": 1}}]},
            "computers",
            "values for one target alone are not sent",
        ),
        (
            {"maintenance_identifier": ""},
            "maintenance_identifier",
            "software, a task, a deployment or",
        ),
        ({"maintenance_identifier": "google-chrome"}, "maintenance_identifier", "Must be the number"),
        ({"maintenance_type": None}, "maintenance_type", "which kind of software"),
        ({"full_maintenance": True}, "full_maintenance", "leave out the identifier"),
        (
            {"full_maintenance": True, "deployment_id": 3, "maintenance_identifier": None},
            "full_maintenance",
            "leave out the deployment",
        ),
        ({"reboot_preference": 3}, "reboot_preference", "3 is not one of"),
        ({"reboot_preference": True}, "reboot_preference", "True is not one of"),
        ({"offline_behavior": 0}, "offline_behavior", "0 is not one of"),
        ({"reboot_preference": "Prompt", "prompt_timeout_minutes": 61}, "prompt_timeout_minutes", "from 1 to 60"),
        ({"reboot_preference": "Prompt", "prompt_timeout_minutes": 0}, "prompt_timeout_minutes", "from 1 to 60"),
        ({"update_time": "02:30"}, "time_zone", "needs its time zone"),
        ({"update_time": "24:00", "time_zone": "UTC"}, "update_time", "24-hour clock"),
        ({"update_time": "2 am", "time_zone": "UTC"}, "update_time", "24-hour clock"),
        ({"update_time": "02:30", "time_zone": "Eastern Standard Time"}, "time_zone", "IANA time zone"),
        ({"update_time": "02:30", "time_zone": "../UTC"}, "time_zone", "IANA time zone"),
        (
            {"use_computers_timezone_for_execution": True},
            "use_computers_timezone_for_execution",
            "only with an update time",
        ),
        ({"task_parameter_values": "[1]"}, "task_parameter_values", "must be a JSON object"),
        ({"task_parameter_values": "{"}, "task_parameter_values", "is not valid JSON"),
        ({"task_parameter_values": "[" * 2900}, "task_parameter_values", "is not valid JSON"),
        ({"task_parameter_values": '{"A": NaN}'}, "task_parameter_values", "there is no NaN in JSON"),
        ({"task_parameter_values": {"A": {"secret": 4}}}, "task_parameter_values", "A: a secret is given as"),
        (
            {"task_parameter_values": {"A": {"value": 1, "allowOverride": "x"}}},
            "task_parameter_values",
            "A: allowOverride is true or false",
        ),
        ({"session_group_id": "mine"}, "session_group_id", "must be a UUID"),
        ({"rebootWhenever": True}, "rebootWhenever", "There is no parameter of this name."),
        ({"deployment_id": -1}, "deployment_id", "Must be 0 or more."),
    ],
)
def test_what_does_not_fit_is_told_under_its_field(change: dict[str, Any], field: str, text: str) -> None:
    with pytest.raises(InputError) as caught:
        params(**change)
    assert list(caught.value.problems) == [field]
    assert text in caught.value.problems[field]


def test_an_error_never_repeats_a_task_parameter_value() -> None:
    with pytest.raises(InputError) as caught:
        params(task_parameter_values='{"Password": "hunter2"')
    assert "hunter2" not in str(caught.value)


def shown(**values: Any) -> dict[str, FormField]:
    return {field.name: field for field in maintenance_fields(values)}


@pytest.mark.parametrize(
    ("values", "what", "item"),
    [
        ({}, None, None),
        ({"maintenance_type": "GlobalSoftware"}, "GlobalSoftware", "maintenance_identifier"),
        ({"full_maintenance": True}, "FullMaintenance", None),
        ({"maintenance_type": "Deployment"}, "Deployment", "deployment_id"),
        ({"deployment_id": "31"}, "Deployment", "deployment_id"),
    ],
)
def test_what_is_maintained_reveals_the_field_that_it_needs(values: Any, what: str | None, item: str | None) -> None:
    fields = shown(**values)
    assert next(iter(fields)) == "maintenance_type"
    assert fields["maintenance_type"].default == what
    assert {"maintenance_identifier", "deployment_id", "full_maintenance"} & set(fields) == ({item} if item else set())
    if item:
        assert (fields[item].required, fields[item].section) == (True, MAIN_SECTION)


def test_what_contradicts_the_choice_stays_in_sight() -> None:
    both = shown(maintenance_type="GlobalSoftware", full_maintenance=True, deployment_id="31")
    assert {"maintenance_identifier", "deployment_id", "full_maintenance"} <= set(both)


def test_computers_are_needed_unless_tenants_or_people_are_chosen() -> None:
    assert shown()["computers"].required
    assert not shown(tenants=["3"])["computers"].required
    assert not shown(persons=["203"])["computers"].required


def test_full_maintenance_and_a_deployment_are_chosen_in_place_of_a_type() -> None:
    full = parse_params(MaintenanceParams, {"maintenance_type": "FullMaintenance", "computers": [1]})
    assert (full.full_maintenance, full.maintenance_type) == (True, None)
    one = parse_params(MaintenanceParams, {"maintenance_type": "Deployment", "deployment_id": "31", "computers": [1]})
    assert (one.deployment_id, one.maintenance_type, one.full_maintenance) == (31, None, False)
