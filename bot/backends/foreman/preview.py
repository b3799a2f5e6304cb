"""Determines what a request would do, without changing anything."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bot.backends.base import Resolution, Targets
from bot.backends.foreman.api import ForemanReads, Row
from bot.backends.foreman.host_names import missing_names, names_in_search, some_names
from bot.backends.foreman.hosts import matching_hosts, search_problem
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate, TemplateInput
from bot.backends.foreman.validation import SECRET_PREFIX
from bot.errors import InputError, RateLimited, Refused, RemoteNotFound, Unauthorized

MATCHED_AT_START_NOTE = "Matched again when the job starts."

_SEARCH_OPERATORS = re.compile(r"[=<>~^]|\b(null\?|set\?|has|in)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundHosts:
    """The hosts that a request names, the search that finds them, and the bookmark that holds the search, if any."""

    targets: Targets
    query: str
    bookmark: Resolution | None = None


async def find_hosts(
    api: ForemanReads, params: ForemanJobParams, taxonomy: Mapping[str, int], wanted_facts: Collection[str] = ()
) -> FoundHosts:
    """Return the hosts that a request names, with the facts of them that are wanted.

    Raises InputError if there are none or the search is wrong.
    """
    field, query, bookmark = "search_query", params.search_query or "", None
    if params.bookmark_id is not None:
        field = "bookmark_id"
        bookmark = await _fetch_bookmark(api, params.bookmark_id, taxonomy)
        query = bookmark.details["search"]
    try:
        hosts = await matching_hosts(api, query, taxonomy, wanted_facts)
    except Refused as error:
        if error.status in (400, 422) and not isinstance(error, Unauthorized | RateLimited):
            raise InputError({field: search_problem(error)}) from error
        raise
    if hosts.count == 0:
        raise InputError({field: "This matches no host. Foreman would take it and do nothing."})
    static = params.targeting_type == "static_query"
    targets = hosts.model_copy(update={"fixed": static, "note": "" if static else MATCHED_AT_START_NOTE})
    return FoundHosts(targets, query, bookmark)


def resolutions(
    params: ForemanJobParams, template: JobTemplate, hosts: FoundHosts, settings: ForemanSettings
) -> tuple[Resolution, ...]:
    """Return what a request's ids and names stand for in Foreman: the template and the bookmark."""
    details = {"runs as": run_as(params, template, settings), "text": template.text_digest}
    details |= {
        f"default of {item.name}": item.default or ""
        for item in template.inputs
        if item.name not in params.inputs and not item.hidden
    }
    behind = Resolution(
        field="feature" if params.feature else "job_template_id",
        kind="template",
        id=str(template.id),
        name=template.name,
        details={name: text for name, text in details.items() if text},
    )
    return (behind, hosts.bookmark) if hosts.bookmark else (behind,)


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


def unknown_host_warnings(hosts: FoundHosts) -> list[str]:
    """Return a warning that names the hosts of a list that Foreman does not have."""
    unknown = missing_names(names_in_search(hosts.query), hosts.targets.names)
    return [f"Not in Foreman: {some_names(unknown)}."] if unknown else []


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


async def _fetch_bookmark(api: ForemanReads, bookmark: int, taxonomy: Mapping[str, int]) -> Resolution:
    try:
        row: Row = await api.get_object(f"/api/bookmarks/{bookmark}", **taxonomy)
    except RemoteNotFound as error:
        raise InputError({"bookmark_id": f"There is no bookmark {bookmark} that the bot can see."}) from error
    if row.get("controller") not in (None, "hosts"):
        raise InputError({"bookmark_id": "This bookmark is not one of hosts."})
    return Resolution(
        field="bookmark_id",
        kind="bookmark",
        id=str(bookmark),
        name=str(row.get("name") or bookmark),
        details={"search": str(row.get("query") or "")},
    )


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
