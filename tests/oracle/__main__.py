"""Print how many random rules and phrases were compared with the libraries of others, and which differ.

python -m tests.oracle [--seed 1] [--rules 200] [--phrases 20000]
"""

import argparse
import sys

from tests.oracle import fugit
from tests.oracle.expansions import Tally, said_back, with_cronsim, with_dateutil, with_systemd
from tests.oracle.phrases import LANGUAGES, made_phrases


def main() -> int:
    """Return 0 if nothing differs, 1 if something does, 3 if Fugit is not there to compare with."""
    parser = argparse.ArgumentParser(description="Compare schedules with the libraries of others.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--phrases", type=int, default=20_000)
    arguments = parser.parse_args()
    different = 0
    for compare in (with_dateutil, with_cronsim, with_systemd, said_back):
        tally = compare(arguments.rules, arguments.seed)
        if tally is None:
            print(f"{compare.__name__.removeprefix('with_')}: not there, not compared")
            continue
        different += _report(tally)
    for language in LANGUAGES:
        tally = Tally(f"phrases made in {language}")
        for made in made_phrases(language, arguments.phrases, arguments.seed):
            tally.compared += 1
            tally.different += [problem] if (problem := made.problem()) else []
        different += _report(tally)
    if fugit.fugit_version() is None:
        print("Fugit: not compared; Debian's ruby-fugit has it")
        return 1 if different else fugit.NOT_COMPARED
    return 1 if different + fugit.report() else 0


def _report(tally: Tally) -> int:
    print(f"{tally.name}: {tally.compared} compared, {len(tally.different)} differ", flush=True)
    for line in tally.different[:20]:
        print(f"  {line}")
    return len(tally.different)


if __name__ == "__main__":
    sys.exit(main())
