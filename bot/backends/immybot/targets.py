"""Determines the targets of a request, without changing anything."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.backends.base import MAX_TARGET_NAMES, Targets
from bot.backends.immybot.inventory import PERSONS, TENANTS, Computer, Inventory, person_name
from bot.backends.immybot.params import MaintenanceParams
from bot.backends.immybot.responses import Row, first_text, parse_int
from bot.backends.immybot.tenants import Tenants, tenant_names, tenants_by_id, with_children
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

    families = await _families(directory, p, tenants)
    found = [directory.all_computers(MAX_TARGET_NAMES, number) for number in families.tenants]
    pages = dict(zip(families.tenants, await asyncio.gather(*found), strict=True))
    inside = {computer.id: computer for page in pages.values() for computer in page.computers}
    names = [computer.name for computer in (computers | inside).values()] + [person_name(r) for r in persons.values()]
    unlisted = sum(page.count - len(page.computers) for page in pages.values())
    known = await tenant_names(directory, families.tenants.values(), computers.values(), persons.values())
    return ResolvedTargets(
        Targets(
            count=len(names) + unlisted,
            names=tuple(names[:MAX_TARGET_NAMES]),
            noun=_noun(p),
            note=_note(families, {number: page.count for number, page in pages.items()}, p.tenants),
            fixed=not tenants,
            facts={"tenants": known if families.complete else (*known, None)},
        ),
        tuple(first_text(row, "name") for row in tenants.values()),
        tuple(_computer_warnings(p, computers)),
    )


@dataclass(frozen=True, slots=True)
class _Families:
    """The chosen tenants, and those below them where they count too. ``complete`` says whether these are all."""

    tenants: Tenants
    complete: bool = True


async def _families(directory: Inventory, p: MaintenanceParams, chosen: Tenants) -> _Families:
    if not chosen or not p.propagate_to_child_tenants:
        return _Families(chosen)
    tenants = await tenants_by_id(directory)
    numbers, complete = with_children(chosen, tenants)
    return _Families({number: tenants[number] for number in numbers}, complete)


def _note(families: _Families, counts: Mapping[int, int], chosen: Collection[int]) -> str:
    """Return which tenants are maintained as a whole; "" if none is."""
    if not families.tenants:
        return ""
    texts = {
        number: f"{first_text(row, 'name')} ({counts[number]} computers)" for number, row in families.tenants.items()
    }
    note = f"Everything in {', '.join(text for number, text in texts.items() if number in chosen)}"
    if below := ", ".join(text for number, text in texts.items() if number not in chosen):
        note += f", and in the child tenants {below}"
    if not families.complete:
        note += ", and of child tenants, which are not counted here"
    return f"{note}."


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
