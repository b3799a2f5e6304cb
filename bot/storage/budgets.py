"""How much rules have approved by themselves: the budgets of a day."""

import json
from collections import Counter
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from bot.storage.tables import requests, runs
from bot.storage.transactions import Tx

_REQUIREMENT = requests.c.record["requirement"]
_RULES = _REQUIREMENT["rules"].as_string().label("rules")
_BY_A_RULE = _REQUIREMENT["effect"].as_string() == "approve"
_BEING_STARTED = ("starting", "unknown")


async def used_since(tx: Tx, since: datetime, *, apart_from: str = "") -> dict[str, int]:
    """Count by rule what it has approved by itself since a moment.

    Each run counts, and an approval counts for the first of them if none has started yet. ``apart_from`` is the id of a
    run that does not count.
    """
    approved = select(requests.c.id, _RULES).where(requests.c.approved_at >= since, _BY_A_RULE)
    started = (
        select(requests.c.id, _RULES, func.count().label("run_count"))
        .join(runs, runs.c.request_id == requests.c.id)
        .where(_has_begun(since), runs.c.number > 0, runs.c.id != apart_from, _BY_A_RULE)
        .group_by(requests.c.id, "rules")
    )
    uses = {str(row.id): (str(row.rules), 1) for row in await tx.execute(approved)}
    uses |= {str(row.id): (str(row.rules), int(row.run_count)) for row in await tx.execute(started)}
    counts: Counter[str] = Counter()
    for rules, use_count in uses.values():
        counts.update(dict.fromkeys(json.loads(rules), use_count))
    return dict(counts)


def _has_begun(since: datetime) -> ColumnElement[bool]:
    """Whether a run has started since a moment, or is being started."""
    being_started = and_(runs.c.state.in_(_BEING_STARTED), runs.c.due_at >= since)
    return or_(runs.c.started_at >= since, being_started)
