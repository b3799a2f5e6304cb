"""Foreman's rows as progress, without a server."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.backends.base import Handle, TargetResult
from bot.backends.foreman.progress import (
    has_ended,
    has_failures,
    host_result,
    parse_count,
    parse_timestamp,
    run_progress,
    series_progress,
)
from bot.values import Json, JsonObject

AT = datetime(2026, 11, 23, 20, tzinfo=UTC)
HANDLE = Handle(id="7", detail={"token": "ns-1", "at": AT.isoformat()})
TASK = {"id": "t"}


def run(now: datetime = AT, handle: Handle = HANDLE, **row: Json) -> tuple[str, int, int, int, int, int, str]:
    progress = run_progress({"dynflow_task": TASK, **row}, handle, now, 15)
    counts = (progress.total, progress.succeeded, progress.failed, progress.pending, progress.cancelled)
    return (progress.state, *counts, progress.summary)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"status": 0, "total_hosts": 2, "succeeded": 2}, ("succeeded", 2, 2, 0, 0, 0, "Succeeded in Foreman.")),
        ({"status": 0}, ("succeeded", 0, 0, 0, 0, 0, "Succeeded in Foreman. It ran on no host.")),
        (
            {"status": 1, "total": 3, "failed": 3, "status_label": "broken"},
            ("failed", 3, 0, 3, 0, 0, "Broken in Foreman."),
        ),
        (
            {"status": 1},
            ("failed", 0, 0, 0, 0, 0, "Failed in Foreman. It failed before any host was touched."),
        ),
        (
            {"status": 1, "succeeded": 1, "failed": 1, "pending": 1, "cancelled": 1},
            ("partly_failed", 4, 1, 1, 1, 1, "Partly failed in Foreman."),
        ),
        ({"status": 2, "total_hosts": "N/A"}, ("waiting", 0, 0, 0, 0, 0, "Waiting in Foreman.")),
        ({"status": 3}, ("running", 0, 0, 0, 0, 0, "Running in Foreman.")),
        ({"status": 4}, ("cancelled", 0, 0, 0, 0, 0, "Cancelled in Foreman.")),
        ({"status": 9}, ("waiting", 0, 0, 0, 0, 0, "Waiting in Foreman.")),
        ({"status": "odd"}, ("waiting", 0, 0, 0, 0, 0, "Waiting in Foreman.")),
        (
            {"status": 3, "missing": 1},
            ("running", 0, 0, 0, 0, 0, "Running in Foreman. 1 of its hosts has been deleted since."),
        ),
        (
            {"status": 3, "missing": 2},
            ("running", 0, 0, 0, 0, 0, "Running in Foreman. 2 of its hosts have been deleted since."),
        ),
    ],
)
def test_a_run(row: JsonObject, expected: tuple[str, int]):
    assert run(**row) == expected
    assert (has_ended(row), has_failures(row)) == (row["status"] in (0, 1, 4), row["status"] in (1, 4))


def test_what_else_a_run_has():
    result = TargetResult(name="a", state="failed")
    noted = HANDLE.model_copy(update={"detail": {"note": " Beware."}})
    row = {"status": 2, "dynflow_task": TASK, "start_at": "2026-11-24 06:00:00 +0100"}
    progress = run_progress(row, noted, AT, 15, [result])
    assert progress.results == (result,)
    assert progress.starts_at == datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert progress.summary == "Waiting in Foreman. Beware."


DEAD = "Foreman saved this job but never started it: nothing was run."


@pytest.mark.parametrize(
    ("row", "minutes", "handle", "dead"),
    [
        ({"status": 2, "dynflow_task": None}, 16, HANDLE, True),
        ({"status": 2, "dynflow_task": None}, 15, HANDLE, False),
        ({"status": 2}, 16, HANDLE, False),
        ({"status": 1, "dynflow_task": None}, 16, HANDLE, False),
        ({"status": 2, "dynflow_task": None}, 16, Handle(id="7"), False),
    ],
)
def test_a_run_without_a_task_is_given_up_after_a_while(row: JsonObject, minutes: int, handle: Handle, dead: bool):
    state, *_, summary = run(AT + timedelta(minutes=minutes), handle, **row)
    assert (state == "failed" and summary == DEAD) is dead


def series(row: JsonObject, *runs: JsonObject, now: datetime = AT) -> tuple[str, str, list[str]]:
    handle = HANDLE.model_copy(update={"detail": {**HANDLE.detail, "note": "!"}})
    progress = series_progress(row, handle, runs, "https://f", now, 15)
    assert all(made.url == f"https://f/job_invocations/{made.id}" for made in progress.runs)
    assert all(made.detail == {"token": "ns-1"} and made.kind == "run" for made in progress.runs)
    return progress.state, progress.summary, [made.id for made in progress.runs]


DONE: JsonObject = {"id": 12, "status": 0, "dynflow_task": TASK}
NEXT: JsonObject = {"id": 3, "status": 2, "dynflow_task": TASK, "start_at": "2026-11-25 06:00:00 UTC"}
LAST: JsonObject = {"id": 13, "status": 4, "dynflow_task": TASK}
BUSY: JsonObject = {"id": 9, "status": 3, "dynflow_task": TASK}


@pytest.mark.parametrize(
    ("row", "runs", "expected"),
    [
        ({}, (), ("running", "Foreman's series is active.!", [])),
        (
            {"state": "active", "iteration": 2, "max_iteration": 5},
            (DONE, BUSY, NEXT),
            ("running", "Foreman's series is active, run 2 of 5.!", ["9", "12"]),
        ),
        ({"state": "active", "iteration": 2}, (DONE,), ("running", "Foreman's series is active, run 2.!", ["12"])),
        ({"state": "cancelled"}, (DONE, LAST), ("cancelled", "Foreman's series is cancelled.!", ["12"])),
        (
            {"state": "cancelled"},
            ({**LAST, "total_hosts": 1},),
            ("cancelled", "Foreman's series is cancelled.!", ["13"]),
        ),
        ({"state": "active"}, (LAST,), ("running", "Foreman's series is active.!", ["13"])),
        ({"state": "failed"}, (), ("failed", "Foreman's series is failed.!", [])),
        ({"state": "finished"}, (DONE,), ("succeeded", "Foreman's series is finished.!", ["12"])),
        ({"state": "finished"}, (DONE, BUSY), ("running", "Foreman's series is finished.!", ["9", "12"])),
        ({"state": "disabled"}, (), ("waiting", "Foreman's series is disabled.!", [])),
    ],
)
def test_a_series(row: JsonObject, runs: tuple[JsonObject, ...], expected: tuple[str, str, list[str]]):
    assert series(row, *runs) == expected


def test_the_next_start_of_a_series():
    at = datetime(2026, 11, 25, 6, tzinfo=UTC)
    earlier = {**NEXT, "id": 2, "start_at": "2026-11-24 06:00:00 UTC"}
    told = {"next_occurence": "2026-12-01 06:00:00 UTC"}
    assert series_progress({}, HANDLE, [NEXT, earlier, DONE], "", AT, 15).starts_at == at
    assert series_progress(told, HANDLE, [NEXT], "", AT, 15).starts_at == datetime(2026, 12, 1, 6, tzinfo=UTC)
    assert series_progress({}, HANDLE, [DONE], "", AT, 15).starts_at is None


def test_a_series_whose_runs_never_got_a_task_is_given_up():
    saved: JsonObject = {"id": 1, "status": 2}
    late = AT + timedelta(minutes=16)
    text = "Foreman saved this series but never started it: nothing was run."
    assert series({}, saved, now=late) == ("failed", text, [])
    assert series({}, saved, DONE, now=late)[0] == "running"
    assert series({}, saved)[0] == "running"
    assert series({}, now=late)[0] == "running"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("success", "succeeded"), ("error", "failed"), ("failed", "failed"), ("cancelled", "cancelled"),
        ("running", "running"), ("N/A", "pending"), (None, "pending"),
    ],
)  # fmt: skip
def test_a_host(status: str | None, state: str):
    result = host_result({"name": "a", "job_status": status}, "why")
    assert (result.name, result.state, result.reason) == ("a", state, "why")
    assert host_result({"display_name": "b", "id": 1}).name == "b"
    assert host_result({"id": 1}) == TargetResult(name="1", state="pending")


@pytest.mark.parametrize("value", [None, 4, "", "2026-11-24", "2026-11-24 06:00:00"])
def test_a_time_without_an_offset_is_none(value: Json):
    assert parse_timestamp(value) is None


def test_counts_and_times():
    assert parse_timestamp(" 2026-11-24 06:00:00 UTC ") == datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert [parse_count(value) for value in (3, True, "3", None, 1.5)] == [3, 0, 0, 0, 0]
