"""Builds the form that shows a draft."""

from collections.abc import Mapping, Sequence

from bot.backends.base import FormField, Option
from bot.errors import NightshiftError
from bot.forms import REASON, WHEN, Form
from bot.ids import PREVIEW_TOKEN
from bot.schedule import Now, Parsed, Reading
from bot.storage.drafts import Draft
from bot.usecases.actor import Actor
from bot.usecases.backend_registry import ConfiguredBackend
from bot.usecases.drafts.fields import draft_params, visible_fields
from bot.usecases.drafts.reading import echo_lines, parsed_reading
from bot.usecases.drafts.targets import target_notes
from bot.usecases.policy_service import NIGHTSHIFT_KEEPS_TIME
from bot.usecases.services import Services
from bot.values import Json


async def form_model(
    services: Services,
    draft: Draft,
    actor: Actor,
    errors: Mapping[str, str] | None = None,
    notices: tuple[str, ...] = (),
    unfinished_draft: str = "",
) -> Form:
    """Return the form of a draft. Errors of fields that it does not show become notices at the top."""
    fields, problem = await visible_fields(services, draft)
    notes = await target_notes(services, draft, fields)
    backend = services.backends.require(draft.backend)
    reading = parsed_reading(draft)
    errors = dict(errors or {})
    shown_names = {field.name for field in fields} | {WHEN, REASON}
    other_errors = [text for name, text in errors.items() if name not in shown_names]
    defaults: dict[str, Json] = {field.name: field.default for field in fields if field.default is not None}
    return Form(
        draft_id=draft.id,
        version=draft.version,
        title=services.backends.operation(draft.backend, draft.operation).title,
        system=draft.backend,
        systems=await _requestable_systems(services, backend, draft),
        operation=draft.operation,
        operations=[
            Option(value=key, label=operation.title) for key, operation in backend.connection.operations.items()
        ],
        fields=fields,
        page=draft.section,
        values={**defaults, **draft.values},
        labels=draft.labels,
        generation=draft.generation,
        phrase=draft.phrase,
        reason=draft.reason,
        reading=reading,
        echo=(*echo_lines(services, reading, actor), *_scheduler_lines(services, draft, reading, fields)),
        errors=errors,
        notes={name: text for name, text in notes.items() if name not in errors},
        notices=(*notices, *([problem] if problem else []), *other_errors),
        unfinished_draft=unfinished_draft,
        base_revision=draft.base_revision,
    )


def _scheduler_lines(
    services: Services, draft: Draft, reading: Reading | None, fields: Sequence[FormField]
) -> tuple[str, ...]:
    """Return who will keep the time, as soon as enough is filled in to tell. The preview tells in any case."""
    if not isinstance(reading, Parsed) or isinstance(reading.schedule, Now):
        return ()
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        plan = operation.plan(draft_params(operation, fields, draft), reading.schedule, PREVIEW_TOKEN)
    except NightshiftError:
        return ()
    if plan.placement.scheduler != "backend" or operation.owns_schedule:
        return (plan.placement.reason,)
    if services.policy.chooses_scheduler:
        # Which rules apply is not known before the preview.
        return ()
    keeps_time_here = services.backends.require(draft.backend).settings.scheduler == "nightshift"
    return (NIGHTSHIFT_KEEPS_TIME if keeps_time_here else plan.placement.reason,)


async def _requestable_systems(services: Services, backend: ConfiguredBackend, draft: Draft) -> list[Option]:
    """Return the back ends of the same kind that the person may use, and the one that is chosen."""
    candidates = [
        candidate
        for candidate in services.backends.of_kind(backend.kind.kind)
        if draft.operation in candidate.connection.operations
    ]
    names = [candidate.name for candidate in candidates]
    requestable = await services.policy.requestable_backends(draft.person, draft.operation, names)
    return [
        Option(value=candidate.name, label=candidate.connection.title)
        for candidate in candidates
        if candidate.name in requestable or candidate is backend
    ]
