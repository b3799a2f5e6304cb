"""Whether somebody may do something: yes, no with the reason, or unknown because Slack does not tell."""

from enum import StrEnum

from bot.values import FrozenModel


class PermissionCode(StrEnum):
    """Why somebody may or may not do something."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    INELIGIBLE = "ineligible"
    NOT_OPEN = "not_open"
    OWN_REQUEST = "own_request"
    OWN_EDIT = "own_edit"
    ALREADY_DECIDED = "already_decided"
    SETTLED = "settled"
    NO_APPROVERS_NAMED = "no_approvers_named"
    LATER_STAGE = "later_stage"
    EARLIER_STAGE = "earlier_stage"
    PLACE_TAKEN = "place_taken"
    TOOK_PART = "took_part"
    EXCLUDED = "excluded"
    NOT_AN_APPROVER = "not_an_approver"
    NOT_OWN_DECISION = "not_own_decision"
    ALREADY_RETRACTED = "already_retracted"
    CONTENT_CHANGED = "content_changed"
    NOT_APPROVED = "not_approved"


class Permission(FrozenModel):
    """Whether somebody may do something. ``reason`` is the sentence for them, empty where it is allowed.
    ``on_behalf_of`` is the user id of the person in whose place they would act, empty for themselves."""

    code: PermissionCode = PermissionCode.ALLOWED
    reason: str = ""
    on_behalf_of: str = ""

    @property
    def allowed(self) -> bool:
        return self.code is PermissionCode.ALLOWED

    @property
    def is_unknown(self) -> bool:
        """Whether Slack does not tell enough to say yes or no."""
        return self.code is PermissionCode.UNKNOWN


RIGHTS_UNKNOWN = Permission(
    code=PermissionCode.UNKNOWN,
    reason="Slack does not say just now who may approve this, so nothing was changed. Try again in a minute.",
)
