"""What is behind the page, the same for every browser: the stage, the bot's process, the switches."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.commands.manifest import commands
from playground.page.process import BotProcess
from playground.page.switches import switches
from playground.slack import Change
from playground.stage import Stage

ASKED_IN = ZoneInfo("Europe/Berlin")
"""Where Alice is, whose times the suggestions are."""


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command that the app has."""

    name: str
    usage: str
    text: str


class Backstage:
    """``ready`` is True once the workspace is alive; ``trouble`` says why it will not be."""

    def __init__(self, on: Stage, directory: Path) -> None:
        self.on = on
        self.bot = BotProcess(on.environment, directory / "bot.log", self.changed)
        self.switches = switches(on)
        self.commands = [Command(name, usage, about) for name, about, usage in commands()]
        self.ready = False
        self.trouble = ""
        self._listeners: list[Callable[[], None]] = []
        on.slack.subscribe(self._noticed)

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back when something behind the page changes; the returned function ends it."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    def changed(self) -> None:
        """Tell every browser."""
        for callback in tuple(self._listeners):
            callback()

    def turn(self, owner: str, name: str) -> None:
        """Turn a switch over."""
        switch = next(s for s in self.switches[owner] if s.key == name)
        switch.turn(not switch.is_on())
        self.changed()

    def move_clock(self, to: str) -> None:
        """Move on by ``1h`` or ``1d``, or to the next time of day such as ``21:00`` where work is asked for."""
        if to in ("1h", "1d"):
            self.on.clock.forward(timedelta(hours=1) if to == "1h" else timedelta(days=1))
        else:
            now = self.on.clock.now().astimezone(ASKED_IN)
            hour, minute = map(int, to.split(":"))
            then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            self.on.clock.jump_to(then if then > now else then + timedelta(days=1))
        self.changed()

    def _noticed(self, change: Change) -> None:
        if change.kind == "socket":
            if change.what:
                self.bot.connected()
            self.changed()
        elif change.kind == "fault":
            self.changed()
