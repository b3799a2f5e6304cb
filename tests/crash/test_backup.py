"""The backup that docs/operations.md describes: taken while the bot writes, restored, whole."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bot.storage import audit
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.schema_version import latest_revision

NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def test_a_backup_of_a_database_in_use_can_be_restored_and_migrated_again(tmp_path: Path) -> None:
    url, copy = f"sqlite:///{tmp_path / 'a.sqlite'}", tmp_path / "b.sqlite"
    migrate(url)
    db = Database(url)
    async with db.write() as tx:
        await audit.record(tx, NOW, "nightshift", "first")
    async with db.write() as tx:
        await audit.record(tx, NOW, "nightshift", "not yet committed")
        with closing(sqlite3.connect(tmp_path / "a.sqlite")) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    await db.close()

    assert migrate(f"sqlite:///{copy}") == (latest_revision(), latest_revision())
    restored = Database(f"sqlite:///{copy}")
    async with restored.write() as tx:
        assert await audit.verify(tx) == (1, "")
        await audit.record(tx, NOW, "nightshift", "after")
        assert await audit.verify(tx) == (2, "")
    await restored.close()
