"""Requests in every form that people and ImmyBot's own pages write."""

from collections.abc import Callable

import pytest

from bot.backends.base import Option
from bot.backends.immybot import vendor_payload
from bot.backends.immybot.actions import failure_summary
from bot.backends.immybot.inventory import person_name
from bot.backends.immybot.lookups import deployment_title, rank_options
from bot.values import Json, JsonObject


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, [5]), ("5, 6;7 8", [5, 6, 7, 8]), ("[5, {\"computerId\": 6}]", [5, 6]), ([5, "5", {"id": 7}], [5, 7]),
        ((5,), [5]), ([], []), ("", []), ([{"computerId": 5, "other": None}], [5]), (2**31 - 1, [2**31 - 1]),
        ("{\"id\": 4}", [4]),
    ],
)  # fmt: skip
def test_ids_of_targets(value: Json, expected: list[int]):
    assert vendor_payload.target_ids("computerId")(value) == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (0, "0 is not an id"), (2**31, "is not an id"), (True, "True is not an id"), ("x", "'x' is not an id"),
        (1.5, "1.5 is not an id"), ("12345678901", "is not an id"), ([{"a": 1}], "each is a number or an object"),
        ([{"id": 1, "computerId": 2}], "each is a number or an object"), ("[", "is not valid JSON"),
        ([{}], "each is a number or an object"),
        ([{"id": 1, "maintenanceTaskParameterValueOverrides": {"a": 1}}], "values for one target alone are not sent"),
    ],
)  # fmt: skip
def test_what_is_no_id(value: Json, problem: str):
    with pytest.raises(ValueError, match=problem):
        vendor_payload.target_ids("computerId")(value)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (vendor_payload.task_values, '{"A": 1}', {"A": {"value": 1}}),
        (vendor_payload.task_values, {"A": {"value": 1, "allowOverride": None}}, {"A": {"value": 1}}),
        (vendor_payload.task_values, {"A": {"value": None}}, {"A": {"value": None}}),
        (vendor_payload.task_values, {"A": {"value": 1, "requiresOverride": True}},
         {"A": {"value": 1, "requiresOverride": True}}),
        (vendor_payload.task_values, {"A": {"value": 1, "x": 2}}, {"A": {"value": {"value": 1, "x": 2}}}),
        (vendor_payload.task_values, {"A": {"secret": "n"}}, {"A": {"value": {"secret": "n"}}}),
        (vendor_payload.json_object, '{"a": 1}', {"a": 1}),
        (vendor_payload.json_object, {"a": 1}, {"a": 1}),
        (vendor_payload.clock_time, " 2:30 ", "02:30"),
        (vendor_payload.clock_time, "23:59:00", "23:59"),
    ],
)  # fmt: skip
def test_values_in_every_form(read: Callable[[Json], Json], value: Json, expected: Json):
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value", "problem"),
    [
        (vendor_payload.task_values, [], "must be a JSON object"),
        (vendor_payload.task_values, {"A": {"secret": 4}}, "A: a secret is given as"),
        (vendor_payload.task_values, {"A": {"value": 1, "allowOverride": "x"}}, "A: allowOverride is true or false"),
        (vendor_payload.task_values, {"A": {"value": 1, "requiresOverride": 1}}, "A: requiresOverride is true"),
        (vendor_payload.task_values, '{"A": NaN}', "there is no NaN in JSON"),
        (vendor_payload.json_object, "4", "must be a JSON object"),
        (vendor_payload.clock_time, "24:00", "must be a time of day"),
        (vendor_payload.clock_time, "12:60", "must be a time of day"),
        (vendor_payload.clock_time, "12:30:01", "must be a time of day"),
        (vendor_payload.clock_time, "noon", "must be a time of day"),
    ],
)
def test_values_that_do_not_fit(read: Callable[[Json], Json], value: Json, problem: str):
    with pytest.raises(ValueError, match=problem):
        read(value)


def test_names_of_every_spelling():
    names = ("time_zone", "computers", "cache_only")
    read = vendor_payload.flatten
    assert read({"timeZoneInfoId": "UTC", "Cache Only": True}, names) == {"time_zone": "UTC", "cache_only": True}
    assert read({"uiOptions": {"cacheOnly": False}, "x": "", "y": None}, names) == {"cache_only": False}
    assert read({"uiOptions": 4}, names) == {"uiOptions": 4}
    assert read({"semanticVersionNormalized": "1"}, names) == {}
    assert read({"targets": {"computerIds": [1]}, "computers": [1]}, names) == {"computers": [1]}
    assert read("text", names) == "text"
    with pytest.raises(ValueError, match="computers is given twice with different values"):
        read({"targets": {"computerIds": [1]}, "computers": [2]}, names)


def test_ranking_of_choices():
    options = [Option(value=v, label=la, description=d) for v, la, d in (
        ("1", "Zed app", ""), ("2", "app", ""), ("3", "Apple", ""), ("4", "b", "an app"), ("5", "a_b", "")
    )]  # fmt: skip
    assert [o.value for o in rank_options(options, "app")] == ["2", "3", "4", "1"]
    assert [o.value for o in rank_options(options, "4")] == ["4"]
    assert [o.value for o in rank_options(options, "a b")] == ["5"]
    assert [o.value for o in rank_options(options, "")] == ["5", "2", "3", "4", "1"]
    assert len(rank_options([Option(value=str(n), label="x") for n in range(150)], "")) == 101


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ({"id": 4}, "Deployment 4"),
        ({"targetName": "All", "maintenanceType": 0, "maintenanceIdentifier": 10, "desiredSoftwareState": 5},
         "All: Global software 10: Installed latest"),
        ({"maintenanceIdentifier": "x"}, "x"),
    ],
)  # fmt: skip
def test_the_title_of_a_deployment(row: JsonObject, title: str):
    assert deployment_title(row) == title


def test_the_name_of_a_person():
    assert person_name({"firstName": "Ada", "lastName": "L"}) == "Ada L"
    assert person_name({"lastName": "L"}) == "L"
    assert person_name({"emailAddress": "a@b"}) == "a@b"
    assert person_name({"id": 4}) == "person 4"


FAILED: JsonObject = {"result": 2, "actionTypeName": "Install", "maintenanceDisplayName": "Chrome"}


@pytest.mark.parametrize(
    ("actions", "summary"),
    [
        ([], "ImmyBot names no action that failed"),
        ([{"result": 1}], "ImmyBot names no action that failed"),
        ([{**FAILED, "resultReason": 11}], "Install Chrome: the computer is offline"),
        ([{**FAILED, "resultReasonMessage": "no disk", "resultReason": 11}], "Install Chrome: no disk"),
        ([{"resultName": "Failed", "actionType": 2}], "Update: failed"),
        ([{"result": 4}], "An action: could not be determined"),
        ([FAILED] * 3, "; ".join(["Install Chrome: failed"] * 3)),
        ([FAILED] * 5, "; ".join(["Install Chrome: failed"] * 3) + "; and 2 more"),
    ],
)
def test_why_a_session_failed(actions: list[JsonObject], summary: str):
    assert failure_summary(actions) == summary
