"""Records which lines each test reaches. A pytest plugin, loaded in every xdist worker of the recording run.

Tests of a file may share a fixture, such as a running bot. What its set-up and teardown reach is recorded under the
shared context ``file::*``, since every test of the file depends on it.
"""

import json
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

OUT = "MUTANTS_OUT"
"""The environment variable that says where the records go."""

TRACED = ("bot", "handlers", "blocks")


def shared_context(node_id: str) -> str:
    """Returns the context of what all tests of a test's file share."""
    return node_id.split("::", maxsplit=1)[0] + "::*"


class Recorder:
    """Switches coverage's context with each test, and measures how long tests and shared fixtures take."""

    def __init__(self, out: Path, worker: str) -> None:
        self._durations = out / f"durations-{worker}.json"
        self._seconds: dict[str, float] = {}
        self._failed: list[str] = []
        self._coverage = Coverage(
            data_file=str(out / f"coverage-{worker}.sqlite"),
            source=[str(Path.cwd() / package) for package in TRACED],
            concurrency=["thread", "greenlet"],
            config_file=False,
        )
        self._coverage.set_option("run:relative_files", True)
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._coverage.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self._coverage.switch_context("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        if fixturedef.scope == "function":
            return (yield)
        node_id = request._pyfuncitem.nodeid
        context = shared_context(node_id)
        began = time.perf_counter()
        self._coverage.switch_context(context)
        try:
            return (yield)
        finally:
            self._coverage.switch_context(node_id)
            took = time.perf_counter() - began
            self._add(context, took)
            self._add(node_id, -took)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        if nextitem is None or nextitem.path != item.path:
            self._coverage.switch_context(shared_context(item.nodeid))
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._add(report.nodeid, report.duration)
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        self._durations.write_text(json.dumps({"seconds": self._seconds, "failed": self._failed}))

    def _add(self, key: str, seconds: float) -> None:
        self._seconds[key] = self._seconds.get(key, 0.0) + seconds


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begins before the first conftest imports what is to be recorded."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        early_config.pluginmanager.register(Recorder(Path(os.environ[OUT]), worker), "mutants-recorder")
