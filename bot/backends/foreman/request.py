"""From parameters and a schedule to the one call that asks for it, word for word. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.backends.base import Call, Placement, Plan
from bot.backends.foreman import placement
from bot.backends.foreman.params import ForemanRun
from bot.backends.foreman.rules import SECRET, check, runs_until
from bot.backends.foreman.server import Server
from bot.backends.foreman.settings import ForemanSettings
from bot.errors import InputError
from bot.schedule import Now, Once, Schedule, Series, Window, latest_start_of

LONGEST = 255
"""Characters of a description that Foreman keeps."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a plan depends on beside the request: the connection's settings, what is known of its server, and now."""

    settings: ForemanSettings
    server: Server
    now: datetime


@dataclass(frozen=True, slots=True)
class Timing:
    """The nested groups that carry the time, who holds the schedule, and the first run that Foreman should make."""

    placement: Placement
    recurrence: dict[str, Any] | None = None
    scheduling: dict[str, Any] | None = None
    first: datetime | None = None


def build(
    operation: str, params: ForemanRun, schedule: Schedule, token: str, given: Conditions, description: str = ""
) -> Plan:
    """The plan for one attempt. ``description`` is the template's own, if known. Raises InputError."""
    if not re.fullmatch(r"[A-Za-z0-9-]{4,60}", token):
        raise ValueError("a token is 4 to 60 letters, digits and hyphens: Foreman's search reads others as wildcards")
    check(params, schedule, given.settings, given.now)
    timing = _timing(params, schedule, token, given)
    invocation, secrets = _invocation(params, given)
    invocation["description_format"] = describe(params, token, description)
    for group, value in (("recurrence", timing.recurrence), ("scheduling", timing.scheduling)):
        if value:
            invocation[group] = value
    body: dict[str, Any] = {"job_invocation": invocation}
    for name in ("organization_id", "location_id"):
        value = getattr(params, name) or getattr(given.settings, name)
        if value is not None:
            body[name] = value
    return Plan(
        operation=operation,
        token=token,
        placement=timing.placement,
        calls=(Call(method="POST", url=f"{given.settings.url}/api/job_invocations", body=body),),
        context={
            "at": given.now.isoformat(),
            "secrets": secrets,
            "series": timing.recurrence is not None,
            "held_series": isinstance(schedule, Series) and timing.recurrence is None,
            "first": timing.first.isoformat() if timing.first else None,
        },
        warnings=warnings(params, given, timing),
    )


def warnings(params: ForemanRun, given: Conditions, timing: Timing) -> tuple[str, ...]:
    """What a person should know about the parameters alone."""
    found = [f"Foreman ignores {name}; it is not sent." for name in params.ignored]
    if params.time_span is not None and not given.server.takes_time_span:
        found.append("This server no longer spreads work over time (time_span); it is not sent.")
    if params.end_time is not None:
        found.append("Foreman's API ignores end_time: the number of runs until then is sent as max_iteration too.")
    if params.cron_line is not None:
        found.append(f"The cron line is read by the server in its own zone, taken to be {given.settings.cron_zone}.")
    if timing.recurrence and params.targeting_type == "static_query":
        found.append("Static: every run of the series uses the hosts that match now. Choose dynamic to match anew.")
    return tuple(found)


def describe(params: ForemanRun, token: str, template: str) -> str:
    """The description with the token in front, where no cut can reach it. What follows is the person's own, else the
    template's, else Foreman's default. Raises InputError where a person's own is too long."""
    if params.description_format is not None:
        text = f"[{token}] {params.description_format}"
        if len(text) > LONGEST:
            room = LONGEST - len(token) - 3
            raise InputError({"description_format": f"This is too long: there is room for {room} characters."})
        return text
    named = "".join(f' {name}="%{{{name}}}"' for name in params.inputs)
    for rest in (template, "%{template_name}" + (f" with inputs{named}" if named else "")):
        if rest and len(f"[{token}] {rest}") <= LONGEST:
            return f"[{token}] {rest}"
    return f"[{token}] %{{template_name}}"


def stamp(moment: datetime) -> str:
    """A moment as Foreman reads it without guessing: ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _invocation(params: ForemanRun, given: Conditions) -> tuple[dict[str, Any], list[Any]]:
    """The body but for time and description, and the paths at which secrets are put in."""
    secrets: list[Any] = []

    def reference(value: str | None, *path: str) -> str | None:
        if value is None:
            return None
        secrets.append(list(path))
        return SECRET + value.removeprefix(SECRET)

    for name, value in params.inputs.items():
        if value.startswith(SECRET):
            secrets.append(["inputs", name])
    full: dict[str, Any] = {
        "job_template_id": params.job_template_id,
        "feature": params.feature,
        "targeting_type": params.targeting_type,
        "search_query": params.search_query,
        "bookmark_id": params.bookmark_id,
        "randomized_ordering": params.randomized_ordering,
        "inputs": dict(params.inputs) or None,
        "ssh": _some(
            effective_user=params.effective_user,
            effective_user_password=reference(params.effective_user_password, "ssh", "effective_user_password"),
        ),
        "ssh_user": params.ssh_user,
        "password": reference(params.password, "password"),
        "key_passphrase": reference(params.key_passphrase, "key_passphrase"),
        "concurrency_control": _some(
            concurrency_level=params.concurrency_level,
            time_span=params.time_span if given.server.takes_time_span else None,
        ),
        "execution_timeout_interval": params.execution_timeout_interval,
        "time_to_pickup": params.time_to_pickup,
        "ansible": _some(tags=params.tags, tags_flag=params.tags_flag),
    }
    return _some(**full) or {}, secrets


def _some(**values: Any) -> dict[str, Any] | None:
    """The values that are given; None where none is."""
    return {name: value for name, value in values.items() if value is not None} or None


def _timing(params: ForemanRun, schedule: Schedule, token: str, given: Conditions) -> Timing:
    match schedule:
        case Now():
            return _raw(params, token, given)
        case Series():
            return _series(schedule, token, given)
        case Once(start=start) | Window(start=start):
            return _once(start.instant, latest_start_of(schedule), given)


def _raw(params: ForemanRun, token: str, given: Conditions) -> Timing:
    """Now, or what the API's own fields say."""
    scheduling = _some(
        start_at=stamp(params.start_at) if params.start_at else None,
        start_before=stamp(params.start_before) if params.start_before else None,
    )
    if params.cron_line is not None:
        recurrence = _some(
            cron_line=params.cron_line,
            max_iteration=runs_until(params, given.settings, given.now),
            end_time=stamp(params.end_time) if params.end_time else None,
            purpose=params.purpose or token,
        )
        return Timing(_by_foreman("Foreman holds this series, as its own fields say."), recurrence, scheduling)
    if scheduling:
        return Timing(_by_foreman("Foreman holds the start, as its own fields say."), None, scheduling, params.start_at)
    return Timing(_by_foreman("Foreman starts it as soon as it gets it."))


def _series(series: Series, token: str, given: Conditions) -> Timing:
    found = placement.place(series, given.now, given.server, given.settings.cron_zone)
    if isinstance(found, placement.Held):
        return Timing(Placement(holder="nightshift", reason=found.reason))
    recurrence = _some(cron_line=found.line, max_iteration=found.runs, purpose=token)
    return Timing(_by_foreman(found.reason), recurrence, {"start_at": stamp(found.first)}, found.first)


def _once(start: datetime, latest: datetime | None, given: Conditions) -> Timing:
    if start <= given.now:
        return Timing(_by_foreman("The start has come: Foreman starts it as soon as it gets it."))
    if start < given.now + placement.AHEAD:
        return _held("the start is less than two minutes away, too close to hand it over")
    if start.second or start.microsecond:
        return _held("Foreman starts jobs at whole minutes only")
    if not given.server.honours_offsets:
        return _held("this version of Remote Execution does not read start times with their time zone")
    scheduling = _some(start_at=stamp(start), start_before=stamp(latest) if latest else None)
    return Timing(_by_foreman("Foreman holds the start."), None, scheduling, start)


def _held(why: str) -> Timing:
    return Timing(Placement(holder="nightshift", reason=f"Nightshift holds the start and makes the call then: {why}."))


def _by_foreman(reason: str) -> Placement:
    return Placement(holder="backend", reason=reason)
