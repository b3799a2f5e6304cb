"""Wrong or missing configuration: one line a fault, what and where, before anything is opened."""

from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.requests.policy.load import load_policy
from bot.settings import load_settings, settings_source, validate_backends
from bot.storage.urls import normalize_url
from playground.environment import MovableClock

ROOT = Path(__file__).parents[3]


@pytest.fixture
def write_config(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "nightshift.toml"
        path.write_text(text)
        return path

    return write


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        validate_backends(load_settings(path), settings_source(path))
    return caught.value.problems


def test_the_example_is_valid(tmp_path: Path):
    path = ROOT / "nightshift.example.toml"
    assert set(validate_backends(load_settings(path))) == {"foreman.prod", "opsramp.contoso", "immybot.contoso"}
    assert load_policy(path.read_text(), now=MovableClock(tmp_path / "clock").now()).rules


def test_a_misspelt_setting_is_named_with_its_place(write_config):
    path = write_config("[channels]\naprovals = '#x'\n")
    assert problems(path) == (f'{path}:2: channels.aprovals: there is no such setting; did you mean "approvals"?',)


def test_several_faults_are_all_told_at_once(write_config):
    found = problems(
        write_config("node = 'a b'\n[channels]\ndefault_zone = 'Mars/Olympus'\n[timing]\nwatch_seconds = 0\n")
    )
    assert len(found) == 3
    assert any("default_zone" in line and "Mars/Olympus" in line for line in found)


def test_a_secret_in_clear_is_refused_and_not_repeated(write_config):
    found = problems(write_config("[backends.foreman.a]\nurl='https://f.example'\nusername='u'\npassword='hunter2'\n"))
    assert len(found) == 1
    assert ":4: backends.foreman.a.password: " in found[0]
    assert "env:NAME" in found[0]
    assert "hunter2" not in found[0]


def test_an_unknown_back_end_lists_the_known_ones(write_config):
    path = write_config("[backends.ansible.a]\nurl='x'\n")
    assert problems(path) == (
        f"{path}:1: backends.ansible: there is no such back end; known are foreman, immybot, opsramp",
    )


def test_a_file_that_is_not_toml_says_where(write_config):
    assert "line 1" in problems(write_config("[channels\n"))[0]


def test_a_missing_file_is_a_fault(tmp_path: Path):
    assert "cannot be read" in problems(tmp_path / "absent.toml")[0]


def test_the_environment_wins_over_the_file(write_config, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NIGHTSHIFT_CHANNELS__RESULTS", "#elsewhere")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    settings = load_settings(write_config("[channels]\nresults = '#here'\n"))
    assert settings.channels.results == "#elsewhere"
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"
    assert "xoxb-1" not in repr(settings)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:///x.db", "sqlite:///x.db"),
    ],
)
def test_a_database_url_gets_the_driver_that_is_used(given: str, used: str):
    assert normalize_url(given) == used


def test_a_broken_database_url_is_a_fault(write_config):
    assert "database_url" in problems(write_config("database_url = 'no url at all'\n"))[0]
