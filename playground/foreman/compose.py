"""POST /api/job_invocations as Foreman does it: parse, compose, save, and only then trigger."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.backends.foreman import cron
from playground.foreman.errors import generic_error, message_error, validation_error
from playground.foreman.jobs import Invocation, Jobs, RecurringLogic
from playground.foreman.world import Feature, JobTemplate, TemplateInput, World

_MAX_DESCRIPTION_LENGTH = 255


@dataclass(frozen=True, slots=True)
class ServerRules:
    """Rules of the server: how cron is read, in which zone, and the account's own zone."""

    uses_fugit: bool
    cron_zone: str
    user_zone: str
    honours_offsets: bool


def compose(given: Any, world: World, jobs: Jobs, rules: ServerRules, now: datetime) -> Invocation:
    """A job that is valid, not yet saved or triggered. Raises ApiError. Unknown keys are not noticed."""
    if not isinstance(given, dict):
        raise generic_error()
    for group in ("inputs", "ssh", "recurrence", "scheduling", "concurrency_control"):
        if given.get(group) is not None and not isinstance(given[group], dict):
            raise generic_error()
    template, feature = _template(given, world)
    inputs = _inputs(given.get("inputs") or {}, template, world)
    query, bookmark = _targeting(given, world, feature)
    invocation = Invocation(
        id=jobs.new_id(),
        description=_describe(given.get("description_format"), template, inputs, world),
        template=template,
        inputs=inputs,
        query=query,
        targeting_type="static_query" if feature else str(given["targeting_type"]),
        start_at=now,
        bookmark_id=bookmark,
        effective_user=_effective_user(given.get("ssh") or {}, template),
        stored_params=_stored_params(given),
    )
    _schedule(given, invocation, jobs, rules, now)
    return invocation


def _template(given: Mapping[str, Any], world: World) -> tuple[JobTemplate, Feature | None]:
    wanted, label = given.get("job_template_id"), given.get("feature")
    if wanted and label:
        raise message_error("Only one of feature or job_template_id can be specified")
    feature = next((f for f in world.features if f.label == label), None) if label else None
    if label:
        wanted = feature.template if feature and feature.template else ""
    template = world.template(wanted)
    if template is None:
        raise message_error(f"Template with id '{'' if wanted is None else wanted}' was not found", 404)
    return template, feature


def _inputs(given: Mapping[str, Any], template: JobTemplate, world: World) -> dict[str, str]:
    known = {item.name: item for item in world.inputs_of(template)}
    for name in given:
        if name not in known:
            raise message_error(f"ERF42-4242 [Foreman::Exception]: Unknown input {name} for template {template.name}")
    values = {name: item.default for name, item in known.items() if item.default is not None}
    values |= given
    missing = [name for name, item in known.items() if item.required and name not in values]
    if missing:
        raise message_error(f"Not all required inputs have values. Missing inputs: {', '.join(missing)}")
    title = template.name.lower().capitalize()
    problems = [
        f"Template {title}: Input {name}: {text}"
        for name in values
        if (text := _input_error(known[name], values[name]))
    ]
    if problems:
        raise validation_error(*problems)
    return {name: str(value) for name, value in values.items()}


def _input_error(item: TemplateInput, value: Any) -> str:
    if value is None or (value == "" and item.required):
        return "Value can't be blank"
    if item.options and value != "" and value not in item.options:
        return "Value is not included in the list"
    return ""


def _targeting(given: Mapping[str, Any], world: World, feature: Feature | None) -> tuple[str, int | None]:
    query, wanted = given.get("search_query"), given.get("bookmark_id")
    if query and wanted:
        raise message_error("ERF42-5151 [Foreman::Exception]: Cannot specify both bookmark_id and search_query")
    if not feature and given.get("targeting_type") not in ("static_query", "dynamic_query"):
        raise validation_error("Targeting: Targeting type is not included in the list")
    if wanted:
        bookmark = next((b for b in world.bookmarks if str(b.id) == str(wanted)), None)
        if bookmark is None:
            raise validation_error("Targeting: Bookmark must exist")
        return bookmark.query, bookmark.id
    if not query:
        raise validation_error("Targeting: Search query can't be blank")
    return str(query), None


def _effective_user(ssh: Mapping[str, Any], template: JobTemplate) -> str:
    if template.overridable and ssh.get("effective_user"):
        return str(ssh["effective_user"])
    return template.user or "root"


def _describe(given: Any, template: JobTemplate, inputs: Mapping[str, str], world: World) -> str:
    hidden = {item.name for item in world.inputs_of(template) if item.hidden}
    named = " ".join(f'{name}="%{{{name}}}"' for name in inputs)
    text = given or template.description_format or "%{template_name}" + (f" with inputs {named}" if named else "")
    values = {"template_name": template.name, "job_category": template.category}
    values |= {name: "***" if name in hidden else value for name, value in inputs.items()}
    return re.sub(r"%\{([^}]+)\}", lambda match: values.get(match[1], "''"), str(text))[:_MAX_DESCRIPTION_LENGTH]


def _stored_params(given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as stored; numbers are cast as the database would."""
    kept: dict[str, Any] = {
        name: given.get(name)
        for name in ("ssh_user", "password", "key_passphrase", "randomized_ordering", "ansible")
        if given.get(name) is not None
    }
    for name in ("time_to_pickup", "execution_timeout_interval"):
        if given.get(name) is not None:
            kept[name] = _to_i(given[name])
    level = (given.get("concurrency_control") or {}).get("concurrency_level")
    if level is not None:
        if _to_i(level) <= 0:
            raise validation_error("Concurrency level must be greater than 0")
        kept["concurrency_level"] = _to_i(level)
    password = (given.get("ssh") or {}).get("effective_user_password")
    return kept | ({"effective_user_password": password} if password else {})


def _schedule(given: Mapping[str, Any], invocation: Invocation, jobs: Jobs, rules: ServerRules, now: datetime) -> None:
    scheduling, recurrence = given.get("scheduling") or {}, given.get("recurrence") or {}
    start = _time(scheduling.get("start_at"), rules)
    if any(recurrence.values()):
        logic = _logic(recurrence, jobs, rules)
        first = logic.next_after(max(start, now) if start else now, inclusive=start is not None and start >= now)
        if first is None:
            raise validation_error(f"Triggering: Cronline {logic.cron_line} is not valid format of cron line")
        invocation.mode, invocation.logic, invocation.start_at = "recurring", logic, first
    elif any(scheduling.values()):
        if start is None:
            raise validation_error("Triggering: Start at must be set")
        if start < now.replace(second=0, microsecond=0):
            raise validation_error("Triggering: Start at is in the past")
        before = _time(scheduling.get("start_before"), rules)
        if before is not None and before < start:
            raise validation_error("Triggering: Start before raw The task could not be started")
        invocation.mode, invocation.start_at, invocation.start_before = "future", start, before


def _logic(recurrence: Mapping[str, Any], jobs: Jobs, rules: ServerRules) -> RecurringLogic:
    """The series. ``end_time`` is taken and forgotten, as Foreman's API does."""
    text = str(recurrence.get("cron_line") or "")
    try:
        line = cron.parse_fugit(text) if rules.uses_fugit else cron.parse(" ".join(text.split()[:5]))
    except ValueError:
        raise validation_error(f"Triggering: Cronline {text} is not valid format of cron line") from None
    most, purpose = recurrence.get("max_iteration"), recurrence.get("purpose")
    if most is not None and _to_i(most) <= 0:
        raise validation_error("Triggering: Input type No task could be started")
    if purpose and any(x.purpose == purpose and x.state in ("active", "disabled") for x in jobs.logics.values()):
        raise validation_error(
            f"Triggering: Purpose Active or disabled recurring logic with purpose {purpose} already exists"
        )
    return RecurringLogic(
        id=max(jobs.logics, default=0) + 1,
        cron_line=text,
        parsed_line=line,
        zone=rules.cron_zone,
        max_iteration=None if most is None else _to_i(most),
        purpose=str(purpose) if purpose else None,
    )


def _time(given: Any, rules: ServerRules) -> datetime | None:
    """A time cut to the minute. One without an offset is in the account's zone; an old server reads each so."""
    if given in (None, ""):
        return None
    try:
        found = datetime.fromisoformat(re.sub(r"\s*UTC$", "+00:00", str(given)))
    except ValueError:
        raise message_error("argument out of range") from None
    if found.tzinfo is None or not rules.honours_offsets:
        found = found.replace(tzinfo=ZoneInfo(rules.user_zone))
    return found.astimezone(UTC).replace(second=0, microsecond=0)


def _to_i(value: Any) -> int:
    """Ruby's to_i: the digits in front, else 0."""
    match = re.match(r"\s*([+-]?\d+)", str(value))
    return int(match[1]) if match else 0
