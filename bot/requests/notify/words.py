"""The sentences of notifications. They name the request, say what happened, and what comes next."""

import re
from collections.abc import Iterable
from datetime import datetime

from bot.requests.model import Request, Run, Stage
from bot.requests.notify.events import Event
from bot.requests.pauses import Pause, last_to_end
from bot.requests.text import approver_names, count_noun
from bot.schedule import ZonedTime

_ONLY_A_STATE = re.compile(r"[A-Z][a-z ]{1,30} in [A-Za-z0-9 ]{1,30}\.")
_ENDINGS = {"cancelled": "was cancelled", "missed": "was missed", "ended_unseen": "was marked as ended"}


def decision_text(event: Event, request: Request, comment: str) -> str:
    """Say what approvers have decided. Who decided is shown next to it, and when it starts if it was approved."""
    said = f"“{comment}”. " if comment else ""
    match event:
        case Event.APPROVED:
            return ""
        case Event.DENIED:
            return f"{said}{request.name} will not run."
        case _:
            return f"Changes to {request.name} are requested: {said}Edit it on its card."


def next_stage_text(request: Request, stage: Stage) -> str:
    """Say that a stage of an approval is complete, and who decides next."""
    return f"{request.name} waits for its next approvers: {request.title}. {approver_names(stage)} may decide now."


def held_start_text(request: Request, due_at: datetime, pause: Pause, latest_start: datetime | None) -> str:
    """Say that a pause of a system or of everything holds a start that is due."""
    due = ZonedTime.from_instant(due_at, request.zone).local
    paused = f"{pause.name} is paused" if pause.name else "everything is paused"
    latest = f" If that is after {_moment(latest_start, request.zone)}, it does not start." if latest_start else ""
    return (
        f"{request.name} has not started at {due:%H:%M %Z}: {paused} ({pause.reason.rstrip('. ')}). "
        f"It starts when the pause ends.{latest}"
    )


def cancelled_text(request: Request, *, is_over: bool) -> str:
    """Say that somebody has cancelled a request. Who did is shown after it. ``is_over`` is False while its system has
    to stop something."""
    if is_over:
        rest = "No further run will start." if request.is_series else "It will not start."
        return f"{request.name} was cancelled. {rest}"
    return f"{request.name} is being cancelled. Its system is asked to stop it."


def expired_text(request: Request) -> str:
    """Say that nobody decided in time."""
    return f"{request.outcome} Request {request.name} again if it is still needed."


def about_to_start_text(request: Request, starts_at: datetime) -> str:
    """Say that a request starts soon, and what can be done about it."""
    at = _moment(starts_at, request.zone)
    return f"{request.name} starts {at}. Cancel it on its card if it must not start."


def ended_text(request: Request, run: Run) -> str:
    """Say how a run ended, for the thread of the card."""
    which = f"Run {run.number} of {request.name}" if request.is_series and run.number else request.name
    summary = run.problem or str((run.progress or {}).get("summary", ""))
    ending = _ENDINGS.get(run.state, run.state.replace("_", " "))
    return f"{which} {ending}. {'' if is_only_a_state(summary) else summary}".strip()


def is_only_a_state(text: str) -> bool:
    """Return whether a summary says no more than a state does: "Succeeded in Foreman."."""
    return _ONLY_A_STATE.fullmatch(text) is not None


def unknown_text(request: Request) -> str:
    """Say that nobody knows whether a run started."""
    return (
        f"It is not known whether {request.name} started. Nothing is sent again until somebody says on its card what "
        "happened."
    )


def next_start_text(request: Request, now: datetime, pauses: Iterable[Pause] = (), system: str = "") -> str:
    """Say when an approved request starts; "" if that is over, or is not so any more.

    ``pauses`` are those that hold its next start, and ``system`` is what people call its back end.
    """
    if request.state not in ("approved", "scheduled", "starting"):
        return ""
    if pause := last_to_end(pauses):
        return _held_text(pause, request.zone, system)
    if request.start_at is None:
        return "It starts now."
    return f"It starts {_moment(request.start_at, request.zone)}." if request.start_at > now else ""


def lost_approval_text(request: Request, count: int) -> str:
    """Say what an edit of a request costs that is approved already, or has ``count`` approvals; "" if nothing."""
    if request.state == "scheduled":
        start = f" to start {_moment(request.start_at, request.zone)}" if request.start_at else ""
        rest = "With this change it waits for approval again, and does not start before."
        return f"{request.name} is approved{start}. {rest}"
    if not count:
        return ""
    return f"{count_noun(count, 'approvals')} of {request.name} {'ends' if count == 1 else 'end'} with this change."


def _held_text(pause: Pause, zone: str, system: str) -> str:
    end = _moment(pause.until, zone) if pause.until else "somebody ends the pause"
    paused = {"everything": "everything", "system": system or pause.name, "series": "the series"}[pause.scope]
    return f"It is held until {end}: {paused} is paused ({pause.reason.rstrip('. ')})."


def _moment(instant: datetime, zone: str) -> str:
    local = ZonedTime.from_instant(instant, zone).local
    return f"{local:%a} {local.day} {local:%b, %H:%M %Z}"
