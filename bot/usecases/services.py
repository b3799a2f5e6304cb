"""What use cases work with. Built once, in ``bot/wiring.py``."""

import asyncio
from dataclasses import dataclass, field

from bot.clock import Clock
from bot.engine import Engine
from bot.oncall.store import RotaStore
from bot.settings import Settings
from bot.slack.users import SlackDirectory
from bot.storage.database import Database
from bot.usecases.approval_service import ApprovalService
from bot.usecases.backend_registry import BackendRegistry
from bot.usecases.conflict_finder import ConflictFinder
from bot.usecases.policy_service import PolicyService


@dataclass(slots=True)
class WakeEvents:
    """Wake background loops before their interval is over. A lost event only costs that interval."""

    sender: asyncio.Event = field(default_factory=asyncio.Event)
    scheduler: asyncio.Event = field(default_factory=asyncio.Event)
    policy: asyncio.Event = field(default_factory=asyncio.Event)
    watchers: list[asyncio.Event] = field(default_factory=list)

    def wake_watchers(self) -> None:
        """Poll the runs of every back end now."""
        for watcher in self.watchers:
            watcher.set()


@dataclass(frozen=True, slots=True)
class Services:
    """The application as its use cases see it."""

    settings: Settings
    clock: Clock
    db: Database
    engine: Engine
    directory: SlackDirectory
    backends: BackendRegistry
    policy: PolicyService
    approvals: ApprovalService
    conflicts: ConflictFinder
    rotas: RotaStore
    wake: WakeEvents = field(default_factory=WakeEvents)
