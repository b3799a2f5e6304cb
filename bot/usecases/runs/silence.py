"""Notes that a back end does not tell how runs go, and shows it where it lasts."""

from collections.abc import Sequence
from datetime import timedelta

from bot.errors import Conflict
from bot.requests.model import Request, Run
from bot.schedule import ZonedTime
from bot.storage import messages, requests, runs
from bot.usecases.services import Services

SHOWN_AFTER = timedelta(minutes=10)
"""How long a back end may not answer before the cards of what runs there say so."""


async def note_silence(services: Services, silent: Sequence[Run], why: str) -> None:
    """Store since when runs are out of contact. After ``SHOWN_AFTER`` their cards say so, with ``why``, once."""
    now = services.clock.now()
    new = [run.id for run in silent if run.silent_since is None]
    if new:
        async with services.db.write() as tx:
            await runs.note_silence(tx, new, now)
    for run in silent:
        if run.state == "running" and run.silent_since and not run.problem and now - run.silent_since >= SHOWN_AFTER:
            await _show(services, run, why)


async def _show(services: Services, run: Run, why: str) -> None:
    try:
        async with services.db.write() as tx:
            request = await requests.get(tx, run.request_id)
            await runs.transition(tx, run, run.state, problem=_problem(request, run, why))
            await messages.mark_dirty(tx, request.id, services.clock.now())
    except Conflict:
        # It has ended or was cancelled meanwhile.
        return
    services.wake.sender.set()


def _problem(request: Request, run: Run, why: str) -> str:
    assert run.silent_since is not None
    since = ZonedTime.from_instant(run.silent_since, request.zone).local
    return f"No contact since {since:%d %b %H:%M %Z}. {why}"
