"""Makes the call of a plan once, and finds what an earlier call created."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.backends.base import Handle, Plan, form_fields
from bot.backends.foreman.api import ForemanApi, Row, quote_search_value
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.progress import parse_count, parse_timestamp, run_handle
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate
from bot.backends.foreman.validation import SECRET_PREFIX
from bot.backends.payload import as_object
from bot.backends.secrets import SecretNotFound, read_secret
from bot.errors import BackendError, Forbidden, OutcomeUnknown, Refused, RemoteNotFound
from bot.values import Json

JOB_INVOCATIONS = "/api/job_invocations"
RECURRING_LOGICS = "/foreman_tasks/api/recurring_logics"

_FIELD_BY_ERROR_TEXT = (
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
"""Words in Foreman's refusals, and the field that each is about."""

_FIELD_LABELS = {field.name: field.label for field in form_fields(ForemanJobParams)}


async def start(api: ForemanApi, plan: Plan, body: Json) -> Handle:
    """POST the body, which includes secrets, and return what was created. Raises Refused, Unreachable or
    OutcomeUnknown."""
    try:
        row = await api.post(JOB_INVOCATIONS, body)
    except Refused as error:
        raise _with_field_label(error) from error
    if not isinstance(row, dict) or not isinstance(row.get("id"), int):
        raise OutcomeUnknown(api.name, f"{api.name} took the job but did not say its number.")
    return await _verify_first_run(api, plan, row)


async def find_started(api: ForemanApi, plan: Plan) -> Handle | None:
    """Return what an earlier start of this plan created.

    A series is found by its purpose, else by the first invocation that carries the token; later runs of a series are
    clones of it.
    """
    token = plan.token
    logic = await _find_recurring_logic(api, token) if plan.context.get("series") else None
    if logic is not None:
        return _series_handle(api, plan, logic)
    rows, _ = await api.get_rows(
        JOB_INVOCATIONS, search=f"description ~ {quote_search_value(token)}", order="id ASC", per_page=20
    )
    invocations = sorted(
        (row for row in rows if token in str(row.get("description"))), key=lambda row: parse_count(row.get("id"))
    )
    if not invocations:
        return None
    if plan.context.get("series") and invocations[0].get("dynflow_task") is not None:
        logic = recurring_logic_id(
            await api.get_object(f"{JOB_INVOCATIONS}/{invocations[0]['id']}", include_hosts="false")
        )
    return handle_of(api, plan, invocations[0], logic)


async def _find_recurring_logic(api: ForemanApi, purpose: str) -> int | None:
    """Return the recurring logic with a purpose. None if there is none, or the account may not see it."""
    try:
        rows, _ = await api.get_rows(RECURRING_LOGICS, search=f"purpose = {quote_search_value(purpose)}", per_page=5)
    except (Forbidden, RemoteNotFound):
        return None
    return min((parse_count(row.get("id")) for row in rows if row.get("purpose") == purpose), default=None)


def body_with_secrets(plan: Plan, settings: ForemanSettings, name: str) -> Json:
    """Return the body with secrets in place of their references. Raises Refused if one is missing, before anything is
    sent."""

    def read(secret: str) -> str:
        try:
            return read_secret(settings.secrets[secret]).get_secret_value()
        except KeyError:
            raise Refused(name, f"{name} has no secret named {secret} any more; nothing was sent.") from None
        except SecretNotFound as error:
            raise Refused(name, f"{error} Nothing was sent.") from error

    body: Json = plan.calls[0].body
    for path in _secret_paths(plan):
        body = _with_secret(body, ["job_invocation", *path], read)
    return body


def _with_secret(value: Json, path: Sequence[str], read: Callable[[str], str]) -> Json:
    """Return a value with the secret reference at a path replaced by what ``read`` returns."""
    if not path:
        return read(str(value).removeprefix(SECRET_PREFIX))
    group = as_object(value)
    return {**group, path[0]: _with_secret(group.get(path[0]), path[1:], read)}


def invocation_body(plan: Plan) -> Row:
    """Return the ``job_invocation`` object of the body."""
    body = plan.calls[0].body
    invocation = body.get("job_invocation") if isinstance(body, dict) else None
    return invocation if isinstance(invocation, dict) else {}


def secret_input_names(plan: Plan) -> frozenset[str]:
    """Return the names of the inputs whose values are secrets."""
    return frozenset(path[1] for path in _secret_paths(plan) if path[0] == "inputs")


def reject_held_series(name: str, plan: Plan) -> None:
    """Raise Refused for a series that Nightshift schedules: the call of this plan would run it at once.

    Each of its runs has a call of its own, from ``plan_occurrence``.
    """
    if plan.context.get("held_series"):
        raise Refused(name, f"{plan.placement.reason} Nothing was sent.")


def check_secret_inputs(name: str, template: JobTemplate, secret_names: frozenset[str]) -> None:
    """Raise Refused if a secret is given for an input that is not hidden, because Foreman would show it."""
    exposed = sorted(secret_names - {item.name for item in template.inputs if item.hidden})
    if exposed:
        raise Refused(name, f"{template.name} shows the input {exposed[0]} to everybody: no secret is put there.")


async def _verify_first_run(api: ForemanApi, plan: Plan, row: Row) -> Handle:
    """Return the handle of a new invocation or series if Foreman's first run is at the planned time.

    Otherwise cancel it and raise Refused.
    """
    logic, wanted = recurring_logic_id(row), plan.context.get("first")
    expected = datetime.fromisoformat(wanted).replace(second=0) if isinstance(wanted, str) else None
    starts = _reported_starts(row)
    if expected is None or not starts or expected in starts:
        return handle_of(api, plan, row, logic)
    differs = f"{api.name} would run it at {starts[0]:%Y-%m-%d %H:%M} UTC instead of {expected:%Y-%m-%d %H:%M} UTC"
    try:
        if logic is None:
            await api.post(f"{JOB_INVOCATIONS}/{row['id']}/cancel", {})
        else:
            await api.post(f"{RECURRING_LOGICS}/{logic}/cancel", {})
    except BackendError:
        return handle_of(api, plan, row, logic, note=f" Beware: {differs}.")
    raise Refused(api.name, f"{differs}, so it was cancelled there. Check the account's time zone and cron_zone.")


def _reported_starts(row: Row) -> list[datetime]:
    """Return the first start from every field in which Foreman reports it."""
    recurrence, scheduling = row.get("recurrence"), row.get("scheduling")
    texts = [row.get("start_at")]
    texts.append(scheduling.get("start_at") if isinstance(scheduling, dict) else None)
    texts.append(recurrence.get("next_occurence") if isinstance(recurrence, dict) else None)
    return [start.replace(second=0) for start in map(parse_timestamp, texts) if start is not None]


def handle_of(api: ForemanApi, plan: Plan, row: Row, logic: int | None, **detail: Json) -> Handle:
    """Return the handle of an invocation; of its series if it has a recurring logic."""
    return _run_handle(api, plan, row, **detail) if logic is None else _series_handle(api, plan, logic, **detail)


def recurring_logic_id(row: Row) -> int | None:
    """Return the id of an invocation's recurring logic; None if it is not part of a series, or a list shows it."""
    recurrence = row.get("recurrence")
    logic_id = recurrence.get("id") if isinstance(recurrence, dict) else None
    return logic_id if isinstance(logic_id, int) else None


def _run_handle(api: ForemanApi, plan: Plan, row: Row, **detail: Json) -> Handle:
    return run_handle(row, api.url, plan.token, at=plan.context.get("at"), **detail)


def _series_handle(api: ForemanApi, plan: Plan, logic: int, **detail: Json) -> Handle:
    url = f"{api.url}/foreman_tasks/recurring_logics/{logic}"
    return Handle(
        kind="series", id=str(logic), url=url, detail={"token": plan.token, "at": plan.context.get("at"), **detail}
    )


def _secret_paths(plan: Plan) -> list[list[str]]:
    paths = plan.context.get("secrets")
    return [[str(step) for step in path] for path in paths if isinstance(path, list)] if isinstance(paths, list) else []


def _with_field_label(error: Refused) -> Refused:
    """Return a refusal with the field that it is about in front of Foreman's message."""
    field = next((field for word, field in _FIELD_BY_ERROR_TEXT if word in error.server_message), None)
    if field is None or type(error) is not Refused:
        return error
    text = f"{error.backend} refused the job and started nothing. {_FIELD_LABELS[field]}: {error.server_message}"
    return Refused(error.backend, text, status=error.status, server_message=error.server_message)
