"""Pauses a series: no run starts until somebody resumes it."""

from datetime import timedelta

from bot.errors import Conflict, InputError, NotAllowed
from bot.ids import new_id
from bot.requests.lifecycle import FINAL_RUN_STATES, STATE_LABELS
from bot.requests.model import Person, Request, Run
from bot.requests.notify.events import Event
from bot.requests.pauses import Pause
from bot.requests.start_check import StartCheck
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.pauses.notes import note_to_admins
from bot.usecases.pauses.scopes import actor_key
from bot.usecases.pauses.take_out import take_out_of_backend
from bot.usecases.planning import cancel_unsent_run
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.visible_text import visible

MAX_REASON_LENGTH = 500
_TAKE_OUT_AGAIN = timedelta(minutes=1)
"""When a series is taken out of its back end once more that this process has not taken out."""
_LEFT_OUT = "The series was paused."


async def pause_series(services: Services, request_id: str, person: Person | None, reason: str) -> str:
    """Pause a series. ``person`` is None where Nightshift itself pauses it; administrators are told then.

    A run whose call was sent goes on. A series that a back end keeps is taken out of it. Returns what happened, as a
    sentence. Raises Conflict, InputError or NotAllowed.
    """
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    if person is not None:
        await check_may_pause_series(services, request, person)
    reason = checked_reason(reason)
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        await _check_can_be_paused(tx, request)
        pause = Pause(id=new_id("p"), scope="series", name=request.id, since=now, by=person, reason=reason)
        await pauses.add(tx, pause)
        open_runs = [run for run in await runs.of_request(tx, request.id) if run.state not in FINAL_RUN_STATES]
        going_on = [run for run in open_runs if not await cancel_unsent_run(tx, run, now, _LEFT_OUT)]
        data = {"reason": reason, "pause": pause.id}
        await audit.record(tx, now, actor_key(person), "series.paused", request.id, data)
        text = f"{request.name} is paused: {reason}. No run starts until somebody resumes it."
        await tell(tx, services, request, Event.PAUSED, text, key=pause.id, by=person)
        if person is None:
            await note_to_admins(tx, services, text, dedupe=f"{pause.id}:admins")
        kept = next((run for run in going_on if run.number == 0 and run.state == "scheduled_in_backend"), None)
        if kept is not None:
            check = StartCheck(state="cancelling", outcome="wait", code="paused", text=text)
            kept = await runs.transition(tx, kept, kept.state, start_check=check, check_at=now + _TAKE_OUT_AGAIN)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    unconfirmed = await _take_out(services, request, pause, kept) if kept is not None else ""
    going_on = [run for run in going_on if run.state != "scheduled_in_backend"]
    present = " The present run goes on." if any(run.number for run in going_on) else ""
    if any(run.number == 0 for run in going_on):
        system = services.backends.require(request.content.backend).connection.title
        present += f" It is just being handed to {system}, and is taken out again after that."
    return f"{request.name} is paused. No run starts until somebody resumes it.{present}{unconfirmed}"


async def _take_out(services: Services, request: Request, pause: Pause, kept: Run) -> str:
    """Take a series out of its back end. If that does not confirm it, people are told, and it is tried again.

    Returns the same for the reply; "" if the back end has confirmed it.
    """
    problem = await take_out_of_backend(services, request, kept)
    if not problem:
        return ""
    system = services.backends.require(request.content.backend).connection.title
    text = (
        f"{system} has not confirmed that it stops the series, so a run may start there. It is asked again. {problem}"
    )
    async with services.db.write() as tx:
        note = f"{request.name} is paused, but {text}"
        await tell(tx, services, request, Event.PAUSED, note, key=f"{pause.id}:unconfirmed")
        await note_to_admins(tx, services, note, dedupe=f"{pause.id}:unconfirmed:admins")
    services.wake.sender.set()
    return f" But {text}"


def checked_reason(reason: str) -> str:
    """Return the reason of a pause in one line, without a full stop at its end. Raises InputError if there is none."""
    reason = visible(" ".join(reason.split())).rstrip(". ")
    if not reason:
        raise InputError({"": "Say why: others read it on the cards."}, code=RefusalCode.REASON_MISSING)
    if len(reason) > MAX_REASON_LENGTH:
        raise InputError({"": f"Say why in at most {MAX_REASON_LENGTH} characters."}, code=RefusalCode.REASON_MISSING)
    return reason


async def check_may_pause_series(services: Services, request: Request, person: Person) -> None:
    """Raise NotAllowed unless a person may pause and resume a series: whoever may cancel it."""
    if person == request.requester:
        return
    permission = await services.approvals.can_manage(request, person)
    if not permission.allowed:
        text = f"Only the requester and the approvers can pause or resume this. {permission.reason}"
        raise NotAllowed(text, code=RefusalCode.NOT_MANAGER)


async def _check_can_be_paused(tx: Tx, request: Request) -> None:
    if not request.is_series:
        text = f"{request.name} is not a series, so it cannot be paused. Cancel it, or pause its system."
        raise Conflict(text, code=RefusalCode.NOT_A_SERIES)
    if request.state != "scheduled":
        text = f"{request.name} cannot be paused: {STATE_LABELS[request.state].lower()}."
        raise Conflict(text, code=RefusalCode.ALREADY_OVER)
    if earlier := await pauses.of_series(tx, request.id):
        raise Conflict(f"{request.name} is paused already: {earlier.reason}.", code=RefusalCode.ALREADY_PAUSED)
