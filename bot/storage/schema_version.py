"""Reads which revision the tables of a database have, without loading Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.engine import make_url

from bot.private_files import make_private_file
from bot.storage.urls import normalize_url

MIGRATIONS = Path(__file__).with_name("migrations")


def needs_migration(url: str) -> bool:
    """Return whether the database lacks a migration that this version of the code has."""
    return current_revision(url) < latest_revision()


def latest_revision() -> str:
    """Return the newest revision that this version of the code has. The names of the files begin with it."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def current_revision(url: str) -> str:
    """Return the revision of the database; "" if it is empty."""
    with temporary_engine(url) as engine, engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")


@contextmanager
def temporary_engine(url: str) -> Iterator[Engine]:
    """Open an engine until the block ends. A SQLite file and its directory are created for their owner alone."""
    parsed = make_url(normalize_url(url))
    if parsed.drivername.startswith("sqlite"):
        parsed = parsed.set(drivername="sqlite")
        if parsed.database and parsed.database != ":memory:":
            # SQLite gives its other files the mode of this one.
            with suppress(OSError):  # SQLite says what is wrong, below.
                make_private_file(Path(parsed.database))
    engine = create_engine(parsed)
    try:
        yield engine
    finally:
        engine.dispose()
