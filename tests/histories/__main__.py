"""Plays random histories of requests on the pure rules: nothing may start that was not approved, and an unchanged world
asks nobody twice."""

import argparse
import os
import sys
import time

from tests.histories.faults import FAULTS
from tests.histories.generate import draw_history
from tests.histories.history import History
from tests.histories.run import Totals, find_fault, play_all, shrink

MOST_FOR_A_FAULT = 2_000
LEAST_STARTED, LEAST_EDITED = 0.3, 0.2
_FAILURES_SHOWN = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=20_000, help="how many histories")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--faults", action="store_true", help="put each known fault back: is it found?")
    asked = parser.parse_args()
    return play_faults(asked.seed) if asked.faults else play_histories(asked.seed, asked.size, asked.workers)


def play_histories(seed: int, size: int, workers: int) -> int:
    """Play and report. Returns the exit status."""
    began = time.monotonic()
    totals = play_all(seed, size, workers)
    print(f"{size:,} histories, seed {seed}, {time.monotonic() - began:.0f} s.")
    print(f"{_share(totals.started, totals)}  reach a start")
    print(f"{_share(totals.edited_after_approval, totals)}  contain an edit after an approval")
    print("In how many histories each of these happened:")
    for what, count in totals.with_result.most_common():
        print(f"  {_share(count, totals)}  {what}")
    for index, problem in sorted(totals.failures.items())[:_FAILURES_SHOWN]:
        print(f"\nHistory {index}: {problem}.")
        _print_history(shrink(draw_history(seed, index)))
    is_varied = totals.started >= LEAST_STARTED * size and totals.edited_after_approval >= LEAST_EDITED * size
    if not is_varied:
        print(f"Too few: {LEAST_STARTED:.0%} must reach a start and {LEAST_EDITED:.0%} contain such an edit.")
    print(f"{len(totals.failures):,} violations.")
    return 0 if is_varied and not totals.failures else 1


def play_faults(seed: int) -> int:
    """Put each fault back and report after how many histories it was found. Returns the exit status."""
    missed = 0
    for fault in FAULTS:
        found = find_fault(fault, seed, MOST_FOR_A_FAULT)
        missed += found is None
        result = f"found by history {found[0]:,}: {found[1]}" if found else "NOT FOUND"
        print(f"{fault.__name__.replace('_', ' '):<48} {result}", flush=True)
    return 1 if missed else 0


def _share(count: int, totals: Totals) -> str:
    return f"{count / max(totals.histories, 1):6.1%}"


def _print_history(history: History) -> None:
    print(f"  {history.policy}\n  groups {dict(history.groups)}\n  hosts {dict(history.hosts)}")
    print(f"  {history.requester} submits {history.form}")
    for event in history.events:
        print(f"    {event}")


if __name__ == "__main__":
    sys.exit(main())
