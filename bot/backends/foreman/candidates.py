"""Jobs that may be what a call of unknown outcome started, and in what they are not what the call asked for."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.backends.base import Candidate, Plan
from bot.backends.foreman.api import ForemanApi, Row
from bot.backends.foreman.progress import parse_timestamp
from bot.backends.foreman.start import (
    JOB_INVOCATIONS,
    handle_of,
    invocation_body,
    recurring_logic_id,
    secret_input_names,
)
from bot.backends.payload import as_object, as_objects, as_text
from bot.errors import BackendError, RemoteNotFound

MAX_CANDIDATES = 10
_PAGE_SIZE = 100
_MAX_PAGES = 5
_MAX_ID_LENGTH = 18
_TOKEN = re.compile(r"\[(ns-[a-z0-9]+)\]")
_HIDDEN_VALUE = "*****"


async def recent_jobs(
    api: ForemanApi, plan: Plan, template_id: int | None, since: datetime, until: datetime
) -> list[Candidate]:
    """Return the jobs of a template that started between two instants, newest first."""
    found: list[Candidate] = []
    for page in range(1, _MAX_PAGES + 1):
        rows, _ = await api.get_rows(JOB_INVOCATIONS, order="id DESC", per_page=_PAGE_SIZE, page=page)
        starts = [parse_timestamp(row.get("start_at")) for row in rows]
        for row, start in zip(rows, starts, strict=True):
            if start is not None and since <= start <= until and row.get("template_id", template_id) == template_id:
                found += await _readable(api, plan, template_id, row)
            if len(found) == MAX_CANDIDATES:
                return found
        if len(rows) < _PAGE_SIZE or (starts[-1] is not None and starts[-1] < since):
            break
    return found


async def job_by_id(api: ForemanApi, plan: Plan, template_id: int | None, remote_id: str) -> list[Candidate]:
    """Return the job with an id; none if Foreman shows no such job. Raises BackendError if it cannot be read.

    The address of a job's page counts as its id.
    """
    number = remote_id.removeprefix(f"{api.url}/job_invocations/")
    if not (number.isascii() and number.isdecimal() and len(number) <= _MAX_ID_LENGTH):
        return []
    try:
        row = await api.get_object(f"{JOB_INVOCATIONS}/{int(number)}", include_hosts="false")
    except RemoteNotFound:
        return []
    return [_candidate(api, plan, template_id, row)]


async def _readable(api: ForemanApi, plan: Plan, template_id: int | None, row: Row) -> list[Candidate]:
    """Return one job of a list; none if it cannot be read, as one that was saved and never triggered."""
    try:
        return await job_by_id(api, plan, template_id, str(row.get("id")))
    except BackendError:
        return []


def _candidate(api: ForemanApi, plan: Plan, template_id: int | None, row: Row) -> Candidate:
    description = as_text(row.get("description"))
    token = found[1] if (found := _TOKEN.match(description)) is not None else ""
    return Candidate(
        id=str(row.get("id")),
        handle=handle_of(api, plan, row, recurring_logic_id(row)),
        title=f"{row.get('id')} · {description or row.get('template_name') or 'no description'}",
        starts_at=parse_timestamp(row.get("start_at")),
        carries_token=plan.token in description,
        other_token=token if token != plan.token else "",
        differences=tuple(_differences(plan, template_id, row)),
    )


def _differences(plan: Plan, template_id: int | None, row: Row) -> Iterator[str]:
    asked, targeting = invocation_body(plan), as_object(row.get("targeting"))
    if "template_id" not in row:
        yield "Foreman does not say which template it runs."
    elif row["template_id"] != template_id:
        yield f"It runs another template: {row.get('template_name') or row['template_id']}."
    if asked.get("bookmark_id") is not None:
        if targeting.get("bookmark_id") != asked["bookmark_id"]:
            yield "It does not use the bookmark that was asked for."
    elif as_text(targeting.get("search_query")) != as_text(asked.get("search_query")):
        yield f"It is for other hosts: {as_text(targeting.get('search_query')) or 'Foreman does not say which'}."
    yield from _input_differences(plan, row)
    if (recurring_logic_id(row) is not None) != bool(plan.context.get("series")):
        yield "It is a single job, not a series." if plan.context.get("series") else "It is a run of a series."


def _input_differences(plan: Plan, row: Row) -> Iterator[str]:
    """Compare the inputs, as far as Foreman shows them: later versions do, and never the hidden ones."""
    asked, secret = as_object(invocation_body(plan).get("inputs")), secret_input_names(plan)
    for name, value in _shown_inputs(row):
        if name in asked and name not in secret and value not in (asked[name], _HIDDEN_VALUE):
            yield f"Its input {name} is something else."


def _shown_inputs(row: Row) -> Sequence[tuple[str, str]]:
    patterns = as_objects(row.get("pattern_template_invocations")) or as_objects(row.get("template_invocations"))[:1]
    values = [
        value
        for pattern in patterns
        for key in ("template_invocation_input_values", "input_values")
        for value in as_objects(pattern.get(key))
    ]
    return [(as_text(value.get("template_input_name")), str(value.get("value"))) for value in values]
