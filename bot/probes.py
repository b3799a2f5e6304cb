"""What an orchestrator asks: does the process live, and can it take and keep a request?"""

import os
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slack_sdk.errors import SlackApiError

from bot.lifecycle import Nightshift
from bot.slack.error_codes import BAD_TOKEN_CODES, TRANSPORT_ERRORS, error_code
from bot.storage.health import write_problem

MIN_FREE_BYTES = 100_000_000
"""With less free space than this, a request could not be kept for sure."""
SLACK_INTERVAL_SECONDS = 60.0
"""Slack is asked at most this often, however often somebody asks here."""
MAX_SOCKET_SILENCE_SECONDS = 60.0
"""Socket Mode connections are renewed by Slack now and then. A shorter gap is no fault."""
OK = "ok"


@dataclass(slots=True)
class Probes:
    """Answers probes.

    ``socket_age`` returns for how many seconds Socket Mode has not been connected; None without Socket Mode.
    """

    bot: Nightshift
    socket_age: Callable[[], float] | None = None
    write_timeout: float = 5.0
    """How long the database may take, in seconds."""
    _slack: str = OK
    _slack_asked_at: float = field(default=float("-inf"))

    async def ready(self) -> tuple[bool, Mapping[str, str]]:
        """Return whether a request can be taken and kept, and what each check says."""
        if not self.bot.ready:
            return False, {"started": "stopping" if self.bot.is_stopping else "starting"}
        checks: dict[str, Callable[[], Awaitable[tuple[bool, str]]]] = {
            "database": self._database,
            "disk": self._disk,
            "slack": self._slack_token,
        }
        if self.socket_age is not None:
            checks["socket"] = self._socket
        found = {name: await check() for name, check in checks.items()}
        texts = {name: text for name, (_, text) in found.items()}
        return all(good for good, _ in found.values()), {"started": OK, **texts}

    async def _database(self) -> tuple[bool, str]:
        problem = await write_problem(self.bot.db, self.write_timeout)
        return not problem, problem or OK

    async def _disk(self) -> tuple[bool, str]:
        free = shutil.disk_usage(nearest_directory(self.bot.settings.data_dir)).free
        return free >= MIN_FREE_BYTES, OK if free >= MIN_FREE_BYTES else f"only {free // 1_000_000} MB are free"

    async def _slack_token(self) -> tuple[bool, str]:
        """Ask whether the token is accepted. Slack being away for a while is told, and is no fault of this process."""
        if time.monotonic() - self._slack_asked_at >= SLACK_INTERVAL_SECONDS:
            self._slack_asked_at = time.monotonic()
            try:
                await self.bot.client.auth_test()
                self._slack = OK
            except SlackApiError as error:
                self._slack = error_code(error)
            except TRANSPORT_ERRORS as error:
                self._slack = f"not answering: {error or type(error).__name__}"
        return self._slack not in BAD_TOKEN_CODES, self._slack

    async def _socket(self) -> tuple[bool, str]:
        assert self.socket_age is not None
        age = self.socket_age()
        return age < MAX_SOCKET_SILENCE_SECONDS, OK if age == 0 else f"not connected for {age:.0f} s"


def nearest_directory(path: Path) -> Path:
    """Return a directory, or the nearest one around it that exists."""
    absolute = Path(os.path.abspath(path))
    return next(place for place in (absolute, *absolute.parents) if place.exists())
