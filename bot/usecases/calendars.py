"""The freezes' calendars: files and addresses read again and again; the last good copy counts, and its age is known."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
import structlog

from bot.backends.trust import public
from bot.clock import Clock
from bot.errors import ConfigError
from bot.requests.calendars import Calendar, read_calendar
from bot.requests.policy import Policy

READ_SECONDS = 300.0
MOST_BYTES = 5_000_000
_log = structlog.get_logger(__name__)


class Calendars:
    """Keeps a copy of every calendar that the policy names, by address."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._addresses = tuple(dict.fromkeys(f.calendar for f in policy.freezes if f.calendar))
        self._clock = clock
        self._copies: dict[str, Calendar] = {}

    @property
    def copies(self) -> Mapping[str, Calendar]:
        """The last good copies; one that never was good is absent, and its freeze then holds everything."""
        return self._copies

    async def read(self) -> list[str]:
        """Read every calendar once. Returns what went wrong, a line each; the old copies stay."""
        faults = []
        for address in self._addresses:
            try:
                text = await _fetch(address)
                # Parsing a large calendar takes a while; clicks must not wait for it.
                self._copies[address] = await asyncio.to_thread(read_calendar, text, address, self._clock.now())
            except (ConfigError, OSError, httpx.HTTPError, ValueError) as error:
                faults.append(f"calendar {address} cannot be read: {error}")
                _log.warning("a calendar cannot be read; its last good copy counts", calendar=address, why=str(error))
        return faults

    async def keep_reading(self) -> None:
        """Read again and again, until cancelled."""
        while self._addresses:
            await asyncio.sleep(READ_SECONDS)
            await self.read()


async def _fetch(address: str) -> str:
    if not address.startswith(("http://", "https://")):
        return await asyncio.to_thread(Path(address.removeprefix("file://")).read_text)
    async with httpx.AsyncClient(verify=public(), timeout=10.0, follow_redirects=True) as client:
        response = await client.get(address)
        response.raise_for_status()
        if len(response.content) > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
        return response.text
