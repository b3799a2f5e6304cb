"""Lists all users of the workspace, page by page at Slack's pace, once a day and after a start.

How far it came is stored: it goes on after a restart, and several nodes list each page once.
"""

import asyncio
from datetime import timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock, SystemClock
from bot.errors import SlackBusy
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code
from bot.slack.rate_limits import READS_PER_MINUTE
from bot.slack.reader import SlackReader, Sleep
from bot.slack.user_lookup import UserLookup
from bot.storage import directory_users
from bot.storage.database import Database
from bot.storage.directory_users import Listing

PAGE_SIZE = 999
"""Users in a page. Slack gives at most this many, and may give fewer."""
MIN_PAGE_SIZE = 100
SECONDS_BETWEEN_PAGES = 60 / READS_PER_MINUTE["users.list"]
INTERVAL = timedelta(hours=24)
"""How often all users are listed."""
INTERVAL_AT_START = timedelta(hours=1)
"""A start lists them again if the last listing is older: changes may have been reported to nobody."""
_MAX_WAIT_SECONDS = 3600.0
_PATIENCE_SECONDS = 120.0
_log = structlog.get_logger(__name__)


class UserListing:
    """Keeps the stored users complete. ``pace`` is a factor on the rates that Slack publishes."""

    def __init__(
        self,
        client: AsyncWebClient,
        reader: SlackReader,
        lookup: UserLookup,
        db: Database,
        *,
        team: str,
        pace: float = 1.0,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._client = client
        self._reader = reader
        self._lookup = lookup
        self._db = db
        self._team = team
        self._gap = timedelta(seconds=SECONDS_BETWEEN_PAGES / pace)
        self._clock = clock or SystemClock()
        self._sleep = sleep
        self._interval = INTERVAL_AT_START

    async def run_forever(self) -> None:
        """List the users whenever that is due, until cancelled."""
        while True:
            await self._sleep(min(await self.step(), _MAX_WAIT_SECONDS))

    async def list_all(self) -> None:
        """List all users, unless that was done shortly ago."""
        while not self.is_done(await self.progress()):
            await self._sleep(await self.step())

    async def progress(self) -> Listing | None:
        """Return how far the listing came; None if none has begun."""
        async with self._db.read() as tx:
            return await directory_users.listing(tx, self._team)

    def is_done(self, progress: Listing | None) -> bool:
        """Return whether no page is due before the next day."""
        completed = progress.completed_at if progress is not None else None
        return completed is not None and self._clock.now() - completed < self._interval

    async def step(self) -> float:
        """List one page if one is due. Returns the seconds until the next one may be."""
        turn = await self._take_turn()
        if isinstance(turn, timedelta):
            return turn.total_seconds()
        try:
            answer = await self._reader.ask(
                "users.list",
                turn.cursor,
                lambda: self._client.users_list(limit=turn.page_size, cursor=turn.cursor, include_locale=True),
                patience=_PATIENCE_SECONDS,
            )
        except (SlackApiError, SlackBusy, *TRANSPORT_ERRORS) as error:
            await self._after_failure(turn, error)
            return self._gap.total_seconds() * 2
        await self._lookup.on_listed(answer["members"])
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        await self._advance(turn, cursor)
        return self._gap.total_seconds()

    async def _take_turn(self) -> Listing | timedelta:
        """Return the page that this node lists now, or how long no page is due. Another node then leaves it alone."""
        async with self._db.write() as tx:
            now = self._clock.now()
            known = await directory_users.listing(tx, self._team)
            is_running = known is not None and (known.completed_at is None or known.started_at > known.completed_at)
            if known is not None and not is_running:
                assert known.completed_at is not None
                wait = known.completed_at + self._interval - now
                self._interval = INTERVAL
                if wait > timedelta():
                    return wait
            if known is not None and is_running and known.next_page_at > now:
                return known.next_page_at - now
            completed = known.completed_at if known is not None else None
            begun = Listing(cursor="", page_size=PAGE_SIZE, started_at=now, next_page_at=now, completed_at=completed)
            begun = known if known is not None and is_running else begun
            turn = begun.model_copy(update={"next_page_at": now + self._gap})
            await directory_users.set_listing(tx, self._team, turn)
            return turn

    async def _advance(self, turn: Listing, cursor: str) -> None:
        """Store that a page is listed. Another node may have listed it too, and gone on."""
        async with self._db.write() as tx:
            now = await directory_users.listing(tx, self._team)
            if now is None or (now.cursor, now.started_at) != (turn.cursor, turn.started_at):
                return
            completed_at = now.completed_at if cursor else max(self._clock.now(), turn.started_at)
            await directory_users.set_listing(
                tx, self._team, now.model_copy(update={"cursor": cursor, "completed_at": completed_at})
            )
        if not cursor:
            await self._lookup.forget_unlisted(turn.started_at)
            self._interval = INTERVAL
            _log.info("all Slack users are known", seconds=(self._clock.now() - turn.started_at).total_seconds())

    async def _after_failure(self, turn: Listing, error: Exception) -> None:
        """Begin again if Slack has forgotten where it was; ask for fewer users if it cannot give that many."""
        code = error_code(error) if isinstance(error, SlackApiError) else type(error).__name__
        _log.info("users not listed; trying again", error=code, page_size=turn.page_size)
        changed = turn
        if code == "invalid_cursor":
            changed = turn.model_copy(update={"cursor": "", "started_at": self._clock.now()})
        elif code not in ("ratelimited", "rate_limited", "SlackBusy"):
            changed = turn.model_copy(update={"page_size": max(MIN_PAGE_SIZE, turn.page_size // 2)})
        if changed != turn:
            async with self._db.write() as tx:
                await directory_users.set_listing(tx, self._team, changed)
