"""What is not over: how much, and since when. For operators."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from bot.requests.lifecycle import FINAL_RUN_STATES, FINAL_STATES
from bot.storage.tables import messages, requests, runs
from bot.storage.transactions import Tx


@dataclass(frozen=True, slots=True)
class OpenWork:
    """Numbers of requests by state, of runs by back end and state, and of silent runs by back end.

    ``oldest`` is since when the oldest ``waiting`` request, ``due`` run and ``unsent`` message wait; None for none.
    """

    requests: Mapping[str, int]
    runs: Mapping[tuple[str, str], int]
    silent_runs: Mapping[str, int]
    oldest: Mapping[str, datetime | None]


async def read_open_work(tx: Tx, now: datetime) -> OpenWork:
    """Return what is not over."""
    going = runs.c.state.not_in(sorted(FINAL_RUN_STATES))
    waiting = requests.c.state.not_in(sorted(FINAL_STATES))
    by_state = select(requests.c.state, func.count()).where(waiting).group_by(requests.c.state)
    by_backend = select(runs.c.backend, runs.c.state, func.count()).where(going).group_by(runs.c.backend, runs.c.state)
    silent = select(runs.c.backend, func.count()).where(going, runs.c.silent_since.is_not(None))
    return OpenWork(
        requests={state: count for (state,), count in await _counts(tx, by_state)},
        runs={(backend, state): count for (backend, state), count in await _counts(tx, by_backend)},
        silent_runs={backend: count for (backend,), count in await _counts(tx, silent.group_by(runs.c.backend))},
        oldest={
            "waiting": await _first(
                tx,
                select(requests.c.created_at)
                .where(requests.c.state == "awaiting_approval")
                .order_by(requests.c.number),
            ),
            "due": await _first(
                tx,
                select(runs.c.due_at).where(runs.c.state == "pending", runs.c.due_at <= now).order_by(runs.c.due_at),
            ),
            "unsent": await _first(
                tx,
                select(messages.c.created_at)
                .where(messages.c.state == "due", messages.c.retry_at <= now)
                .order_by(messages.c.retry_at),
            ),
        },
    )


async def _counts(tx: Tx, query: Select[*tuple[object, ...]]) -> list[tuple[tuple[str, ...], int]]:
    found = []
    for *names, count in await tx.execute(query):
        assert isinstance(count, int)
        found.append((tuple(map(str, names)), count))
    return found


async def _first(tx: Tx, query: Select[*tuple[object, ...]]) -> datetime | None:
    first = await tx.scalar(query.limit(1))
    assert first is None or isinstance(first, datetime)
    return first
