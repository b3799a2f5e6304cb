"""Decides whether a run may start. Every start comes through here, whatever led to it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from bot.backends.base import Operation, Params, Plan
from bot.errors import BackendError, BadResponse, InputError, NotFound, RateLimited, Unreachable
from bot.ids import new_token
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Request, RequirementCode, Run, RunState
from bot.requests.notify.events import Event
from bot.requests.overlap import OverlapCode, judge_overlap
from bot.requests.pauses import Pause, held_text, holding_pause
from bot.requests.preflight import PreflightCode
from bot.requests.start_check import CANCELLED, must_cancel
from bot.schedule import ZonedTime
from bot.storage import messages, pauses, requests, runs
from bot.usecases.approvals.reopen import reopen_for_approval, series_renewal_reason
from bot.usecases.budgets import BudgetUsedUp
from bot.usecases.integrity import load_intact
from bot.usecases.notifications import tell
from bot.usecases.pauses.notes import note_to_admins
from bot.usecases.pauses.pause_series import pause_series
from bot.usecases.planning import plan_runs
from bot.usecases.preflight import StartPreflight, preflight_of_start
from bot.usecases.runs.attempts import prepare_attempt, start_of_run
from bot.usecases.runs.finish import finish_run
from bot.usecases.runs.transitions import StartingRun
from bot.usecases.runs.wait import end_of_wait, hold_for_pause, wait_and_recheck
from bot.usecases.services import Services

MOST_LATE = timedelta(hours=4)
"""How late a run without a latest start may start. After that its approvers are asked when it should."""
_log = structlog.get_logger(__name__)


class ObstacleCode(StrEnum):
    """Why a run does not start."""

    REQUEST_OVER = "request_over"
    CANCELLED = CANCELLED
    NOT_APPROVED = "not_approved"
    MISSED = "missed"
    PAUSED = "paused"
    FROZEN = "frozen"
    OVERLAPS = "overlaps"
    WAITS_FOR_LAST = "waits_for_last"
    LATE = "late"
    APPROVAL_INVALID = "approval_invalid"
    RENEWAL_DUE = "renewal_due"
    NOT_POSSIBLE = "not_possible"
    TAKEN_OVER = "taken_over"
    CANNOT_TELL = "cannot_tell"
    CHANGED = "changed"
    REFUSED = "refused"
    AUTHOR_LEFT = "author_left"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a run does not start, with the sentence for people. One that only ``waits`` is looked at again later.

    ``preflight`` is what the request would do now, where it has to be approved again for that; ``pause`` is what holds
    it.
    """

    code: ObstacleCode
    text: str
    preflight: StartPreflight | None = None
    pause: Pause | None = None

    @property
    def waits(self) -> bool:
        return self.code in (ObstacleCode.CANNOT_TELL, ObstacleCode.WAITS_FOR_LAST)

    @property
    def asks_again(self) -> bool:
        """Whether the approval no longer covers the run."""
        return self.code in (ObstacleCode.APPROVAL_INVALID, ObstacleCode.RENEWAL_DUE, ObstacleCode.LATE)

    @property
    def final_state(self) -> RunState | None:
        """The state in which the run ends; None if it waits, or is replaced by another run."""
        match self.code:
            case ObstacleCode.REQUEST_OVER | ObstacleCode.CANCELLED:
                return "cancelled"
            case (
                ObstacleCode.NOT_APPROVED
                | ObstacleCode.MISSED
                | ObstacleCode.FROZEN
                | ObstacleCode.REFUSED
                | ObstacleCode.OVERLAPS
            ):
                return "missed"
            case ObstacleCode.NOT_POSSIBLE:
                return "failed"
            case _:
                return None


async def admit(services: Services, run: Run, request: Request) -> StartingRun | None:
    """Check that a run may start now, and record what will be sent.

    Returns None if it may not; what becomes of the run instead is recorded. Raises Conflict if the run has changed, and
    ContentAltered if the request is not what was signed.
    """
    now = services.clock.now()
    async with services.db.read() as tx:
        request, _ = await load_intact(tx, request.id)
    obstacle, notes = await check_start(services, run, request, start_of_run(run, request, now))
    if obstacle is None:
        try:
            operation = services.backends.operation(request.content.backend, request.content.operation)
            await operation.prepare()
            plan = _build_plan(operation, run, request, new_token())
        except (Unreachable, BadResponse, RateLimited) as error:
            obstacle = Obstacle(ObstacleCode.CANNOT_TELL, str(error))
        except (NotFound, InputError, BackendError) as error:
            obstacle = Obstacle(ObstacleCode.NOT_POSSIBLE, str(error))
        else:
            prepared = await _prepare(services, run, request, operation, plan, now, notes)
            if isinstance(prepared, StartingRun):
                return prepared
            obstacle = prepared
    _log.info("run not started", run_id=run.id, code=obstacle.code, why=obstacle.text)
    await _record_obstacle(services, run, request, obstacle)
    return None


async def _prepare(
    services: Services,
    run: Run,
    request: Request,
    operation: Operation[Params],
    plan: Plan,
    now: datetime,
    notes: tuple[str, ...],
) -> StartingRun | Obstacle:
    """Record what will be sent, unless the time is Nightshift's to keep now or another start used up the budget."""
    if _must_take_over_schedule(plan, run, request, now):
        return Obstacle(ObstacleCode.TAKEN_OVER, plan.placement.reason)
    try:
        return await prepare_attempt(services, run, request, operation, plan, now, notes)
    except BudgetUsedUp as error:
        # The next check asks its approvers.
        return Obstacle(ObstacleCode.CANNOT_TELL, str(error))


async def check_start(
    services: Services, run: Run, request: Request, at: datetime
) -> tuple[Obstacle | None, tuple[str, ...]]:
    """Return why a run may not start at a moment, None if it may, and what its card should note."""
    notes: list[str] = []
    obstacle = await find_obstacle(services, run, request, services.clock.now(), notes, at)
    if obstacle is None or obstacle.asks_again:
        found = await preflight_of_start(services, run, request, at)
        obstacle = _obstacle_of(found, obstacle)
        notes += [found.verdict.text] if found.verdict.outcome == "go" and found.verdict.text else []
    return obstacle, tuple(notes)


def _obstacle_of(found: StartPreflight, known: Obstacle | None) -> Obstacle | None:
    """Return what is in the way of a start after its preflight; None if it may start.

    ``known`` is why it must be approved again whatever preflight says. Its approvers are then asked about what the
    request would do now, if that can be told, and about nothing that policy refuses.
    """
    verdict = found.verdict
    match verdict.outcome:
        case "go":
            return replace(known, preflight=found) if known else None
        case "wait":
            return known or Obstacle(ObstacleCode.CANNOT_TELL, verdict.text)
        case "ask":
            text = f"{known.text} {verdict.text}" if known else verdict.text
            return Obstacle(ObstacleCode.CHANGED, text, found)
        case "refuse" if verdict.code is PreflightCode.NOT_POSSIBLE:
            return Obstacle(ObstacleCode.NOT_POSSIBLE, verdict.text)
        case "refuse":
            codes = found.requirement.codes if found.requirement else ()
            left = RequirementCode.REQUESTER_NOT_ALLOWED in codes
            code = ObstacleCode.AUTHOR_LEFT if left else ObstacleCode.REFUSED
            return Obstacle(code, verdict.text)


async def find_obstacle(
    services: Services, run: Run, request: Request, now: datetime, notes: list[str], at: datetime | None = None
) -> Obstacle | None:
    """Return why a run may not start at a moment, as far as can be told without its back end; None if it may.

    Adds to ``notes`` what people should know of a start that could not be checked in full.
    """
    if request.state in FINAL_STATES:
        text = f"{request.name} was over before this run's time came."
        return Obstacle(ObstacleCode.REQUEST_OVER, text)
    if run.state == "scheduled_in_backend" and request.state == "awaiting_approval":
        text = f"Not started: {request.name} waits for approval."
        return Obstacle(ObstacleCode.NOT_APPROVED, text)
    latest_start = run.latest_start
    if latest_start is None and run.state == "pending" and run.silent_since is not None:
        latest_start = end_of_wait(services, run, run.silent_since)
    if latest_start is not None and now > latest_start:
        latest = ZonedTime.from_instant(latest_start, request.zone).local
        why = f" {run.problem}" if run.problem else ""
        return Obstacle(ObstacleCode.MISSED, f"Missed: it could not start before {latest:%d %b %H:%M %Z}.{why}")
    async with services.db.read() as tx:
        pause = holding_pause(await pauses.not_ended(tx), request.content.backend, request.id, at or now)
        overlap = judge_overlap(request, run, await runs.of_request(tx, request.id))
    if pause is not None:
        return Obstacle(ObstacleCode.PAUSED, held_text(pause, request.zone), pause=pause)
    if not overlap.may_start:
        if run.state == "scheduled_in_backend" and not must_cancel(at or now, now):
            # It may have ended by the time of the start.
            return Obstacle(ObstacleCode.WAITS_FOR_LAST, overlap.going)
        skips = overlap.code is OverlapCode.SKIPS
        return Obstacle(ObstacleCode.OVERLAPS if skips else ObstacleCode.WAITS_FOR_LAST, overlap.text)
    if freeze := await services.policy.active_freeze_reason(request, at or now):
        return Obstacle(ObstacleCode.FROZEN, f"Not started: {freeze}")
    if late := _lateness(run, request, now):
        return Obstacle(ObstacleCode.LATE, late)
    approval = await services.approvals.approval_at_start(request)
    if approval.permission.is_unknown:
        return Obstacle(ObstacleCode.CANNOT_TELL, approval.permission.reason)
    if not approval.permission.allowed:
        return Obstacle(ObstacleCode.APPROVAL_INVALID, approval.permission.reason)
    notes += [approval.note] if approval.note else []
    if reason := await series_renewal_reason(services, request):
        return Obstacle(ObstacleCode.RENEWAL_DUE, reason)
    return None


def _lateness(run: Run, request: Request, now: datetime) -> str:
    """Return how late a start is that nobody limited and that nobody expects any more; "" if it is not that late."""
    due = run.due_at or (request.approved_at if request.content.schedule.kind == "now" else None)
    if run.state != "pending" or run.latest_start is not None or due is None or now - due <= MOST_LATE:
        return ""
    local = ZonedTime.from_instant(due, request.zone).local
    return f"It was to start {local:%a %d %b %H:%M %Z}, and could not."


async def _record_obstacle(services: Services, run: Run, request: Request, obstacle: Obstacle) -> None:
    is_kept_here = request.is_series and request.scheduler == "nightshift"
    if obstacle.pause is not None:
        await hold_for_pause(services, run, request, obstacle.pause)
    elif obstacle.code is ObstacleCode.AUTHOR_LEFT and is_kept_here:
        await pause_series(services, request.id, None, obstacle.text)
    elif obstacle.code is ObstacleCode.AUTHOR_LEFT:
        await ask_for_another_requester(services, run, request, obstacle)
    elif obstacle.waits:
        await wait_and_recheck(services, run, request, obstacle.text)
    elif obstacle.code is ObstacleCode.TAKEN_OVER:
        await _take_over_schedule(services, run, request, obstacle.text)
    elif obstacle.final_state is not None:
        await end_run(services, run, request, obstacle.final_state, obstacle)
    else:
        try:
            await reopen_for_approval(services, run, request, obstacle.code, obstacle.text, obstacle.preflight)
        except InputError as error:
            # Nobody could approve what it would do now, or policy refuses that.
            await end_run(services, run, request, "missed", replace(obstacle, text=f"{obstacle.text} {error}"))
        except (Unreachable, BadResponse, RateLimited) as error:
            # Its card cannot be filled in.
            await wait_and_recheck(services, run, request, str(error))


async def ask_for_another_requester(services: Services, run: Run, request: Request, obstacle: Obstacle) -> None:
    """Keep a request whose authors may not request it any more until somebody takes it over, or it expires."""
    why = f"Not started: {obstacle.text} Somebody who may request this can take it over: "
    why += f"/nightshift takeover {request.name}."
    await reopen_for_approval(services, run, request, obstacle.code, why)
    async with services.db.write() as tx:
        text = f"{request.name} was approved, but a run of it did not start. {why}"
        await note_to_admins(tx, services, text, dedupe=f"not-started:{run.id}")
    services.wake.sender.set()


async def end_run(services: Services, run: Run, request: Request, state: RunState, obstacle: Obstacle) -> None:
    """End a run that may not start. Administrators are told where policy refuses what was approved."""
    refused = obstacle.code is ObstacleCode.REFUSED
    problem = f"Not started: {obstacle.text}" if refused else obstacle.text
    async with services.db.write() as tx:
        is_skipped = obstacle.code is ObstacleCode.OVERLAPS
        await finish_run(
            tx, services, run, request, state, problem=problem, code=obstacle.code, announce=not is_skipped
        )
        if is_skipped:
            text = f"{request.name}, run {run.number}: {problem}"
            await tell(tx, services, request, Event.SKIPPED, text, key=run.id)
        if refused or obstacle.code is ObstacleCode.CHANGED:
            text = f"{request.name} was approved, but a run of it did not start. {problem}"
            await note_to_admins(tx, services, text, dedupe=f"not-started:{run.id}")
    services.wake.sender.set()


def _build_plan(operation: Operation[Params], run: Run, request: Request, token: str) -> Plan:
    params = operation.params_model.model_validate(request.content.params)
    if run.due_at is not None:
        params = operation.without_own_timing(params)
        due = ZonedTime.from_instant(run.due_at, request.zone)
        return operation.plan_occurrence(params, request.content.schedule, due, token)
    return operation.plan(params, request.content.schedule, token)


def _must_take_over_schedule(plan: Plan, run: Run, request: Request, now: datetime) -> bool:
    """Return whether the back end was to keep the time and no longer can: its start may be too near by now."""
    if request.scheduler != "backend" or plan.placement.scheduler != "nightshift" or run.due_at is not None:
        return False
    return request.is_series or (request.start_at is not None and request.start_at > now)


async def _take_over_schedule(services: Services, run: Run, request: Request, why: str) -> None:
    """Let Nightshift keep the time instead of the back end."""
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request.id)
        request = await requests.transition(tx, request, request.state, scheduler="nightshift", scheduler_reason=why)
        await runs.transition(tx, run, "cancelled", finished_at=now, problem=why)
        await plan_runs(tx, now, request, services.settings.timing.grace_minutes)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    services.wake.scheduler.set()
