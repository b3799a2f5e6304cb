"""Finds the starts that come soon and that nobody was told of."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, exists, func, or_, select

from bot.storage.tables import messages, requests, runs
from bot.storage.transactions import Tx
from bot.values import FrozenModel


class ComingStart(FrozenModel):
    """A start that comes soon."""

    request_id: str
    run_id: str
    starts_at: datetime


_NOW, _UNTIL = (bindparam(name, type_=runs.c.due_at.type) for name in ("now", "until"))
_STARTS_AT = func.coalesce(runs.c.starts_at, runs.c.due_at, type_=runs.c.due_at.type)
_COMES_SOON = or_(
    and_(runs.c.state == "pending", runs.c.due_at > _NOW, runs.c.due_at <= _UNTIL),
    and_(runs.c.state == "scheduled_in_backend", runs.c.starts_at > _NOW, runs.c.starts_at <= _UNTIL),
)
_TOLD = exists().where(
    messages.c.request_id == runs.c.request_id, messages.c.run_id == runs.c.id, messages.c.kind == "note"
)
_UNTOLD = (
    select(runs.c.request_id, runs.c.id, _STARTS_AT.label("starts_at"), requests.c.approved_at)
    .join(requests, requests.c.id == runs.c.request_id)
    .where(
        _COMES_SOON,
        runs.c.number > 0,
        requests.c.state == "scheduled",
        requests.c.approved_at.is_not(None),
        ~_TOLD,
    )
    .limit(1000)
)


async def untold_starts(tx: Tx, now: datetime, ahead: timedelta, min_wait: timedelta) -> Sequence[ComingStart]:
    """Return the starts of approved requests within ``ahead`` that come at least ``min_wait`` after the approval, and
    that nobody was told of."""
    rows = (await tx.execute(_UNTOLD, {"now": now, "until": now + ahead})).all()
    return [
        ComingStart.model_validate({"request_id": request_id, "run_id": run_id, "starts_at": starts_at})
        for request_id, run_id, starts_at, approved_at in rows
        if isinstance(starts_at, datetime) and isinstance(approved_at, datetime) and starts_at - approved_at >= min_wait
    ]
