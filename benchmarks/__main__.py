"""``python -m benchmarks [SCENARIO ...] [--size N]``: measures, prints a table, writes benchmarks/out/latest.json."""

import argparse
import asyncio
import sys
import time

from benchmarks.measurements import Measurement, show, store
from benchmarks.scenarios import SCENARIOS


async def main(names: list[str], size: float) -> int:
    """Run scenarios. Returns 1 if a figure misses its target, else 0."""
    figures: list[Measurement] = []
    for name in names or list(SCENARIOS):
        began = time.monotonic()
        found = list(await SCENARIOS[name](size))
        print(f"-- {name} ({time.monotonic() - began:.0f} s)")
        show(found)
        figures += found
        store(figures)
    missed = [figure.name for figure in figures if figure.passed is False]
    targets = sum(figure.passed is not None for figure in figures)
    print(f"{len(missed)} of {targets} targets are missed", *missed, sep="\n  ")
    return 1 if missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", choices=[[], *SCENARIOS], metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--size", type=float, default=1.0, help="1 measures in full; less is quicker and rougher")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.names, given.size)))
