"""What is maintained: the software, task or deployment that an id stands for right now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC

from bot.backends.base import Resolution
from bot.backends.immybot import codes
from bot.backends.immybot.inventory import DEPLOYMENTS, ITEMS, Inventory
from bot.backends.immybot.lookups import deployment_title
from bot.backends.immybot.params import MaintenanceParams
from bot.backends.immybot.responses import Row, first_text, parse_instant, parse_int


@dataclass(frozen=True, slots=True)
class MaintenanceItem:
    """The name of what is maintained, what its id stands for, and a doubt where ImmyBot does not list it."""

    name: str
    resolutions: tuple[Resolution, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Whether ImmyBot tells its name."""
        return not self.warnings


async def resolve_item(directory: Inventory, p: MaintenanceParams) -> MaintenanceItem:
    """Return what a request maintains, read again. Raises BackendError."""
    if p.full_maintenance:
        return MaintenanceItem("Full maintenance")
    if not p.maintenance_identifier:
        return await _deployment(directory, p)
    if p.maintenance_type not in ITEMS:
        return MaintenanceItem(p.maintenance_identifier)
    kind = codes.MAINTENANCE_TYPE.label(p.maintenance_type)
    row = await _item_row(directory, p.maintenance_type, p.maintenance_identifier)
    if row is None or not first_text(row, "name"):
        doubt = f"ImmyBot lists no {kind.lower()} with the id {p.maintenance_identifier}."
        return MaintenanceItem(p.maintenance_identifier, warnings=(doubt,))
    found = _item_resolution("maintenance_identifier", kind.lower(), row)
    return MaintenanceItem(found.name, (found,))


async def _deployment(directory: Inventory, p: MaintenanceParams) -> MaintenanceItem:
    """Return a deployment and the item that it deploys."""
    rows = await directory.list_rows(DEPLOYMENTS[p.deployment_type], "deployments", fresh=True)
    row = next((row for row in rows if parse_int(row.get("id")) == p.deployment_id), None)
    if row is None:
        doubt = f"ImmyBot lists no {p.deployment_type.lower()} deployment with the id {p.deployment_id}."
        return MaintenanceItem(f"Deployment {p.deployment_id}", warnings=(doubt,))
    title = deployment_title(row)
    state = codes.DESIRED_STATE.find(row.get("desiredSoftwareState"))
    details = {"target": first_text(row, "targetName"), "desired state": state.label if state else "", **_changed(row)}
    found = [
        Resolution(
            field="deployment_id", kind="deployment", id=str(p.deployment_id), name=title, details=_given(details)
        )
    ]
    kind = codes.MAINTENANCE_TYPE.find(row.get("maintenanceType"))
    if kind is not None and kind.name in ITEMS:
        item = await _item_row(directory, kind.name, str(row.get("maintenanceIdentifier")))
        if item is not None:
            found.append(_item_resolution("deployment_id", kind.label.lower(), item))
    return MaintenanceItem(title, tuple(found))


async def _item_row(directory: Inventory, kind: str, identifier: str) -> Row | None:
    rows = await directory.list_rows(ITEMS[kind], codes.MAINTENANCE_TYPE.label(kind), fresh=True)
    return next((row for row in rows if str(row.get("id")) == identifier), None)


def _item_resolution(field: str, kind: str, row: Row) -> Resolution:
    number = str(row.get("id"))
    details = {"version": first_text(row, "latestVersion"), **_changed(row)}
    return Resolution(
        field=field, kind=kind, id=number, name=first_text(row, "name") or number, details=_given(details)
    )


def _changed(row: Row) -> dict[str, str]:
    """Return when an item was last changed: its scripts may be others since."""
    text = first_text(row, "updatedDateUTC")
    at = parse_instant(text)
    return {"changed": f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at is not None else text}


def _given(details: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in details.items() if text}
