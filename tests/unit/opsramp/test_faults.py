"""Every way in which OpsRamp can fail: what a person reads, and that nothing is sent twice."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.backends.base import BackendContext, Operation, Plan
from bot.backends.opsramp.connection import OpsRampConnection
from bot.errors import (
    BackendError,
    BadResponse,
    Forbidden,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteNotFound,
    Unauthorized,
    Unreachable,
)
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import NOW, TOKEN, ManualClock, create_params, once, run_params, update_params

AD = "Weekly AD checklist"
Prepared = tuple[Operation[Any], Plan]
KEYS = ("opsramp.update_job", "opsramp.create_job", "opsramp.run_job")


def prepare(connection: OpsRampConnection, sandbox: OpsRampSandbox, key: str) -> Prepared:
    """An operation with something to start."""
    operation = connection.operations[key]
    job = sandbox.job_by_name(AD)["id"]
    params: dict[str, Callable[[], Any]] = {
        "opsramp.update_job": lambda: update_params(id=job, name="Renamed"),
        "opsramp.create_job": lambda: create_params(job_type="sqlreport", name="Fresh"),
        "opsramp.run_job": lambda: run_params(job=job),
    }
    when = once("2026-07-01T20:00") if key == "opsramp.create_job" else NOW
    return operation, operation.plan(params[key](), when, TOKEN)


def effects(sandbox: OpsRampSandbox) -> int:
    """How often something happened: jobs renamed or made, and runs."""
    names = [job["name"] for job in sandbox.jobs.values()]
    return names.count("Renamed") + names.count("Fresh") + len(sandbox.runs)


def writes(sandbox: OpsRampSandbox) -> int:
    """How many calls left that change something."""
    return len(
        [r for r in sandbox.received_requests if "/jobs" in r.path and (r.method == "POST" or r.path.endswith("/run"))]
    )


WRITE = r"/jobs(/[0-9a-f-]+)?(/run)?$"
METHOD = {"opsramp.update_job": "POST", "opsramp.create_job": "POST", "opsramp.run_job": "GET"}


def on_write(key: str, kind: Any, **more: Any) -> Fault:
    path = r"/run$" if key == "opsramp.run_job" else WRITE
    return Fault(kind, path=path, method=METHOD[key], **more)


ERROR_TEXTS: list[tuple[str, dict[str, Any], type[BackendError], str]] = [
    ("html", {"status": 502}, BadResponse, "opsramp.lab failed (502)."),
    ("html", {"status": 200}, BadResponse, "opsramp.lab answered with text/html"),
    ("status", {"status": 500, "body": {"code": "0001", "message": "Boom"}}, BadResponse,
     "opsramp.lab failed (500): Boom (code 0001)"),
    ("status", {"status": 503, "body": {"msg": "Busy"}}, BadResponse, "opsramp.lab failed (503): Busy"),
    ("status", {"status": 400, "body": {"code": "0006", "description": "Bad entity"}}, Refused,
     "opsramp.lab refused (400): Bad entity (code 0006)"),
    ("status", {"status": 400, "body": {"error": {"message": "Nested"}}}, Refused, "opsramp.lab refused (400): Nested"),
    ("status", {"status": 400, "body": "plain words"}, Refused, "opsramp.lab refused (400): plain words"),
    ("status", {"status": 400, "body": None}, Refused, "opsramp.lab refused (400)."),
    ("status", {"status": 403, "body": {"error": "forbidden", "error_description": "No job permission"}}, Forbidden,
     "opsramp.lab does not permit this to the bot's account (403): No job permission"),
    ("status", {"status": 404, "body": {"message": "Resource not found"}}, RemoteNotFound, "Resource not found"),
    ("status", {"status": 410, "body": None}, Refused, "the tenant is unavailable or deactivated"),
    ("status", {"status": 407, "body": None, "remaining": None}, Unauthorized, "the token has expired"),
    ("status", {"status": 401, "body": {"error_description": "Bad API credentials"}, "remaining": None}, Unauthorized,
     "opsramp.lab did not accept the bot's credentials (401): Bad API credentials"),
    ("cut", {}, OutcomeUnknown, "The connection to opsramp.lab was lost before its answer"),
    ("cut_after", {}, OutcomeUnknown, "The connection to opsramp.lab was lost before its answer"),
    ("hang", {}, OutcomeUnknown, "The connection to opsramp.lab was lost before its answer"),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("kind", "how", "error", "words"),
    ERROR_TEXTS,
    ids=[f"{kind}-{how.get('status', '')}-{n}" for n, (kind, how, *_) in enumerate(ERROR_TEXTS)],
)
async def test_a_write_that_fails_says_how_and_is_not_sent_again(
    connection: OpsRampConnection,
    sandbox: OpsRampSandbox,
    key: str,
    kind: str,
    how: dict[str, Any],
    error: type[BackendError],
    words: str,
) -> None:
    operation, plan = prepare(connection, sandbox, key)
    sandbox.faults.append(on_write(key, kind, **how))
    with pytest.raises(error) as caught:
        await operation.start(plan)
    assert type(caught.value) is error
    assert words in str(caught.value)
    # A refused token brings one more try with a new one: the first call did nothing.
    assert writes(sandbox) == (2 if how.get("status") in (401, 407) else 1)
    assert effects(sandbox) == (1 if kind in ("cut_after", "hang") else 0)


@pytest.mark.parametrize("key", KEYS)
async def test_after_a_lost_answer_the_update_and_the_new_job_are_found_the_run_is_not(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, key: str
) -> None:
    operation, plan = prepare(connection, sandbox, key)
    sandbox.faults.append(on_write(key, "cut_after"))
    with pytest.raises(OutcomeUnknown):
        await operation.start(plan)
    found = await operation.find_started(plan)
    assert (found is None) == (key == "opsramp.run_job")
    assert effects(sandbox) == 1
    assert writes(sandbox) == 1


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("status", [401, 407])
async def test_a_token_that_ends_between_reading_and_writing_is_renewed_and_it_happens_once(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, key: str, status: int
) -> None:
    operation, plan = prepare(connection, sandbox, key)
    body = {"error": "invalid_token", "error_description": "Invalid access token"}
    sandbox.faults.append(on_write(key, "status", status=status, body=body))
    await operation.start(plan)
    assert effects(sandbox) == 1
    assert writes(sandbox) == 2
    assert len([r for r in sandbox.received_requests if r.path.endswith("token")]) == 2


@pytest.mark.parametrize("key", KEYS)
async def test_too_fast_is_waited_out_because_nothing_was_done(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock, key: str
) -> None:
    operation, plan = prepare(connection, sandbox, key)
    body = {"error": "throttled", "error_description": "Too Many Requests"}
    sandbox.faults.append(on_write(key, "status", status=429, body=body, headers={"Retry-After": "9"}, remaining=2))
    await operation.start(plan)
    assert clock.slept == [9, 9]
    assert effects(sandbox) == 1


@pytest.mark.parametrize("key", KEYS)
async def test_too_fast_for_ever_is_said_with_how_long_to_wait(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock, key: str
) -> None:
    operation, plan = prepare(connection, sandbox, key)
    body = {"error": "throttled", "error_description": "Too Many Requests"}
    sandbox.faults.append(on_write(key, "status", status=429, body=body, remaining=None))
    with pytest.raises(RateLimited, match=r"asks to slow down \(429\): Too Many Requests"):
        await operation.start(plan)
    assert effects(sandbox) == 0
    assert writes(sandbox) == 3


NOT_READY = {"code": "0005", "message": "Previous resource is not ready"}


async def test_an_update_is_tried_once_more_where_opsramp_says_it_is_not_ready(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    operation, plan = prepare(connection, sandbox, "opsramp.update_job")
    sandbox.faults.append(on_write("opsramp.update_job", "status", status=500, body=NOT_READY))
    await operation.start(plan)
    assert clock.slept == [1.0]
    assert (writes(sandbox), effects(sandbox)) == (2, 1)


@pytest.mark.parametrize(
    ("key", "tries"), [("opsramp.update_job", 2), ("opsramp.create_job", 1), ("opsramp.run_job", 1)]
)
async def test_not_ready_for_ever_is_said_and_what_could_happen_twice_is_not_tried_again(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, key: str, tries: int
) -> None:
    operation, plan = prepare(connection, sandbox, key)
    sandbox.faults.append(on_write(key, "status", status=500, body=NOT_READY, remaining=None))
    with pytest.raises(BadResponse, match=r"failed \(500\): Previous resource is not ready \(code 0005\)"):
        await operation.start(plan)
    assert writes(sandbox) == tries


FAULTS_BEFORE_SENDING: list[tuple[str, dict[str, Any]]] = [
    ("html", {"status": 502}),
    ("html", {"status": 200}),
    ("status", {"status": 500, "body": NOT_READY}),
    ("status", {"status": 200, "body": [1, 2]}),
    ("status", {"status": 200, "body": "a text"}),
    ("cut", {}),
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("kind", "how"), FAULTS_BEFORE_SENDING, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(FAULTS_BEFORE_SENDING)]
)
async def test_where_the_reading_before_fails_nothing_is_sent_and_it_counts_as_not_arrived(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, key: str, kind: Any, how: dict[str, Any]
) -> None:
    operation, plan = prepare(connection, sandbox, key)
    sandbox.faults.append(Fault(kind, path=r"/jobs/[0-9a-fs][^/]*$", method="GET", remaining=None, **how))
    with pytest.raises(Unreachable, match=r"so nothing was (changed|sent)"):
        await operation.start(plan)
    assert writes(sandbox) == 0


async def test_a_reading_that_is_never_answered_leaves_nothing_sent(
    connection: OpsRampConnection, sandbox: OpsRampSandbox
) -> None:
    operation, plan = prepare(connection, sandbox, "opsramp.run_job")
    sandbox.faults.append(Fault("hang", path="/jobs/", method="GET", remaining=None))
    with pytest.raises(Unreachable, match="ReadTimeout"):
        await operation.start(plan)
    assert writes(sandbox) == 0


async def test_a_reading_is_tried_three_times(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    operation, plan = prepare(connection, sandbox, "opsramp.update_job")
    sandbox.faults.append(Fault("status", path="/jobs/", method="GET", status=503, body={}, remaining=2))
    await operation.start(plan)
    assert effects(sandbox) == 1
    assert clock.slept == [0.5, 1.0]


async def test_a_server_that_is_away_is_unreachable(sandbox: OpsRampSandbox) -> None:
    clock = ManualClock()
    away = OpsRampConnection("o", settings_for(sandbox, "http://127.0.0.1:9"), BackendContext(clock), clock.sleep)
    operation, plan = prepare(away, sandbox, "opsramp.update_job")
    with pytest.raises(Unreachable, match="cannot be reached"):
        await operation.start(plan)
    await away.close()


async def test_an_update_whose_reading_back_fails_is_still_an_update_and_compared_later(
    connection: OpsRampConnection, sandbox: OpsRampSandbox
) -> None:
    operation, plan = prepare(connection, sandbox, "opsramp.update_job")
    sandbox.ignored_keys = {"name"}
    fine = Fault("slow", path="/jobs/", method="GET", seconds=0)
    broken = Fault("status", path="/jobs/", method="GET", status=500, body={}, remaining=6)
    sandbox.faults += [fine, broken]
    handle = await operation.start(plan)
    assert await operation.poll([handle]) == {}
    progress = (await operation.poll([handle]))[handle.id]
    assert progress.state == "partly_failed"
    assert f"Name is {AD} there instead of Renamed." in progress.summary
    assert writes(sandbox) == 1


async def test_names_of_devices_are_not_worth_a_failure(connection: OpsRampConnection, sandbox: OpsRampSandbox) -> None:
    operation, _ = prepare(connection, sandbox, "opsramp.update_job")
    sandbox.faults.append(Fault("status", path="resources/minimal", status=403, body={}, remaining=None))
    preview = await operation.preview(update_params(id=sandbox.job_by_name(AD)["id"], name="Renamed"), NOW, TOKEN)
    assert set(preview.targets.names) == {d.host for d in sandbox.devices[:3]}
