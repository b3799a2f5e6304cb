"""Determines the targets of a request, without changing anything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.backends.base import Targets
from bot.backends.immybot import codes
from bot.backends.immybot.inventory import DEPLOYMENTS, ITEMS, PERSONS, TENANTS, Computer, Inventory, person_name
from bot.backends.immybot.lookups import deployment_title
from bot.backends.immybot.params import MaintenanceParams
from bot.backends.immybot.responses import Row, first_text, parse_int
from bot.errors import InputError

MAX_NAMES = 2000


@dataclass(frozen=True, slots=True)
class ResolvedTargets:
    """The targets, the name of what is maintained, and warnings."""

    targets: Targets
    item_name: str
    tenants: tuple[str, ...]
    warnings: tuple[str, ...]


async def resolve_targets(directory: Inventory, p: MaintenanceParams) -> ResolvedTargets:
    """Return the targets of a request. Raises InputError for targets that do not exist, or BackendError."""
    computers = await directory.computers(p.computers)
    tenants = await _rows_by_id(directory, TENANTS, "tenants", p.tenants)
    persons = await _rows_by_id(directory, PERSONS, "persons", p.persons)
    _refuse_unknown(p, computers, tenants, persons)

    names = [c.name for c in computers.values()]
    count = len(names) + len(persons)
    notes = []
    for number, row in tenants.items():
        inside = await directory.all_computers(MAX_NAMES, number)
        names += [c.name for c in inside.computers]
        count += inside.count
        notes.append(f"{first_text(row, 'name')} ({inside.count} computers)")
    names += [person_name(row) for row in persons.values()]
    note = f"Everything in {', '.join(notes)}" if notes else ""
    if notes and p.propagate_to_child_tenants:
        note += ", and of child tenants, which are not counted here"
    task, doubts = await _item_name(directory, p)
    return ResolvedTargets(
        Targets(
            count=count,
            names=tuple(dict.fromkeys(names))[:MAX_NAMES],
            noun=_noun(p),
            note=f"{note}." if note else "",
            fixed=not tenants,
        ),
        task,
        tuple(first_text(row, "name") for row in tenants.values()),
        (*doubts, *_computer_warnings(p, computers)),
    )


def _noun(p: MaintenanceParams) -> str:
    if not p.persons:
        return "computers"
    return "targets" if p.computers or p.tenants else "persons"


async def _rows_by_id(directory: Inventory, path: str, what: str, wanted: list[int]) -> dict[int, Row]:
    if not wanted:
        return {}
    rows = {parse_int(row.get("id")): row for row in await directory.list_rows(path, what)}
    return {number: rows[number] for number in wanted if number in rows}


def _refuse_unknown(
    p: MaintenanceParams, computers: Mapping[int, object], tenants: Mapping[int, object], persons: Mapping[int, object]
) -> None:
    problems = {}
    for field, wanted, known in (
        ("computers", p.computers, computers),
        ("tenants", p.tenants, tenants),
        ("persons", p.persons, persons),
    ):
        unknown = [str(n) for n in wanted if n not in known]
        if unknown:
            more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
            problems[field] = f"ImmyBot knows no {field} with the id {', '.join(unknown[:10])}{more}."
    if problems:
        raise InputError(problems)


async def _item_name(directory: Inventory, p: MaintenanceParams) -> tuple[str, tuple[str, ...]]:
    """Return the name of what is maintained, and a warning if it is not found."""
    if p.full_maintenance:
        return "Full maintenance", ()
    if p.maintenance_identifier and p.maintenance_type in ITEMS:
        kind = codes.MAINTENANCE_TYPE.label(p.maintenance_type)
        rows = await directory.list_rows(ITEMS[p.maintenance_type], kind)
        row = next((r for r in rows if str(r.get("id")) == p.maintenance_identifier), None)
        if row is not None and first_text(row, "name"):
            return first_text(row, "name"), ()
        return p.maintenance_identifier, (f"ImmyBot lists no {kind.lower()} with the id {p.maintenance_identifier}.",)
    if p.maintenance_identifier:
        return p.maintenance_identifier, ()
    rows = await directory.list_rows(DEPLOYMENTS[p.deployment_type], "deployments")
    row = next((r for r in rows if parse_int(r.get("id")) == p.deployment_id), None)
    if row is not None:
        return deployment_title(row), ()
    where = p.deployment_type.lower()
    return f"Deployment {p.deployment_id}", (f"ImmyBot lists no {where} deployment with the id {p.deployment_id}.",)


def _computer_warnings(p: MaintenanceParams, computers: Mapping[int, Computer]) -> Iterator[str]:
    excluded = [c.name for c in computers.values() if c.excluded]
    if excluded:
        yield f"Excluded from maintenance in ImmyBot: {_shortened(excluded)}."
    offline = [c.name for c in computers.values() if c.online is False]
    if offline:
        then = "is skipped" if p.offline_behavior == "Skip" else "is done when it connects"
        yield f"Offline at the moment: {_shortened(offline)}. What is offline at the start {then}."


def _shortened(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
