"""``serve`` and ``doctor`` find the same problems of a configuration, before anything is opened."""

import gc
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.configuration import load_configuration

SECRETS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "0123"}
POLICY = "[policy]\napprovers = ['@sre']\n"

NO_CONFIGURATION = "There is no configuration yet. nightshift init makes one by questions.\n"

PROBLEMS = [
    ("log_level = 'info'", "log_level: 'info' is not one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ("log_level = 10", "log_level:"),
    ("database_url = 'no url'", "database_url: this is not a database URL"),
    ("database_url = 'mysql://h/d'", "database_url: mysql is not supported"),
    ("database_url = 'postgresql://h:port/d'", "database_url: this is not a database URL"),
    ("database_url = 'sqlite://'", "database_url: names no file"),
    ("database_url = 'sqlite:////dev/null/x.sqlite'", "database_url: /dev/null is not a directory"),
    ("database_url = 'sqlite:////tmp'", "database_url: /tmp is a directory, not a file"),
    ("data_dir = '/dev/null/data'", "data_dir: /dev/null is not a directory"),
    ("clock_file = '/dev'", "clock_file: /dev does not hold a number of seconds"),
    ("node = 'a b'", "node:"),
    ("[timing]\ndrain_seconds = -1", "timing.drain_seconds:"),
    ("[timing]\ndrain_seconds = nan", "timing.drain_seconds:"),
    ("[timing]\nwatch_seconds = inf", "timing.watch_seconds:"),
    ("[timing]\ntimekeeper_seconds = 1e300", "timing.timekeeper_seconds:"),
    ("[timing]\nfind_seconds = -1", "timing.find_seconds:"),
    ("[timing]\nslack_pace = inf", "timing.slack_pace:"),
    ("[timing]\ngrace_minutes = 1000000000000", "timing.grace_minutes:"),
    ("[timing]\nkeep_drafts_days = -1", "timing.keep_drafts_days:"),
    ("[timing]\nkeep_finished_jobs_days = -1", "timing.keep_finished_jobs_days:"),
    ("[timing]\nkeep_finished_jobs_days = 1000000000", "timing.keep_finished_jobs_days:"),
    ("[channels]\napprovals = ''", "channels.approvals:"),
    ("[channels]\nresults = ''", "channels.results:"),
    ("[channels]\ndefault_zone = ''", "channels.default_zone:"),
    ("[backends.nothing.a]\nurl = 'x'", "backends.nothing: there is no such back end"),
    ("[[policy.rules]]\nname = 'x'\nno_such_key = 1", "no_such_key"),
    (
        "policy = {approvers = '@a', rules = [{name = 'x', when = {backend = 'formean'}}]}",
        'no system is called "formean"',
    ),
    ("policy = {approvers = '@a', rules = [{name = 'x', effect = 'refuse'}]}", "it refuses every request"),
    ("policy = 3", "policy"),
    ("not toml", "is not TOML"),
]
FROM_ENVIRONMENT = [
    (
        {"NIGHTSHIFT_LOGLEVEL": "INFO"},
        'NIGHTSHIFT_LOGLEVEL: nothing reads this variable; did you mean "NIGHTSHIFT_LOG_LEVEL"?',
    ),
    (
        {"NIGHTSHIFT_TIMING__DRAIN_SECOND": "5"},
        'NIGHTSHIFT_TIMING__DRAIN_SECOND: timing.drain_second: there is no such setting; did you mean "drain_seconds"?',
    ),
    (
        {"NIGHTSHIFT_TIMING__DRAIN_SECONDS": "-5"},
        "environment: NIGHTSHIFT_TIMING__DRAIN_SECONDS: timing.drain_seconds:",
    ),
    ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN: is not set"),
    ({"SLACK_BOT_TOKEN": "xoxb-1\n"}, "SLACK_BOT_TOKEN: has a space, a line break or a special character in it"),
    ({"SLACK_API_URL": "slack.example/api/"}, "SLACK_API_URL: "),
    ({"SLACK_API_URL": "http://[::1/api/"}, "SLACK_API_URL: "),
    ({"NIGHTSHIFT_CONFIG": ""}, "NIGHTSHIFT_CONFIG: is not set; the policy is read from the file it names"),
    ({"NIGHTSHIFT_CHANNELS": "{"}, "channels"),
    ({"NIGHTSHIFT_POLICY__QUORUM": "2"}, "NIGHTSHIFT_POLICY__QUORUM: the policy is read from the file alone; set it"),
    ({"NIGHTSHIFT_LOG_LEVEL": "loud"}, "log_level: 'loud' is not one of"),
    ({"NIGHTSHIFT_DATABASE_URL": "mysql://h/d"}, "database_url: mysql is not supported"),
]


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """``serve`` turns the garbage collector off while it starts."""
    yield
    gc.enable()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("SLACK_", "NIGHTSHIFT_"))]:
        monkeypatch.delenv(name)

    def run(
        *arguments: str, text: str | bytes = POLICY, environment: Mapping[str, str] = {}, name: str = "n.toml"
    ) -> Result:
        (tmp_path / "n.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        variables = {**SECRETS, "NIGHTSHIFT_CONFIG": str(tmp_path / name), **environment}
        return CliRunner().invoke(app, [*arguments], env=variables)

    return run


def both(run, **configuration) -> str:
    """What ``serve`` says, after checking that ``doctor`` says the same."""
    serve, doctor = run("serve", **configuration), run("doctor", **configuration)
    assert serve.exit_code == doctor.exit_code == 2, (serve.output, serve.exception, doctor.output, doctor.exception)
    assert doctor.stderr.removesuffix(NO_CONFIGURATION) == serve.stderr
    assert "Traceback" not in serve.stderr
    return serve.stderr


@pytest.mark.parametrize(("text", "problem"), PROBLEMS)
def test_both_name_a_problem_of_the_file(run, tmp_path: Path, text: str, problem: str):
    said = both(run, text=text if text.startswith("policy") else f"{text}\n{'' if '[[' in text else POLICY}")
    assert problem in said
    assert str(tmp_path / "n.toml") in said or "backends." in said


@pytest.mark.parametrize(("environment", "problem"), FROM_ENVIRONMENT)
def test_both_name_a_problem_of_the_environment(environment: dict[str, str], problem: str, run):
    said = both(run, environment=environment)
    assert problem in said
    assert "xoxb" not in said.replace("xoxb-\n", "")


def test_both_name_a_file_that_is_not_there_not_text_or_a_directory(run, tmp_path: Path):
    assert "cannot be read" in both(run, name="absent.toml")
    assert "is not TOML" in both(run, text=b"\xff\xfe")
    (tmp_path / "directory").mkdir()
    assert "cannot be read" in both(run, name="directory")


def test_several_problems_are_named_at_once(run):
    said = both(run, text=f"data_dir = '/dev/null/x'\n{POLICY}no_such_key = 1\n[backends.nothing.a]\n")
    assert {"data_dir", "no_such_key", "backends.nothing"} <= {
        word for line in said.splitlines() for word in ("data_dir", "no_such_key", "backends.nothing") if word in line
    }


@pytest.mark.parametrize(
    ("arguments", "missing"), [(("--http", "0"), "SLACK_SIGNING_SECRET"), (("--socket",), "SLACK_APP_TOKEN")]
)
def test_both_name_the_secret_that_a_transport_needs(run, arguments: tuple[str, ...], missing: str):
    serve = run("serve", *arguments, environment={missing: ""})
    doctor = run("doctor", *arguments, environment={missing: ""})
    assert serve.exit_code == doctor.exit_code == 2
    assert serve.stderr == doctor.stderr
    assert f"{missing}: is not set" in serve.stderr


@pytest.mark.parametrize("address", ["x", "host:", ":99999", "host:-1", "1.2.3.4:٣"])
def test_both_name_an_address_that_is_none(run, address: str):
    serve, doctor = run("serve", "--http", address), run("doctor", "--http", address)
    assert serve.exit_code == doctor.exit_code == 2
    assert serve.stderr == doctor.stderr
    assert "is not [HOST:]PORT" in serve.stderr


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_a_configuration_without_problems_passes(level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "n.toml"
    file.write_text(f"log_level = '{level}'\ndata_dir = '{tmp_path}/new/data'\n{POLICY}")
    assert load_configuration(file, ["http", "socket"]).settings.log_level == level
    assert not (tmp_path / "new").exists()


def test_doctor_does_not_know_the_transport_and_wants_the_secret_of_one(run):
    said = run("doctor", environment={"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": ""})
    assert said.exit_code == 2
    assert "neither SLACK_APP_TOKEN (for Socket Mode) nor SLACK_SIGNING_SECRET (for HTTP) is set" in said.stderr


@pytest.mark.parametrize("missing", ["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"])
def test_the_secret_of_one_transport_is_enough_for_doctor(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, value in {**SECRETS, missing: ""}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "n.toml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    assert load_configuration(tmp_path / "n.toml")
