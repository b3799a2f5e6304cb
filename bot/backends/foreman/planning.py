"""Builds the call for parameters and a schedule. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.backends.base import HttpCall, Placement, Plan
from bot.backends.foreman import placement
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.validation import SECRET_PREFIX, effective_max_iteration, validate
from bot.errors import InputError
from bot.schedule import Now, Once, Schedule, Series, Window, latest_start_of
from bot.values import Json

MAX_DESCRIPTION_LENGTH = 255
"""Maximum number of characters of a description in Foreman."""


@dataclass(frozen=True, slots=True)
class PlanEnvironment:
    """What a plan depends on besides the request: the connection's settings, what is known about the server, and the
    time."""

    settings: ForemanSettings
    server: ForemanServer
    now: datetime


@dataclass(frozen=True, slots=True)
class InvocationTiming:
    """The groups of the body that hold the time, who schedules the job, and the first run expected of Foreman."""

    placement: Placement
    recurrence: dict[str, Json] | None = None
    scheduling: dict[str, Json] | None = None
    first_run: datetime | None = None


def build_plan(
    operation: str,
    params: ForemanJobParams,
    schedule: Schedule,
    token: str,
    env: PlanEnvironment,
    description: str = "",
) -> Plan:
    """Return the plan for one attempt. ``description`` is the template's, if known. Raises InputError."""
    if not re.fullmatch(r"[A-Za-z0-9-]{4,60}", token):
        raise ValueError("a token is 4 to 60 letters, digits and hyphens: Foreman's search reads others as wildcards")
    validate(params, schedule, env.settings, env.now)
    timing = _timing(params, schedule, token, env)
    invocation, secrets = _invocation_body(params, env)
    invocation["description_format"] = description_with_token(params, token, description)
    for group, value in (("recurrence", timing.recurrence), ("scheduling", timing.scheduling)):
        if value:
            invocation[group] = value
    body: dict[str, Json] = {"job_invocation": invocation}
    for name in ("organization_id", "location_id"):
        value = getattr(params, name) or getattr(env.settings, name)
        if value is not None:
            body[name] = value
    return Plan(
        operation=operation,
        token=token,
        placement=timing.placement,
        calls=(HttpCall(method="POST", url=f"{env.settings.url}/api/job_invocations", body=body),),
        context={
            "at": env.now.isoformat(),
            "secrets": secrets,
            "series": timing.recurrence is not None,
            "held_series": isinstance(schedule, Series) and timing.recurrence is None,
            "first": timing.first_run.isoformat() if timing.first_run else None,
        },
        warnings=warnings(params, env, timing),
    )


def warnings(params: ForemanJobParams, env: PlanEnvironment, timing: InvocationTiming) -> tuple[str, ...]:
    """Return warnings that follow from the parameters alone."""
    texts = [f"Foreman ignores {name}; it is not sent." for name in params.ignored]
    if params.time_span is not None and not env.server.supports_time_span:
        texts.append("This server no longer spreads work over time (time_span); it is not sent.")
    if params.end_time is not None:
        texts.append("Foreman's API ignores end_time: the number of runs until then is sent as max_iteration too.")
    if params.cron_line is not None:
        texts.append(f"The cron line is read by the server in its own zone, taken to be {env.settings.cron_zone}.")
    if timing.recurrence and params.targeting_type == "static_query":
        texts.append("Every run of the series uses the hosts that match now. Hosts that match later are left out.")
    return tuple(texts)


def description_with_token(params: ForemanJobParams, token: str, template: str) -> str:
    """Return the description with the token at its start, so that truncation cannot remove it.

    The rest is the person's description, else the template's, else Foreman's default. Raises InputError if the person's
    is too long.
    """
    if params.description_format is not None:
        text = f"[{token}] {params.description_format}"
        if len(text) > MAX_DESCRIPTION_LENGTH:
            room = MAX_DESCRIPTION_LENGTH - len(token) - 3
            raise InputError({"description_format": f"This is too long: there is room for {room} characters."})
        return text
    named = "".join(f' {name}="%{{{name}}}"' for name in params.inputs)
    for rest in (template, "%{template_name}" + (f" with inputs{named}" if named else "")):
        if rest and len(f"[{token}] {rest}") <= MAX_DESCRIPTION_LENGTH:
            return f"[{token}] {rest}"
    return f"[{token}] %{{template_name}}"


def format_instant(moment: datetime) -> str:
    """Format an instant unambiguously for Foreman: ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _invocation_body(params: ForemanJobParams, env: PlanEnvironment) -> tuple[dict[str, Json], list[Json]]:
    """Return the body without time and description, and the paths of the secrets in it."""
    secrets: list[Json] = []

    def reference(value: str | None, *path: str) -> str | None:
        if value is None:
            return None
        secrets.append(list(path))
        return SECRET_PREFIX + value.removeprefix(SECRET_PREFIX)

    for name, value in params.inputs.items():
        if value.startswith(SECRET_PREFIX):
            secrets.append(["inputs", name])
    full: dict[str, Json] = {
        "job_template_id": params.job_template_id,
        "feature": params.feature,
        "targeting_type": params.targeting_type,
        "search_query": params.search_query,
        "bookmark_id": params.bookmark_id,
        "randomized_ordering": params.randomized_ordering,
        "inputs": dict(params.inputs) or None,
        "ssh": _given_values(
            effective_user=params.effective_user,
            effective_user_password=reference(params.effective_user_password, "ssh", "effective_user_password"),
        ),
        "ssh_user": params.ssh_user,
        "password": reference(params.password, "password"),
        "key_passphrase": reference(params.key_passphrase, "key_passphrase"),
        "concurrency_control": _given_values(
            concurrency_level=params.concurrency_level,
            time_span=params.time_span if env.server.supports_time_span else None,
        ),
        "execution_timeout_interval": params.execution_timeout_interval,
        "time_to_pickup": params.time_to_pickup,
        "ansible": _given_values(tags=params.tags, tags_flag=params.tags_flag),
    }
    return _given_values(**full) or {}, secrets


def _given_values(**values: Json) -> dict[str, Json] | None:
    """Return the given values, or None if there are none."""
    return {name: value for name, value in values.items() if value is not None} or None


def _timing(params: ForemanJobParams, schedule: Schedule, token: str, env: PlanEnvironment) -> InvocationTiming:
    match schedule:
        case Now():
            return _timing_from_fields(params, token, env)
        case Series():
            return _series_timing(schedule, token, env)
        case Once(start=start) | Window(start=start):
            return _once_timing(start.instant, latest_start_of(schedule), env)


def _timing_from_fields(params: ForemanJobParams, token: str, env: PlanEnvironment) -> InvocationTiming:
    """Return the timing for ``now``, or the one that the API's own fields give."""
    scheduling = _given_values(
        start_at=format_instant(params.start_at) if params.start_at else None,
        start_before=format_instant(params.start_before) if params.start_before else None,
    )
    if params.cron_line is not None:
        recurrence = _given_values(
            cron_line=params.cron_line,
            max_iteration=effective_max_iteration(params, env.settings, env.now),
            end_time=format_instant(params.end_time) if params.end_time else None,
            purpose=params.purpose or token,
        )
        return InvocationTiming(
            _scheduled_by_own_fields("Foreman holds this series, as its own fields say."), recurrence, scheduling
        )
    if scheduling:
        return InvocationTiming(
            _scheduled_by_own_fields("Foreman holds the start, as its own fields say."),
            None,
            scheduling,
            params.start_at,
        )
    return InvocationTiming(_scheduled_by_foreman("Foreman starts it as soon as it gets it."))


def _series_timing(series: Series, token: str, env: PlanEnvironment) -> InvocationTiming:
    scheduler = placement.choose_scheduler(series, env.now, env.server, env.settings.cron_zone)
    if isinstance(scheduler, placement.ScheduledInNightshift):
        return InvocationTiming(Placement(scheduler="nightshift", reason=scheduler.reason))
    recurrence = _given_values(cron_line=scheduler.cron_line, max_iteration=scheduler.max_runs, purpose=token)
    return InvocationTiming(
        _scheduled_by_foreman(scheduler.reason),
        recurrence,
        {"start_at": format_instant(scheduler.first_run)},
        scheduler.first_run,
    )


def _once_timing(start: datetime, latest: datetime | None, env: PlanEnvironment) -> InvocationTiming:
    if start <= env.now:
        return InvocationTiming(_scheduled_by_foreman("The start has come: Foreman starts it as soon as it gets it."))
    if start < env.now + placement.MIN_LEAD_TIME:
        return _scheduled_by_nightshift("the start is less than two minutes away, too close to hand it over")
    if start.second or start.microsecond:
        return _scheduled_by_nightshift("Foreman starts jobs at whole minutes only")
    if not env.server.supports_start_offsets:
        return _scheduled_by_nightshift(
            "this version of Remote Execution does not read start times with their time zone"
        )
    scheduling = _given_values(start_at=format_instant(start), start_before=format_instant(latest) if latest else None)
    return InvocationTiming(_scheduled_by_foreman("Foreman holds the start."), None, scheduling, start)


def _scheduled_by_nightshift(why: str) -> InvocationTiming:
    return InvocationTiming(
        Placement(scheduler="nightshift", reason=f"Nightshift holds the start and makes the call then: {why}.")
    )


def _scheduled_by_own_fields(reason: str) -> Placement:
    return Placement(scheduler="backend", reason=reason, own_timing=True)


def _scheduled_by_foreman(reason: str) -> Placement:
    return Placement(scheduler="backend", reason=reason)
