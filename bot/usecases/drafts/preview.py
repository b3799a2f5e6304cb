"""Checking a draft: what would happen, what policy demands, and whether everything fits; nothing is changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue

from bot.backends.base import (
    FormField,
    Operation,
    Params,
    Placement,
    Preview,
    hidden_values,
    mask_secrets,
    parse_params,
)
from bot.errors import InputError
from bot.forms import REASON, WHEN
from bot.requests.model import Content, Person, Request, Requirement, TargetSet
from bot.schedule import (
    Ambiguous,
    Parsed,
    Reading,
    Rejected,
    Schedule,
    Series,
    far_future_warning,
    latest_start_of,
    overlap_reason,
    start_of,
    too_far_reason,
    too_frequent_reason,
)
from bot.storage import requests
from bot.storage.drafts import Draft
from bot.usecases.drafts.form import PREVIEW_TOKEN, Actor, parsed_reading, save_draft, typed_values, visible_fields
from bot.usecases.policy_service import PolicyInput
from bot.usecases.services import Services
from bot.values import FrozenModel

"""Stands for the correlation token in a preview; each attempt makes its own."""


class PreviewResult(FrozenModel):
    """A draft that fits: everything that a request is made of."""

    content: Content
    phrase: str
    zone: str
    title: str
    summary: tuple[tuple[str, str], ...]
    targets: TargetSet
    warnings: tuple[str, ...]
    conflicts: tuple[str, ...] = ()
    """The warnings that tell of other requests on the same targets."""
    facts: Mapping[str, JsonValue]
    calls: tuple[Mapping[str, JsonValue], ...]
    changes: tuple[Mapping[str, str], ...]
    scheduler: str
    scheduler_reason: str
    requirement: Requirement
    notified_count: int
    start_at: datetime | None
    latest_start: datetime | None


async def preview_draft(services: Services, draft: Draft, actor: Actor) -> tuple[Draft, PreviewResult]:
    """Find out what a draft would do, and keep the answer with it.

    Raises InputError with what is wrong, by field, or BackendError where the back end could not be asked.
    """
    operation = services.backends.operation(draft.backend, draft.operation)
    shown, _ = await visible_fields(services, draft)
    problems: dict[str, str] = {}
    schedule = _validated_schedule(services, parsed_reading(draft), problems)
    if not draft.reason:
        problems[REASON] = "Say what this is for: those who approve it read it."
    params = _validated_params(operation, shown, draft, problems)
    if problems or params is None or schedule is None:
        raise InputError(problems)
    preview = await operation.preview(params, schedule, PREVIEW_TOKEN)
    checked = await _build_result(services, draft, actor, operation, shown, params, schedule, preview)
    if checked.requirement.effect == "refuse":
        raise InputError({"": " ".join(checked.requirement.reasons) or "Policy does not allow this."})
    draft = await save_draft(services, draft, checked=checked.model_dump(mode="json"))
    return draft, checked


def _validated_schedule(services: Services, reading: Reading | None, problems: dict[str, str]) -> Schedule | None:
    match reading:
        case None:
            problems[WHEN] = "Say when: now, tomorrow 21:00, every day at 06:00."
        case Rejected(reason=reason, example=example):
            problems[WHEN] = f"{reason} For example: {example}" if example else reason
        case Ambiguous(ask=ask):
            problems[WHEN] = f"{ask} Please pick one of the buttons, or say it more exactly."
        case Parsed(schedule=schedule):
            least = timedelta(minutes=services.settings.timing.minimum_interval_minutes)
            series = schedule if isinstance(schedule, Series) else None
            refusal = too_far_reason(schedule, services.clock.now()) or (
                series and (too_frequent_reason(series, least) or overlap_reason(series))
            )
            if not refusal:
                return schedule
            problems[WHEN] = refusal
    return None


def _validated_params(
    operation: Operation[Any], shown: Sequence[FormField], draft: Draft, problems: dict[str, str]
) -> Params | None:
    try:
        told = hidden_values(operation.params_model, draft.values)
        params: Params = parse_params(operation.params_model, {**told, **typed_values(tuple(shown), draft.values)})
    except InputError as error:
        known = {f.name for f in shown}
        problems.update(
            {name if name in known else _owning_field(name, known): t for name, t in error.problems.items()}
        )
        return None
    return params


def _owning_field(name: str, known: set[str]) -> str:
    """The field that a problem inside a group belongs to; the whole form where there is none."""
    group = name.partition(".")[0]
    return group if group in known else ""


async def _build_result(
    services: Services,
    draft: Draft,
    actor: Actor,
    operation: Operation[Any],
    shown: Sequence[FormField],
    params: Params,
    schedule: Schedule,
    preview: Preview,
) -> PreviewResult:
    targets = preview.targets
    secrets = frozenset(f.api_name for f in shown if f.secret)
    here = services.backends.require(draft.backend)
    content = Content(
        backend=draft.backend,
        operation=draft.operation,
        params=params.model_dump(mode="json", exclude_none=True),
        schedule=schedule,
        targets=targets.names if targets.fixed else (),
    )
    now = services.clock.now()
    far = far_future_warning(schedule, now)
    warnings = (*preview.warnings, *((far,) if far else ()))
    start = start_of(schedule)
    title = f"{here.connection.title}: {operation.title}"
    matched = TargetSet(
        count=targets.count, names=targets.names, noun=targets.noun, fixed=targets.fixed, note=targets.note
    )
    ask = await policy_input_of_draft(services, draft, content, matched, preview.facts, actor.zone)
    met = await services.conflicts.find(ask)
    demand = await services.policy.evaluate(ask, met)
    plan = preview.plan
    if (
        demand.local_scheduler_reason
        and start is not None
        and plan.placement.scheduler == "backend"
        and not operation.owns_schedule
    ):
        plan = operation.plan_occurrence(params, schedule, start, PREVIEW_TOKEN)
        plan = plan.model_copy(
            update={"placement": Placement(scheduler="nightshift", reason=demand.local_scheduler_reason)}
        )
    return PreviewResult(
        content=content,
        phrase=draft.phrase,
        zone=actor.zone,
        title=title,
        summary=summarize_params(shown, draft.values, draft.labels),
        targets=matched,
        warnings=(*warnings, *met, *demand.freeze_notes),
        conflicts=met,
        facts=preview.facts,
        calls=tuple({**call.model_dump(mode="json"), "body": mask_secrets(call.body, secrets)} for call in plan.calls),
        changes=tuple(change.model_dump() for change in preview.changes),
        scheduler=plan.placement.scheduler,
        scheduler_reason=plan.placement.reason,
        requirement=demand.requirement,
        notified_count=demand.notified_count,
        start_at=start.instant if start else None,
        latest_start=latest_start_of(schedule),
    )


async def policy_input_of_draft(
    services: Services, draft: Draft, content: Content, matched: TargetSet, facts: Mapping[str, JsonValue], zone: str
) -> PolicyInput:
    """A draft as policy looks at it. One that edits a request keeps that one's name and requester."""
    name, requester, editors = "this request", draft.person, tuple[Person, ...]()
    if draft.revises:
        async with services.db.read() as tx:
            request = await requests.get(tx, draft.revises)
        name, requester = request.name, request.requester
        editors = editors_including(request, draft.person)
    return PolicyInput(
        name=name,
        requester=requester,
        channel=draft.channel,
        content=content,
        targets=matched,
        facts=facts,
        zone=zone,
        editors=editors,
    )


def editors_including(request: Request, person: Person) -> tuple[Person, ...]:
    """Who will have edited a request once this person has: the requester never counts as an editor."""
    return tuple(dict.fromkeys(p for p in (*request.edited_by, person) if p != request.requester))


def summarize_params(
    shown: Sequence[FormField], values: Mapping[str, Any], labels: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
    """The parameters that a person has set, and the inputs that the work itself asks for, in words; secrets hidden."""
    rows = []
    for field in shown:
        # What a template asks for is shown even where nobody touched its default: it is what will be done.
        asked = "." in field.name
        value = values.get(field.name, field.default if asked else None)
        if value in (None, "", [], {}, False) or (value == field.default and not asked):
            continue
        rows.append((field.label, "•••" if field.secret else _value_text(field, value, labels.get(field.name))))
    return tuple(rows)


def _value_text(field: FormField, value: Any, label: Any) -> str:
    if isinstance(value, list):
        known = label if isinstance(label, dict) else {}
        choices = {c.value: c.label for c in field.choices}
        return ", ".join(str(known.get(v) or choices.get(v) or v) for v in value)
    if isinstance(label, str) and label:
        return label
    if value is True:
        return "yes"
    return next((c.label for c in field.choices if c.value == str(value)), str(value))


def preview_result_of(draft: Draft) -> PreviewResult | None:
    """The check that a draft carries, if nothing was changed since."""
    return PreviewResult.model_validate(draft.checked) if draft.checked is not None else None
