"""Drafts: what people have filled in so far. A form shows a draft; closing it loses nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update

from bot.errors import Conflict, NotFound
from bot.requests.model import Person, Value
from bot.storage.database import Tx
from bot.storage.tables import drafts


class Draft(Value):
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
    await tx.execute(insert(drafts), _columns(draft))


async def get(tx: Tx, draft_id: str) -> Draft:
    """One draft. Raises NotFound."""
    row = (await tx.execute(select(drafts).where(drafts.c.id == draft_id))).one_or_none()
    if row is None:
        raise NotFound("This form is too old. Please start again with the slash command.")
    fields = {name: getattr(row, name) for name in Draft.model_fields if name != "person"}
    return Draft.model_validate({**fields, "person": {"team": row.team, "user": row.user}})


async def save(tx: Tx, draft: Draft, now: datetime, **changes: Any) -> Draft:
    """Change a draft if it is still open and nobody was first. Raises Conflict."""
    after = Draft.model_validate({**draft.model_dump(), **changes, "version": draft.version + 1, "updated_at": now})
    where = (drafts.c.id == draft.id, drafts.c.version == draft.version, drafts.c.state == "open")
    done = await tx.execute(update(drafts).where(*where).values(**_columns(after)))
    if done.rowcount != 1:
        raise Conflict("This form was already sent, or changed in another window.")
    return after


async def left_open(tx: Tx, draft: Draft, since: datetime) -> str:
    """The id of the newest other draft of the same person and operation that was filled in and left; "" if none."""
    where = (
        drafts.c.team == draft.person.team,
        drafts.c.user == draft.person.user,
        drafts.c.state == "open",
        drafts.c.operation == draft.operation,
        drafts.c.updated_at >= since,
        drafts.c.id != draft.id,
        # Opening and showing a form makes two versions; more means that somebody typed.
        drafts.c.version > 3,
    )
    found = await tx.scalar(select(drafts.c.id).where(*where).order_by(drafts.c.updated_at.desc()).limit(1))
    return str(found or "")


async def forget(tx: Tx, before: datetime) -> int:
    """Delete drafts that nobody has touched since a moment. Returns how many."""
    return (await tx.execute(delete(drafts).where(drafts.c.updated_at < before))).rowcount
