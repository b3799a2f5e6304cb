"""Drafts: what people have filled in so far. A form shows a draft, and closing the form loses nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypedDict, Unpack

from sqlalchemy import bindparam, delete, insert, select, update

from bot.errors import Conflict, NotFound
from bot.requests.model import Person
from bot.storage.tables import drafts
from bot.storage.transactions import Parameters, Tx
from bot.values import FrozenModel, JsonObject, StoredJson

_ADD = insert(drafts)
_GET = select(drafts).where(drafts.c.id == bindparam("row_id"))
_SAVE = update(drafts).where(
    drafts.c.id == bindparam("row_id"), drafts.c.version == bindparam("expected_version"), drafts.c.state == "open"
)
_UNFINISHED = (
    select(drafts.c.id)
    .where(
        drafts.c.team == bindparam("of_team"),
        drafts.c.user == bindparam("of_user"),
        drafts.c.state == "open",
        drafts.c.operation == bindparam("of_operation"),
        drafts.c.updated_at >= bindparam("since"),
        drafts.c.id != bindparam("other_than"),
        # Opening a form makes two versions; a higher one was typed in.
        drafts.c.version > 2,
    )
    .order_by(drafts.c.updated_at.desc())
    .limit(1)
)


class Draft(FrozenModel):
    """A form that is being filled in. ``checked`` is the preview of exactly these values, once there is one."""

    id: str
    version: int = 1
    state: Literal["open", "submitted", "dropped"] = "open"
    person: Person
    channel: str = ""
    backend: str
    operation: str
    values: Mapping[str, StoredJson] = {}
    labels: Mapping[str, StoredJson] = {}
    phrase: str = ""
    reading: Mapping[str, StoredJson] | None = None
    reason: str = ""
    section: str = ""
    generation: int = 0
    """Part of the block ids. It changes when the bot fills in the form, so that Slack drops what was typed before."""
    revises: str | None = None
    """The id of the request that this is an edit of."""
    base_revision: int | None = None
    """The revision of that request that the edit began from."""
    rerun_of: str | None = None
    """The name of the request (NS-7) whose failed targets this is for; None for other requests."""
    checked: Mapping[str, StoredJson] | None = None
    created_at: datetime
    updated_at: datetime


class DraftChanges(TypedDict, total=False):
    """The fields of a draft that can change."""

    state: Literal["open", "submitted", "dropped"]
    channel: str
    backend: str
    operation: str
    values: JsonObject
    labels: JsonObject
    phrase: str
    reading: JsonObject | None
    reason: str
    section: str
    generation: int
    revises: str | None
    base_revision: int | None
    rerun_of: str | None
    checked: JsonObject | None


def _columns(draft: Draft) -> Parameters:
    return draft.model_dump(exclude={"person"}) | {"team": draft.person.team, "user": draft.person.user}


async def add(tx: Tx, draft: Draft) -> None:
    """Store a new draft."""
    await tx.execute(_ADD, _columns(draft))


async def get(tx: Tx, draft_id: str) -> Draft:
    """Return a draft. Raises NotFound."""
    row = (await tx.execute(_GET, {"row_id": draft_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("This form is too old. Please start again with the slash command.")
    fields = dict(row)
    person = {"team": fields.pop("team"), "user": fields.pop("user")}
    return Draft.model_validate({**fields, "person": person})


async def save(tx: Tx, draft: Draft, now: datetime, **changes: Unpack[DraftChanges]) -> Draft:
    """Change a draft if it is open and nobody else has changed it. Raises Conflict."""
    fields = {**changes, "version": draft.version + 1, "updated_at": now}
    after = draft.model_copy(update=fields)
    changed = {name: getattr(after, name) for name in fields}
    updated = await tx.execute(_SAVE, {**changed, "row_id": draft.id, "expected_version": draft.version})
    if updated.rowcount != 1:
        raise Conflict("This form was already sent, or changed in another window.")
    return after


async def unfinished_draft(tx: Tx, draft: Draft, since: datetime) -> str:
    """Return the id of the newest other draft of the same person and operation that is filled in; "" if none."""
    parameters: Parameters = {
        "of_team": draft.person.team,
        "of_user": draft.person.user,
        "of_operation": draft.operation,
        "other_than": draft.id,
        "since": since,
    }
    return str(await tx.scalar(_UNFINISHED, parameters) or "")


async def delete_unused_since(tx: Tx, before: datetime) -> int:
    """Delete drafts that were last changed before a moment. Returns how many."""
    return (await tx.execute(delete(drafts).where(drafts.c.updated_at < before))).rowcount
