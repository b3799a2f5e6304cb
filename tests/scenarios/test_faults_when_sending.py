"""Faults while a call is sent: what people read, how it ends, and that nothing is done twice."""

from datetime import timedelta
from typing import Any

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Message, Person
from tests.scenarios.form_filling import fill_pages
from tests.scenarios.steps import (
    RESTART_COMMAND,
    approve_request,
    confirm_request,
    eventually,
    go_to_page,
    make_request,
    open_form,
    press_preview,
    say_it_did_not_run,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """
[backends.foreman.hasty]
title = "Hasty Foreman"
url = "{foreman}"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
create_timeout = 1
"""

FOREMAN, RUN = "/api/job_invocations", "/api/v1/run-immy-service-new"
OPSRAMP_JOBS = r"/api/v2/tenants/client_93/jobs(/[^/]*)?(/run)?"
GENERIC = {"error": {"message": "Internal Server Error: the server was unable to finish the request."}}
INVALID = {"error": {"message": "Validation failed: Triggering: Start at is in the past"}}


@pytest.fixture(autouse=True)
def advance_past_caches(env: Environment) -> None:
    """Each test begins with OpsRamp's whole rate limit."""
    env.clock.advance(timedelta(minutes=2))


def fault_at(path: str, kind: Any = "status", method: str = "POST", **more: Any) -> Fault:
    """A fault of calls that change something."""
    return Fault(kind, path, method, **more)


REFUSED_FAULTS = [
    pytest.param(fault_at(FOREMAN, status=401), "did not accept the bot's credentials (401)", id="401"),
    pytest.param(
        fault_at(FOREMAN, status=403, body=GENERIC), "does not permit this to the bot's account (403)", id="403"
    ),
    pytest.param(
        fault_at(FOREMAN, status=404, body={"error": {"message": "Template with id '190' was not found"}}),
        "Template with id '190' was not found",
        id="404",
    ),
    pytest.param(
        fault_at(FOREMAN, status=500, body=INVALID), "Start at is in the past", id="500 with a validation error"
    ),
    pytest.param(fault_at(FOREMAN, status=422, body={"message": "no"}), "refused (422)", id="422"),
]


@pytest.mark.parametrize(("fault", "words"), REFUSED_FAULTS)
async def test_a_job_that_foreman_rejects_fails_with_its_error(
    env: Environment, alice: Person, fault: Fault, words: str
) -> None:
    before = calls(env)
    name = await make_request(alice, RESTART_COMMAND + " system=main", {"service": "nginx"})
    env.foreman.faults.append(fault)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Failed", words, env=env)
    receipt = await alice.wait_for(f"{name} ·", where="#results")
    assert words in receipt.text
    assert calls(env) == (before[0] + 1, before[1])


LOST_ANSWER_FAULTS = [
    pytest.param(fault_at(FOREMAN, "cut_after"), "/foreman system=main", id="cut after it arrived"),
    pytest.param(fault_at(FOREMAN, "hang"), "/foreman system=hasty", id="no answer in time"),
]


@pytest.mark.parametrize(("fault", "command"), LOST_ANSWER_FAULTS)
async def test_a_call_whose_answer_was_lost_is_found_and_not_sent_again(
    env: Environment, alice: Person, fault: Fault, command: str
) -> None:
    before = calls(env)
    name = await make_request(alice, RESTART_COMMAND.replace("/foreman run", command), {"service": "nginx"})
    env.foreman.faults.append(fault)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Done", "20 of 20 succeeded", env=env)
    assert calls(env) == (before[0] + 1, before[1] + 1)


UNKNOWN_OUTCOME_FAULTS = [
    pytest.param(fault_at(FOREMAN, "cut"), "was lost before its answer", id="cut before it arrived"),
    pytest.param(fault_at(FOREMAN, status=500, body=GENERIC), "Internal Server Error", id="500 without a reason"),
    pytest.param(fault_at(FOREMAN, "html", status=502), "failed (502)", id="HTML with an error status"),
    pytest.param(fault_at(FOREMAN, "html", status=200), "answered with text/html", id="HTML with 200"),
    pytest.param(fault_at(FOREMAN, status=201, body=["what?"]), "", id="a wrong type"),
]


@pytest.mark.parametrize(("fault", "words"), UNKNOWN_OUTCOME_FAULTS)
async def test_an_unknown_outcome_is_asked_about_and_not_sent_again(
    env: Environment, alice: Person, bob: Person, fault: Fault, words: str
) -> None:
    before = calls(env)
    name = await make_request(alice, RESTART_COMMAND + " system=main", {"service": "nginx"})
    env.foreman.faults.append(fault)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", words, env=env)
    assert calls(env) == (before[0] + 1, before[1])
    assert "started again" in await say_it_did_not_run(bob, card, "Start it now")
    await wait_for_texts(card, "Done", env=env)
    assert calls(env) == (before[0] + 2, before[1] + 1)


async def test_foreman_away_is_waited_for(env: Environment, alice: Person) -> None:
    before = calls(env)
    name = await make_request(alice, RESTART_COMMAND + " system=main", {"service": "nginx"})
    env.foreman.faults.append(fault_at(FOREMAN, status=429, headers={"Retry-After": "1"}))
    card = await approve_request(env, name)
    await wait_for_texts(card, "Done", env=env)
    assert calls(env) == (before[0] + 2, before[1] + 1)


async def test_a_watch_that_fails_for_a_while_loses_nothing(env: Environment, alice: Person) -> None:
    env.foreman.speed = 1.0
    card = await approve_request(env, await make_request(alice, RESTART_COMMAND + " system=main", {"service": "nginx"}))
    await wait_for_texts(card, "Running", "0 of 20", env=env)
    for fault in (
        Fault("html", FOREMAN, "GET", status=502, remaining=4),
        Fault("status", FOREMAN, "GET", status=401, remaining=2),
        Fault("status", FOREMAN, "GET", status=200, body=[], remaining=2),
        Fault("status", FOREMAN, "GET", status=200, body={"results": [{"id": "x"}]}, remaining=2),
        Fault("status", FOREMAN, "GET", status=200, body={"results": []}, remaining=2),
        Fault("cut", FOREMAN, "GET", remaining=4),
    ):
        env.foreman.faults.append(fault)
    env.clock.advance(timedelta(seconds=40))
    await eventually(env, lambda: not any(fault.remaining for fault in env.foreman.faults))
    await wait_for_texts(card, "Done", "20 of 20", env=env)


def calls(env: Environment) -> tuple[int, int]:
    """The number of requests for a job that Foreman received, and of jobs it has."""
    return len(env.foreman.requests_to("POST", FOREMAN)), len(env.foreman.invocations)


# ImmyBot


async def start_maintenance(env: Environment, alice: Person, *faults: Fault) -> Message:
    """Full maintenance of one computer, approved while something is wrong. Returns its card."""
    modal = await open_form(alice, "/immybot when=now because=so")
    await fill_pages(
        modal,
        {
            "Targets": {"Computers": ["COR-003"]},
            "Maintenance": {"What": "Full maintenance: everything that is deployed"},
        },
    )
    name = await confirm_request(await press_preview(modal))
    env.immybot.faults += faults
    return await approve_request(env, name)


def run_count(env: Environment) -> tuple[int, int]:
    """The number of requests for a run that ImmyBot received, and of sessions it has."""
    return len(env.immybot.requests_to("POST", RUN)), len(env.immybot.sessions)


async def test_immybot_renews_a_token_that_was_taken_back_mid_way(env: Environment, alice: Person) -> None:
    before = run_count(env)
    card = await start_maintenance(env, alice)
    await wait_for_texts(card, "Running", env=env)
    env.immybot.revoke_tokens()
    env.clock.advance(timedelta(seconds=20))
    await wait_for_texts(card, "Done", env=env)
    env.immybot.revoke_tokens()
    card = await start_maintenance(env, alice)
    await wait_for_texts(card, "Running", env=env)
    env.clock.advance(timedelta(seconds=20))
    await wait_for_texts(card, "Done", env=env)
    assert run_count(env)[1] == before[1] + 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(
            fault_at(
                RUN,
                status=400,
                body={
                    "title": "One or more validation errors occurred.",
                    "errors": {"$.computers": ["Each target must be an object with a computerId."]},
                },
            ),
            "computerId",
            id="400",
        ),
        pytest.param(
            fault_at(RUN, status=403, body={"error": {"code": "Forbidden", "message": "No licence"}}),
            "does not permit this",
            id="403",
        ),
        pytest.param(
            fault_at(RUN, status=401, body={"error": {"code": "Unauthorized", "message": "expired"}}, remaining=2),
            "did not accept the bot's credentials",
            id="401 that stays",
        ),
    ],
)
async def test_a_run_that_immybot_rejects_fails_with_its_error(
    env: Environment, alice: Person, fault: Fault, words: str
) -> None:
    before = run_count(env)
    card = await start_maintenance(env, alice, fault)
    await wait_for_texts(card, "Failed", words, env=env)
    assert run_count(env)[1] == before[1]


@pytest.mark.parametrize("fault", [fault_at(RUN, "cut_after")])
async def test_immybot_sessions_whose_answer_was_lost_are_found(env: Environment, alice: Person, fault: Fault) -> None:
    before = run_count(env)
    card = await start_maintenance(env, alice, fault)
    await wait_for_texts(card, "Running", env=env)
    env.clock.advance(timedelta(seconds=20))
    await wait_for_texts(card, "Done", env=env)
    assert run_count(env) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault_at(RUN, "cut"), id="cut before it arrived"),
        pytest.param(fault_at(RUN, "html", status=200), id="the page of the application with 200"),
        pytest.param(
            fault_at(RUN, status=500, body={"error": {"code": "InternalError", "message": "unexpected"}}), id="500"
        ),
    ],
)
async def test_an_unknown_outcome_of_immybot_is_asked_about(env: Environment, alice: Person, fault: Fault) -> None:
    before = run_count(env)
    card = await start_maintenance(env, alice, fault)
    await wait_for_texts(card, "Outcome unknown", env=env)
    assert run_count(env) == (before[0] + 1, before[1])


async def test_a_request_that_immybot_takes_and_forgets_never_counts_as_done(env: Environment, alice: Person) -> None:
    env.immybot.drop_requests = True
    try:
        card = await start_maintenance(env, alice)
        env.clock.advance(timedelta(minutes=1))
        await eventually(env, lambda: "Running" in card.text or "Failed" in card.text or "Outcome unknown" in card.text)
        assert "Done" not in card.text
    finally:
        env.immybot.drop_requests = False


# OpsRamp


async def start_update(env: Environment, alice: Person, seconds: str, *faults: Fault) -> Message:
    """A change of one script parameter, approved while something is wrong. Returns the card."""
    modal = await open_form(alice, '/opsramp update job="Restart print spooler" when=now because=so')
    await fill_pages(modal, {"Script parameters": {"Timeout": seconds}})
    name = await confirm_request(await press_preview(modal))
    env.opsramp.faults += faults
    return await approve_request(env, name)


def timeout_of(env: Environment) -> str:
    """The timeout in the job now."""
    return str(env.opsramp.job_by_name("Restart print spooler")["script"]["parameters"][1]["value"])


@pytest.mark.parametrize("expired", [401, 407])
async def test_opsramp_renews_a_token_that_has_expired_mid_way(env: Environment, alice: Person, expired: int) -> None:
    env.opsramp.auth.expired_status = expired
    modal = await open_form(alice, '/opsramp update job="Restart print spooler" when=now because=so')
    await fill_pages(modal, {"Script parameters": {"Timeout": str(expired)}})
    name = await confirm_request(await press_preview(modal))
    env.opsramp.auth.revoke()
    await wait_for_texts(
        await approve_request(env, name), "Done", "OpsRamp updated the job, and it holds what was sent", env=env
    )
    assert timeout_of(env) == str(expired)
    env.opsramp.auth.expired_status = 401


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [
        ("301", fault_at(OPSRAMP_JOBS, status=500, body={"code": "0005", "msg": "Internal error"})),
        ("302", fault_at(OPSRAMP_JOBS, "cut_after")),
        ("303", fault_at(OPSRAMP_JOBS, status=429, headers={"Retry-After": "1"}, body={"error": "throttled"})),
    ],
    ids=["500 0005", "cut after it arrived", "429"],
)
async def test_an_update_that_arrived_or_may_be_repeated_succeeds(
    env: Environment, alice: Person, seconds: str, fault: Fault
) -> None:
    card = await start_update(env, alice, seconds, fault)
    await wait_for_texts(card, "Done", "it holds what was sent", env=env)
    assert timeout_of(env) == seconds


@pytest.mark.parametrize(
    ("seconds", "fault", "words"),
    [
        ("311", fault_at(OPSRAMP_JOBS, "html", status=502), "failed (502)"),
        ("312", fault_at(OPSRAMP_JOBS, "cut"), "was lost before its answer"),
    ],
    ids=["HTML", "cut before it arrived"],
)
async def test_an_update_that_cannot_be_found_is_asked_about(
    env: Environment, alice: Person, bob: Person, seconds: str, fault: Fault, words: str
) -> None:
    before = write_count(env)
    card = await start_update(env, alice, seconds, fault)
    await wait_for_texts(card, "Outcome unknown", words, env=env)
    assert write_count(env) == before + 1
    assert card.text.count(words) == 1
    await say_it_did_not_run(bob, card, "Start it now")
    await wait_for_texts(card, "Done", env=env)
    assert timeout_of(env) == seconds


async def test_an_update_that_opsramp_rejects_fails_with_its_error(env: Environment, alice: Person) -> None:
    before, held = write_count(env), timeout_of(env)
    refusal = fault_at(OPSRAMP_JOBS, status=400, body={"code": "0006", "msg": "Invalid job type"})
    card = await start_update(env, alice, "321", refusal)
    await wait_for_texts(card, "Failed", "Invalid job type", env=env)
    assert (write_count(env), timeout_of(env)) == (before + 1, held)


def write_count(env: Environment) -> int:
    """The number of writes of a job."""
    return len(env.opsramp.requests_to("POST", OPSRAMP_JOBS))


async def test_values_that_opsramp_drops_silently_are_reported(env: Environment, alice: Person) -> None:
    env.opsramp.ignored_keys = {"jobQueued"}
    try:
        modal = await open_form(alice, '/opsramp update job="Restart print spooler" when=now because=so')
        await go_to_page(modal, "", "Queued")
        await modal.fill({"Queued": not modal.value("Queued")})
        card = await approve_request(env, await confirm_request(await press_preview(modal)))
        await wait_for_texts(card, "Partly failed", "it holds something else than was sent", "Queued", env=env)
    finally:
        env.opsramp.ignored_keys = set()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault_at(OPSRAMP_JOBS, "cut_after", method="GET"), id="cut after it arrived"),
        pytest.param(fault_at(OPSRAMP_JOBS, "cut", method="GET"), id="cut before it arrived"),
        pytest.param(fault_at(OPSRAMP_JOBS, method="GET", status=500, body={"code": "0005"}), id="500 0005"),
    ],
)
async def test_a_run_of_unknown_fate_is_never_asked_for_again(env: Environment, alice: Person, fault: Fault) -> None:
    fault.path = r"/jobs/[^/]*/run$"
    line = '/opsramp run job="Nightly network backup" when=now because=so'
    name = await confirm_request(await press_preview(await open_form(alice, line)))
    env.opsramp.faults.append(fault)
    before = run_calls(env)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", env=env)
    assert run_calls(env) == before + 1


def run_calls(env: Environment) -> int:
    """The number of requests for a run on demand."""
    return len([r for r in env.opsramp.received_requests if r.path.endswith("/run")])
