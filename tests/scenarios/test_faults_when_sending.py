"""What goes wrong while work is handed over: what people read, how it ends, and that nothing is ever done twice."""

from datetime import timedelta
from typing import Any

import pytest

from playground.sandbox import Fault
from playground.slack import Message, Person
from playground.stage import Stage
from tests.scenarios.filling import fill_pages
from tests.scenarios.steps import RESTART, approved, asked, opened, previewed, reads, sent, so, told

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
def another_minute(on: Stage) -> None:
    """OpsRamp takes so many calls a minute; each test begins with all of them."""
    on.clock.forward(timedelta(minutes=2))


def at(path: str, kind: Any = "status", method: str = "POST", **more: Any) -> Fault:
    """A fault of the calls that do something."""
    return Fault(kind, path, method, **more)


REFUSED = [
    pytest.param(at(FOREMAN, status=401), "did not accept the bot's credentials (401)", id="401"),
    pytest.param(at(FOREMAN, status=403, body=GENERIC), "does not permit this to the bot's account (403)", id="403"),
    pytest.param(at(FOREMAN, status=404, body={"error": {"message": "Template with id '190' was not found"}}),
                 "Template with id '190' was not found", id="404"),
    pytest.param(at(FOREMAN, status=500, body=INVALID), "Start at is in the past", id="500 with a validation error"),
    pytest.param(at(FOREMAN, status=422, body={"message": "no"}), "refused (422)", id="422"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "words"), REFUSED)
async def test_what_foreman_refuses_fails_with_its_words(on: Stage, alice: Person, fault: Fault, words: str) -> None:
    before = calls(on)
    name = await asked(alice, RESTART + " system=main", {"service": "nginx"})
    on.foreman.faults.append(fault)
    card = await approved(on, name)
    await reads(card, "Failed", words, on=on)
    receipt = await alice.wait_for(f"{name} ·", where="#results")
    assert words in receipt.text
    assert calls(on) == (before[0] + 1, before[1])


ARRIVED = [
    pytest.param(at(FOREMAN, "cut_after"), "/foreman system=main", id="cut after it arrived"),
    pytest.param(at(FOREMAN, "hang"), "/foreman system=hasty", id="no answer in time"),
]


@pytest.mark.parametrize(("fault", "command"), ARRIVED)
async def test_a_call_whose_answer_was_lost_is_found_and_not_sent_again(
    on: Stage, alice: Person, fault: Fault, command: str
) -> None:
    before = calls(on)
    name = await asked(alice, RESTART.replace("/foreman run", command), {"service": "nginx"})
    on.foreman.faults.append(fault)
    card = await approved(on, name)
    await reads(card, "Succeeded", "20 succeeded", on=on)
    assert calls(on) == (before[0] + 1, before[1] + 1)


IN_DOUBT = [
    pytest.param(at(FOREMAN, "cut"), "was lost before its answer", id="cut before it arrived"),
    pytest.param(at(FOREMAN, status=500, body=GENERIC), "Internal Server Error", id="500 without a reason"),
    pytest.param(at(FOREMAN, "html", status=502), "failed (502)", id="HTML with an error status"),
    pytest.param(at(FOREMAN, "html", status=200), "answered with text/html", id="HTML with 200"),
    pytest.param(at(FOREMAN, status=201, body=["what?"]), "", id="a wrong type"),
]


@pytest.mark.parametrize(("fault", "words"), IN_DOUBT)
async def test_what_cannot_be_told_is_asked_and_not_sent_again(
    on: Stage, alice: Person, bob: Person, fault: Fault, words: str
) -> None:
    before = calls(on)
    name = await asked(alice, RESTART + " system=main", {"service": "nginx"})
    on.foreman.faults.append(fault)
    card = await approved(on, name)
    await reads(card, "Unknown: it may or may not have started", words, on=on)
    assert calls(on) == (before[0] + 1, before[1])
    assert "started again" in await told(bob, "It did not run: run it again", card)
    await reads(card, "Succeeded", on=on)
    assert calls(on) == (before[0] + 2, before[1] + 1)


async def test_people_can_say_under_which_id_it_ran(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice, RESTART + " system=main", {"service": "nginx"})
    on.foreman.faults.append(at(FOREMAN, "cut"))
    card = await approved(on, name)
    await reads(card, "Unknown", on=on)
    made = on.foreman.invocations[-1].id
    await bob.click("It ran", card)
    question = await bob.modal()
    label = question.labels[0]
    await question.fill({label: "99999"})
    assert "99999" in (await question.submit()).errors[label]
    await question.fill({label: str(made)})
    await question.submit()
    await reads(card, "Succeeded", on=on)


async def test_foreman_away_is_waited_for(on: Stage, alice: Person) -> None:
    before = calls(on)
    name = await asked(alice, RESTART + " system=main", {"service": "nginx"})
    on.foreman.faults.append(at(FOREMAN, status=429, headers={"Retry-After": "1"}))
    card = await approved(on, name)
    await reads(card, "Succeeded", on=on)
    assert calls(on) == (before[0] + 2, before[1] + 1)


async def test_a_watch_that_fails_for_a_while_loses_nothing(on: Stage, alice: Person) -> None:
    on.foreman.speed = 1.0
    card = await approved(on, await asked(alice, RESTART + " system=main", {"service": "nginx"}))
    await reads(card, "Running", "0 of 20", on=on)
    for fault in (
        Fault("html", FOREMAN, "GET", status=502, times=4),
        Fault("status", FOREMAN, "GET", status=401, times=2),
        Fault("status", FOREMAN, "GET", status=200, body=[], times=2),
        Fault("status", FOREMAN, "GET", status=200, body={"results": [{"id": "x"}]}, times=2),
        Fault("status", FOREMAN, "GET", status=200, body={"results": []}, times=2),
        Fault("cut", FOREMAN, "GET", times=4),
    ):
        on.foreman.faults.append(fault)
    on.clock.forward(timedelta(seconds=40))
    await so(on, lambda: not any(fault.times for fault in on.foreman.faults))
    await reads(card, "Succeeded", "20 of 20", on=on)


def calls(on: Stage) -> tuple[int, int]:
    """How often Foreman was asked for a job, and how many it has."""
    return len(on.foreman.received("POST", FOREMAN)), len(on.foreman.invocations)


# ImmyBot


async def maintenance(on: Stage, alice: Person, *faults: Fault) -> Message:
    """Full maintenance of one computer, approved while something is wrong. Returns its card."""
    modal = await opened(alice, "/immybot when=now because=so")
    await fill_pages(modal, {"Targets": {"Computers": ["COR-003"]}, "Maintenance": {"Full maintenance": True}})
    name = await sent(await previewed(modal))
    on.immybot.faults += faults
    return await approved(on, name)


def runs(on: Stage) -> tuple[int, int]:
    """How often ImmyBot was asked for a run, and how many sessions it has."""
    return len(on.immybot.received("POST", RUN)), len(on.immybot.sessions)


async def test_immybot_renews_a_token_that_was_taken_back_mid_way(on: Stage, alice: Person) -> None:
    before = runs(on)
    card = await maintenance(on, alice)
    await reads(card, "Running", on=on)
    on.immybot.revoke_tokens()
    on.clock.forward(timedelta(seconds=20))
    await reads(card, "Succeeded", on=on)
    on.immybot.revoke_tokens()
    card = await maintenance(on, alice)
    await reads(card, "Running", on=on)
    on.clock.forward(timedelta(seconds=20))
    await reads(card, "Succeeded", on=on)
    assert runs(on)[1] == before[1] + 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(at(RUN, status=400, body={"title": "One or more validation errors occurred.", "errors": {
            "$.computers": ["Each target must be an object with a computerId."]}}), "computerId", id="400"),
        pytest.param(at(RUN, status=403, body={"error": {"code": "Forbidden", "message": "No licence"}}),
                     "does not permit this", id="403"),
        pytest.param(at(RUN, status=401, body={"error": {"code": "Unauthorized", "message": "expired"}}, times=2),
                     "did not accept the bot's credentials", id="401 that stays"),
    ],
)  # fmt: skip
async def test_what_immybot_refuses_fails_with_its_words(on: Stage, alice: Person, fault: Fault, words: str) -> None:
    before = runs(on)
    card = await maintenance(on, alice, fault)
    await reads(card, "Failed", words, on=on)
    assert runs(on)[1] == before[1]


@pytest.mark.parametrize("fault", [at(RUN, "cut_after")])
async def test_immybot_sessions_whose_answer_was_lost_are_found(on: Stage, alice: Person, fault: Fault) -> None:
    before = runs(on)
    card = await maintenance(on, alice, fault)
    await reads(card, "Running", on=on)
    on.clock.forward(timedelta(seconds=20))
    await reads(card, "Succeeded", on=on)
    assert runs(on) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(at(RUN, "cut"), id="cut before it arrived"),
        pytest.param(at(RUN, "html", status=200), id="the page of the application with 200"),
        pytest.param(at(RUN, status=500, body={"error": {"code": "InternalError", "message": "unexpected"}}), id="500"),
    ],
)
async def test_what_cannot_be_told_of_immybot_is_asked(on: Stage, alice: Person, fault: Fault) -> None:
    before = runs(on)
    card = await maintenance(on, alice, fault)
    await reads(card, "Unknown: it may or may not have started", on=on)
    assert runs(on) == (before[0] + 1, before[1])


async def test_a_request_that_immybot_takes_and_forgets_never_counts_as_done(on: Stage, alice: Person) -> None:
    on.immybot.loses_requests = True
    try:
        card = await maintenance(on, alice)
        on.clock.forward(timedelta(minutes=1))
        await so(on, lambda: "Running" in card.text or "Failed" in card.text or "Unknown" in card.text)
        assert "Succeeded" not in card.text
    finally:
        on.immybot.loses_requests = False


# OpsRamp


async def update(on: Stage, alice: Person, seconds: str, *faults: Fault) -> Message:
    """A change of one script parameter, approved while something is wrong. Returns the card."""
    modal = await opened(alice, '/opsramp update job="Restart print spooler" when=now because=so')
    await fill_pages(modal, {"Script parameters": {"Timeout": seconds}})
    name = await sent(await previewed(modal))
    on.opsramp.faults += faults
    return await approved(on, name)


def timeout_of(on: Stage) -> str:
    """What the job holds now."""
    return str(on.opsramp.job_named("Restart print spooler")["script"]["parameters"][1]["value"])


@pytest.mark.parametrize("expired", [401, 407])
async def test_opsramp_renews_a_token_that_has_expired_mid_way(on: Stage, alice: Person, expired: int) -> None:
    on.opsramp.gate.expired = expired
    modal = await opened(alice, '/opsramp update job="Restart print spooler" when=now because=so')
    await fill_pages(modal, {"Script parameters": {"Timeout": str(expired)}})
    name = await sent(await previewed(modal))
    on.opsramp.gate.revoke()
    await reads(await approved(on, name), "Succeeded", "OpsRamp updated the job, and it holds what was sent", on=on)
    assert timeout_of(on) == str(expired)
    on.opsramp.gate.expired = 401


@pytest.mark.parametrize(
    ("seconds", "fault"),
    [
        ("301", at(OPSRAMP_JOBS, status=500, body={"code": "0005", "msg": "Internal error"})),
        ("302", at(OPSRAMP_JOBS, "cut_after")),
        ("303", at(OPSRAMP_JOBS, status=429, headers={"Retry-After": "1"}, body={"error": "throttled"})),
    ],
    ids=["500 0005", "cut after it arrived", "429"],
)
async def test_an_update_that_arrived_or_may_be_repeated_succeeds(
    on: Stage, alice: Person, seconds: str, fault: Fault
) -> None:
    card = await update(on, alice, seconds, fault)
    await reads(card, "Succeeded", "it holds what was sent", on=on)
    assert timeout_of(on) == seconds


@pytest.mark.parametrize(
    ("seconds", "fault", "words"),
    [
        ("311", at(OPSRAMP_JOBS, "html", status=502), "failed (502)"),
        ("312", at(OPSRAMP_JOBS, "cut"), "was lost before its answer"),
    ],
    ids=["HTML", "cut before it arrived"],
)
async def test_an_update_that_cannot_be_found_is_asked_about(
    on: Stage, alice: Person, bob: Person, seconds: str, fault: Fault, words: str
) -> None:
    before = writes(on)
    card = await update(on, alice, seconds, fault)
    await reads(card, "Unknown: it may or may not have started", words, on=on)
    assert writes(on) == before + 1
    assert card.text.count(words) == 1
    await told(bob, "It did not run: run it again", card)
    await reads(card, "Succeeded", on=on)
    assert timeout_of(on) == seconds


async def test_an_update_that_opsramp_refuses_fails_with_its_words(on: Stage, alice: Person) -> None:
    before, held = writes(on), timeout_of(on)
    refusal = at(OPSRAMP_JOBS, status=400, body={"code": "0006", "msg": "Invalid job type"})
    card = await update(on, alice, "321", refusal)
    await reads(card, "Failed", "Invalid job type", on=on)
    assert (writes(on), timeout_of(on)) == (before + 1, held)


def writes(on: Stage) -> int:
    """How often a job was written."""
    return len(on.opsramp.received("POST", OPSRAMP_JOBS))


async def test_what_opsramp_drops_without_a_word_is_told(on: Stage, alice: Person) -> None:
    on.opsramp.ignores = {"jobQueued"}
    try:
        modal = await opened(alice, '/opsramp update job="Restart print spooler" when=now because=so')
        await modal.fill({"Queued": not modal.value("Queued")})
        card = await approved(on, await sent(await previewed(modal)))
        await reads(card, "Partly failed", "it holds something else than was sent", "Queued", on=on)
    finally:
        on.opsramp.ignores = set()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(at(OPSRAMP_JOBS, "cut_after", method="GET"), id="cut after it arrived"),
        pytest.param(at(OPSRAMP_JOBS, "cut", method="GET"), id="cut before it arrived"),
        pytest.param(at(OPSRAMP_JOBS, method="GET", status=500, body={"code": "0005"}), id="500 0005"),
    ],
)
async def test_a_run_of_unknown_fate_is_never_asked_for_again(on: Stage, alice: Person, fault: Fault) -> None:
    fault.path = r"/jobs/[^/]*/run$"
    line = '/opsramp run job="Nightly network backup" when=now because=so'
    name = await sent(await previewed(await opened(alice, line)))
    on.opsramp.faults.append(fault)
    before = runs_asked(on)
    card = await approved(on, name)
    await reads(card, "Unknown: it may or may not have started", on=on)
    assert runs_asked(on) == before + 1


def runs_asked(on: Stage) -> int:
    """How often OpsRamp was asked for a run on demand."""
    return len([r for r in on.opsramp.ledger if r.path.endswith("/run")])
