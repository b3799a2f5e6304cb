"""What Foreman and people write, read without a server: versions, bodies, templates, errors."""

from datetime import UTC, datetime

import pytest

from bot.backends.base import Handle
from bot.backends.foreman import form, preview, server, validation, vendor_payload
from bot.backends.foreman.api import extract_error, quote_search_value
from bot.backends.foreman.context import parse_int
from bot.backends.foreman.params import TIMING_FIELDS, ForemanJobParams
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate, TemplateInput
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


def template(*inputs: TemplateInput, **more: Json) -> JobTemplate:
    base = JobTemplate(1, "Run Command", "Commands", "SSH", "", "", False, True, inputs)
    return JobTemplate(**{name: more.get(name, getattr(base, name)) for name in JobTemplate.__slots__})


@pytest.mark.parametrize(
    ("versions", "dialect", "time_span", "offsets", "text"),
    [
        (ForemanServer(), "plain", True, True, "Foreman"),
        (ForemanServer("3.9", (8,), (8,)), "fugit", True, True, "Foreman 3.9, Remote Execution 8, foreman-tasks 8"),
        (ForemanServer("", (7, 9), (7, 9)), "plain", True, False, "Foreman, Remote Execution 7.9, foreman-tasks 7.9"),
        (ForemanServer("", (11,)), "plain", False, True, "Foreman, Remote Execution 11"),
        (ForemanServer("", (10, 9)), "plain", True, True, "Foreman, Remote Execution 10.9"),
        (ForemanServer(configured_dialect="fugit"), "fugit", True, True, "Foreman"),
        (ForemanServer("", (), (9,), "plain"), "plain", True, True, "Foreman, foreman-tasks 9"),
    ],
)
def test_what_follows_from_versions(versions: ForemanServer, dialect: str, time_span: bool, offsets: bool, text: str):
    assert (versions.dialect, versions.supports_time_span, versions.supports_start_offsets, str(versions)) == (
        dialect, time_span, offsets, text
    )  # fmt: skip


def test_versions_come_from_the_server_unless_they_are_configured():
    statuses: JsonObject = {
        "results": {
            "foreman": {
                "version": "3.9.1",
                "plugins": [
                    {"name": "foreman-tasks", "version": "8.1.2.3"},
                    "Foreman plugin: foreman_remote_execution, 13.2.1, someone, words",
                    "something else",
                    4,
                ],
            }
        }
    }
    assert server.from_statuses(statuses, SETTINGS) == ForemanServer("3.9.1", (13, 2, 1), (8, 1, 2))
    forced = settings(remote_execution_version="9.1", tasks_version="7.0", cron_dialect="fugit")
    assert server.from_statuses(statuses, forced) == ForemanServer("3.9.1", (9, 1), (7, 0), "fugit")
    for odd in (None, [], {}, {"results": []}, {"results": {"foreman": "x"}}, {"plugins": "x"}):
        assert server.from_statuses(odd, SETTINGS) == ForemanServer() == server.from_settings(SETTINGS)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, None, ""),
        (401, None, "the server gave no reason."),
        (400, {"error": {"message": "Bad.", "details": "More."}}, "Bad. More."),
        (422, {"error": {"message": "Bad", "full_messages": ["One", "Two."]}}, "Bad. One. Two."),
        (400, {"error": "flat"}, "flat."),
        (400, {"message": "flat"}, "flat."),
    ],
)
def test_the_servers_words(status: int, body: Json, words: str):
    assert extract_error(status, body) == words


def test_small_readers():
    assert quote_search_value('a "b" \\c') == '"a \\"b\\" \\\\c"'
    assert [parse_int(value) for value in (7, " 7 ", "7.0", "-7", None, "", True, "٧")] == [7, 7] + 6 * [None]


@pytest.mark.parametrize(
    ("given", "flat"),
    [
        ({"job_invocation": {"job_template_id": 1, "feature": ""}}, {"job_template_id": 1}),
        ({"ssh": {"effective_user": "root"}}, {"effective_user": "root"}),
        ({"recurrence": {"cron_line": "x", "max_iteration": 2, "end_time": "e", "purpose": "p"}},
         {"cron_line": "x", "max_iteration": 2, "end_time": "e", "purpose": "p"}),
        ({"scheduling": {"start_at": "s", "start_before": "b"}}, {"start_at": "s", "start_before": "b"}),
        ({"concurrency_control": {"time_span": 1, "concurrency_level": 2}}, {"time_span": 1, "concurrency_level": 2}),
        ({"ansible": {"tags": "t", "tags_flag": "include", "other": 1}},
         {"tags": "t", "tags_flag": "include", "ansible.other": 1}),
        ({"ssh": None}, {}),
        ({"ssh": ""}, {}),
        ({"inputs": {"a": "1"}, "inputs.b": "2"}, {"inputs": {"a": "1", "b": "2"}}),
        ({"inputs.b": "2"}, {"inputs": {"b": "2"}}),
        ({"name": "n", "job_category": "c"}, {"ignored": ("job_category", "name")}),
        ({"a": 1, "job_invocation": {"a": 1}}, {"a": 1}),
        ({"a": 1, "job_invocation": None}, {"a": 1}),
    ],
)  # fmt: skip
def test_a_body_in_any_form(given: JsonObject, flat: JsonObject):
    assert vendor_payload.flatten(given) == flat


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"job_invocation": []}, "job_invocation must be an object."),
        ({"ssh": "x"}, "ssh must be an object with effective_user, effective_user_password."),
        ({"a": 1, "job_invocation": {"a": 2}}, "a is given twice, with different values."),
    ],
)
def test_a_body_that_contradicts_itself(given: JsonObject, problem: str):
    with pytest.raises(ValueError, match=problem):
        vendor_payload.flatten(given)


def test_inputs_are_text():
    assert vendor_payload.coerce_inputs('{"a": 1}') == {"a": "1"}
    assert vendor_payload.coerce_inputs({"a": True, "b": False, "c": 1.5, "d": "x"}) == {
        "a": "true", "b": "false", "c": "1.5", "d": "x"
    }  # fmt: skip
    for odd in ("x", "[]", [], 4):
        with pytest.raises(ValueError, match="Inputs are an object of names and values"):
            vendor_payload.coerce_inputs(odd)
    with pytest.raises(ValueError, match=r"The input a must be text\."):
        vendor_payload.coerce_inputs({"a": None})


OPTIONS = TemplateInput("o", options=("x", "y"))
HIDDEN = TemplateInput("h", hidden=True)
NEEDED = TemplateInput("n", required=True)
DEFAULTED = TemplateInput("d", required=True, default="x")


@pytest.mark.parametrize(
    ("item", "inputs", "problem"),
    [
        (NEEDED, {}, "This is needed."),
        (NEEDED, {"n": ""}, "This is needed."),
        (NEEDED, {"n": "x"}, ""),
        (DEFAULTED, {}, ""),
        (DEFAULTED, {"d": ""}, "This is needed."),
        (OPTIONS, {}, ""),
        (OPTIONS, {"o": ""}, ""),
        (OPTIONS, {"o": "x"}, ""),
        (OPTIONS, {"o": "z"}, "This must be one of x, y."),
        (HIDDEN, {"h": "x"}, "This input is hidden in Foreman: choose a configured secret instead of typing it."),
        (HIDDEN, {"h": "secret:a"}, ""),
        (OPTIONS, {"o": "secret:a"}, "Foreman shows this input to everybody: no secret is put there."),
    ],
)
def test_inputs_that_do_not_fit_the_template(item: TemplateInput, inputs: JsonObject, problem: str):
    found = preview.input_problems(params(inputs=inputs), template(item))
    assert found == ({f"inputs.{item.name}": problem} if problem else {})


def test_an_input_that_the_template_does_not_have():
    text = "The template Run Command has no input of this name; it has"
    unknown = params(inputs={"z": "1"})
    assert preview.input_problems(unknown, template(OPTIONS, HIDDEN)) == {"inputs.z": f"{text} o, h."}
    assert preview.input_problems(unknown, template()) == {"inputs.z": f"{text} none."}


USER = "Run Command does not let a job choose its user:"


@pytest.mark.parametrize(
    ("values", "more", "query", "expected"),
    [
        ({}, {}, "name = a", []),
        ({"effective_user": "u"}, {}, "", []),
        ({"effective_user": "u"}, {"allows_effective_user": False}, "", [f"{USER} u is ignored."]),
        (
            {"effective_user_password": "a"},
            {"allows_effective_user": False},
            "",
            [f"{USER} the password for it is ignored."],
        ),
        ({"tags": "t"}, {}, "", ["Run Command is not an Ansible template: the tags are ignored."]),
        ({"tags": "t"}, {"provider": "Ansible"}, "", []),
        ({}, {}, "web", ["'web' names no field, so Foreman looks for it in many: name = web is exact."]),
        ({}, {}, "has facts", []),
        ({}, {}, "a ~ b", []),
    ],
)
def test_warnings(values: JsonObject, more: JsonObject, query: str, expected: list[str]):
    assert preview.warnings(params(**values), template(**more), query) == expected


@pytest.mark.parametrize(
    ("user", "more", "expected"),
    [
        ("u", {}, "u"),
        (None, {}, "root"),
        (None, {"run_as": "svc"}, "svc"),
        ("u", {"allows_effective_user": False, "run_as": "svc"}, "svc"),
        ("u", {"allows_effective_user": False, "runs_as_current_user": True, "run_as": "svc"}, "nightshift"),
        (None, {"runs_as_current_user": True}, "nightshift"),
    ],
)
def test_who_a_script_runs_as(user: str | None, more: JsonObject, expected: str):
    assert preview.run_as(params(effective_user=user), template(**more), SETTINGS) == expected


def test_facts_for_policy():
    assert preview.facts(params(), template(), "q", SETTINGS) == {
        "template": "Run Command", "feature": None, "job_category": "Commands", "provider": "SSH", "run_as": "root",
        "query": "q", "targeting_type": "static_query",
    }  # fmt: skip


def test_inputs_as_fields():
    long = TemplateInput("command", required=True, description="What to run.")
    fields = {
        field.name: field
        for field in form.job_form_fields(SETTINGS, ForemanServer(), template(long, OPTIONS, HIDDEN, DEFAULTED))
    }
    assert (fields["inputs.command"].widget, fields["inputs.command"].required) == ("long_text", True)
    assert (fields["inputs.command"].hint, fields["inputs.command"].api_name) == ("What to run.", "inputs[command]")
    assert [option.value for option in fields["inputs.o"].choices] == ["x", "y"]
    assert [(option.value, option.label) for option in fields["inputs.h"].choices] == [
        ("secret:a", "a"),
        ("secret:b", "b"),
    ]
    assert fields["inputs.h"].hint == "Hidden: choose a configured secret."
    assert (fields["inputs.d"].required, fields["inputs.d"].default, fields["inputs.d"].widget) == (False, "x", "text")
    assert [option.value for option in fields["password"].choices] == ["a", "b"]
    secret = TemplateInput("s", hidden=True, default="never shown")
    (field,) = [f for f in form.job_form_fields(SETTINGS, ForemanServer(), template(secret)) if f.name == "inputs.s"]
    assert field.default is None


def test_fields_that_have_no_effect_are_left_out():
    def names(versions: ForemanServer, found: JobTemplate | None) -> set[str]:
        return {field.name for field in form.job_form_fields(SETTINGS, versions, found)}

    all_fields = names(ForemanServer(), None)
    assert all_fields - names(ForemanServer(remote_execution=(11,)), None) == {"time_span"}
    fixed = template(allows_effective_user=False)
    assert all_fields - names(ForemanServer(), fixed) == {
        "inputs", "effective_user", "effective_user_password", "tags", "tags_flag"
    }  # fmt: skip
    assert all_fields - names(ForemanServer(), template(provider="ansible")) == {"inputs"}


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
        ({"only": 1, "search_query": "q"}, {"job_template_id": "Choose a template, or a feature instead."}),
        ({"feature": "f"}, {"feature": "Give a template or a feature, not both."}),
        ({"only": 1, "job_template_id": 1}, {"search_query": "Say which hosts, as a search or a bookmark."}),
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
    assert problems(now=start.instant, schedule=limited) == {"": "The latest moment to start has passed."}
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
        "title": "", "approvals_channel": "", "results_channel": "", "ca_file": None, "organization_id": None,
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
