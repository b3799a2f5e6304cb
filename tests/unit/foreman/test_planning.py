"""What is sent, word for word, for every parameter."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.backends.base import parse_params
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.planning import PlanEnvironment, build_plan
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.settings import ForemanSettings
from bot.errors import InputError
from bot.schedule import Now
from tests.unit.foreman.test_params import DOCUMENTED, SAMPLE, SINCE

NOW = datetime(2026, 11, 23, 20, 0, 30, tzinfo=UTC)
SETTINGS = ForemanSettings(
    url="https://foreman.example.com/",
    username="nightshift",
    password="env:FOREMAN_PASSWORD",
    secrets={"root": "env:ROOT_PASSWORD"},
)
BASE = {"job_template_id": 5, "search_query": "os = RedHat"}
CRON = {"cron_line": "30 2 * * 1-5"}


def plan_for(values: dict[str, Any], **more: Any) -> Any:
    given = PlanEnvironment(more.pop("settings", SETTINGS), more.pop("server", ForemanServer()), NOW)
    return build_plan("foreman.run", parse_params(ForemanJobParams, values), Now(), "ns-01abc", given, **more)


def body(values: dict[str, Any], **more: Any) -> Any:
    return plan_for(values, **more).calls[0].body


def refused(values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        plan_for(values)
    return caught.value.problems


def leaves(node: Any, prefix: str = "") -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, dict) and key != "inputs":
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "location_id": (BASE | {"location_id": "3"}, 3),
    "organization_id": (BASE | {"organization_id": 1}, 1),
    "job_template_id": (BASE, 5),
    "targeting_type": (BASE | {"targeting_type": "dynamic_query"}, "dynamic_query"),
    "randomized_ordering": (BASE | {"randomized_ordering": "true"}, True),
    "inputs": (BASE | {"inputs": {"Package search query": "name = zsh"}}, {"Package search query": "name = zsh"}),
    "ssh.effective_user": (BASE | {"effective_user": "deploy"}, "deploy"),
    "ssh.effective_user_password": (BASE | {"effective_user_password": "root"}, "secret:root"),
    "ssh_user": (BASE | {"ssh_user": "admin"}, "admin"),
    "password": (BASE | {"password": "secret:root"}, "secret:root"),
    "key_passphrase": (BASE | {"key_passphrase": "root"}, "secret:root"),
    "recurrence.cron_line": (BASE | CRON, "30 2 * * 1-5"),
    "recurrence.max_iteration": (BASE | CRON | {"max_iteration": "4"}, 4),
    "recurrence.end_time": (BASE | CRON | {"end_time": "2026-12-24T00:00:00Z"}, "2026-12-24T00:00:00Z"),
    "recurrence.purpose": (BASE | CRON | {"purpose": "patching"}, "patching"),
    "scheduling.start_at": (BASE | {"start_at": "2026-12-24T04:00:00+01:00"}, "2026-12-24T03:00:00Z"),
    "scheduling.start_before": (
        BASE | {"start_at": "2026-12-24T03:00:00Z", "start_before": "2026-12-24T05:00:00Z"},
        "2026-12-24T05:00:00Z",
    ),
    "concurrency_control.time_span": (BASE | {"time_span": 60}, 60),
    "concurrency_control.concurrency_level": (BASE | {"concurrency_level": "2"}, 2),
    "bookmark_id": ({"job_template_id": 5, "bookmark_id": 7}, 7),
    "search_query": (BASE, "os = RedHat"),
    "description_format": (
        BASE | {"description_format": "Patch %{template_name}"},
        "[ns-01abc] Patch %{template_name}",
    ),
    "execution_timeout_interval": (BASE | {"execution_timeout_interval": 600}, 600),
    "feature": ({"feature": "run_script", "search_query": "os = RedHat"}, "run_script"),
    "time_to_pickup": (BASE | {"time_to_pickup": 120}, 120),
    "ansible.tags": (BASE | {"tags": "a,b"}, "a,b"),
    "ansible.tags_flag": (BASE | {"tags": "a", "tags_flag": "exclude"}, "exclude"),
}


def test_no_parameter_is_missing_here() -> None:
    assert sorted(CASES) == sorted((*DOCUMENTED, *SINCE))


@pytest.mark.parametrize("name", CASES)
def test_each_parameter_stands_where_the_api_wants_it(name: str) -> None:
    values, wanted = CASES[name]
    found: Any = body(values)
    if name not in ("location_id", "organization_id"):
        found = found["job_invocation"]
    for step in name.split("."):
        found = found[step]
    assert found == wanted
    assert type(found) is type(wanted)


def test_every_key_that_is_sent_is_documented() -> None:
    for values, _ in CASES.values():
        sent = body(values)
        assert set(sent) <= {"job_invocation", "organization_id", "location_id"}
        assert set(leaves(sent["job_invocation"])) <= {*DOCUMENTED, *SINCE}


def test_everything_at_once_is_one_body() -> None:
    values = {
        **BASE,
        "inputs": {"command": "uptime"},
        "organization_id": 1,
        "location_id": 2,
        "effective_user": "deploy",
        "effective_user_password": "root",
        "ssh_user": "admin",
        "password": "root",
        "key_passphrase": "root",
        "randomized_ordering": False,
        "concurrency_level": 5,
        "time_span": 60,
        "execution_timeout_interval": 600,
        "time_to_pickup": 120,
        "description_format": "Uptime",
        "tags": "a",
        "tags_flag": "include",
        **CRON,
        "max_iteration": 3,
        "purpose": "weekly",
        "start_at": "2026-12-01T00:00:00Z",
    }
    assert plan_for(values).calls[0].model_dump() == {
        "method": "POST",
        "url": "https://foreman.example.com/api/job_invocations",
        "body": {
            "job_invocation": {
                "job_template_id": 5,
                "targeting_type": "static_query",
                "search_query": "os = RedHat",
                "randomized_ordering": False,
                "inputs": {"command": "uptime"},
                "ssh": {"effective_user": "deploy", "effective_user_password": "secret:root"},
                "ssh_user": "admin",
                "password": "secret:root",
                "key_passphrase": "secret:root",
                "concurrency_control": {"concurrency_level": 5, "time_span": 60},
                "execution_timeout_interval": 600,
                "time_to_pickup": 120,
                "ansible": {"tags": "a", "tags_flag": "include"},
                "description_format": "[ns-01abc] Uptime",
                "recurrence": {"cron_line": "30 2 * * 1-5", "max_iteration": 3, "purpose": "weekly"},
                "scheduling": {"start_at": "2026-12-01T00:00:00Z"},
            },
            "organization_id": 1,
            "location_id": 2,
        },
    }


def test_the_documented_example_becomes_the_canonical_body() -> None:
    plan = plan_for({"job_invocation": SAMPLE | {"recurrence": {"cron_line": "30 2 * * *"}}})
    assert plan.calls[0].body == {
        "job_invocation": {
            "job_template_id": 1007982151,
            "targeting_type": "static_query",
            "search_query": "foobar",
            "description_format": "[ns-01abc] %{template_name}",
            "recurrence": {"cron_line": "30 2 * * *", "purpose": "ns-01abc"},
        }
    }
    assert "Foreman ignores job_category; it is not sent." in plan.warnings
    assert "Foreman ignores name; it is not sent." in plan.warnings


def test_a_static_series_warns_that_its_hosts_stay_the_same() -> None:
    assert any(warning.startswith("Every run of the series uses") for warning in plan_for(BASE | CRON).warnings)
    dynamic = plan_for(BASE | CRON | {"targeting_type": "dynamic_query"})
    assert not any(warning.startswith("Every run of the series uses") for warning in dynamic.warnings)


def test_the_minimum_interval_itself_is_allowed() -> None:
    assert body(BASE | {"cron_line": "*/5 * * * *"})["job_invocation"]["recurrence"]["cron_line"] == "*/5 * * * *"


def test_a_configured_context_is_the_default() -> None:
    settings = SETTINGS.model_copy(update={"organization_id": 8, "location_id": 9})
    assert (body(BASE, settings=settings)["organization_id"], body(BASE, settings=settings)["location_id"]) == (8, 9)
    assert body(BASE | {"organization_id": 1}, settings=settings)["organization_id"] == 1


@pytest.mark.parametrize(
    ("values", "template", "wanted"),
    [
        (BASE, "", "[ns-01abc] %{template_name}"),
        (BASE | {"inputs": {"a b": "1"}}, "", '[ns-01abc] %{template_name} with inputs a b="%{a b}"'),
        (BASE | {"inputs": {"command": "ls"}}, "Run %{command}", "[ns-01abc] Run %{command}"),
        (BASE | {"description_format": "Mine"}, "Run %{command}", "[ns-01abc] Mine"),
        (BASE | {"inputs": {"x" * 260: "1"}}, "", "[ns-01abc] %{template_name}"),
    ],
)
def test_the_token_stands_in_front_of_the_description(values: dict[str, Any], template: str, wanted: str) -> None:
    assert body(values, description=template)["job_invocation"]["description_format"] == wanted


def test_a_description_leaves_room_for_the_token() -> None:
    assert refused(BASE | {"description_format": "x" * 246}) == {
        "description_format": "This is too long: there is room for 244 characters."
    }
    sent = body(BASE | {"description_format": "x" * 244})["job_invocation"]["description_format"]
    assert len(sent) == 255


def test_time_span_is_sent_to_old_servers_only() -> None:
    plan = plan_for(BASE | {"time_span": 60}, server=ForemanServer(remote_execution=(11, 0)))
    assert "concurrency_control" not in plan.calls[0].body["job_invocation"]
    assert any("time_span" in warning for warning in plan.warnings)


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"search_query": "x = y"}, "job_template_id", "Choose a template"),
        (BASE | {"feature": "run_script"}, "feature", "not both"),
        ({"job_template_id": 5}, "search_query", "Say where"),
        (BASE | {"bookmark_id": 3}, "bookmark_id", "not both"),
        (
            {"feature": "run_script", "search_query": "x = y", "targeting_type": "dynamic_query"},
            "targeting_type",
            "choose static",
        ),
        (BASE | {"tags_flag": "include"}, "tags", "Name the tags"),
        (BASE | {"password": "hunter2"}, "password", "name a configured secret (root)"),
        (BASE | {"inputs": {"p": "secret:other"}}, "inputs.p", "no secret of this name"),
        (BASE | {"max_iteration": 3}, "max_iteration", "belongs to a cron line"),
        (BASE | {"purpose": "p"}, "purpose", "belongs to a cron line"),
        (BASE | {"end_time": "2027-01-01T00:00:00Z"}, "end_time", "belongs to a cron line"),
        (BASE | {"start_before": "2027-01-01T00:00:00Z"}, "start_before", "belongs to a start time"),
        (BASE | {"start_at": "2026-11-23T20:01:00Z"}, "start_at", "at least two minutes ahead"),
        (
            BASE | {"start_at": "2026-12-24T03:00:00Z", "start_before": "2026-12-24T02:00:00Z"},
            "start_before",
            "before the start",
        ),
        (BASE | CRON | {"start_before": "2027-01-01T00:00:00Z"}, "start_before", "drops this for a series"),
        (BASE | {"cron_line": "*/2 * * * *"}, "cron_line", "more often than every 5 minutes"),
        (BASE | CRON | {"end_time": "2026-11-23T21:00:00Z"}, "end_time", "does not run before"),
        (
            BASE | {"cron_line": "*/5 * * * *", "end_time": "2027-11-23T21:00:00Z"},
            "end_time",
            "too often before this time",
        ),
    ],
)
def test_what_does_not_go_together_is_told_under_its_field(values: dict[str, Any], field: str, words: str) -> None:
    told = refused(values)
    assert list(told) == [field]
    assert words in told[field]
    assert "hunter2" not in told[field]


def test_an_end_time_that_foreman_ignores_becomes_a_number_of_runs() -> None:
    plan = plan_for(BASE | CRON | {"end_time": "2026-11-27T02:30:00Z"})
    recurrence = plan.calls[0].body["job_invocation"]["recurrence"]
    assert recurrence["max_iteration"] == 4
    assert any("ignores end_time" in warning for warning in plan.warnings)
    fewer = body(BASE | CRON | {"end_time": "2026-11-27T02:30:00Z", "max_iteration": 2})
    assert fewer["job_invocation"]["recurrence"]["max_iteration"] == 2


def test_a_token_that_foremans_search_would_misread_is_a_programming_error() -> None:
    for token in ("ns_1", "ns%1", "a", "ns 12"):
        with pytest.raises(ValueError, match="token"):
            build_plan(
                "foreman.run",
                parse_params(ForemanJobParams, BASE),
                Now(),
                token,
                PlanEnvironment(SETTINGS, ForemanServer(), NOW),
            )
