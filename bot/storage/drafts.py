"""Drafts: what people have filled in so far. A form shows a draft; closing it loses nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, delete, insert, select, update

from bot.errors import Conflict, NotFound
from bot.requests.model import Person
from bot.storage.tables import drafts
from bot.storage.transactions import Tx
from bot.values import FrozenModel

_ADD = insert(drafts)
_GET = select(drafts).where(drafts.c.id == bindparam("its_id"))
_SAVE = update(drafts).where(
    drafts.c.id == bindparam("its_id"), drafts.c.version == bindparam("seen"), drafts.c.state == "open"
)
_UNFINISHED = (
    select(drafts.c.id)
    .where(
        drafts.c.team == bindparam("its_team"),
        drafts.c.user == bindparam("its_user"),
        drafts.c.state == "open",
        drafts.c.operation == bindparam("its_operation"),
        drafts.c.updated_at >= bindparam("since"),
        drafts.c.id != bindparam("its_id"),
        # Opening a form makes two versions; more means that somebody typed.
        drafts.c.version > 2,
    )
    .order_by(drafts.c.updated_at.desc())
    .limit(1)
)


class Draft(FrozenModel):
    """A form as it stands. ``checked`` is the preview of exactly these values, once it has been made."""

    id: str
    version: int = 1
    state: Literal["open", "submitted", "dropped"] = "open"
    person: Person
    channel: str = ""
    backend: str
    operation: str
    values: Mapping[str, Any] = {}
    labels: Mapping[str, Any] = {}
    phrase: str = ""
    reading: Mapping[str, Any] | None = None
    reason: str = ""
    section: str = ""
    generation: int = 0
    """Counts how often the form was filled in anew, so that Slack forgets what was typed before."""
    revises: str | None = None
    checked: Mapping[str, Any] | None = None
    view_id: str = ""
    created_at: datetime
    updated_at: datetime


def _columns(draft: Draft) -> dict[str, Any]:
    return draft.model_dump(exclude={"person"}) | {"team": draft.person.team, "user": draft.person.user}


async def add(tx: Tx, draft: Draft) -> None:
    """Store a new draft."""
    await tx.execute(_ADD, _columns(draft))


async def get(tx: Tx, draft_id: str) -> Draft:
    """One draft. Raises NotFound."""
    row = (await tx.execute(_GET, {"its_id": draft_id})).one_or_none()
    if row is None:
        raise NotFound("This form is too old. Please start again with the slash command.")
    fields = dict(row._mapping)
    person = {"team": fields.pop("team"), "user": fields.pop("user")}
    return Draft.model_validate({**fields, "person": person})


async def save(tx: Tx, draft: Draft, now: datetime, **changes: Any) -> Draft:
    """Change a draft if it is still open and nobody was first. Raises Conflict."""
    changes |= {"version": draft.version + 1, "updated_at": now}
    after = Draft.model_validate({**draft.model_dump(), **changes})
    changed = {name: getattr(after, name) for name in changes}
    done = await tx.execute(_SAVE, {**changed, "its_id": draft.id, "seen": draft.version})
    if done.rowcount != 1:
        raise Conflict("This form was already sent, or changed in another window.")
    return after


async def unfinished_draft(tx: Tx, draft: Draft, since: datetime) -> str:
    """The id of the newest other draft of the same person and operation that was filled in and left; "" if none."""
    about = {
        "its_team": draft.person.team,
        "its_user": draft.person.user,
        "its_operation": draft.operation,
        "its_id": draft.id,
        "since": since,
    }
    found = await tx.scalar(_UNFINISHED, about)
    return str(found or "")


async def delete_unused_since(tx: Tx, before: datetime) -> int:
    """Delete drafts that nobody has touched since a moment. Returns how many."""
    return (await tx.execute(delete(drafts).where(drafts.c.updated_at < before))).rowcount
