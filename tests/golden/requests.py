"""The request of the drawings: Alice wants nginx restarted on 16 hosts on Saturday evening; Bob and Carol approve."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from blocks.card.model import Card, SystemNames
from bot.requests.approval.status import ApprovalStatus, StatusCode
from bot.requests.model import Content, Decision, Person, Request, Requirement, Run, Stage, TargetSet
from bot.schedule import Now, Once, Schedule, ZonedTime

BERLIN = "Europe/Berlin"
CREATED = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
START = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
ZONES = frozenset({BERLIN, "America/New_York"})
SRE = Stage(groups=("S0SRE",), names=("@sre",), quorum=2)
DBA = Stage(groups=("S0DBA",), names=("@dba",))
FAILED = ("web05.sin", "web10.nyc", "web15.ber")
NAMES = (
    *FAILED,
    *("web20.sin", "web25.nyc", "web30.ber", "web35.sin", "web40.nyc"),
    *("app02.sin", "app07.nyc", "app12.ber", "app17.sin", "app22.nyc", "app27.ber", "app32.sin", "app37.nyc"),
)
SYSTEM = SystemNames("Foreman production", "Foreman")
URL = "https://foreman.example.com/job_invocations/4711"
WARNINGS = (
    "Overlaps NS-3 on web15.ber (Sat 21:30–22:30 CET)",
    "Skips 2 of 18 matching hosts: foreman01, foreman02 are Foreman’s own servers",
)


def request(**changes: Any) -> Request:
    """The request, with some fields changed. ``schedule`` is one of its content's."""
    schedule: Schedule = changes.pop("schedule", Once(start=ZonedTime(wall=datetime(2026, 11, 28, 21), zone=BERLIN)))
    content = Content(backend="foreman.prod", operation="foreman.run", params={}, schedule=schedule)
    base: dict[str, Any] = {
        "id": "r12",
        "number": 12,
        "state": "awaiting_approval",
        "version": 1,
        "revision": 1,
        "content": content,
        "content_hash": content.hash,
        "title": "Restart nginx on 16 hosts",
        "summary": (("Template", "Service Action - Script Default"), ("action", "restart"), ("service", "nginx")),
        "phrase": "saturday 21:00",
        "zone": BERLIN,
        "reason": "The certificate is new",
        "requester": person("U0ALICE"),
        "targets": TargetSet(count=16, names=NAMES),
        "requirement": Requirement(
            stages=(SRE,), because=("more than 10 hosts",), demanded_by=("Two approvals for many hosts",)
        ),
        "approve_by": CREATED + timedelta(hours=8),
        "created_at": CREATED,
        "round_opened_at": CREATED,
        "start_at": None if isinstance(schedule, Now) else START,
    }
    return Request(**(base | changes))


def person(user: str) -> Person:
    return Person(team="T1", user=user)


def decision(of: Request, user: str, verdict: str = "approved", minutes: int = 62, **changes: Any) -> Decision:
    base: dict[str, Any] = {
        "id": f"d-{user}",
        "request_id": of.id,
        "revision": of.revision,
        "content_hash": of.content_hash,
        "person": person(user),
        "verdict": verdict,
        "at": CREATED + timedelta(minutes=minutes),
    }
    return Decision(**(base | changes))


def both(of: Request) -> list[Decision]:
    """Bob's approval and Carol's."""
    return [decision(of, "U0BOB"), decision(of, "U0CAROL", minutes=70)]


def waiting(approved: int = 0, **changes: Any) -> ApprovalStatus:
    """The status of an approval that has not enough."""
    code = StatusCode.MORE_APPROVALS_NEEDED
    base: dict[str, Any] = {"approval_count": approved, "required_count": 2}
    return ApprovalStatus(state="waiting", code=code, **(base | changes))


def run(state: str, **changes: Any) -> Run:
    base: dict[str, Any] = {
        "id": "n1",
        "request_id": "r12",
        "number": 1,
        "state": state,
        "version": 1,
        "due_at": START,
        "handle": {"kind": "run", "id": "4711", "url": URL},
        "started_at": START + timedelta(seconds=4),
    }
    return Run(**(base | changes))


def progress(succeeded: int, failed: int = 0, summary: str = "") -> Mapping[str, Any]:
    """The progress of a run, with the failures of the drawings."""
    reasons = ("exit 1, “Unit nginx.service not found”",) * 2 + ("no answer after 600 s",)
    results = [{"name": n, "state": "failed", "reason": reasons[i]} for i, n in enumerate(FAILED[:failed])]
    results += [{"name": n, "state": "succeeded", "reason": ""} for n in NAMES[failed : failed + succeeded]]
    return {"total": 16, "succeeded": succeeded, "failed": failed, "summary": summary, "results": results}


def card(of: Request, **changes: Any) -> Card:
    base: dict[str, Any] = {"system": SYSTEM, "reader_zones": ZONES, "mentions_approvers": True}
    return Card(of, **(base | changes))
