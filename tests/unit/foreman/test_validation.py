"""What does not go together in a request, and settings that are refused."""

from datetime import UTC, datetime

import pytest

from bot.backends.base import Handle
from bot.backends.foreman import validation
from bot.backends.foreman.params import TIMING_FIELDS, ForemanJobParams
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import TemplateInput
from bot.errors import InputError
from bot.schedule import Now, Once, ZonedTime
from bot.values import Json, JsonObject

NOW = datetime(2026, 11, 23, 20, 0, 30, tzinfo=UTC)
SETTINGS = ForemanSettings(
    url="https://f", username="nightshift", password="env:P", secrets={"b": "env:B", "a": "env:A"}
)  # fmt: skip


def settings(**more: str) -> ForemanSettings:
    return ForemanSettings.model_validate({**SETTINGS.model_dump(), **more})


def params(**values: Json) -> ForemanJobParams:
    return ForemanJobParams.model_validate({"job_template_id": 1, "search_query": "name = a", **values})


def problems(now: datetime = NOW, schedule: Once | Now = Now(), **values: Json) -> dict[str, str]:
    given = {name: value for name, value in values.items() if value is not None}
    base: JsonObject = {} if "only" in given else {"job_template_id": 1, "search_query": "name = a"}
    given.pop("only", None)
    try:
        validation.validate(ForemanJobParams.model_validate({**base, **given}), schedule, SETTINGS, now)
    except InputError as error:
        return error.problems
    return {}


HELD = "The request already says when; leave this empty, or ask for the request to start now."
NO_LINE = "This belongs to a cron line, and there is none."
LATER = Once(start=ZonedTime(wall=datetime(2026, 11, 24, 6), zone="UTC"))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {}),
        ({"only": 1, "search_query": "q"}, {"job_template_id": "Choose a template or a feature."}),
        ({"feature": "f"}, {"feature": "Give a template or a feature, not both."}),
        ({"only": 1, "job_template_id": 1}, {"search_query": "Say where: names, a search or a bookmark."}),
        ({"bookmark_id": 1}, {"bookmark_id": "Give a search or a bookmark, not both."}),
        (
            {"only": 1, "feature": "f", "bookmark_id": 1, "targeting_type": "dynamic_query"},
            {"targeting_type": "For a feature Foreman always matches the hosts once: choose static."},
        ),
        ({"targeting_type": "dynamic_query"}, {}),
        ({"only": 1, "feature": "f", "bookmark_id": 1}, {}),
        ({"tags_flag": "include"}, {"tags": "Name the tags that are meant."}),
        ({"tags_flag": "include", "tags": "t"}, {}),
        ({"inputs": {"a": "\x00"}}, {"inputs.a": "This holds a character that cannot be sent."}),
        ({"password": "x"}, {"password": "Passwords are not typed here: name a configured secret (a, b)."}),
        ({"password": "a", "key_passphrase": "secret:b"}, {}),
        ({"inputs": {"i": "secret:z"}}, {"inputs.i": "There is no secret of this name; there is a, b."}),
        ({"inputs": {"i": "secret:a"}}, {}),
        ({"start_at": "2026-11-23T20:02:29Z"}, {"start_at": "This must be at least two minutes ahead."}),
        ({"start_at": "2026-11-23T20:02:30Z"}, {}),
        ({"max_iteration": 1}, {"max_iteration": NO_LINE}),
        ({"end_time": "2026-11-24T20:00:00Z"}, {"end_time": NO_LINE}),
        ({"purpose": "p"}, {"purpose": NO_LINE}),
        (
            {"start_before": "2026-11-24T20:00:00Z"},
            {"start_before": "This belongs to a start time, and there is none."},
        ),
        (
            {"start_at": "2026-11-24T20:00:00Z", "start_before": "2026-11-24T19:59:59Z"},
            {"start_before": "This is before the start."},
        ),
        ({"start_at": "2026-11-24T20:00:00Z", "start_before": "2026-11-24T20:00:00Z"}, {}),
        (
            {"cron_line": "0 6 * * *", "start_before": "2026-11-24T20:00:00Z"},
            {"start_before": "Foreman drops this for a series: leave it empty."},
        ),
        ({"cron_line": "*/4 * * * *"}, {"cron_line": "This runs more often than every 5 minutes."}),
        ({"cron_line": "*/5 * * * *", "max_iteration": 3, "purpose": "p"}, {}),
        ({"cron_line": "0 0 29 2 *"}, {}),
    ],
)
def test_what_does_not_go_together(values: JsonObject, expected: dict[str, str]):
    assert problems(**values) == expected


def test_foremans_own_timing_and_a_time_of_the_request_do_not_go_together():
    given: JsonObject = {
        "cron_line": "0 6 * * *", "max_iteration": 2, "end_time": "2026-12-24T20:00:00Z", "purpose": "p",
        "start_at": "2026-11-24T20:00:00Z", "start_before": "2026-11-24T21:00:00Z",
    }  # fmt: skip
    assert problems(schedule=LATER, **given) == dict.fromkeys(TIMING_FIELDS, HELD)
    assert problems(schedule=LATER) == {}


def test_a_time_that_has_passed_or_is_only_a_day():
    day = LATER.model_copy(update={"grain": "day"})
    assert problems(schedule=day) == {"": "The schedule names a day but no time."}
    start = LATER.start
    limited = Once(start=start, latest_start=start)
    assert problems(now=start.instant, schedule=limited) == {"": "The latest start has passed."}
    assert problems(schedule=limited) == {}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"max_iteration": 3}, 3),
        ({"cron_line": "0 6 * * *", "max_iteration": 3}, 3),
        ({"cron_line": "0 6 * * *"}, None),
        ({"cron_line": "0 6 * * *", "end_time": "2026-11-26T06:00:00Z"}, 3),
        ({"cron_line": "0 6 * * *", "end_time": "2026-11-26T06:00:00Z", "max_iteration": 2}, 2),
        ({"cron_line": "0 6 * * *", "end_time": "2026-11-26T06:00:00Z", "max_iteration": 9}, 3),
        ({"cron_line": "0 6 * * *", "end_time": "2026-11-26T06:00:00Z", "start_at": "2026-11-25T07:00:00Z"}, 1),
        ({"cron_line": "0 6 * * *", "end_time": "2026-11-26T06:00:00Z", "start_at": "2026-11-01T07:00:00Z"}, 3),
        ({"cron_line": "* * * * *", "end_time": "2026-12-07T17:20:00Z"}, 20_000),
    ],
)
def test_the_number_of_runs_until_an_end(values: JsonObject, expected: int | None):
    assert validation.effective_max_iteration(params(**values), SETTINGS, NOW) == expected


@pytest.mark.parametrize(
    ("end", "problem"),
    [
        ("2026-11-24T05:59:00Z", "The cron line does not run before this time."),
        ("2026-12-07T17:21:00Z", "The cron line runs too often before this time; choose an earlier one."),
    ],
)
def test_an_end_before_any_run_or_after_too_many(end: str, problem: str):
    line = "0 6 * * *" if "not run" in problem else "* * * * *"
    with pytest.raises(InputError) as refused:
        validation.effective_max_iteration(params(cron_line=line, end_time=end), SETTINGS, NOW)
    assert refused.value.problems == {"end_time": problem}


def test_defaults():
    assert TemplateInput("a") == TemplateInput("a", False, False, (), None, "")
    assert Handle(id="1").kind == "run"
    plain = ForemanSettings(url="http://f/", username="u", password="file:/p")
    assert plain.url == "http://f"
    assert plain.model_dump(exclude={"url", "username", "password"}) == {
        "title": "", "approvals_channel": "", "results_channel": "",
        "scheduler": "nightshift", "ca_file": None, "titles": {}, "organization_id": None,
        "location_id": None, "templates": (), "features": (), "secrets": {}, "cron_dialect": "auto",
        "cron_zone": "UTC", "remote_execution_version": "auto", "tasks_version": "auto",
        "default_effective_user": "root", "minimum_interval": 5, "dead_after": 15, "timeout": 30.0,
        "create_timeout": 180.0, "lookup_timeout": 2.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", "ftp://f"), ("cron_zone", "Mars"), ("tasks_version", "x"), ("tasks_version", "8.x"),
        ("minimum_interval", "0"), ("dead_after", "0"), ("timeout", "0"), ("create_timeout", "0"),
        ("lookup_timeout", "0"), ("other", "1"),
    ],
)  # fmt: skip
def test_settings_that_are_refused(name: str, value: str):
    with pytest.raises(ValueError, match=name):
        settings(**{name: value})


def test_settings_at_their_limits():
    limits = settings(minimum_interval="1", dead_after="1", tasks_version="8.1.x")
    assert (limits.minimum_interval, limits.dead_after, limits.tasks_version) == (1, 1, "8.1.x")
