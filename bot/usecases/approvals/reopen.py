"""Asks for the approval of a request again."""

from enum import StrEnum

from bot.requests.approval.deadlines import expires_at, next_reminder_at, renewal_reason
from bot.requests.model import Person, Request, Run
from bot.storage import audit, messages, requests, runs
from bot.usecases.services import Services


async def series_renewal_reason(services: Services, request: Request) -> str:
    """Return why a series needs a new approval before its next run; "" if it does not."""
    if not request.is_series or request.approved_at is None:
        return ""
    async with services.db.read() as tx:
        run_count = await runs.started_since(tx, request.id, request.approved_at)
    return renewal_reason(request.requirement, request.approved_at, run_count, services.clock.now())


async def reopen_for_approval(services: Services, run: Run, request: Request, code: StrEnum, why: str) -> None:
    """Put a request before its approvers again.

    The run that was to start is cancelled; the approval plans a new one. ``why`` tells people the reason, ``code``
    programs.
    """
    now = services.clock.now()
    content = request.content.model_copy(update={"renewal": request.content.renewal + 1})
    async with services.db.write() as tx:
        await runs.transition(tx, run, "cancelled", finished_at=now, problem=why)
        request = await requests.get(tx, request.id)
        await requests.revise(
            tx,
            request,
            Person(team=request.requester.team, user="nightshift"),
            now,
            "awaiting_approval",
            content=content,
            content_hash=content.hash,
            round_opened_at=now,
            approved_at=None,
            approve_by=expires_at(request.requirement, now, content.schedule),
            remind_at=next_reminder_at(request.requirement, now, now),
            outcome=why,
        )
        await audit.record(tx, now, "nightshift", "request.asked_again", request.id, {"why": why, "code": code})
        for card in await messages.of_request(tx, request.id, ["approval", "receipt"]):
            text = f"{request.name} must be approved again. {why}"
            dedupe = f"again:{request.id}:{content.renewal}:{card.recipient}"
            await messages.add(
                tx, now, "note", card.recipient, request.id, parent_id=card.id, facts={"text": text}, dedupe=dedupe
            )
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
