"""The migrations make the tables that the code knows, on SQLite and on PostgreSQL."""

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from bot.storage.migrate import migrate
from bot.storage.schema_version import current_revision, latest_revision, needs_migration, temporary_engine
from bot.storage.tables import metadata


def schema_differences(connection: Connection) -> list[object]:
    """Columns, types, indexes and constraints that the tables of a database have otherwise than the code."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def check_constraints(connection: Connection) -> dict[str, set[str]]:
    """The check constraints by table; the comparison above leaves them out."""
    there = inspect(connection)
    return {t.name: {str(c["name"]) for c in there.get_check_constraints(t.name)} for t in metadata.sorted_tables}


def test_the_migrations_make_the_tables_of_the_code(url: str) -> None:
    assert migrate(url) == ("", latest_revision())
    with temporary_engine(url) as engine, engine.connect() as connection:
        assert schema_differences(connection) == []
        expected = {
            t.name: {str(c.name) for c in t.constraints if "ck_" in str(c.name)} for t in metadata.sorted_tables
        }
        assert check_constraints(connection) == expected
        assert expected["requests"] == {"ck_requests_state"}


def test_a_table_that_differs_would_be_noticed(url: str) -> None:
    migrate(url)
    with temporary_engine(url) as engine, engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit ADD COLUMN more TEXT"))
        connection.execute(text("DROP INDEX ix_runs_state_due_at"))
        assert {change[0] for change in schema_differences(connection)} == {"remove_column", "add_index"}  # type: ignore[index]


def test_migrating_again_changes_nothing(url: str) -> None:
    assert needs_migration(url)
    assert current_revision(url) == ""
    migrate(url)
    assert not needs_migration(url)
    assert migrate(url) == (latest_revision(), latest_revision())


async def test_nodes_that_migrate_at_once_wait_for_each_other(url: str) -> None:
    found = await asyncio.gather(*(asyncio.to_thread(migrate, url) for _ in range(4)))
    assert sorted(found) == [("", latest_revision()), *[(latest_revision(), latest_revision())] * 3]


def test_a_database_that_a_newer_version_has_used_is_left_as_it_is(url: str) -> None:
    migrate(url)
    with temporary_engine(url) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not needs_migration(url)
    assert migrate(url) == ("9999", "9999")
