"""``nightshift policy explain`` with a file, in a shell."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.storage.migrate import migrate
from bot.storage.urls import default_sqlite_url

POLICY = """[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "not by day"
when = { hours = "08:00-18:00", channel = "#ops" }
effect = "refuse"

[[policy.rules]]
name = "lab"
when = { backend = "foreman.lab" }
effect = "approve"

[[policy.freezes]]
name = "far away"
start = 2200-02-01T00:00:00Z
end = 2200-03-01T00:00:00Z
"""


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("SLACK_", "NIGHTSHIFT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NIGHTSHIFT_DATA_DIR", str(tmp_path))


def explain(tmp_path: Path, *options: str, month: int = 1, hour: int = 23, **values: Any) -> Result:
    start = {"wall": f"2200-{month:02}-05T{hour}:00:00", "zone": "UTC"}
    described = {
        "backend": "foreman.lab", "operation": "foreman.run", "requester": "U0ALICE", "names": ["web1"],
        "schedule": {"kind": "once", "start": start}, "channel_name": "ops", **values,
    }  # fmt: skip
    (tmp_path / "request.json").write_text(json.dumps(described))
    (tmp_path / "p.toml").write_text(POLICY)
    arguments = [str(tmp_path / "request.json"), "--config", str(tmp_path / "p.toml"), *options]
    return CliRunner().invoke(app, ["policy", "explain", *arguments])


def test_without_starts_the_schedule_tells_them(tmp_path: Path) -> None:
    by_day, by_night = explain(tmp_path, hour=12), explain(tmp_path)
    assert (by_day.exit_code, by_night.exit_code) == (0, 0)
    assert by_day.stdout.startswith("The rule “not by day” refuses this: a start on Sunday at 12:00 (UTC).")
    assert by_night.stdout.startswith("Approved at once: foreman.lab (rule “lab”).")


@pytest.mark.parametrize(
    ("hour", "expect", "code"),
    [(23, "approve", 0), (23, "ask", 1), (12, "approve", 1), (12, "ask", 1), (12, "refuse", 1)],
)
def test_what_is_expected_decides_the_exit_status(tmp_path: Path, hour: int, expect: str, code: int) -> None:
    result = explain(tmp_path, "--expect", expect, hour=hour)
    assert result.exit_code == code, result.output
    text = "Refused, as expected." if (expect, hour) == ("refuse", 12) else f"Expected {expect}, but it is"
    assert (text in result.output) is bool(code)


def test_what_the_file_leaves_out_is_said(tmp_path: Path) -> None:
    result = explain(tmp_path, channel_name="", channel="", hour=12)
    assert "Not known" not in result.stdout
    described = json.loads((tmp_path / "request.json").read_text())
    (tmp_path / "request.json").write_text(json.dumps({k: v for k, v in described.items() if "channel" not in k}))
    arguments = [str(tmp_path / "request.json"), "--config", str(tmp_path / "p.toml"), "--expect", "approve"]
    result = CliRunner().invoke(app, ["policy", "explain", *arguments])
    assert (result.exit_code, "Not known, and read strictly: the channel." in result.stdout) == (1, True), result.output


def test_a_file_without_targets_is_an_error(tmp_path: Path) -> None:
    explain(tmp_path)
    described = json.loads((tmp_path / "request.json").read_text())
    del described["names"]
    (tmp_path / "request.json").write_text(json.dumps(described))
    result = CliRunner().invoke(
        app, ["policy", "explain", str(tmp_path / "request.json"), "--config", str(tmp_path / "p.toml")]
    )
    assert (result.exit_code, "say how many there are, or give their names" in result.output) == (2, True)


def test_the_freeze_that_a_file_touches_counts(tmp_path: Path) -> None:
    result = explain(tmp_path, month=2)
    assert (result.exit_code, "It falls into the freeze “far away”" in result.stdout.splitlines()[0]) == (0, True)


def test_a_request_that_does_not_exist_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    migrate(default_sqlite_url(tmp_path))
    (tmp_path / "p.toml").write_text(POLICY.partition("[[policy.freezes]]")[0])
    result = CliRunner().invoke(app, ["policy", "explain", "NS-999", "--config", str(tmp_path / "p.toml")])
    assert (result.exit_code, "There is no request NS-999." in result.output) == (2, True), result.output


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ('{"backend"', ["is not JSON: "]),
        (
            '{"backend": "foreman.lab", "operation": "foreman.run", "requestor": "U0ALICE", "schedule": "now"}',
            [
                '"requester" is missing; add it.',
                '"schedule" must be an object, such as {"kind": "now"}; it is \'now\'.',
                'there is no field "requestor"; did you mean "requester"?',
            ],
        ),
        (
            '{"backend": "formean.lab", "operation": "x", "requester": "U0ALICE", "schedule": {"kind": "now"}}',
            ['no system is called "formean.lab"; did you mean "foreman"?'],
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_said_in_a_line_each(tmp_path: Path, text: str, problems: list[str]) -> None:
    (tmp_path / "bad.json").write_text(text)
    (tmp_path / "p.toml").write_text(POLICY)
    arguments = ["policy", "explain", str(tmp_path / "bad.json"), "--config", str(tmp_path / "p.toml")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert len(lines) == len(problems)
    assert all(line.startswith(f"{tmp_path / 'bad.json'}: {said}") for line, said in zip(lines, problems, strict=True))
