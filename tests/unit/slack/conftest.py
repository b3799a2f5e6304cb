"""A workspace at the rates that Slack publishes, and the bot's directory of it, both in a time that is only counted."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.users import SlackDirectory
from bot.storage.database import Database
from bot.storage.migrate import migrate
from playground.slack import Slack, run_workspace
from playground.slack.api.rate_limiter import RateLimiter


@dataclass
class CountedTime:
    """A clock that only sleeping moves."""

    passed: float = 0.0

    def now(self) -> datetime:
        return datetime(2027, 1, 11, 9, 0, tzinfo=UTC) + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += max(seconds, 0.001)


@dataclass
class Office:
    """The workspace, and directories of it: each is that of a bot that has just started."""

    slack: Slack
    time: CountedTime
    client: AsyncWebClient
    db: Database

    async def start(self) -> SlackDirectory:
        """Return the directory of a bot that starts now, with what is stored."""
        directory = SlackDirectory(
            self.client, db=self.db, clock=self.time, monotonic=self.time.monotonic, sleep=self.time.sleep
        )
        await directory.authenticate()
        return directory

    def calls(self, method: str) -> int:
        return self.slack.journal.counts[method]

    def refused(self) -> int:
        """How often Slack said that it was asked too often."""
        return sum(entry.error == "ratelimited" for entry in self.slack.journal.entries)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    url = f"sqlite:///{tmp_path / 'bot.sqlite'}"
    migrate(url)
    counted, db = CountedTime(), Database(url)
    async with run_workspace() as slack, aiohttp.ClientSession() as session:
        slack.server.rate_limiter = RateLimiter(counted.monotonic)
        slack.faults.rate_limits = True
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        yield Office(slack, counted, client, db)
    await db.close()
