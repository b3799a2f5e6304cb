"""``nightshift policy test`` and ``nightshift policy diff`` in a shell."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.requests.model import Content, TargetSet
from bot.schedule import Now
from bot.storage import requests
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.urls import default_sqlite_url
from tests.unit.requests.build import pending_request

POLICY = """[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "lab"
when = { backend = "foreman.lab" }
effect = "approve"

[[policy.tests]]
name = "the lab"
ask = { system = "foreman.lab" }
expect = "EXPECTED"
"""


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("SLACK_", "NIGHTSHIFT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NIGHTSHIFT_DATA_DIR", str(tmp_path))


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["policy", *map(str, arguments)])


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_tests_that_pass_exit_with_0(tmp_path: Path) -> None:
    result = command("test", "--config", write(tmp_path / "p.toml", POLICY.replace("EXPECTED", "approve")))
    assert (result.exit_code, result.stdout) == (0, "1 of 1 tests pass.\n"), result.output


def test_a_test_that_fails_exits_with_1_and_a_row_of_the_table(tmp_path: Path) -> None:
    file = write(
        tmp_path / "p.toml", POLICY.replace("EXPECTED", "ask").replace("[policy]\n", "[policy]\nstrict_tests = true\n")
    )
    result = command("test", "--config", file)
    assert result.exit_code == 1, result.output
    head, row, total = result.stdout.splitlines()
    assert head.split() == ["PLACE", "TEST", "EXPECTED", "FOUND"]
    assert row.startswith(f"{file}:10")
    assert row.endswith("  the lab  ask       approve: Approved at once: foreman.lab.")
    assert total == "0 of 1 tests pass."


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[policy]\napprovers = ['@sre']\n", "There are no tests."),
        (POLICY, '"expect" does not fit'),
        (POLICY.replace("EXPECTED", "ask").replace("foreman.lab", "formean.lab"), 'no system is called "formean.lab"'),
    ],
)
def test_a_policy_without_tests_or_with_mistakes_exits_with_2(tmp_path: Path, text: str, problem: str) -> None:
    result = command("test", "--config", write(tmp_path / "p.toml", text))
    assert result.exit_code == 2
    assert problem in result.stderr


async def _store(url: str, count: int) -> None:
    """Store requests for the lab: one of today, the others of a hundred days ago."""
    db, now = Database(url), datetime.now(UTC)
    content = Content(backend="foreman.lab", operation="foreman.run", params={}, schedule=Now())
    async with db.write() as tx:
        for number in range(1, count + 1):
            request = pending_request().model_copy(
                update={
                    "id": f"r{number}",
                    "number": number,
                    "content": content,
                    "content_hash": content.hash,
                    "targets": TargetSet(count=1, names=("lab-1",)),
                    "created_at": now - timedelta(days=0 if number == count else 100),
                }
            )
            await requests.add(tx, request, None)
    await db.close()


def test_the_requests_that_would_be_judged_differently_are_listed(tmp_path: Path) -> None:
    migrate(default_sqlite_url(tmp_path))
    asyncio.run(_store(default_sqlite_url(tmp_path), 3))
    old = write(tmp_path / "old.toml", POLICY.replace("EXPECTED", "approve"))
    members = 'when = { backend = "foreman.lab", requester = "@lab" }'
    new = write(tmp_path / "new.toml", POLICY.replace('when = { backend = "foreman.lab" }', members))
    new.write_text(new.read_text().replace("EXPECTED", "ask"))
    result = command("diff", old, new)
    assert result.exit_code == 1, result.output
    assert result.stdout.splitlines()[:3] == [
        "NS-3 (for some of the groups that its authors may be in)",
        "  old: Approved at once: foreman.lab.",
        "  new: Needs 1 of @sre because no rule applies.",
    ]
    assert "1 of 1 requests since" in result.stdout
    assert "3 of 3 requests since" in command("diff", old, new, "--days", "120").stdout
    same = command("diff", old, old)
    assert (same.exit_code, same.stdout.splitlines()[0][:24]) == (0, "0 of 1 requests since 20")
    assert command("diff", old, tmp_path / "absent.toml").exit_code == 2
    (tmp_path / "latin.toml").write_bytes(b"[policy]\napprovers = ['@sr\xe9']\n")
    unread = command("diff", old, tmp_path / "latin.toml")
    assert (unread.exit_code, "cannot be read" in unread.stderr) == (2, True)


def test_without_an_up_to_date_database_the_remedy_is_named(tmp_path: Path) -> None:
    old = write(tmp_path / "old.toml", POLICY.replace("EXPECTED", "approve"))
    result = command("diff", old, old)
    assert (result.exit_code, result.stderr) == (
        2,
        "The database is missing or not up to date; run nightshift migrate.\n",
    )
