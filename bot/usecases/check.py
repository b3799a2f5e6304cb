"""Checking a draft: what would happen, what policy demands, and whether everything fits; nothing is changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import JsonValue

from blocks.form import WHEN, WHY
from bot.backends.base import Field, Operation, Params, Placement, Preview, masked, parse, remembered
from bot.errors import InputError
from bot.requests.model import Content, Matched, Person, Request, Requirement, Value
from bot.schedule import Question, Reading, Refusal, Schedule, Series, Understood, latest_start_of, limits, start_of
from bot.storage import requests
from bot.storage.drafts import Draft
from bot.usecases.draft import PREVIEW_TOKEN, Speaker, fields, reading_of, save, typed
from bot.usecases.rights import Ask
from bot.usecases.services import Services

"""Stands for the correlation token in a preview; each attempt makes its own."""


class Checked(Value):
    """A draft that fits: everything that a request is made of."""

    content: Content
    phrase: str
    zone: str
    title: str
    summary: tuple[tuple[str, str], ...]
    matched: Matched
    warnings: tuple[str, ...]
    met: tuple[str, ...] = ()
    """The warnings that tell of other requests on the same targets."""
    facts: Mapping[str, JsonValue]
    calls: tuple[Mapping[str, JsonValue], ...]
    changes: tuple[Mapping[str, str], ...]
    held_by: str
    holding: str
    requirement: Requirement
    notified: int
    start_at: datetime | None
    latest_start: datetime | None


async def check(app: Services, draft: Draft, who: Speaker) -> tuple[Draft, Checked]:
    """Find out what a draft would do, and keep the answer with it.

    Raises InputError with what is wrong, by field, or BackendError where the back end could not be asked.
    """
    operation = app.operation(draft.backend, draft.operation)
    shown, _ = await fields(app, draft)
    problems: dict[str, str] = {}
    schedule = _schedule(app, reading_of(draft), problems)
    if not draft.reason:
        problems[WHY] = "Say what this is for: those who approve it read it."
    params = _params(operation, shown, draft, problems)
    if problems or params is None or schedule is None:
        raise InputError(problems)
    preview = await operation.preview(params, schedule, PREVIEW_TOKEN)
    checked = await _checked(app, draft, who, operation, shown, params, schedule, preview)
    if checked.requirement.verdict == "refuse":
        raise InputError({"": " ".join(checked.requirement.reasons) or "Policy does not allow this."})
    draft = await save(app, draft, checked=checked.model_dump(mode="json"))
    return draft, checked


def _schedule(app: Services, reading: Reading | None, problems: dict[str, str]) -> Schedule | None:
    match reading:
        case None:
            problems[WHEN] = "Say when: now, tomorrow 21:00, every day at 06:00."
        case Refusal(reason=reason, example=example):
            problems[WHEN] = f"{reason} For example: {example}" if example else reason
        case Question(ask=ask):
            problems[WHEN] = f"{ask} Please pick one of the buttons, or say it more exactly."
        case Understood(schedule=schedule):
            least = timedelta(minutes=app.settings.timing.minimum_interval_minutes)
            series = schedule if isinstance(schedule, Series) else None
            refusal = limits.too_far(schedule, app.clock.now()) or (
                series and (limits.too_often(series, least) or limits.overlapping(series))
            )
            if not refusal:
                return schedule
            problems[WHEN] = refusal
    return None


def _params(operation: Operation[Any], shown: Sequence[Field], draft: Draft, problems: dict[str, str]) -> Params | None:
    try:
        told = remembered(operation.params, draft.values)
        params: Params = parse(operation.params, {**told, **typed(tuple(shown), draft.values)})
    except InputError as error:
        known = {f.name for f in shown}
        problems.update({name if name in known else _nearest(name, known): t for name, t in error.problems.items()})
        return None
    return params


def _nearest(name: str, known: set[str]) -> str:
    """The field that a problem inside a group belongs to; the whole form where there is none."""
    group = name.partition(".")[0]
    return group if group in known else ""


async def _checked(
    app: Services,
    draft: Draft,
    who: Speaker,
    operation: Operation[Any],
    shown: Sequence[Field],
    params: Params,
    schedule: Schedule,
    preview: Preview,
) -> Checked:
    targets = preview.targets
    secrets = frozenset(f.api_name for f in shown if f.secret)
    here = app.backend(draft.backend)
    content = Content(
        backend=draft.backend,
        operation=draft.operation,
        params=params.model_dump(mode="json", exclude_none=True),
        schedule=schedule,
        targets=targets.names if targets.fixed else (),
    )
    now = app.clock.now()
    far = limits.far_off(schedule, now)
    warnings = (*preview.warnings, *((far,) if far else ()))
    start = start_of(schedule)
    title = f"{here.connection.title}: {operation.title}"
    matched = Matched(
        count=targets.count, names=targets.names, noun=targets.noun, fixed=targets.fixed, note=targets.note
    )
    ask = await ask_of_draft(app, draft, content, matched, preview.facts, who.zone)
    met = await app.rights.meets(app, ask)
    demand = await app.rights.require(app, ask, met)
    plan = preview.plan
    if demand.hold and start is not None and plan.placement.holder == "backend" and not operation.makes_schedule:
        plan = operation.occurrence(params, schedule, start, PREVIEW_TOKEN)
        plan = plan.model_copy(update={"placement": Placement(holder="nightshift", reason=demand.hold)})
    return Checked(
        content=content,
        phrase=draft.phrase,
        zone=who.zone,
        title=title,
        summary=summarise(shown, draft.values, draft.labels),
        matched=matched,
        warnings=(*warnings, *met, *demand.notes),
        met=met,
        facts=preview.facts,
        calls=tuple({**call.model_dump(mode="json"), "body": masked(call.body, secrets)} for call in plan.calls),
        changes=tuple(change.model_dump() for change in preview.changes),
        held_by=plan.placement.holder,
        holding=plan.placement.reason,
        requirement=demand.requirement,
        notified=demand.notified,
        start_at=start.instant if start else None,
        latest_start=latest_start_of(schedule),
    )


async def ask_of_draft(
    app: Services, draft: Draft, content: Content, matched: Matched, facts: Mapping[str, JsonValue], zone: str
) -> Ask:
    """A draft as policy looks at it. One that edits a request keeps that one's name and requester."""
    name, requester, editors = "this request", draft.person, tuple[Person, ...]()
    if draft.revises:
        async with app.db.read() as tx:
            request = await requests.get(tx, draft.revises)
        name, requester = request.name, request.requester
        editors = editors_with(request, draft.person)
    return Ask(
        name=name,
        requester=requester,
        channel=draft.channel,
        content=content,
        matched=matched,
        facts=facts,
        zone=zone,
        editors=editors,
    )


def editors_with(request: Request, person: Person) -> tuple[Person, ...]:
    """Who will have edited a request once this person has: the requester never counts as an editor."""
    return tuple(dict.fromkeys(p for p in (*request.edited_by, person) if p != request.requester))


def summarise(
    shown: Sequence[Field], values: Mapping[str, Any], labels: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
    """The parameters that a person has set, and the inputs that the work itself asks for, in words; secrets hidden."""
    rows = []
    for field in shown:
        # What a template asks for is shown even where nobody touched its default: it is what will be done.
        asked = "." in field.name
        value = values.get(field.name, field.default if asked else None)
        if value in (None, "", [], {}, False) or (value == field.default and not asked):
            continue
        rows.append((field.label, "•••" if field.secret else _words(field, value, labels.get(field.name))))
    return tuple(rows)


def _words(field: Field, value: Any, label: Any) -> str:
    if isinstance(value, list):
        known = label if isinstance(label, dict) else {}
        choices = {c.value: c.label for c in field.choices}
        return ", ".join(str(known.get(v) or choices.get(v) or v) for v in value)
    if isinstance(label, str) and label:
        return label
    if value is True:
        return "yes"
    return next((c.label for c in field.choices if c.value == str(value)), str(value))


def checked_of(draft: Draft) -> Checked | None:
    """The check that a draft carries, if nothing was changed since."""
    return Checked.model_validate(draft.checked) if draft.checked is not None else None
