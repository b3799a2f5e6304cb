"""The command ``nightshift backup``: copies the database into a file while the bot runs."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from bot.errors import ConfigError
from bot.settings import load_settings

PAGES_AT_A_TIME = 2000
"""Pages that are copied between two pauses, in which the bot can write."""
PAUSE_SECONDS = 0.01
LOCK_TIMEOUT_SECONDS = 10.0


def run(target: Path, config: Path | None) -> int:
    """Return the exit status: 0, or 2 if nothing was backed up."""
    try:
        url = load_settings(config).resolved_database_url
        if target.exists():
            raise ConfigError([f"{target} exists already. Name a new file, so that no backup is lost."])
        database = make_url(url)
        if database.get_backend_name() == "sqlite":
            _back_up_sqlite(Path(database.database or ""), target)
        else:
            _back_up_postgres(database.set(drivername="postgresql"), target)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{target}: {target.stat().st_size / 1_000_000:.1f} MB. nightshift restore reads it.")
    return 0


def _back_up_sqlite(source: Path, target: Path) -> None:
    """Copy a database that may be in use. Raises ConfigError."""
    if not source.exists():
        raise ConfigError([f"There is no database at {source}."])
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with (
            closing(sqlite3.connect(source, timeout=LOCK_TIMEOUT_SECONDS)) as reader,
            closing(sqlite3.connect(target)) as copy,
        ):
            reader.backup(copy, pages=PAGES_AT_A_TIME, sleep=PAUSE_SECONDS)
            (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    except (OSError, sqlite3.Error) as error:
        target.unlink(missing_ok=True)
        raise ConfigError([f"{source} cannot be copied to {target}: {error}"]) from error
    if found != "ok":
        target.unlink()
        raise ConfigError([f"{source} is damaged: {found}. Nothing was kept."])


def _back_up_postgres(url: URL, target: Path) -> None:
    """Let pg_dump write the database. Raises ConfigError."""
    program = shutil.which("pg_dump")
    if program is None:
        raise ConfigError(["pg_dump is not installed. It comes with the client programs of PostgreSQL."])
    # The list of processes shows what is on the command line, so the password is not.
    address = url.set(password=None).render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    command = [program, "--format=custom", f"--file={target}", f"--dbname={address}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
    if done.returncode != 0:
        target.unlink(missing_ok=True)
        raise ConfigError([f"pg_dump failed: {done.stderr.strip()}"])
    target.chmod(0o600)
