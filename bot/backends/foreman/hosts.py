"""Finds the hosts of a request, and what they belong to: organizations, locations and host groups."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.backends.base import MAX_TARGET_NAMES, Targets
from bot.backends.foreman.api import ForemanReads, Row
from bot.backends.foreman.host_names import NAMES_IN_A_SEARCH, names_in_search, search_for
from bot.errors import Refused

FACT_KEYS: Mapping[str, tuple[str, ...]] = {
    "organizations": ("organization_name",),
    "locations": ("location_name",),
    "host_groups": ("hostgroup_title", "hostgroup_name"),
}
"""The keys of a host's row, by fact. The first that a row has counts: a title is a group's name with those above it."""

_THIN_PAGE = 2000
"""Hosts on a page that has only their names."""
_FULL_PAGE = 500
"""Hosts on a page of whole rows: Foreman takes much longer for one of these."""


async def matching_hosts(
    api: ForemanReads, query: str, taxonomy: Mapping[str, int], wanted_facts: Collection[str]
) -> Targets:
    """Return the hosts that match a search, read page by page. Raises BackendError.

    Foreman tells what hosts belong to only in whole rows, so these are read only where a fact is wanted. A fact that is
    not read is not known.
    """
    thin = FACT_KEYS.keys().isdisjoint(wanted_facts)
    names = names_in_search(query)
    if len(names) > NAMES_IN_A_SEARCH:
        rows, count = await _read_named(api, names, taxonomy, thin=thin)
    else:
        rows, count = await _read_rows(api, query, taxonomy, thin=thin)
    is_complete = len(rows) >= count
    return Targets(
        count=count,
        names=tuple(str(row.get("name")) for row in rows),
        facts={fact: _values(rows, keys, is_complete=is_complete) for fact, keys in FACT_KEYS.items()},
    )


async def _read_named(
    api: ForemanReads, names: Sequence[str], taxonomy: Mapping[str, int], *, thin: bool
) -> tuple[Sequence[Row], int]:
    """Return the hosts with these names, read in several searches."""
    rows: list[Row] = []
    for start in range(0, len(names), NAMES_IN_A_SEARCH):
        part = search_for(names[start : start + NAMES_IN_A_SEARCH])
        rows += (await _read_rows(api, part, taxonomy, thin=thin))[0]
    return rows, len(rows)


async def _read_rows(
    api: ForemanReads, query: str, taxonomy: Mapping[str, int], *, thin: bool
) -> tuple[Sequence[Row], int]:
    """Return the rows of at most ``MAX_TARGET_NAMES`` hosts, and how many match in all."""
    rows: list[Row] = []
    page = 1
    while True:
        found, count = await api.get_rows(
            "/api/hosts",
            search=query,
            thin="1" if thin else None,
            per_page=_THIN_PAGE if thin else _FULL_PAGE,
            page=page if page > 1 else None,
            **taxonomy,
        )
        rows += found
        if not found or len(rows) >= min(count, MAX_TARGET_NAMES):
            return rows[:MAX_TARGET_NAMES], count
        page += 1


def _values(rows: Sequence[Row], keys: Sequence[str], *, is_complete: bool) -> tuple[str | None, ...]:
    """Return the values of a fact, each once: "" for hosts that have none, None where Foreman does not tell."""
    values = (_value(row, keys) for row in rows)
    return tuple(dict.fromkeys((*values, *_unless(is_complete))))


def _value(row: Row, keys: Iterable[str]) -> str | None:
    key = next((key for key in keys if key in row), None)
    return str(row[key] or "") if key is not None else None


def _unless(is_complete: bool) -> tuple[None, ...]:
    return () if is_complete else (None,)


def search_problem(error: Refused) -> str:
    """Return why Foreman refused a search, in its own words."""
    words = (error.server_message or str(error)).rstrip(".!")
    return f"Foreman cannot use this search: {words}."
