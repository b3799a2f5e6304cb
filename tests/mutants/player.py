"""Plays chosen tests in a forked process, and says through a pipe how far it is."""

import gc
import json
import os
import random
import select
import signal
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

PATIENCE = 45.0
"""Seconds that any step may take beyond what was recorded for it; a scenario waits up to 20 s for something."""

SLOWER = 3.0
"""How many times slower than recorded a test may be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a play ended. ``test`` is the one that noticed something, ``how`` what it did then."""

    noticed: bool
    test: str = ""
    how: str = ""
    played: tuple[str, ...] = ()


class Player:
    """A pytest plugin that runs chosen tests in a given order."""

    def __init__(self, tests: list[str], pipe: int) -> None:
        self._order = {test: number for number, test in enumerate(tests)}
        self._files = list(dict.fromkeys(test.split("::")[0] for test in tests))
        self._pipe = pipe

    def say(self, *words: str) -> None:
        os.write(self._pipe, json.dumps(words).encode() + b"\n")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, Any, Any]:
        result = yield
        known = {test: number for number, test in enumerate(item.nodeid for item in items)}
        chosen = [item for item in items if item.nodeid in self._order]
        # File by file in the chosen order, and within a file as it is written.
        chosen.sort(key=lambda item: (self._files.index(item.nodeid.split("::")[0]), known[item.nodeid]))
        items[:] = chosen
        return result

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.say("failed", report.nodeid)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.say("start", nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.say("failed", report.nodeid)


def play(tests: list[str], seconds: dict[str, float]) -> Outcome:
    """Runs tests until one fails. ``seconds`` says how long each took when it was recorded."""
    if not tests:
        return Outcome(noticed=False)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _perform(tests, writer)
    os.close(writer)
    try:
        return _watch(child, reader, tests, seconds)
    finally:
        os.close(reader)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def _perform(tests: list[str], pipe: int) -> None:
    """Runs tests in this process, which ends with them."""
    code = 3
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        gc.enable()
        random.seed(0)
        player = Player(tests, pipe)
        options = ["-x", "-q", "--tb=no", "-n0", "--hypothesis-seed=0", "-p", "no:cacheprovider"]
        code = pytest.main([*options, *dict.fromkeys(test.split("::")[0] for test in tests)], plugins=[player])
        player.say("end", str(int(code)))
    finally:
        os._exit(int(code))


def _watch(child: int, pipe: int, tests: list[str], seconds: dict[str, float]) -> Outcome:
    """Follows what a child says, up to its end or until it stands still."""
    parent, rest = os.getppid(), b""
    played: list[str] = []
    latest = time.monotonic() + 2 * PATIENCE + SLOWER * sum(seconds.get(test, 0.0) for test in tests)
    limit = time.monotonic() + 2 * PATIENCE
    while True:
        if os.getppid() != parent:
            raise SystemExit
        now = time.monotonic()
        if now > min(limit, latest):
            return Outcome(True, played[-1] if played else "", "stands still", tuple(played))
        if not select.select([pipe], [], [], min(1.0, max(limit - now, 0.0)))[0]:
            continue
        heard = os.read(pipe, 65536)
        if not heard:
            return Outcome(True, played[-1] if played else "", "ends the process", tuple(played))
        *lines, rest = (rest + heard).split(b"\n")
        for line in lines:
            word, what = json.loads(line)
            if word == "failed":
                return Outcome(True, what, "fails" if "::" in what else "cannot be imported", tuple(played))
            if word == "end":
                # 5 is that no test was there to be run.
                return Outcome(what not in ("0", "5"), "", f"pytest ends with {what}", tuple(played))
            played.append(what)
            limit = time.monotonic() + PATIENCE + SLOWER * seconds.get(what, 0.0)
