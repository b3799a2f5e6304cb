"""``nightshift init``: questions make a first configuration that loads, with a policy and its tests."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.configuration import checked_policy
from bot.settings import load_settings, validate_backends
from tests.unit.requests.build import NOW

POLICY = ("@ops", "2", "", "", "", "", "", "")
"""The answers to the questions about policy; the default ones where they are empty."""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("SLACK_", "NIGHTSHIFT_"))]:
        monkeypatch.delenv(name)


def init(file: Path, *answers: str) -> Result:
    return CliRunner().invoke(app, ["init", str(file)], input="".join(f"{answer}\n" for answer in answers) + "\n" * 30)


def test_the_default_answers_make_a_configuration(tmp_path: Path) -> None:
    file = tmp_path / "nightshift.toml"
    result = init(file)
    assert result.exit_code == 0, result.output
    settings = load_settings(file)
    assert list(validate_backends(settings)) == ["foreman.prod"]
    assert (settings.channels.approvals, settings.channels.admin) == ("#approvals", "#nightshift-admin")
    assert checked_policy(file, settings, NOW).tests
    assert "FAULT" not in result.output
    assert init(file).exit_code == 2


def test_the_answers_are_in_it_and_wrong_ones_are_asked_again(tmp_path: Path) -> None:
    file = tmp_path / "nightshift.toml"
    system = ("puppet", "opsramp", "acme", "acme.example.com", "client_1", "KEY", "env:SECRET")
    again = ("acme", "https://acme.example.com", "client_9", "env:KEY", "env:SECRET")
    result = init(file, "#night", "", "", *system, *again, *POLICY)
    assert result.exit_code == 0, result.output
    assert 'There is no "puppet".' in result.output
    settings = load_settings(file)
    assert settings.channels.approvals == "#night"
    ((name, (_, values)),) = validate_backends(settings).items()
    assert (name, values.model_dump()["tenant"]) == ("opsramp.acme", "client_9")
    policy = checked_policy(file, settings, NOW)
    assert policy.defaults.approvers == ("@ops",)
    assert {located.test.ask.system for located in policy.tests} == {"opsramp.acme"}
