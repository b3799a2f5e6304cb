"""Judges mutants in a copy of the tree, one after the other.

The process has imported the libraries, and nothing of the copy; each mutant is judged in a fork of it. Tasks are read
from standard input and answered on standard output, a line of JSON each.
"""

import ast
import gc
import importlib
import itertools
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.mutants import tree
from tests.mutants.player import Outcome, play

_stamps = itertools.count(1)
_unmutated: dict[tuple[str, ...], bool] = {}
"""Whether tests fail without any mutant, as far as it was tried."""


def preload(root: Path) -> None:
    """Imports what the modules of a tree import from elsewhere."""
    own = {path.stem for path in root.iterdir()}
    wanted = {"pytest_asyncio.plugin", "xdist.plugin", "hypothesis"}
    for path in root.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                wanted.update(name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                wanted.add(node.module)
    for name in sorted(wanted):
        if name.split(".")[0] not in own:
            with suppress(Exception):
                importlib.import_module(name)


def judge(task: dict[str, Any], temporary: Path) -> dict[str, Any]:
    """Says whether any test notices a mutant. A test that fails without the mutant too is set aside."""
    began, path, seconds = time.monotonic(), Path(task["path"]), task["seconds"]
    original = path.read_text()
    aside: list[str] = []
    passed: set[str] = set()
    while True:
        outcome = Outcome(noticed=False)
        _write(path, task["text"])
        for batch in task["batches"]:
            outcome = play([test for test in batch if test not in passed], seconds)
            passed.update(outcome.played)
            if outcome.noticed:
                break
        _write(path, original)
        tree.remove(temporary)
        temporary.mkdir(mode=0o755)
        if not outcome.noticed or not outcome.played or not _fails_anyway(outcome, seconds):
            break
        aside.append(outcome.played[-1])
    took = time.monotonic() - began
    return {
        "noticed": outcome.noticed,
        "test": outcome.test,
        "how": outcome.how,
        "aside": aside,
        "ran": len(passed),
        "took": took,
    }


def _fails_anyway(outcome: Outcome, seconds: dict[str, float]) -> bool:
    """Plays what was played of the last file once more, without the mutant."""
    file = outcome.played[-1].split("::")[0]
    again = tuple(test for test in outcome.played if test.split("::")[0] == file)
    if again not in _unmutated:
        _unmutated[again] = play(list(again), seconds).noticed
    return _unmutated[again]


def _write(path: Path, text: str) -> None:
    """Writes a module so that no compiled form of another text is taken for it."""
    path.write_text(text)
    stamp = 1_000_000_000 + next(_stamps)
    os.utime(path, (stamp, stamp))


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    root, temporary = Path.cwd(), Path(os.environ["TMPDIR"])
    preload(root)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(judge(json.loads(line), temporary)), file=answers, flush=True)


if __name__ == "__main__":
    main()
