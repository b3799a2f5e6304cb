"""Resumes a series that was paused."""

from datetime import datetime
from itertools import islice, takewhile

from bot.errors import Conflict
from bot.requests.lifecycle import FINAL_RUN_STATES
from bot.requests.model import Person, Request
from bot.requests.notify.events import Event
from bot.requests.pauses import Pause, local_time
from bot.requests.start_check import is_being_cancelled
from bot.requests.text import count_noun
from bot.schedule import Series, occurrences
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.pauses.pause_series import check_may_pause_series
from bot.usecases.planning import plan_runs
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.values import JsonObject

MAX_COUNTED = 1000
"""Maximum number of left-out runs that are counted one by one."""


async def resume_series(services: Services, request_id: str, person: Person) -> str:
    """Let the runs of a series start again, from the next occurrence on. Those that were due meanwhile are left out.

    Returns what happened, as a sentence. Raises Conflict or NotAllowed.
    """
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    await check_may_pause_series(services, request, person)
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        pause = await pauses.of_series(tx, request.id)
        await _check_taken_out(tx, request)
        if pause is None or not await pauses.end(tx, pause, now):
            raise Conflict(f"{request.name} is not paused.", code=RefusalCode.NOT_PAUSED)
        left_out = _count_left_out(request, pause, now)
        text = f"{request.name} is resumed. {_left_out_text(left_out)}{await _plan_next(tx, services, request, now)}"
        data: JsonObject = {"pause": pause.id, "left_out": left_out}
        await audit.record(tx, now, person.key, "series.resumed", request.id, data)
        await tell(tx, services, request, Event.RESUMED, text, key=pause.id, by=person)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    services.wake.scheduler.set()
    return text


async def _check_taken_out(tx: Tx, request: Request) -> None:
    """Raise Conflict while the back end that kept a series has not confirmed that it stopped it."""
    series = await runs.series_of(tx, request.id)
    if series is not None and series.state == "scheduled_in_backend" and is_being_cancelled(series.start_check):
        text = f"{request.content.backend} has not confirmed yet that it stopped {request.name}. Try again in a minute."
        raise Conflict(text, code=RefusalCode.NOT_POSSIBLE)


def _count_left_out(request: Request, pause: Pause, now: datetime) -> int:
    schedule = request.content.schedule
    if not isinstance(schedule, Series):
        return 0
    due = takewhile(lambda run: run.instant <= now, occurrences(schedule, pause.since))
    return sum(1 for _ in islice(due, MAX_COUNTED))


def _left_out_text(count: int) -> str:
    if not count:
        return ""
    number = f"More than {MAX_COUNTED} runs" if count == MAX_COUNTED else count_noun(count, "runs")
    return f"{number} {'was' if count == 1 else 'were'} left out while it was paused. "


async def _plan_next(tx: Tx, services: Services, request: Request, now: datetime) -> str:
    """Plan the next run. Returns what comes next, as a sentence."""
    if request.state != "scheduled":
        return "Its next run starts once it is approved."
    if not any(run.state in ("pending", "starting") for run in await runs.of_request(tx, request.id)):
        # A pause plans nothing, and leaves nothing planned; nothing is ever planned twice.
        await plan_runs(tx, now, request, services.settings.timing.grace_minutes)
    planned = [run for run in await runs.of_request(tx, request.id) if run.state == "pending"]
    newest = next(iter(planned), None)
    if newest is not None and newest.due_at is None:
        return "It is handed over to its back end now."
    series = await runs.series_of(tx, request.id)
    if series is not None and series.state not in FINAL_RUN_STATES:
        return "Its back end goes on with it."
    if newest is None or newest.due_at is None:
        await requests.transition(tx, request, "succeeded", finished_at=now, outcome="The series is over.")
        return "No run was left to come, so the series is over."
    return f"Next run: {local_time(newest.due_at, request.zone)}."
