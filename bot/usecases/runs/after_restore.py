"""What would start after a restore, and what the back ends show of it already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.backends.base import Candidate, Operation
from bot.errors import NightshiftError
from bot.ids import new_token
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Request
from bot.requests.pauses import Pause
from bot.requests.text import count_noun, join_words
from bot.schedule import ZonedTime
from bot.storage import requests, runs
from bot.storage.restored import hold_after_restore
from bot.storage.transactions import Tx
from bot.usecases.pauses.notes import mark_held_cards, note_to_admins
from bot.usecases.services import Services

MAX_LISTED = 40
"""Maximum of requests that the message to administrators lists."""


@dataclass(frozen=True, slots=True)
class HeldStart:
    """A request that would start. ``seen`` is what its back end shows that may be its run, as a sentence."""

    name: str
    title: str
    state: str
    seen: str


def state_text(since: datetime | None) -> str:
    """Return to what moment a database was restored, as people read it."""
    return f"{since:%Y-%m-%d %H:%M} UTC" if since is not None else "an unknown time"


async def hold_starts(tx: Tx, services: Services, since: datetime | None) -> Pause:
    """Hold every start until an administrator releases it, and show that on the cards. Returns the pause."""
    now = services.clock.now()
    reason = f"the database was restored to its state of {state_text(since)}, and what has started since is not in it"
    pause = await hold_after_restore(tx, now, reason)
    await mark_held_cards(tx, now, pause)
    return pause


async def tell_admins(services: Services, pause: Pause, held: Sequence[HeldStart]) -> None:
    """Post what is held in the administrators' channel, if there is one, and what they are to do."""
    text = (
        f"⏸️ Everything is paused: {pause.reason}. Requests made since are not known any more, and their cards do not "
        "change. Release what may start (/nightshift release NS-12), cancel what has run (/nightshift cancel NS-12), "
        "then /nightshift resume everything."
    )
    lines = [f"{start.name}, {start.state}: {start.title}. {start.seen}" for start in held[:MAX_LISTED]]
    if len(held) > MAX_LISTED:
        lines.append(f"and {len(held) - MAX_LISTED} more, which nightshift restore has printed.")
    async with services.db.write() as tx:
        await note_to_admins(
            tx, services, text, dedupe=f"{pause.id}:restored", lines=lines or ["Nothing waits to start."]
        )


async def held_starts(services: Services, since: datetime) -> list[HeldStart]:
    """Return what waits to start or to be approved, with the runs since a moment that match it, oldest first."""
    async with services.db.read() as tx:
        waiting = await runs.requests_to_start(tx, "", None)
        undecided = await requests.awaiting_approval_on(tx, "", None)
        found = await requests.by_ids(tx, list(dict.fromkeys((*waiting, *undecided))))
    ordered = sorted(found, key=lambda request: request.number)
    return [
        HeldStart(request.name, request.title, STATE_LABELS[request.state], await _seen(services, request, since))
        for request in ordered
    ]


async def _seen(services: Services, request: Request, since: datetime) -> str:
    backend = services.backends.get(request.content.backend)
    if backend is None:
        return f"{request.content.backend} is not configured any more."
    system = backend.connection.title
    try:
        operation = services.backends.operation(request.content.backend, request.content.operation)
        if type(operation).candidates is Operation.candidates:
            return f"{system} keeps no record that would tell whether it has run since. Look there."
        candidates = await _candidates(services, request, since)
    except NightshiftError as error:
        return f"{system} could not be asked whether it has run since: {error}"
    if not candidates:
        return f"{system} shows no run since that matches."
    names = join_words([f"{candidate.title} ({candidate.id})" for candidate in candidates], "and")
    return f"{system} shows {count_noun(len(candidates), 'runs')} since that may be it: {names}."


async def _candidates(services: Services, request: Request, since: datetime) -> Sequence[Candidate]:
    """Return the runs in the back end that are like what the request would start. Raises NightshiftError."""
    operation = services.backends.operation(request.content.backend, request.content.operation)
    params = operation.without_own_timing(operation.params_model.model_validate(request.content.params))
    now = services.clock.now()
    await operation.prepare()
    due = ZonedTime.from_instant(now, request.zone)
    plan = operation.plan_occurrence(params, request.content.schedule, due, new_token())
    found = await operation.candidates(plan, since, now)
    return [candidate for candidate in found if not candidate.differences]
