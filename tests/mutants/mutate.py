"""Draws a seeded sample of mutants.

First a line is drawn, then one of the changes that can be made to it, so that a line full of constants weighs no more
than a line with one comparison. The sample depends on the sources, the seed and the size only.
"""

import difflib
import random
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.mutants.expressions import Change, Place
from tests.mutants.operators import changes_of
from tests.mutants.source import Source

PACKAGES = ("bot/usecases", "bot/requests", "bot/schedule", "bot/backends")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one file. ``before`` and ``after`` are the lines it touches, without their indent."""

    package: str
    path: str
    line: int
    function: str
    operator: str
    before: str
    after: str
    text: str
    place: Place

    @property
    def key(self) -> str:
        """Returns what identifies the mutant among all of this state of the sources."""
        return sha256("\0".join((self.path, str(self.line), self.text)).encode()).hexdigest()[:16]

    def diff(self, root: Path) -> str:
        """Returns the change as a diff of its lines."""
        old, new = (root / self.path).read_text().splitlines(), self.text.splitlines()
        lines = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
        return "\n".join(line for line in lines if not line.startswith("@@"))

    def __str__(self) -> str:
        return f"{self.path}:{self.line} in {self.function}: {self.operator}"


def sample(root: Path, seed: int, size: int) -> list[Mutant]:
    """Returns ``size`` mutants, shared out evenly over the packages."""
    found = []
    for index, package in enumerate(PACKAGES):
        share = size // len(PACKAGES) + (index < size % len(PACKAGES))
        found += draw(root, package, seed, share)
    return found


def draw(root: Path, package: str, seed: int, size: int) -> list[Mutant]:
    """Returns a sample of a package's mutants, no two on one line."""
    chance = random.Random(f"{seed} {package}")
    sources = {
        path.relative_to(root).as_posix(): Source(path.read_text()) for path in sorted((root / package).rglob("*.py"))
    }
    lines: dict[tuple[str, int], list[Change]] = defaultdict(list)
    for path, source in sources.items():
        for change in changes_of(source):
            lines[path, source.line_of(change.edits[0].start)].append(change)
    places = sorted(lines)
    chance.shuffle(places)
    found: list[Mutant] = []
    for path, line in places:
        if len(found) == size:
            break
        changes = lines[path, line]
        chance.shuffle(changes)
        source = sources[path]
        possible = next((change for change in changes if source.takes(change.edits)), None)
        if possible is not None:
            found.append(mutant(package, path, source, possible))
    return sorted(found, key=lambda mutant: (mutant.path, mutant.line))


def mutant(package: str, path: str, source: Source, change: Change) -> Mutant:
    """Makes a mutant of a change."""
    first = source.line_of(change.edits[0].start)
    last = source.line_of(max(edit.end for edit in change.edits))
    text = source.apply(change.edits)
    old, new = source.text.splitlines(), text.splitlines()
    return Mutant(
        package=package,
        path=path,
        line=first,
        function=".".join(change.place.scope) or "<module>",
        operator=change.operator,
        before=_flat(old[first - 1 : last]),
        after=_flat(new[first - 1 : last + len(new) - len(old)]),
        text=text,
        place=change.place,
    )


def _flat(lines: list[str]) -> str:
    return "\n".join(line.strip() for line in lines)
