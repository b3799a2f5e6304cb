"""The tenants that the targets of a request belong to."""

from collections.abc import Collection, Iterable, Mapping

from bot.backends.immybot.inventory import TENANTS, Computer, Inventory
from bot.backends.immybot.responses import Row, first_text, parse_int
from bot.errors import RateLimited, Refused

Tenants = Mapping[int, Row]
"""The tenants of an instance by id."""


def with_children(chosen: Collection[int], tenants: Tenants) -> tuple[list[int], bool]:
    """Return tenants and all tenants below them, and whether ImmyBot tells which tenant is below which."""
    found = list(chosen)
    for parent in found:
        below = [n for n, row in tenants.items() if parse_int(row.get("parentTenantId")) == parent]
        found += [n for n in below if n not in found]
    return found, any("parentTenantId" in row for row in tenants.values())


async def tenant_names(
    directory: Inventory, chosen: Iterable[Row], computers: Iterable[Computer], persons: Iterable[Row]
) -> tuple[str | None, ...]:
    """Return the names of the tenants of all targets, each once; None for one that ImmyBot does not tell.

    The list of tenants is read only for targets that name theirs by its id alone. Raises BackendError.
    """
    places = [(first_text(row, "name"), parse_int(row.get("id"))) for row in chosen]
    places += [(computer.tenant, computer.tenant_id) for computer in computers]
    places += [(first_text(row, "tenantName"), parse_int(row.get("tenantId"))) for row in persons]
    by_id = {}
    if any(not name and number is not None for name, number in places):
        by_id = {n: first_text(row, "name") for n, row in (await _tenants_if_visible(directory)).items()}
    return tuple(dict.fromkeys(name or by_id.get(number or 0) or None for name, number in places))


async def tenants_by_id(directory: Inventory) -> Tenants:
    """Return every tenant. Raises BackendError."""
    rows = {parse_int(row.get("id")): row for row in await directory.list_rows(TENANTS, "tenants")}
    return {number: row for number, row in rows.items() if number is not None}


async def _tenants_if_visible(directory: Inventory) -> Tenants:
    try:
        return await tenants_by_id(directory)
    except RateLimited:
        raise
    except Refused:
        return {}
