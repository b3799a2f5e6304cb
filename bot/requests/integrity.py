"""Whether the stored content of a request is what its approvers signed."""

from collections.abc import Iterable

from bot.requests.model import Decision, Request


def is_intact(request: Request, decisions: Iterable[Decision]) -> bool:
    """Return whether the content, hashed now, is what was signed.

    An approver who approves after the start also signs the schedule that they choose, so that counts too.
    """
    actual = request.content.hash
    if actual == request.content_hash:
        return True
    return any(
        decision.rescheduled_hash == actual
        for decision in decisions
        if decision.verdict == "approved"
        and decision.content_hash == request.content_hash
        and decision.retracted_at is None
    )
