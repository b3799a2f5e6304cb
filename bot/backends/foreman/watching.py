"""How what was started stands: a few list calls for many runs and series."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from bot.backends.base import Handle, Progress, TargetResult
from bot.backends.foreman.api import Api, Row, quoted
from bot.backends.foreman.progress import failures, number, of_host, of_run, of_series
from bot.backends.foreman.starting import INVOCATIONS, LOGICS
from bot.errors import BackendError, Missing

_BATCH = 100
_NAMED = 2000
"""Hosts named in a result at most."""

_EXPLAINED = 50
"""Failed hosts up to which the last words of their output are fetched."""

_RUNS_OF_SERIES = 1000

T = TypeVar("T")


async def poll(api: Api, handles: Sequence[Handle], now: datetime, dead_after: int) -> Mapping[str, Progress]:
    """How runs and series stand, by handle id; those that Foreman does not show are left out."""
    runs = {handle.id: handle for handle in handles if handle.kind == "run"}
    series = {handle.id: handle for handle in handles if handle.kind == "series"}
    found: dict[str, Progress] = {}
    for ids in _batches(list(runs)):
        found |= await _poll_runs(api, {id_: runs[id_] for id_ in ids}, now, dead_after)
    for ids in _batches(list(series)):
        try:
            found |= await _poll_series(api, {id_: series[id_] for id_ in ids}, now, dead_after)
        except BackendError:
            # The account may not see series; what is known of the runs is told all the same.
            if not found:
                raise
    return found


async def output(api: Api, run: str, host: str) -> str:
    """What the job printed on one host; empty where nothing is kept."""
    found = await api.get(f"{INVOCATIONS}/{run}/outputs", search_query=f"name = {quoted(host)}", raw="true")
    return "\n".join(_text(entry.get("output")) for entry in _outputs(found)).strip()


async def _poll_runs(api: Api, handles: Mapping[str, Handle], now: datetime, dead_after: int) -> dict[str, Progress]:
    rows, _ = await api.rows(INVOCATIONS, search=f"id ^ ({', '.join(handles)})", per_page=_BATCH)
    known = {str(row.get("id")): row for row in rows if str(row.get("id")) in handles}
    named = await asyncio.gather(*(_results(api, row) for row in known.values() if failures(row)))
    results = dict(zip((id_ for id_, row in known.items() if failures(row)), named, strict=True))
    return {id_: of_run(row, handles[id_], now, dead_after, results.get(id_, ())) for id_, row in known.items()}


async def _poll_series(api: Api, handles: Mapping[str, Handle], now: datetime, dead_after: int) -> dict[str, Progress]:
    ids = ", ".join(handles)
    logics, _ = await api.rows(LOGICS, search=f"id ^ ({ids})", per_page=_BATCH)
    made, _ = await api.rows(
        INVOCATIONS, search=f"recurring_logic.id ^ ({ids})", order="id DESC", per_page=_RUNS_OF_SERIES
    )
    found = {}
    for row in logics:
        id_ = str(row.get("id"))
        if id_ in handles:
            token = str(handles[id_].detail.get("token") or "")
            mine = [run for run in made if token and token in str(run.get("description"))]
            found[id_] = of_series(row, handles[id_], mine, api.url, now, dead_after)
    return found


async def _results(api: Api, row: Row) -> Sequence[TargetResult]:
    """The hosts of an ended invocation, the failed ones first, by name; none where Foreman does not tell."""
    try:
        hosts = await _hosts(api, row)
        failed = [str(host.get("name")) for host in hosts if of_host(host).state == "failed"]
        reasons = await _reasons(api, row, hosts) if 0 < len(failed) <= _EXPLAINED else {}
    except BackendError:
        return ()
    results = [of_host(host, reasons.get(host.get("id"), "")) for host in hosts]
    return sorted(results, key=lambda result: (result.state != "failed", result.name))[:_NAMED]


async def _hosts(api: Api, row: Row) -> Sequence[Row]:
    """The hosts with their states: from their own list, or on older servers from the invocation itself."""
    path = f"{INVOCATIONS}/{row['id']}"
    search = "job_invocation.result = failed" if number(row.get("total_hosts")) > _NAMED else None
    if search:
        search = f"job_invocation.id = {row['id']} and {search}"
    try:
        return (await api.rows(f"{path}/hosts", search=search, per_page=_NAMED))[0]
    except Missing:
        shown = await api.one(path, host_status="true")
        targeting = shown.get("targeting")
        hosts = targeting.get("hosts") if isinstance(targeting, dict) else None
        return [host for host in hosts if isinstance(host, dict)] if isinstance(hosts, list) else []


async def _reasons(api: Api, row: Row, hosts: Sequence[Row]) -> Mapping[Any, str]:
    """The last words that each failed host printed, by host id."""
    search = f"job_invocation.id = {row['id']} and job_invocation.result = failed"
    try:
        found = await api.get(f"{INVOCATIONS}/{row['id']}/outputs", search_query=search, raw="true")
    except BackendError:
        return {}
    return {entry.get("host_id"): _last_words(_text(entry.get("output"))) for entry in _outputs(found)}


def _outputs(found: Any) -> Iterator[Row]:
    entries = found.get("outputs") if isinstance(found, dict) else None
    yield from (entry for entry in entries or () if isinstance(entry, dict))


def _text(output: Any) -> str:
    """Output is text, or pieces of it with their times."""
    if isinstance(output, list):
        return "".join(str(piece.get("output") or "") for piece in output if isinstance(piece, dict))
    return str(output or "")


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-2:])[-300:]


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch
