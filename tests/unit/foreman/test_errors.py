"""What people read when Foreman says no, or nothing; and that nothing is sent twice."""

from typing import Any

import pytest

from bot.backends.base import BackendContext
from bot.backends.foreman import backend
from bot.backends.foreman.settings import ForemanSettings
from bot.errors import (
    BackendError,
    BadResponse,
    ConfigError,
    Forbidden,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteNotFound,
    Unauthorized,
    Unreachable,
)
from bot.schedule import Now
from playground.foreman.errors import GENERIC
from playground.sandbox import Fault
from tests.unit.foreman.conftest import TOKEN, Harness

JOBS = "^/api/job_invocations$"


def fault_with_status(status: int, body: Any) -> Fault:
    return Fault("status", path=JOBS, method="POST", status=status, body=body)


def message(text: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": text, **more}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (
            500,
            message("Validation failed: Triggering: Cronline x is not valid format of cron line"),
            Refused,
            "Cron line: Validation failed: Triggering: Cronline x is not valid",
        ),
        (
            500,
            message("Validation failed: Triggering: Purpose Active or disabled recurring logic with purpose P exists"),
            Refused,
            "Purpose: Validation failed",
        ),
        (500, message("Validation failed: Triggering: Start at is in the past"), Refused, "Start at: Validation"),
        (500, message("Validation failed: Targeting: Search query can't be blank"), Refused, "Where: Validation"),
        (500, message("Validation failed: Concurrency level must be greater than 0"), Refused, "Hosts at a time: "),
        (500, message("Validation failed: Job category can't be blank"), Refused, "foreman.lab refused: Validation"),
        (
            500,
            message("ERF42-4995 [Foreman::Exception]: Unknown input x for template y"),
            Refused,
            "Inputs: ERF42-4995",
        ),
        (
            500,
            message("ERF42-1 [Foreman::Exception]: Cannot specify both bookmark_id and search_query"),
            Refused,
            "Cannot specify both",
        ),
        (500, message("Only one of feature or job_template_id can be specified"), Refused, "Only one of feature"),
        (500, message("Not all required inputs have values. Missing inputs: a, b"), Refused, "Missing inputs: a, b"),
        (500, message(GENERIC), OutcomeUnknown, "Whether it acted is not certain"),
        (500, message("argument out of range"), OutcomeUnknown, "argument out of range"),
        (500, message("ERF72-1 [Foreman::Exception]: Something later"), OutcomeUnknown, "Something later"),
        (400, message("Field 'x' not recognized for searching!"), OutcomeUnknown, "Field 'x' not recognized"),
        (
            400,
            {"status": 400, "error": "There was a problem in the JSON you submitted: x"},
            OutcomeUnknown,
            "problem in",
        ),
        (401, message("Unable to authenticate user bob"), Unauthorized, "Unable to authenticate user bob"),
        (401, message("Too many tries, please try again in a few minutes."), Unauthorized, "Too many tries"),
        (401, None, Unauthorized, "did not accept the bot's credentials (401): the server gave no reason"),
        (
            403,
            message("Access denied", details="Missing one of the required permissions: create_job_invocations"),
            Forbidden,
            "Access denied. Missing one of the required permissions: create_job_invocations.",
        ),
        (404, message("Template with id '5' was not found"), RemoteNotFound, "Template with id '5' was not found"),
        (404, {"message": "Organization with id 9 not found"}, RemoteNotFound, "Organization with id 9 not found"),
        (415, message("Media type in 'Content-Type: x' is unsupported"), Refused, "Media type"),
        (
            422,
            {"error": {"id": None, "errors": {"name": ["x"]}, "full_messages": ["Name can't be blank"]}},
            Refused,
            "Name can't be blank",
        ),
        (429, {"message": "slow down"}, RateLimited, "asks to slow down"),
        (503, {"message": "Foreman is in maintenance mode"}, Refused, "maintenance mode"),
        (302, None, Refused, "redirects elsewhere (302)"),
    ],
)
async def test_every_shape_of_error_is_a_sentence(
    harness: Harness, status: int, body: Any, kind: type[BackendError], words: str
) -> None:
    harness.sandbox.faults.append(fault_with_status(status, body))
    with pytest.raises(BackendError) as caught:
        await harness.start()
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert "{" not in str(caught.value)
    assert len(harness.posts()) == 1


@pytest.mark.parametrize(("kind", "status"), [("html", 502), ("html", 503), ("html", 504), ("html", 200)])
async def test_a_proxys_page_after_a_post_leaves_its_fate_unknown(harness: Harness, kind: Any, status: int) -> None:
    harness.sandbox.faults.append(Fault(kind, path=JOBS, method="POST", status=status))
    with pytest.raises(OutcomeUnknown) as caught:
        await harness.start()
    assert "<html>" not in str(caught.value)
    assert len(harness.posts()) == 1


@pytest.mark.parametrize("kind", ["cut", "cut_after"])
async def test_a_lost_answer_leaves_the_fate_unknown_and_nothing_is_sent_again(harness: Harness, kind: Any) -> None:
    harness.sandbox.faults.append(Fault(kind, path=JOBS, method="POST"))
    with pytest.raises(OutcomeUnknown, match="lost before its answer"):
        await harness.start()
    assert len(harness.posts()) == 1
    assert len(harness.sandbox.invocations) == (1 if kind == "cut_after" else 0)


class TestImpatient:
    @pytest.fixture
    def extra_settings(self) -> dict[str, Any]:
        return {"create_timeout": 0.1, "timeout": 0.1}

    async def test_a_timeout_leaves_the_fate_unknown(self, harness: Harness) -> None:
        harness.sandbox.faults.append(Fault("slow", path=JOBS, method="POST", seconds=0.3))
        with pytest.raises(OutcomeUnknown):
            await harness.start()
        assert len(harness.posts()) == 1

    async def test_a_server_that_does_not_answer_reads_is_faulty(self, harness: Harness) -> None:
        harness.sandbox.faults.append(Fault("slow", path="/api/status", seconds=0.3, remaining=None))
        with pytest.raises(BadResponse, match="lost before its answer"):
            await harness.connection.check()


async def test_an_odd_answer_to_a_post_leaves_its_fate_unknown(harness: Harness) -> None:
    for body in ([], {"id": "x"}, None):
        harness.sandbox.faults.append(fault_with_status(201, body))
        with pytest.raises(OutcomeUnknown, match="did not say its number"):
            await harness.start()


async def test_reads_are_tried_again(harness: Harness) -> None:
    handle = await harness.start()
    harness.sandbox.faults += [
        Fault("cut", path=JOBS, method="GET"),
        Fault("html", path=JOBS, method="GET", status=502),
    ]
    assert (await harness.progress(handle)).state == "running"


async def test_html_in_place_of_json_is_told_as_such(harness: Harness) -> None:
    harness.sandbox.faults.append(Fault("html", path="/api/hosts", status=200, remaining=None))
    with pytest.raises(BadResponse, match=r"instead of JSON\. Is http.* the address of its API"):
        await harness.operation.preview(harness.command_params(), Now(), TOKEN)


@pytest.mark.parametrize("body", ["text", {"results": {}}, {"results": [1]}, {}])
async def test_a_list_in_another_shape_is_the_servers_fault(harness: Harness, body: Any) -> None:
    harness.sandbox.faults.append(Fault("status", path="/api/hosts", status=200, body=body, remaining=None))
    with pytest.raises(BadResponse, match="did not answer /api/hosts with a list"):
        await harness.operation.preview(harness.command_params(), Now(), TOKEN)


async def test_a_wrong_password_is_told(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREMAN_PASSWORD", "wrong")
    with pytest.raises(Unauthorized, match="Unable to authenticate user nightshift"):
        await harness.connection.check()


async def test_a_password_that_is_not_there_is_told_before_anything_is_sent(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FOREMAN_PASSWORD")
    with pytest.raises(Unauthorized, match="FOREMAN_PASSWORD is not set"):
        await harness.start()
    assert harness.sandbox.received_requests == []


async def test_a_server_that_is_not_there_was_not_reached(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ForemanSettings(url="http://127.0.0.1:9", username="u", password="env:FOREMAN_PASSWORD")
    connection = backend.connect("foreman.gone", settings, BackendContext(harness.clock))
    run = connection.operations["foreman.run"]
    with pytest.raises(Unreachable, match=r"cannot be reached at http://127\.0\.0\.1:9"):
        await run.start(run.plan(harness.command_params(), Now(), TOKEN))
    await connection.close()


async def test_no_session_is_kept(harness: Harness) -> None:
    handle = await harness.start()
    harness.clock.advance(hours=2)
    assert (await harness.progress(handle)).is_final
    assert all("Cookie" not in request.headers for request in harness.sandbox.received_requests)


async def test_a_lookups_refusal_says_which(harness: Harness) -> None:
    harness.sandbox.denied_permissions.add("view_job_templates")
    with pytest.raises(Forbidden, match="view_job_templates"):
        await harness.operation.lookup("job_template_id", "", {})


def test_a_certificate_file_that_is_none_is_a_fault_of_the_configuration(harness: Harness, tmp_path: Any) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing of the kind")
    settings = ForemanSettings(url="https://f.example.com", username="u", password="env:P", ca_file=file)
    with pytest.raises(ConfigError, match=r"foreman\.x\.ca_file"):
        backend.connect("foreman.x", settings, BackendContext(harness.clock))
