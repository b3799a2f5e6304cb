"""Making a call of a plan once, and finding what an earlier one made."""

import copy
from datetime import datetime
from typing import Any

from bot.backends.base import Handle, Plan, fields_of
from bot.backends.foreman.api import Api, Row, quoted
from bot.backends.foreman.params import ForemanRun
from bot.backends.foreman.progress import moment, number, run_handle
from bot.backends.foreman.rules import SECRET
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import Template
from bot.backends.secrets import SecretMissing, reveal
from bot.errors import BackendError, FateUnknown, Forbidden, Missing, Refused

INVOCATIONS = "/api/job_invocations"
LOGICS = "/foreman_tasks/api/recurring_logics"

_WORDS = (
    ("Cronline", "cron_line"),
    ("Purpose", "purpose"),
    ("Start before", "start_before"),
    ("Start at", "start_at"),
    ("Concurrency level", "concurrency_level"),
    ("Targeting", "search_query"),
    ("search_query", "search_query"),
    ("Input", "inputs"),
    ("Unknown input", "inputs"),
    ("inputs", "inputs"),
)
"""Words of Foreman's refusals and the field that each is about."""

_LABELS = {field.name: field.label for field in fields_of(ForemanRun)}


async def start(api: Api, plan: Plan, body: Any) -> Handle:
    """POST the body, secrets in it, and name what was made. Raises Refused, Unreachable or FateUnknown."""
    try:
        row = await api.post(INVOCATIONS, body)
    except Refused as error:
        raise _under_field(error) from error
    if not isinstance(row, dict) or not isinstance(row.get("id"), int):
        raise FateUnknown(api.name, f"{api.name} took the job but did not say its number.")
    return await _confirmed(api, plan, row)


async def find(api: Api, plan: Plan) -> Handle | None:
    """What an earlier start of this plan made: a series by its purpose, else the first invocation that carries the
    token (later runs of a series are clones of it)."""
    token = plan.token
    logic = await _logic_of(api, token) if plan.context.get("series") else None
    if logic is not None:
        return _series(api, plan, logic)
    rows, _ = await api.rows(INVOCATIONS, search=f"description ~ {quoted(token)}", order="id ASC", per_page=20)
    found = sorted((row for row in rows if token in str(row.get("description"))), key=lambda row: number(row.get("id")))
    if not found:
        return None
    if plan.context.get("series") and found[0].get("dynflow_task") is not None:
        logic = _logic(await api.one(f"{INVOCATIONS}/{found[0]['id']}", include_hosts="false"))
    return _handle(api, plan, found[0], logic)


async def _logic_of(api: Api, purpose: str) -> int | None:
    """The recurring logic with a purpose; None also where the account may not see them."""
    try:
        rows, _ = await api.rows(LOGICS, search=f"purpose = {quoted(purpose)}", per_page=5)
    except (Forbidden, Missing):
        return None
    return min((number(row.get("id")) for row in rows if row.get("purpose") == purpose), default=None)


def unsealed(plan: Plan, settings: ForemanSettings, name: str) -> Any:
    """The body with the secrets that it refers to put in. Raises Refused where one is missing: nothing was sent."""
    body = copy.deepcopy(plan.calls[0].body)
    invocation: Any = body["job_invocation"] if isinstance(body, dict) else {}
    for path in _paths(plan):
        group = invocation
        for step in path[:-1]:
            group = group[step]
        secret = str(group[path[-1]]).removeprefix(SECRET)
        try:
            group[path[-1]] = reveal(settings.secrets[secret]).get_secret_value()
        except KeyError:
            raise Refused(name, f"{name} has no secret named {secret} any more; nothing was sent.") from None
        except SecretMissing as error:
            raise Refused(name, f"{error} Nothing was sent.") from error
    return body


def invocation_of(plan: Plan) -> Row:
    """What is asked for, as it stands in the body."""
    body = plan.calls[0].body
    invocation = body.get("job_invocation") if isinstance(body, dict) else None
    return invocation if isinstance(invocation, dict) else {}


def secret_inputs(plan: Plan) -> frozenset[str]:
    """The names of the inputs that are given as secrets."""
    return frozenset(path[1] for path in _paths(plan) if path[0] == "inputs")


def check_placed(name: str, plan: Plan) -> None:
    """A series that Nightshift holds has a call for each run (``occurrence``): this plan's own call would run it at
    once. Raises Refused."""
    if plan.context.get("held_series"):
        raise Refused(name, f"{plan.placement.reason} Nothing was sent.")


def check_hidden(name: str, template: Template, given: frozenset[str]) -> None:
    """Secrets go into hidden inputs only: elsewhere Foreman would show them. Raises Refused."""
    exposed = sorted(given - {item.name for item in template.inputs if item.hidden})
    if exposed:
        raise Refused(name, f"{template.name} shows the input {exposed[0]} to everybody: no secret is put there.")


async def _confirmed(api: Api, plan: Plan, row: Row) -> Handle:
    """The handle of what was made, after comparing Foreman's first run with ours. What it would run at another time
    is cancelled at once. Raises Refused then."""
    logic, wanted = _logic(row), plan.context.get("first")
    expected = datetime.fromisoformat(wanted).replace(second=0) if isinstance(wanted, str) else None
    told = _starts(row)
    if expected is None or not told or expected in told:
        return _handle(api, plan, row, logic)
    differs = f"{api.name} would run it at {told[0]:%Y-%m-%d %H:%M} UTC instead of {expected:%Y-%m-%d %H:%M} UTC"
    try:
        if logic is None:
            await api.post(f"{INVOCATIONS}/{row['id']}/cancel", {})
        else:
            await api.post(f"{LOGICS}/{logic}/cancel", {})
    except BackendError:
        return _handle(api, plan, row, logic, note=f" Beware: {differs}.")
    raise Refused(api.name, f"{differs}, so it was cancelled there. Check the account's time zone and cron_zone.")


def _starts(row: Row) -> list[datetime]:
    """When Foreman says that it will first start, in each place where it says so."""
    recurrence, scheduling = row.get("recurrence"), row.get("scheduling")
    said = [row.get("start_at")]
    said.append(scheduling.get("start_at") if isinstance(scheduling, dict) else None)
    said.append(recurrence.get("next_occurence") if isinstance(recurrence, dict) else None)
    return [found.replace(second=0) for found in map(moment, said) if found is not None]


def _handle(api: Api, plan: Plan, row: Row, logic: int | None, **detail: Any) -> Handle:
    return _run(api, plan, row, **detail) if logic is None else _series(api, plan, logic, **detail)


def _logic(row: Row) -> int | None:
    recurrence = row.get("recurrence")
    found = recurrence.get("id") if isinstance(recurrence, dict) else None
    return found if isinstance(found, int) else None


def _run(api: Api, plan: Plan, row: Row, **detail: Any) -> Handle:
    return run_handle(row, api.url, plan.token, at=plan.context.get("at"), **detail)


def _series(api: Api, plan: Plan, logic: int, **detail: Any) -> Handle:
    url = f"{api.url}/foreman_tasks/recurring_logics/{logic}"
    return Handle(
        kind="series", id=str(logic), url=url, detail={"token": plan.token, "at": plan.context.get("at"), **detail}
    )


def _paths(plan: Plan) -> list[list[str]]:
    paths = plan.context.get("secrets")
    return [[str(step) for step in path] for path in paths if isinstance(path, list)] if isinstance(paths, list) else []


def _under_field(error: Refused) -> Refused:
    """A refusal of the job itself, with the field that it is about in front of Foreman's words."""
    field = next((field for word, field in _WORDS if word in error.said), None)
    if field is None or type(error) is not Refused:
        return error
    text = f"{error.backend} refused the job and started nothing. {_LABELS[field]}: {error.said}"
    return Refused(error.backend, text, status=error.status, said=error.said)
