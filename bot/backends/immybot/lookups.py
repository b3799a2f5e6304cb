"""The live choices of the form's selects."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from bot.backends.base import Option, Values
from bot.backends.immybot.answers import Row, words
from bot.backends.immybot.codes import DATABASE, DESIRED_STATE, MAINTENANCE_TYPE, Codes
from bot.backends.immybot.directory import (
    DEPLOYMENTS,
    ITEMS,
    PERSONS,
    TENANTS,
    TIME_ZONES,
    Computer,
    Directory,
    person_name,
)

LIMIT = 101
"""One more than a select can show, so that the form can say that there are more."""


async def lookup(directory: Directory, field: str, query: str, values: Values, within: float) -> Sequence[Option]:
    """Choices for a field, best first. Raises BackendError, also when ``within`` seconds are over."""
    query = query.strip()

    async def listing(path: str, what: str) -> list[Row]:
        return await directory.listing(path, what, within)

    match field:
        case "computers":
            return await _computers(directory, query, within)
        case "tenants":
            found = [_option(row, words(row, "name")) for row in await listing(TENANTS, "tenants")]
        case "persons":
            found = [_person(row) for row in await listing(PERSONS, "persons")]
        case "maintenance_identifier":
            return await _items(directory, query, values, within)
        case "deployment_id":
            path = DEPLOYMENTS[_name(DATABASE, values.get("deployment_type")) or "Local"]
            found = [_deployment(row) for row in await listing(path, "deployments")]
        case "time_zone":
            known = available_timezones()
            listed = [_zone(row) for row in await listing(TIME_ZONES, "time zones")]
            found = [zone for zone in listed if zone.value in known]
        case _:
            return ()
    return best(found, query)


def best(options: Sequence[Option], query: str) -> Sequence[Option]:
    """The options that match: exact ones first, then those that start with the query, then the rest by name."""
    wanted = query.casefold()
    found = []
    for option in options:
        label = option.label.casefold()
        texts = (label, option.value.casefold(), label.replace("_", " "))
        if not wanted or any(wanted in text for text in (*texts, option.description.casefold())):
            rank = 0 if wanted in texts else 1 if label.startswith(wanted) else 2
            found.append((rank, label, option.value, option))
    return [option for *_, option in sorted(found, key=lambda f: f[:3])[:LIMIT]]


async def _computers(directory: Directory, query: str, within: float) -> Sequence[Option]:
    found = [_computer(c) for c in (await directory.search(query, LIMIT, within=within)).computers]
    if query.isascii() and query.isdecimal() and 0 < int(query) < 2**31:
        exact = await directory.computer(int(query), within)
        if exact is not None:
            found = [_computer(exact), *(o for o in found if o.value != str(exact.id))]
    return found[:LIMIT]


async def _items(directory: Directory, query: str, values: Values, within: float) -> Sequence[Option]:
    """Software or tasks of the chosen type; for the types without a list, what was typed."""
    kind = _name(MAINTENANCE_TYPE, values.get("maintenance_type"))
    if kind is None:
        return ()
    if kind not in ITEMS:
        return (Option(value=query, label=query),) if query and len(query) <= 150 else ()
    what = MAINTENANCE_TYPE.label(kind)
    return best([_option(row, words(row, "name")) for row in await directory.listing(ITEMS[kind], what, within)], query)


def _name(table: Codes, value: Any) -> str | None:
    code = table.find(value)
    return code.name if code else None


def _option(row: Row, label: str, description: str = "") -> Option:
    number = str(row.get("id", ""))
    return Option(value=number, label=label or number, description=description or f"id {number}")


def _computer(computer: Computer) -> Option:
    online = {True: "online", False: "offline", None: ""}[computer.online]
    about = [text for text in (computer.tenant, computer.user, online) if text]
    return Option(value=str(computer.id), label=computer.name, description=", ".join(about))


def _person(row: Row) -> Option:
    about = [text for text in (words(row, "emailAddress"), words(row, "tenantName")) if text]
    return _option(row, person_name(row), ", ".join(about))


def _deployment(row: Row) -> Option:
    return _option(row, deployment_title(row), f"deployment {row.get('id')}")


def deployment_title(row: Row) -> str:
    """What a deployment does, as far as its row tells."""
    kind = MAINTENANCE_TYPE.find(row.get("maintenanceType"))
    state = DESIRED_STATE.find(row.get("desiredSoftwareState"))
    item = " ".join(text for text in (kind.label if kind else "", str(row.get("maintenanceIdentifier") or "")) if text)
    parts = [words(row, "targetName"), item, state.label if state else ""]
    return ": ".join(part for part in parts if part) or f"Deployment {row.get('id')}"


def _zone(row: Row) -> Option:
    name = words(row, "id")
    return Option(value=name[:150], label=name, description=words(row, "displayName"))
