"""Determines the targets of a request, without changing anything."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.backends.base import MAX_TARGET_NAMES, Targets
from bot.backends.immybot.inventory import PERSONS, TENANTS, Computer, Inventory, person_name
from bot.backends.immybot.params import MaintenanceParams
from bot.backends.immybot.responses import Row, first_text, parse_int
from bot.errors import InputError


@dataclass(frozen=True, slots=True)
class ResolvedTargets:
    """The targets, the names of the tenants among them, and what is worth a warning."""

    targets: Targets
    tenants: tuple[str, ...]
    warnings: tuple[str, ...]


async def resolve_targets(directory: Inventory, p: MaintenanceParams) -> ResolvedTargets:
    """Return names and counts for a request. Raises InputError for targets that do not exist, or BackendError."""
    computers, tenants, persons = await asyncio.gather(
        directory.computers(p.computers),
        _rows_by_id(directory, TENANTS, "tenants", p.tenants),
        _rows_by_id(directory, PERSONS, "persons", p.persons),
    )
    _refuse_unknown(p, computers, tenants, persons)

    names = {number: computer.name for number, computer in computers.items()}
    unlisted = 0
    notes = []
    pages = await asyncio.gather(*(directory.all_computers(MAX_TARGET_NAMES, number) for number in tenants))
    for row, inside in zip(tenants.values(), pages, strict=True):
        names |= {computer.id: computer.name for computer in inside.computers}
        unlisted += inside.count - len(inside.computers)
        notes.append(f"{first_text(row, 'name')} ({inside.count} computers)")
    all_names = [*names.values(), *(person_name(row) for row in persons.values())]
    note = f"Everything in {', '.join(notes)}" if notes else ""
    if notes and p.propagate_to_child_tenants:
        note += ", and of child tenants, which are not counted here"
    return ResolvedTargets(
        Targets(
            count=len(all_names) + unlisted,
            names=tuple(all_names[:MAX_TARGET_NAMES]),
            noun=_noun(p),
            note=f"{note}." if note else "",
            fixed=not tenants,
        ),
        tuple(first_text(row, "name") for row in tenants.values()),
        tuple(_computer_warnings(p, computers)),
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
