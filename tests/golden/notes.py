"""Notes, reminders and outcomes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from blocks.card.model import Card
from blocks.notes import note_blocks, note_text, reminder_blocks, reminder_text
from blocks.outcome import failure_blocks, outcome_blocks, outcome_text
from bot.requests.approval.status import ApprovalStatus
from bot.requests.model import Requirement, Run
from bot.requests.notify.events import Event
from bot.requests.notify.words import (
    about_to_start_text,
    cancelled_text,
    decision_text,
    expired_text,
    held_start_text,
    next_start_text,
    unknown_text,
)
from tests.golden.cards import PARTLY, PAUSE, SUCCEEDED
from tests.golden.requests import CREATED, START, both, card, decision, request, run, waiting
from tests.golden.surface import Surface


def _note(shown: Card, event: Event, text: str, by: str = "") -> Surface:
    return Surface(note_blocks(shown, event, text, by), note_text(shown.request, event, text))


def _approved() -> Surface:
    asked = request(state="scheduled")
    decisions = [decision(asked, "U0BOB"), decision(asked, "U0CAROL", comment="Watch web15, it is slow")]
    shown = card(asked, decisions=decisions, runs=[run("pending", handle=None)])
    return _note(shown, Event.APPROVED, next_start_text(asked, CREATED), "U0CAROL")


def _denied() -> Surface:
    asked = request(state="denied")
    denial = decision(asked, "U0CAROL", "denied", comment="Not before the release")
    text = decision_text(Event.DENIED, asked, denial.comment)
    return _note(card(asked, decisions=[denial]), Event.DENIED, text, "U0CAROL")


def _changes_requested() -> Surface:
    asked = request()
    text = decision_text(Event.CHANGES_REQUESTED, asked, "One host first")
    return _note(card(asked, status=waiting()), Event.CHANGES_REQUESTED, text, "U0BOB")


def _expired() -> Surface:
    asked = request(state="expired", outcome="Nobody decided in time, so nothing was done.")
    return _note(card(asked), Event.EXPIRED, expired_text(asked))


def _about_to_start() -> Surface:
    asked = request(state="scheduled")
    shown = card(asked, decisions=both(asked), runs=[run("pending", handle=None)])
    return _note(shown, Event.ABOUT_TO_START, about_to_start_text(asked, START))


def _held() -> Surface:
    asked = request(state="scheduled")
    return _note(card(asked), Event.HELD, held_start_text(asked, START, PAUSE, START + timedelta(hours=1)))


def _cancelled() -> Surface:
    asked = request(state="cancelled")
    return _note(card(asked), Event.CANCELLED, cancelled_text(asked, is_over=True), "U0BOB")


def _unknown() -> Surface:
    asked = request(state="unknown")
    return _note(card(asked, runs=[run("unknown", handle=None)]), Event.UNKNOWN, unknown_text(asked))


def _reminder(status: ApprovalStatus, names: list[str], more: str = "") -> Surface:
    shown = card(request(), status=status)
    return Surface(reminder_blocks(shown, names, more), reminder_text(shown, more))


def _reminder_after_the_decision() -> Surface:
    shown = card(request(state="scheduled"))
    return Surface(reminder_blocks(shown, ["U0CAROL"]), reminder_text(shown))


def _outcome(ended: Run, requester: str = "", *, is_direct: bool = False, emergency: bool = False) -> Surface:
    asked = request(state=ended.state, finished_at=ended.finished_at)
    shown = card(asked, decisions=both(asked), runs=[ended])
    return Surface(outcome_blocks(shown, ended, requester, is_direct=is_direct), outcome_text(asked, ended))


def _failed_to_start() -> Surface:
    problem = "Foreman refused it: the template is locked."
    ended = run("failed", handle=None, started_at=None, problem=problem)
    shown = replace(card(request(state="failed", requirement=Requirement())), runs=[ended])
    return Surface(outcome_blocks(shown, ended), outcome_text(shown.request, ended))


NOTES: Mapping[str, Callable[[], Surface]] = {
    "dm-approved": _approved,
    "dm-denied": _denied,
    "dm-changes-requested": _changes_requested,
    "dm-expired": _expired,
    "dm-about-to-start": _about_to_start,
    "dm-held": _held,
    "dm-cancelled": _cancelled,
    "dm-unknown": _unknown,
    "dm-ended-done": lambda: _outcome(SUCCEEDED, is_direct=True),
    "dm-ended-failed": lambda: _outcome(PARTLY, is_direct=True),
    "reminder-reply": lambda: _reminder(waiting(1), ["U0CAROL"]),
    "reminder-escalated": lambda: _reminder(waiting(), ["S0SRE", "S0DBA"], "@dba may decide now too."),
    "reminder-after-the-decision": _reminder_after_the_decision,
    "results-done": lambda: _outcome(SUCCEEDED, "Alice Adler"),
    "results-partly-failed": lambda: _outcome(PARTLY),
    "results-failed-to-start": _failed_to_start,
    "results-thread": lambda: Surface(failure_blocks(PARTLY), "The results by host."),
}
