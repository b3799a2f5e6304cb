"""Reads progress from Foreman's rows. Counts may be "N/A", times have two formats, and names may be absent."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.backends.base import Handle, Progress, ProgressState, TargetResult
from bot.values import Json, JsonObject

_STATES: Mapping[int, ProgressState] = {0: "succeeded", 1: "failed", 2: "waiting", 3: "running", 4: "cancelled"}
_HOST_STATES = {
    "success": "succeeded",
    "error": "failed",
    "failed": "failed",
    "cancelled": "cancelled",
    "running": "running",
}


def parse_timestamp(text: Json) -> datetime | None:
    """Parse ``2024-07-02 15:52:50 UTC`` or ``... +0200``. None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.strptime(re.sub(r" UTC$", " +0000", text.strip()), "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None


def parse_count(value: Json) -> int:
    """Return a count, or 0 for "N/A" and the like."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def has_ended(row: JsonObject) -> bool:
    """Return whether an invocation has ended."""
    return row.get("status") in (0, 1, 4)


def is_planned(row: JsonObject) -> bool:
    """Return whether an invocation has not started yet."""
    return row.get("status") == 2


def has_failures(row: JsonObject) -> bool:
    """Return whether an invocation has ended and did not succeed everywhere."""
    return row.get("status") in (1, 4)


def run_progress(
    row: JsonObject, handle: Handle, now: datetime, dead_after: int, results: Sequence[TargetResult] = ()
) -> Progress:
    """Return the progress of one invocation.

    An invocation without a task ``dead_after`` minutes after the call will never start.
    """
    if row.get("dynflow_task") is None and not has_ended(row) and _never_started(handle, now, dead_after):
        return Progress(state="failed", summary="Foreman saved this job but never started it: nothing was run.")
    state = _STATES.get(parse_count(row.get("status")) if isinstance(row.get("status"), int) else 2, "waiting")
    succeeded, failed = parse_count(row.get("succeeded")), parse_count(row.get("failed"))
    cancelled, pending = parse_count(row.get("cancelled")), parse_count(row.get("pending"))
    total = (
        parse_count(row.get("total_hosts")) or parse_count(row.get("total")) or succeeded + failed + cancelled + pending
    )
    if state == "failed" and succeeded:
        state = "partly_failed"
    return Progress(
        state=state,
        total=total,
        succeeded=succeeded,
        failed=failed,
        pending=pending,
        cancelled=cancelled,
        summary=_summary(row, state, total) + str(handle.detail.get("note") or ""),
        results=tuple(results),
        starts_at=parse_timestamp(row.get("start_at")),
    )


def series_progress(
    row: JsonObject,
    handle: Handle,
    runs: Sequence[JsonObject],
    url: str,
    now: datetime,
    dead_after: int,
) -> Progress:
    """Return the progress of a recurring logic and its invocations. If none of them got a task, the series will never
    run."""
    if runs and all(run.get("dynflow_task") is None for run in runs) and _never_started(handle, now, dead_after):
        return Progress(state="failed", summary="Foreman saved this series but never started it: nothing was run.")
    runs = sorted(runs, key=lambda run: parse_count(run.get("id")))
    series_state = str(row.get("state") or "active")
    token = str(handle.detail.get("token") or "")
    handles = tuple(run_handle(run, url, token) for run in runs if _is_run(run, series_state))
    under_way = any(not has_ended(run) for run in runs)
    state: ProgressState
    match series_state:
        case "cancelled":
            state = "cancelled"
        case "failed":
            state = "failed"
        case "finished":
            state = "running" if under_way else "succeeded"
        case "disabled":
            state = "waiting"
        case _:
            state = "running"
    iteration, most = row.get("iteration"), row.get("max_iteration")
    counted = f", run {iteration}" + (f" of {most}" if most else "") if isinstance(iteration, int) else ""
    return Progress(
        state=state,
        summary=f"Foreman's series is {series_state}{counted}." + str(handle.detail.get("note") or ""),
        starts_at=parse_timestamp(row.get("next_occurence")) or _next_start(runs),
        runs=handles,
    )


def run_handle(row: JsonObject, url: str, token: str, **detail: Json) -> Handle:
    """Return the handle of an invocation."""
    number_ = str(row.get("id"))
    return Handle(kind="run", id=number_, url=f"{url}/job_invocations/{number_}", detail={"token": token, **detail})


def host_result(row: JsonObject, reason: str = "") -> TargetResult:
    """Return the result on one host."""
    state = _HOST_STATES.get(str(row.get("job_status")), "pending")
    name = str(row.get("name") or row.get("display_name") or row.get("id"))
    return TargetResult.model_validate({"name": name, "state": state, "reason": reason})


def _never_started(handle: Handle, now: datetime, dead_after: int) -> bool:
    """Return whether a job without a task is so old that it will never get one."""
    at = handle.detail.get("at")
    return isinstance(at, str) and now - datetime.fromisoformat(at) > timedelta(minutes=dead_after)


def _is_run(run: JsonObject, series: str) -> bool:
    """Return whether a row of a series is a run. Foreman also has a row for the next run, which it cancels when the
    series ends."""
    if series == "cancelled" and run.get("status") == 4:
        return parse_count(run.get("total_hosts")) > 0
    return not is_planned(run)


def _next_start(runs: Sequence[JsonObject]) -> datetime | None:
    return next((parse_timestamp(run.get("start_at")) for run in reversed(runs) if is_planned(run)), None)


def _summary(row: JsonObject, state: ProgressState, total: int) -> str:
    label = str(row.get("status_label") or state)
    text = f"{label.replace('_', ' ').capitalize()} in Foreman."
    if state == "failed" and total == 0:
        text += " It failed before any host was touched."
    if state == "succeeded" and total == 0:
        text += " It ran on no host."
    if missing := parse_count(row.get("missing")):
        text += f" {missing} of its hosts {'has' if missing == 1 else 'have'} been deleted since."
    return text
