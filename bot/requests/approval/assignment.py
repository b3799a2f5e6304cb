"""Assigns approvers to stages so that as many approvals as possible are of use: a small bipartite matching."""

from collections.abc import Sequence

StageAssignment = tuple[tuple[str, ...], ...]
"""For each stage, the users whose approval counts in it."""


def assign_approvers(
    quorums: Sequence[int], eligible_by_stage: Sequence[frozenset[str]], approvers: Sequence[str]
) -> StageAssignment:
    """Assign each approver to at most one stage that they are eligible for, the first stage first.

    Earlier stages are filled as far as possible. An approver moves from one stage to another if somebody else can take
    their place. How many approvers each stage gets does not depend on the order of ``approvers``.
    """
    assigned: list[list[str]] = [[] for _ in quorums]
    for stage, quorum in enumerate(quorums):
        while len(assigned[stage]) < quorum and _assign_one(stage, eligible_by_stage, approvers, assigned, set()):
            pass
    return tuple(tuple(user for user in approvers if user in users) for users in assigned)


def _assign_one(
    stage: int,
    eligible_by_stage: Sequence[frozenset[str]],
    approvers: Sequence[str],
    assigned: list[list[str]],
    tried: set[str],
) -> bool:
    """Assign one more approver to a stage, moving others if needed. Return whether that was possible."""
    for user in approvers:
        if user in tried or user not in eligible_by_stage[stage]:
            continue
        tried.add(user)
        present = next((index for index, users in enumerate(assigned) if user in users), None)
        if present is not None:
            if not _assign_one(present, eligible_by_stage, approvers, assigned, tried):
                continue
            assigned[present].remove(user)
        assigned[stage].append(user)
        return True
    return False


def reachable_stages(
    stage: int, eligible_by_stage: Sequence[frozenset[str]], assignment: StageAssignment
) -> frozenset[int]:
    """Return the stages in which one more approval would help a stage: itself, and those whose approvers could move
    to it."""
    reachable = {stage}
    pending = [stage]
    while pending:
        goal = pending.pop()
        for index, users in enumerate(assignment):
            if index not in reachable and not eligible_by_stage[goal].isdisjoint(users):
                reachable.add(index)
                pending.append(index)
    return frozenset(reachable)
