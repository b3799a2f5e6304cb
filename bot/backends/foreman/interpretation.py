"""Finds out what was typed or picked in the form: a feature, a bookmark, a list of host names; and how many hosts."""

from collections.abc import Mapping, Sequence

from bot.backends.base import FormValues, FoundTargets, Interpretation
from bot.backends.foreman.api import Row, quote_search_value
from bot.backends.foreman.context import ForemanContext
from bot.backends.foreman.host_names import (
    NAMES_IN_A_SEARCH,
    HostList,
    as_search,
    bookmark_name,
    missing_names,
    parse_host_list,
    search_for,
    some_names,
)
from bot.backends.foreman.hosts import search_problem
from bot.backends.foreman.lookups import FEATURE_PREFIX, resolve_option
from bot.errors import InputError, RateLimited, Refused, RemoteNotFound, Unauthorized
from bot.values import Json, JsonObject

WHERE = "search_query"
SHOWN_NAMES = 5
_MAX_SHORT_NAMES = 200


async def interpret(context: ForemanContext, values: FormValues, labels: JsonObject) -> Interpretation:
    """Return the feature, the bookmark and the full host names that values stand for.

    Raises InputError for a name that Foreman does not know, or BackendError.
    """
    changed: dict[str, Json] = {}
    new_labels: dict[str, Json] = {}
    picked = str(values.get("job_template_id") or "")
    if picked.startswith(FEATURE_PREFIX):
        changed |= {"job_template_id": None, "feature": picked.removeprefix(FEATURE_PREFIX)}
        new_labels["feature"] = labels.get("job_template_id")
    where = str(values.get(WHERE) or "")
    if name := bookmark_name(where):
        option = await _bookmark(context, name, values)
        changed |= {WHERE: None, "bookmark_id": option[0]}
        new_labels["bookmark_id"] = option[1]
    elif hosts := parse_host_list(where):
        as_search(where)
        changed |= await _full_names(context, hosts.names, values)
    return Interpretation(values=changed, labels=new_labels)


async def find_targets(context: ForemanContext, values: FormValues) -> FoundTargets | None:
    """Return how many hosts a form names so far. Raises InputError or BackendError."""
    where = str(values.get(WHERE) or "").strip()
    if not where:
        where = await _search_of_bookmark(context, values)
    elif name := bookmark_name(where):
        where = await _search_of_bookmark(
            context, {**values, "bookmark_id": (await _bookmark(context, name, values))[0]}
        )
    if not where:
        return None
    if hosts := parse_host_list(where):
        _check_count(where)
        return await _find_named(context, hosts, values)
    first, count = await _search(context, where, values, SHOWN_NAMES)
    return FoundTargets(count=count, names=tuple(str(row.get("name")) for row in first))


async def _find_named(context: ForemanContext, hosts: HostList, values: FormValues) -> FoundTargets:
    """Return which hosts of a list there are, and which names are unknown or listed twice."""
    found = [str(row.get("name")) for row in await _hosts_named(context, hosts.names, values)]
    missing = missing_names(hosts.names, found)
    short = await _by_short_name(context, missing, values)
    found += [name for matches in short.values() for name in matches[:1]]
    unknown = [name for name in missing if name not in short]
    notes = [
        *([f"Not in Foreman: {some_names(unknown)}."] if unknown else []),
        *([f"Listed twice: {some_names(hosts.repeated)}."] if hosts.repeated else []),
    ]
    return FoundTargets(count=len(found), names=tuple(found[:SHOWN_NAMES]), notes=tuple(notes))


def _check_count(where: str) -> None:
    try:
        as_search(where)
    except ValueError as error:
        raise InputError({WHERE: str(error)}) from None


async def _full_names(context: ForemanContext, names: Sequence[str], values: FormValues) -> dict[str, Json]:
    """Return the list with full names in place of short ones; nothing where all are full. Raises InputError."""
    found = [str(row.get("name")).casefold() for row in await _hosts_named(context, names, values)]
    missing = missing_names(names, found)
    if not missing:
        return {}
    short = await _by_short_name(context, missing, values)
    several = [name for name in missing if len(short.get(name, ())) > 1]
    unknown = [name for name in missing if not short.get(name)]
    if unknown:
        raise InputError({WHERE: f"Foreman has no host named {some_names(unknown)}."})
    if several:
        choices = some_names(short[several[0]])
        raise InputError({WHERE: f"{several[0]} could be {choices}. Write the full name."})
    return {WHERE: ", ".join(short[name][0] if name in short else name for name in names)}


async def _by_short_name(
    context: ForemanContext, names: Sequence[str], values: FormValues
) -> Mapping[str, Sequence[str]]:
    """Return the full names of hosts whose first label was given."""
    matches: dict[str, list[str]] = {}
    short = [name for name in names if "." not in name][:_MAX_SHORT_NAMES]
    for start in range(0, len(short), NAMES_IN_A_SEARCH):
        part = short[start : start + NAMES_IN_A_SEARCH]
        query = " or ".join(f"name ~ {quote_search_value(f'{name}.')}" for name in part)
        rows, _ = await _search(context, query, values, 5 * NAMES_IN_A_SEARCH)
        for row in rows:
            full = str(row.get("name"))
            label = full.partition(".")[0].casefold()
            if label in part:
                matches.setdefault(label, []).append(full)
    return matches


async def _hosts_named(context: ForemanContext, names: Sequence[str], values: FormValues) -> list[Row]:
    rows: list[Row] = []
    for start in range(0, len(names), NAMES_IN_A_SEARCH):
        part = names[start : start + NAMES_IN_A_SEARCH]
        rows += (await _search(context, search_for(part), values, len(part)))[0]
    return rows


async def _bookmark(context: ForemanContext, name: str, values: FormValues) -> tuple[str, str]:
    """Return the id and the name of a bookmark. Raises InputError."""
    option = await resolve_option(context.api, context.settings, "bookmark_id", name, context.taxonomy_params(values))
    if option is None:
        raise InputError({WHERE: f"Foreman has no bookmark of hosts named “{name}”."})
    return option.value, option.label


async def _search_of_bookmark(context: ForemanContext, values: FormValues) -> str:
    number = values.get("bookmark_id")
    if not number:
        return ""
    taxonomy = context.taxonomy_params(values)
    try:
        row = await context.api.get_object(f"/api/bookmarks/{number}", **taxonomy)
    except RemoteNotFound:
        return ""
    return str(row.get("query") or "")


async def _search(context: ForemanContext, query: str, values: FormValues, limit: int) -> tuple[Sequence[Row], int]:
    """Return hosts that match, and how many match in all; at most a minute old. Raises InputError or BackendError."""
    taxonomy = context.taxonomy_params(values)

    async def read() -> tuple[Sequence[Row], int]:
        return await context.api.get_rows("/api/hosts", search=query, thin="1", per_page=limit, **taxonomy)

    try:
        return await context.hosts.get((query, limit, tuple(sorted(taxonomy.items()))), read)
    except Refused as error:
        if error.status in (400, 422) and not isinstance(error, Unauthorized | RateLimited):
            raise InputError({WHERE: search_problem(error)}) from error
        raise
