"""A person's word on a request. What it leads to follows from all words together, and from who may still speak."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from bot import crashpoints
from bot.errors import Conflict, NotAllowed
from bot.ids import new_id
from bot.requests.approval import Ruling
from bot.requests.deadlines import LateOption
from bot.requests.delegation import Delegation
from bot.requests.directory import People as Directory
from bot.requests.lifecycle import WORDS
from bot.requests.model import Decision, Person, Request, Value
from bot.schedule import Now, Schedule, latest_start_of, start_of
from bot.storage import audit, messages, requests
from bot.storage.database import Tx
from bot.usecases.finish import plan_runs
from bot.usecases.services import Services

Verdict = Literal["approved", "denied", "changes"]
Late = Literal["now", "next", "drop"]


class Answer(Value):
    """What the one who clicked is told. ``late`` asks what to do with an approval that comes after the start."""

    request: Request
    text: str
    late: tuple[LateOption, ...] = ()


async def decide(
    app: Services,
    request_id: str,
    revision: int,
    person: Person,
    verdict: Verdict,
    *,
    comment: str = "",
    late: Late | None = None,
    evidence: dict[str, Any] | None = None,
) -> Answer:
    """Count a word on a revision. Raises Conflict, NotAllowed or NotFound with the reason in words.

    Rights are checked now, from live groups. ``evidence`` is what Slack said of the click.
    """
    request, directory, held, ruling = await _ruled(app, request_id, revision, person)
    if verdict != "approved" and not comment.strip():
        raise NotAllowed("Say why: the requester needs a reason.")
    now = app.clock.now()
    if verdict == "approved" and late is None:
        lateness = app.rights.lateness(request, now)
        if lateness.late and lateness.settled is None:
            return Answer(request=request, text=lateness.words, late=lateness.options)
        late = lateness.settled if lateness.late else None
    if verdict == "approved":
        await _fits(app, request, late, now)
    decision = Decision(
        id=new_id("v"),
        request_id=request.id,
        revision=request.revision,
        content_hash=request.content_hash,
        person=person,
        verdict=verdict,
        comment=comment.strip(),
        at=now,
        on_behalf_of=ruling.on_behalf_of,
    )
    crashpoints.reach(crashpoints.BEFORE_DECIDE)
    answer = await _store(app, decision, late, {**(evidence or {}), "rendered": request.version}, directory, held)
    crashpoints.reach(crashpoints.AFTER_DECIDE)
    app.nudges.sender.set()
    app.nudges.timekeeper.set()
    return answer


async def refuse_early(app: Services, request_id: str, revision: int, person: Person) -> Request:
    """The request, if this person may decide on it: before they type a reason, or the back end is asked.

    Raises Conflict, NotAllowed or NotFound.
    """
    return (await _ruled(app, request_id, revision, person))[0]


async def _ruled(
    app: Services, request_id: str, revision: int, person: Person
) -> tuple[Request, Directory, tuple[Delegation, ...], Ruling]:
    async with app.db.read() as tx:
        request = await requests.get(tx, request_id)
        _still_open(request, revision)
        decisions = await requests.decisions_of(tx, request_id)
    directory = await app.rights.directory_for(app, request, person)
    held = await app.rights.delegations(app)
    ruling = app.rights.ruling(request, person, decisions, directory, held, app.clock.now())
    if not ruling.allowed:
        raise NotAllowed(ruling.reason)
    return request, directory, held, ruling


async def _fits(app: Services, request: Request, late: Late | None, now: datetime) -> None:
    """What starts at once, or at another time than was asked for, must fit policy at that time. Raises NotAllowed."""
    schedule = _moved(app, request, late, now) or request.content.schedule
    if late == "drop" or (schedule == request.content.schedule and not isinstance(schedule, Now)):
        return
    objections = await app.rights.objections(app, request, schedule)
    if objections:
        raise NotAllowed(" ".join(objections))


def _moved(app: Services, request: Request, late: Late | None, now: datetime) -> Schedule | None:
    """The schedule that an approver chooses together with a late approval; None where it stays."""
    options = app.rights.lateness(request, now).options
    return next((option.schedule for option in options if option.choice == late), None)


def _still_open(request: Request, revision: int) -> None:
    if request.state != "awaiting_approval":
        raise Conflict(f"{request.name} was decided already: {WORDS[request.state].lower()}. Nothing was changed.")
    if request.revision != revision:
        raise Conflict(f"{request.name} has been changed since this card was shown. Please look at the new one.")


async def _store(
    app: Services,
    decision: Decision,
    late: Late | None,
    evidence: dict[str, Any],
    directory: Directory,
    held: Sequence[Delegation],
) -> Answer:
    """Store a decision and what follows, in one transaction; clicks at the same time queue up before it."""
    async with app.db.write() as tx:
        request = await requests.get(tx, decision.request_id, alone=True)
        before = await requests.decisions_of(tx, decision.request_id)
        _still_open(request, decision.revision)
        # Looked at again inside the transaction: the same person may have clicked twice at once.
        ruling = app.rights.ruling(request, decision.person, before, directory, held, decision.at)
        if not ruling.allowed:
            raise NotAllowed(ruling.reason)
        await requests.decide(tx, decision, evidence)
        who = f"{decision.person.team}/{decision.person.user}"
        data = {"revision": decision.revision, "hash": decision.content_hash, "comment": decision.comment, **evidence}
        await audit.record(tx, decision.at, who, f"request.{decision.verdict}", request.id, data)
        standing = app.rights.standing(request, [*before, decision], directory, held, decision.at)
        match standing.state:
            case "denied":
                outcome = decision.comment
                request = await requests.move(tx, request, "denied", finished_at=decision.at, outcome=outcome)
                text = f"You denied {request.name}. The requester has been told why."
            case "approved":
                request = await approve(tx, app, request, decision.at, late)
                text = f"You approved {request.name}. {WORDS[request.state]}."
            case _:
                request = await requests.move(tx, request, request.state)
                if decision.verdict == "changes":
                    await _tell_requester(tx, request, decision)
                text = f"Your word on {request.name} is counted. {standing.words}"
        await messages.touch(tx, request.id, decision.at)
    return Answer(request=request, text=text)


async def approve(tx: Tx, app: Services, request: Request, now: datetime, late: Late | None) -> Request:
    """The quorum is reached: store the run that follows. ``late`` says what to do where the start has passed."""
    if late == "drop":
        words = "Approved too late, and dropped as the approver chose."
        return await requests.move(tx, request, "expired", finished_at=now, outcome=words)
    changes: dict[str, Any] = {"approved_at": now}
    moved = _moved(app, request, late, now)
    if moved is not None:
        # The approver chose this schedule together with approving; what is signed is what was shown to them.
        start = start_of(moved)
        content = request.content.model_copy(update={"schedule": moved})
        changes |= {
            "content": content,
            "start_at": start.instant if start else None,
            "latest_start": latest_start_of(moved),
            "held_by": "nightshift" if start else request.held_by,
        }
    request = await requests.move(tx, request, "approved", **changes)
    request = await requests.move(tx, request, "scheduled")
    await plan_runs(tx, now, request, app.settings.timing.grace_minutes)
    return request


async def _tell_requester(tx: Tx, request: Request, decision: Decision) -> None:
    text = f"Changes to {request.name} are asked for: {decision.comment} Use “Edit” on its card."
    await messages.add(
        tx,
        decision.at,
        "note",
        request.requester.user,
        request.id,
        facts={"text": text, "by": decision.person.user},
        dedupe=f"changes:{decision.id}",
    )


async def take_back(app: Services, request_id: str, person: Person) -> str:
    """Take one's own word back, while nothing is settled. Raises Conflict or NotAllowed."""
    now = app.clock.now()
    held = await app.rights.delegations(app)
    async with app.db.write() as tx:
        request = await requests.get(tx, request_id, alone=True)
        mine = [d for d in await requests.decisions_of(tx, request_id) if d.person == person and d.taken_back is None]
        if not mine:
            raise NotAllowed(f"You have said nothing on {request.name} that could be taken back.")
        ruling = app.rights.take_back(request, mine[-1], person, held)
        if not ruling.allowed:
            raise NotAllowed(ruling.reason)
        await requests.take_back(tx, mine[-1].id, now)
        await requests.move(tx, request, request.state)
        who = f"{person.team}/{person.user}"
        await audit.record(tx, now, who, "request.taken_back", request.id, {"decision": mine[-1].id})
        await messages.touch(tx, request.id, now)
    app.nudges.sender.set()
    return f"Your word on {request.name} does not count any more."
