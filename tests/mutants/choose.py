"""Chooses the tests for a mutant: those that reach its line, the most telling first, until they would take too long."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutants.mutate import Mutant
from tests.mutants.record import Recording, members
from tests.mutants.recorder import TRACED, shared_context

BUDGET = {"tests/unit": 30.0, "tests/scenarios": 90.0}
"""Recorded seconds of tests that a mutant may take, by kind."""

OF_ONE_FILE = 2.0
"""Recorded seconds of tests of a file that are considered before those of other files."""

SLOW = 0.1
"""A test that takes more than this share of the time is considered after all others."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The tests for a mutant. ``batches`` has quick tests first; ``reached`` counts all tests that reach the line."""

    batches: list[list[str]]
    reached: int

    @property
    def count(self) -> int:
        """Returns how many tests are run at most."""
        return sum(len(batch) for batch in self.batches)


class Chooser:
    """Chooses by a recording."""

    def __init__(self, root: Path, recording: Recording) -> None:
        self._recording = recording
        self._lines = {
            path.relative_to(root).as_posix(): path.read_text().splitlines()
            for package in TRACED
            for path in sorted((root / package).rglob("*.py"))
        }
        self._functions = cache(self._functions_of)
        self._tests_of_file: dict[Path, int] = {}
        for index, test in enumerate(recording.tests):
            file = root / test.partition("::")[0]
            self._tests_of_file[file] = self._tests_of_file.get(file, 0) | 1 << index
        self._texts = {file: file.read_text() for file in self._tests_of_file if file.exists()}

    def choose(self, mutant: Mutant) -> Choice:
        """Returns the tests for a mutant."""
        named = self._tests_that_name(mutant)
        itself = self._reaching(mutant) | named
        with_shared = itself | self._among(self._recording.shared, mutant.path, mutant.place.lines)
        rare = self._rare_lines(mutant, itself)
        ranked = sorted(
            members(with_shared),
            key=lambda index: (
                not named >> index & 1,
                not itself >> index & 1,
                -rare[index],
                self._recording.sizes[index],
                index,
            ),
        )
        return Choice([self._batch(ranked, kind, seconds) for kind, seconds in BUDGET.items()], len(ranked))

    def _reaching(self, mutant: Mutant) -> int:
        """The tests that run a mutant themselves. What runs on import only is looked for where its name is used, else
        wherever the module is used, else wherever a module that imports from it is used."""
        place, path = mutant.place, mutant.path
        if place.function is not None:
            found = self._among(self._recording.reached, path, place.lines)
            imported = self._recording.imported.get(path, [])
            if any(place.lines[0] <= line <= place.lines[1] for line in imported):
                found |= self._functions(path) or self._importers(path)
            return found
        for name in reversed(place.names):
            found = self._naming(name, path, mutant.line)
            if found:
                return found
        return self._functions(path) or self._importers(path)

    def _rare_lines(self, mutant: Mutant, tests: int) -> dict[int, float]:
        """How much each test has to itself of the lines of the mutant's function: a line counts the more, the fewer
        tests run it."""
        found = defaultdict[int, float](float)
        first, last = mutant.place.function or (1, 0)
        for line in range(first, last + 1):
            running = tests & self._recording.reached.get(mutant.path, {}).get(line, 0)
            for index in members(running):
                found[index] += 1 / running.bit_count()
        return found

    def _tests_that_name(self, mutant: Mutant) -> int:
        """The tests in files that name the constant which a mutant changes."""
        names = [name for name in mutant.place.names if name.isupper()] if mutant.place.function is None else []
        pattern, found = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b"), 0
        for file, text in self._texts.items():
            if names and pattern.search(text):
                found |= self._tests_of_file[file]
        return found

    def _naming(self, name: str, defined_in: str, defined_at: int) -> int:
        """The tests that reach a line which has a name in it."""
        pattern, found = re.compile(rf"\b{re.escape(name)}\b"), 0
        for path, lines in self._lines.items():
            reached = self._recording.reached.get(path, {})
            imported = set(self._recording.imported.get(path, []))
            for number, line in enumerate(lines, start=1):
                named = (path, number) != (defined_in, defined_at) and pattern.search(line)
                if named and number not in imported:
                    found |= reached.get(number, 0)
        return found

    def _functions_of(self, path: str) -> int:
        """The tests that run any function of a module."""
        imported, found = set(self._recording.imported.get(path, [])), 0
        for line, mask in self._recording.reached.get(path, {}).items():
            if line not in imported:
                found |= mask
        return found

    def _importers(self, path: str) -> int:
        """The tests that run any function of the modules that import from a module."""
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        wanted, found = f"from {module} import ", 0
        for other, lines in self._lines.items():
            if any(line.lstrip().startswith(wanted) for line in lines):
                found |= self._functions(other)
        return found

    @staticmethod
    def _among(masks: dict[str, dict[int, int]], path: str, lines: tuple[int, int]) -> int:
        found = 0
        for line in range(lines[0], lines[1] + 1):
            found |= masks.get(path, {}).get(line, 0)
        return found

    def _batch(self, ranked: list[int], kind: str, seconds: float) -> list[str]:
        """The best tests of a kind within a time, in the order to run them: file by file, quick files first."""
        of_file: dict[str, float] = {}
        turns = []
        for rank, index in enumerate(ranked):
            test = self._recording.tests[index]
            if test.startswith(f"{kind}/"):
                file = shared_context(test)
                slow = self._seconds(index) > SLOW * seconds
                turns.append((slow, of_file.get(file, 0.0) // OF_ONE_FILE, rank, index, file))
                of_file[file] = of_file.get(file, 0.0) + self._seconds(index)
        chosen: dict[str, list[int]] = {}
        for *_, index, file in sorted(turns):
            cost = self._seconds(index) + (0.0 if file in chosen else self._recording.seconds.get(file, 0.0))
            if cost <= seconds:
                seconds -= cost
                chosen.setdefault(file, []).append(index)
        if turns and not chosen:
            *_, index, file = min(turns)
            chosen[file] = [index]
        # Tests of one file may share a bot whose clock only goes on, so they keep the order of their file.
        files = sorted(chosen.values(), key=lambda several: sum(map(self._seconds, several)))
        return [self._recording.tests[index] for several in files for index in several]

    def _seconds(self, index: int) -> float:
        return max(self._recording.seconds[self._recording.tests[index]], 0.001)
