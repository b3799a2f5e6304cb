"""The types of the parameters. Each accepts the spellings of people and of ImmyBot's pages, and stores one form."""

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, JsonValue

from bot.backends.immybot import codes
from bot.backends.immybot.vendor_payload import clock_time, json_object, target_ids, task_values
from bot.values import Json


def _validate_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be an IANA time zone, such as America/Detroit") from None
    return name


def _validate_uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("must be a UUID") from None


def _identifier_text(value: Json) -> Json:
    """Convert an identifier to a string."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Computers = Annotated[list[int], BeforeValidator(target_ids("computerId"))]
Tenants = Annotated[list[int], BeforeValidator(target_ids("tenantId"))]
Persons = Annotated[list[int], BeforeValidator(target_ids("personId"))]
TaskValues = Annotated[dict[str, dict[str, JsonValue]], BeforeValidator(task_values)]
JsonObject = Annotated[dict[str, JsonValue], BeforeValidator(json_object)]
MaintenanceType = Annotated[str, BeforeValidator(codes.MAINTENANCE_TYPE.parse)]
TaskMode = Annotated[str, BeforeValidator(codes.TASK_MODE.parse)]
DesiredState = Annotated[str, BeforeValidator(codes.DESIRED_STATE.parse)]
RebootPreference = Annotated[str, BeforeValidator(codes.REBOOT_PREFERENCE.parse)]
PromptTimeoutAction = Annotated[str, BeforeValidator(codes.PROMPT_TIMEOUT_ACTION.parse)]
DeploymentType = Annotated[str, BeforeValidator(codes.DEPLOYMENT_TYPE.parse)]
OfflineBehavior = Annotated[str, BeforeValidator(codes.OFFLINE_BEHAVIOR.parse)]
SoftwareProvider = Annotated[str, BeforeValidator(codes.SOFTWARE_PROVIDER.parse)]
ClockTime = Annotated[str, BeforeValidator(clock_time)]
ZoneName = Annotated[str, AfterValidator(_validate_zone)]
SessionGroupId = Annotated[str, AfterValidator(_validate_uuid)]
Identifier = Annotated[str, BeforeValidator(_identifier_text)]
