"""Determines the progress of a run from its sessions. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.backends.base import Progress, ProgressState, TargetResult
from bot.backends.immybot.codes import SESSION_STATUS
from bot.backends.immybot.sessions import Session

SETTLE_TIME = timedelta(minutes=2)
"""How long to wait for more sessions of tenants and persons, whose number is not known in advance."""
NO_SESSION_TIMEOUT = timedelta(hours=1)
"""A target without a session counts as failed after this time."""
MAX_RESULTS = 2000

_ORDER = ("failed", "cancelled", "pending", "running", "succeeded")
_WAITING_STATUSES = ("PendingConnectivity", "PendingEphemeralAgentConnection", "Postponed")
_LABEL = re.compile(r"\((tenant |person )?#(\d+)\)$")

TargetKind = Literal["computers", "tenants", "persons"]


@dataclass(frozen=True, slots=True)
class ExpectedRun:
    """What is known about a run before its sessions are read.

    ``starts_at`` is when its first session may be created or start. On ``busy_computers`` ImmyBot started nothing,
    because a session was running there.
    """

    starts_at: datetime
    computers: frozenset[int]
    has_group_targets: bool
    busy_computers: frozenset[int]
    skips_offline: bool
    give_up: timedelta


def target_label(session: Session) -> str:
    """Return the label of a target. The number in it makes it unique and lets the target be run again."""
    if session.computer_id is not None:
        return f"{session.computer or 'computer'} (#{session.computer_id})"
    if session.person_id is not None:
        return f"person (person #{session.person_id})"
    if session.tenant_id is not None:
        return f"{session.tenant or 'tenant'} (tenant #{session.tenant_id})"
    return f"session {session.id}"


def parse_target_label(label: str) -> tuple[TargetKind, int] | None:
    """Return the kind and id in a label, or None."""
    match = _LABEL.search(label)
    if match is None:
        return None
    kinds: dict[str | None, TargetKind] = {None: "computers", "tenant ": "tenants", "person ": "persons"}
    return kinds[match[1]], int(match[2])


def run_progress(
    run: ExpectedRun, sessions: Sequence[Session], reasons: Mapping[int, str], now: datetime, *, complete: bool
) -> Progress:
    """Return the progress of a run. ``complete`` says that every session that may belong to it has been read."""
    lost = (
        _computers_without_session(run, sessions)
        if complete and now - run.starts_at > NO_SESSION_TIMEOUT
        else frozenset()
    )
    unseen = frozenset() if lost else _computers_without_session(run, sessions)
    results = [_target_result(s, reasons, run) for s in sessions]
    results += [TargetResult(name=f"computer (#{n})", state="failed", reason=_NO_SESSION_TEXT) for n in sorted(lost)]
    results += [
        TargetResult(name=f"computer (#{n})", state="failed", reason=_BUSY_TEXT) for n in sorted(run.busy_computers)
    ]
    if not results and not run.computers and complete and now - run.starts_at > NO_SESSION_TIMEOUT:
        return Progress(state="failed", total=1, failed=1, summary=_NO_SESSIONS_TEXT)

    counts: Counter[str] = Counter(r.state for r in results)
    open_ones = [s for s in sessions if not s.is_final]
    settled = not run.has_group_targets or (bool(sessions) and now - run.starts_at > SETTLE_TIME)
    if not open_ones and not unseen and settled and complete and results:
        state = _final_state(sessions, counts)
    else:
        state = "running" if any(s.status == "Running" for s in open_ones) else "waiting"
    starts = [s.scheduled_at for s in open_ones if s.scheduled_at is not None and s.scheduled_at > now]
    return Progress(
        state=state,
        total=len(results) + len(unseen),
        succeeded=counts["succeeded"],
        failed=counts["failed"],
        pending=counts["pending"] + counts["running"] + len(unseen),
        cancelled=counts["cancelled"],
        summary=_summary(run, sessions, len(unseen), len(lost), now),
        results=tuple(sorted(results, key=lambda r: (_ORDER.index(r.state), r.name))[:MAX_RESULTS]),
        starts_at=min(starts, default=None) if state == "waiting" else None,
    )


_NO_SESSION_TEXT = "ImmyBot accepted the request but made no session for it within an hour."
_BUSY_TEXT = "ImmyBot started nothing: a session was already in progress there."
_NO_SESSIONS_TEXT = "ImmyBot accepted the request but made no session for it within an hour. Please look in ImmyBot."


def _computers_without_session(run: ExpectedRun, sessions: Sequence[Session]) -> frozenset[int]:
    """Return the computers without a session."""
    return run.computers - run.busy_computers - {s.computer_id for s in sessions if s.computer_id is not None}


def _final_state(sessions: Sequence[Session], counts: Counter[str]) -> ProgressState:
    partly = any(s.status == "PartialPassed" for s in sessions)
    if counts["failed"]:
        return "partly_failed" if counts["succeeded"] or partly else "failed"
    if counts["succeeded"]:
        return "partly_failed" if counts["cancelled"] else "succeeded"
    return "cancelled"


def _target_result(session: Session, reasons: Mapping[int, str], run: ExpectedRun) -> TargetResult:
    name = target_label(session)
    code = SESSION_STATUS.find(session.status)
    status = code.label if code else session.status
    match session.status:
        case "Passed":
            return TargetResult(name=name, state="succeeded")
        case "Running":
            return TargetResult(name=name, state="running")
        case "Failed" | "PartialPassed":
            why = reasons.get(session.id, "its failed actions are listed in ImmyBot")
            lead = "Passed in part. " if session.status == "PartialPassed" else ""
            return TargetResult(name=name, state="failed", reason=f"{lead}{_sentence(why)}")
        case "Cancelled":
            skipped = " It may have been offline: such computers are skipped." if run.skips_offline else ""
            return TargetResult(name=name, state="cancelled", reason=f"Cancelled in ImmyBot.{skipped}")
        case "PendingConnectivity":
            return TargetResult(name=name, state="pending", reason="Offline; ImmyBot does it when it connects.")
        case _:
            return TargetResult(name=name, state="failed" if session.is_final else "pending", reason=_sentence(status))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def _summary(run: ExpectedRun, sessions: Sequence[Session], unseen: int, lost: int, now: datetime) -> str:
    """Return counts in ImmyBot's terms, then what the run is waiting for."""
    if (not sessions and unseen + lost + len(run.busy_computers) == 0) or (not sessions and unseen and not lost):
        return "ImmyBot has accepted the request; its sessions are not there yet."
    counts = Counter(s.status for s in sessions)
    parts = [f"{n} {_status_label(status)}" for status, n in sorted(counts.items(), key=lambda item: _rank(item[0]))]
    for number, text in ((len(run.busy_computers), "already in a session"), (unseen + lost, "without a session")):
        parts += [f"{number} {text}"] if number else []
    total = len(sessions) + unseen + lost + len(run.busy_computers)
    text = f"Of {total}: {', '.join(parts)}."
    if now - run.starts_at > run.give_up and any(not s.is_final for s in sessions):
        hours = run.give_up.total_seconds() / 3600
        return f"{text} Still pending after {hours:g} hours; Nightshift no longer expects an end. See ImmyBot."
    if any(s.status in _WAITING_STATUSES for s in sessions):
        text += " ImmyBot goes on with the waiting ones when they connect or are no longer postponed."
    return text


def _status_label(status: str) -> str:
    code = SESSION_STATUS.find(status)
    return code.label if code else status


def _rank(status: str) -> int:
    code = SESSION_STATUS.find(status)
    return (0, 7, 2, 1).index(code.number) if code and code.number in (0, 7, 2, 1) else 9
