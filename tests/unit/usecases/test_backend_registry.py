"""The configured back ends by name, and the channels of each."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.backends.base import ConnectionSettings
from bot.errors import NotFound
from bot.requests.policy.each import Customer
from bot.settings import ChannelSettings
from bot.usecases.backend_registry import BackendRegistry, ConfiguredBackend

OPERATION = object()


def configured(name: str, **settings: str) -> ConfiguredBackend:
    kind: Any = SimpleNamespace(kind=name.partition(".")[0])
    connection: Any = SimpleNamespace(name=name, operations={"run": OPERATION})
    return ConfiguredBackend(kind, connection, ConnectionSettings(**settings))


@pytest.fixture
def registry() -> BackendRegistry:
    own = configured("foreman.lab", approvals_channel="#lab", results_channel="#lab-results")
    backends = {"foreman.main": configured("foreman.main"), "opsramp.main": configured("opsramp.main"), own.name: own}
    return BackendRegistry(backends, ChannelSettings(approvals="#approvals", results="#results"))


def test_back_ends_are_found_by_name_and_kind_in_their_order(registry: BackendRegistry) -> None:
    assert list(registry) == ["foreman.main", "opsramp.main", "foreman.lab"]
    assert len(registry) == 3
    assert registry.require("opsramp.main") is registry["opsramp.main"]
    assert [backend.name for backend in registry.of_kind("foreman")] == ["foreman.main", "foreman.lab"]
    assert registry.of_kind("immybot") == []


def test_a_back_end_that_is_not_configured_any_more_is_named(registry: BackendRegistry) -> None:
    assert "foreman.gone" not in registry
    with pytest.raises(NotFound, match=r"foreman\.gone is not configured any more"):
        registry.require("foreman.gone")
    with pytest.raises(NotFound, match=r"foreman\.gone is not configured any more"):
        registry.operation("foreman.gone", "run")


def test_an_operation_is_one_of_its_back_end(registry: BackendRegistry) -> None:
    assert registry.operation("foreman.main", "run") is OPERATION
    with pytest.raises(NotFound, match=r"foreman\.main does not offer reboot"):
        registry.operation("foreman.main", "reboot")


def test_a_back_end_may_have_channels_of_its_own(registry: BackendRegistry) -> None:
    assert [registry.approvals_channel(name) for name in registry] == ["#approvals", "#approvals", "#lab"]
    assert [registry.results_channel(name) for name in registry] == ["#results", "#results", "#lab-results"]
    assert registry.approvals_channel("foreman.gone") == "#approvals"
    assert registry.results_channel("foreman.gone") == "#results"


def test_a_customer_may_have_channels_of_their_own(registry: BackendRegistry) -> None:
    brightwater = Customer("brightwater", "c.csv:2", ("foreman.lab", "opsramp.main"), "#brightwater", "#bw-results")
    backends = {name: registry[name] for name in registry}
    registry = BackendRegistry(backends, ChannelSettings(approvals="#approvals", results="#results"), [brightwater])
    assert [registry.approvals_channel(name) for name in registry] == ["#approvals", "#brightwater", "#lab"]
    assert [registry.results_channel(name) for name in registry] == ["#results", "#bw-results", "#lab-results"]


async def test_four_calls_at_most_are_in_flight_to_each_back_end(registry: BackendRegistry) -> None:
    slots = registry["foreman.main"].send_slots
    for free in (4, 3, 2, 1):
        assert not slots.locked(), free
        await slots.acquire()
    assert slots.locked()
    assert not registry["foreman.lab"].send_slots.locked()
    slots.release()
    assert not slots.locked()
