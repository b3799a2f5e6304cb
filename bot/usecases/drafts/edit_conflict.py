"""An edit whose request was changed since it began: what each side has changed, and how the edit goes on.

Nothing is saved until its author has seen both changes and chosen. What comes of it is previewed again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.backends.base import FormField
from bot.errors import Conflict
from bot.forms import OPERATION, REASON, SYSTEM, WHEN
from bot.requests.merge import EditComparison, Preference, compare_edits, merge_values
from bot.requests.model import Request
from bot.requests.revisions import EMPTY_TEXT
from bot.schedule import Parsed
from bot.storage import requests
from bot.storage.drafts import Draft, DraftChanges
from bot.storage.requests import Revision
from bot.usecases.drafts.fields import visible_fields
from bot.usecases.drafts.reading import parsed_reading, reading_as_json
from bot.usecases.drafts.store import save_draft
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.usecases.summary import HIDDEN_TEXT, value_text
from bot.values import Json, JsonObject

_LABELS = {SYSTEM: "System", OPERATION: "What to do", WHEN: "When", REASON: "Why"}


class EditOvertaken(Conflict):
    """The request was changed since the edit began. Nothing was saved."""


@dataclass(frozen=True, slots=True)
class ConflictingChange:
    """One changed field: its label, its value before and after, and the ids of the users who changed it."""

    field: str
    before: str
    after: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EditConflict:
    """Two edits of one request. ``both`` has the labels of the fields that both have changed, differently.

    ``mergeable`` is false if they are for different systems or operations: then fields cannot be put together.
    """

    request: Request
    draft: Draft
    newest: Revision
    comparison: EditComparison
    theirs: tuple[ConflictingChange, ...]
    mine: tuple[ConflictingChange, ...]
    both: tuple[str, ...]
    mergeable: bool


@dataclass(frozen=True, slots=True)
class _Version:
    """The content of a form: its values, with those that every form has, and what people see for them."""

    values: JsonObject
    labels: JsonObject
    phrase: str

    def text(self, name: str, field: FormField | None) -> str:
        """Return the value of a field in words."""
        value = self.phrase if name == WHEN else self.values.get(name)
        if value is None or value in ("", []):
            return EMPTY_TEXT
        if field is None:
            return str(value)
        return HIDDEN_TEXT if field.secret else value_text(field, value, self.labels.get(name))


async def find_edit_conflict(services: Services, draft: Draft) -> EditConflict | None:
    """Return what others have changed of a request since a draft of an edit began; None if that is nothing."""
    if not draft.revises:
        return None
    async with services.db.read() as tx:
        request = await requests.get(tx, draft.revises)
        if draft.base_revision in (None, request.revision):
            return None
        revisions = await requests.revisions_since(tx, request.id, draft.base_revision or 0)
    fields = {field.name: field for field in (await visible_fields(services, draft))[0]}
    versions, mine = [_version_of(revision, fields) for revision in revisions], _version_of_draft(draft, fields)
    base, theirs = versions[0], versions[-1]
    comparison = compare_edits(base.values, mine.values, theirs.values)
    if not comparison.theirs and not comparison.both:
        return None
    by = _changed_by(revisions, versions)
    return EditConflict(
        request=request,
        draft=draft,
        newest=revisions[-1],
        comparison=comparison,
        theirs=_changes((*comparison.theirs, *comparison.both), base, theirs, fields, by),
        mine=_changes((*comparison.mine, *comparison.both), base, mine, fields, {}),
        both=tuple(label for name in comparison.both if (label := _label(name, fields))),
        mergeable=(draft.backend, draft.operation) == (request.content.backend, request.content.operation),
    )


async def merge_edit(services: Services, conflict: EditConflict, prefer: Preference) -> Draft:
    """Put the changes of a draft on top of the newest revision. Raises Conflict if the draft changes meanwhile.

    Where they cannot be put together, the draft stays as it is: its preview shows what it undoes.
    """
    draft, newest = conflict.draft, conflict.newest
    changes: DraftChanges = {
        "base_revision": newest.revision,
        "checked": None,
        "generation": draft.generation + 1,
    }
    if conflict.mergeable:
        own = conflict.comparison.own(prefer)
        changes["values"] = merge_values(own, draft.values, newest.values)
        changes["labels"] = merge_values(own, draft.labels, newest.labels)
        if REASON not in own:
            changes["reason"] = newest.reason
        if WHEN not in own:
            changes["phrase"] = newest.phrase
            changes["reading"] = reading_as_json(Parsed(phrase=newest.phrase, schedule=newest.content.schedule))
    return await save_draft(services, draft, **changes)


async def drop_edit(services: Services, draft: Draft) -> None:
    """Give an edit up. Raises Conflict if it was sent or changed meanwhile."""
    await save_draft(services, draft, state="dropped")


def overtaken(request: Request) -> EditOvertaken:
    """Return the error for an edit that began from an earlier revision."""
    text = f"{request.name} was changed while you edited it, so nothing was saved."
    return EditOvertaken(text, code=RefusalCode.REVISION_REPLACED)


def _version_of(revision: Revision, fields: Mapping[str, FormField]) -> _Version:
    content = revision.content
    shared: dict[str, Json] = {
        SYSTEM: content.backend,
        OPERATION: content.operation,
        WHEN: content.schedule.model_dump(mode="json"),
        REASON: revision.reason,
    }
    return _Version({**_with_defaults(revision.values, fields), **shared}, revision.labels, revision.phrase)


def _version_of_draft(draft: Draft, fields: Mapping[str, FormField]) -> _Version:
    """Return the content of a draft. A time that is not understood counts as it was written."""
    reading = parsed_reading(draft)
    when: Json = reading.schedule.model_dump(mode="json") if isinstance(reading, Parsed) else draft.phrase
    shared: dict[str, Json] = {SYSTEM: draft.backend, OPERATION: draft.operation, WHEN: when, REASON: draft.reason}
    return _Version({**_with_defaults(draft.values, fields), **shared}, draft.labels, draft.phrase)


def _with_defaults(values: JsonObject, fields: Mapping[str, FormField]) -> dict[str, Json]:
    """Return values in which an input that shows its default, or a box that is not ticked, is no change."""
    known = dict(values)
    for name, field in fields.items():
        if known.get(name) in (None, "", []) or (known[name] is False and field.default is None):
            known[name] = field.default
    return known


def _changed_by(revisions: Sequence[Revision], versions: Sequence[_Version]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the users who have changed each field, by field name."""
    by: dict[str, tuple[str, ...]] = {}
    for revision, before, after in zip(revisions[1:], versions, versions[1:], strict=False):
        for name in compare_edits(before.values, before.values, after.values).theirs:
            by[name] = tuple(dict.fromkeys((*by.get(name, ()), revision.by)))
    return by


def _changes(
    names: Iterable[str],
    base: _Version,
    after: _Version,
    fields: Mapping[str, FormField],
    by: Mapping[str, tuple[str, ...]],
) -> tuple[ConflictingChange, ...]:
    return tuple(
        ConflictingChange(
            label, base.text(name, fields.get(name)), after.text(name, fields.get(name)), by.get(name, ())
        )
        for name in names
        if (label := _label(name, fields))
    )


def _label(name: str, fields: Mapping[str, FormField]) -> str:
    """Return what people call a field; "" for one that no form shows."""
    return _LABELS.get(name) or (fields[name].label if name in fields else "")
