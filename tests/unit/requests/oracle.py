"""Whether an approval is complete, found by trying everything: slow, obvious, and nothing of the product's own way."""

from collections.abc import Mapping, Sequence
from itertools import permutations

from bot.requests.model import Decision
from bot.requests.rounds import Round

USERS = ("UANN", "UBOB", "UCAT", "UDAN", "UEVE")


def complete(around: Round, decisions: Sequence[Decision], groups: Mapping[str, set[str]], inactive: set[str]) -> bool:
    """Whether different active people who approved this content, none of them the requester (unless they count), fill
    every place of every stage; and nobody denied it or asked for changes. Knows no delegation or escalation."""
    said = [d for d in decisions if d.content_hash == around.content_hash and d.taken_back is None]
    if any(d.verdict != "approved" for d in said) or not around.requirement.stages:
        return False
    voices = {d.person.user for d in said} - inactive
    if not around.requirement.requester_counts:
        voices.discard(around.requester.user)
    places = [
        set(stage.users).union(*(groups.get(name.removeprefix("@"), set()) for name in stage.groups))
        for stage in around.requirement.stages
        for _ in range(stage.quorum)
    ]
    if len(places) > len(voices):
        return False
    return any(
        all(user in place for user, place in zip(order, places, strict=True))
        for order in permutations(sorted(voices), len(places))
    )
