"""The migrations keep what an earlier version has stored, under its new names, on SQLite and on PostgreSQL."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select, text

from bot.backends.base import Plan
from bot.requests.integrity import is_intact
from bot.requests.model import TargetSet
from bot.storage import audit, delegations, drafts, messages, requests, runs, tables
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.schema_version import latest_revision, temporary_engine
from bot.storage.transactions import Tx
from bot.storage.urls import default_sqlite_url
from bot.usecases.drafts.preview import PreviewResult
from tests.unit.storage.test_migrations import check_constraints, schema_differences
from tests.upgrade.load import EXPORT, load_export
from tests.upgrade.recreate import read_setting

BEFORE = json.loads(EXPORT.read_text())["tables"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database as the earlier version left it, and upgraded."""
    url = default_sqlite_url(tmp_path) if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    load_export(url)
    assert migrate(url) == ("0002", latest_revision())
    return url


@pytest_asyncio.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """The upgraded database."""
    database = Database(url)
    yield database
    await database.close()


async def test_an_upgraded_database_has_the_tables_of_the_code_and_every_row(db: Database, url: str) -> None:
    with temporary_engine(url) as engine, engine.connect() as connection:
        assert schema_differences(connection) == []
        assert check_constraints(connection)["messages"] == {"ck_messages_state"}
    async with db.read() as tx:
        counts = {t.name: await tx.scalar(select(func.count()).select_from(t)) for t in tables.metadata.sorted_tables}
        assert counts == {name: len(rows) for name, rows in BEFORE.items()} | dict.fromkeys(
            ("directory_listings", "directory_users", "disclosures", "pauses", "person_settings", "reviews"), 0
        )
        assert await audit.verify(tx) == (len(BEFORE["audit"]), "")
        await requests_hold_what_was_approved(tx)
        await runs_and_attempts_are_kept(tx)
        await messages_are_kept(tx)
        await drafts_are_kept(tx)
        now = read_setting().now
        assert [(d.user, d.to_user) for d in await delegations.active_at(tx, now)] == [("U0BOB", "U0DAVE")]


async def requests_hold_what_was_approved(tx: Tx) -> None:
    """Every request loads; its content still has the hash that was signed, and its editors are known."""
    editors = {}
    for row in BEFORE["requests"]:
        request = await requests.get(tx, row["id"])
        record = row["record"]
        assert request.content.hash == request.content_hash == record["content_hash"]
        assert is_intact(request, await requests.decisions_of(tx, request.id))
        assert (request.scheduler, request.scheduler_reason) == (record["held_by"], record["holding"])
        assert request.targets == TargetSet.model_validate(record["matched"])
        assert request.requirement.effect == record["requirement"]["verdict"]
        assert request.round_opened_at == (record["asked_at"] and datetime.fromisoformat(record["asked_at"]))
        for decision in await requests.decisions_of(tx, request.id):
            assert decision.revision != request.revision or decision.content_hash == request.content.hash
        if request.editors:
            editors[request.name] = request.editors
    assert editors == {read_setting().names["awaiting, edited by an approver"]: ("U0BOB",)}
    written = (await tx.execute(select(tables.revisions))).all()
    assert all({"targets", "scheduler"} < set(row.record) and "effect" in row.record["requirement"] for row in written)
    retracted = await tx.execute(select(tables.decisions.c.id).where(tables.decisions.c.retracted_at.is_not(None)))
    assert list(retracted.scalars()) == [row["id"] for row in BEFORE["decisions"] if row["taken_back"]]


async def runs_and_attempts_are_kept(tx: Tx) -> None:
    renamed = {"held": "pending", "placed": "scheduled_in_backend"}
    for row in BEFORE["runs"]:
        run = await runs.get(tx, row["id"])
        assert run.state == renamed.get(row["state"], row["state"])
        assert (run.handle, run.progress) == (row["handle"], row["progress"])
    assert {"pending", "scheduled_in_backend"} < set((await tx.execute(select(tables.runs.c.state))).scalars())
    for row in BEFORE["attempts"]:
        attempt = await runs.get_attempt(tx, row["token"])
        assert attempt is not None
        assert attempt.state == row["state"]
        assert Plan.model_validate(attempt.plan).placement.scheduler == row["plan"]["placement"]["holder"]
        if row["state"] == "prepared":
            request = await requests.get(tx, (await runs.get(tx, row["run_id"])).request_id)
            assert (attempt.revision, attempt.content_hash) == (request.revision, request.content_hash)
    assert "prepared" in {row["state"] for row in BEFORE["attempts"]}


async def messages_are_kept(tx: Tx) -> None:
    waiting = {row["id"] for row in BEFORE["requests"] if row["state"] == "awaiting_approval"}
    redrawn = 0
    for row in BEFORE["messages"]:
        message = await messages.get(tx, row["id"])
        assert message is not None
        is_redrawn = row["request_id"] in waiting and row["kind"] in ("approval", "receipt") and row["state"] == "shown"
        redrawn += is_redrawn
        assert (message.desired_version, message.shown_version) == (row["wanted"] + is_redrawn, row["shown"])
        assert (message.recipient, message.send_failures) == (row["to"], row["tries"])
        assert message.retry_at == datetime.fromisoformat(row["next_try"])
        assert message.first_sent_at == (row["first_sent"] and datetime.fromisoformat(row["first_sent"]))
    states = Counter((await tx.execute(select(tables.messages.c.state))).scalars())
    before = Counter(row["state"] for row in BEFORE["messages"])
    due, shown = before["due"] + redrawn, before["shown"] - redrawn
    assert states == {"due": due, "shown": shown, "undeliverable": before["dead"]}
    assert before["dead"]
    assert redrawn


async def drafts_are_kept(tx: Tx) -> None:
    previews = 0
    for row in BEFORE["drafts"]:
        draft = await drafts.get(tx, row["id"])
        assert (draft.values, draft.revises) == (row["values"], row["revises"])
        assert draft.base_revision == (1 if row["revises"] else None)
        if row["checked"]:
            preview = PreviewResult.model_validate(draft.checked)
            assert preview.notified_count == row["checked"]["notified"]
            previews += 1
    assert previews
    assert any(row["revises"] for row in BEFORE["drafts"])


def test_a_large_table_is_rewritten_to_its_last_row(tmp_path: Path) -> None:
    url = default_sqlite_url(tmp_path)
    load_export(url)
    with temporary_engine(url) as engine, engine.begin() as connection:
        connection.execute(
            text(
                "WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1201)"
                " INSERT INTO revisions SELECT request_id, n, content_hash, record, by, at"
                " FROM revisions, numbers WHERE request_id = :request AND revision = 1"
            ),
            {"request": BEFORE["requests"][0]["id"]},
        )
    migrate(url)
    with temporary_engine(url) as engine, engine.connect() as connection:
        old = text("SELECT count(*) FROM revisions WHERE json_extract(record, '$.held_by') IS NOT NULL")
        new = text("SELECT count(*) FROM revisions WHERE json_extract(record, '$.scheduler') IS NOT NULL")
        assert connection.scalar(old) == 0
        assert connection.scalar(new) == len(BEFORE["revisions"]) + 1200
