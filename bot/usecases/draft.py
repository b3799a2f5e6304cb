"""Filling in a form: what a person has typed is a draft in the database, and a form is a picture of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from blocks.form import OPERATION, SYSTEM, WHEN, WHY, Form, paged
from blocks.inputs import is_untouched
from bot.backends.base import Field, Option, fields_of, parse, relevant, remembered
from bot.errors import BackendError, InputError, NightshiftError, NotFound
from bot.ids import new_id
from bot.requests.model import Person
from bot.schedule import Habits, Now, Question, Reading, Understood, read
from bot.schedule.echo import echo
from bot.schedule.habits import habits
from bot.slack.people import Member
from bot.storage import drafts
from bot.storage.drafts import Draft
from bot.usecases.services import Configured, Services

PREVIEW_TOKEN = "ns-made-at-the-start"  # noqa: S105 (it is no secret)
LEFT_OPEN = timedelta(hours=12)
"""How long a form that was closed unfinished is offered again."""
_READING: TypeAdapter[Reading] = TypeAdapter(Reading)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who types, and how they write times."""

    person: Person
    zone: str
    habits: Habits
    note: str = ""


def speaker(app: Services, member: Member) -> Speaker:
    """The zone comes from the Slack profile; where that has none, from the configuration, and the echo says so."""
    written = app.settings.times
    usual = habits(member.locale, written.clock, written.dates)
    if member.zone:
        return Speaker(member.person, member.zone, usual)
    zone = app.settings.channels.default_zone
    return Speaker(member.person, zone, usual, f"Your Slack profile has no time zone, so {zone} is assumed.")


async def start(app: Services, person: Person, kind: str, operation: str, channel: str) -> Draft:
    """A new draft for an operation of a kind of back end. Raises NotFound where none is configured."""
    there = [c.name for c in app.of_kind(kind) if operation in c.connection.operations]
    if not there:
        raise NotFound(f"No {kind} is configured. An administrator can add one to the configuration.")
    offered = await app.rights.offered(app, person, operation, there)
    now = app.clock.now()
    draft = Draft(
        id=new_id("d"),
        person=person,
        channel=channel,
        backend=offered[0],
        operation=operation,
        created_at=now,
        updated_at=now,
    )
    async with app.db.write() as tx:
        await drafts.add(tx, draft)
    return draft


async def load(app: Services, draft_id: str, person: Person) -> Draft:
    """One's own draft. Raises NotFound for anybody else's."""
    async with app.db.read() as tx:
        draft = await drafts.get(tx, draft_id)
    if draft.person != person:
        raise NotFound("This form belongs to somebody else.")
    return draft


async def left_open(app: Services, draft: Draft) -> str:
    """The id of an earlier form of the same kind that the person closed unfinished today; "" where there is none."""
    since = app.clock.now() - LEFT_OPEN
    async with app.db.read() as tx:
        return await drafts.left_open(tx, draft, since)


async def save(app: Services, draft: Draft, **changes: Any) -> Draft:
    """Change a draft. Raises Conflict where another window was first."""
    async with app.db.write() as tx:
        return await drafts.save(tx, draft, app.clock.now(), **changes)


async def take_in(
    app: Services, draft: Draft, who: Speaker, values: Mapping[str, Any], labels: Mapping[str, Any]
) -> Draft:
    """Store what a view holds. The phrase is read again only where it has changed."""
    rest = {name: value for name, value in values.items() if not is_untouched(value, draft.values.get(name))}
    changes: dict[str, Any] = {"checked": None}
    backend, operation = rest.pop(SYSTEM, None), rest.pop(OPERATION, None)
    moved = bool(backend) and backend != draft.backend and backend in app.configured
    if operation:
        changes["operation"] = operation
    if WHY in rest:
        changes["reason"] = (rest.pop(WHY) or "").strip()
    if WHEN in rest:
        changes |= _phrase(app, draft, who, (rest.pop(WHEN) or "").strip())
    if moved:
        # What was picked there is something else here: the same number is another template, computer or job.
        changes |= {"backend": backend, "generation": draft.generation + 1, "labels": {}}
        typed_in = _typed_in(app, draft)
        changes["values"] = {k: v for k, v in {**draft.values, **rest}.items() if k in typed_in}
    else:
        changes |= {"values": {**draft.values, **rest}, "labels": {**draft.labels, **labels}}
    return await save(app, draft, **changes)


def _typed_in(app: Services, draft: Draft) -> set[str]:
    """The fields whose values mean the same on every back end of a kind: those that are not looked up in one."""
    found = fields_of(app.operation(draft.backend, draft.operation).params)
    return {field.name for field in found if field.widget not in ("lookup", "lookups")}


def _phrase(app: Services, draft: Draft, who: Speaker, phrase: str) -> dict[str, Any]:
    if phrase == draft.phrase and draft.reading is not None:
        return {}
    if not phrase:
        return {"phrase": "", "reading": None}
    reading = read(phrase, now=app.clock.now(), zone=who.zone, habits=who.habits)
    return {"phrase": phrase, "reading": _READING.dump_python(reading, mode="json")}


def reading_of(draft: Draft) -> Reading | None:
    """What the phrase of a draft was understood as, when it was typed."""
    return _READING.validate_python(draft.reading) if draft.reading is not None else None


async def answer(app: Services, draft: Draft, choice: int) -> Draft:
    """Take one of the meanings that a question offered."""
    reading = reading_of(draft)
    if not isinstance(reading, Question) or not 0 <= choice < len(reading.choices):
        return draft
    meaning = reading.choices[choice].meaning
    return await save(app, draft, reading=meaning.model_dump(mode="json"), checked=None)


async def reload(app: Services, draft: Draft, changed: str) -> tuple[Draft, str]:
    """After a field that decides over others has changed: fill in what the back end knows.

    Returns the draft and what could not be loaded ("" where all went well)."""
    operation = app.operation(draft.backend, draft.operation)
    try:
        loaded = await operation.load(draft.values)
    except BackendError as error:
        return draft, str(error)
    if not loaded:
        return draft, ""
    kept = {k: v for k, v in draft.values.items() if k == changed}
    values = {**draft.values, **loaded, **kept}
    try:
        named = await operation.named(values)
    except BackendError:
        named = {}  # Ids do as well.
    # The words for what stood there before would be wrong for what stands there now.
    labels = {k: v for k, v in draft.labels.items() if values.get(k) == draft.values.get(k)} | dict(named)
    generation = draft.generation + 1
    return await save(app, draft, values=values, labels=labels, generation=generation, checked=None), ""


async def fields(app: Services, draft: Draft) -> tuple[tuple[Field, ...], str]:
    """The relevant fields, dynamic ones included; and what went wrong where the back end could not be asked."""
    operation = app.operation(draft.backend, draft.operation)
    try:
        found, problem = await operation.fields(draft.values), ""
    except BackendError as error:
        found, problem = fields_of(operation.params), str(error)
    filled = {f.name: f.default for f in found} | {k: v for k, v in draft.values.items() if v is not None}
    return tuple(f for f in found if relevant(f, filled)), problem


async def picture(
    app: Services,
    draft: Draft,
    who: Speaker,
    errors: Mapping[str, str] | None = None,
    notices: tuple[str, ...] = (),
    left_open: str = "",
) -> Form:
    """The form for a draft. An error on another page brings that page to the front."""
    found, problem = await fields(app, draft)
    shown = paged(found, draft.values)
    here = app.backend(draft.backend)
    reading = reading_of(draft)
    errors = dict(errors or {})
    known = {f.name for f in shown} | {WHEN, WHY}
    loose = tuple(text for name, text in errors.items() if name not in known)
    section = draft.section
    wrong = [f.section for f in shown if f.name in errors]
    if wrong and section not in wrong:
        section = wrong[0]
    values = {f.name: f.default for f in shown if f.default is not None} | dict(draft.values)
    return Form(
        draft_id=draft.id,
        version=draft.version,
        title=app.operation(draft.backend, draft.operation).title,
        system=draft.backend,
        systems=await _systems(app, here, draft),
        operation=draft.operation,
        operations=[Option(value=key, label=op.title) for key, op in here.connection.operations.items()],
        fields=shown,
        section=section,
        values=values,
        labels=draft.labels,
        generation=draft.generation,
        phrase=draft.phrase,
        reason=draft.reason,
        reading=reading,
        echo=(*echo_lines(app, reading, who), *_holding(app, draft, shown)),
        errors=errors,
        notices=(*notices, *((problem,) if problem else ()), *loose),
        left_open=left_open,
    )


def _holding(app: Services, draft: Draft, shown: tuple[Field, ...]) -> tuple[str, ...]:
    """Who will hold the time, once the form is filled in far enough to tell; the preview tells in any case."""
    reading = reading_of(draft)
    if not isinstance(reading, Understood) or isinstance(reading.schedule, Now):
        return ()
    operation = app.operation(draft.backend, draft.operation)
    try:
        params = parse(operation.params, {**remembered(operation.params, draft.values), **typed(shown, draft.values)})
        return (operation.plan(params, reading.schedule, PREVIEW_TOKEN).placement.reason,)
    except NightshiftError:
        return ()


async def _systems(app: Services, here: Configured, draft: Draft) -> list[Option]:
    """The back ends of the kind that the person may use, and the one that is chosen."""
    same = [c for c in app.of_kind(here.kind.kind) if draft.operation in c.connection.operations]
    offered = await app.rights.offered(app, draft.person, draft.operation, [c.name for c in same])
    return [Option(value=c.name, label=c.connection.title) for c in same if c.name in offered or c is here]


def echo_lines(app: Services, reading: Reading | None, who: Speaker) -> tuple[str, ...]:
    """What was understood, for the line under the field."""
    match reading:
        case None:
            return ()
        case Understood():
            said = echo(reading, app.clock.now(), who.zone)
            return (*said, who.note) if who.note else tuple(said)
        case Question(ask=ask):
            return (f"❓ {ask}",)
        case _:
            example = f" For example: {reading.example}" if reading.example else ""
            return (f"⚠️ {reading.reason}{example}",)


def typed(fields: tuple[Field, ...], values: Mapping[str, Any]) -> dict[str, Any]:
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
