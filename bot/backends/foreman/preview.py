"""What a request would do, found out without changing anything."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from bot.backends.base import Targets
from bot.backends.foreman.api import Api
from bot.backends.foreman.params import ForemanRun
from bot.backends.foreman.rules import SECRET
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import Input, Template
from bot.errors import InputError, Missing, Refused, Throttled, Unauthorized

MATCHED_LATER = "Matched anew when the job starts."

_NAMED = 2000
_OPERATORS = re.compile(r"[=<>~^]|\b(null\?|set\?|has|in)\b", re.IGNORECASE)


async def examine(api: Api, params: ForemanRun, template: Template, context: Mapping[str, Any]) -> tuple[Targets, str]:
    """The hosts that match and the search that finds them. Raises InputError with the problems of inputs and search
    together."""
    found = input_problems(params, template)
    try:
        targets, query = await matched(api, params, context)
    except InputError as error:
        raise InputError(found | error.problems) from error
    if found:
        raise InputError(found)
    return targets, query


async def matched(api: Api, params: ForemanRun, context: Mapping[str, Any]) -> tuple[Targets, str]:
    """The hosts that a request names, and the search that finds them. Raises InputError where there are none or the
    search is wrong."""
    field, query = "search_query", params.search_query or ""
    if params.bookmark_id is not None:
        field = "bookmark_id"
        query = await _bookmark(api, params.bookmark_id, context)
    try:
        rows, count = await api.rows("/api/hosts", search=query, thin="1", per_page=_NAMED, **context)
    except Refused as error:
        if error.status in (400, 422) and not isinstance(error, Unauthorized | Throttled):
            raise InputError({field: f"Foreman cannot use this search: {error.said or error}"}) from error
        raise
    if count == 0:
        raise InputError({field: "This matches no host. Foreman would take it and do nothing."})
    static = params.targeting_type == "static_query"
    return Targets(
        count=count,
        names=tuple(str(row.get("name")) for row in rows[:_NAMED]),
        fixed=static,
        note="" if static else MATCHED_LATER,
    ), query


def input_problems(params: ForemanRun, template: Template) -> dict[str, str]:
    """What does not fit between the given inputs and what the template asks for, by field."""
    known = {item.name: item for item in template.inputs}
    found: dict[str, str] = {}
    for name in params.inputs:
        if name not in known:
            has = ", ".join(known) or "none"
            found[f"inputs.{name}"] = f"The template {template.name} has no input of this name; it has {has}."
    for item in template.inputs:
        problem = _problem(item, params.inputs.get(item.name))
        if problem:
            found[f"inputs.{item.name}"] = problem
    return found


def warnings(params: ForemanRun, template: Template, query: str) -> list[str]:
    """What will not go as the request seems to say."""
    found = []
    if not template.overridable:
        if params.effective_user is not None:
            found.append(f"{template.name} does not let a job choose its user: {params.effective_user} is ignored.")
        if params.effective_user_password is not None:
            found.append(f"{template.name} does not let a job choose its user: the password for it is ignored.")
    if params.tags is not None and not template.ansible:
        found.append(f"{template.name} is not an Ansible template: the tags are ignored.")
    if query and not _OPERATORS.search(query):
        found.append(f"'{query}' names no field, so Foreman looks for it in many: name = {query} is exact.")
    return found


def facts(params: ForemanRun, template: Template, query: str, settings: ForemanSettings) -> dict[str, JsonValue]:
    """What policy may match on."""
    return {
        "template": template.name,
        "feature": params.feature,
        "job_category": template.category,
        "provider": template.provider,
        "run_as": run_as(params, template, settings),
        "query": query,
        "targeting_type": params.targeting_type,
    }


def run_as(params: ForemanRun, template: Template, settings: ForemanSettings) -> str:
    """The user that the script runs as on the hosts."""
    if template.overridable and params.effective_user is not None:
        return params.effective_user
    if template.as_current_user:
        return settings.username
    return template.run_as or settings.default_effective_user


async def _bookmark(api: Api, bookmark: int, context: Mapping[str, Any]) -> str:
    try:
        row = await api.one(f"/api/bookmarks/{bookmark}", **context)
    except Missing as error:
        raise InputError({"bookmark_id": f"There is no bookmark {bookmark} that the bot can see."}) from error
    if row.get("controller") not in (None, "hosts"):
        raise InputError({"bookmark_id": "This bookmark is not one of hosts."})
    return str(row.get("query") or "")


def _problem(item: Input, value: str | None) -> str:
    if value is None:
        return "This is needed." if item.required and item.default is None else ""
    if item.hidden and not value.startswith(SECRET):
        return "This input is hidden in Foreman: choose a configured secret instead of typing it."
    if not item.hidden and value.startswith(SECRET):
        return "Foreman shows this input to everybody: no secret is put there."
    if value == "":
        return "This is needed." if item.required else ""
    if item.options and value not in item.options:
        return f"This must be one of {', '.join(item.options)}."
    return ""
