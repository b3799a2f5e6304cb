"""What the tests of the ImmyBot back end share: a clock to move, and ways to say things shortly."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.backends.base import Operation, Plan, Progress, parse_params
from bot.backends.immybot.body import build_body
from bot.backends.immybot.params import MaintenanceParams
from bot.schedule import Now, Once, Schedule, ZonedTime

START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
RUN_PATH = "/api/v1/run-immy-service-new"
SECRET = "hunter2-and-more"


class ManualClock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.current = START

    def now(self) -> datetime:
        return self.current

    def advance(self, seconds: float = 0, **parts: float) -> None:
        self.current += timedelta(seconds=seconds, **parts)


def params(**values: Any) -> MaintenanceParams:
    """Parameters for Chrome on two computers, with changes."""
    base: dict[str, Any] = {
        "computers": [101, 102],
        "maintenance_type": "GlobalSoftware",
        "maintenance_identifier": "10",
    }
    return parse_params(MaintenanceParams, {**base, **values})


def whole_body(values: MaintenanceParams) -> dict[str, Any]:
    """The body of a run that begins at the update time of its parameters."""
    return build_body(values, "token", values.update_time, values.time_zone)


def once(text: str, zone: str = "UTC", latest: str = "") -> Once:
    """One moment, such as ``2026-03-04T21:00``."""
    limit = ZonedTime(wall=datetime.fromisoformat(latest), zone=zone) if latest else None
    return Once(start=ZonedTime(wall=datetime.fromisoformat(text), zone=zone), latest_start=limit)


def body(plan: Plan) -> dict[str, Any]:
    """The body of a plan's only call."""
    (call,) = plan.calls
    assert isinstance(call.body, dict)
    return dict(call.body)


async def progress_of(operation: Operation[Any], handle: Any) -> Progress:
    """How one run stands."""
    return (await operation.poll([handle]))[handle.id]


def now() -> Schedule:
    return Now()
