"""Chooses the fields of the form: what is maintained decides which of them appear."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bot.backends.base import MAIN_SECTION, FormField, FormValues, Option, form_fields
from bot.backends.immybot import codes
from bot.backends.immybot.params import WHOLE_CHOICES, MaintenanceParams

FULL_MAINTENANCE, DEPLOYMENT = (choice.value for choice in WHOLE_CHOICES)
_SOFTWARE_FIELDS = ("desired_software_state", "repair")
_TASK_FIELDS = ("maintenance_task_mode",)
_ITEM_FIELDS = ("maintenance_identifier", *_SOFTWARE_FIELDS, *_TASK_FIELDS, "task_parameter_values")
_DEPLOYMENT_FIELDS = ("deployment_type", "deployment_id")
_FRONT = (
    "maintenance_type", "maintenance_identifier", "maintenance_task_mode", "desired_software_state",
    *_DEPLOYMENT_FIELDS, "full_maintenance", "computers", "reboot_preference",
    "prompt_timeout_action", "prompt_timeout_minutes", "auto_consent_to_reboots",
)  # fmt: skip
"""The fields of the first page, in their order."""


def maintenance_fields(values: FormValues) -> tuple[FormField, ...]:
    """Return the fields: what is maintained and on which computers first, then the rest."""
    what = chosen_what(values)
    fields = {field.name: field for field in form_fields(MaintenanceParams)}
    hidden = _hidden_fields(what, values)
    changed = _changes(what, values, fields)
    in_front = [name for name in _FRONT if changed.get(name)]
    order = [*in_front, *(name for name in fields if name not in in_front)]
    return tuple(fields[name].model_copy(update=changed.get(name, {})) for name in order if name not in hidden)


def chosen_what(values: FormValues) -> str:
    """Return what is maintained: a maintenance type, one of WHOLE_CHOICES, or "" if that is not chosen yet."""
    if chosen := values.get("maintenance_type"):
        code = codes.MAINTENANCE_TYPE.find(chosen)
        return code.name if code else str(chosen)
    if _is_yes(values.get("full_maintenance")):
        return FULL_MAINTENANCE
    return DEPLOYMENT if values.get("deployment_id") else ""


def _hidden_fields(what: str, values: FormValues) -> set[str]:
    """Return the fields that have nothing to do with what is maintained. What was given besides is shown, so that
    nobody overlooks it."""
    names: set[str] = set()
    if what in ("", FULL_MAINTENANCE, DEPLOYMENT):
        names |= set(_ITEM_FIELDS)
    if what != DEPLOYMENT:
        names.add("deployment_id")
    names = {name for name in names if name not in ("maintenance_identifier", "deployment_id") or not values.get(name)}
    if what in ("", FULL_MAINTENANCE) or not _is_yes(values.get("full_maintenance")):
        names.add("full_maintenance")
    return names


def _changes(
    what: str, values: FormValues, fields: Mapping[str, FormField]
) -> dict[str, dict[str, JsonValue | Sequence[Option]]]:
    in_front = [name for name in _FRONT if name != "deployment_type" or what == DEPLOYMENT]
    front: dict[str, dict[str, JsonValue | Sequence[Option]]] = {name: {"section": MAIN_SECTION} for name in in_front}
    front["maintenance_type"] |= {
        "choices": (*fields["maintenance_type"].choices, *WHOLE_CHOICES),
        "default": what or None,
        "required": True,
    }
    front["maintenance_identifier"] |= {"required": True}
    front["deployment_id"] |= {"required": True}
    front["computers"] |= {"required": not (values.get("tenants") or values.get("persons"))}
    return front


def _is_yes(value: object) -> bool:
    return value is True or str(value).casefold() in ("yes", "true", "on", "1")
