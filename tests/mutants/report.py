"""Says how it goes, and at the end what went unnoticed."""

import textwrap
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import tree
from tests.mutants.choose import BUDGET, Choice
from tests.mutants.mutate import PACKAGES, Mutant
from tests.mutants.run import Verdict

NOTICED = 0.90
"""The share of its mutants that the tests of each package must notice."""

CLAIMED = 0.03
"""The largest share of a sample that may be claimed to be equivalent."""

Judged = tuple[Mutant, Choice, Verdict]


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim that a change makes no difference."""

    file: str
    function: str
    before: str
    after: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether a mutant is this change."""
        return (self.file, self.function) == (mutant.path, mutant.function) and (
            (self.before, self.after) == (mutant.before, mutant.after)
        )


def claims(path: Path = tree.ROOT / tree.CLAIMS) -> list[Claim]:
    """Reads the list of claims."""
    return [Claim(**entry) for entry in tomllib.loads(path.read_text()).get("equivalent", [])]


def progress(number: int, total: int, judged: Judged) -> str:
    """Returns a line on one mutant."""
    mutant, choice, verdict = judged
    if verdict.noticed:
        word, why = "noticed ", f"{verdict.test} {verdict.how}".strip()
    else:
        word, why = "SURVIVED", _tests(choice, verdict)
    return f"[{number:{len(str(total))}}/{total}] {word} {verdict.took:5.1f} s  {mutant} ({why})"


def summary(judged: Sequence[Judged], known: Sequence[Claim], root: Path) -> tuple[list[str], bool]:
    """Returns the report, and whether everything holds."""
    lines: list[str] = []
    claimed: list[tuple[Mutant, Claim]] = []
    wrong: list[Mutant] = []
    survivors: list[Judged] = []
    counts = {package: [0, 0] for package in PACKAGES}
    for one in judged:
        mutant, _, verdict = one
        claim = next((claim for claim in known if claim.covers(mutant)), None)
        if claim is not None and verdict.noticed:
            wrong.append(mutant)
        if claim is not None and not verdict.noticed:
            claimed.append((mutant, claim))
            continue
        counts[mutant.package][0] += verdict.noticed
        counts[mutant.package][1] += 1
        if not verdict.noticed:
            survivors.append(one)
    lines += ["", f"Survivors: {len(survivors)}"]
    for mutant, choice, verdict in survivors:
        lines += [f"{mutant} ({_tests(choice, verdict)})", textwrap.indent(mutant.diff(root), "    ")]
    lines += ["", f"Claimed to be equivalent: {len(claimed)} of {len(judged)}"]
    lines += [f"{mutant}: {claim.reason}\n{textwrap.indent(mutant.diff(root), '    ')}" for mutant, claim in claimed]
    lines += [f"The claim on {mutant} is wrong: a test notices it." for mutant in wrong]
    aside = sorted({test for _, _, verdict in judged for test in verdict.aside})
    # A test that fails anyway notices nothing.
    lines += [f"Set aside, since it failed without the mutant too: {test}" for test in aside]
    lines += ["", f"Noticed ({NOTICED:.0%} is asked for in each package):"]
    for package, (noticed, total) in counts.items():
        lines.append(f"  {package:14} {_share(noticed, total):>6}  {noticed} of {total}")
    budget = ", ".join(f"{seconds:.0f} s of {kind}" for kind, seconds in BUDGET.items())
    lines.append(f"Each mutant meets the tests that reach its line, at most {budget} as recorded, most telling first.")
    enough = all(noticed >= NOTICED * total for noticed, total in counts.values())
    return lines, enough and not wrong and len(claimed) <= CLAIMED * len(judged)


def _tests(choice: Choice, verdict: Verdict) -> str:
    if not choice.reached:
        return "no test reaches it"
    reach = "1 test reaches it" if choice.reached == 1 else f"{choice.reached} tests reach it"
    return f"{reach}, {verdict.ran} ran"


def _share(noticed: int, total: int) -> str:
    return f"{noticed / total:.1%}" if total else "-"
