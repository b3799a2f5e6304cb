"""A clock that is moved by hand, and bodies as OpsRamp's page shows them for each job type."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.backends.base import parse
from bot.backends.opsramp.params import CreateJob, RunJob, UpdateJob
from bot.schedule import Moment, Now, Once, Rule, Series

TOKEN = "ns-3f9a2c"
PASSWORD = "hunter2-in-the-clear"
NOW = Now()


class HandClock:
    """Stands still until moved; sleeping moves it and takes no time."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def move(self, **parts: float) -> None:
        self.at += timedelta(**parts)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


FIRST, SECOND = "1d4b51a0-7d0e-4d0f-8f63-0a53a4a8b9c1", "9c1de7d2-52c8-4b5b-a1b7-5a2c1f0e77d4"


def _entities() -> list[dict[str, Any]]:
    return [{"resource": {"id": device, "type": "DEVICE"}} for device in (FIRST, SECOND)]


def _told_entities() -> list[dict[str, Any]]:
    return [
        {
            "resource": {
                "id": device,
                "generalInfo": {"ipAddresses": "10.9.8.7", "hostName": "10.9.8.7"},
                "clientUniqueId": "client_13",
                "type": "DEVICE",
            }
        }
        for device in (FIRST, SECOND)
    ]


_ASKED_SCHEDULE = {
    "startDate": "2017-05-20T06:30:45+0000",
    "pattern": {"type": "daily", "frequency": "recurrence", "repeatType": "Days", "repeatFrequency": "3"},
}
_TOLD_SCHEDULE = {
    "startDate": "2017-05-20T06:30:00+0000",
    "pattern": {"type": "daily", "frequency": "recurrence", "repeatFrequency": 3, "repeatType": "days"},
}

_SCRIPTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "adCheckList": ({"jobType": "adCheckList"}, {"jobType": "adCheckList"}),
    "networkconfigbackup": (
        {
            "jobType": "networkconfigbackup",
            "configParams": {
                "versionsSaved": "VERSION_WITH_CHANGES",
                "backUpTrigger": "true",
                "startupConfigAlert": "false",
                "runtimeConfigAlert": "true",
                "startUpConfigFilesBackUp": "false",
                "runTimeConfigFilesBackUp": "true",
            },
        },
        {
            "jobType": "networkconfigbackup",
            "configParams": {
                "versionsSaved": "VERSION_WITH_CHANGES",
                "backUpTrigger": True,
                "startupConfigAlert": False,
                "runtimeConfigAlert": True,
                "startUpConfigFilesBackUp": False,
                "runTimeConfigFilesBackUp": True,
            },
        },
    ),
    "appinstall": (
        {
            "jobType": "appinstall",
            "approvalType": {"approvalType": "0", "approvalReason": "asked for", "alertRequired": "false"},
        },
        {
            "jobType": "appinstall",
            "approvalType": {"approvalType": 0, "approvalReason": "asked for", "alertRequired": False},
        },
    ),
    "custom": (
        {
            "jobType": "custom",
            "userType": "2",
            "customScript": {"id": "7"},
            "parameters": [{"paramId": "2", "value": "30"}],
        },
        {
            "customScript": {"id": 7, "name": "a script", "description": "a script", "platforms": ["LINUX"]},
            "parameters": [{"paramId": 2, "name": "Service", "value": "30"}],
            "userType": 2,
        },
    ),
}
KINDS = tuple(_SCRIPTS)
JOB = "5a0a7cd5-2f3f-4c3e-8a6b-7c2f1f0f9b10"


def asked_body(kind: str) -> dict[str, Any]:
    """A request for a job type, in the spellings of OpsRamp's samples: strings for everything, seconds set."""
    name = {} if kind == "custom" else {"name": f"Sample {kind}"}
    script = deepcopy(_SCRIPTS[kind][0])
    return {
        "id": JOB,
        **name,
        "jobQueued": "true",
        "entities": _entities(),
        "script": script,
        "schedule": deepcopy(_ASKED_SCHEDULE),
    }


def told_body(kind: str) -> dict[str, Any]:
    """OpsRamp's answer to the same: real types, more about each device, no job type for custom, the id last."""
    return {
        "name": f"Sample {kind}",
        "entities": _told_entities(),
        "schedule": deepcopy(_TOLD_SCHEDULE),
        "jobQueued": True,
        "script": deepcopy(_SCRIPTS[kind][1]),
        "id": JOB,
    }


def canonical_body(kind: str) -> dict[str, Any]:
    """What we send for it: the answer's types, without what OpsRamp only tells."""
    body = {**told_body(kind), "entities": _entities()}
    if kind == "custom":
        del body["name"]
        script = body["script"]
        script |= {"jobType": "custom", "customScript": {"id": 7}, "parameters": [{"paramId": 2, "value": "30"}]}
    return body


def update(**values: Any) -> UpdateJob:
    return parse(UpdateJob, values if "id" in values else {"job": JOB, **values})


def create(**values: Any) -> CreateJob:
    return parse(CreateJob, values)


def run(**values: Any) -> RunJob:
    return parse(RunJob, values)


def moment(text: str, zone: str = "UTC") -> Moment:
    return Moment(wall=datetime.fromisoformat(text), zone=zone)


def once(text: str, zone: str = "UTC") -> Once:
    return Once(start=moment(text, zone))


def series(rule: Rule, first: str, zone: str = "UTC", **more: Any) -> Series:
    return Series(rule=rule, zone=zone, first=moment(first, zone), **more)
