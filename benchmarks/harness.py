"""The benchmark harness: the local Slack and the sandboxes here, the bot in a process of its own."""

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playground.environment import Environment, run_environment
from playground.slack.client import Person
from playground.slack.elements import Json
from playground.slack.model import Message
from playground.slack.transport import payloads
from playground.slack.transport.delivery import HttpTransport, Kind
from tests.crash.load import LoadGenerator
from tests.crash.process import BotProcess, kill_on_exit
from tests.crash.verifier import Verifier

_TICKS = os.sysconf("SC_CLK_TCK")
PRODUCTION_TIMING = {
    # The bot's defaults, not the short intervals of the crash suite.
    "NIGHTSHIFT_TIMING__SLACK_PACE": "1",
    "NIGHTSHIFT_TIMING__WATCH_SECONDS": "5",
    "NIGHTSHIFT_TIMING__TIMEKEEPER_SECONDS": "1",
    "NIGHTSHIFT_TIMING__CARD_SECONDS": "2",
}


@dataclass(slots=True)
class Harness:
    """A ready bot and the means to measure it."""

    env: Environment
    bot: BotProcess
    load: LoadGenerator
    verifier: Verifier
    transport: HttpTransport

    @property
    def database(self) -> Path:
        return Path(self.verifier.path)

    @property
    def alice(self) -> Person:
        return self.env.slack.person("alice")

    @property
    def bob(self) -> Person:
        return self.env.slack.person("bob")

    def memory_mb(self) -> float:
        """Resident memory of the bot, in MB."""
        for line in Path(f"/proc/{self.bot.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu_seconds(self) -> float:
        """Processor time that the bot has used."""
        fields = Path(f"/proc/{self.bot.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    async def cpu_percent(self, seconds: float) -> float:
        """The bot's share of one core over some seconds, in percent."""
        before, began = self.cpu_seconds(), time.monotonic()
        await asyncio.sleep(seconds)
        return 100 * (self.cpu_seconds() - before) / (time.monotonic() - began)

    async def make_request(self, *, approve: bool = False) -> Message:
        """Make a request through the form, approved and finished with ``approve``. Returns its approval card."""
        person = self.load.requesters[0]
        before = len(self.load.confirmed)
        for _ in range(5):
            await self.load.make_request(person, "a benchmark")
            if len(self.load.confirmed) > before:
                break
        number = max(self.load.confirmed)
        approver = self.load.approvers[0]
        card = await approver.wait_for(f"NS-{number}", where="#approvals", timeout=20)
        if approve:
            await self.load.approve(approver, card)
            await self.env.slack.wait_until(lambda: "Done" in card.text, 40)
        return card

    def command_payload(self, name: str, text: str) -> tuple[Kind, Json]:
        state = self.env.slack.workspace
        return "slash_commands", payloads.command(state, self.bob.user, state.channel_by_name("#ops"), name, text)

    def click_payload(self, card: Message, label: str) -> tuple[Kind, Json]:
        """A press of a button of a card."""
        surface = self.bob.surface_of(card)
        element = next(e for e in surface.elements if e.label == label)
        return self.button_payload(card, element.json["action_id"], element.json.get("value", ""), element.key[0])

    def button_payload(self, card: Message, action_id: str, value: str, block_id: str) -> tuple[Kind, Json]:
        action = {"type": "button", "action_id": action_id, "value": value, "block_id": block_id, "action_ts": "1.0"}
        return "interactive", payloads.block_actions(self.env.slack.workspace, self.bob.user, card, action)

    def execute(self, script: str, *values: Any) -> None:
        """Change the database directly, in one transaction."""
        with closing(sqlite3.connect(self.database, timeout=60)) as connection, connection:
            connection.execute(script, values)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, timeout=60)) as connection:
            return connection.execute(query, values).fetchall()


@asynccontextmanager
async def run_harness(
    *, hosts: int = 40, prepare: Callable[[Environment], None] | None = None, **environment: str
) -> AsyncIterator[Harness]:
    """Start the bot in a new environment until the block ends. ``prepare`` changes the environment before."""
    with tempfile.TemporaryDirectory(prefix="nightshift-bench-") as name:
        directory = Path(name)
        async with run_environment(directory, hosts=hosts) as env:
            if prepare is not None:
                prepare(env)
            load = LoadGenerator(env, requesters=2)
            # The movable clock of the playground reads a file at each call.
            real = {name: value for name, value in env.env_vars.items() if name != "NIGHTSHIFT_CLOCK_FILE"}
            bot = BotProcess({**real, **PRODUCTION_TIMING, **environment}, directory / "bot.log")
            verifier = Verifier(env, f"sqlite:///{directory / 'data' / 'nightshift.sqlite'}")
            transport = HttpTransport([bot.url], env.slack.signing_secret)
            async with kill_on_exit(bot):
                await bot.start()
                await env.slack.use_http(bot.url)
                try:
                    yield Harness(env, bot, load, verifier, transport)
                finally:
                    await transport.close()
                    verifier.close()
