"""State behind the page that all browsers share: the environment, the bot's process, the switches."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.commands.manifest import command_table
from playground.environment import Environment
from playground.page.state.bot_process import BotProcess
from playground.page.state.fault_switches import fault_switches
from playground.slack import Change

REQUEST_ZONE = ZoneInfo("Europe/Berlin")
"""Alice's zone; the suggestions are for her times."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A slash command that the app has."""

    name: str
    usage: str
    text: str


class PlaygroundSession:
    """``ready`` is True once the workspace is filled; ``startup_error`` says why it cannot be."""

    def __init__(self, env: Environment, directory: Path) -> None:
        self.env = env
        self.bot = BotProcess(env.env_vars, directory / "bot.log", self.notify)
        self.switches = fault_switches(env)
        self.commands = [SlashCommand(name, usage, about) for name, about, usage in command_table()]
        self.ready = False
        self.startup_error = ""
        self._listeners: list[Callable[[], None]] = []
        env.slack.subscribe(self._on_change)

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when something behind the page changes; the returned function ends it."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def notify(self) -> None:
        """Tell every browser."""
        for callback in tuple(self._listeners):
            callback()

    def toggle_fault(self, group: str, name: str) -> None:
        """Toggle a switch."""
        switch = next(s for s in self.switches[group] if s.key == name)
        switch.set(not switch.is_on())
        self.notify()

    def move_clock(self, to: str) -> None:
        """Advance by ``1h`` or ``1d``, or to the next time of day such as ``21:00`` in Alice's zone."""
        if to in ("1h", "1d"):
            self.env.clock.advance(timedelta(hours=1) if to == "1h" else timedelta(days=1))
        else:
            now = self.env.clock.now().astimezone(REQUEST_ZONE)
            hour, minute = map(int, to.split(":"))
            then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            self.env.clock.move_to(then if then > now else then + timedelta(days=1))
        self.notify()

    def _on_change(self, change: Change) -> None:
        if change.kind == "socket":
            if change.subject:
                self.bot.mark_connected()
            self.notify()
        elif change.kind == "fault":
            self.notify()
