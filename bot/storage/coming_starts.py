"""Finds the starts that come soon and that nobody was told of."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, select

from bot.storage.tables import messages, requests, runs
from bot.storage.transactions import Tx
from bot.values import FrozenModel


class ComingStart(FrozenModel):
    """A start that comes soon."""

    request_id: str
    run_id: str
    starts_at: datetime


_STARTS_AT = func.coalesce(runs.c.due_at, runs.c.starts_at, type_=runs.c.due_at.type)
_TOLD = exists().where(
    messages.c.request_id == runs.c.request_id, messages.c.run_id == runs.c.id, messages.c.kind == "note"
)
_UNTOLD = (
    select(runs.c.request_id, runs.c.id, _STARTS_AT.label("starts_at"))
    .join(requests, requests.c.id == runs.c.request_id)
    .where(
        runs.c.state.in_(("pending", "scheduled_in_backend")),
        runs.c.number > 0,
        requests.c.state == "scheduled",
        bindparam("now", type_=runs.c.due_at.type) < _STARTS_AT,
        bindparam("until", type_=runs.c.due_at.type) >= _STARTS_AT,
        requests.c.approved_at.is_not(None),
        ~_TOLD,
    )
    .limit(100)
)


async def untold_starts(tx: Tx, now: datetime, ahead: timedelta, min_wait: timedelta) -> Sequence[ComingStart]:
    """Return the starts of approved requests within ``ahead`` that come at least ``min_wait`` after the approval, and
    that nobody was told of."""
    query = _UNTOLD.add_columns(requests.c.approved_at)
    rows = (await tx.execute(query, {"now": now, "until": now + ahead})).all()
    return [
        ComingStart.model_validate({"request_id": request_id, "run_id": run_id, "starts_at": starts_at})
        for request_id, run_id, starts_at, approved_at in rows
        if isinstance(starts_at, datetime) and isinstance(approved_at, datetime) and starts_at - approved_at >= min_wait
    ]
