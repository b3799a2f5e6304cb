"""The handle of a started run, and what it says about finding the run and its progress."""

from datetime import datetime, timedelta

from pydantic import JsonValue

from bot.backends.base import Handle, Plan
from bot.backends.immybot.body import session_group
from bot.backends.immybot.codes import OFFLINE_BEHAVIOR
from bot.backends.immybot.placement import next_instant_at
from bot.backends.immybot.progress import ExpectedRun
from bot.backends.immybot.responses import parse_instant, parse_int
from bot.backends.immybot.sessions import SessionQuery
from bot.values import Json, JsonObject


def build_handle(plan: Plan, since: datetime, answer: JsonObject) -> Handle:
    """Return the handle of an attempt. Its id is the session group.

    ``since`` is the earliest time at which its sessions may have been created. ``answer`` is ImmyBot's response, which
    names the sessions (``run-immy-service``) or is empty.
    """
    body: JsonObject = plan.calls[0].body if isinstance(plan.calls[0].body, dict) else {}
    starts_at = parse_instant(plan.context.get("starts_at"))
    if starts_at is None and body.get("updateTime"):
        starts_at = next_instant_at(str(body["updateTime"]), str(body["timeZoneInfoId"]), since)
    detail: dict[str, JsonValue] = {
        "since": since.isoformat(),
        "computers": _ids(body.get("computers"), "computerId"),
        "tenants": _ids(body.get("tenants"), "tenantId"),
        "persons": _ids(body.get("persons"), "personId"),
        "sessions": _ids(answer.get("sessionsStarted"), "sessionId"),
        "busy": _ids(answer.get("sessionsAlreadyInProgress"), "computerId"),
        "skips_offline": body.get("offlineBehavior") == OFFLINE_BEHAVIOR.number("Skip"),
    }
    if starts_at is not None:
        detail["starts_at"] = starts_at.isoformat()
    return Handle(id=session_group(plan.token), detail=detail)


def attached_sessions(number: str) -> tuple[int, ...]:
    """Return the session numbers that a person gave instead of a session group, separated by commas."""
    parts = [part.strip() for part in number.split(",")]
    return tuple(int(p) for p in parts) if all(p.isascii() and p.isdecimal() for p in parts) else ()


def session_query(handle: Handle, now: datetime) -> SessionQuery:
    """Return the query for the sessions of a run."""
    return SessionQuery(
        group=handle.id,
        since=parse_instant(handle.detail.get("since")) or now,
        computers=_numbers(handle, "computers"),
        tenants=_numbers(handle, "tenants"),
        persons=_numbers(handle, "persons"),
        session_ids=attached_sessions(handle.id) or tuple(sorted(_numbers(handle, "sessions"))),
    )


def expected_run(handle: Handle, now: datetime, give_up_hours: float) -> ExpectedRun:
    """Return what is known about a run before its sessions are read."""
    watch = session_query(handle, now)
    return ExpectedRun(
        starts_at=parse_instant(handle.detail.get("starts_at")) or watch.since,
        computers=watch.computers,
        has_group_targets=bool(watch.tenants or watch.persons),
        busy_computers=_numbers(handle, "busy"),
        skips_offline=handle.detail.get("skips_offline") is True,
        give_up=timedelta(hours=give_up_hours),
    )


def _ids(rows: Json, key: str) -> list[JsonValue]:
    """Return the numbers under a key of the rows that have one."""
    numbers = [parse_int(row.get(key)) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [number for number in dict.fromkeys(numbers) if number is not None]


def _numbers(handle: Handle, key: str) -> frozenset[int]:
    listed = handle.detail.get(key)
    return frozenset(n for n in map(parse_int, listed) if n is not None) if isinstance(listed, list) else frozenset()
