"""What follows from a server's versions, in both spellings of them, and what the configuration may say."""

from typing import Any

import pytest
from pydantic import ValidationError

from bot.backends.foreman import backend
from bot.backends.foreman.server import ForemanServer, from_statuses
from bot.backends.foreman.settings import ForemanSettings

GOOD = {"url": "https://foreman.example.com", "username": "nightshift", "password": "env:P"}


def settings(**more: Any) -> ForemanSettings:
    return ForemanSettings.model_validate(GOOD | more)


def statuses(*plugins: Any) -> dict[str, Any]:
    return {"results": {"foreman": {"version": "3.12.0", "plugins": list(plugins)}, "candlepin": {"status": "ok"}}}


@pytest.mark.parametrize(
    "plugins",
    [
        (
            {"name": "foreman-tasks", "version": "10.0.1"},
            {"name": "foreman_remote_execution", "version": "13.2.0"},
        ),
        (
            "Foreman plugin: foreman-tasks, 10.0.1, Somebody, The goal of this plugin is to unify",
            "Foreman plugin: foreman_remote_execution, 13.2.0, Somebody, A plugin",
        ),
    ],
)
def test_versions_are_read_in_both_spellings(plugins: Any) -> None:
    found = from_statuses(statuses(*plugins), settings())
    assert found == ForemanServer(foreman="3.12.0", remote_execution=(13, 2, 0), tasks=(10, 0, 1))
    assert str(found) == "Foreman 3.12.0, Remote Execution 13.2.0, foreman-tasks 10.0.1"


@pytest.mark.parametrize("answer", [None, [], {}, {"results": None}, {"results": {"foreman": "x"}}, {"plugins": [1]}])
def test_an_answer_that_says_nothing_leaves_an_old_server(answer: Any) -> None:
    found = from_statuses(answer, settings())
    assert (found.dialect, found.supports_time_span, found.supports_start_offsets) == ("plain", True, True)
    assert str(found) == "Foreman"


@pytest.mark.parametrize(
    ("remote_execution", "tasks", "dialect", "time_span", "offsets"),
    [
        ((9, 1, 0), (7, 2, 1), "plain", True, True),
        ((10, 0), (8, 0, 0), "fugit", True, True),
        ((7, 9), (7,), "plain", True, False),
        ((11, 0, 0), (8, 1), "fugit", False, True),
        ((17, 1, 0), (13, 1, 0), "fugit", False, True),
    ],
)
def test_what_follows_from_versions(
    remote_execution: tuple[int, ...], tasks: tuple[int, ...], dialect: str, time_span: bool, offsets: bool
) -> None:
    found = ForemanServer(remote_execution=remote_execution, tasks=tasks)
    assert (found.dialect, found.supports_time_span, found.supports_start_offsets) == (dialect, time_span, offsets)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "foreman.example.com"}, "must be an address"),
        ({"password": "hunter2"}, "must be a reference"),
        ({"secrets": {"root": "hunter2"}}, "must be a reference"),
        ({"cron_zone": "Berlin"}, "must be an IANA time zone"),
        ({"cron_dialect": "quartz"}, "'fugit'"),
        ({"tasks_version": "new"}, "must be a version"),
        ({"ca_file": "/nowhere/ca.pem"}, "does not point to a file"),
        ({"timeout": 0}, "greater than 0"),
        ({"pasword": "env:P"}, "Extra inputs"),
    ],
)
def test_faults_of_the_configuration_are_told(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings(**given)


def test_an_address_may_end_with_a_slash() -> None:
    assert settings(url="https://foreman.example.com/").url == "https://foreman.example.com"


def test_the_kind_is_what_the_form_expects() -> None:
    assert (backend.kind, backend.title, backend.command) == ("foreman", "Foreman", "/foreman")
    assert [operation.key for operation in backend.operation_types] == ["foreman.run"]
    assert backend.settings_model.model_validate(backend.example().model_dump()) == backend.example()
