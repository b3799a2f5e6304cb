"""What the devices of a job belong to: clients of a partner, and device groups."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.backends.opsramp.context import OpsRampContext
from bot.errors import RateLimited, Refused

_MAX_GROUPS = 10
"""Maximum number of device groups whose devices are read. If policy names more, the groups are not known."""

DEVICE_FACTS = ("clients", "client_names", "device_groups")
Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """The facts of devices, as ``Targets`` has them."""

    facts: Mapping[str, Values]
    known_for: Mapping[str, tuple[str, ...]]


async def device_facts(
    context: OpsRampContext, tenant: str, devices: Collection[str], told_clients: Mapping[str, str]
) -> DeviceFacts:
    """Return what devices belong to. ``told_clients`` are the clients that the job itself names, by device.

    Names of clients and device groups cost more calls, so they are read only if policy depends on them. Raises
    BackendError.
    """
    clients = _clients(context, tenant, devices, told_clients)
    patterns = context.fact_patterns.get("device_groups", {})
    names, groups = await asyncio.gather(_client_names(context, clients), _groups(context, tenant, devices, patterns))
    known = tuple(text for text in patterns if text) if groups is not None else ()
    facts: dict[str, Values] = {"clients": clients, "client_names": names, "device_groups": (*(groups or ()), None)}
    return DeviceFacts(facts, {"device_groups": known} if known else {})


def _clients(context: OpsRampContext, tenant: str, devices: Collection[str], told_clients: Mapping[str, str]) -> Values:
    """Return the ids of the clients: a job of a client is for its own devices, one of a partner for any client's."""
    if tenant != context.settings.tenant or not context.settings.is_partner:
        return (tenant,)
    return tuple(dict.fromkeys(told_clients.get(device) for device in devices))


async def _client_names(context: OpsRampContext, clients: Values) -> Values:
    if "client_names" not in context.fact_patterns or not context.settings.is_partner:
        return (None,)
    try:
        options = await context.catalog.clients(context.settings.tenant, "")
    except RateLimited:
        raise
    except Refused:
        return (None,)
    names = {option.value: option.label for option in options}
    return tuple(dict.fromkeys(names.get(client or "") for client in clients))


async def _groups(
    context: OpsRampContext, tenant: str, devices: Collection[str], patterns: Mapping[str, Callable[[str], bool]]
) -> Sequence[str] | None:
    """Return which of the groups that policy names the devices are in, "" for a device in none of them.

    Returns None if that cannot be told.
    """
    if not patterns:
        return None
    try:
        groups = await context.catalog.device_groups(tenant)
        named = {id_: name for id_, name in groups.items() if any(matches(name) for matches in patterns.values())}
        if len(named) > _MAX_GROUPS:
            return None
        members = await asyncio.gather(*(context.catalog.devices_in_group(tenant, id_) for id_ in named))
    except RateLimited:
        raise
    except Refused:
        return None
    inside = dict(zip(named.values(), members, strict=True))
    in_none = set(devices).difference(*inside.values())
    return [*(name for name, found in inside.items() if not found.isdisjoint(devices)), *([""] if in_none else [])]
