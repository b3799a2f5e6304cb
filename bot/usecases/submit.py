"""A checked draft becomes a request, or a new revision of one; once, however often the button is pressed."""

from datetime import datetime
from typing import Any

from bot import crashpoints
from bot.backends.base import fields_of
from bot.errors import Conflict, InputError, NotAllowed
from bot.ids import new_id
from bot.requests.deadlines import expiry, next_reminder
from bot.requests.explain import headline
from bot.requests.lifecycle import WORDS
from bot.requests.model import Request
from bot.requests.revisions import changes
from bot.schedule import words
from bot.storage import audit, drafts, messages, requests, runs
from bot.storage.database import Tx
from bot.storage.drafts import Draft
from bot.usecases.check import Checked, ask_of_draft, checked_of, editors_with
from bot.usecases.finish import plan_runs
from bot.usecases.services import Services

_LOOK_AGAIN = "Please go back and look at the preview again."


async def submit(app: Services, draft: Draft, version: int) -> Request:
    """Make a request of a draft exactly as it was previewed. Raises Conflict where it has changed since.

    Pressed twice, it gives the same request twice.
    """
    existing = await _became(app, draft) if draft.state != "open" else None
    if existing is not None:
        return existing
    checked = checked_of(draft)
    if checked is None or draft.version != version:
        raise Conflict(f"The form has changed since this preview. {_LOOK_AGAIN}")
    now = app.clock.now()
    if checked.latest_start is not None and checked.latest_start <= now:
        raise InputError({"": "The time for this has passed while the preview was open. Please choose a new one."})
    await _still_as_previewed(app, draft, checked)
    crashpoints.reach(crashpoints.BEFORE_SUBMIT)
    if draft.revises:
        request = await _revise(app, draft, checked, now)
    else:
        request = await _make(app, draft, checked, now)
    crashpoints.reach(crashpoints.AFTER_SUBMIT)
    app.nudges.sender.set()
    if request.state != "awaiting_approval":
        app.nudges.timekeeper.set()
    return request


async def _became(app: Services, draft: Draft) -> Request | None:
    """The request that a draft became, if it did."""
    async with app.db.read() as tx:
        return await requests.of_draft(tx, draft.id)


async def _make(app: Services, draft: Draft, checked: Checked, now: datetime) -> Request:
    try:
        async with app.db.write() as tx:
            await drafts.save(tx, draft, now, state="submitted")
            return await _add(tx, app, draft, checked, now)
    except Conflict:
        # Pressed twice at the same moment: the other one was first.
        existing = await _became(app, draft)
        if existing is None:
            raise
        return existing


async def _still_as_previewed(app: Services, draft: Draft, checked: Checked) -> None:
    """Policy is asked once more: since the preview the hour may have changed, a freeze may have begun, or somebody may
    have left a group. Raises Conflict, InputError or NotAllowed."""
    ask = await ask_of_draft(app, draft, checked.content, checked.matched, checked.facts, checked.zone)
    requirement = (await app.rights.require(app, ask, checked.met)).requirement
    if requirement.verdict == "refuse":
        raise InputError({"": " ".join(requirement.reasons) or "Policy does not allow this any more."})
    if not requirement.asks_no_more_than(checked.requirement):
        raise Conflict(f"Policy asks for more than when this was previewed. {headline(requirement)} {_LOOK_AGAIN}")


def _of_draft(draft: Draft, checked: Checked, now: datetime) -> dict[str, Any]:
    """The part of a request that a draft decides: the whole of it, but for its identity and its history."""
    return {
        "content": checked.content,
        "content_hash": checked.content.hash,
        "labels": draft.labels,
        "values": draft.values,
        "title": checked.title,
        "summary": checked.summary,
        "phrase": checked.phrase,
        "zone": checked.zone,
        "reason": draft.reason,
        "matched": checked.matched,
        "warnings": checked.warnings,
        "facts": checked.facts,
        "calls": checked.calls,
        "changes": checked.changes,
        "held_by": "backend" if checked.held_by == "backend" else "nightshift",
        "holding": checked.holding,
        "requirement": checked.requirement,
        "approve_by": expiry(checked.requirement, now, checked.content.schedule),
        "remind_at": next_reminder(checked.requirement, now, now),
        "start_at": checked.start_at,
        "latest_start": checked.latest_start,
        "asked_at": now,
        "approved_at": None,
    }


async def _add(tx: Tx, app: Services, draft: Draft, checked: Checked, now: datetime) -> Request:
    request = Request(
        id=new_id("r"),
        number=await requests.next_number(tx),
        state="awaiting_approval",
        version=1,
        revision=1,
        requester=draft.person,
        channel=draft.channel,
        created_at=now,
        **_of_draft(draft, checked, now),
    )
    await requests.add(tx, request, draft.id)
    who = f"{draft.person.team}/{draft.person.user}"
    await audit.record(tx, now, who, "request.submitted", request.id, {"hash": request.content_hash})
    await _card(tx, app, request, now)
    await messages.add(tx, now, "receipt", request.requester.user, request.id, dedupe=f"receipt:{request.id}")
    return await _at_once(tx, app, request, now)


async def _revise(app: Services, draft: Draft, checked: Checked, now: datetime) -> Request:
    """Put another content before the approvers. What was approved so far counts no more, and everybody is told."""
    async with app.db.read() as tx:
        request = await requests.get(tx, draft.revises or "")
    if draft.person != request.requester:
        ruling = await app.rights.may_oversee(app, request, draft.person)
        if not ruling.allowed:
            raise NotAllowed(f"Only the requester and the approvers can edit this. {ruling.reason}")
    fields = fields_of(app.operation(checked.content.backend, checked.content.operation).params)
    found = changes(
        request.content,
        checked.content,
        say=words,
        titles={field.name: field.label for field in fields},
        words_before=request.labels,
        words_after=draft.labels,
        secret={field.name for field in fields if field.secret},
    )
    asks_more = not checked.requirement.asks_no_more_than(request.requirement)
    if not found and draft.reason == request.reason and not asks_more:
        raise InputError({"": "Nothing was changed."})
    # Content that comes back to what it once was is put before its approvers anew all the same.
    content = checked.content.model_copy(update={"renewal": request.content.renewal + bool(found)})
    checked = checked.model_copy(update={"content": content})
    async with app.db.write() as tx:
        await drafts.save(tx, draft, now, state="submitted")
        request = await requests.get(tx, request.id)
        await _stop_held(tx, request, now)
        request = await requests.revise(
            tx,
            request,
            draft.person,
            now,
            "awaiting_approval",
            revised=tuple(change.model_dump() for change in found),
            revised_by=draft.person.user,
            editors=tuple(person.user for person in editors_with(request, draft.person)),
            **_of_draft(draft, checked, now),
        )
        data = {"revision": request.revision, "hash": request.content_hash, "fields": [c.field for c in found]}
        await audit.record(tx, now, f"{draft.person.team}/{draft.person.user}", "request.revised", request.id, data)
        text = f"{request.name} was changed. Approvals of the earlier content do not count any more."
        for card in await messages.of_request(tx, request.id, ["approval"]):
            facts = {"text": text, "by": draft.person.user}
            dedupe = f"revised:{request.id}:{request.revision}:{card.to}"
            await messages.add(tx, now, "note", card.to, request.id, parent_id=card.id, facts=facts, dedupe=dedupe)
        # An edit may have moved it to a back end whose approvers sit in another channel.
        await _card(tx, app, request, now)
        await messages.touch(tx, request.id, now)
        return await _at_once(tx, app, request, now)


async def _card(tx: Tx, app: Services, request: Request, now: datetime) -> None:
    """The card for the approvers, once in each channel."""
    channel = app.approvals_channel(request.content.backend)
    await messages.add(tx, now, "approval", channel, request.id, dedupe=f"approval:{request.id}:{channel}")


async def _stop_held(tx: Tx, request: Request, now: datetime) -> None:
    """An approved request can still be edited while nothing of it has started: its waiting run is given up."""
    if request.state == "awaiting_approval":
        return
    several = await runs.of_request(tx, request.id)
    if request.state != "scheduled" or any(run.state not in ("held", "cancelled", "missed") for run in several):
        raise Conflict(f"{request.name} cannot be edited any more: {WORDS[request.state].lower()}.")
    for run in several:
        if run.state == "held":
            await runs.move(tx, run, "cancelled", finished_at=now, problem="Replaced by an edit.")


async def _at_once(tx: Tx, app: Services, request: Request, now: datetime) -> Request:
    """Where policy approves without asking, the request goes on by itself."""
    if request.requirement.verdict != "approve":
        return request
    if request.edited_by:
        raise Conflict(f"Somebody else has edited {request.name} meanwhile, so it needs approvers. {_LOOK_AGAIN}")
    spent = await app.rights.overspent(tx, request.requirement, now)
    if spent:
        raise Conflict(f"The rule “{spent}” has approved as many at once today as it may. {_LOOK_AGAIN}")
    data = {"reasons": list(request.requirement.reasons)}
    await audit.record(tx, now, "nightshift", "request.approved_by_policy", request.id, data)
    request = await requests.move(tx, request, "approved", approved_at=now)
    request = await requests.move(tx, request, "scheduled")
    await plan_runs(tx, now, request, app.settings.timing.grace_minutes)
    return request
