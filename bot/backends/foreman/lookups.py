"""Finds the options of the form's selects."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.backends.base import Option
from bot.backends.foreman.api import ForemanApi, ForemanReads, Row, quote_search_value
from bot.backends.foreman.settings import ForemanSettings
from bot.errors import NotFound, Refused, RemoteNotFound

_MAX_RESULTS = 101
"""One more than a select can hold, to detect that there are too many."""
_MAX_VALUE_LENGTH = 150
"""Maximum length of an option's value."""

FEATURE_PREFIX = "feature:"
"""The prefix of a feature's label among the templates, which people pick it from."""

_PATHS = {
    "job_template_id": "job_templates",
    "bookmark_id": "bookmarks",
    "organization_id": "organizations",
    "location_id": "locations",
}


async def lookup(
    api: ForemanApi, settings: ForemanSettings, field: str, query: str, taxonomy: Mapping[str, int]
) -> Sequence[Option]:
    """Return options whose name contains ``query``, best match first. Raises BackendError, or NotFound for a field
    without options."""
    match field:
        case "job_template_id":
            return await _templates_and_features(api, settings, query, taxonomy)
        case "feature":
            return await _features(api, settings, query)
        case "bookmark_id":
            rows = await _search(api, "/api/bookmarks", "controller = hosts", query, taxonomy)
            return _rank(query, [_option(row, str(row.get("query") or "")) for row in rows])
        case "organization_id" | "location_id":
            rows = await _search_taxonomy(api, field, query)
            return _rank(query, [_option(row, str(row.get("description") or "")) for row in rows])
    raise NotFound(f"There is nothing to choose from for {field}.")


async def resolve_option(
    api: ForemanApi, settings: ForemanSettings, field: str, text: str, taxonomy: Mapping[str, int]
) -> Option | None:
    """Return the option with a typed name or number. None if no option or several match."""
    wanted = text.casefold()
    options = await lookup(api, settings, field, text, taxonomy)
    same = [option for option in options if wanted in (option.value.casefold(), option.label.casefold())]
    if len(same) == 1:
        return same[0]
    if same or not text.isdecimal():
        return None
    return await _find_by_id(api, settings, field, text)


async def known_values(api: ForemanReads, fact: str, taxonomy: Mapping[str, int]) -> frozenset[str] | None:
    """Return the names or categories of all templates; None for another fact. Raises BackendError."""
    key = {"template": "name", "job_category": "job_category"}.get(fact)
    if key is None:
        return None
    rows, _ = await api.get_rows("/api/job_templates", search="snippet = false", per_page="all", **taxonomy)
    return frozenset(str(row[key]) for row in rows if row.get(key))


async def _find_by_id(api: ForemanApi, settings: ForemanSettings, field: str, text: str) -> Option | None:
    path = _PATHS.get(field)
    if path is None:
        return None
    try:
        row = await api.get_object(f"/api/{path}/{text}")
    except RemoteNotFound:
        return None
    if field == "job_template_id" and not is_allowed(settings, str(row.get("name")), None):
        return None
    return _option(row, "")


def is_allowed(settings: ForemanSettings, template: str, feature: str | None) -> bool:
    """Return whether a template, or the feature it is run through, is allowed. Empty lists allow everything."""
    if not settings.templates and not settings.features:
        return True
    return template in settings.templates or (feature is not None and feature in settings.features)


async def fetch_feature(api: ForemanReads, label: str) -> Row | None:
    """Return the feature with a label, or None."""
    rows, _ = await api.get_rows("/api/remote_execution_features")
    return next((row for row in rows if row.get("label") == label), None)


async def _templates_and_features(
    api: ForemanApi, settings: ForemanSettings, query: str, taxonomy: Mapping[str, int]
) -> Sequence[Option]:
    """Return templates, and behind them the features that the query finds, up to what a select can hold."""
    templates, features = await asyncio.gather(
        _templates(api, settings, query, taxonomy), _features_if_seen(api, settings, query)
    )
    offered = [
        Option(
            value=FEATURE_PREFIX + feature.value,
            label=feature.label,
            description=f"Feature that runs {feature.description}" if feature.description else "Feature",
        )
        for feature in features
        if len(FEATURE_PREFIX + feature.value) <= _MAX_VALUE_LENGTH
    ]
    return _rank(query, [*templates, *offered])[:_MAX_RESULTS]


async def _features_if_seen(api: ForemanApi, settings: ForemanSettings, query: str) -> Sequence[Option]:
    """Return features; none for an account that sees templates only."""
    try:
        return await _features(api, settings, query)
    except Refused:
        return ()


async def _templates(
    api: ForemanApi, settings: ForemanSettings, query: str, taxonomy: Mapping[str, int]
) -> Sequence[Option]:
    if settings.features and not settings.templates:
        return ()
    only = " or ".join(f"name = {quote_search_value(name)}" for name in settings.templates)
    base = "snippet = false" + (f" and ({only})" if only else "")
    rows = await _search(api, "/api/job_templates", base, query, taxonomy)
    return _rank(query, [_option(row, _about_template(row)) for row in rows])


def _about_template(row: Row) -> str:
    """Return the category of a template, and how it describes its jobs."""
    return " · ".join(str(row[key]) for key in ("job_category", "description_format") if row.get(key))


async def _features(api: ForemanApi, settings: ForemanSettings, query: str) -> Sequence[Option]:
    """Return the matching features. Foreman's list has no search, so it is filtered here."""
    wanted = query.casefold()
    options = []
    for row in await api.search("/api/remote_execution_features"):
        label, name = str(row.get("label")), str(row.get("name") or row.get("label"))
        usable = row.get("job_template_id") is not None
        if (
            usable
            and is_allowed(settings, str(row.get("job_template_name")), label)
            and wanted in f"{name} {label}".casefold()
        ):
            options.append(Option(value=label, label=name, description=str(row.get("job_template_name") or "")))
    return _rank(query, options)[:_MAX_RESULTS]


async def _search_taxonomy(api: ForemanApi, field: str, query: str) -> Sequence[Row]:
    kind = _PATHS[field]
    try:
        return await _search(api, f"/api/{kind}", "", query, {})
    except RemoteNotFound:
        # Katello serves organizations at another path.
        return await _search(api, f"/katello/api/{kind}", "", query, {})


async def _search(api: ForemanApi, path: str, base: str, query: str, taxonomy: Mapping[str, int]) -> Sequence[Row]:
    parts = [base] if base else []
    if query:
        parts.append(f"name ~ {quote_search_value(query)}")
    return await api.search(
        path, search=" and ".join(parts) or None, per_page=_MAX_RESULTS, order="name ASC", **taxonomy
    )


def _option(row: Row, description: str) -> Option:
    return Option(value=str(row.get("id")), label=str(row.get("name")), description=description)


def _rank(query: str, options: Sequence[Option]) -> Sequence[Option]:
    """Sort options: exact matches first, then names that start with the query."""
    wanted = query.casefold()

    def rank(option: Option) -> tuple[bool, bool]:
        name = option.label.casefold()
        return name != wanted, not name.startswith(wanted)

    return sorted(options, key=rank)
