"""Makes the recording: which tests reach which lines, and how long each test takes."""

import json
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from tests.mutants import recorder, tree

TESTS = ("tests/unit", "tests/scenarios")
UNRECORDED = (*tree.UNTESTED, "tests/mutants/", "tests/unit/mutants/")
"""What no recording depends on: this program and its tests reach nothing that is changed."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the tests reach. A set of tests is a number: bit n stands for the test ``tests[n]``.

    ``reached`` has the tests that run a line themselves, ``shared`` those that run it in a fixture they share with
    others, ``imported`` the lines that run on import.
    """

    tests: list[str]
    seconds: dict[str, float]
    failed: list[str]
    sizes: list[int]
    reached: dict[str, dict[int, int]]
    shared: dict[str, dict[int, int]]
    imported: dict[str, list[int]]


def recording(place: Path, pristine: Path, workers: int) -> Recording:
    """Returns the recording of a copy of the tree, and makes it first where there is none yet."""
    kept = tree.CACHE / f"recording-{tree.state(pristine, UNRECORDED)}.json"
    if kept.exists():
        return load(kept)
    copied, outs = place / "recorded", (place / "out", place / "again")
    shutil.copytree(pristine, copied)
    for out in outs:
        out.mkdir()
    _run(copied, outs[0], place / "tmp", [*TESTS, "-n", str(workers)])
    failed = _gather(outs[:1]).failed
    if failed:
        # A busy machine fails a test that looks at the clock. What fails once more, alone, is named and not used.
        _run(copied, outs[1], place / "tmp", [*failed, "-n", "1"])
    found = _gather(outs)
    tree.CACHE.mkdir(exist_ok=True)
    for old in tree.CACHE.glob("recording-*.json"):
        old.unlink()
    save(found, kept)
    return found


def _run(copied: Path, out: Path, temporary: Path, options: list[str]) -> None:
    """Runs tests once under coverage."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutants.recorder", "--hypothesis-seed=0"]
    command += ["--dist", "loadfile", "--tb=no"]
    environment = tree.environment(copied, temporary) | {recorder.OUT: str(out)}
    done = subprocess.run([*command, *options], cwd=copied, env=environment, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"The tests could not be recorded: pytest ended with {done.returncode}.")


def _gather(outs: Sequence[Path]) -> Recording:
    """Puts together what the workers of one run after the other recorded."""
    seconds: dict[str, float] = {}
    failed: set[str] = set()
    for path in _each(outs, "durations-*.json"):
        noted = json.loads(path.read_text())
        seconds |= noted["seconds"]
        failed = (failed - noted["seconds"].keys()) | set(noted["failed"])
    tests = sorted(test for test in seconds if not test.endswith("::*") and test not in failed)
    masks = {test: 1 << index for index, test in enumerate(tests)}
    for test, mask in list(masks.items()):
        context = recorder.shared_context(test)
        masks[context] = masks.get(context, 0) | mask
    reached: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    shared: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    imported: dict[str, list[int]] = {}
    sizes: dict[str, int] = defaultdict(int)
    for path in _each(outs, "coverage-*.sqlite"):
        data = CoverageData(str(path))
        data.read()
        for file in data.measured_files():
            name = Path(file).as_posix()
            for line, contexts in data.contexts_by_lineno(file).items():
                if "" in contexts:
                    imported.setdefault(name, []).append(line)
                for context in contexts:
                    sizes[context] += 1
                    (shared if context.endswith("::*") else reached)[name][line] |= masks.get(context, 0)
        data.close()
    return Recording(tests, seconds, sorted(failed), [sizes[test] for test in tests], reached, shared, imported)


def _each(outs: Sequence[Path], pattern: str) -> Iterator[Path]:
    for out in outs:
        yield from sorted(out.glob(pattern))


def save(found: Recording, path: Path) -> None:
    """Writes a recording to a file, whole or not at all."""
    parts = {name: getattr(found, name) for name in ("tests", "seconds", "failed", "sizes", "imported")}
    for name in ("reached", "shared"):
        lines = getattr(found, name).items()
        parts[name] = {file: {line: f"{mask:x}" for line, mask in masks.items()} for file, masks in lines}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(parts))
    fresh.replace(path)


def load(path: Path) -> Recording:
    """Reads a recording from a file."""
    parts = json.loads(path.read_text())
    for name in ("reached", "shared"):
        lines = parts[name].items()
        parts[name] = {file: {int(line): int(mask, 16) for line, mask in masks.items()} for file, masks in lines}
    return Recording(**parts)


def members(mask: int) -> Iterator[int]:
    """Yields the numbers of the tests in a set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
