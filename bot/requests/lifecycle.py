"""The lifecycle of a request: the transitions between its states, and their labels."""

from collections.abc import Mapping

from bot.requests.model import RequestState, RunState

TRANSITIONS: Mapping[RequestState, frozenset[RequestState]] = {
    "awaiting_approval": frozenset({"approved", "denied", "expired", "withdrawn", "undeliverable", "cancelled"}),
    "approved": frozenset({"scheduled", "starting", "expired", "cancelled", "failed", "awaiting_approval"}),
    "scheduled": frozenset(
        {"starting", "running", "succeeded", "partly_failed", "failed", "cancelled", "awaiting_approval"}
    ),
    "starting": frozenset(
        {"scheduled", "running", "unknown", "succeeded", "partly_failed", "failed", "cancelled", "awaiting_approval"}
    ),
    "unknown": frozenset({"starting", "scheduled", "running", "succeeded", "partly_failed", "failed", "cancelled"}),
    "running": frozenset({"scheduled", "succeeded", "partly_failed", "failed", "cancelled", "ended_unseen"}),
    "succeeded": frozenset(),
    "partly_failed": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
    "ended_unseen": frozenset(),
    "denied": frozenset(),
    "expired": frozenset(),
    "withdrawn": frozenset(),
    "undeliverable": frozenset(),
}

FINAL_STATES: frozenset[RequestState] = frozenset(state for state, after in TRANSITIONS.items() if not after)
OPEN_STATES: frozenset[RequestState] = frozenset(TRANSITIONS) - FINAL_STATES
FINAL_RUN_STATES: frozenset[RunState] = frozenset(
    {"succeeded", "partly_failed", "failed", "cancelled", "missed", "ended_unseen"}
)

NOT_SENT_RUN_STATES: frozenset[RunState] = frozenset({"pending", "cancelled", "missed"})
"""The states of runs that an edit of their request need not stop."""

STATE_LABELS: Mapping[RequestState, str] = {
    "awaiting_approval": "Waiting for approval",
    "approved": "Approved",
    "scheduled": "Scheduled",
    "starting": "Starting",
    "running": "Running",
    "unknown": "Outcome unknown",
    "succeeded": "Done",
    "partly_failed": "Partly failed",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "ended_unseen": "Marked as ended",
    "denied": "Denied",
    "expired": "Expired",
    "withdrawn": "Withdrawn",
    "undeliverable": "Not delivered to the approvers",
}

_STATE_FOR_RUN: Mapping[RunState, RequestState] = {
    "pending": "scheduled",
    "scheduled_in_backend": "scheduled",
    "starting": "starting",
    "running": "running",
    "unknown": "unknown",
    "succeeded": "succeeded",
    "partly_failed": "partly_failed",
    "failed": "failed",
    "cancelled": "cancelled",
    "missed": "failed",
    "ended_unseen": "ended_unseen",
}


def can_transition(before: RequestState, after: RequestState) -> bool:
    """Return whether a request may go from one state to the other."""
    return after in TRANSITIONS[before]


def request_state_for_run(run: RunState) -> RequestState:
    """Return the state of a request with one run, from the state of that run."""
    return _STATE_FOR_RUN[run]
