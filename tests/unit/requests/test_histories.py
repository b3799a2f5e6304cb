"""A short form of ``make histories``: random histories of requests keep their promises, and known faults are found."""

from collections.abc import Callable

import pytest

from tests.histories.faults import FAULTS, Replace, put_back
from tests.histories.generate import draw_history
from tests.histories.history import Decide, Form, History, HostsChange, PolicySpec, RuleSpec, Start
from tests.histories.run import find_fault, play_range, shrink, violation_of

SIZE = 300
MOST_FOR_A_FAULT = 600


def test_nothing_starts_without_an_approval_that_holds_and_nobody_is_asked_twice() -> None:
    totals = play_range(1, range(SIZE))
    assert totals.failures == {}
    assert totals.started >= 0.3 * SIZE
    assert totals.edited_after_approval >= 0.2 * SIZE


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_known_fault_is_found(fault: Callable[[Replace], None]) -> None:
    assert find_fault(fault, 1, MOST_FOR_A_FAULT) is not None


def test_requesters_who_counted_do_not_count_any_more_where_policy_says_so_now() -> None:
    """One host more is little drift for a dynamic query, but then policy wants somebody else to approve."""
    stricter = RuleSpec("many hosts", "ask", min_targets=26, approvers=("@a",), requester_counts=False)
    history = History(
        policy=PolicySpec(("@a",), requester_counts=True, rules=(stricter,)),
        groups=(("a", frozenset({"UANN", "UBOB"})), ("b", frozenset()), ("ops", frozenset())),
        hosts=(("web", tuple(range(1, 26))), ("db", (1,)), ("all", (1,))),
        requester="UANN",
        form=Form("uptime", "uptime", "web", dynamic=True, schedule="once"),
        events=(Decide("UANN"), HostsChange("web", tuple(range(1, 27))), Start()),
    )
    assert violation_of(history) == ""


def test_a_failing_history_is_made_smaller_and_fails_alike() -> None:
    with put_back(FAULTS[0]):
        history = next(each for each in (draw_history(1, n) for n in range(SIZE)) if violation_of(each))
        smaller = shrink(history)
        assert violation_of(smaller) == violation_of(history)
        assert len(smaller.events) < len(history.events)
    assert violation_of(smaller) == ""


def test_a_seed_draws_the_same_histories_each_time() -> None:
    assert [draw_history(7, n) for n in range(5)] == [draw_history(7, n) for n in range(5)]
    assert draw_history(7, 0) != draw_history(8, 0)
