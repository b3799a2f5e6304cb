"""Seating approvals in stages so that as many as possible are of use: a small bipartite matching."""

from collections.abc import Sequence

Seating = tuple[tuple[str, ...], ...]
"""For each stage, who counts in it."""


def fill(quorums: Sequence[int], seats: Sequence[frozenset[str]], votes: Sequence[str]) -> Seating:
    """Seat each vote in at most one stage that it is eligible for, the first stage first.

    Earlier stages are filled as far as possible; somebody who sits in one moves on when somebody else can take the
    place. How many sit in each stage does not depend on the order of ``votes``.
    """
    seated: list[list[str]] = [[] for _ in quorums]
    for stage, quorum in enumerate(quorums):
        while len(seated[stage]) < quorum and _place(stage, seats, votes, seated, set()):
            pass
    return tuple(tuple(vote for vote in votes if vote in stage) for stage in seated)


def _place(
    stage: int, seats: Sequence[frozenset[str]], votes: Sequence[str], seated: list[list[str]], tried: set[str]
) -> bool:
    """Bring one more vote into a stage, moving others if need be; whether it was possible."""
    for vote in votes:
        if vote in tried or vote not in seats[stage] or vote in seated[stage]:
            continue
        tried.add(vote)
        holder = next((other for other, there in enumerate(seated) if vote in there), None)
        if holder is not None and not _place(holder, seats, votes, seated, tried):
            continue
        if holder is not None:
            seated[holder].remove(vote)
        seated[stage].append(vote)
        return True
    return False


def open_stages(stage: int, seats: Sequence[frozenset[str]], seating: Seating) -> frozenset[int]:
    """The stages in which one more vote would help a stage along: itself, and those whose members could move to it."""
    found = {stage}
    waiting = [stage]
    while waiting:
        here = waiting.pop()
        for other, there in enumerate(seating):
            if other not in found and any(vote in seats[here] for vote in there):
                found.add(other)
                waiting.append(other)
    return frozenset(found)
