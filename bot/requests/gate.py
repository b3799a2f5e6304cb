"""The gate before every start. It stands in the way of the run itself, so that no other path leads around it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.requests.approval.rounds import ApprovalRound
from bot.requests.approval.status import Permission, approval_status
from bot.requests.directory import Directory
from bot.requests.freezes.model import FreezeHit, start_blocking_hits
from bot.requests.model import Decision


def is_still_valid(
    approval_round: ApprovalRound,
    decisions: Iterable[Decision],
    directory: Directory,
    now: datetime,
    hits: Sequence[FreezeHit] = (),
) -> Permission:
    """Whether a run may start at this moment: its approval stands, by people who may give it now and for the content
    as it is now, and no freeze is in the way. ``hits`` are the freezes that this one run touches."""
    found = approval_status(approval_round, decisions, directory, now)
    if found.state != "approved":
        return Permission(allowed=False, reason=f"The approval does not stand any more: {found.text}.")
    if stops := start_blocking_hits(hits, approval_round.requirement):
        return Permission(allowed=False, reason=" ".join(hit.text for hit in stops))
    return Permission(allowed=True)
