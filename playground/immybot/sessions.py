"""Maintenance sessions of the sandbox. The state of each follows from the clock alone."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playground.immybot.world import Computer, Tenant

STATUS_NAMES = {
    0: "Passed",
    1: "Running",
    2: "Failed",
    3: "Created",
    4: "Cancelled",
    5: "Postponed",
    6: "Pending",
    7: "Partial Passed",
    8: "Pending Connectivity",
}
FINAL_STATUSES = frozenset({0, 2, 4, 7})
_ENDINGS = {"passes": 0, "fails": 2, "partly": 7}


@dataclass(slots=True)
class Session:
    """One session. ``scheduled`` is when it is to begin, where that is later than its making."""

    id: int
    group_id: str | None
    created: datetime
    duration: timedelta
    title: str
    skip_offline: bool = False
    scheduled: datetime | None = None
    computer: Computer | None = None
    tenant: Tenant | None = None
    person_id: int | None = None
    final_status: int | None = None
    arguments: dict[str, Any] = field(default_factory=dict)

    def status(self, now: datetime) -> int:
        """The status code at a moment; an ending is kept for good."""
        if self.final_status is None:
            status = self._status(now)
            if status in FINAL_STATUSES:
                self.final_status = status
            return status
        return self.final_status

    def cancel(self, now: datetime) -> bool:
        """Cancel it, unless it has ended."""
        if self.status(now) in FINAL_STATUSES:
            return False
        self.final_status = 4
        return True

    def _status(self, now: datetime) -> int:
        begin = self.scheduled or self.created
        if now < begin:
            return 6
        machine = self.computer
        if machine is not None and not machine.online:
            if now - begin < self.duration:
                return 3
            return 4 if self.skip_offline else 8
        if machine is not None and machine.outcome == "postponed":
            return 5
        if machine is not None and machine.connected_at is not None:
            begin = max(begin, machine.connected_at)
        if now - begin < self.duration / 4:
            return 3
        if now - begin < self.duration:
            return 1
        return _ENDINGS[machine.outcome] if machine is not None else 0

    def list_row(self, now: datetime) -> dict[str, Any]:
        """A row of the list, which does not name the group."""
        status = self.status(now)
        return {
            "id": self.id,
            "statusName": STATUS_NAMES[status],
            "sessionStatus": status,
            "computerId": self.computer.id if self.computer else None,
            "computerName": self.computer.name if self.computer else None,
            "createdDate": _utc(self.created),
            "scheduledExecutionDate": _utc(self.scheduled) if self.scheduled else None,
        }

    def detail(self, now: datetime) -> dict[str, Any]:
        """The session by itself."""
        status = self.status(now)
        owner = self.computer.tenant if self.computer else self.tenant
        return {
            "id": self.id,
            "sessionStatus": status,
            "executionStageStatus": status,
            "scheduledExecutionDate": _utc(self.scheduled) if self.scheduled else None,
            "computerId": self.computer.id if self.computer else None,
            "computerName": self.computer.name if self.computer else None,
            "tenantId": owner.id if owner else None,
            "tenantName": owner.name if owner else None,
            "personId": self.person_id,
            "createdDateUTC": _utc(self.created),
            "sessionJobArgs": {"sessionGroupId": self.group_id, **self.arguments},
        }

    def actions(self, now: datetime) -> list[dict[str, Any]]:
        """Its actions: one that stands for all, and the single ones below it."""
        status = self.status(now)
        failures = self.computer.failures if self.computer and status in (2, 7) else []
        below = [_action(self.id, n, what, 2, why) for n, (what, why) in enumerate(failures, start=1)]
        if status in (0, 7):
            below.append(_action(self.id, len(below) + 1, self.title, 1, ""))
        whole = _action(self.id, 0, "All of it", 2 if failures else 1, "Something below failed" if failures else "")
        return [{**whole, "parentId": None}, *below] if below else []


def _action(session: int, number: int, what: str, result: int, why: str) -> dict[str, Any]:
    return {
        "id": session * 100 + number,
        "parentId": session * 100,
        "maintenanceSessionId": session,
        "actionType": 1,
        "actionTypeName": "Install",
        "status": 4,
        "statusName": "Complete",
        "result": result,
        "resultName": {1: "Success", 2: "Failed"}[result],
        "resultReason": None,
        "resultReasonMessage": why or None,
        "maintenanceDisplayName": what,
        "detectedVersionString": None,
        "desiredVersionString": "1.2.0",
    }


def next_time_of_day(at: str, zone: str | None, now: datetime) -> datetime:
    """The next instant of a time of day in a zone: today, or tomorrow if it has passed."""
    local = now.astimezone(ZoneInfo(zone or "UTC"))
    moment = datetime.combine(local.date(), time.fromisoformat(at), local.tzinfo)
    return moment if moment > now else datetime.combine(local.date() + timedelta(days=1), moment.time(), local.tzinfo)


def _utc(moment: datetime) -> str:
    """As the API writes it: UTC without saying so."""
    return moment.astimezone(ZoneInfo("UTC")).replace(tzinfo=None).isoformat()
