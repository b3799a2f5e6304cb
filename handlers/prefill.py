"""Filling in a new form from the ``key=value`` arguments of a slash command."""

from bot.backends.base import FormField, Operation, Params, form_fields
from bot.errors import BackendError
from bot.forms import REASON, WHEN
from bot.storage.drafts import Draft
from bot.usecases.actor import Actor
from bot.usecases.backend_registry import ConfiguredBackend
from bot.usecases.drafts.fields import policy_fields
from bot.usecases.drafts.load_fields import load_dependent_fields
from bot.usecases.drafts.store import save_draft
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.services import Services
from bot.values import Json
from handlers.arguments import SYSTEM_KEY, Arguments, fields_by_key


async def prefill_draft(
    services: Services, kind: str, draft: Draft, actor: Actor, arguments: Arguments
) -> tuple[Draft, tuple[str, ...]]:
    """Store the arguments in a draft. Returns it with a sentence for each argument that does not fit."""
    pairs = dict(arguments.pairs)
    notices: list[str] = []
    system = pairs.pop(SYSTEM_KEY, "")
    if system:
        configured = services.backends.of_kind(kind)
        named = [backend for backend in configured if _has_name(backend, system)]
        if named:
            draft = await save_draft(services, draft, backend=named[0].name)
        else:
            names = ", ".join(backend.name.partition(".")[2] for backend in configured)
            notices.append(f"There is no system named {system}. There is: {names}.")
    operation = services.backends.operation(draft.backend, draft.operation)
    of_policy = policy_fields(services, draft.operation, [draft.backend])
    fields = fields_by_key((*form_fields(operation.params_model), *of_policy))
    values: dict[str, Json] = {key: pairs.pop(key) for key in (WHEN, REASON) if key in pairs}
    labels: dict[str, Json] = {}
    for key, text in sorted(pairs.items(), key=lambda pair: prefill_rank(fields.get(pair[0]))):
        field = fields.get(key)
        if field is None:
            values[key] = text
            continue
        problem = await _prefill_field(operation, field, text, values, labels)
        if problem:
            notices.append(problem)
    draft = await apply_form_state(services, draft, actor, values, labels)
    for name in [field.name for field in fields.values() if field.reloads and field.name in values]:
        draft, problem = await load_dependent_fields(services, draft, name)
        notices += [problem] if problem else []
    return draft, tuple(notices)


def prefill_rank(field: FormField | None) -> int:
    """The place of a key in the order of filling in: fields that decide over others first, and the fields that are
    known only after these last."""
    if field is None:
        return 2
    return 0 if field.reloads else 1


def _has_name(backend: ConfiguredBackend, typed_name: str) -> bool:
    """Whether a typed word names a back end: ``prod``, ``foreman.prod`` or its title."""
    names = (backend.name, backend.name.partition(".")[2], backend.connection.title)
    return typed_name.casefold() in [name.casefold() for name in names]


async def _prefill_field(
    operation: Operation[Params], field: FormField, text: str, values: dict[str, Json], labels: dict[str, Json]
) -> str:
    """Fill one field from a typed argument. Returns what could not be done, or ""."""
    if field.widget not in ("lookup", "lookups"):
        values[field.name] = text
        return ""
    try:
        if field.widget == "lookup":
            option = await operation.resolve_option(field.name, text)
            if option is not None:
                values[field.name], labels[field.name] = option.value, option.label
                return ""
        else:
            resolved = [(part, await operation.resolve_option(field.name, part.strip())) for part in text.split(",")]
            options = [option for _, option in resolved if option is not None]
            values[field.name] = [option.value for option in options]
            labels[field.name] = {option.value: option.label for option in options}
            missing = [part for part, option in resolved if option is None]
            return f"{field.label}: not found: {', '.join(missing)}." if missing else ""
    except BackendError as error:
        return f"{field.label}: {error}"
    return f"{field.label}: there is nothing named exactly “{text}”. Please choose below."
