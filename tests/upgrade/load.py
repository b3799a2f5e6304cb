"""Loads a database that an earlier version of Nightshift wrote, as it was exported to JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Column, Connection, DateTime, MetaData, Table, insert

from bot.storage.schema_version import MIGRATIONS, temporary_engine
from bot.values import Json, JsonObject

EXPORT = Path(__file__).with_name("before_0003.json")
"""Every table of a database of revision 0002, one row a line: times in UTC, JSON columns as JSON."""


def load_export(url: str) -> None:
    """Migrate an empty database to the revision of the export, and insert the export's rows."""
    export = json.loads(EXPORT.read_text())
    with temporary_engine(url) as engine, engine.connect() as connection:
        _migrate(connection, export["revision"])
        _insert(connection, export["tables"])
        connection.commit()


def _migrate(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _insert(connection: Connection, rows: Mapping[str, Sequence[JsonObject]]) -> None:
    """Insert rows into the tables as the database describes them, a table before those that refer to it."""
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        for row in rows.get(table.name, ()):
            connection.execute(insert(table), _values(table, row))


def _values(table: Table, row: JsonObject) -> Mapping[str, Json | datetime]:
    # None is left out, because a JSON column would store it as the JSON null.
    return {name: _value(table.columns[name], value) for name, value in row.items() if value is not None}


def _value(column: Column[object], value: Json) -> Json | datetime:
    if not isinstance(column.type, DateTime):
        return value
    instant = datetime.fromisoformat(str(value))
    # SQLite keeps no zone; Nightshift stores UTC there.
    return instant if column.type.timezone else instant.astimezone(UTC).replace(tzinfo=None)
