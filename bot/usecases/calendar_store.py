"""The calendars of freezes and holidays, read regularly. The last good copy of each is used."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import structlog

from bot.backends.tls import default_ssl_context
from bot.clock import Clock
from bot.errors import ConfigError
from bot.requests.policy.engine import Policy

if TYPE_CHECKING:
    from bot.requests.freezes.calendars import Calendar

REFRESH_SECONDS = 300.0
MAX_BYTES = 5_000_000
_log = structlog.get_logger(__name__)


class CalendarStore:
    """Keeps a copy of every calendar that the policy names, by address."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._places: dict[str, str] = {}
        """Where the policy names each address, for messages."""
        for index, freeze in enumerate(policy.freezes):
            if freeze.calendar:
                place = f"{policy.location_of(('freezes', index, 'calendar'))}: the freeze “{freeze.name}”"
                self._places.setdefault(freeze.calendar, place)
        if policy.defaults.holidays:
            place = f"{policy.location_of(('holidays',))}: holidays"
            self._places.setdefault(policy.defaults.holidays, place)
        self._clock = clock
        self._copies: dict[str, Calendar] = {}
        self._problems: dict[str, str] = {}

    @property
    def copies(self) -> Mapping[str, "Calendar"]:
        """Return the last good copies by address. The freeze of a calendar that is missing here covers all times."""
        return self._copies

    async def load(self) -> None:
        """Read every calendar for the first time. Raises ConfigError for files that are missing or invalid.

        A calendar at a web address may become readable later; until then its freeze covers all times.
        """
        await self.refresh()
        problems = [problem for address, problem in self._problems.items() if not _is_remote(address)]
        if problems:
            raise ConfigError(problems)

    async def refresh(self) -> list[str]:
        """Read every calendar. Returns a line for each that cannot be read; its last good copy is kept."""
        self._problems = {}
        for address, place in self._places.items():
            try:
                text = await _fetch(address)
                # A large calendar takes long to parse; clicks must not wait for it.
                self._copies[address] = await asyncio.to_thread(_parse, text, address, self._clock.now())
            except (ConfigError, OSError, httpx.HTTPError, ValueError) as error:
                self._problems[address] = f"{place}: its calendar cannot be read: {_failure_text(error)}"
                _log.warning("calendar unreadable; using the last good copy", calendar=address, why=str(error))
        return list(self._problems.values())

    async def refresh_forever(self) -> None:
        """Read the calendars regularly until cancelled. Returns if the policy names none."""
        while self._places:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()


def _failure_text(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return f"there is no file {error.filename}; correct the path, or put the calendar there."
        case ConfigError() | ValueError():
            return str(error)
        case _:
            return f"{error or type(error).__name__}; is the address right, and is it up?"


def _parse(text: str, address: str, now: datetime) -> "Calendar":
    # The library takes long to load, and most policies name no calendar.
    from bot.requests.freezes.calendars import parse_calendar

    return parse_calendar(text, address, now)


def _is_remote(address: str) -> bool:
    return address.startswith(("http://", "https://"))


async def _fetch(address: str) -> str:
    if not _is_remote(address):
        return await asyncio.to_thread(Path(address.removeprefix("file://")).read_text)
    async with httpx.AsyncClient(verify=default_ssl_context(), timeout=10.0, follow_redirects=True) as client:
        response = await client.get(address)
        response.raise_for_status()
        if len(response.content) > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
        return response.text
