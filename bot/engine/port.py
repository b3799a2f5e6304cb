"""The port of the durable engine."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

Job = Callable[[str], Awaitable[None]]
"""Work on one thing, given by its id. After a crash it is called again for the same id, and must cope with that."""


class Engine(Protocol):
    """Runs jobs that survive the process: one at a time for each id, and to the end at least once."""

    @property
    def node(self) -> str:
        """The name of this node."""
        ...

    def is_alive(self) -> bool:
        """Return whether this node still holds its name."""
        ...

    async def launch(self) -> None:
        """Claim this node's identity and resume the jobs of its earlier process. Raises ConfigError."""
        ...

    async def start(self, job: str, key: str) -> None:
        """Start a job for an id. Starting the same pair again changes nothing."""
        ...

    async def has_running(self, job: str, prefix: str) -> bool:
        """Return whether a job is running on any node for an id with this prefix."""
        ...

    async def take_over_orphaned(self) -> int:
        """Take over the jobs of dead nodes. Returns how many."""
        ...

    def take_over(self, node: str) -> AbstractAsyncContextManager[bool]:
        """Claim a dead node's name until the block ends, so that no process can be that node. False if it is alive."""
        ...

    async def prune(self, keep_seconds: float) -> int:
        """Delete the records of jobs that ended more than ``keep_seconds`` ago. Returns how many."""
        ...

    async def drain(self, seconds: float) -> None:
        """Start no more jobs, wait up to ``seconds`` for the running ones, then stop."""
        ...
