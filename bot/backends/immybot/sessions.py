"""Finds the maintenance sessions of an attempt by its session group, and polls them with few calls.

ImmyBot's list of sessions does not include the group, so each session that may be ours is read once and cached. After
that its state comes from the list, however many runs are watched.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.backends.http import Client
from bot.backends.immybot.codes import SESSION_STATUS
from bot.backends.immybot.responses import Row, extract_rows, first_text, parse_instant, parse_int, require_id
from bot.backends.payload import as_object
from bot.errors import BadResponse, RemoteNotFound
from bot.values import JsonObject

SESSIONS = "/api/v1/maintenance-sessions"
FINAL_STATUSES = frozenset({"Passed", "Failed", "Cancelled", "PartialPassed", "Missed"}) | {
    "MaxTrackedDevicesPerMonthExceeded",
    "MaintenanceForTrackableDevicesNotAllowed",
}
MAX_CLOCK_SKEW = timedelta(minutes=10)
"""Maximum time by which ImmyBot's clock may be behind ours."""

_PAGE_SIZE = 500
_MAX_PAGES = 20
_MAX_CONCURRENT_READS = 8
_MAX_READS_PER_POLL = 200
"""Maximum number of sessions that one poll reads individually."""
_MAX_CACHED = 50_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Session:
    """A session as last read. ``status`` is the API's name, or a text for an unknown one."""

    id: int
    status: str
    group_id: str = ""
    computer_id: int | None = None
    computer: str = ""
    tenant_id: int | None = None
    tenant: str = ""
    person_id: int | None = None
    scheduled_at: datetime | None = None
    created_at: datetime | None = None
    arguments: JsonObject = field(default_factory=dict)
    """The flags and codes that the session was started with, as far as ImmyBot says."""

    @property
    def starts_at(self) -> datetime | None:
        """When it started or will start, as far as ImmyBot says."""
        return self.scheduled_at or self.created_at

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """A query for sessions: the group of an attempt, its targets, and the earliest creation time."""

    group: str
    since: datetime
    computers: frozenset[int] = frozenset()
    tenants: frozenset[int] = frozenset()
    persons: frozenset[int] = frozenset()
    session_ids: tuple[int, ...] = ()

    def may_match(self, session: Session) -> bool:
        """Return whether a listed session may be one of ours."""
        if session.computer_id in self.computers:
            return True
        tenant = self.tenants and (session.tenant_id is None or session.tenant_id in self.tenants)
        person = self.persons and (session.person_id is None or session.person_id in self.persons)
        return bool(tenant or person)


class SessionReader:
    """Reads sessions. Caches the group of each one, and the sessions that have ended."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._cache: dict[int, Session] = {}

    async def fetch(
        self, watches: Sequence[SessionQuery], since: datetime | None, max_reads: int = _MAX_READS_PER_POLL
    ) -> tuple[dict[str, list[Session]], bool]:
        """Return the sessions by group, and whether every session that may be ours has been read. Raises BackendError.

        The list starts at ``since``; without it only known sessions are read again. At most ``max_reads`` are read
        individually, the rest next time.
        """
        if len(self._cache) > _MAX_CACHED:
            self._cache.clear()
        listed = await self._list(since - MAX_CLOCK_SKEW) if since else {}
        for number in listed.keys() & self._cache.keys():
            row = listed[number]
            self._cache[number] = replace(self._cache[number], status=row.status, scheduled_at=row.scheduled_at)
        groups, named = {w.group for w in watches}, {n for w in watches for n in w.session_ids}
        stale = [
            n
            for n, s in self._cache.items()
            if (s.group_id in groups or n in named) and not s.is_final and n not in listed
        ]
        unread = self._candidates(watches, listed)
        todo = (*stale, *unread)
        await for_each_limited(todo[:max_reads], self._read)
        return self._by_group(watches), len(todo) <= max_reads

    async def exists(self, watch: SessionQuery) -> bool:
        """Return whether a session of a group exists. Reads candidates until one is found. Raises BackendError."""
        listed = await self._list(watch.since - MAX_CLOCK_SKEW)
        # Ours were created soon after that moment, and the list is newest first.
        unread = self._candidates([watch], listed)[::-1]
        for start in range(0, len(unread) + 1, _MAX_CONCURRENT_READS):
            if self._by_group([watch])[watch.group]:
                return True
            await for_each_limited(unread[start : start + _MAX_CONCURRENT_READS], self._read)
        return bool(self._by_group([watch])[watch.group])

    async def starting_between(self, watch: SessionQuery, until: datetime, made_since: datetime) -> list[Session]:
        """Return the sessions on the targets of a run that start between ``watch.since`` and another instant.

        Their group does not matter. Only sessions made since ``made_since`` are looked at. Raises BackendError.
        """
        listed = await self._list(min(watch.since, made_since - MAX_CLOCK_SKEW))
        numbers = [
            number
            for number, session in listed.items()
            if watch.may_match(session) and session.starts_at is not None and watch.since <= session.starts_at <= until
        ]
        return await self.named(numbers[:_MAX_READS_PER_POLL])

    async def named(self, numbers: Sequence[int]) -> list[Session]:
        """Return sessions by their numbers, without those that ImmyBot does not have. Raises BackendError."""
        await for_each_limited([number for number in numbers if number not in self._cache], self._read)
        return [self._cache[number] for number in numbers if number in self._cache]

    def _candidates(self, watches: Sequence[SessionQuery], listed: Mapping[int, Session]) -> list[int]:
        """Return unread sessions that may match a query."""
        union = SessionQuery(
            group="",
            since=datetime.min.replace(tzinfo=UTC),
            computers=frozenset().union(*(w.computers for w in watches)),
            tenants=frozenset().union(*(w.tenants for w in watches)),
            persons=frozenset().union(*(w.persons for w in watches)),
        )
        named = [n for w in watches for n in w.session_ids]
        maybe = [number for number, session in listed.items() if union.may_match(session)]
        return [number for number in dict.fromkeys((*named, *maybe)) if number not in self._cache]

    def _by_group(self, watches: Sequence[SessionQuery]) -> dict[str, list[Session]]:
        # A session that the start named is ours even if ImmyBot no longer returns its group.
        named = {number: w.group for w in watches for number in w.session_ids}
        sessions: dict[str, list[Session]] = {w.group: [] for w in watches}
        for session in self._cache.values():
            group = named.get(session.id, session.group_id)
            if group in sessions:
                sessions[group].append(session)
        return sessions

    async def _list(self, since: datetime) -> dict[int, Session]:
        """Return the sessions created since a moment, newest first."""
        sessions: dict[int, Session] = {}
        params: dict[str, str | int] = {
            "take": _PAGE_SIZE,
            "requireTotalCount": "false",
            "sort": json.dumps([{"selector": "createdDate", "desc": True}]),
            "filter": json.dumps([["createdDate", ">=", since.astimezone(UTC).strftime("%m/%d/%Y %H:%M:%S")]]),
        }
        for page in range(_MAX_PAGES):
            answer = await self._client.send("GET", f"{SESSIONS}/dx", params={**params, "skip": page * _PAGE_SIZE})
            some = extract_rows(self._client.name, "sessions", answer.json)
            sessions.update({s.id: s for s in map(self._session, some)})
            if len(some) < _PAGE_SIZE:
                break
        return sessions

    async def _read(self, number: int) -> None:
        try:
            answer = await self._client.send("GET", f"{SESSIONS}/{number}", params={"includeActions": "false"})
        except RemoteNotFound:
            # Deleted in ImmyBot. A session of ours then counts as cancelled.
            if number in self._cache:
                self._cache[number] = replace(self._cache[number], status="Cancelled")
            return
        if not isinstance(answer.json, dict):
            raise BadResponse(
                self._client.name, f"{self._client.name} sent a session in a form that is not understood."
            )
        self._cache[number] = self._session(answer.json)

    def _session(self, row: Row) -> Session:
        told = row.get("sessionStatus")
        code = SESSION_STATUS.find(told if told is not None else row.get("statusName"))
        job = row.get("sessionJobArgs")
        return Session(
            id=require_id(self._client.name, "sessions", row),
            status=code.name if code else f"in a state that Nightshift does not know ({told})",
            group_id=first_text(job, "sessionGroupId").lower() if isinstance(job, dict) else "",
            computer_id=parse_int(row.get("computerId")),
            computer=first_text(row, "computerName"),
            tenant_id=parse_int(row.get("tenantId")),
            tenant=first_text(row, "tenantName"),
            person_id=parse_int(row.get("personId")),
            scheduled_at=parse_instant(row.get("scheduledExecutionDate")),
            created_at=parse_instant(row.get("createdDateUTC") or row.get("createdDate")),
            arguments={k: v for k, v in as_object(job).items() if isinstance(v, int)},
        )


async def for_each_limited(items: Iterable[T], action: Callable[[T], Awaitable[None]]) -> None:
    """Run an action for each item, a few at a time. Raises the first error after all have ended."""
    gate = asyncio.Semaphore(_MAX_CONCURRENT_READS)

    async def one(item: T) -> None:
        async with gate:
            await action(item)

    for result in await asyncio.gather(*(one(item) for item in items), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
