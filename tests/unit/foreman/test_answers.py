"""Foreman's answers and people's bodies, read without a server."""

import pytest

from bot.backends.foreman import server, vendor_payload
from bot.backends.foreman.api import extract_error, quote_search_value
from bot.backends.foreman.context import parse_int
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.settings import ForemanSettings
from bot.values import Json, JsonObject

SETTINGS = ForemanSettings(
    url="https://f", username="nightshift", password="env:P", secrets={"b": "env:B", "a": "env:A"}
)  # fmt: skip


def settings(**more: str) -> ForemanSettings:
    return ForemanSettings.model_validate({**SETTINGS.model_dump(), **more})


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
