"""The command ``nightshift dry-run``: prints exactly what an operation would send, and sends nothing."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from bot.backends.base import BackendContext, Connection, Operation, Params, form_fields, mask_secrets, parse_params
from bot.clock import Clock, SystemClock
from bot.errors import ConfigError, InputError, NightshiftError
from bot.schedule import Now, Parsed, Schedule, Series, ZonedTime, next_runs, read, start_of
from bot.settings import installed_kinds, load_settings, validate_backends

PLACEHOLDER_TOKEN = "ns-made-at-the-start"  # noqa: S105 (it is no secret)


class _FixedClock:
    """A clock that always shows the time of ``--now``."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def run(operation: str, params: str, *, when: str, now: str, zone: str) -> int:
    """Print the result as JSON. Return the exit status: 2 for bad parameters, with a line for each field on stderr."""
    try:
        clock: Clock = _FixedClock(_parse_instant(now)) if now else SystemClock()
        connection, found = _find_operation(operation, clock)
        body = json.loads(sys.stdin.read() if params == "-" else Path(params).read_text())
        print(json.dumps(dry_run(connection, found, body, when, clock, zone), indent=2))
    except InputError as error:
        for name, text in error.problems.items():
            print(f"{name or 'request'}: {text}", file=sys.stderr)
        return 2
    except (NightshiftError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def dry_run(
    connection: Connection, operation: Operation[Params], body: JsonValue, when: str, clock: Clock, zone: str
) -> dict[str, JsonValue]:
    """Return the plan of an operation for parameters with the names of the API or of the form. Raises InputError."""
    if not isinstance(body, dict):
        raise InputError({"": "The parameters must be a JSON object."})
    params = parse_params(operation.params_model, body)
    schedule = _parse_schedule(when, clock, zone)
    plan = operation.plan(params, schedule, PLACEHOLDER_TOKEN)
    if plan.placement.scheduler == "nightshift" and start_of(schedule) is not None:
        due = start_of(schedule)
        if isinstance(schedule, Series):
            due = next(iter(next_runs(schedule, clock.now(), 1)), due)
        plan = operation.plan_occurrence(
            params, schedule, due or ZonedTime.from_instant(clock.now(), zone), PLACEHOLDER_TOKEN
        ).model_copy(update={"placement": plan.placement})
    secrets = frozenset(field.api_name for field in form_fields(operation.params_model) if field.secret)
    return {
        "operation": operation.key,
        "placement": {"holder": plan.placement.scheduler, **plan.placement.model_dump()},
        "requests": [{"method": c.method, "url": c.url, "body": mask_secrets(c.body, secrets)} for c in plan.calls],
        "warnings": list(plan.warnings),
    }


def _parse_schedule(when: str, clock: Clock, zone: str) -> Schedule:
    if not when:
        return Now()
    reading = read(when, now=clock.now(), zone=zone)
    if isinstance(reading, Parsed):
        return reading.schedule
    text = getattr(reading, "reason", "") or getattr(reading, "ask", "")
    raise InputError({"when": text})


def _find_operation(key: str, clock: Clock) -> tuple[Connection, Operation[Params]]:
    """Return the operation on the first configured back end of its kind, or on an example if none is configured."""
    kind_name = key.partition(".")[0]
    settings = load_settings()
    for name, (kind, values) in validate_backends(settings).items():
        if name.partition(".")[0] == kind_name:
            connection = kind.connect(name, values, BackendContext(clock=clock))
            break
    else:
        available = installed_kinds()
        if kind_name not in available:
            raise ConfigError([f"There is no back end {kind_name}; known are {', '.join(sorted(available))}."])
        kind = available[kind_name]
        connection = kind.connect(f"{kind_name}.example", kind.example(), BackendContext(clock=clock))
    if key not in connection.operations:
        raise ConfigError([f"There is no operation {key}; {kind_name} has {', '.join(connection.operations)}."])
    return connection, connection.operations[key]


def _parse_instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
