"""Brings the database's tables up to date. Safe to run again, and from several nodes at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url

from bot.storage.database import BUSY_TIMEOUT_MS, normal_url

_MIGRATION_LOCK = 0x6E69676874
"""Key of the PostgreSQL advisory lock that one migrating node holds."""


def migrate(url: str) -> tuple[str, str]:
    """Apply what is missing. Returns the revision before ("" for an empty database) and after."""
    config = _config()
    with _engine(url) as engine, engine.connect() as connection:
        _lock(connection)
        before = MigrationContext.configure(connection).get_current_revision() or ""
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        after = MigrationContext.configure(connection).get_current_revision() or ""
        connection.commit()
    return before, after


def pending(url: str) -> bool:
    """Whether the database lacks a migration that this version of the code needs."""
    with _engine(url) as engine, engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() != head()


def head() -> str:
    """The newest revision that this version of the code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    parsed = make_url(normal_url(url))
    if parsed.drivername.startswith("sqlite"):
        parsed = parsed.set(drivername="sqlite")
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed)
    try:
        yield engine
    finally:
        engine.dispose()


def _lock(connection: Connection) -> None:
    """Let only one node migrate at a time; the lock ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
