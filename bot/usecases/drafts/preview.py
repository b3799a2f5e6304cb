"""Previews a draft: what it would do, what policy demands, and whether everything is valid. Changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.backends.base import FormField, Operation, Params, Placement, Plan, Preview, mask_secrets
from bot.errors import InputError
from bot.forms import CHANGE, EMERGENCY, REASON, WHEN
from bot.ids import PREVIEW_TOKEN
from bot.requests.change import change_rows
from bot.requests.emergency import emergency_rows
from bot.requests.model import HASH_VERSION, Content, Requirement, RequirementCode, TargetSet
from bot.requests.overlap import overlap_rows
from bot.schedule import (
    Ambiguous,
    Parsed,
    Reading,
    Rejected,
    Schedule,
    far_future_warning,
    latest_start_of,
    start_of,
)
from bot.storage.drafts import Draft
from bot.typed_text import has_typeset_punctuation
from bot.usecases.actor import Actor
from bot.usecases.drafts.fields import (
    asks_for_emergency,
    chosen_overlap,
    draft_params,
    given_change,
    own_fields,
    visible_fields,
)
from bot.usecases.drafts.interpret import interpret_draft
from bot.usecases.drafts.policy_input import policy_input_of_draft
from bot.usecases.drafts.promise import promise
from bot.usecases.drafts.reading import parsed_reading, schedule_problem
from bot.usecases.drafts.store import save_draft
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.usecases.summary import summarize_params
from bot.usecases.titles import request_title
from bot.values import FrozenModel, StoredJson


class PreviewResult(FrozenModel):
    """A valid draft: everything that a request is made of."""

    content: Content
    phrase: str
    zone: str
    title: str
    summary: tuple[tuple[str, str], ...]
    targets: TargetSet
    warnings: tuple[str, ...]
    conflicts: tuple[str, ...] = ()
    """Those of the warnings that are about other requests on the same targets."""
    may_be_running: bool = False
    """Whether one of these was marked as ended, and may still be running."""
    facts: Mapping[str, StoredJson]
    calls: tuple[Mapping[str, StoredJson], ...]
    changes: tuple[Mapping[str, str], ...]
    scheduler: str
    scheduler_reason: str
    requirement: Requirement
    notified_count: int
    notified_count_is_minimum: bool = False
    notified: tuple[str, ...] = ()
    """Who they are, a sentence for each way in which they are told."""
    start_at: datetime | None
    latest_start: datetime | None


async def preview_draft(services: Services, draft: Draft, actor: Actor) -> tuple[Draft, PreviewResult]:
    """Find out what a draft would do, and store the result with it.

    Raises InputError with the problems by field, or BackendError if the back end could not be asked.
    """
    operation = services.backends.operation(draft.backend, draft.operation)
    problems: dict[str, str] = {}
    try:
        draft = await interpret_draft(services, draft)
    except InputError as error:
        problems |= error.problems
    fields, _ = await visible_fields(services, draft)
    schedule = _validated_schedule(services, parsed_reading(draft), problems)
    if not draft.reason:
        problems[REASON] = "Say what this is for: those who approve it read it."
    params = _validated_params(operation, fields, draft, problems)
    if problems or params is None or schedule is None:
        raise InputError(problems)
    preview = await operation.preview(params, schedule, PREVIEW_TOKEN)
    result = await _build_result(services, draft, actor, operation, fields, params, schedule, preview)
    if result.requirement.effect == "refuse":
        text = " ".join(result.requirement.reasons) or "Policy does not allow this."
        only_change = result.requirement.codes == (RequirementCode.CHANGE_MISSING,)
        raise InputError({CHANGE if only_change else "": text}, code=RefusalCode.POLICY_REFUSES)
    if result.content.emergency and result.requirement.review is None:
        raise InputError({EMERGENCY: _no_emergency_text(draft, result.content)}, code=RefusalCode.NO_EMERGENCY)
    draft = await save_draft(services, draft, checked=result.model_dump(mode="json"))
    return draft, result


def _no_emergency_text(draft: Draft, content: Content) -> str:
    """Return why policy does not let a draft be the emergency that somebody asked for."""
    if content.schedule.kind != "now":
        return "An emergency starts now: say “now” for its time, or leave this out."
    edited = ", or somebody else has edited it" if draft.revises else ""
    return f"No rule of policy lets this run as an emergency{edited}. Leave this out, and it is approved as usual."


def preview_result_of(draft: Draft) -> PreviewResult | None:
    """Return the preview of a draft; None if there is none, or the draft has changed since."""
    return PreviewResult.model_validate(draft.checked) if draft.checked is not None else None


def _validated_schedule(services: Services, reading: Reading | None, problems: dict[str, str]) -> Schedule | None:
    """Return the schedule that a phrase was read as; None if it is not acceptable, with the reason in ``problems``."""
    match reading:
        case None:
            problems[WHEN] = "Say when: now, tomorrow 21:00, every day at 06:00."
        case Rejected(reason=reason, example=example):
            problems[WHEN] = f"{reason} For example: {example}" if example else reason
        case Ambiguous(ask=ask):
            problems[WHEN] = f"{ask} Choose below, or write it more exactly."
        case Parsed(schedule=schedule):
            problem = schedule_problem(services, schedule)
            if not problem:
                return schedule
            problems[WHEN] = problem
    return None


def _validated_params(
    operation: Operation[Params], fields: Sequence[FormField], draft: Draft, problems: dict[str, str]
) -> Params | None:
    """Return the parameters; None if they are invalid, with the reasons in ``problems``."""
    try:
        return draft_params(operation, fields, draft)
    except InputError as error:
        names = {field.name for field in fields}
        problems |= {
            name if name in names else _owning_field(name, names): text
            for name, text in error.problems.items()
            if name not in problems
        }
        return None


def _owning_field(name: str, names: set[str]) -> str:
    """Return the field that a problem inside a group belongs to; "" (the whole form) if there is none."""
    group = name.partition(".")[0]
    return group if group in names else ""


async def _build_result(
    services: Services,
    draft: Draft,
    actor: Actor,
    operation: Operation[Params],
    fields: Sequence[FormField],
    params: Params,
    schedule: Schedule,
    preview: Preview,
) -> PreviewResult:
    content = _content(draft, fields, params, schedule, preview)
    targets = TargetSet(**preview.targets.model_dump())
    policy_input = await policy_input_of_draft(services, draft, content, targets, preview.facts, actor.zone)
    found = await services.conflicts.find(policy_input)
    conflicts, may_be_running = tuple(conflict.text for conflict in found), any(c.is_possible for c in found)
    outcome = await services.policy.evaluate(replace(policy_input, may_be_running=may_be_running), conflicts)
    promised = await promise(services, policy_input, outcome)
    plan = _plan(operation, params, schedule, preview.plan, outcome.local_scheduler_reason)
    far_future = far_future_warning(schedule, services.clock.now())
    secrets = frozenset(field.api_name for field in fields if field.secret)
    start = start_of(schedule)
    return PreviewResult(
        content=content,
        phrase=draft.phrase,
        zone=actor.zone,
        title=request_title(operation, preview, schedule, outcome.requirement, draft.rerun_of or ""),
        summary=(
            *summarize_params(own_fields(fields), draft.values, draft.labels, preview.resolutions),
            *emergency_rows(outcome.requirement),
            *change_rows(content.change),
            *overlap_rows(content, outcome.requirement),
        ),
        targets=targets,
        warnings=(
            *preview.warnings,
            *([far_future] if far_future else []),
            *_punctuation_warnings(fields, draft),
            *conflicts,
            *outcome.freeze_notes,
        ),
        conflicts=conflicts,
        may_be_running=may_be_running,
        facts=preview.facts,
        calls=tuple({**call.model_dump(mode="json"), "body": mask_secrets(call.body, secrets)} for call in plan.calls),
        changes=tuple(change.model_dump() for change in preview.changes),
        scheduler=plan.placement.scheduler,
        scheduler_reason=_scheduler_text(
            plan.placement, operation, schedule, services.backends.require(draft.backend).connection.title
        ),
        requirement=outcome.requirement,
        notified_count=promised.count,
        notified_count_is_minimum=promised.is_minimum,
        notified=promised.details,
        start_at=start.instant if start else None,
        latest_start=latest_start_of(schedule),
    )


def _content(
    draft: Draft, fields: Sequence[FormField], params: Params, schedule: Schedule, preview: Preview
) -> Content:
    return Content(
        backend=draft.backend,
        operation=draft.operation,
        params=params.model_dump(mode="json", exclude_none=True),
        schedule=schedule,
        resolutions=preview.resolutions,
        targets=preview.targets.names if preview.targets.fixed else (),
        overlap=chosen_overlap(fields, draft),
        change=given_change(fields, draft),
        emergency=asks_for_emergency(fields, draft),
        hash_version=HASH_VERSION,
    )


def _scheduler_text(placement: Placement, operation: Operation[Params], schedule: Schedule, system: str) -> str:
    """Return who keeps the time, and what that means for the checks before a start. ``system`` is the back end."""
    if operation.owns_schedule:
        return f"{placement.reason} Checked when it is handed to {system}, not before the job's own runs."
    if placement.scheduler != "backend" or (start_of(schedule) is None and not placement.own_timing):
        return placement.reason
    return (
        f"{placement.reason} Scheduled in {system}. Checked again in the 15 minutes before each start, but not while "
        f"Nightshift or {system} is down."
    )


def _plan(
    operation: Operation[Params], params: Params, schedule: Schedule, plan: Plan, local_scheduler_reason: str
) -> Plan:
    """Return the plan of a preview, with Nightshift keeping the time if there is a reason for that."""
    start = start_of(schedule)
    if not local_scheduler_reason or start is None or operation.owns_schedule:
        return plan
    if plan.placement.scheduler != "backend":
        return plan
    plan = operation.plan_occurrence(params, schedule, start, PREVIEW_TOKEN)
    placement = Placement(scheduler="nightshift", reason=local_scheduler_reason)
    return plan.model_copy(update={"placement": placement})


def _punctuation_warnings(fields: Sequence[FormField], draft: Draft) -> tuple[str, ...]:
    """Return a warning for each value with quotes or dashes that a phone has changed."""
    return tuple(
        f"“{field.label}” has curly quotes or long dashes, which programs do not read as quotes or options."
        for field in own_fields(fields)
        if isinstance(value := draft.values.get(field.name), str) and has_typeset_punctuation(value)
    )
