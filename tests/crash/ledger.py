"""What happened, told from the outside: the back end's own ledger and Slack's messages, against the database."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.requests.lifecycle import FINAL, WORDS
from bot.storage.database import normal_url
from bot.storage.tables import attempts, messages, requests, runs
from playground.slack.model import Message
from playground.stage import Stage
from tests.crash.crowd import Crowd

SETTLED = (*sorted(FINAL), "unknown")
_JOBS = "/api/job_invocations"


@dataclass(slots=True)
class Tally:
    """The count. Every list is a list of faults, in words; ``unknown`` and ``cards_twice`` are only counted."""

    requests: int = 0
    states: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    unknown: int = 0
    looked_up: int = 0
    """Runs that were found in the back end although their answer was lost."""
    cards_twice: int = 0

    @property
    def faults(self) -> list[str]:
        return [*self.lost, *self.twice, *self.untrue, *self.unfinished]

    def line(self) -> str:
        """One line for a report."""
        return (
            f"{self.requests} requests {self.states}, {self.calls} calls; lost {len(self.lost)}, "
            f"twice {len(self.twice)}, untrue cards {len(self.untrue)}, unfinished {len(self.unfinished)}, "
            f"unknown {self.unknown}, messages shown twice {self.cards_twice}"
        )


class Ledger:
    """Reads the bot's database from the outside, and everything else where it is."""

    def __init__(self, on: Stage, database_url: str) -> None:
        self.on = on
        url = make_url(normal_url(database_url))
        self.path = url.database if url.drivername.startswith("sqlite") else ""
        self._engine = create_engine(url, pool_pre_ping=True)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def states(self) -> Counter[str]:
        """How many requests are in each state."""
        with self.read() as tx:
            rows = tx.execute(select(requests.c.state, func.count()).group_by(requests.c.state))
            return Counter({row[0]: row[1] for row in rows})

    def waiting(self) -> tuple[int, int]:
        """How many requests are not settled, and how many messages Slack has yet to get."""
        with self.read() as tx:
            open_ = tx.scalar(select(func.count()).where(requests.c.state.not_in(SETTLED))) or 0
            due = tx.scalar(select(func.count()).where(messages.c.state == "due")) or 0
        return int(open_), int(due)

    async def settled(self) -> bool:
        """Whether everything has come to its end and Slack shows it."""
        try:
            return await asyncio.to_thread(self.waiting) == (0, 0)
        except SQLAlchemyError:
            return False

    def tally(self, crowd: Crowd) -> Tally:
        """Hold everything against everything else."""
        with self.read() as tx:
            rows = tx.execute(select(requests)).all()
            tried = tx.execute(select(attempts.c.token, attempts.c.state, runs.c.request_id).join(runs)).all()
            shown = tx.execute(select(messages)).all()
            due = tx.execute(select(messages.c.kind, messages.c.problem).where(messages.c.state == "due")).all()
        tally = Tally(requests=len(rows), states=dict(Counter(row.state for row in rows)))
        by_number = {row.number: row for row in rows}
        for number, reason in sorted(crowd.confirmed.items()):
            row = by_number.get(number)
            if row is None or row.record["reason"] != reason:
                tally.lost.append(f"NS-{number} was confirmed to its requester and is not there")
        self._calls(tally, tried, {row.id: row for row in rows})
        self._cards(tally, shown, {row.id: row for row in rows})
        tally.unknown = tally.states.get("unknown", 0)
        tally.unfinished += [f"NS-{row.number} is still {row.state}" for row in rows if row.state not in SETTLED]
        tally.unfinished += [f"a message ({row.kind}) is still due: {row.problem}" for row in due]
        return tally

    def _calls(self, tally: Tally, tried: Sequence[Any], by_id: Mapping[str, Any]) -> None:
        posted = [r for r in self.on.foreman.received("POST", _JOBS) if isinstance(r.body, dict)]
        bodies = [str(r.body) for r in posted]
        made = [job.description for job in self.on.foreman.invocations]
        tally.calls = len(bodies)
        for token, state, request_id in tried:
            arrived, exist = sum(token in body for body in bodies), sum(token in text for text in made)
            if max(arrived, exist) > 1:
                tally.twice.append(f"{token} arrived {arrived} times and made {exist} jobs")
            row = by_id[request_id]
            if state == "answered" and not exist:
                tally.lost.append(f"NS-{row.number} counts as started, but the back end has nothing of it")
            if state == "refused" and exist:
                tally.untrue.append(f"NS-{row.number} counts as refused, although the back end has it")
            if state == "unknown" and exist:
                # Shown to people as unknown, which is true as far as the bot can tell; but it should have been found.
                tally.untrue.append(f"NS-{row.number} is unknown, although the back end has it")
        started = Counter(request_id for token, _, request_id in tried if any(token in text for text in made))
        for request_id, count in started.items():
            if count > 1:
                tally.twice.append(f"NS-{by_id[request_id].number} has {count} jobs")

    def _cards(self, tally: Tally, shown: Sequence[Any], by_id: Mapping[str, Any]) -> None:
        posts: dict[str, list[Message]] = {}
        for message in self.on.slack.state.posts:
            if message.metadata:
                posts.setdefault(str(message.metadata["event_payload"].get("id")), []).append(message)
        tally.cards_twice = sum(len(found) - 1 for found in posts.values())
        for row in shown:
            if row.kind not in ("approval", "receipt", "outcome") or row.state == "dead":
                continue
            request = by_id[row.request_id]
            found = next((m for m in posts.get(row.id, []) if m.ts == row.ts), None)
            if found is None:
                tally.untrue.append(f"NS-{request.number}: its {row.kind} is not in Slack")
            elif row.kind != "outcome" and WORDS[request.state] not in found.text:
                tally.untrue.append(
                    f"NS-{request.number}: its {row.kind} does not say {WORDS[request.state]!r} "
                    f"(wanted {row.wanted}, shown {row.shown}): {found.text[-300:]!r}"
                )
        carded = {row.request_id for row in shown if row.kind == "approval"}
        tally.untrue += [f"NS-{row.number} has no card" for row in by_id.values() if row.id not in carded]
