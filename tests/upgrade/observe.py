"""Reads how far each request has got, straight from the database of the running bot."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from bot.storage import tables
from bot.storage.database import Database
from playground.slack import Message

WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Observer:
    """Knows the requests by what they stand for; ``names`` has their numbers."""

    db: Database
    names: Mapping[str, str]

    async def states(self) -> Mapping[str, str]:
        """The state of every request, by its name."""
        async with self.db.read() as tx:
            rows = await tx.execute(select(tables.requests.c.number, tables.requests.c.state))
            return {f"NS-{row.number}": row.state for row in rows}

    async def runs_of(self, name: str) -> Sequence[tuple[int, str]]:
        """The runs of a request: number and state."""
        query = (
            select(tables.runs.c.number, tables.runs.c.state)
            .join(tables.requests, tables.requests.c.id == tables.runs.c.request_id)
            .where(tables.requests.c.number == int(name.removeprefix("NS-")))
            .order_by(tables.runs.c.number)
        )
        async with self.db.read() as tx:
            return [(row.number, row.state) for row in await tx.execute(query)]

    async def plan_of(self, key: str) -> Any:
        """The plan of the only attempt of a request."""
        query = (
            select(tables.attempts.c.plan)
            .join(tables.runs, tables.runs.c.id == tables.attempts.c.run_id)
            .join(tables.requests, tables.requests.c.id == tables.runs.c.request_id)
            .where(tables.requests.c.number == int(self.names[key].removeprefix("NS-")))
        )
        async with self.db.read() as tx:
            return await tx.scalar(query)

    async def becomes(self, key: str, state: str, run: tuple[int, str] | None = None) -> None:
        """Wait until a request, and one of its runs, has a state."""
        name = self.names.get(key, key)
        for _ in range(int(WAIT_SECONDS / 0.05)):
            if (await self.states())[name] == state and (run is None or run in await self.runs_of(name)):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(
            f"{name} ({key}) is {(await self.states())[name]}, {await self.runs_of(name)}; not {state}"
        )

    async def nothing_is_due(self) -> None:
        """Wait until Slack has every message."""
        query = select(func.count()).select_from(tables.messages).where(tables.messages.c.state == "due")
        for _ in range(int(WAIT_SECONDS / 0.05)):
            async with self.db.read() as tx:
                if not await tx.scalar(query):
                    return
            await asyncio.sleep(0.05)
        raise AssertionError("some messages are still due")


def cards_by_name(messages: Sequence[Message], names: Mapping[str, str]) -> dict[str, Message]:
    """The card of each request in a channel."""
    return {
        name: message
        for name in names.values()
        for message in messages
        if f"{name} ·" in message.text and not message.thread_ts
    }
