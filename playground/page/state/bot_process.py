"""The bot as a process of its own, which can be killed and started again."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

State = Literal["stopped", "starting", "running", "killed", "ended"]

# The bot ends when the playground does, however that ends: its standard input is a pipe that closes then.
_MAIN = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(1)), daemon=True).start()
from bot.cli import main
main()
"""
_OWN_PREFIXES = ("NIGHTSHIFT_", "SLACK_")


class BotProcess:
    """Runs ``nightshift serve --socket``. ``on_change`` is called when its state changes; it logs to ``log``."""

    def __init__(self, env_vars: Mapping[str, str], log: Path, on_change: Callable[[], None]) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_PREFIXES)}
        self._env_vars = {**inherited, **env_vars}
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._waiter: asyncio.Task[None] | None = None
        self.log = log
        self.state: State = "stopped"
        self.starts = 0

    @property
    def pid(self) -> int:
        """Its process id; 0 while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def start(self) -> None:
        """Start it, unless it runs."""
        if self.pid:
            return
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _MAIN, "serve", "--socket",
                stdin=asyncio.subprocess.PIPE, stdout=log, stderr=log, env=self._env_vars,
            )  # fmt: skip
        self.starts += 1
        self._set_state("starting")
        self._waiter = asyncio.create_task(self._wait(self._process))

    async def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        if self._process is not None and self.pid:
            self._set_state("killed")
            self._process.kill()
            await self._process.wait()

    def mark_connected(self) -> None:
        """Note that it has connected."""
        if self.state == "starting":
            self._set_state("running")

    async def _wait(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        if self.state in ("starting", "running"):
            self._set_state("ended")

    def _set_state(self, state: State) -> None:
        self.state = state
        self._on_change()
