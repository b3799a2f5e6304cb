"""Small builders for the tests of policy and approvals."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.requests.directory import InMemoryDirectory, User, UserGroup
from bot.requests.model import Content, Decision, Person, Request, Requirement, Stage, TargetSet
from bot.requests.policy.engine import Policy
from bot.requests.policy.load import load_policy
from bot.requests.subject import Subject
from bot.schedule import Now, Once, Schedule, ZonedTime

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
"""A Wednesday."""
TEAM = "T1"
CONTENT_HASH = "h1"


def once(wall: str = "2026-03-04 22:00", zone: str = "UTC") -> Once:
    return Once(start=ZonedTime(wall=datetime.fromisoformat(wall), zone=zone))


def subject(**values: Any) -> Subject:
    names = values.pop("names", ("web-1", "web-2"))
    base: dict[str, Any] = {
        "backend": "foreman.prod",
        "operation": "foreman.run",
        "requester": "UANN",
        "names": names,
        "targets": len(names),
        "schedule": Now(),
        "starts": (NOW,),
    }
    return Subject(**(base | values))


def policy(text: str, **kw: Any) -> Policy:
    """A policy from its rules, with ``@sre`` as the default approvers unless the text says otherwise."""
    head = "" if "[policy]" in text else '[policy]\napprovers = ["@sre"]\n'
    return load_policy(head + text, now=NOW, **kw)


def rule(conditions: str, effect: str = 'approvers = ["@ops"]', name: str = "r") -> str:
    return f'[[policy.rules]]\nname = "{name}"\nwhen = {{{conditions}}}\n{effect}\n'


def person(user: str) -> Person:
    return Person(team=TEAM, user=user)


def make_directory(groups: Mapping[str, set[str]], **flags: set[str]) -> InMemoryDirectory:
    """A directory: groups by handle, and e.g. ``deleted={"UBOB"}``."""
    users = set().union(*groups.values(), *flags.values(), {"UANN"})
    members = {
        user: User(person=person(user), **{flag: user in those for flag, those in flags.items()}) for user in users
    }
    found = {
        f"S{handle.upper()}": UserGroup(id=f"S{handle.upper()}", handle=handle, members=frozenset(of))
        for handle, of in groups.items()
    }
    return InMemoryDirectory(TEAM, members, found)


def stage(*names: str, quorum: int = 1) -> Stage:
    groups = tuple(name for name in names if name.startswith("@"))
    users = tuple(name for name in names if not name.startswith("@"))
    return Stage(groups=groups, users=users, quorum=quorum, names=groups + users)


def requirement(*stages: Stage, **values: Any) -> Requirement:
    return Requirement(stages=stages, **values)


def decision(user: str, verdict: str = "approved", *, minutes: float = 0, **values: Any) -> Decision:
    at = NOW + timedelta(minutes=minutes)
    base = {"id": f"{user}-{verdict}-{minutes}", "request_id": "r1", "revision": 1, "content_hash": CONTENT_HASH}
    return Decision(**(base | {"person": person(user), "verdict": verdict, "at": at} | values))


def pending_request(schedule: Schedule = Now(), late: Any = "ask") -> Request:
    """A request that waits for its approval."""
    content = Content(backend="foreman.prod", operation="foreman.run", params={}, schedule=schedule)
    return Request(
        id="r1",
        number=1,
        state="awaiting_approval",
        version=1,
        revision=1,
        content=content,
        content_hash=content.hash,
        phrase="",
        zone="UTC",
        reason="",
        requester=person("UANN"),
        targets=TargetSet(count=0),
        requirement=requirement(late=late),
        created_at=NOW,
    )
