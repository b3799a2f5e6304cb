"""What the bot keeps can be read by its owner alone."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.engine.identity import FileIdentity
from bot.storage.migrate import migrate


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_directory_and_the_database_are_for_their_owner_alone(tmp_path: Path) -> None:
    database = tmp_path / "data" / "nightshift.sqlite"
    migrate(f"sqlite:///{database}")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE other (name TEXT)")
        found = {path.name: mode(path) for path in database.parent.iterdir()}
    assert mode(database.parent) == 0o700
    assert found["nightshift.sqlite-wal"] == 0o600
    assert set(found.values()) == {0o600}


def test_the_lock_of_a_node_is_for_its_owner_alone(tmp_path: Path) -> None:
    identity = FileIdentity(tmp_path / "data", "main")
    assert mode(tmp_path / "data") == 0o700
    assert mode(tmp_path / "data" / "node-main.lock") == 0o600
    identity.close()


def test_a_directory_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o750)
    migrate(f"sqlite:///{tmp_path / 'data' / 'nightshift.sqlite'}")
    assert mode(tmp_path / "data") == 0o750
