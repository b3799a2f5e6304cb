"""What shows that a run of unknown outcome did start: runs in the back end that may be it, and how well they fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.backends.base import Candidate, Handle, Operation, Params, Plan
from bot.errors import BackendError, Conflict
from bot.requests.hashing import sha256_hex
from bot.requests.model import Person, Request, Run
from bot.schedule import ZonedTime
from bot.storage import requests, runs
from bot.storage.runs import Attempt
from bot.usecases.refusals import RefusalCode
from bot.usecases.runs.transitions import StartingRun
from bot.usecases.runs.unknown import load_unknown_run
from bot.usecases.services import Services

EARLIEST_START = timedelta(minutes=2)
"""How long before its call a run may seem to have started: the clocks of two computers differ."""
LATEST_START = timedelta(minutes=15)
"""How long after its call a run may have started."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A run of unknown outcome, with the attempt that it is about."""

    request: Request
    run: Run
    attempt: Attempt
    plan: Plan
    operation: Operation[Params]
    system: str
    """What people call the back end."""

    @property
    def starting(self) -> StartingRun:
        return StartingRun(self.run, self.request, self.operation, self.plan)

    @property
    def expected_start(self) -> datetime:
        """When the run should have started: at the call, or when the back end was asked to start it."""
        sent_at = self.attempt.sent_at or self.attempt.created_at
        if self.plan.placement.scheduler == "backend" and self.request.start_at is not None:
            return max(sent_at, self.request.start_at)
        return sent_at

    @property
    def since(self) -> datetime:
        return self.expected_start - EARLIEST_START

    @property
    def until(self) -> datetime:
        return self.expected_start + LATEST_START


async def load_doubt(services: Services, request_id: str, person: Person) -> Doubt:
    """Return what is in doubt, if the person may say something about it. Raises Conflict or NotAllowed."""
    request, run = await load_unknown_run(services, request_id, person)
    async with services.db.read() as tx:
        attempt = await runs.get_attempt(tx, run.token)
    if attempt is None:
        raise Conflict(f"No call of {request.name} is on record.", code=RefusalCode.OUTCOME_KNOWN)
    plan = Plan.model_validate(attempt.plan)
    backend = services.backends.require(request.content.backend)
    operation = services.backends.operation(backend.name, plan.operation)
    return Doubt(request, run, attempt, plan, operation, backend.connection.title)


async def find_by_token(doubt: Doubt) -> Handle | None:
    """Return the run that carries the token of the attempt; None if the back end shows none now."""
    try:
        return await doubt.operation.find_started(doubt.plan)
    except BackendError as error:
        # The person names a run instead; that one is read, or the error is told then.
        _log.info("run not found by its token", run_id=doubt.run.id, why=str(error))
        return None


async def matching_candidates(services: Services, doubt: Doubt) -> list[Candidate]:
    """Return the runs in the back end that match operation, targets and time. Raises BackendError."""
    found = await doubt.operation.candidates(doubt.plan, doubt.since, doubt.until)
    return [candidate for candidate in found if not await differences(services, doubt, candidate)]


async def candidate_by_id(doubt: Doubt, remote_id: str) -> Candidate | None:
    """Return what the back end has under an id; None if there is nothing that can be read. Raises BackendError."""
    found = await doubt.operation.candidates(doubt.plan, doubt.since, doubt.until, remote_id)
    return found[0] if found else None


async def differences(services: Services, doubt: Doubt, candidate: Candidate) -> Sequence[str]:
    """Return in what a candidate is not what was asked for, a sentence each; none if it may be attached."""
    if taken_by := await _other_request(services, doubt, candidate.handle):
        return [f"It is the run of {taken_by}."]
    if candidate.carries_token:
        return []
    another = f"It belongs to another start: it carries the token {candidate.other_token}."
    return [
        *candidate.differences,
        *([another] if candidate.other_token else []),
        *_time_differences(doubt, candidate),
    ]


def candidate_key(candidate: Candidate) -> str:
    """Return a short id of our own for a candidate: ids of a back end are not put into Slack's payloads."""
    return sha256_hex(candidate.id)[:16]


async def _other_request(services: Services, doubt: Doubt, handle: Handle) -> str:
    """Return the name of the request whose run this is already; "" if there is none."""
    async with services.db.read() as tx:
        request_id = await runs.request_with_handle(
            tx, doubt.request.content.backend, handle.model_dump(mode="json"), other_than=doubt.run.id
        )
        return (await requests.get(tx, request_id)).name if request_id else ""


def _time_differences(doubt: Doubt, candidate: Candidate) -> list[str]:
    if candidate.starts_at is None:
        return ["It is not known when it started."]
    if doubt.since <= candidate.starts_at <= doubt.until:
        return []
    zone = doubt.request.zone
    at, expected = (
        ZonedTime.from_instant(instant, zone).local for instant in (candidate.starts_at, doubt.expected_start)
    )
    return [f"Its start is {at:%d %b %H:%M %Z}, and {doubt.request.name} was to start {expected:%d %b %H:%M %Z}."]
