"""The command ``nightshift restore``: puts a backup in place, and holds every start until it is released."""

import asyncio
import fcntl
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from bot import logs
from bot.configuration import load_configuration
from bot.errors import ConfigError
from bot.lifecycle import Nightshift
from bot.private_files import make_private_file
from bot.settings import Settings
from bot.storage.migrate import migrate
from bot.storage.restored import last_change
from bot.usecases.runs.after_restore import HeldStart, held_starts, hold_starts, state_text, tell_admins
from bot.wiring import build_bot


def run(backup: Path | None, config: Path | None) -> int:
    """Return the exit status: 0, or 2 if nothing was restored."""
    try:
        configuration = load_configuration(config)
        settings = configuration.settings
        if backup is not None:
            _put_in_place(backup, settings)
        migrate(settings.resolved_database_url)
        logs.configure_logging("ERROR", as_json=False)
        bot = build_bot(settings, configuration.path)
        since, held = asyncio.run(_hold(bot))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    _report(since, held)
    return 0


def _put_in_place(backup: Path, settings: Settings) -> None:
    """Replace a SQLite database by a backup. What was there is kept beside it. Raises ConfigError."""
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() != "sqlite":
        text = "Restore PostgreSQL with pg_restore --clean --if-exists, then run nightshift restore without a file."
        raise ConfigError([text])
    _check_backup(backup)
    _check_nobody_runs(settings.data_dir)
    database = Path(url.database or "")
    kept = database.with_name(f"{database.name}.before-restore-{datetime.now().astimezone():%Y%m%d-%H%M%S}")
    for ending in ("", "-wal", "-shm"):
        file = database.with_name(database.name + ending)
        if file.exists():
            file.rename(kept.with_name(kept.name + ending))
    # Runs without a job get one within 20 seconds of the start.
    for file in database.parent.glob(f"{database.stem}.engine.sqlite*"):
        file.unlink()
    make_private_file(database)
    with closing(sqlite3.connect(backup)) as source, closing(sqlite3.connect(database)) as target:
        source.backup(target)
    if kept.exists():
        print(f"What was there is kept as {kept}.")


def _check_backup(backup: Path) -> None:
    """Raise ConfigError unless a file is a whole database of Nightshift."""
    if not backup.is_file():
        raise ConfigError([f"{backup} is not a file."])
    try:
        with closing(sqlite3.connect(f"file:{backup}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check").fetchone()
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise ConfigError([f"{backup} is not a backup of Nightshift: {error}."]) from error
    if found != "ok":
        raise ConfigError([f"{backup} is damaged: {found}."])


def _check_nobody_runs(data_dir: Path) -> None:
    """Raise ConfigError while a process of Nightshift uses the data."""
    for lock in data_dir.glob("node-*.lock"):
        with lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigError([f"Nightshift is running ({lock.name}). Stop it first."]) from None


async def _hold(bot: Nightshift) -> tuple[datetime | None, list[HeldStart]]:
    services = bot.services
    try:
        async with bot.db.write() as tx:
            since = await last_change(tx)
            pause = await hold_starts(tx, services, since)
        held = await held_starts(services, since or pause.since)
        await tell_admins(services, pause, held)
        return since, held
    finally:
        await bot.close()


def _report(since: datetime | None, held: list[HeldStart]) -> None:
    print(f"Restored to the state of {state_text(since)}. Every start is held.")
    for start in held:
        print(f"  {start.name}  {start.state}: {start.title}")
        print(f"      {start.seen}")
    if not held:
        print("  Nothing waits to start.")
    print(
        "Start the bot. It shows this list in the channel for administrators, if there is one. In Slack, an "
        "administrator releases requests one by one (/nightshift release NS-12), cancels those that have run "
        "(/nightshift cancel NS-12), and then resumes the rest (/nightshift resume everything)."
    )
