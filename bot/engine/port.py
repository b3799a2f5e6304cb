"""The small port behind which the durable engine stands."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

Job = Callable[[str], Awaitable[None]]
"""Work on one thing, named by its id. It may be called again for the same id after a crash, and must cope."""


class Engine(Protocol):
    """Runs jobs that survive the process: one at a time for each id, and at least once to its end."""

    @property
    def node(self) -> str:
        """This node's name."""
        ...

    def is_alive(self) -> bool:
        """Return whether this node still holds its name."""
        ...

    async def launch(self) -> None:
        """Begin: claim this node's identity and carry on what an earlier process of it left. Raises ConfigError."""
        ...

    async def start(self, job: str, key: str) -> None:
        """Have a job done for an id. Asking again for the same pair changes nothing."""
        ...

    async def status(self, job: str, key: str) -> str:
        """How a job stands: ``absent``, ``pending``, ``done`` or ``failed``."""
        ...

    async def has_running(self, job: str, prefix: str) -> bool:
        """Whether a job is under way for an id that begins like this, on whatever node."""
        ...

    async def take_over_orphaned(self) -> int:
        """Take over the work of nodes that are gone. Returns how many jobs."""
        ...

    def take_over(self, node: str) -> AbstractAsyncContextManager[bool]:
        """Whether another node is gone; if so, no process can be that node until the block ends."""
        ...

    async def prune(self, keep_seconds: float) -> int:
        """Delete the records of jobs that ended longer ago than this. Returns how many."""
        ...

    async def drain(self, seconds: float) -> None:
        """Start nothing more, let what is under way come to its end for so long, then stop."""
        ...
