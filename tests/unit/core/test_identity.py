"""A node's name is held by one living process only."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.engine.identity import FileIdentity, PostgresIdentity
from bot.errors import ConfigError

HOLD_SCRIPT = """
import sys, time
from pathlib import Path
from bot.engine.identity import FileIdentity
held = FileIdentity(Path(sys.argv[1]), "main")
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_process_with_the_same_name_is_refused_until_the_first_is_gone(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_SCRIPT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match="Another nightshift process"):
            FileIdentity(tmp_path, "main")
        first.kill()
        first.wait()
    identity = FileIdentity(tmp_path, "main")
    assert identity.is_alive()
    identity.close()
    assert not identity.is_alive()


def test_nodes_take_the_first_free_name_and_the_names_of_the_gone(postgres_url: str):
    dsn = postgres_url.replace("postgresql+psycopg://", "postgresql://")
    one, two = PostgresIdentity(dsn, ""), PostgresIdentity(dsn, "")
    try:
        assert (one.name, two.name) == ("node-1", "node-2")
        assert not two.try_claim("node-1")
        with pytest.raises(ConfigError, match="Another node"):
            PostgresIdentity(dsn, "node-1")
        one.close()
        # The server ends the session, and with it the lock, a moment after the connection is closed.
        deadline = time.monotonic() + 10
        while not (taken := two.try_claim("node-1")) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert taken
        two.release("node-1")
    finally:
        two.close()
