"""Where the bot is measured: the local Slack and the sandboxes here, the bot in a process of its own."""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playground.slack import payloads
from playground.slack.delivery import HttpTransport, Kind
from playground.slack.elements import Json
from playground.slack.model import Message
from playground.slack.people import Person
from playground.stage import Stage, stage
from tests.crash.crowd import Crowd
from tests.crash.ledger import Ledger
from tests.crash.process import BotProcess, ending

_TICKS = os.sysconf("SC_CLK_TCK")
CALM = {
    # The bot's own defaults, not the quick ones of the crash suite.
    "NIGHTSHIFT_TIMING__SLACK_PACE": "1",
    "NIGHTSHIFT_TIMING__WATCH_SECONDS": "5",
    "NIGHTSHIFT_TIMING__TIMEKEEPER_SECONDS": "1",
    "NIGHTSHIFT_TIMING__CARD_SECONDS": "2",
}


@dataclass(slots=True)
class Hall:
    """The bot, ready, and what it takes to measure it."""

    on: Stage
    bot: BotProcess
    crowd: Crowd
    ledger: Ledger
    transport: HttpTransport

    @property
    def database(self) -> Path:
        return Path(self.ledger.path)

    @property
    def alice(self) -> Person:
        return self.on.slack.person("alice")

    @property
    def bob(self) -> Person:
        return self.on.slack.person("bob")

    def resident(self) -> float:
        """Resident memory of the bot, in MB."""
        for line in Path(f"/proc/{self.bot.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def processor_seconds(self) -> float:
        """Processor time that the bot has used."""
        fields = Path(f"/proc/{self.bot.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    async def processor_share(self, seconds: float) -> float:
        """The share of one core that the bot takes over so many seconds, in percent."""
        before, began = self.processor_seconds(), time.monotonic()
        await asyncio.sleep(seconds)
        return 100 * (self.processor_seconds() - before) / (time.monotonic() - began)

    async def request(self, *, approve: bool = False) -> Message:
        """One request, asked for through the form; its approval card, decided and done if so wanted."""
        person = self.crowd.requesters[0]
        before = len(self.crowd.confirmed)
        for _ in range(5):
            await self.crowd.ask(person, "a benchmark")
            if len(self.crowd.confirmed) > before:
                break
        number = max(self.crowd.confirmed)
        approver = self.crowd.approvers[0]
        card = await approver.wait_for(f"NS-{number}", where="#approvals", timeout=20)
        if approve:
            await self.crowd.approve(approver, card)
            await self.on.slack.until(lambda: "Succeeded" in card.text, 40)
        return card

    def command(self, name: str, text: str) -> tuple[Kind, Json]:
        state = self.on.slack.state
        return "slash_commands", payloads.command(state, self.bob.user, state.channel_named("#ops"), name, text)

    def click(self, card: Message, label: str) -> tuple[Kind, Json]:
        """A press of a button of a card."""
        surface = self.bob.look(card)
        element = next(e for e in surface.elements if e.label == label)
        return self.act(card, element.spec["action_id"], element.spec.get("value", ""), element.key[0])

    def act(self, card: Message, action_id: str, value: str, block_id: str) -> tuple[Kind, Json]:
        action = {"type": "button", "action_id": action_id, "value": value, "block_id": block_id, "action_ts": "1.0"}
        return "interactive", payloads.block_actions(self.on.slack.state, self.bob.user, card, action)

    def sql(self, script: str, *values: Any) -> None:
        """Change the database behind the bot's back, in one transaction."""
        with closing(sqlite3.connect(self.database, timeout=60)) as connection, connection:
            connection.execute(script, values)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, timeout=60)) as connection:
            return connection.execute(query, values).fetchall()


@asynccontextmanager
async def hall(*, hosts: int = 40, **environment: str) -> AsyncIterator[Hall]:
    """Set everything up and start the bot; it is all gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="nightshift-bench-") as name:
        directory = Path(name)
        async with stage(directory, hosts=hosts) as on:
            crowd = Crowd(on, requesters=2)
            # The clock that a playground can move is read from a file, each time anew.
            real = {name: value for name, value in on.environment.items() if name != "NIGHTSHIFT_CLOCK_FILE"}
            bot = BotProcess({**real, **CALM, **environment}, directory / "bot.log")
            ledger = Ledger(on, f"sqlite:///{directory / 'data' / 'nightshift.sqlite'}")
            transport = HttpTransport([bot.url], on.slack.signing_secret)
            async with ending(bot):
                await bot.start()
                await on.slack.deliver_to(bot.url)
                try:
                    yield Hall(on, bot, crowd, ledger, transport)
                finally:
                    await transport.close()
                    ledger.close()
