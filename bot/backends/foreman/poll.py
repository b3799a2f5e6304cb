"""Polls runs and series with few list calls."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from bot.backends.base import Handle, PlannedStart, Progress, TargetResult
from bot.backends.foreman.api import ForemanApi, Row, quote_search_value
from bot.backends.foreman.progress import (
    has_failures,
    host_result,
    is_planned,
    parse_count,
    parse_timestamp,
    run_handle,
    run_progress,
    series_progress,
)
from bot.backends.foreman.start import JOB_INVOCATIONS, RECURRING_LOGICS
from bot.errors import BackendError, RemoteNotFound
from bot.values import Json

_BATCH_SIZE = 100
_MAX_NAMED_HOSTS = 2000
"""Maximum number of hosts named in a result."""

_MAX_EXPLAINED_HOSTS = 50
"""Maximum number of failed hosts whose output is fetched for a reason."""

_MAX_RUNS_PER_SERIES = 1000
_NEWEST_RUNS = 20

T = TypeVar("T")


async def poll(api: ForemanApi, handles: Sequence[Handle], now: datetime, dead_after: int) -> Mapping[str, Progress]:
    """Return the progress of runs and series by handle id. Those that Foreman does not show are left out."""
    runs = {handle.id: handle for handle in handles if handle.kind == "run"}
    series = {handle.id: handle for handle in handles if handle.kind == "series"}
    progress: dict[str, Progress] = {}
    for ids in _batches(list(runs)):
        progress |= await _poll_runs(api, {id_: runs[id_] for id_ in ids}, now, dead_after)
    for ids in _batches(list(series)):
        try:
            progress |= await _poll_series(api, {id_: series[id_] for id_ in ids}, now, dead_after)
        except BackendError:
            # An account that may not see series still gets the progress of runs.
            if not progress:
                raise
    return progress


async def planned_start(api: ForemanApi, series: Handle) -> PlannedStart | None:
    """Return the invocation that Foreman has made for the next run of a series; None if there is none."""
    rows, _ = await api.get_rows(
        JOB_INVOCATIONS, search=f"recurring_logic.id = {series.id}", order="id DESC", per_page=_NEWEST_RUNS
    )
    token = str(series.detail.get("token") or "")
    for row in rows:
        start = parse_timestamp(row.get("start_at"))
        if is_planned(row) and start is not None and token in str(row.get("description")):
            return PlannedStart(handle=run_handle(row, api.url, token), starts_at=start)
    return None


async def output(api: ForemanApi, run: str, host: str) -> str:
    """Return what the job printed on one host. Empty if Foreman keeps nothing."""
    body = await api.get(
        f"{JOB_INVOCATIONS}/{run}/outputs", search_query=f"name = {quote_search_value(host)}", raw="true"
    )
    return "\n".join(_output_text(entry.get("output")) for entry in _output_entries(body)).strip()


async def _poll_runs(
    api: ForemanApi, handles: Mapping[str, Handle], now: datetime, dead_after: int
) -> dict[str, Progress]:
    rows, _ = await api.get_rows(JOB_INVOCATIONS, search=f"id ^ ({', '.join(handles)})", per_page=_BATCH_SIZE)
    known = {str(row.get("id")): row for row in rows if str(row.get("id")) in handles}
    named = await asyncio.gather(*(_target_results(api, row) for row in known.values() if has_failures(row)))
    results = dict(zip((id_ for id_, row in known.items() if has_failures(row)), named, strict=True))
    return {id_: run_progress(row, handles[id_], now, dead_after, results.get(id_, ())) for id_, row in known.items()}


async def _poll_series(
    api: ForemanApi, handles: Mapping[str, Handle], now: datetime, dead_after: int
) -> dict[str, Progress]:
    ids = ", ".join(handles)
    logics, _ = await api.get_rows(RECURRING_LOGICS, search=f"id ^ ({ids})", per_page=_BATCH_SIZE)
    invocations, _ = await api.get_rows(
        JOB_INVOCATIONS, search=f"recurring_logic.id ^ ({ids})", order="id DESC", per_page=_MAX_RUNS_PER_SERIES
    )
    progress = {}
    for row in logics:
        id_ = str(row.get("id"))
        if id_ in handles:
            token = str(handles[id_].detail.get("token") or "")
            mine = [run for run in invocations if token and token in str(run.get("description"))]
            progress[id_] = series_progress(row, handles[id_], mine, api.url, now, dead_after)
    return progress


async def _target_results(api: ForemanApi, row: Row) -> Sequence[TargetResult]:
    """Return the hosts of an invocation that has ended, the failed first, then by name. Empty if Foreman does not list
    them."""
    try:
        hosts = await _hosts(api, row)
        failed = [str(host.get("name")) for host in hosts if host_result(host).state == "failed"]
        reasons = await _failure_reasons(api, row, hosts) if 0 < len(failed) <= _MAX_EXPLAINED_HOSTS else {}
    except BackendError:
        return ()
    results = [host_result(host, reasons.get(host.get("id"), "")) for host in hosts]
    return sorted(results, key=lambda result: (result.state != "failed", result.name))[:_MAX_NAMED_HOSTS]


async def _hosts(api: ForemanApi, row: Row) -> Sequence[Row]:
    """Return the hosts with their states: from the host list, or on older servers from the invocation."""
    path = f"{JOB_INVOCATIONS}/{row['id']}"
    search = "job_invocation.result = failed" if parse_count(row.get("total_hosts")) > _MAX_NAMED_HOSTS else None
    if search:
        search = f"job_invocation.id = {row['id']} and {search}"
    try:
        return (await api.get_rows(f"{path}/hosts", search=search, per_page=_MAX_NAMED_HOSTS))[0]
    except RemoteNotFound:
        shown = await api.get_object(path, host_status="true")
        targeting = shown.get("targeting")
        hosts = targeting.get("hosts") if isinstance(targeting, dict) else None
        return [host for host in hosts if isinstance(host, dict)] if isinstance(hosts, list) else []


async def _failure_reasons(api: ForemanApi, row: Row, hosts: Sequence[Row]) -> Mapping[Json, str]:
    """Return the last lines that each failed host printed, by host id."""
    search = f"job_invocation.id = {row['id']} and job_invocation.result = failed"
    try:
        body = await api.get(f"{JOB_INVOCATIONS}/{row['id']}/outputs", search_query=search, raw="true")
    except BackendError:
        return {}
    return {
        entry.get("host_id"): _last_output_lines(_output_text(entry.get("output"))) for entry in _output_entries(body)
    }


def _output_entries(body: Json) -> Iterator[Row]:
    entries = body.get("outputs") if isinstance(body, dict) else None
    yield from (entry for entry in entries or () if isinstance(entry, dict))


def _output_text(output: Json) -> str:
    """Return the text of an output, which is a string or a list of timed pieces."""
    if isinstance(output, list):
        return "".join(str(piece.get("output") or "") for piece in output if isinstance(piece, dict))
    return str(output or "")


def _last_output_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-2:])[-300:]


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH_SIZE)):
        yield batch
