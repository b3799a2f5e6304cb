"""The configured back ends, by name."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.backends.base import BackendKind, Connection, ConnectionSettings, Operation, Params
from bot.errors import NotFound
from bot.requests.policy.each import Customer
from bot.settings import ChannelSettings

MAX_CALLS_IN_FLIGHT = 4
"""Maximum calls in flight to one back end: each is a run of unknown outcome if the process dies."""


@dataclass(frozen=True, slots=True)
class ConfiguredBackend:
    """A connection and its settings."""

    kind: BackendKind
    connection: Connection
    settings: ConnectionSettings
    send_slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_CALLS_IN_FLIGHT))
    """One per back end, so that one that never answers does not hold up the others."""

    @property
    def name(self) -> str:
        """The full name, such as ``foreman.prod``."""
        return self.connection.name


class BackendRegistry(Mapping[str, ConfiguredBackend]):
    """Finds back ends and their operations. A mapping by full name, in the order of the configuration."""

    def __init__(
        self,
        backends: Mapping[str, ConfiguredBackend],
        channels: ChannelSettings,
        customers: Iterable[Customer] = (),
    ) -> None:
        self._backends = dict(backends)
        self._channels = channels
        self._customers = {system: customer for customer in customers for system in customer.systems}

    def __getitem__(self, name: str) -> ConfiguredBackend:
        return self._backends[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._backends)

    def __len__(self) -> int:
        return len(self._backends)

    def require(self, name: str) -> ConfiguredBackend:
        """Return a back end by its full name. Raises NotFound."""
        backend = self._backends.get(name)
        if backend is None:
            raise NotFound(f"The back end {name} is not configured any more. An administrator can add it again.")
        return backend

    def operation(self, name: str, key: str) -> Operation[Params]:
        """Return an operation of a back end. Raises NotFound."""
        operation = self.require(name).connection.operations.get(key)
        if operation is None:
            raise NotFound(f"{name} does not offer {key}.")
        return operation

    def of_kind(self, kind: str) -> list[ConfiguredBackend]:
        """Return the back ends of a kind."""
        return [backend for backend in self._backends.values() if backend.kind.kind == kind]

    def approvals_channel(self, name: str) -> str:
        """Return the channel in which requests of a back end wait for approval."""
        backend = self._backends.get(name)
        of_customer = self._customers[name].approvals_channel if name in self._customers else ""
        return (backend.settings.approvals_channel if backend else "") or of_customer or self._channels.approvals

    def results_channel(self, name: str) -> str:
        """Return the channel for a back end's outcomes; the common one if the back end is no longer configured."""
        backend = self._backends.get(name)
        of_customer = self._customers[name].results_channel if name in self._customers else ""
        return (backend.settings.results_channel if backend else "") or of_customer or self._channels.results
