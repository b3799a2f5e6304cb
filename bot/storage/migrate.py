"""Migrates the database. Safe to run again, and from several nodes at once."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.storage.schema_version import MIGRATIONS, latest_revision, temporary_engine

LOCK_TIMEOUT_MS = 10_000
"""Timeout for the lock of another process on SQLite."""
_MIGRATION_LOCK = 0x6E69676874
"""Key of the PostgreSQL advisory lock that a migrating node holds."""


def migrate(url: str) -> tuple[str, str]:
    """Apply the missing migrations. Returns the revision before ("" for an empty database) and after."""
    config = _config()
    with temporary_engine(url) as engine, engine.connect() as connection:
        _lock_for_migration(connection)
        before = MigrationContext.configure(connection).get_current_revision() or ""
        if before > latest_revision():
            # A newer version has migrated it; this version does not need what that added.
            return before, before
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        after = MigrationContext.configure(connection).get_current_revision() or ""
        connection.commit()
    return before, after


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _lock_for_migration(connection: Connection) -> None:
    """Let only one node migrate at a time; the lock ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={LOCK_TIMEOUT_MS}")
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
