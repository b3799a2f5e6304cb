"""The bot as a process of its own, as in production, to be killed, frozen and stopped."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import gettempdir

import aiohttp

READY_SECONDS = 60.0
FAST_TIMING = {
    # The suites wait for the bot, so its own intervals are short; the local Slack limits no rate.
    "NIGHTSHIFT_TIMING__SLACK_PACE": "1000",
    "NIGHTSHIFT_TIMING__CARD_SECONDS": "0.1",
    "NIGHTSHIFT_TIMING__FIND_SECONDS": "3",
}


class BotProcess:
    """One ``nightshift serve`` process. It keeps its port over restarts, as behind a load balancer."""

    def __init__(self, env_vars: Mapping[str, str], log: Path, *, node: str = "", code_dir: Path | None = None) -> None:
        """``code_dir`` is the checkout to run, by default the one under test."""
        self.port = free_port()
        self.exit_seconds = 0.0
        named = {"NIGHTSHIFT_NODE": node} if node else {}
        self._env_vars = {**os.environ, **_bytecode_env(), **FAST_TIMING, **env_vars, **named}
        self._code_dir = code_dir or Path(__file__).parents[2]
        self._log = log
        self.node = node
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where Slack's requests go."""
        return f"http://127.0.0.1:{self.port}/slack/events"

    @property
    def log_path(self) -> Path:
        return self._log

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.returncode if self._process else None

    async def start(self, *options: str, ready: bool = True, **environment: str) -> None:
        """Start it; ``options`` replace ``--http PORT``. Raises RuntimeError if it ends before it is ready."""
        options = options or ("--http", f"127.0.0.1:{self.port}")
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                "from bot.cli import main; main()",
                "serve",
                *options,
                env={**self._env_vars, "PYTHONPATH": str(self._code_dir), **environment},
                cwd=self._code_dir,
                stdout=log,
                stderr=log,
            )
        if ready and "--http" in options:
            await self.wait_ready()

    async def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until it takes requests."""
        if not await wait_ready(self.port, seconds, lambda: self.running):
            raise RuntimeError(f"the bot ended with {self.exit_code} before it was ready:\n{self.log_tail()}")

    async def wait_for_log(self, text: str, seconds: float = READY_SECONDS) -> None:
        """Wait until it has written something to its log. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not self.log_contains(text):
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """Kill it, as a power loss would."""
        if self.running and self._process is not None:
            self._process.kill()
            await self._process.wait()

    async def stop(self, seconds: float = 30.0) -> int:
        """Ask it to stop (SIGTERM) and wait; returns its exit code. Raises TimeoutError."""
        if self._process is None:
            return 0
        if self.running:
            began = asyncio.get_running_loop().time()
            self._process.terminate()
            async with asyncio.timeout(seconds):
                await self._process.wait()
            self.exit_seconds = asyncio.get_running_loop().time() - began
        return self._process.returncode or 0

    async def wait_ended(self, seconds: float = READY_SECONDS) -> int:
        """Wait for it to end by itself; returns its exit code. Raises TimeoutError."""
        if self._process is None:
            return 0
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    def freeze(self) -> None:
        """Suspend it with SIGSTOP."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:]) if self._log.exists() else ""

    def log_contains(self, text: str) -> bool:
        return self._log.exists() and text in self._log.read_text(errors="replace")


def _bytecode_env() -> dict[str, str]:
    """Keep compiled modules elsewhere if the environment forbids them beside their sources; a start would mostly
    measure the compiler otherwise."""
    if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(gettempdir()) / "nightshift-pycache")}


@asynccontextmanager
async def kill_on_exit(*bots: BotProcess) -> AsyncIterator[None]:
    """Kill processes when the block ends."""
    async with AsyncExitStack() as stack:
        for bot in bots:
            stack.push_async_callback(bot.kill)
        yield


async def wait_ready(port: int, seconds: float = READY_SECONDS, running: Callable[[], bool] = lambda: True) -> bool:
    """Wait until a server says that it is ready; False where it ended. Raises TimeoutError."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(seconds):
        while running():
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return True
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)
    return False


def free_port() -> int:
    """A port that is free at present."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
