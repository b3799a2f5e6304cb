"""What Nightshift keeps of a started run (its handle), and what that says about finding and judging it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue

from bot.backends.base import Handle, Plan
from bot.backends.immybot.answers import instant, whole
from bot.backends.immybot.body import session_group
from bot.backends.immybot.codes import OFFLINE
from bot.backends.immybot.placement import next_time
from bot.backends.immybot.progress import Run
from bot.backends.immybot.sessions import Watch


def handle_of(plan: Plan, since: datetime, answer: Mapping[str, Any]) -> Handle:
    """The handle of an attempt: its id is the session group. ``since`` is when its sessions may first have been made;
    ``answer`` names them where the API does (``run-immy-service``), and is empty where it does not."""
    body: Mapping[str, Any] = plan.calls[0].body if isinstance(plan.calls[0].body, dict) else {}
    begins = instant(plan.context.get("starts_at"))
    if begins is None and body.get("updateTime"):
        begins = next_time(str(body["updateTime"]), str(body["timeZoneInfoId"]), since)
    detail: dict[str, JsonValue] = {
        "since": since.isoformat(),
        "computers": _ids(body.get("computers"), "computerId"),
        "tenants": _ids(body.get("tenants"), "tenantId"),
        "persons": _ids(body.get("persons"), "personId"),
        "sessions": _ids(answer.get("sessionsStarted"), "sessionId"),
        "busy": _ids(answer.get("sessionsAlreadyInProgress"), "computerId"),
        "skips_offline": body.get("offlineBehavior") == OFFLINE.number("Skip"),
    }
    if begins is not None:
        detail["starts_at"] = begins.isoformat()
    return Handle(id=session_group(plan.token), detail=detail)


def adopted(number: str) -> tuple[int, ...]:
    """The sessions that a person has named instead of a session group: their numbers, with commas between."""
    parts = [part.strip() for part in number.split(",")]
    return tuple(int(p) for p in parts) if all(p.isascii() and p.isdecimal() for p in parts) else ()


def watch_of(handle: Handle, now: datetime) -> Watch:
    """What to look for to find the sessions of a run."""
    return Watch(
        group=handle.id,
        since=instant(handle.detail.get("since")) or now,
        computers=_numbers(handle, "computers"),
        tenants=_numbers(handle, "tenants"),
        persons=_numbers(handle, "persons"),
        known=adopted(handle.id) or tuple(sorted(_numbers(handle, "sessions"))),
    )


def run_of(handle: Handle, now: datetime, give_up_hours: float) -> Run:
    """What is known of a run before its sessions are looked at."""
    watch = watch_of(handle, now)
    return Run(
        begins=instant(handle.detail.get("starts_at")) or watch.since,
        computers=watch.computers,
        others=bool(watch.tenants or watch.persons),
        busy=_numbers(handle, "busy"),
        skips_offline=handle.detail.get("skips_offline") is True,
        give_up=timedelta(hours=give_up_hours),
    )


def _ids(rows: Any, key: str) -> list[JsonValue]:
    """The numbers under a key of each row, as far as there are any."""
    found = [whole(row.get(key)) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [number for number in dict.fromkeys(found) if number is not None]


def _numbers(handle: Handle, key: str) -> frozenset[int]:
    listed = handle.detail.get(key)
    return frozenset(n for n in map(whole, listed) if n is not None) if isinstance(listed, list) else frozenset()
