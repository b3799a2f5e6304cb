"""Finds the options of the form's selects."""

from collections.abc import Sequence
from zoneinfo import available_timezones

from bot.backends.base import FormValues, Option
from bot.backends.immybot.codes import DEPLOYMENT_TYPE, DESIRED_STATE, MAINTENANCE_TYPE, CodeTable
from bot.backends.immybot.inventory import (
    DEPLOYMENTS,
    ITEMS,
    PERSONS,
    TENANTS,
    TIME_ZONES,
    Computer,
    Inventory,
    person_name,
)
from bot.backends.immybot.responses import Row, first_text
from bot.values import Json

MAX_RESULTS = 101
"""One more than a select can hold, to detect that there are too many."""


async def lookup(
    directory: Inventory, field: str, query: str, values: FormValues, time_limit: float
) -> Sequence[Option]:
    """Return options for a field, best match first. Raises BackendError, also after ``time_limit`` seconds."""
    query = query.strip()

    async def listing(path: str, what: str) -> list[Row]:
        return await directory.list_rows(path, what, time_limit)

    match field:
        case "computers":
            return await _computers(directory, query, time_limit)
        case "tenants":
            options = [_option(row, first_text(row, "name")) for row in await listing(TENANTS, "tenants")]
        case "persons":
            options = [_person(row) for row in await listing(PERSONS, "persons")]
        case "maintenance_identifier":
            return await _items(directory, query, values, time_limit)
        case "deployment_id":
            path = DEPLOYMENTS[_code_name(DEPLOYMENT_TYPE, values.get("deployment_type")) or "Local"]
            options = [_deployment(row) for row in await listing(path, "deployments")]
        case "time_zone":
            known = available_timezones()
            listed = [_zone(row) for row in await listing(TIME_ZONES, "time zones")]
            options = [zone for zone in listed if zone.value in known]
        case _:
            return ()
    return rank_options(options, query)


def rank_options(options: Sequence[Option], query: str) -> Sequence[Option]:
    """Return the options that match: exact ones first, then those that start with the query, then the rest by name."""
    wanted = query.casefold()
    ranked = []
    for option in options:
        label = option.label.casefold()
        texts = (label, option.value.casefold(), label.replace("_", " "))
        if not wanted or any(wanted in text for text in (*texts, option.description.casefold())):
            rank = 0 if wanted in texts else 1 if label.startswith(wanted) else 2
            ranked.append((rank, label, option.value, option))
    return [option for *_, option in sorted(ranked, key=lambda f: f[:3])[:MAX_RESULTS]]


async def _computers(directory: Inventory, query: str, time_limit: float) -> Sequence[Option]:
    options = [_computer(c) for c in (await directory.search(query, MAX_RESULTS, time_limit=time_limit)).computers]
    if query.isascii() and query.isdecimal() and 0 < int(query) < 2**31:
        exact = await directory.computer(int(query), time_limit)
        if exact is not None:
            options = [_computer(exact), *(o for o in options if o.value != str(exact.id))]
    return options[:MAX_RESULTS]


async def _items(directory: Inventory, query: str, values: FormValues, time_limit: float) -> Sequence[Option]:
    """Return software or tasks of the chosen type, or the typed text for types without a list."""
    kind = _code_name(MAINTENANCE_TYPE, values.get("maintenance_type"))
    if kind is None:
        return ()
    if kind not in ITEMS:
        return (Option(value=query, label=query),) if query and len(query) <= 150 else ()
    what = MAINTENANCE_TYPE.label(kind)
    return rank_options(
        [_option(row, first_text(row, "name")) for row in await directory.list_rows(ITEMS[kind], what, time_limit)],
        query,
    )


def _code_name(table: CodeTable, value: Json) -> str | None:
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
    about = [text for text in (first_text(row, "emailAddress"), first_text(row, "tenantName")) if text]
    return _option(row, person_name(row), ", ".join(about))


def _deployment(row: Row) -> Option:
    return _option(row, deployment_title(row), f"deployment {row.get('id')}")


def deployment_title(row: Row) -> str:
    """Return a title for a deployment from its row."""
    kind = MAINTENANCE_TYPE.find(row.get("maintenanceType"))
    state = DESIRED_STATE.find(row.get("desiredSoftwareState"))
    item = " ".join(text for text in (kind.label if kind else "", str(row.get("maintenanceIdentifier") or "")) if text)
    parts = [first_text(row, "targetName"), item, state.label if state else ""]
    return ": ".join(part for part in parts if part) or f"Deployment {row.get('id')}"


def _zone(row: Row) -> Option:
    name = first_text(row, "id")
    return Option(value=name[:150], label=name, description=first_text(row, "displayName"))
