"""Determines what a request would do, without changing anything."""

import re
from collections.abc import Mapping

from pydantic import JsonValue

from bot.backends.base import Targets
from bot.backends.foreman.api import ForemanApi
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate, TemplateInput
from bot.backends.foreman.validation import SECRET_PREFIX
from bot.errors import InputError, RateLimited, Refused, RemoteNotFound, Unauthorized

MATCHED_AT_START_NOTE = "Matched anew when the job starts."

_MAX_NAMED_HOSTS = 2000
_SEARCH_OPERATORS = re.compile(r"[=<>~^]|\b(null\?|set\?|has|in)\b", re.IGNORECASE)


async def resolve_targets(
    api: ForemanApi, params: ForemanJobParams, template: JobTemplate, taxonomy: Mapping[str, int]
) -> tuple[Targets, str]:
    """Return the matching hosts, and the search that finds them.

    Raises InputError with the problems of inputs and search together.
    """
    problems = input_problems(params, template)
    try:
        targets, query = await find_hosts(api, params, taxonomy)
    except InputError as error:
        raise InputError(problems | error.problems) from error
    if problems:
        raise InputError(problems)
    return targets, query


async def find_hosts(api: ForemanApi, params: ForemanJobParams, taxonomy: Mapping[str, int]) -> tuple[Targets, str]:
    """Return the hosts of a request, and the search that finds them. Raises InputError if there are none or the search
    is invalid."""
    field, query = "search_query", params.search_query or ""
    if params.bookmark_id is not None:
        field = "bookmark_id"
        query = await _bookmark_query(api, params.bookmark_id, taxonomy)
    try:
        rows, count = await api.get_rows("/api/hosts", search=query, thin="1", per_page=_MAX_NAMED_HOSTS, **taxonomy)
    except Refused as error:
        if error.status in (400, 422) and not isinstance(error, Unauthorized | RateLimited):
            raise InputError({field: f"Foreman cannot use this search: {error.server_message or error}"}) from error
        raise
    if count == 0:
        raise InputError({field: "This matches no host. Foreman would take it and do nothing."})
    static = params.targeting_type == "static_query"
    return Targets(
        count=count,
        names=tuple(str(row.get("name")) for row in rows[:_MAX_NAMED_HOSTS]),
        fixed=static,
        note="" if static else MATCHED_AT_START_NOTE,
    ), query


def input_problems(params: ForemanJobParams, template: JobTemplate) -> dict[str, str]:
    """Return, by field, what is wrong with the given inputs of a template."""
    known = {item.name: item for item in template.inputs}
    problems: dict[str, str] = {}
    for name in params.inputs:
        if name not in known:
            has = ", ".join(known) or "none"
            problems[f"inputs.{name}"] = f"The template {template.name} has no input of this name; it has {has}."
    for item in template.inputs:
        problem = _input_problem(item, params.inputs.get(item.name))
        if problem:
            problems[f"inputs.{item.name}"] = problem
    return problems


def warnings(params: ForemanJobParams, template: JobTemplate, query: str) -> list[str]:
    """Return warnings about effects that the request does not show."""
    texts = []
    if not template.allows_effective_user:
        if params.effective_user is not None:
            texts.append(f"{template.name} does not let a job choose its user: {params.effective_user} is ignored.")
        if params.effective_user_password is not None:
            texts.append(f"{template.name} does not let a job choose its user: the password for it is ignored.")
    if params.tags is not None and not template.is_ansible:
        texts.append(f"{template.name} is not an Ansible template: the tags are ignored.")
    if query and not _SEARCH_OPERATORS.search(query):
        texts.append(f"'{query}' names no field, so Foreman looks for it in many: name = {query} is exact.")
    return texts


def facts(
    params: ForemanJobParams, template: JobTemplate, query: str, settings: ForemanSettings
) -> dict[str, JsonValue]:
    """Return the facts that policy rules can match."""
    return {
        "template": template.name,
        "feature": params.feature,
        "job_category": template.category,
        "provider": template.provider,
        "run_as": run_as(params, template, settings),
        "query": query,
        "targeting_type": params.targeting_type,
    }


def run_as(params: ForemanJobParams, template: JobTemplate, settings: ForemanSettings) -> str:
    """Return the user that the script runs as on the hosts."""
    if template.allows_effective_user and params.effective_user is not None:
        return params.effective_user
    if template.runs_as_current_user:
        return settings.username
    return template.run_as or settings.default_effective_user


async def _bookmark_query(api: ForemanApi, bookmark: int, taxonomy: Mapping[str, int]) -> str:
    try:
        row = await api.get_object(f"/api/bookmarks/{bookmark}", **taxonomy)
    except RemoteNotFound as error:
        raise InputError({"bookmark_id": f"There is no bookmark {bookmark} that the bot can see."}) from error
    if row.get("controller") not in (None, "hosts"):
        raise InputError({"bookmark_id": "This bookmark is not one of hosts."})
    return str(row.get("query") or "")


def _input_problem(item: TemplateInput, value: str | None) -> str:
    if value is None:
        return "This is needed." if item.required and item.default is None else ""
    if item.hidden and not value.startswith(SECRET_PREFIX):
        return "This input is hidden in Foreman: choose a configured secret instead of typing it."
    if not item.hidden and value.startswith(SECRET_PREFIX):
        return "Foreman shows this input to everybody: no secret is put there."
    if value == "":
        return "This is needed." if item.required else ""
    if item.options and value not in item.options:
        return f"This must be one of {', '.join(item.options)}."
    return ""
