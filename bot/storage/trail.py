"""Everything that is on record about one request, in the order in which it happened."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from bot.requests.model import Request
from bot.storage import audit, messages, runs
from bot.storage.messages import Message
from bot.storage.runs import Attempt
from bot.storage.transactions import Tx
from bot.values import FrozenModel

MAX_RUNS = 1000
"""Maximum number of runs of a series whose calls are listed, newest first."""
NIGHTSHIFT = "nightshift"


class TrailEntry(FrozenModel):
    """One thing that happened. ``facts`` has no content of the request and no secret."""

    at: datetime
    actor: str
    what: str
    facts: Mapping[str, JsonValue] = {}


async def read_trail(tx: Tx, request: Request) -> Sequence[TrailEntry]:
    """Return what is on record about a request: changes and decisions, calls, and messages."""
    found = [
        TrailEntry(at=entry.at, actor=entry.actor, what=entry.action, facts=entry.data)
        async for entry in audit.entries(tx, request.id)
    ]
    for run in await runs.of_request(tx, request.id, limit=MAX_RUNS):
        for attempt in await runs.attempts_of(tx, run.id):
            found += _of_attempt(attempt, run.number)
    for message in await messages.of_request(tx, request.id):
        found += _of_message(message)
    return sorted(found, key=lambda entry: entry.at)


def _of_attempt(attempt: Attempt, run: int) -> Iterator[TrailEntry]:
    about = {"run": run, "attempt": attempt.token}
    yield TrailEntry(at=attempt.created_at, actor=NIGHTSHIFT, what="call.prepared", facts=about)
    if attempt.sent_at is not None:
        yield TrailEntry(at=attempt.sent_at, actor=NIGHTSHIFT, what="call.sent", facts=about)
    if attempt.answered_at is not None:
        handle = {"handle": attempt.handle["id"]} if attempt.handle else {}
        why = {"why": attempt.problem} if attempt.problem else {}
        what = f"call.{attempt.state}"
        yield TrailEntry(at=attempt.answered_at, actor=NIGHTSHIFT, what=what, facts={**about, **handle, **why})


def _of_message(message: Message) -> Iterator[TrailEntry]:
    about: dict[str, JsonValue] = {"kind": message.kind, "to": message.recipient}
    yield TrailEntry(at=message.created_at, actor=NIGHTSHIFT, what="message.stored", facts=about)
    if message.first_sent_at is not None:
        place = {"channel": message.channel, "ts": message.ts} if message.ts else {}
        yield TrailEntry(at=message.first_sent_at, actor=NIGHTSHIFT, what="message.sent", facts={**about, **place})
    if message.state != "shown":
        why = {"why": message.problem} if message.problem else {}
        facts = {**about, "failures": message.send_failures, **why}
        yield TrailEntry(at=message.retry_at, actor=NIGHTSHIFT, what=f"message.{message.state}", facts=facts)
