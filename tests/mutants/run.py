"""Has every mutant of a sample judged, several at a time, each by a worker with a copy of the tree."""

import json
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.mutants import tree
from tests.mutants.choose import Choice
from tests.mutants.mutate import Mutant


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a mutant. ``test`` noticed it, ``how`` says by what; ``aside`` were not to be relied on."""

    noticed: bool
    test: str = ""
    how: str = ""
    aside: tuple[str, ...] = ()
    ran: int = 0
    took: float = 0.0


class Results:
    """The verdicts on one state of the sources, kept in a file so that an interrupted run can go on."""

    def __init__(self, state: str, *, fresh: bool) -> None:
        self._path = tree.CACHE / f"results-{state}.jsonl"
        self._known: dict[str, Verdict] = {}
        for old in tree.CACHE.glob("results-*.jsonl"):
            if fresh or old != self._path:
                old.unlink()
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                # The last line may have been cut off.
                with suppress(json.JSONDecodeError):
                    noted = json.loads(line)
                    key = noted.pop("key")
                    self._known[key] = _verdict(noted)

    def get(self, mutant: Mutant) -> Verdict | None:
        """Returns the verdict of an earlier run."""
        return self._known.get(mutant.key)

    def add(self, mutant: Mutant, verdict: Verdict) -> None:
        """Keeps a verdict."""
        tree.CACHE.mkdir(exist_ok=True)
        with self._path.open("a") as file:
            file.write("\n" + json.dumps({"key": mutant.key, **asdict(verdict)}) + "\n")


class Worker:
    """A process that judges mutants."""

    def __init__(self, place: Path, pristine: Path, name: str) -> None:
        copied = place / name
        shutil.copytree(pristine, copied)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.worker"],
            cwd=copied, env=tree.environment(copied, place / f"{name}-tmp"), text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def judge(self, mutant: Mutant, choice: Choice, seconds: dict[str, float]) -> Verdict:
        """Returns the verdict on a mutant."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        task = {"path": mutant.path, "text": mutant.text, "batches": choice.batches, "seconds": seconds}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The worker ended while it had {mutant}.")
        return _verdict(json.loads(answer))

    def stop(self) -> None:
        """Ends the process with all it started."""
        self._process.terminate()
        self._process.wait()


def judge_all(
    work: Sequence[tuple[Mutant, Choice]],
    seconds: dict[str, float],
    workers: int,
    place: Path,
    pristine: Path,
    say: Callable[[Mutant, Choice, Verdict], None],
) -> None:
    """Has mutants judged, and says each verdict as it comes."""
    waiting: queue.SimpleQueue[tuple[Mutant, Choice]] = queue.SimpleQueue()
    for item in work:
        waiting.put(item)
    answers: queue.SimpleQueue[tuple[Mutant, Choice, Verdict] | Exception] = queue.SimpleQueue()
    started = [Worker(place, pristine, f"w{number}") for number in range(min(workers, len(work)))]
    try:
        for worker in started:
            threading.Thread(target=_serve, args=(worker, waiting, answers, seconds), daemon=True).start()
        for _ in work:
            answer = answers.get()
            if isinstance(answer, Exception):
                raise answer
            say(*answer)
    finally:
        for worker in started:
            worker.stop()


def _serve(
    worker: Worker,
    waiting: "queue.SimpleQueue[tuple[Mutant, Choice]]",
    answers: "queue.SimpleQueue[tuple[Mutant, Choice, Verdict] | Exception]",
    seconds: dict[str, float],
) -> None:
    try:
        for mutant, choice in _each(waiting):
            wanted = {test: seconds.get(test, 0.0) for batch in choice.batches for test in batch}
            answers.put((mutant, choice, worker.judge(mutant, choice, wanted)))
    except (OSError, RuntimeError, ValueError) as error:
        answers.put(error)


def _each(waiting: "queue.SimpleQueue[tuple[Mutant, Choice]]") -> Iterator[tuple[Mutant, Choice]]:
    with suppress(queue.Empty):
        while True:
            yield waiting.get_nowait()


def _verdict(noted: dict[str, Any]) -> Verdict:
    return Verdict(**{**noted, "aside": tuple(noted["aside"])})
