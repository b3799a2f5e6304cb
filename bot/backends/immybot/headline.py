"""What maintenance does, in words."""

from bot.backends.immybot import codes
from bot.backends.immybot.item import MaintenanceItem
from bot.backends.immybot.params import MaintenanceParams

_SOFTWARE_VERBS = {"NotPresent": "Uninstall", "UpdateIfFound": "Update", "NoAction": "Check"}
_TASK_VERBS = {"Audit": "Audit", "Monitor": "Monitor", "NoAction": "Skip"}


def what_happens(params: MaintenanceParams, item: MaintenanceItem) -> str:
    """Return the verb and what it is done to: "Install Chrome", "Run maintenance"."""
    if params.full_maintenance:
        return "Run maintenance"
    if not params.maintenance_identifier:
        return f"Deploy {item.name}"
    if params.maintenance_type in codes.SOFTWARE_TYPES:
        verb = _SOFTWARE_VERBS.get(params.desired_software_state, "Install")
        return f"{'Repair' if params.repair and verb == 'Install' else verb} {item.name}"
    if params.maintenance_type in codes.TASK_TYPES:
        return f"{_TASK_VERBS.get(params.maintenance_task_mode, 'Run')} {item.name}"
    return f"Install {item.name}"
