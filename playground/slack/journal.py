"""The journal: each exchange between Slack and the bot, kept in memory and, if asked, as JSON lines in a file."""

import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TextIO


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer.

    ``direction`` is who asked: ``to_bot`` (commands, interactivity, events) or ``from_bot`` (Web API, response_url,
    uploads). ``kind`` is ``slash_commands``, ``interactive``, ``events_api``, ``api``, ``response_url``, ``upload``,
    ``socket``, or ``answer`` for an acknowledgement that Slack could not use. ``name`` is the command, action, event
    or method; ``ms`` the time to the answer; ``error`` what went wrong, empty when nothing did, with Slack's details
    in ``messages``. ``at`` is ISO 8601 by the workspace's clock.
    """

    at: str
    direction: Literal["to_bot", "from_bot"]
    kind: str
    name: str
    payload: Any
    answer: Any
    ms: float
    error: str = ""
    user: str = ""
    attempt: int = 0
    messages: tuple[str, ...] = ()


class Journal:
    """Keeps the last ``keep`` exchanges, and counts all of them by name."""

    def __init__(self, path: Path | None = None, *, keep: int = 5_000) -> None:
        self.entries: deque[Exchange] = deque(maxlen=keep)
        self.counts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.on_write: Callable[[Exchange], None] | None = None
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def write(self, entry: Exchange) -> None:
        self.entries.append(entry)
        self.counts[entry.name] += 1
        if entry.error:
            self.errors[entry.name] += 1
        if self._file is not None:
            self._file.write(json.dumps(asdict(entry), ensure_ascii=False, default=str) + "\n")
            self._file.flush()
        if self.on_write is not None:
            self.on_write(entry)

    def calls(self, method: str) -> list[Exchange]:
        """The exchanges of one name that are still in memory, oldest first."""
        return [entry for entry in self.entries if entry.name == method]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
