"""Copies rows of a real request inside the database."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

_NUMBERS_CTE = "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})"


def copy_request(
    database: Path, request_id: str, count: int, *, tables: Mapping[str, str], changes: Mapping[str, str] | None = None
) -> None:
    """Store ``count`` copies of a request. ``tables`` maps the tables to copy to the column that names the request;
    ``changes`` are SQL expressions by ``table.column`` (``n.i`` is the copy's number)."""
    changes = changes or {}
    with closing(sqlite3.connect(database, timeout=120)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        start = connection.execute("SELECT max(number) FROM requests").fetchone()[0] + 1
        with connection:
            for table, owner in tables.items():
                columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
                values = [_column_expression(table, column, owner, changes) for column in columns]
                names = ", ".join(f'"{column}"' for column in columns)
                connection.execute(
                    f"{_NUMBERS_CTE.format(first=start, last=start + count - 1)} "
                    f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM n, "
                    f"(SELECT * FROM {table} WHERE {owner} = ?) AS old",
                    (request_id,),
                )
            connection.execute("UPDATE counters SET value = ? WHERE name = 'requests'", (start + count,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _column_expression(table: str, column: str, owner: str, changes: Mapping[str, str]) -> str:
    """The expression for a column of a copy: ids get the copy's number, the rest is kept."""
    changed = changes.get(f"{table}.{column}")
    if changed is not None:
        return changed
    if column == "dedupe":
        return "NULL"
    if column == owner or column in ("id", "token", "run_id", "draft_id"):
        return f'CASE WHEN old."{column}" IS NULL THEN NULL ELSE \'c\' || n.i || substr(old."{column}", 1, 24) END'
    if column == "number" and table == "requests":
        return "n.i"
    return f'old."{column}"'
