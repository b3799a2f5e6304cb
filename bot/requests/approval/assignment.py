"""Seating approvals in stages so that as many as possible are of use: a small bipartite matching."""

from collections.abc import Sequence

StageAssignment = tuple[tuple[str, ...], ...]
"""For each stage, who counts in it."""


def assign_approvers(
    quorums: Sequence[int], eligible_by_stage: Sequence[frozenset[str]], approvers: Sequence[str]
) -> StageAssignment:
    """Seat each vote in at most one stage that it is eligible for, the first stage first.

    Earlier stages are filled as far as possible; somebody who sits in one moves on when somebody else can take the
    place. How many sit in each stage does not depend on the order of ``votes``.
    """
    seated: list[list[str]] = [[] for _ in quorums]
    for stage, quorum in enumerate(quorums):
        while len(seated[stage]) < quorum and _assign_one(stage, eligible_by_stage, approvers, seated, set()):
            pass
    return tuple(tuple(vote for vote in approvers if vote in stage) for stage in seated)


def _assign_one(
    stage: int,
    eligible_by_stage: Sequence[frozenset[str]],
    approvers: Sequence[str],
    assigned: list[list[str]],
    tried: set[str],
) -> bool:
    """Bring one more vote into a stage, moving others if need be; whether it was possible."""
    for vote in approvers:
        if vote in tried or vote not in eligible_by_stage[stage] or vote in assigned[stage]:
            continue
        tried.add(vote)
        holder = next((other for other, there in enumerate(assigned) if vote in there), None)
        if holder is not None and not _assign_one(holder, eligible_by_stage, approvers, assigned, tried):
            continue
        if holder is not None:
            assigned[holder].remove(vote)
        assigned[stage].append(vote)
        return True
    return False


def reachable_stages(
    stage: int, eligible_by_stage: Sequence[frozenset[str]], assignment: StageAssignment
) -> frozenset[int]:
    """The stages in which one more vote would help a stage along: itself, and those whose members could move to it."""
    found = {stage}
    waiting = [stage]
    while waiting:
        here = waiting.pop()
        for other, there in enumerate(assignment):
            if other not in found and any(vote in eligible_by_stage[here] for vote in there):
                found.add(other)
                waiting.append(other)
    return frozenset(found)
