"""The timekeeper: whatever is due by the clock. Every node runs it; compare-and-set lets one of them win."""

from datetime import datetime, timedelta

import structlog

from bot.errors import Conflict, NotAllowed
from bot.ids import new_id
from bot.requests.approval.deadlines import escalates_at, next_reminder_at
from bot.requests.model import Request, sha256_hex
from bot.requests.text import approver_names
from bot.slack.live_directory import load_approval_directory
from bot.storage import audit, drafts, messages, requests, runs
from bot.usecases.runs import dispatch
from bot.usecases.services import Services

MAX_STARTS_PER_ROUND = 64
"""Runs handed to the engine in one round; the rest follow in the next."""
MAX_CHECKED_PER_ROUND = 100
"""The oldest requests that wait, for which it is found out whether anybody can decide them."""
ORPHANED_AFTER = timedelta(seconds=30)
_log = structlog.get_logger(__name__)


async def tick(services: Services) -> None:
    """One round: start what is due, expire and remind."""
    await start_due_runs(services)
    await expire_requests(services)
    await send_reminders(services)


async def start_due_runs(services: Services) -> None:
    """Hand every due run to the engine. Asking twice for the same run changes nothing."""
    async with services.db.read() as tx:
        due = await runs.due_to_start(tx, services.clock.now(), MAX_STARTS_PER_ROUND)
    for run in due:
        await services.engine.start(dispatch.JOB, dispatch.job_key(run))


async def expire_requests(services: Services) -> None:
    """End requests that nobody decided in time."""
    now = services.clock.now()
    async with services.db.read() as tx:
        late = list(await requests.past_approve_by(tx, now))
        late += [r for r in await requests.past_latest_start(tx, now) if r.id not in {x.id for x in late}]
    for request in late:
        await _expire_one(services, request)


async def _expire_one(services: Services, request: Request) -> None:
    now = services.clock.now()
    try:
        async with services.db.write() as tx:
            words = "Nobody decided in time, so nothing was done."
            await requests.transition(tx, request, "expired", finished_at=now, outcome=words)
            await audit.record(tx, now, "nightshift", "request.expired", request.id)
            await messages.mark_dirty(tx, request.id, now)
    except Conflict as conflict:
        _log.info("decided at the last moment", request=request.name, why=str(conflict))
    services.wake.sender.set()


async def send_reminders(services: Services) -> None:
    """Remind approvers with growing gaps, and bring in the second group when its time has come."""
    now = services.clock.now()
    async with services.db.read() as tx:
        waiting = await requests.past_remind_at(tx, now)
    for request in waiting:
        try:
            await _remind_one(services, request)
        except Conflict as conflict:
            _log.info("decided before the reminder", request=request.name, why=str(conflict))
        services.wake.sender.set()


async def _remind_one(services: Services, request: Request) -> None:
    now = services.clock.now()
    asked = request.round_opened_at or request.created_at
    text = _escalation_text(request, now)
    async with services.db.write() as tx:
        await requests.transition(
            tx, request, request.state, remind_at=next_reminder_at(request.requirement, asked, now)
        )
        for card in await messages.of_request(tx, request.id, ["approval"]):
            dedupe = f"reminder:{request.id}:{request.revision}:{int(now.timestamp())}:{card.recipient}"
            await messages.add(
                tx, now, "reminder", card.recipient, request.id, parent_id=card.id, facts={"text": text}, dedupe=dedupe
            )
        await messages.mark_dirty(tx, request.id, now)


def _escalation_text(request: Request, now: datetime) -> str:
    """What a reminder says besides: that a second group may decide now."""
    at = escalates_at(request.requirement, request.round_opened_at or request.created_at)
    second = request.requirement.escalate_to
    if at is None or second is None or now < at:
        return ""
    return f"{approver_names(second)} may decide now too."


async def alert_unapprovable(services: Services) -> None:
    """Tell the administrators of requests that nobody can decide as things are: a group is gone or empty."""
    admin = services.settings.channels.admin
    if not admin:
        return
    now = services.clock.now()
    held = await services.approvals.active_delegations()
    async with services.db.read() as tx:
        waiting = [brief.id for brief in await requests.summaries_awaiting_approval(tx, MAX_CHECKED_PER_ROUND)]
    for request_id in waiting:
        async with services.db.read() as tx:
            request = await requests.get(tx, request_id)
            decisions = await requests.decisions_of(tx, request_id)
        if request.state != "awaiting_approval":
            continue
        try:
            directory = await load_approval_directory(services.directory, request, decisions, require_complete=True)
        except NotAllowed:
            return
        found = services.approvals.approval_status(request, decisions, directory, held, now)
        if found.unapprovable_reasons:
            text = f"{request.name} cannot be approved by anybody as things are: {' '.join(found.unapprovable_reasons)}"
            dedupe = f"stuck:{request.id}:{request.revision}:{sha256_hex(text)}"
            async with services.db.write() as tx:
                await messages.add(tx, now, "note", admin, facts={"text": text}, dedupe=dedupe)
            services.wake.sender.set()


async def requeue_orphaned_runs(services: Services) -> None:
    """A safety net: a run that is starting or overdue, but that no job works on, gets a job again."""
    overdue = services.clock.now() - ORPHANED_AFTER
    async with services.db.read() as tx:
        lost = [*await runs.in_state(tx, "starting"), *await runs.due_to_start(tx, overdue)]
    for run in lost:
        if not await services.engine.has_running(dispatch.JOB, f"{run.id}:"):
            _log.warning("a run had lost its job; it gets a new one", run=run.id)
            await services.engine.start(dispatch.JOB, dispatch.job_key(run, new_id("s")))
    await dispatch.look_up_unknown_runs(services)


async def purge_old_records(services: Services) -> None:
    """Forget what has served its purpose. Requests, decisions and the audit trail are kept for ever."""
    now = services.clock.now()
    timing = services.settings.timing
    async with services.db.write() as tx:
        await drafts.delete_unused_since(tx, now - timedelta(days=timing.keep_drafts_days))
        await messages.delete_before(tx, now - timedelta(days=timing.keep_finished_jobs_days))
    await services.engine.prune(timing.keep_finished_jobs_days * 86400)
