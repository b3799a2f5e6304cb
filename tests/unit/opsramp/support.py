"""A clock that is moved by hand, and bodies as OpsRamp's page shows them for each job type."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.backends.base import parse_params
from bot.backends.opsramp.params import CreateJobParams, RunJobParams, UpdateJobParams
from bot.schedule import Now, Once, RecurrenceRule, Series, ZonedTime

TOKEN = "ns-3f9a2c"
PASSWORD = "hunter2-in-the-clear"
NOW = Now()


class ManualClock:
    """Stands still until moved; sleeping moves it and takes no time."""

    def __init__(self) -> None:
        self.current = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.current

    def advance(self, **parts: float) -> None:
        self.current += timedelta(**parts)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.current += timedelta(seconds=seconds)


FIRST, SECOND = "1d4b51a0-7d0e-4d0f-8f63-0a53a4a8b9c1", "9c1de7d2-52c8-4b5b-a1b7-5a2c1f0e77d4"


def _entities() -> list[dict[str, Any]]:
    return [{"resource": {"id": device, "type": "DEVICE"}} for device in (FIRST, SECOND)]


def _response_entities() -> list[dict[str, Any]]:
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


_REQUEST_SCHEDULE = {
    "startDate": "2017-05-20T06:30:45+0000",
    "pattern": {"type": "daily", "frequency": "recurrence", "repeatType": "Days", "repeatFrequency": "3"},
}
_RESPONSE_SCHEDULE = {
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
JOB_TYPES = tuple(_SCRIPTS)
JOB = "5a0a7cd5-2f3f-4c3e-8a6b-7c2f1f0f9b10"


def request_body(kind: str) -> dict[str, Any]:
    """A request for a job type, in the spellings of OpsRamp's samples: strings for everything, seconds set."""
    name = {} if kind == "custom" else {"name": f"Sample {kind}"}
    script = deepcopy(_SCRIPTS[kind][0])
    return {
        "id": JOB,
        **name,
        "jobQueued": "true",
        "entities": _entities(),
        "script": script,
        "schedule": deepcopy(_REQUEST_SCHEDULE),
    }


def response_body(kind: str) -> dict[str, Any]:
    """OpsRamp's answer to the same: real types, more about each device, no job type for custom, the id last."""
    return {
        "name": f"Sample {kind}",
        "entities": _response_entities(),
        "schedule": deepcopy(_RESPONSE_SCHEDULE),
        "jobQueued": True,
        "script": deepcopy(_SCRIPTS[kind][1]),
        "id": JOB,
    }


def canonical_body(kind: str) -> dict[str, Any]:
    """What we send for it: the answer's types, without what OpsRamp only tells."""
    body = {**response_body(kind), "entities": _entities()}
    if kind == "custom":
        del body["name"]
        script = body["script"]
        script |= {"jobType": "custom", "customScript": {"id": 7}, "parameters": [{"paramId": 2, "value": "30"}]}
    return body


def update_params(**values: Any) -> UpdateJobParams:
    return parse_params(UpdateJobParams, values if "id" in values else {"job": JOB, **values})


def create_params(**values: Any) -> CreateJobParams:
    return parse_params(CreateJobParams, values)


def run_params(**values: Any) -> RunJobParams:
    return parse_params(RunJobParams, values)


def moment(text: str, zone: str = "UTC") -> ZonedTime:
    return ZonedTime(wall=datetime.fromisoformat(text), zone=zone)


def once(text: str, zone: str = "UTC") -> Once:
    return Once(start=moment(text, zone))


def series(rule: RecurrenceRule, first: str, zone: str = "UTC", **more: Any) -> Series:
    return Series(rule=rule, zone=zone, first=moment(first, zone), **more)
