"""The users of Slack: listed in bulk, kept by the changes that Slack reports, looked up singly where missing.

They are stored, so that a restart knows them at once, and several nodes share what one was told.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock, SystemClock
from bot.errors import NotAllowed, SlackBusy, SlackSilent
from bot.requests.directory import User
from bot.requests.model import Person
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code
from bot.slack.reader import SlackReader
from bot.storage import directory_users
from bot.storage.database import Database
from bot.storage.directory_users import StoredUser
from bot.values import JsonObject

MAX_USER_AGE_SECONDS = 300.0
"""Maximum age of what Slack told of somebody who acts. They are looked up again after it."""
MAX_KEPT_AGE_SECONDS = 26 * 3600.0
"""Maximum age of what Slack told of anybody else: all are listed once a day, and Slack reports changes meanwhile."""
MAX_SINGLE_LOOKUPS = 20
"""Maximum number of users that are looked up singly for one question. If more are missing, they are unknown until they
are listed; only those who act are looked up."""
_MEMORY_SECONDS = 300.0
"""How long a user is kept in memory. Another node may have been told of a change."""
_NO_SUCH_USER = frozenset({"user_not_found", "users_not_found", "user_not_visible"})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SlackUserAnswers:
    """What Slack tells about several users: those it knows, by id, and the ids about whom it did not answer.

    Whoever is in neither does not exist. ``age`` is that of the oldest answer used in place of one that Slack did not
    give, in seconds.
    """

    known: Mapping[str, User]
    unknown: frozenset[str] = frozenset()
    age: float = 0.0


class UserLookup:
    """Answers from memory, then from the database, then from Slack. ``team`` returns the workspace of the bot.

    ``clock`` tells how old an answer is. Without a database everything is kept in memory.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        reader: SlackReader,
        db: Database | None,
        team: Callable[[], str],
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._reader = reader
        self._db = db
        self._team = team
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._memory: dict[str, tuple[float, StoredUser]] = {}
        self._dropped: set[str] = set()
        """The ids of users who have changed, of whom the database has what was so before."""
        self._unsaved: dict[str, StoredUser] = {}
        self._changes: Counter[str] = Counter()
        """The number of change events by user. An answer is not kept if there was one after its question."""

    async def user(self, user_id: str, team: str = "", max_age: float = MAX_KEPT_AGE_SECONDS) -> User:
        """Return a user as Slack told them at most ``max_age`` seconds ago.

        While Slack limits lookups, an older answer holds. Raises SlackSilent if Slack does not answer, NotAllowed if it
        has no such user.
        """
        known = (await self._stored([user_id])).get(user_id)
        if known is not None and self._age(known) < max_age:
            return known.user
        try:
            return (await self._ask(user_id, team)).user
        except SlackBusy:
            if known is None or self._age(known) >= MAX_KEPT_AGE_SECONDS:
                raise
            return known.user

    async def known_zones(self, users: Iterable[str]) -> frozenset[str] | None:
        """Return the time zones of users without asking Slack; None if one of them is not known, or they are more than
        ``MAX_SINGLE_LOOKUPS``."""
        wanted = list(dict.fromkeys(users))
        if len(wanted) > MAX_SINGLE_LOOKUPS:
            return None
        stored = await self._stored(wanted)
        zones = frozenset(stored[user].user.zone if user in stored else "" for user in wanted)
        return zones if all(map(_is_zone, zones)) else None

    async def users(
        self,
        users: Iterable[str],
        stale_age: float = MAX_USER_AGE_SECONDS,
        acting: Collection[str] = (),
        *,
        recheck: bool = False,
    ) -> SlackUserAnswers:
        """Look up several users at once. Those ``acting`` are asked for however many are missing, and with ``recheck``
        again if what is known of them is old.

        Where Slack does not answer, an answer up to ``stale_age`` seconds old holds, unless that user has changed.
        """
        wanted = list(dict.fromkeys(users))
        stored = await self._stored(wanted)
        rechecked = frozenset(acting) if recheck else frozenset[str]()
        fresh = {user_id for user_id in wanted if (found := stored.get(user_id)) and self._is_fresh(found, rechecked)}
        known = {user_id: stored[user_id].user for user_id in wanted if user_id in fresh}
        missing = [user_id for user_id in wanted if user_id not in fresh]
        # Nobody of a large group that was never listed is asked for: those who act need what Slack's rates allow.
        asked = missing if len(missing) <= MAX_SINGLE_LOOKUPS else [u for u in missing if u in acting]
        unknown, age = set(missing) - set(asked), 0.0
        answers = await asyncio.gather(*map(self._ask, asked), return_exceptions=True) if asked else ()
        for user_id, answer in zip(asked, answers, strict=True):
            match answer:
                case StoredUser():
                    known[user_id] = answer.user
                case SlackSilent():
                    stale, limit = stored.get(user_id), stale_age
                    if isinstance(answer, SlackBusy):
                        limit = max(stale_age, MAX_KEPT_AGE_SECONDS)
                    if stale is None or user_id in self._dropped or self._age(stale) >= limit:
                        unknown.add(user_id)
                    else:
                        known[user_id] = stale.user
                        age = max(age, self._age(stale))
                case NotAllowed():
                    pass
                case BaseException():
                    raise answer
        return SlackUserAnswers(known, frozenset(unknown), age)

    def _is_fresh(self, found: StoredUser, rechecked: Collection[str]) -> bool:
        limit = MAX_USER_AGE_SECONDS if found.user.person.user in rechecked else MAX_KEPT_AGE_SECONDS
        return self._age(found) < limit

    def _age(self, found: StoredUser) -> float:
        return (self._clock.now() - found.read_at).total_seconds()

    async def _ask(self, user_id: str, team: str = "") -> StoredUser:
        """Look up one user in Slack. Raises SlackSilent, NotAllowed."""
        changes = self._changes[user_id]
        try:
            answer = await self._reader.ask(
                "users.info",
                (user_id, changes),
                lambda: self._client.users_info(user=user_id, include_locale=True),
            )
        except SlackApiError as error:
            code = error_code(error)
            if code in _NO_SUCH_USER:
                raise NotAllowed("You are not known in this workspace, so you cannot use Nightshift here.") from error
            raise SlackSilent(f"Slack does not tell who you are ({code}), so nothing was done. Try again.") from error
        except TRANSPORT_ERRORS as error:
            raise SlackSilent("Slack cannot be asked who you are just now, so nothing was done. Try again.") from error
        found = self._parse(answer["user"], team)
        if self._changes[user_id] == changes:
            self._remember(found)
            self._unsaved[user_id] = found
        return found

    def _parse(self, user: JsonObject, team: str = "", locale: str = "") -> StoredUser:
        return StoredUser(
            parse_user(user, team or self._team(), self._team(), locale), changed_at(user), self._clock.now()
        )

    # What is stored

    async def _stored(self, users: Sequence[str]) -> dict[str, StoredUser]:
        """Return what is known of users, from memory or the database."""
        now = self._monotonic()
        found: dict[str, StoredUser] = {}
        for user_id in users:
            kept = self._memory.get(user_id)
            if kept is not None and (self._db is None or now - kept[0] < _MEMORY_SECONDS):
                found[user_id] = kept[1]
        missing = [u for u in users if u not in found and u not in self._dropped and u not in self._unsaved]
        found |= {user_id: self._unsaved[user_id] for user_id in users if user_id in self._unsaved}
        if missing and self._db is not None:
            for user_id, stored in (await self._read(self._db, missing)).items():
                if user_id not in self._dropped:
                    found[user_id] = stored
                    self._memory[user_id] = self._monotonic(), stored
        return found

    async def _read(self, db: Database, users: Sequence[str]) -> Mapping[str, StoredUser]:
        try:
            async with db.read() as tx:
                return await directory_users.find(tx, self._team(), users)
        except DBAPIError as error:
            _log.warning("stored users unavailable; asking Slack", why=str(error.orig))
            return {}

    def _remember(self, found: StoredUser) -> None:
        user_id = found.user.person.user
        self._memory[user_id] = self._monotonic(), found
        self._dropped.discard(user_id)

    async def save(self) -> None:
        """Store the users who were looked up singly, and delete those who have changed in an unknown way."""
        unsaved, dropped = dict(self._unsaved), set(self._dropped)
        if self._db is None or not (unsaved or dropped):
            return
        async with self._db.write() as tx:
            for user_id in dropped:
                await directory_users.forget(tx, self._team(), user_id)
            await directory_users.store(tx, self._team(), unsaved.values())
        for user_id, found in unsaved.items():
            if self._unsaved.get(user_id) is found:
                del self._unsaved[user_id]
        # Whoever changed again meanwhile has no row either.
        self._dropped -= dropped

    # What Slack reports

    def invalidate(self, user_id: str) -> None:
        """Forget a user, because they have changed."""
        self._changes[user_id] += 1
        self._memory.pop(user_id, None)
        self._unsaved.pop(user_id, None)
        self._dropped.add(user_id)

    async def on_user_changed(self, user: JsonObject) -> None:
        """Take over a user as Slack reports them. What was reported late does not replace what is newer."""
        user_id = str(user["id"])
        known = (await self._stored([user_id])).get(user_id)
        if "profile" not in user or (known is not None and changed_at(user) < known.changed):
            self.invalidate(user_id)
            return
        self._changes[user_id] += 1
        self._unsaved.pop(user_id, None)
        found = self._parse(user, locale=known.user.locale if known is not None else "")
        self._remember(found)
        await self._store([found])

    async def on_listed(self, users: Iterable[JsonObject]) -> None:
        """Take over one page of the listing of all users."""
        await self._store([self._parse(user) for user in users])

    async def _store(self, found: Sequence[StoredUser]) -> None:
        if self._db is None:
            for each in found:
                self._remember(each)
            return
        async with self._db.write() as tx:
            await directory_users.store(tx, self._team(), found)

    async def forget_unlisted(self, before: datetime) -> None:
        """Delete those whom Slack has not told since a moment: they are gone from the workspace, or foreign to it."""
        if self._db is not None:
            async with self._db.write() as tx:
                await directory_users.forget_unlisted(tx, self._team(), before - timedelta(seconds=1))


def parse_user(user: JsonObject, team: str, home_team: str, locale: str = "") -> User:
    """Return a user of Slack as the bot knows them. ``locale`` is for where Slack leaves it out.

    On Enterprise Grid somebody belongs to each workspace in ``enterprise_user.teams``, whichever ``team_id`` is theirs.
    """
    profile = user.get("profile")
    names = profile if isinstance(profile, Mapping) else {}
    own_team = str(user.get("team_id") or team)
    grid = user.get("enterprise_user")
    teams = grid.get("teams") if isinstance(grid, Mapping) else None
    if isinstance(teams, list) and home_team in teams:
        own_team = home_team
    zone = str(user.get("tz") or "")
    is_known = _is_zone(zone)
    return User(
        person=Person(team=own_team, user=str(user["id"])),
        name=str(names.get("display_name") or names.get("real_name") or user.get("name") or user["id"]),
        zone=zone if is_known else "",
        unknown_zone="" if is_known else zone,
        locale=str(user.get("locale") or locale),
        deleted=bool(user.get("deleted")),
        bot=bool(user.get("is_bot") or user.get("is_workflow_bot")),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        external=bool(user.get("is_stranger")) or own_team != home_team,
    )


@cache
def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def changed_at(user: JsonObject) -> int:
    """Return Slack's own time of the last change of a user, in seconds; 0 if it does not tell."""
    value = user.get("updated")
    return value if isinstance(value, int) else 0
