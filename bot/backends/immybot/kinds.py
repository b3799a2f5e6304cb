"""The types of the parameters: each reads what people and ImmyBot's own pages write, and keeps one form of it."""

from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, JsonValue

from bot.backends.immybot import codes
from bot.backends.immybot.vendor import clock_time, json_object, target_ids, task_values


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be an IANA time zone, such as America/Detroit") from None
    return name


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be a UUID") from None


def _identifier(value: Any) -> Any:
    """Identifiers are sent as text, whatever they are given as."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Computers = Annotated[list[int], BeforeValidator(target_ids("computerId"))]
Tenants = Annotated[list[int], BeforeValidator(target_ids("tenantId"))]
Persons = Annotated[list[int], BeforeValidator(target_ids("personId"))]
TaskValues = Annotated[dict[str, dict[str, JsonValue]], BeforeValidator(task_values)]
JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(json_object)]
MaintenanceType = Annotated[str, BeforeValidator(codes.MAINTENANCE_TYPE.read)]
TaskMode = Annotated[str, BeforeValidator(codes.TASK_MODE.read)]
DesiredState = Annotated[str, BeforeValidator(codes.DESIRED_STATE.read)]
Reboot = Annotated[str, BeforeValidator(codes.REBOOT.read)]
PromptTimeout = Annotated[str, BeforeValidator(codes.PROMPT_TIMEOUT.read)]
Database = Annotated[str, BeforeValidator(codes.DATABASE.read)]
Offline = Annotated[str, BeforeValidator(codes.OFFLINE.read)]
Provider = Annotated[str, BeforeValidator(codes.SOFTWARE_PROVIDER.read)]
ClockTime = Annotated[str, BeforeValidator(clock_time)]
Zone = Annotated[str, AfterValidator(_zone)]
Group = Annotated[str, AfterValidator(_uuid)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
