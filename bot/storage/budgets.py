"""How many runs of a day start without anybody's approval: the budgets of rules.

A run counts on the day of its real start. One that is to come counts on the day for which it is planned.
"""

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


async def begun(tx: Tx, since: datetime, until: datetime, *, apart_from: str) -> dict[str, int]:
    """Count by rule the runs that start in a period: those that have begun, and those that a back end keeps and whose
    check has passed. ``apart_from`` is the id of a run that does not count."""
    starts = or_(_has_begun(since, until), _will_start_in_backend(since, until))
    return await _count(tx, and_(starts, runs.c.id != apart_from))


async def begun_or_planned(
    tx: Tx, since: datetime, until: datetime, now: datetime, *, apart_from: str = ""
) -> dict[str, int]:
    """Count by rule the runs that start in a period, with those that are to start in it. ``apart_from`` is the id of a
    request whose next runs do not count: it is about to be planned again."""
    may_start = or_(runs.c.latest_start.is_(None), runs.c.latest_start >= now)
    pending = and_(runs.c.state == "pending", _is_within(_planned_start(), since, until), may_start)
    placed = and_(runs.c.state == "scheduled_in_backend", _is_within(runs.c.starts_at, since, until))
    planned = and_(or_(pending, placed), requests.c.id != apart_from)
    return await _count(tx, or_(_has_begun(since, until), planned))


def _planned_start() -> ColumnElement[datetime]:
    """Return when a run is to start; one of no set time starts as soon as it is approved."""
    return func.coalesce(runs.c.due_at, runs.c.starts_at, requests.c.start_at, requests.c.approved_at)


def _has_begun(since: datetime, until: datetime) -> ColumnElement[bool]:
    being_started = and_(runs.c.state.in_(_BEING_STARTED), _is_within(_planned_start(), since, until))
    return or_(_is_within(runs.c.started_at, since, until), being_started)


def _will_start_in_backend(since: datetime, until: datetime) -> ColumnElement[bool]:
    has_passed = runs.c.start_check["state"].as_string() == "passed"
    return and_(runs.c.state == "scheduled_in_backend", has_passed, _is_within(runs.c.starts_at, since, until))


def _is_within(moment: ColumnElement[datetime], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(moment >= since, moment < until)


async def _count(tx: Tx, where: ColumnElement[bool]) -> dict[str, int]:
    statement = (
        select(_RULES, func.count().label("run_count"))
        .join(runs, runs.c.request_id == requests.c.id)
        .where(where, runs.c.number > 0, _BY_A_RULE)
        .group_by("rules")
    )
    counts: Counter[str] = Counter()
    for row in await tx.execute(statement):
        counts.update(dict.fromkeys(json.loads(str(row.rules)), int(row.run_count)))
    return dict(counts)
