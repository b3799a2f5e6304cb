"""A node's identity: a name that only one living process can hold.

Two processes with the same name would each resume the other's jobs, and make calls twice. The name is therefore locked,
by a file lock next to a SQLite database or by an advisory lock in PostgreSQL. The lock ends with the process.
"""

import fcntl
import hashlib
import os
import time
from pathlib import Path
from typing import IO, Protocol

import psycopg

from bot.errors import ConfigError
from bot.private_files import make_private_directory, make_private_file

_LOCK_NAMESPACE = 0x6E736869
"""First half of the advisory-lock key. It separates ours from other applications' locks in the same database."""
MAX_AUTOMATIC_NODES = 64
MAX_RECLAIM_TRIES, MAX_CLAIM_TRIES, CLAIM_RETRY_SECONDS = 40, 8, 0.25


class NodeIdentity(Protocol):
    """A claimed name."""

    name: str

    def is_alive(self) -> bool:
        """Return whether the claim held when it was last renewed. A node that has lost it must stop at once."""
        ...

    def renew(self) -> None:
        """Check the claim, and claim the name again if only the connection was lost.

        Raises psycopg.Error while the database is unreachable. No other node can take the name then.
        """
        ...

    def try_claim(self, name: str) -> bool:
        """Claim the name of a dead node. Returns False if it is alive."""
        ...

    def release(self, name: str) -> None:
        """Release a name that was taken over."""
        ...

    def close(self) -> None:
        """Release every name."""
        ...


class FileIdentity(NodeIdentity):
    """Locks a file in the data directory (SQLite: one machine)."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._locks: dict[str, IO[str]] = {}
        self.name = name
        make_private_directory(directory)
        if not self.try_claim(name):
            raise ConfigError(
                [f"Another nightshift process named {name!r} uses {directory}. Stop it or choose another data_dir."]
            )

    def is_alive(self) -> bool:
        return self.name in self._locks

    def renew(self) -> None:
        """Do nothing: the lock lasts as long as the process."""

    def try_claim(self, name: str) -> bool:
        lock = self._directory / f"node-{name}.lock"
        make_private_file(lock)
        file = lock.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._locks[name] = file
        return True

    def release(self, name: str) -> None:
        self._locks.pop(name).close()

    def close(self) -> None:
        for name in list(self._locks):
            self.release(name)


class PostgresIdentity(NodeIdentity):
    """Holds session advisory locks on its own connection. Needs a direct connection, not a transaction pooler."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._alive = True
        self._connection = self._connect()
        self.name = name or self._claim_first_free()
        if name and not self._claim_own_name(MAX_CLAIM_TRIES):
            self._connection.close()
            raise ConfigError(
                [f"Another node named {name!r} is connected to this database. Give this one another name."]
            )

    def _connect(self) -> "psycopg.Connection[tuple[int, ...]]":
        return psycopg.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=5,
            keepalives=1,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )

    def _claim_first_free(self) -> str:
        for number in range(1, MAX_AUTOMATIC_NODES + 1):
            if self.try_claim(f"node-{number}"):
                return f"node-{number}"
        raise ConfigError([f"{MAX_AUTOMATIC_NODES} nodes are connected already. Name this one with NIGHTSHIFT_NODE."])

    def is_alive(self) -> bool:
        return self._alive

    def renew(self) -> None:
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self._connection.close()
            self._connection = self._connect()
            self._alive = self._claim_own_name(MAX_RECLAIM_TRIES)

    def _claim_own_name(self, tries: int) -> bool:
        """Claim this node's name, with retries.

        A node that takes over its jobs holds the name for a moment only. Running jobs here are safe meanwhile, because
        they change only by compare-and-set.
        """
        for _ in range(tries):
            if self.try_claim(self.name):
                return True
            time.sleep(CLAIM_RETRY_SECONDS)
        return False

    def try_claim(self, name: str) -> bool:
        row = self._connection.execute(
            "SELECT pg_try_advisory_lock(%s, %s)", (_LOCK_NAMESPACE, _lock_key(name))
        ).fetchone()
        return bool(row and row[0])

    def release(self, name: str) -> None:
        self._connection.execute("SELECT pg_advisory_unlock(%s, %s)", (_LOCK_NAMESPACE, _lock_key(name)))

    def close(self) -> None:
        self._connection.close()


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)
