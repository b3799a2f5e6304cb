"""``nightshift dry-run``: a body as the vendor's page shows it comes out as what would be sent, types included."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.commands import dry_run as command
from tests.unit.opsramp.support import JOB, JOB_TYPES, canonical_body, request_body

TOKEN = "ns-made-at-the-start"

FOREMAN = {
    "job_invocation": {
        "job_category": "Commands",
        "name": "Nightly",
        "job_template_id": 4711,
        "targeting_type": "static_query",
        "search_query": "name ~ web",
        "recurrence": {"cron_line": "15 3 * * 1"},
    }
}
IMMYBOT = {
    "maintenanceParams": {
        "maintenanceIdentifier": "711",
        "maintenanceType": "5",
        "maintenanceTaskMode": "Enforce",
        "desiredSoftwareState": "UpdateIfFound",
        "repair": "true",
        "taskParameterValues": '{"Network": "guests"}',
    },
    "skipBackgroundJob": "false",
    "cacheOnly": False,
    "rebootPreference": "Force",
    "offlineBehavior": "Skip",
    "updateTime": "2:30",
    "timeZoneInfoId": "Europe/Berlin",
    "computers": [{"computerId": "101"}],
    "tenants": '[{"tenantId": 2}]',
}


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NIGHTSHIFT_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def run(operation: str, body: Any, tmp_path: Path, *, when: str = "") -> int:
    """Save a body as a file and give it to the command, at noon on a day in 2026. Returns the exit status."""
    file = tmp_path / "body.json"
    file.write_text(json.dumps(body))
    return command.run(operation, str(file), when=when, now="2026-03-02T12:00:00+00:00", zone="UTC")


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """The one request of what was printed."""
    (request,) = json.loads(capsys.readouterr().out)["requests"]
    return request


def typed(value: Any) -> Any:
    """A body with the type next to each value, since True == 1."""
    if isinstance(value, dict):
        return {key: typed(inner) for key, inner in value.items()}
    return [typed(inner) for inner in value] if isinstance(value, list) else (type(value).__name__, value)


@pytest.mark.parametrize("kind", JOB_TYPES)
def test_a_job_of_opsramp(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    assert run("opsramp.update_job", request_body(kind), tmp_path) == 0
    request = printed(capsys)
    assert request["url"].endswith(f"/jobs/{JOB}")
    assert typed(request["body"]) == typed(canonical_body(kind))


def test_dotted_names_are_the_parameters_of_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = {"job": JOB, "job_type": "custom", "script": "7", "parameters.2": "150", "macros.3": "9"}
    assert run("opsramp.update_job", body, tmp_path) == 0
    parameters = [{"paramId": 2, "value": "150"}, {"paramId": 3, "itopMacro": {"id": 9}}]
    assert printed(capsys)["body"]["script"] == {
        "jobType": "custom",
        "customScript": {"id": 7},
        "parameters": parameters,
    }


def test_a_job_invocation_of_foreman(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("foreman.run", FOREMAN, tmp_path) == 0
    shown = json.loads(capsys.readouterr().out)
    assert typed(shown["requests"][0]["body"]) == typed(
        {
            "job_invocation": {
                "job_template_id": 4711,
                "targeting_type": "static_query",
                "search_query": "name ~ web",
                "description_format": f"[{TOKEN}] %{{template_name}}",
                "recurrence": {"cron_line": "15 3 * * 1", "purpose": TOKEN},
            }
        }
    )
    assert "Foreman ignores job_category; it is not sent." in shown["warnings"]


def test_inputs_by_dotted_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = {"job_template_id": 4711, "search_query": "name ~ web", "inputs.command": "uptime"}
    assert run("foreman.run", body, tmp_path) == 0
    assert printed(capsys)["body"]["job_invocation"]["inputs"] == {"command": "uptime"}


def test_a_cron_line_that_is_none_is_refused_under_its_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = {**FOREMAN["job_invocation"], "recurrence": {"cron_line": "foo"}}
    assert run("foreman.run", {"job_invocation": job}, tmp_path) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("cron_line: 'foo' is not a cron line")


def test_a_maintenance_run_of_immybot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("immybot.maintenance", IMMYBOT, tmp_path) == 0, capsys.readouterr().err
    body = printed(capsys)["body"]
    expected = {
        "maintenanceIdentifier": "711",
        "maintenanceType": 5,
        "maintenanceTaskMode": 0,
        "desiredSoftwareState": 7,
        "repair": True,
        "taskParameterValues": {"Network": {"value": "guests"}},
    }
    assert typed(body["maintenanceParams"]) == typed(expected)
    assert typed({key: body[key] for key in ("rebootPreference", "offlineBehavior", "skipBackgroundJob")}) == typed(
        {"rebootPreference": -1, "offlineBehavior": 1, "skipBackgroundJob": False}
    )
    assert (body["updateTime"], body["timeZoneInfoId"]) == ("02:30", "Europe/Berlin")
    assert (body["computers"], body["tenants"]) == ([{"computerId": 101}], [{"tenantId": 2}])


@pytest.mark.parametrize(
    ("operation", "body", "line"),
    [
        ("foreman.run", [1], "request: The parameters must be a JSON object."),
        ("foreman.run", {"hosts": "x"}, "hosts: There is no parameter of this name."),
        ("opsramp.update_job", {"name": "x"}, "job: This is needed."),
        ("opsramp.no_such", {}, "There is no operation opsramp.no_such"),
        ("nobody.run", {}, "There is no back end nobody"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], operation: str, body: Any, line: str
) -> None:
    assert run(operation, body, tmp_path) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert any(row.startswith(line) for row in told.err.splitlines()), told.err
