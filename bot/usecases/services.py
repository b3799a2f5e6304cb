"""What use cases work with. Made once, in ``bot/app.py``; tests make their own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.backends.base import BackendKind, Connection, ConnectionSettings, Operation
from bot.clock import Clock
from bot.engine import Engine
from bot.errors import NotFound
from bot.settings import Settings
from bot.slack.users import SlackDirectory
from bot.storage.database import Database
from bot.usecases.rights import Rights


@dataclass(frozen=True, slots=True)
class ConfiguredBackend:
    """A connection with what is configured for it."""

    kind: BackendKind
    connection: Connection
    settings: ConnectionSettings
    send_slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    """Few calls under way at once mean few of unknown fate after a crash. Each back end has its own, so that one that
    never answers keeps no other waiting."""

    @property
    def name(self) -> str:
        """The full name, such as ``foreman.prod``."""
        return self.connection.name


@dataclass(slots=True)
class WakeEvents:
    """Wake the loops early: something is due. Losing a nudge only costs the loop's own interval."""

    sender: asyncio.Event = field(default_factory=asyncio.Event)
    scheduler: asyncio.Event = field(default_factory=asyncio.Event)
    watchers: list[asyncio.Event] = field(default_factory=list)

    def wake_watchers(self) -> None:
        """Look at what runs, on every back end."""
        for nudge in self.watchers:
            nudge.set()


@dataclass(frozen=True, slots=True)
class Services:
    """The application, as its use cases see it."""

    settings: Settings
    clock: Clock
    db: Database
    engine: Engine
    directory: SlackDirectory
    rights: Rights
    backends: Mapping[str, ConfiguredBackend]
    wake: WakeEvents = field(default_factory=WakeEvents)

    def backend(self, name: str) -> ConfiguredBackend:
        """A configured back end by its full name. Raises NotFound."""
        found = self.backends.get(name)
        if found is None:
            raise NotFound(f"The back end {name} is not configured any more. An administrator can add it again.")
        return found

    def operation(self, backend: str, key: str) -> Operation[Any]:
        """An operation of a configured back end. Raises NotFound."""
        operation = self.backend(backend).connection.operations.get(key)
        if operation is None:
            raise NotFound(f"{backend} does not offer {key}.")
        return operation

    def approvals_channel(self, backend: str) -> str:
        """Where the cards of a back end's requests wait for approval."""
        here = self.backends.get(backend)
        return (here.settings.approvals_channel if here else "") or self.settings.channels.approvals

    def results_channel(self, backend: str) -> str:
        """Where a back end's outcomes are posted; one that is not configured any more has the common channel."""
        here = self.backends.get(backend)
        return (here.settings.results_channel if here else "") or self.settings.channels.results

    def backends_of_kind(self, kind: str) -> list[ConfiguredBackend]:
        """The configured back ends of a kind, in the order of the configuration."""
        return [c for c in self.backends.values() if c.kind.kind == kind]
