"""What must be stored before it is acknowledged: sending a checked form, against the same rows written alone."""

import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.harness import Harness, run_harness
from benchmarks.load import flood, steady
from benchmarks.measurements import Measurement, at_least, below, informational
from playground.slack.transport import payloads

_WRITTEN_TABLES = ("requests", "revisions", "audit", "messages")


async def commits(size: float) -> Sequence[Measurement]:
    """Confirmed forms a second; each is a request, its revision, an audit entry and two messages in one commit."""
    seconds = max(2.0, 8 * size)
    async with run_harness() as harness:
        view, draft_id = await _preview(harness)
        supply = max(300, int(4000 * size))
        _copy_drafts(harness, draft_id, supply)
        numbers = iter(range(supply))
        version = harness.rows("SELECT version FROM drafts WHERE id = ?", draft_id)[0][0]

        def confirm() -> Any:
            metadata = json.dumps({"d": f"{draft_id[:20]}-{next(numbers)}", "v": version})
            payload = payloads.view_submission(harness.env.slack.workspace, harness.load.requesters[0].user, view)
            payload["view"] = {**payload["view"], "private_metadata": metadata}
            return "interactive", payload

        before = _request_count(harness)
        ours = await flood(harness.transport, confirm, seconds, max_requests=supply // 2)
        stored = _request_count(harness) - before
        half = await steady(harness.transport, confirm, max(1.0, ours.rate / 2), seconds, max_requests=supply // 3)
        await harness.bot.stop()
        alone = _baseline_commit_rate(harness.database, seconds)
        return [
            informational("commit alone", alone, "1/s"),
            informational("confirmed forms", ours.rate, "1/s"),
            Measurement(
                "confirmed forms that are stored", stored, "", f"= {len(ours.times)}", stored == len(ours.times)
            ),
            at_least("confirmed forms / commit alone", ours.rate / alone, "", 0.5),
            below("confirmed forms: p99 at half load", half.p99, "ms", 250),
            below("confirmed forms: deadlines missed", ours.missed_deadlines + half.missed_deadlines, "", 1),
        ]


def _request_count(harness: Harness) -> int:
    return int(harness.rows("SELECT count(*) FROM requests")[0][0])


async def _preview(harness: Harness) -> tuple[Any, str]:
    """A checked form, and the draft it shows."""
    person = harness.load.requesters[0]
    line = '/foreman run template="Run Command - Script Default" hosts="os = RedHat" when="in 5 hours" because="b"'
    await person.command(line, channel="#ops", settle_timeout=3.0)
    modal = await person.modal()
    await harness.env.slack.wait_until(lambda: "command" in modal.labels, 10)
    await modal.fill({"command": "uptime"})
    await modal.submit()
    await harness.env.slack.wait_until(lambda: "Request approval" in modal.text, 20)
    view = modal.container
    return view, str(json.loads(view.content["private_metadata"])["d"])


def _copy_drafts(harness: Harness, draft_id: str, count: int) -> None:
    with closing(sqlite3.connect(harness.database, timeout=60)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(drafts)") if row[1] != "id"]
        names = ", ".join(f'"{column}"' for column in columns)
        connection.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1}) "
            f"INSERT INTO drafts (id, {names}) "
            f"SELECT substr(id, 1, 20) || '-' || n.i, {names} FROM n, drafts WHERE id = ?",
            (draft_id,),
        )


def _baseline_commit_rate(database: Path, seconds: float) -> float:
    """Commits a second: the rows of one confirmed form written again and again by the bare driver, nothing else."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=FULL")
        connection.row_factory = sqlite3.Row
        newest = connection.execute("SELECT * FROM requests ORDER BY number DESC LIMIT 1").fetchone()
        rows = {
            table: [
                dict(row)
                for row in connection.execute(
                    f"SELECT * FROM {table} WHERE {'id' if table == 'requests' else 'request_id'} = ?", (newest["id"],)
                )
            ]
            for table in _WRITTEN_TABLES
        }
        draft = newest["draft_id"]
        began, done = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            done += 1
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE drafts SET version = version + 1 WHERE id = ?", (draft,))
            connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'requests'")
            connection.execute("UPDATE counters SET value = value + 1 WHERE name = 'audit'")
            for table, several in rows.items():
                for number, row in enumerate(several):
                    _insert(connection, table, _with_new_keys(row, done * 10 + number))
            connection.execute("COMMIT")
        return done / (time.perf_counter() - began)


def _with_new_keys(row: dict[str, Any], number: int) -> dict[str, Any]:
    """The row with new keys."""
    changes: dict[str, Any] = {"id": f"alone-{number}", "draft_id": None, "dedupe": None, "number": 10_000_000 + number}
    changes |= {"seq": 10_000_000 + number, "revision": 10_000_000 + number} if "at" in row else {}
    return {key: changes.get(key, value) for key, value in row.items()}


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
