"""Live choices for the selects of the form."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.backends.base import Option
from bot.backends.foreman.api import Api, Row, quoted
from bot.backends.foreman.settings import ForemanSettings
from bot.errors import Missing, NotFound

_ENOUGH = 101
"""One more than a select can hold: it tells that there are too many."""


_PATHS = {
    "job_template_id": "job_templates",
    "bookmark_id": "bookmarks",
    "organization_id": "organizations",
    "location_id": "locations",
}


async def lookup(
    api: Api, settings: ForemanSettings, field: str, query: str, context: Mapping[str, Any]
) -> Sequence[Option]:
    """Choices whose name holds ``query``, best first. Raises BackendError; NotFound for a field without choices."""
    match field:
        case "job_template_id":
            return await _templates(api, settings, query, context)
        case "feature":
            return await _features(api, settings, query)
        case "bookmark_id":
            rows = await _search(api, "/api/bookmarks", "controller = hosts", query, context)
            return _ranked(query, [_option(row, str(row.get("query") or "")) for row in rows])
        case "organization_id" | "location_id":
            rows = await _context(api, field, query)
            return _ranked(query, [_option(row, str(row.get("description") or "")) for row in rows])
    raise NotFound(f"There is nothing to choose from for {field}.")


async def exact(
    api: Api, settings: ForemanSettings, field: str, text: str, context: Mapping[str, Any]
) -> Option | None:
    """The one choice that a typed name or number names; None where there is none or several."""
    wanted = text.casefold()
    found = await lookup(api, settings, field, text, context)
    same = [option for option in found if wanted in (option.value.casefold(), option.label.casefold())]
    if len(same) == 1:
        return same[0]
    if same or not text.isdecimal():
        return None
    return await _by_number(api, settings, field, text)


async def _by_number(api: Api, settings: ForemanSettings, field: str, text: str) -> Option | None:
    path = _PATHS.get(field)
    if path is None:
        return None
    try:
        row = await api.one(f"/api/{path}/{text}")
    except Missing:
        return None
    if field == "job_template_id" and not allows(settings, str(row.get("name")), None):
        return None
    return _option(row, "")


def allows(settings: ForemanSettings, template: str, feature: str | None) -> bool:
    """Whether the allow-list has a template, or the feature that it is run through; an empty list has all."""
    if not settings.templates and not settings.features:
        return True
    return template in settings.templates or (feature is not None and feature in settings.features)


async def feature_row(api: Api, label: str) -> Row | None:
    """The feature with a label."""
    rows, _ = await api.rows("/api/remote_execution_features")
    return next((row for row in rows if row.get("label") == label), None)


async def _templates(api: Api, settings: ForemanSettings, query: str, context: Mapping[str, Any]) -> Sequence[Option]:
    if settings.features and not settings.templates:
        return ()
    only = " or ".join(f"name = {quoted(name)}" for name in settings.templates)
    base = "snippet = false" + (f" and ({only})" if only else "")
    rows = await _search(api, "/api/job_templates", base, query, context)
    return _ranked(query, [_option(row, str(row.get("job_category") or "")) for row in rows])


async def _features(api: Api, settings: ForemanSettings, query: str) -> Sequence[Option]:
    """This list has no pages and no search: it is filtered here."""
    wanted = query.casefold()
    found = []
    for row in await api.quick("/api/remote_execution_features"):
        label, name = str(row.get("label")), str(row.get("name") or row.get("label"))
        usable = row.get("job_template_id") is not None
        if (
            usable
            and allows(settings, str(row.get("job_template_name")), label)
            and wanted in f"{name} {label}".casefold()
        ):
            found.append(Option(value=label, label=name, description=str(row.get("job_template_name") or "")))
    return _ranked(query, found)[:_ENOUGH]


async def _context(api: Api, field: str, query: str) -> Sequence[Row]:
    kind = _PATHS[field]
    try:
        return await _search(api, f"/api/{kind}", "", query, {})
    except Missing:
        # Katello serves organizations at an address of its own.
        return await _search(api, f"/katello/api/{kind}", "", query, {})


async def _search(api: Api, path: str, base: str, query: str, context: Mapping[str, Any]) -> Sequence[Row]:
    parts = [base] if base else []
    if query:
        parts.append(f"name ~ {quoted(query)}")
    return await api.quick(path, search=" and ".join(parts) or None, per_page=_ENOUGH, order="name ASC", **context)


def _option(row: Row, description: str) -> Option:
    return Option(value=str(row.get("id")), label=str(row.get("name")), description=description)


def _ranked(query: str, options: Sequence[Option]) -> Sequence[Option]:
    """The exact name first, then names that start with the query."""
    wanted = query.casefold()

    def rank(option: Option) -> tuple[bool, bool]:
        name = option.label.casefold()
        return name != wanted, not name.startswith(wanted)

    return sorted(options, key=rank)
