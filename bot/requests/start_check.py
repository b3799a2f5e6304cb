"""The check of a start that a back end makes by itself: when it is due, and what is known of it."""

from datetime import datetime, timedelta
from typing import Literal

from bot.values import FrozenModel

CHECK_AHEAD = timedelta(minutes=15)
"""How long before such a start it is checked."""
CANCEL_AHEAD = timedelta(minutes=2)
"""How long before such a start Nightshift stops waiting for an answer, and cancels it in the back end."""

CANCELLED = "cancelled"
"""The code of a check whose start a person has cancelled."""

CANCEL_AGAIN = timedelta(minutes=1)
"""When a back end is asked once more to cancel a start that is not seen cancelled by then."""

CheckOutcome = Literal["ask", "refuse", "wait"]
"""Why a start must not happen: it has to be approved again, it is refused, or nobody can tell whether it may."""


class StartCheck(FrozenModel):
    """What came of the check of the next start.

    ``waiting`` is repeated; ``passed`` may start; ``cancelling`` must not, and is being cancelled in the back end for
    the reason ``outcome``. ``text`` is the reason in sentences, ``code`` the same for programs. ``told`` says that
    people know that the back end has not confirmed the cancellation, and ``asked`` that it was asked for it.
    """

    state: Literal["waiting", "passed", "cancelling"]
    outcome: CheckOutcome | None = None
    code: str = ""
    text: str = ""
    told: bool = False
    asked: bool = False


def check_time(starts_at: datetime) -> datetime:
    """Return when a start is to be checked."""
    return starts_at - CHECK_AHEAD


def recheck_time(starts_at: datetime, now: datetime, interval: timedelta) -> datetime:
    """Return when a start that could not be checked is checked again: at the latest when it has to be cancelled."""
    last = starts_at - CANCEL_AHEAD
    return min(now + interval, last) if now < last else now + interval


def must_cancel(starts_at: datetime, now: datetime) -> bool:
    """Return whether it is too late to wait any longer for an answer."""
    return now >= starts_at - CANCEL_AHEAD


def is_being_cancelled(check: StartCheck | None) -> bool:
    """Return whether a start is being cancelled in the back end."""
    return check is not None and check.state == "cancelling"


def cancelled_by_person(name: str) -> StartCheck:
    """Return the check of a start that is being cancelled because a person has cancelled its request."""
    return StartCheck(state="cancelling", outcome="refuse", code=CANCELLED, text=f"{name} was cancelled.")


def is_cancelled_by_person(check: StartCheck | None) -> bool:
    """Return whether a start is being cancelled because a person has cancelled its request."""
    return check is not None and is_being_cancelled(check) and check.code == CANCELLED


def unchecked_note(check: StartCheck | None) -> str:
    """Return what the card says of a start that the back end has made; "" if it was checked before."""
    match check:
        case None:
            return "Not checked before it started: Nightshift was down."
        case StartCheck(state="passed"):
            return ""
        case StartCheck(state="waiting", text=text):
            return f"Not checked before it started. {text}"
        case _:
            return f"It started although Nightshift tried to cancel it. {check.text}"
