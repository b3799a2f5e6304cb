"""Verifies a scene from outside: the back end's requests and Slack's messages against the database."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.requests.lifecycle import FINAL_STATES, STATE_LABELS
from bot.storage.tables import attempts, messages, requests, runs
from bot.storage.urls import normalize_url
from playground.environment import Environment
from playground.slack.model import Message
from tests.crash.load import LoadGenerator

SETTLED_STATES = (*sorted(FINAL_STATES), "unknown")
_JOBS = "/api/job_invocations"


@dataclass(slots=True)
class Verification:
    """The result. Every list has failures in words; ``unknown`` and ``duplicate_messages`` are only counted."""

    requests: int = 0
    states: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    lost: list[str] = field(default_factory=list)
    duplicate_runs: list[str] = field(default_factory=list)
    mismatches: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    unknown: int = 0
    looked_up: int = 0
    """Runs that were found in the back end although their answer was lost."""
    duplicate_messages: int = 0

    @property
    def failures(self) -> list[str]:
        return [*self.lost, *self.duplicate_runs, *self.mismatches, *self.unfinished]

    def summary(self) -> str:
        """One line for a report."""
        return (
            f"{self.requests} requests {self.states}, {self.calls} calls; lost {len(self.lost)}, "
            f"twice {len(self.duplicate_runs)}, untrue cards {len(self.mismatches)}, unfinished "
            f"{len(self.unfinished)}, "
            f"unknown {self.unknown}, messages shown twice {self.duplicate_messages}"
        )


class Verifier:
    """Reads the bot's database, the sandboxes and Slack."""

    def __init__(self, env: Environment, database_url: str) -> None:
        self.env = env
        url = make_url(normalize_url(database_url))
        self.path = url.database if url.drivername.startswith("sqlite") else ""
        self._engine = create_engine(url, pool_pre_ping=True)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def states(self) -> Counter[str]:
        """The number of requests in each state."""
        with self.read() as tx:
            rows = tx.execute(select(requests.c.state, func.count()).group_by(requests.c.state))
            return Counter({row[0]: row[1] for row in rows})

    def open_counts(self) -> tuple[int, int]:
        """The number of unsettled requests, and of messages that are not yet sent."""
        with self.read() as tx:
            open_ = tx.scalar(select(func.count()).where(requests.c.state.not_in(SETTLED_STATES))) or 0
            due = tx.scalar(select(func.count()).where(messages.c.state == "due")) or 0
        return int(open_), int(due)

    async def is_settled(self) -> bool:
        """Whether all work is settled and Slack shows it."""
        try:
            return await asyncio.to_thread(self.open_counts) == (0, 0)
        except SQLAlchemyError:
            return False

    def verify(self, load: LoadGenerator) -> Verification:
        """Compare the database with the back end and Slack."""
        with self.read() as tx:
            rows = tx.execute(select(requests)).all()
            tried = tx.execute(select(attempts.c.token, attempts.c.state, runs.c.request_id).join(runs)).all()
            shown = tx.execute(select(messages)).all()
            due = tx.execute(select(messages.c.kind, messages.c.problem).where(messages.c.state == "due")).all()
        tally = Verification(requests=len(rows), states=dict(Counter(row.state for row in rows)))
        by_number = {row.number: row for row in rows}
        for number, reason in sorted(load.confirmed.items()):
            row = by_number.get(number)
            if row is None or row.record["reason"] != reason:
                tally.lost.append(f"NS-{number} was confirmed to its requester and is not there")
        self._check_calls(tally, tried, {row.id: row for row in rows})
        self._check_cards(tally, shown, {row.id: row for row in rows})
        tally.unknown = tally.states.get("unknown", 0)
        tally.unfinished += [f"NS-{row.number} is still {row.state}" for row in rows if row.state not in SETTLED_STATES]
        tally.unfinished += [f"a message ({row.kind}) is still due: {row.problem}" for row in due]
        return tally

    def _check_calls(self, tally: Verification, attempt_rows: Sequence[Any], by_id: Mapping[str, Any]) -> None:
        posted = [r for r in self.env.foreman.requests_to("POST", _JOBS) if isinstance(r.body, dict)]
        bodies = [str(r.body) for r in posted]
        made = [job.description for job in self.env.foreman.invocations]
        tally.calls = len(bodies)
        for token, state, request_id in attempt_rows:
            arrived, exist = sum(token in body for body in bodies), sum(token in text for text in made)
            if max(arrived, exist) > 1:
                tally.duplicate_runs.append(f"{token} arrived {arrived} times and made {exist} jobs")
            row = by_id[request_id]
            if state == "answered" and not exist:
                tally.lost.append(f"NS-{row.number} counts as started, but the back end has nothing of it")
            if state == "refused" and exist:
                tally.mismatches.append(f"NS-{row.number} counts as refused, although the back end has it")
            if state == "unknown" and exist:
                # The card says unknown, which is correct, but the lookup should have found it.
                tally.mismatches.append(f"NS-{row.number} is unknown, although the back end has it")
        started = Counter(request_id for token, _, request_id in attempt_rows if any(token in text for text in made))
        for request_id, count in started.items():
            if count > 1:
                tally.duplicate_runs.append(f"NS-{by_id[request_id].number} has {count} jobs")

    def _check_cards(self, tally: Verification, message_rows: Sequence[Any], by_id: Mapping[str, Any]) -> None:
        posts: dict[str, list[Message]] = {}
        for message in self.env.slack.workspace.posts:
            if message.metadata:
                posts.setdefault(str(message.metadata["event_payload"].get("id")), []).append(message)
        tally.duplicate_messages = sum(len(found) - 1 for found in posts.values())
        for row in message_rows:
            if row.kind not in ("approval", "receipt", "outcome") or row.state == "undeliverable":
                continue
            request = by_id[row.request_id]
            found = next((m for m in posts.get(row.id, []) if m.ts == row.ts), None)
            if found is None:
                tally.mismatches.append(f"NS-{request.number}: its {row.kind} is not in Slack")
            elif row.kind != "outcome" and STATE_LABELS[request.state] not in found.text:
                tally.mismatches.append(
                    f"NS-{request.number}: its {row.kind} does not say {STATE_LABELS[request.state]!r} "
                    f"(wanted {row.desired_version}, shown {row.shown_version}): {found.text[-300:]!r}"
                )
        carded = {row.request_id for row in message_rows if row.kind == "approval"}
        tally.mismatches += [f"NS-{row.number} has no card" for row in by_id.values() if row.id not in carded]
