"""Mutation testing: small changes to the code, one at a time, which the tests should notice.

A runner of its own over ``ast``, since mutmut, cosmic-ray and mutatest offer no seeded sample by package that runs each
mutant against the tests whose recorded coverage has its line, with async code, xdist and child processes.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from tests.mutants import report, tree
from tests.mutants.choose import Choice, Chooser
from tests.mutants.mutate import Mutant, sample
from tests.mutants.record import recording
from tests.mutants.run import Results, Verdict, judge_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Mutation testing of a seeded sample.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=120, help="mutants in all, shared out over the packages")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--fresh", action="store_true", help="judge again what an earlier run judged")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tree.workplace() as place:
            return play(place, asked.seed, asked.size, asked.workers, fresh=asked.fresh)
    except KeyboardInterrupt:
        print("Interrupted. The same command goes on where this one stopped.", file=sys.stderr)
        return 130


def play(place: Path, seed: int, size: int, workers: int, *, fresh: bool) -> int:
    """Judges a sample and reports. Returns the exit status."""
    began, pristine = time.monotonic(), place / "pristine"
    tree.copy(pristine)
    state = tree.state(pristine)
    mutants = sample(pristine, seed, size)
    print(f"{len(mutants)} mutants, seed {seed}, sources {state}.", flush=True)
    recorded = recording(place, pristine, workers)
    print(f"{len(recorded.tests)} tests are recorded ({time.monotonic() - began:.0f} s).", flush=True)
    for test in recorded.failed:
        print(f"Not used, since it failed without any mutant: {test}", flush=True)
    chooser, results = Chooser(pristine, recorded), Results(state, fresh=fresh)
    work = [(mutant, chooser.choose(mutant)) for mutant in mutants]
    judged: dict[str, report.Judged] = {}

    def say(mutant: Mutant, choice: Choice, verdict: Verdict) -> None:
        judged[mutant.key] = (mutant, choice, verdict)
        print(report.progress(len(judged), len(work), judged[mutant.key]), flush=True)

    for mutant, choice in work:
        known = results.get(mutant)
        if known is not None:
            say(mutant, choice, known)

    def keep(mutant: Mutant, choice: Choice, verdict: Verdict) -> None:
        results.add(mutant, verdict)
        say(mutant, choice, verdict)

    left = [(mutant, choice) for mutant, choice in work if mutant.key not in judged]
    if len(left) < len(work):
        print(f"Those {len(work) - len(left)} were judged earlier; --fresh judges them again.", flush=True)
    if left:
        judge_all(left, recorded.seconds, workers, place, pristine, keep)
    lines, holds = report.summary([judged[mutant.key] for mutant, _ in work], report.claims(), pristine)
    print("\n".join([*lines, f"{time.monotonic() - began:.0f} s in all."]))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
