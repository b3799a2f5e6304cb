"""How a run went, worked out from its sessions."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.backends.base import TargetResult
from bot.backends.immybot.progress import ExpectedRun, parse_target_label, run_progress, target_label
from bot.backends.immybot.sessions import Session, SessionQuery
from tests.unit.immybot.support import START

RUN = ExpectedRun(START, frozenset({101, 102}), False, frozenset(), False, timedelta(hours=2))
SOON, LATE = START + timedelta(minutes=1), START + timedelta(hours=1, seconds=1)


def session(number: int, status: str, computer: int | None = None, **more: Any) -> Session:
    return Session(number, status, computer_id=computer, computer=f"pc-{computer}" if computer else "", **more)


def labels(state: str, run: ExpectedRun = RUN, now: datetime = SOON, complete: bool = True, *sessions: Session) -> str:
    progress = run_progress(run, sessions, {1: "no disk"}, now, complete=complete)
    return f"{progress.state} {progress.total}/{progress.succeeded}/{progress.failed}/{progress.pending}/" + str(
        progress.cancelled
    )


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("Passed", "Passed"), "succeeded 2/2/0/0/0"),
        (("Passed", "Failed"), "partly_failed 2/1/1/0/0"),
        (("Failed", "Failed"), "failed 2/0/2/0/0"),
        (("Failed", "PartialPassed"), "partly_failed 2/0/2/0/0"),
        (("Passed", "Cancelled"), "partly_failed 2/1/0/0/1"),
        (("Cancelled", "Cancelled"), "cancelled 2/0/0/0/2"),
        (("Failed", "Cancelled"), "failed 2/0/1/0/1"),
        (("Missed", "Passed"), "partly_failed 2/1/1/0/0"),
        (("Passed", "Running"), "running 2/1/0/1/0"),
        (("Passed", "Created"), "waiting 2/1/0/1/0"),
        (("PendingConnectivity", "Postponed"), "waiting 2/0/0/2/0"),
        (("Passed",), "waiting 2/1/0/1/0"),
        (("MaxTrackedDevicesPerMonthExceeded", "Passed"), "partly_failed 2/1/1/0/0"),
    ],
)
def test_the_state_of_a_run(statuses: tuple[str, ...], expected: str):
    sessions = [session(n + 1, status, 101 + n) for n, status in enumerate(statuses)]
    assert labels("", RUN, SOON, True, *sessions) == expected


def test_a_run_is_not_over_while_anything_is_unread():
    sessions = (session(1, "Passed", 101), session(2, "Passed", 102))
    assert labels("", RUN, SOON, False, *sessions) == "waiting 2/2/0/0/0"
    one = RUN.starts_at + timedelta(hours=1)
    assert labels("", RUN, one, True, sessions[0]) == "waiting 2/1/0/1/0"
    assert labels("", RUN, LATE, True, sessions[0]) == "partly_failed 2/1/1/0/0"
    assert labels("", RUN, LATE, False, sessions[0]) == "waiting 2/1/0/1/0"


def test_a_run_on_tenants_waits_for_more_sessions():
    run = ExpectedRun(START, frozenset(), True, frozenset(), False, timedelta(hours=2))
    two = START + timedelta(minutes=2)
    assert labels("", run, two, True, session(1, "Passed", 7)) == "waiting 1/1/0/0/0"
    assert labels("", run, two + timedelta(seconds=1), True, session(1, "Passed", 7)) == "succeeded 1/1/0/0/0"
    assert labels("", run, LATE - timedelta(seconds=1), True) == "waiting 0/0/0/0/0"
    assert labels("", run, LATE, False) == "waiting 0/0/0/0/0"
    assert labels("", run, LATE, True) == "failed 1/0/1/0/0"


def test_computers_that_were_busy():
    run = ExpectedRun(START, frozenset({101, 102}), False, frozenset({102}), False, timedelta(hours=2))
    progress = run_progress(run, [session(1, "Passed", 101)], {}, SOON, complete=True)
    busy = "ImmyBot started nothing: a session was already in progress there."
    assert progress.results == (
        TargetResult(name="computer (#102)", state="failed", reason=busy),
        TargetResult(name="pc-101 (#101)", state="succeeded"),
    )
    assert (progress.state, progress.summary) == ("partly_failed", "Of 2: 1 passed, 1 already in a session.")


SKIPPED = " It may have been offline: such computers are skipped."


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        ("Passed", "succeeded", ""),
        ("Running", "running", ""),
        ("Failed", "failed", "No disk."),
        ("PartialPassed", "failed", "Passed in part. No disk."),
        ("Cancelled", "cancelled", f"Cancelled in ImmyBot.{SKIPPED}"),
        ("PendingConnectivity", "pending", "Offline; ImmyBot does it when it connects."),
        ("Missed", "failed", "Missed."),
        ("Created", "pending", "Created."),
        ("Something new", "pending", "Something new."),
    ],
)
def test_the_result_of_a_session(status: str, state: str, reason: str):
    run = ExpectedRun(START, frozenset({101}), False, frozenset(), True, timedelta(hours=2))
    (result,) = run_progress(run, [session(1, status, 101)], {1: "no disk"}, SOON, complete=True).results
    assert result == TargetResult.model_validate({"name": "pc-101 (#101)", "state": state, "reason": reason})


def test_words_about_failures_and_cancelling():
    (result,) = run_progress(RUN, [session(2, "Failed", 101)], {}, SOON, complete=True).results
    assert result.reason == "Its failed actions are listed in ImmyBot."
    (result,) = run_progress(RUN, [session(2, "Cancelled", 101)], {}, SOON, complete=True).results
    assert result.reason == "Cancelled in ImmyBot."


WAITING = " ImmyBot goes on with the waiting ones when they connect or are no longer postponed."


@pytest.mark.parametrize(
    ("sessions", "now", "summary"),
    [
        ([], SOON, "ImmyBot has accepted the request; its sessions are not there yet."),
        ([], LATE, "Of 2: 2 without a session."),
        ([session(1, "Passed", 101)], SOON, "Of 2: 1 passed, 1 without a session."),
        (
            [session(1, "Created", 101), session(2, "Failed", 102), session(3, "Passed"), session(4, "Odd")],
            SOON,
            "Of 4: 1 passed, 1 failed, 1 created, 1 Odd.",
        ),
        (
            [session(1, "Running", 101), session(2, "PartialPassed", 102), session(3, "Failed")],
            SOON,
            "Of 3: 1 passed in part, 1 failed, 1 running.",
        ),
        ([session(1, "Postponed", 101), session(2, "Passed", 102)], SOON,
         f"Of 2: 1 passed, 1 postponed by the person at the computer.{WAITING}"),
        ([session(1, "PendingConnectivity", 101), session(2, "Passed", 102)], START + timedelta(hours=2),
         f"Of 2: 1 passed, 1 offline.{WAITING}"),
        ([session(1, "PendingConnectivity", 101), session(2, "Passed", 102)], START + timedelta(hours=2, seconds=1),
         "Of 2: 1 passed, 1 offline. Still pending after 2 hours; Nightshift no longer expects an end. See ImmyBot."),
        ([session(1, "Passed", 101), session(2, "Passed", 102)], START + timedelta(hours=3), "Of 2: 2 passed."),
    ],
)  # fmt: skip
def test_the_summary(sessions: list[Session], now: datetime, summary: str):
    assert run_progress(RUN, sessions, {}, now, complete=True).summary == summary


def test_results_are_sorted_and_the_next_start_is_told():
    later, sooner = SOON + timedelta(hours=2), SOON + timedelta(hours=1)
    sessions = [
        session(1, "Passed", 101),
        session(2, "Created", 102, scheduled_at=later),
        session(3, "Failed", 103, scheduled_at=START),
        session(4, "Created", 104, scheduled_at=sooner),
        session(5, "Cancelled", 105),
        session(6, "Created", 106, scheduled_at=SOON),
    ]
    progress = run_progress(RUN, sessions, {}, SOON, complete=True)
    assert [result.name[:6] for result in progress.results] == [
        "pc-103", "pc-105", "pc-102", "pc-104", "pc-106", "pc-101"
    ]  # fmt: skip
    assert progress.starts_at == sooner
    running = run_progress(RUN, [*sessions, session(7, "Running", 107)], {}, SOON, complete=True)
    assert (running.state, running.starts_at) == ("running", None)


@pytest.mark.parametrize(
    ("target", "label", "parsed"),
    [
        (Session(1, "", computer_id=5, computer="pc"), "pc (#5)", ("computers", 5)),
        (Session(1, "", computer_id=5), "computer (#5)", ("computers", 5)),
        (Session(1, "", person_id=6, tenant_id=7), "person (person #6)", ("persons", 6)),
        (Session(1, "", tenant_id=7, tenant="Acme"), "Acme (tenant #7)", ("tenants", 7)),
        (Session(1, "", tenant_id=7), "tenant (tenant #7)", ("tenants", 7)),
        (Session(1, ""), "session 1", None),
    ],
)
def test_labels_of_targets(target: Session, label: str, parsed: tuple[str, int] | None):
    assert (target_label(target), parse_target_label(label)) == (label, parsed)


@pytest.mark.parametrize(
    ("query", "found", "expected"),
    [
        (SessionQuery("g", START), Session(1, "", computer_id=5), False),
        (SessionQuery("g", START, computers=frozenset({5})), Session(1, "", computer_id=5), True),
        (SessionQuery("g", START, computers=frozenset({5})), Session(1, "", computer_id=6, tenant_id=7), False),
        (SessionQuery("g", START, tenants=frozenset({7})), Session(1, "", tenant_id=7), True),
        (SessionQuery("g", START, tenants=frozenset({7})), Session(1, "", tenant_id=8), False),
        (SessionQuery("g", START, tenants=frozenset({7})), Session(1, ""), True),
        (SessionQuery("g", START, persons=frozenset({9})), Session(1, "", person_id=9), True),
        (SessionQuery("g", START, persons=frozenset({9})), Session(1, "", person_id=8), False),
        (SessionQuery("g", START, persons=frozenset({9})), Session(1, ""), True),
    ],
)
def test_which_listed_sessions_may_be_ours(query: SessionQuery, found: Session, expected: bool):
    assert query.may_match(found) is expected
