"""The timekeeper: whatever is due by the clock. Every node runs it; compare-and-set lets one of them win."""

from datetime import datetime, timedelta

import structlog

from bot.errors import Conflict, NotAllowed
from bot.ids import new_id
from bot.requests.deadlines import escalates_at, next_reminder
from bot.requests.model import Request, hash_of
from bot.requests.words import approvers
from bot.slack.directory import directory_for
from bot.storage import audit, drafts, messages, requests, runs
from bot.usecases import dispatch
from bot.usecases.services import Services

STARTED_AT_ONCE = 64
"""Runs handed to the engine in one round; the rest follow in the next."""
LOOKED_AT_FOR_STUCK = 100
"""The oldest requests that wait, for which it is found out whether anybody can decide them."""
OVERDUE = timedelta(seconds=30)
_log = structlog.get_logger(__name__)


async def keep_time(app: Services) -> None:
    """One round: start what is due, expire and remind."""
    await start_due(app)
    await expire(app)
    await remind(app)


async def start_due(app: Services) -> None:
    """Hand every due run to the engine. Asking twice for the same run changes nothing."""
    async with app.db.read() as tx:
        due = await runs.due(tx, app.clock.now(), STARTED_AT_ONCE)
    for run in due:
        await app.engine.start(dispatch.JOB, f"{run.id}:{run.version}")


async def expire(app: Services) -> None:
    """End requests that nobody decided in time."""
    now = app.clock.now()
    async with app.db.read() as tx:
        late = list(await requests.due_to_expire(tx, now))
        late += [r for r in await requests.with_latest_start_before(tx, now) if r.id not in {x.id for x in late}]
    for request in late:
        await _expire(app, request)


async def _expire(app: Services, request: Request) -> None:
    now = app.clock.now()
    try:
        async with app.db.write() as tx:
            words = "Nobody decided in time, so nothing was done."
            await requests.move(tx, request, "expired", finished_at=now, outcome=words)
            await audit.record(tx, now, "nightshift", "request.expired", request.id)
            await messages.touch(tx, request.id, now)
    except Conflict as conflict:
        _log.info("decided at the last moment", request=request.name, why=str(conflict))
    app.nudges.sender.set()


async def remind(app: Services) -> None:
    """Remind approvers with growing gaps, and bring in the second group when its time has come."""
    now = app.clock.now()
    async with app.db.read() as tx:
        waiting = await requests.due_to_remind(tx, now)
    for request in waiting:
        try:
            await _remind(app, request)
        except Conflict as conflict:
            _log.info("decided before the reminder", request=request.name, why=str(conflict))
        app.nudges.sender.set()


async def _remind(app: Services, request: Request) -> None:
    now = app.clock.now()
    asked = request.asked_at or request.created_at
    text = _escalated(request, now)
    async with app.db.write() as tx:
        await requests.move(tx, request, request.state, remind_at=next_reminder(request.requirement, asked, now))
        for card in await messages.of_request(tx, request.id, ["approval"]):
            dedupe = f"reminder:{request.id}:{request.revision}:{int(now.timestamp())}:{card.to}"
            await messages.add(
                tx, now, "reminder", card.to, request.id, parent_id=card.id, facts={"text": text}, dedupe=dedupe
            )
        await messages.touch(tx, request.id, now)


def _escalated(request: Request, now: datetime) -> str:
    """What a reminder says besides: that a second group may decide now."""
    at = escalates_at(request.requirement, request.asked_at or request.created_at)
    second = request.requirement.escalate_to
    if at is None or second is None or now < at:
        return ""
    return f"{approvers(second)} may decide now too."


async def tell_stuck(app: Services) -> None:
    """Tell the administrators of requests that nobody can decide as things are: a group is gone or empty."""
    admin = app.settings.channels.admin
    if not admin:
        return
    now = app.clock.now()
    held = await app.rights.delegations(app)
    async with app.db.read() as tx:
        waiting = [brief.id for brief in await requests.brief_awaiting(tx, LOOKED_AT_FOR_STUCK)]
    for request_id in waiting:
        async with app.db.read() as tx:
            request = await requests.get(tx, request_id)
            decisions = await requests.decisions_of(tx, request_id)
        if request.state != "awaiting_approval":
            continue
        try:
            directory = await directory_for(app.people, request.requirement, [request.requester], whole=True)
        except NotAllowed:
            return
        found = app.rights.standing(request, decisions, directory, held, now)
        if found.stuck:
            text = f"{request.name} cannot be approved by anybody as things are: {' '.join(found.stuck)}"
            dedupe = f"stuck:{request.id}:{request.revision}:{hash_of(text)}"
            async with app.db.write() as tx:
                await messages.add(tx, now, "note", admin, facts={"text": text}, dedupe=dedupe)
            app.nudges.sender.set()


async def sweep(app: Services) -> None:
    """A safety net: a run that is starting or overdue, but that no job works on, gets a job again."""
    overdue = app.clock.now() - OVERDUE
    async with app.db.read() as tx:
        lost = [*await runs.in_state(tx, "starting"), *await runs.due(tx, overdue)]
    for run in lost:
        if not await app.engine.busy(dispatch.JOB, f"{run.id}:"):
            _log.warning("a run had lost its job; it gets a new one", run=run.id)
            await app.engine.start(dispatch.JOB, f"{run.id}:{run.version}:{new_id('s')}")
    await dispatch.find_unknown(app)


async def tidy(app: Services) -> None:
    """Forget what has served its purpose. Requests, decisions and the audit trail are kept for ever."""
    now = app.clock.now()
    timing = app.settings.timing
    async with app.db.write() as tx:
        await drafts.forget(tx, now - timedelta(days=timing.keep_drafts_days))
        await messages.forget(tx, now - timedelta(days=timing.keep_finished_jobs_days))
    await app.engine.prune(timing.keep_finished_jobs_days * 86400)
