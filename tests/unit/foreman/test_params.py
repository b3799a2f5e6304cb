"""The parameter model: the API's own bodies load unchanged, and what does not fit is told under its field."""

import json
from typing import Any

import pytest

from bot.backends.base import form_fields, parse_params
from bot.backends.foreman.params import ForemanJobParams
from bot.errors import InputError

DOCUMENTED = (
    "location_id",
    "organization_id",
    "job_template_id",
    "targeting_type",
    "randomized_ordering",
    "inputs",
    "ssh.effective_user",
    "ssh.effective_user_password",
    "ssh_user",
    "password",
    "key_passphrase",
    "recurrence.cron_line",
    "recurrence.max_iteration",
    "recurrence.end_time",
    "recurrence.purpose",
    "scheduling.start_at",
    "scheduling.start_before",
    "concurrency_control.time_span",
    "concurrency_control.concurrency_level",
    "bookmark_id",
    "search_query",
    "description_format",
    "execution_timeout_interval",
    "feature",
    "time_to_pickup",
)
"""Every parameter of POST /api/job_invocations in the documentation of Foreman 3.6 (Katello 4.8)."""

SINCE = ("ansible.tags", "ansible.tags_flag")
"""Parameters that later documentation adds."""

SAMPLE: dict[str, Any] = {
    "job_category": "Job name 237",
    "name": "RandomName",
    "job_template_id": 1007982151,
    "targeting_type": "static_query",
    "search_query": "foobar",
    "recurrence": {"cron_line": "foo"},
}
"""The example of the documentation."""


def problems(**values: Any) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        parse_params(ForemanJobParams, values)
    return caught.value.problems


def test_the_model_has_every_documented_parameter_and_no_other() -> None:
    assert sorted(field.api_name for field in form_fields(ForemanJobParams)) == sorted((*DOCUMENTED, *SINCE))


def test_every_field_has_a_label_of_its_own() -> None:
    labels = [field.label for field in form_fields(ForemanJobParams)]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("body", [SAMPLE, {"job_invocation": SAMPLE}])
def test_the_documented_example_is_refused_under_its_cron_line(body: dict[str, Any]) -> None:
    told = problems(**body)
    assert list(told) == ["cron_line"]
    assert "'foo' is not a cron line" in told["cron_line"]


def test_wrapped_bare_and_flat_bodies_are_the_same_parameters() -> None:
    nested = {
        "job_template_id": 5,
        "search_query": "os = RedHat",
        "ssh": {"effective_user": "deploy"},
        "recurrence": {"cron_line": "30 2 * * *", "max_iteration": 3},
        "concurrency_control": {"concurrency_level": 2},
        "ansible": {"tags": "a,b", "tags_flag": "include"},
        "inputs": {"command": "uptime"},
    }
    flat = {
        "job_template_id": 5,
        "search_query": "os = RedHat",
        "effective_user": "deploy",
        "cron_line": "30 2 * * *",
        "max_iteration": 3,
        "concurrency_level": 2,
        "tags": "a,b",
        "tags_flag": "include",
        "inputs.command": "uptime",
    }
    assert ForemanJobParams.model_validate(flat) == parse_params(ForemanJobParams, flat)
    wrapped = parse_params(ForemanJobParams, {"job_invocation": nested})
    assert wrapped == parse_params(ForemanJobParams, nested) == parse_params(ForemanJobParams, flat)


def test_types_are_read_tolerantly() -> None:
    found = parse_params(
        ForemanJobParams,
        {"job_template_id": "12", "randomized_ordering": "1", "concurrency_level": "3", "inputs": {"n": 5, "on": True}},
    )
    assert (found.job_template_id, found.randomized_ordering, found.concurrency_level) == (12, True, 3)
    assert found.inputs == {"n": "5", "on": "true"}
    assert parse_params(ForemanJobParams, {"randomized_ordering": 0}).randomized_ordering is False
    assert parse_params(ForemanJobParams, {"inputs": json.dumps({"a": "b"})}).inputs == {"a": "b"}


def test_nulls_are_what_the_api_makes_of_them() -> None:
    nothing = dict.fromkeys(("ssh", "recurrence", "scheduling", "concurrency_control", "password", "inputs", "feature"))
    assert parse_params(ForemanJobParams, {"job_invocation": {"job_template_id": 1, **nothing}}) == parse_params(
        ForemanJobParams, {"job_template_id": 1}
    )


def test_the_examples_ignored_keys_are_accepted_and_remembered() -> None:
    found = parse_params(ForemanJobParams, SAMPLE | {"recurrence": None})
    assert found.ignored == ("job_category", "name")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"search_qurey": "x"}, "search_qurey"),
        ({"job_invocation": {"description": "x"}}, "description"),
        ({"ssh": {"user": "x"}}, "ssh.user"),
        ({"recurrence": {"every": "day"}}, "recurrence.every"),
    ],
)
def test_unknown_keys_are_named(body: dict[str, Any], field: str) -> None:
    assert problems(**body) == {field: "There is no parameter of this name."}


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"job_template_id": "twelve"}, "job_template_id", "Must be a whole number."),
        ({"job_template_id": True}, "job_template_id", "whole number"),
        ({"concurrency_level": 0}, "concurrency_level", "Must be 1 or more."),
        ({"max_iteration": "0"}, "max_iteration", "Must be 1 or more."),
        ({"targeting_type": "both"}, "targeting_type", "static_query"),
        ({"randomized_ordering": "perhaps"}, "randomized_ordering", "Must be yes or no."),
        ({"start_at": "2026-12-24 03:00"}, "start_at", "offset"),
        ({"end_time": "tomorrow"}, "end_time", "not a date and time"),
        ({"tags_flag": "maybe"}, "tags_flag", "include"),
        ({"inputs": ["a"]}, "inputs", "object"),
        ({"inputs": "no json"}, "inputs", "object"),
        ({"inputs": {"a": None}}, "inputs", "The input a must be text"),
        ({"recurrence": "daily"}, "", "recurrence must be an object with cron_line"),
        ({"job_invocation": []}, "", "job_invocation must be an object"),
        ({"cron_line": "0 1 * * *", "recurrence": {"cron_line": "0 2 * * *"}}, "", "cron_line is given twice"),
    ],
)
def test_values_that_do_not_fit_are_told_under_their_field(body: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_params(ForemanJobParams, body) if "job_invocation" not in body else parse_params(
            ForemanJobParams, {"job_invocation": [1]}
        )
    assert list(caught.value.problems) == [field]
    assert words in caught.value.problems[field]


@pytest.mark.parametrize(
    "text", ["2026-12-24T03:00:00Z", "2026-12-24 04:00:00 +0100", "2026-12-24 03:00:00 UTC", "1798081200", 1798081200]
)
def test_moments_are_read_in_the_apis_own_spellings_and_as_a_pickers_number(text: Any) -> None:
    found = parse_params(ForemanJobParams, {"start_at": text}).start_at
    assert found is not None
    assert found.isoformat() == "2026-12-24T03:00:00+00:00"


def test_inputs_are_kept_to_the_letter() -> None:
    assert parse_params(ForemanJobParams, {"inputs": {"script": "  a\n b\n"}}).inputs == {"script": "  a\n b\n"}


def test_parameters_survive_storage() -> None:
    found = parse_params(
        ForemanJobParams, SAMPLE | {"recurrence": {"cron_line": "0 3 * * 0", "end_time": "2027-01-01T00:00:00Z"}}
    )
    assert ForemanJobParams.model_validate(found.model_dump(mode="json")) == found
