"""Why a use case refuses something, for tests and metrics; people read the sentence of the error."""

from enum import StrEnum


class RefusalCode(StrEnum):
    """Why a use case refuses something."""

    # Decisions
    ALREADY_DECIDED = "already_decided"
    REVISION_REPLACED = "revision_replaced"
    NOT_SHOWN = "not_shown"
    REASON_MISSING = "reason_missing"
    CONTENT_ALTERED = "content_altered"
    RESCHEDULE_REFUSED = "reschedule_refused"
    LIMIT_REACHED = "limit_reached"
    NOTHING_TO_RETRACT = "nothing_to_retract"
    # Requests
    NOT_REQUESTER = "not_requester"
    NOT_MANAGER = "not_manager"
    ALREADY_OVER = "already_over"
    NOT_EDITABLE = "not_editable"
    OUTCOME_KNOWN = "outcome_known"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_THE_RUN = "not_the_run"
    NOT_READABLE = "not_readable"
    NOT_INDEPENDENT = "not_independent"
    PROPOSAL_REPLACED = "proposal_replaced"
    TAKEN_OVER = "taken_over"
    OWN_REQUEST = "own_request"
    NOTHING_FAILED = "nothing_failed"
    # Reviews
    NO_EMERGENCY = "no_emergency"
    NOT_OVER = "not_over"
    ALREADY_REVIEWED = "already_reviewed"
    # Pauses
    NOT_A_SERIES = "not_a_series"
    ALREADY_PAUSED = "already_paused"
    NOT_PAUSED = "not_paused"
    NOT_POSSIBLE = "not_possible"
    # Drafts
    NOT_OWNER = "not_owner"
    NOT_CONFIGURED = "not_configured"
    DRAFT_CHANGED = "draft_changed"
    NOTHING_CHANGED = "nothing_changed"
    TIME_PASSED = "time_passed"
    POLICY_REFUSES = "policy_refuses"
    POLICY_STRICTER = "policy_stricter"
    BUDGET_EXHAUSTED = "budget_exhausted"
    EDITED_BY_OTHERS = "edited_by_others"
