"""What an edit changed, in words."""

from typing import Any

from bot.requests.model import Content
from bot.requests.revisions import diff_contents
from bot.schedule import Now, Schedule
from tests.unit.requests.build import once

BASE: dict[str, Any] = {
    "backend": "foreman.prod",
    "operation": "foreman.run",
    "params": {"template": 12, "inputs": {"command": "uptime", "password": "env:A"}, "sudo": False, "note": ""},
    "schedule": Now(),
    "targets": ("web-1", "web-2"),
}


def describe_schedule(schedule: Schedule) -> str:
    return f"say {schedule.kind}"


def diff(
    params: dict[str, Any] | None = None, words: tuple[dict[str, Any], dict[str, Any]] = ({}, {}), **values: Any
) -> list[tuple[str, str, str]]:
    after = BASE | values
    if params is not None:
        after["params"] = params
    found = diff_contents(
        Content(**BASE),
        Content(**after),
        describe_schedule=describe_schedule,
        field_labels={"template": "Job template"},
        labels_before=words[0],
        labels_after=words[1],
        secret_fields={"inputs.password"},
    )
    return [(line.field, line.before, line.after) for line in found]


def test_nothing_changed() -> None:
    assert diff() == []


def test_values_are_told_in_the_words_that_people_saw() -> None:
    params = BASE["params"] | {"template": 13}
    assert diff(params) == [("Job template", "12", "13")]
    assert diff(params, ({"template": "Run Command"}, {"template": "Patch"})) == [
        ("Job template", "Run Command", "Patch")
    ]


def test_nested_new_gone_and_yes_or_no_values() -> None:
    params = {"template": 12, "inputs": {"command": "id", "password": "env:A"}, "sudo": True, "tags": ["a", "b"]}
    assert diff(params) == [("Inputs: command", "uptime", "id"), ("Sudo", "no", "yes"), ("Tags", "(empty)", "a and b")]
    gone = {"template": 12, "sudo": False, "inputs": {"password": "env:A"}}
    assert diff(gone) == [("Inputs: command", "uptime", "(empty)")]


def test_secrets_are_never_shown() -> None:
    params = BASE["params"] | {"inputs": {"command": "uptime", "password": "env:B"}}
    assert diff(params) == [("Inputs: password", "•••", "•••")]


def test_targets_schedule_and_place() -> None:
    found = diff(targets=("web-2", "web-9", "web-10"), schedule=once(), backend="foreman.lab", operation="foreman.x")
    assert found == [
        ("Back end", "foreman.prod", "foreman.lab"),
        ("Operation", "foreman.run", "foreman.x"),
        ("Targets", "2 (-web-1)", "3 (+web-9 and web-10)"),
        ("When", "say now", "say once"),
    ]


def test_a_secret_hides_everything_below_it() -> None:
    params = BASE["params"] | {"inputs": {"command": "id", "password": "env:B"}}
    found = diff_contents(
        Content(**BASE),
        Content(**(BASE | {"params": params})),
        describe_schedule=describe_schedule,
        secret_fields={"inputs"},
    )
    assert [(line.field, line.before, line.after) for line in found] == [
        ("Inputs: command", "•••", "•••"),
        ("Inputs: password", "•••", "•••"),
    ]


def test_a_secret_that_is_new_shows_that_there_was_none() -> None:
    params = {name: value for name, value in BASE["params"].items() if name != "inputs"}
    found = diff_contents(
        Content(**(BASE | {"params": params})),
        Content(**BASE),
        describe_schedule=describe_schedule,
        secret_fields={"inputs.password"},
    )
    assert [(line.before, line.after) for line in found if line.field == "Inputs: password"] == [("(empty)", "•••")]


def test_an_empty_label_is_as_none() -> None:
    params = BASE["params"] | {"template": 13}
    assert diff(params, ({"template": ""}, {"template": None})) == [("Job template", "12", "13")]


def test_of_long_lists_ten_are_told() -> None:
    ten, eleven, twelve = ([str(n) for n in range(count)] for count in (10, 11, 12))
    params = BASE["params"]
    assert diff(params | {"tags": ten})[0][2] == "0, 1, 2, 3, 4, 5, 6, 7, 8 and 9"
    assert diff(params | {"tags": eleven})[0][2].endswith("8, 9 and 10")
    assert diff(params | {"tags": twelve})[0][2].endswith("8, 9 and 2 more")
    assert diff(targets=tuple(twelve))[0][2].endswith("9 and 2 more)")
    assert diff(params | {"tags": [], "more": {}, "none": None}) == []
