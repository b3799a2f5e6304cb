"""Warnings for approvers, and the facts that policy rules can match."""

import re
from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from bot.backends.immybot import codes
from bot.backends.immybot.item import MaintenanceItem
from bot.backends.immybot.params import MaintenanceParams
from bot.backends.immybot.secret_store import secret_name
from bot.schedule import Schedule, latest_start_of, start_of

MANY_TARGETS = 10
"""Minimum number of targets for a warning about exceeding the limit of concurrent sessions."""

_VERSIONED = ("ThisVersion", "NewerOrEqualVersion", "OlderOrEqualVersion")
_SECRET_NAME = re.compile(r"passw(or)?d|passphrase|secret|token|api_?key|credential", re.IGNORECASE)


def request_warnings(p: MaintenanceParams, schedule: Schedule, targets: int) -> Iterator[str]:
    """Yield sentences for the card. ``targets`` is the number of targets."""
    yield from _reboot_warnings(p)
    if p.skip_background_job and targets >= MANY_TARGETS:
        yield (
            f"Skipping the background job starts all {targets} sessions at once, past the instance's limit "
            "of concurrent sessions; this can overload it."
        )
    if sum(1 for kind in (p.computers, p.tenants, p.persons) if kind) > 1:
        yield "Different kinds of targets are mixed; ImmyBot is meant to be given computers, tenants or persons alone."
    if p.cache_only:
        yield (
            "ImmyBot's own pages disagree on cache only: it may work from the last inventory, "
            "or only download and install nothing."
        )
    yield from _start_warnings(p, schedule)
    yield from _item_warnings(p)
    yield from _secret_warnings(p)
    if p.session_group_id:
        yield "The session group ID given is not sent: Nightshift makes a new one for each attempt."


def _reboot_warnings(p: MaintenanceParams) -> Iterator[str]:
    if p.reboot_preference == "Force":
        yield "Force reboots every computer at the start and at the end, whether it is needed or not."
    changed = (p.prompt_timeout_action, p.prompt_timeout_minutes, p.auto_consent_to_reboots) != ("Suppress", 5, False)
    if p.reboot_preference != "Prompt" and changed:
        yield "The prompt settings are left out: they count only where the reboot preference is Prompt."


def _start_warnings(p: MaintenanceParams, schedule: Schedule) -> Iterator[str]:
    if p.update_time:
        yield (
            f"ImmyBot starts it at {p.update_time} by itself. Freezes and conflicts are checked for the moment at "
            "which the request is sent, not for that time."
        )
    elif p.time_zone:
        yield "The time zone is left out: it counts only with an update time."
    limited = latest_start_of(schedule) is not None
    if limited and p.offline_behavior == "ApplyOnConnect":
        yield "Computers that are offline are done when they connect, which may be after the latest start."
    later = start_of(schedule) is not None or p.update_time
    if (p.show_run_now_button or p.show_postpone_button) and not (later and p.send_detection_email):
        yield "The Run Now and Postpone buttons stand in the detection e-mail of a run that ImmyBot starts later."


def _item_warnings(p: MaintenanceParams) -> Iterator[str]:
    if p.use_winning_deployment and p.deployment_id:
        yield "The deployment ID does not count where the winning deployment is used."
    if p.use_winning_deployment and p.desired_software_state != "LatestVersion":
        yield "The desired software state does not count where the winning deployment is used."
    if p.maintenance_identifier and p.desired_software_state in _VERSIONED and not p.semantic_version:
        label = codes.DESIRED_STATE.label(p.desired_software_state)
        yield f"“{label}” compares with a version, and the request names none."


def _secret_warnings(p: MaintenanceParams) -> Iterator[str]:
    for name, value in (p.task_parameter_values or {}).items():
        inner = value.get("value")
        if isinstance(inner, str) and inner and secret_name(inner) is None and _SECRET_NAME.search(name):
            yield (
                f"{name} looks like a secret and stands here in clear. Configure it among this connection's secrets "
                f'and give {{"secret": "its name"}} instead.'
            )


def facts(p: MaintenanceParams, item: MaintenanceItem, tenants: Iterable[str]) -> dict[str, JsonValue]:
    """Return the facts that policy rules can match. ``tenants`` are those chosen as a whole."""
    return {
        "task": item.name if item.is_listed else [item.name, None],
        "identifier": p.maintenance_identifier,
        "maintenance_type": p.maintenance_type,
        "task_mode": p.maintenance_task_mode,
        "desired_state": p.desired_software_state,
        "reboot": p.reboot_preference,
        "deployment": p.deployment_id or None,
        "full_maintenance": p.full_maintenance,
        "skip_background_job": p.skip_background_job,
        "offline": p.offline_behavior,
        "tenants": [*tenants],
    }
