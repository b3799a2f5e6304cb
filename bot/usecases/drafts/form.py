"""Filling in a form: what a person has typed is a draft in the database, and a form is a picture of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from bot.backends.base import FormField, Option, form_fields, hidden_values, is_relevant, parse_params
from bot.errors import BackendError, InputError, NightshiftError, NotFound
from bot.forms import OPERATION, REASON, SYSTEM, WHEN, Form, is_clipped_original
from bot.ids import new_id
from bot.requests.model import Person
from bot.schedule import Ambiguous, Now, Parsed, Reading, TimePreferences, echo, read, time_preferences
from bot.slack.users import SlackUser
from bot.storage import drafts
from bot.storage.drafts import Draft
from bot.usecases.backend_registry import ConfiguredBackend
from bot.usecases.services import Services

PREVIEW_TOKEN = "ns-made-at-the-start"  # noqa: S105 (it is no secret)
UNFINISHED_MAX_AGE = timedelta(hours=12)
"""How long a form that was closed unfinished is offered again."""
_READING: TypeAdapter[Reading] = TypeAdapter(Reading)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who types, and how they write times."""

    person: Person
    zone: str
    time_preferences: TimePreferences
    zone_note: str = ""


def actor_for(services: Services, user: SlackUser) -> Actor:
    """The zone comes from the Slack profile; where that has none, from the configuration, and the echo says so."""
    written = services.settings.times
    usual = time_preferences(user.locale, written.clock, written.dates)
    if user.zone:
        return Actor(user.person, user.zone, usual)
    zone = services.settings.channels.default_zone
    return Actor(user.person, zone, usual, f"Your Slack profile has no time zone, so {zone} is assumed.")


async def create_draft(services: Services, person: Person, kind: str, operation: str, channel: str) -> Draft:
    """A new draft for an operation of a kind of back end. Raises NotFound where none is configured."""
    there = [c.name for c in services.backends.of_kind(kind) if operation in c.connection.operations]
    if not there:
        raise NotFound(f"No {kind} is configured. An administrator can add one to the configuration.")
    offered = await services.policy.requestable_backends(person, operation, there)
    now = services.clock.now()
    draft = Draft(
        id=new_id("d"),
        person=person,
        channel=channel,
        backend=offered[0],
        operation=operation,
        created_at=now,
        updated_at=now,
    )
    async with services.db.write() as tx:
        await drafts.add(tx, draft)
    return draft


async def load_draft(services: Services, draft_id: str, person: Person) -> Draft:
    """One's own draft. Raises NotFound for anybody else's."""
    async with services.db.read() as tx:
        draft = await drafts.get(tx, draft_id)
    if draft.person != person:
        raise NotFound("This form belongs to somebody else.")
    return draft


async def unfinished_draft(services: Services, draft: Draft) -> str:
    """The id of an earlier form of the same kind that the person closed unfinished today; "" where there is none."""
    since = services.clock.now() - UNFINISHED_MAX_AGE
    async with services.db.read() as tx:
        return await drafts.unfinished_draft(tx, draft, since)


async def save_draft(services: Services, draft: Draft, **changes: Any) -> Draft:
    """Change a draft. Raises Conflict where another window was first."""
    async with services.db.write() as tx:
        return await drafts.save(tx, draft, services.clock.now(), **changes)


async def apply_form_state(
    services: Services, draft: Draft, actor: Actor, values: Mapping[str, Any], labels: Mapping[str, Any]
) -> Draft:
    """Store what a view holds. The phrase is read again only where it has changed."""
    rest = {name: value for name, value in values.items() if not is_clipped_original(value, draft.values.get(name))}
    changes: dict[str, Any] = {"checked": None}
    backend, operation = rest.pop(SYSTEM, None), rest.pop(OPERATION, None)
    moved = bool(backend) and backend != draft.backend and backend in services.backends
    if operation:
        changes["operation"] = operation
    if REASON in rest:
        changes["reason"] = (rest.pop(REASON) or "").strip()
    if WHEN in rest:
        changes |= _phrase_changes(services, draft, actor, (rest.pop(WHEN) or "").strip())
    if moved:
        # What was picked there is something else here: the same number is another template, computer or job.
        changes |= {"backend": backend, "generation": draft.generation + 1, "labels": {}}
        typed_in = _portable_fields(services, draft)
        changes["values"] = {k: v for k, v in {**draft.values, **rest}.items() if k in typed_in}
    else:
        changes |= {"values": {**draft.values, **rest}, "labels": {**draft.labels, **labels}}
    return await save_draft(services, draft, **changes)


def _portable_fields(services: Services, draft: Draft) -> set[str]:
    """The fields whose values mean the same on every back end of a kind: those that are not looked up in one."""
    found = form_fields(services.backends.operation(draft.backend, draft.operation).params_model)
    return {field.name for field in found if field.widget not in ("lookup", "lookups")}


def _phrase_changes(services: Services, draft: Draft, actor: Actor, phrase: str) -> dict[str, Any]:
    if phrase == draft.phrase and draft.reading is not None:
        return {}
    if not phrase:
        return {"phrase": "", "reading": None}
    reading = read(phrase, now=services.clock.now(), zone=actor.zone, preferences=actor.time_preferences)
    return {"phrase": phrase, "reading": _READING.dump_python(reading, mode="json")}


def parsed_reading(draft: Draft) -> Reading | None:
    """What the phrase of a draft was understood as, when it was typed."""
    return _READING.validate_python(draft.reading) if draft.reading is not None else None


async def choose_meaning(services: Services, draft: Draft, choice: int) -> Draft:
    """Take one of the meanings that a question offered."""
    reading = parsed_reading(draft)
    if not isinstance(reading, Ambiguous) or not 0 <= choice < len(reading.choices):
        return draft
    meaning = reading.choices[choice].meaning
    return await save_draft(services, draft, reading=meaning.model_dump(mode="json"), checked=None)


async def load_dependent_fields(services: Services, draft: Draft, changed_field: str) -> tuple[Draft, str]:
    """After a field that decides over others has changed: fill in what the back end knows.

    Returns the draft and what could not be loaded ("" where all went well)."""
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        loaded = await operation.load(draft.values)
    except BackendError as error:
        return draft, str(error)
    if not loaded:
        return draft, ""
    kept = {k: v for k, v in draft.values.items() if k == changed_field}
    values = {**draft.values, **loaded, **kept}
    try:
        named = await operation.labels_for(values)
    except BackendError:
        named = {}  # Ids do as well.
    # The words for what stood there before would be wrong for what stands there now.
    labels = {k: v for k, v in draft.labels.items() if values.get(k) == draft.values.get(k)} | dict(named)
    generation = draft.generation + 1
    return await save_draft(services, draft, values=values, labels=labels, generation=generation, checked=None), ""


async def visible_fields(services: Services, draft: Draft) -> tuple[tuple[FormField, ...], str]:
    """The relevant fields, dynamic ones included; and what went wrong where the back end could not be asked."""
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        found, problem = await operation.fields(draft.values), ""
    except BackendError as error:
        found, problem = form_fields(operation.params_model), str(error)
    filled = {f.name: f.default for f in found} | {k: v for k, v in draft.values.items() if v is not None}
    return tuple(f for f in found if is_relevant(f, filled)), problem


async def form_model(
    services: Services,
    draft: Draft,
    actor: Actor,
    errors: Mapping[str, str] | None = None,
    notices: tuple[str, ...] = (),
    unfinished_draft: str = "",
) -> Form:
    """The form for a draft."""
    shown, problem = await visible_fields(services, draft)
    here = services.backends.require(draft.backend)
    reading = parsed_reading(draft)
    errors = dict(errors or {})
    known = {f.name for f in shown} | {WHEN, REASON}
    loose = tuple(text for name, text in errors.items() if name not in known)
    values = {f.name: f.default for f in shown if f.default is not None} | dict(draft.values)
    return Form(
        draft_id=draft.id,
        version=draft.version,
        title=services.backends.operation(draft.backend, draft.operation).title,
        system=draft.backend,
        systems=await _requestable_systems(services, here, draft),
        operation=draft.operation,
        operations=[Option(value=key, label=op.title) for key, op in here.connection.operations.items()],
        fields=shown,
        page=draft.section,
        values=values,
        labels=draft.labels,
        generation=draft.generation,
        phrase=draft.phrase,
        reason=draft.reason,
        reading=reading,
        echo=(*echo_lines(services, reading, actor), *_scheduler_lines(services, draft, shown)),
        errors=errors,
        notices=(*notices, *((problem,) if problem else ()), *loose),
        unfinished_draft=unfinished_draft,
    )


def _scheduler_lines(services: Services, draft: Draft, shown: tuple[FormField, ...]) -> tuple[str, ...]:
    """Who will hold the time, once the form is filled in far enough to tell; the preview tells in any case."""
    reading = parsed_reading(draft)
    if not isinstance(reading, Parsed) or isinstance(reading.schedule, Now):
        return ()
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        params = parse_params(
            operation.params_model,
            {**hidden_values(operation.params_model, draft.values), **typed_values(shown, draft.values)},
        )
        return (operation.plan(params, reading.schedule, PREVIEW_TOKEN).placement.reason,)
    except NightshiftError:
        return ()


async def _requestable_systems(services: Services, backend: ConfiguredBackend, draft: Draft) -> list[Option]:
    """The back ends of the kind that the person may use, and the one that is chosen."""
    same = [c for c in services.backends.of_kind(backend.kind.kind) if draft.operation in c.connection.operations]
    offered = await services.policy.requestable_backends(draft.person, draft.operation, [c.name for c in same])
    return [Option(value=c.name, label=c.connection.title) for c in same if c.name in offered or c is backend]


def echo_lines(services: Services, reading: Reading | None, actor: Actor) -> tuple[str, ...]:
    """What was understood, for the line under the field."""
    match reading:
        case None:
            return ()
        case Parsed():
            said = echo(reading, services.clock.now(), actor.zone)
            return (*said, actor.zone_note) if actor.zone_note else tuple(said)
        case Ambiguous(ask=ask):
            return (f"❓ {ask}",)
        case _:
            example = f" For example: {reading.example}" if reading.example else ""
            return (f"⚠️ {reading.reason}{example}",)


def typed_values(fields: tuple[FormField, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the fields that appear, as the parameter model wants them: JSON read, empty ones left out.

    Raises InputError for JSON that cannot be read.
    """
    out: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for item in fields:
        value = values.get(item.name, item.default)
        if value in (None, "", []):
            continue
        if item.widget == "flag" and value is False and item.default is None:
            continue
        if item.widget == "json" and isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                problems[item.name] = f"This is not JSON: {error}."
        out[item.name] = value
    if problems:
        raise InputError(problems)
    return out
