"""Approvers on stages: who counts where, and which stages one more approval would help."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from bot.requests.approval.assignment import assign_approvers, reachable_stages

USERS = "abcd"
stages = st.lists(st.frozensets(st.sampled_from(USERS)), min_size=1, max_size=3)


def test_somebody_moves_on_if_another_can_take_their_place() -> None:
    eligible = [frozenset("ab"), frozenset("a")]
    assert assign_approvers([1, 1], eligible, ["a"]) == (("a",), ())
    assert assign_approvers([1, 1], eligible, ["a", "b"]) == (("b",), ("a",))
    assert assign_approvers([1, 1], eligible, ["b"]) == (("b",), ())


def test_the_first_stage_is_filled_first_and_no_further_than_its_quorum() -> None:
    everybody = frozenset("abc")
    assert [len(users) for users in assign_approvers([2, 1], [everybody] * 2, ["a", "b", "c"])] == [2, 1]
    assert [len(users) for users in assign_approvers([2, 1], [everybody] * 2, ["a", "b"])] == [2, 0]
    assert assign_approvers([1], [everybody], ["a", "b"]) == (("a",),)


def test_help_comes_from_every_stage_in_a_chain() -> None:
    """C could take the place of B in the last stage, B that of A in the middle one, and A is free for the first."""
    eligible = [frozenset("a"), frozenset("ab"), frozenset("bc")]
    assignment = ((), ("a",), ("b",))
    assert reachable_stages(0, eligible, assignment) == {0, 1, 2}
    assert reachable_stages(1, eligible, assignment) == {1, 2}
    assert reachable_stages(2, eligible, assignment) == {2}


def most(quorums: list[int], eligible: list[frozenset[str]], approvers: list[str]) -> tuple[int, ...]:
    """How many approvals each stage can get, the first stage first, by trying everything."""
    best: tuple[int, ...] = (0,) * len(quorums)
    for places in product(range(-1, len(quorums)), repeat=len(approvers)):
        if all(place < 0 or user in eligible[place] for user, place in zip(approvers, places, strict=True)):
            best = max(best, tuple(min(quorum, places.count(n)) for n, quorum in enumerate(quorums)))
    return best


@given(stages, st.lists(st.sampled_from(USERS), unique=True), st.data())
def test_every_stage_gets_as_much_as_trying_everything_finds(
    eligible: list[frozenset[str]], approvers: list[str], data: st.DataObject
) -> None:
    quorums = [data.draw(st.integers(1, 2)) for _ in eligible]
    assignment = assign_approvers(quorums, eligible, approvers)
    assert tuple(len(users) for users in assignment) == most(quorums, eligible, approvers)
    assert all(set(users) <= eligible[stage] for stage, users in enumerate(assignment))
    for stage, users in enumerate(assignment):
        if len(users) < quorums[stage]:
            helped = {
                other
                for other in range(len(eligible))
                if most(quorums, [e | {"z"} if n == other else e for n, e in enumerate(eligible)], [*approvers, "z"])[
                    stage
                ]
                > len(users)
            }
            assert helped <= reachable_stages(stage, eligible, assignment)
