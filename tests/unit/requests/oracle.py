"""Whether an approval is complete, found by trying everything: slow, obvious, and nothing of the product's own way."""

from collections.abc import Mapping, Sequence
from itertools import permutations

from bot.requests.approval.rounds import ApprovalRound
from bot.requests.model import Decision

USERS = ("UANN", "UBOB", "UCAT", "UDAN", "UEVE")


def is_complete(
    approval_round: ApprovalRound, decisions: Sequence[Decision], groups: Mapping[str, set[str]], inactive: set[str]
) -> bool:
    """Whether different active people who approved this content, none of them the requester (unless they count), fill
    every place of every stage; and nobody denied it or asked for changes. Knows no delegation or escalation."""
    said = [d for d in decisions if d.content_hash == approval_round.content_hash and d.retracted_at is None]
    if any(d.verdict != "approved" for d in said) or not approval_round.requirement.stages:
        return False
    voices = {d.person.user for d in said} - inactive
    if not approval_round.requirement.requester_counts:
        voices.discard(approval_round.requester.user)
    places = [
        set(stage.users).union(*(groups.get(name.removeprefix("@"), set()) for name in stage.groups))
        for stage in approval_round.requirement.stages
        for _ in range(stage.quorum)
    ]
    if len(places) > len(voices):
        return False
    return any(
        all(user in place for user, place in zip(order, places, strict=True))
        for order in permutations(sorted(voices), len(places))
    )
