"""Plays many histories, and makes a failing one as small as it can be."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace

from tests.histories.faults import Replace, put_back
from tests.histories.generate import draw_history
from tests.histories.history import History, Violation
from tests.histories.play import play

_CHUNK = 250


@dataclass(slots=True)
class Totals:
    """What happened in many histories. ``failures`` has what was violated, by the number of the history."""

    histories: int = 0
    started: int = 0
    edited_after_approval: int = 0
    with_result: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)

    def add(self, other: "Totals") -> None:
        self.histories += other.histories
        self.started += other.started
        self.edited_after_approval += other.edited_after_approval
        self.with_result += other.with_result
        self.failures |= other.failures


def play_range(seed: int, indexes: range) -> Totals:
    """Play the histories with these numbers."""
    totals = Totals(histories=len(indexes))
    for index in indexes:
        try:
            summary = play(draw_history(seed, index))
        except Violation as violation:
            totals.failures[index] = str(violation)
            continue
        totals.started += summary.starts > 0
        totals.edited_after_approval += summary.edits_after_approval > 0
        totals.with_result.update(summary.seen)
    return totals


def play_all(seed: int, size: int, workers: int) -> Totals:
    """Play ``size`` histories of a seed in several processes."""
    ranges = [range(begin, min(begin + _CHUNK, size)) for begin in range(0, size, _CHUNK)]
    totals = Totals()
    with ProcessPoolExecutor(workers) as pool:
        for part in pool.map(play_range, [seed] * len(ranges), ranges):
            totals.add(part)
    return totals


def find_fault(fault: Callable[[Replace], None], seed: int, most: int) -> tuple[int, str] | None:
    """Return after how many histories a fault is found, and what it violates; None if it is not."""
    with put_back(fault):
        for index in range(most):
            if problem := violation_of(draw_history(seed, index)):
                return index + 1, problem
    return None


def violation_of(history: History) -> str:
    """Return what a history violates; "" if nothing."""
    try:
        play(history)
    except Violation as violation:
        return str(violation)
    return ""


def shrink(history: History) -> History:
    """Leave out every event and rule without which the same is violated."""
    problem = violation_of(history)
    smaller = history
    while smaller is not None:
        history = smaller
        smaller = next((each for each in _smaller(history) if violation_of(each) == problem), None)
    return history


def _smaller(history: History) -> Iterator[History]:
    rules, events = history.policy.rules, history.events
    for index in reversed(range(len(events))):
        yield replace(history, events=(*events[:index], *events[index + 1 :]))
    for index in range(len(rules)):
        yield replace(history, policy=replace(history.policy, rules=(*rules[:index], *rules[index + 1 :])))
