"""Watches what was started, with a few list calls per back end, however many runs there are."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from bot import failpoints
from bot.backends.base import Handle, Progress
from bot.errors import BackendError, Conflict, NotFound
from bot.ids import new_id
from bot.requests.lifecycle import FINAL_STATES, can_transition
from bot.requests.model import Request, Run, RunState
from bot.requests.start_check import StartCheck, check_time, is_being_cancelled, is_cancelled_by_person, unchecked_note
from bot.storage import messages, requests, runs
from bot.storage.runs import RunChanges
from bot.storage.transactions import Tx
from bot.usecases.backend_registry import ConfiguredBackend
from bot.usecases.runs.finish import finish_run
from bot.usecases.runs.silence import note_silence
from bot.usecases.services import Services

_FINAL_RUN_STATE: Mapping[str, RunState] = {
    "succeeded": "succeeded",
    "partly_failed": "partly_failed",
    "failed": "failed",
    "cancelled": "cancelled",
}
MAX_RUNS_PER_ROUND = 1000
"""Maximum runs of a back end that are polled in one round; the others follow in the next."""
CLAIM_BATCH_SIZE = 50
"""Runs claimed in one transaction: more at once would keep clicks waiting."""
_log = structlog.get_logger(__name__)


async def poll_backend(services: Services, backend: ConfiguredBackend) -> int:
    """Poll every run of a back end that is due. Returns how many there were."""
    claimed = await _claim_due_runs(services, backend)
    # A run and a series may have the same id, so they are polled separately.
    batches: dict[tuple[str, str], list[Run]] = {}
    for run, operation in claimed:
        batches.setdefault((operation, str((run.handle or {}).get("kind"))), []).append(run)
    for (operation, _), batch in batches.items():
        await _poll_operation(services, backend, operation, batch)
    return len(claimed)


async def _claim_due_runs(services: Services, backend: ConfiguredBackend) -> Sequence[tuple[Run, str]]:
    interval = timedelta(seconds=services.settings.timing.watch_seconds)
    claimed: list[tuple[Run, str]] = []
    while len(claimed) < MAX_RUNS_PER_ROUND:
        async with services.db.write() as tx:
            batch = await runs.claim_for_polling(tx, backend.name, services.clock.now(), interval, CLAIM_BATCH_SIZE)
        claimed += batch
        if len(batch) < CLAIM_BATCH_SIZE:
            break
    return claimed


async def _poll_operation(services: Services, backend: ConfiguredBackend, key: str, batch: Sequence[Run]) -> None:
    operation = backend.connection.operations.get(key)
    if operation is None:
        return
    starts = not operation.owns_schedule
    handles = {run.id: Handle.model_validate(run.handle) for run in batch if run.handle}
    try:
        progress_by_id = await operation.poll(list(handles.values()))
    except BackendError as error:
        _log.warning("polling failed", backend=backend.name, runs=len(batch), why=str(error))
        await note_silence(services, batch, str(error))
        return
    for run in batch:
        handle = handles.get(run.id)
        progress = progress_by_id.get(handle.id) if handle else None
        if handle is not None and progress is not None:
            try:
                await _apply_progress(services, run, handle, progress, starts=starts)
            except (Conflict, NotFound) as conflict:
                _log.info("run changed while it was polled", run_id=run.id, why=str(conflict))
        # Let clicks through between the runs.
        await asyncio.sleep(0)


async def _apply_progress(services: Services, run: Run, handle: Handle, progress: Progress, *, starts: bool) -> None:
    """Record progress. ``starts`` is False for an operation that only creates what the back end starts."""
    json = progress.model_dump(mode="json", exclude={"runs"})
    planned: RunChanges = _planned_start(run, handle, progress) if starts else {}
    if json == run.progress and not progress.runs and not progress.is_final and not planned and not run.silent_since:
        return
    is_held_back = is_being_cancelled(run.start_check) and not is_cancelled_by_person(run.start_check)
    if is_held_back and progress.state == "cancelled":
        # What follows depends on why its start was cancelled.
        return
    if not starts and is_cancelled_by_person(run.start_check):
        # What it has created is being taken back.
        return
    now = services.clock.now()
    failpoints.hit(failpoints.BEFORE_PROGRESS)
    async with services.db.write() as tx:
        request = await requests.get(tx, run.request_id)
        if request.state in FINAL_STATES:
            # Its series is to be cancelled there now, not before its next run.
            planned.pop("check_at", None)
        if progress.runs:
            await _add_occurrences(tx, services, run, progress.runs)
        if starts and handle.kind == "run" and _has_started(run, progress):
            request = await _note_unchecked_start(tx, request, run.start_check)
        if progress.is_final:
            # The poll may see a cancellation before whoever asked for it has its answer.
            by_person = run.start_check if is_cancelled_by_person(run.start_check) else None
            problem = by_person.text if by_person is not None and progress.state == "cancelled" else ""
            await finish_run(
                tx, services, run, request, _FINAL_RUN_STATE[progress.state], problem=problem, progress=json
            )
        elif json != run.progress or planned or run.silent_since:
            is_running = progress.state == "running" and handle.kind == "run"
            state: RunState = "running" if is_running else run.state
            started = run.started_at or (now if is_running else None)
            changes: RunChanges = {**planned, "progress": json, "started_at": started}
            if run.silent_since:
                changes |= {"silent_since": None, "problem": ""}
            await runs.transition(tx, run, state, **changes)
            if is_running and not request.is_series and can_transition(request.state, "running"):
                await requests.transition(tx, request, "running", started_at=started)
            await messages.mark_dirty(tx, request.id, now, kinds=("approval", "receipt"))
    failpoints.hit(failpoints.AFTER_PROGRESS)
    services.wake.sender.set()


def _planned_start(run: Run, handle: Handle, progress: Progress) -> RunChanges:
    """Return the start that the back end has planned next, if it is another one than was known. It is to be checked."""
    is_planned = handle.kind == "series" or progress.state == "waiting"
    start = progress.starts_at
    if run.state != "scheduled_in_backend" or not is_planned or start is None or start == run.starts_at:
        return {}
    if is_cancelled_by_person(run.start_check) or (handle.kind == "series" and is_being_cancelled(run.start_check)):
        # Neither a cancellation nor a pause of a series ends with the start that it was first asked for.
        return {"starts_at": start}
    return {"starts_at": start, "start_check": None, "check_at": check_time(start)}


def _has_started(run: Run, progress: Progress) -> bool:
    return run.state == "scheduled_in_backend" and progress.state not in ("waiting", "cancelled")


async def _note_unchecked_start(tx: Tx, request: Request, check: StartCheck | None) -> Request:
    """Note on the card of a request that a start was not checked before the back end made it."""
    note = unchecked_note(check)
    if not note or request.start_notes == (note,):
        return request
    return await requests.transition(tx, request, request.state, start_notes=(note,))


async def _add_occurrences(tx: Tx, services: Services, series: Run, handles: Sequence[Handle]) -> None:
    """Store the runs that the back end has made of a series it keeps."""
    known = await runs.handles_of(tx, series.request_id)
    known_ids = {handle["id"] for _, handle in known if handle and handle["kind"] == "run"}
    number = max((number for number, _ in known), default=0)
    request = await requests.get(tx, series.request_id)
    for handle in handles:
        if handle.id in known_ids or request.state in FINAL_STATES:
            continue
        number += 1
        run = Run(
            id=new_id("n"),
            request_id=request.id,
            number=number,
            state="running",
            version=1,
            handle=handle.model_dump(mode="json"),
            started_at=services.clock.now(),
        )
        request = await _note_unchecked_start(tx, request, None)
        await runs.add(tx, run, request.content.backend, request.content.operation)
