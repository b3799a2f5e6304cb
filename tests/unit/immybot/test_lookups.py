"""The live choices of each select."""

from typing import Any

import pytest

from bot.backends.base import BackendContext
from bot.backends.immybot import backend
from bot.backends.immybot.operation import MaintenanceOperation
from bot.backends.immybot.settings import ImmyBotSettings
from bot.errors import BadResponse, Unreachable
from playground.immybot import ImmyBotSandbox
from playground.sandbox import Fault
from tests.unit.immybot.support import ManualClock


async def labels(maintenance: MaintenanceOperation, field: str, query: str = "", **values: Any) -> list[str]:
    return [option.label for option in await maintenance.lookup(field, query, values)]


async def test_computers_are_searched_by_the_server(maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox) -> None:
    (first, *rest) = await maintenance.lookup("computers", "cor-00", {})
    assert (first.value, first.label) == ("103", "COR-001")
    assert first.description == "Corvid Press, mei.castellanos@cor.example, online"
    assert len(rest) == 8
    (received,) = sandbox.requests_to("GET", "/api/v1/computers/paged")
    assert (received.query["filter"], received.query["includeOffline"]) == ("cor-00", "true")


async def test_more_computers_than_a_select_holds_are_one_more_than_a_hundred(
    clock: ManualClock, maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    sandbox.world.computers |= {
        n: type(c)(n, f"X-{n}", c.tenant, c.user)
        for n, c in ((n, sandbox.world.computers[101]) for n in range(500, 700))
    }
    assert len(await maintenance.lookup("computers", "", {})) == 101


async def test_a_computer_is_found_by_its_number_too(maintenance: MaintenanceOperation) -> None:
    assert await labels(maintenance, "computers", "102") == ["BRI-001"]
    assert await labels(maintenance, "computers", "9999") == []


async def test_offline_computers_are_among_the_choices(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    sandbox.disconnect_computers(["ALD-001"])
    (only,) = await maintenance.lookup("computers", "ald-001", {})
    assert only.description.endswith("offline")


@pytest.mark.parametrize(
    ("field", "query", "values", "found"),
    [
        ("tenants", "", {}, ["Aldgate Clinic", "Brightwater Farms", "Corvid Press", "Dunmore Freight"]),
        ("tenants", "press", {}, ["Corvid Press"]),
        ("tenants", "4", {}, ["Dunmore Freight"]),
        ("persons", "okafor0@ald", {}, ["Ines Okafor"]),
        ("maintenance_identifier", "", {"maintenance_type": "GlobalSoftware"}, ["7-Zip", "Chrome", "Firefox", "VLC"]),
        ("maintenance_identifier", "scan", {"maintenance_type": "LocalSoftware"}, ["Scan Agent"]),
        ("maintenance_identifier", "wi", {"maintenance_type": "LocalMaintenanceTask"}, ["Join Wi-Fi"]),
        ("maintenance_identifier", "", {"maintenance_type": "6"}, ["Disk Cleanup", "Time Sync"]),
        ("maintenance_identifier", "vlc", {"maintenance_type": "ChocolateySoftware"}, ["vlc"]),
        ("maintenance_identifier", "vlc", {}, []),
        ("deployment_id", "", {}, ["Aldgate Clinic: Global software 10: Installed latest"]),
        ("deployment_id", "", {"deployment_type": "Global"}, ["All computers: Global software 12: Installed latest"]),
        ("time_zone", "new york", {}, ["America/New_York"]),
        ("time_zone", "europe", {}, ["Europe/Berlin", "Europe/London"]),
        ("repair", "", {}, []),
    ],
)
async def test_each_list(
    maintenance: MaintenanceOperation, field: str, query: str, values: dict[str, Any], found: list[str]
) -> None:
    assert (await labels(maintenance, field, query, **values))[: len(found) or None] == found


async def test_exact_matches_come_first(maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox) -> None:
    sandbox.world.software["global"] += [{"id": 91, "name": "VLC"}, {"id": 92, "name": "A VLC skin"}]
    values = {"maintenance_type": "GlobalSoftware"}
    assert await labels(maintenance, "maintenance_identifier", "vlc", **values) == ["VLC", "VLC", "A VLC skin"]


async def test_a_typed_name_stands_for_the_one_computer_that_has_it(maintenance: MaintenanceOperation) -> None:
    exact = await maintenance.resolve_option("computers", "ald-001")
    assert exact is not None
    assert exact.value == "101"
    assert await maintenance.resolve_option("computers", "ald") is None


async def test_a_typed_number_stands_for_an_item_whose_list_is_not_known_yet(maintenance: MaintenanceOperation) -> None:
    exact = await maintenance.resolve_option("maintenance_identifier", "10")
    assert exact is not None
    assert exact.value == "10"
    assert await maintenance.resolve_option("maintenance_identifier", "Chrome") is None


async def test_typing_in_a_select_costs_one_call_a_minute(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    for query in ("", "c", "co", "cor"):
        await maintenance.lookup("tenants", query, {})
    assert len(sandbox.requests_to("GET", "/api/v1/tenants")) == 1
    clock.advance(61)
    await maintenance.lookup("tenants", "", {})
    assert len(sandbox.requests_to("GET", "/api/v1/tenants")) == 2


async def test_values_that_deployments_carry_are_not_kept(maintenance: MaintenanceOperation) -> None:
    options = await maintenance.lookup("deployment_id", "", {})
    kept = vars(maintenance._inventory)
    assert len(options) == 2
    assert "kept-in-clear" not in repr(options) + repr(kept)


async def ten_thousand(sandbox: ImmyBotSandbox) -> None:
    first = sandbox.world.computers[101]
    sandbox.world.computers |= {n: type(first)(n, f"Y-{n:05}", first.tenant, first.user) for n in range(20_000, 30_000)}


async def test_among_ten_thousand_computers_a_search_is_one_call(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    await ten_thousand(sandbox)
    assert await labels(maintenance, "computers", "y-29999") == ["Y-29999"]
    assert len(await labels(maintenance, "computers")) == 101
    assert len(sandbox.requests_to("GET", "/api/v1/computers/paged")) == 2


@pytest.mark.parametrize("field", ["computers", "tenants", "maintenance_identifier"])
async def test_a_search_that_takes_too_long_says_what_is_wrong(
    settings: ImmyBotSettings, clock: ManualClock, sandbox: ImmyBotSandbox, field: str
) -> None:
    quick = settings.model_copy(update={"lookup_timeout": 0.2})
    connection = backend.connect("immybot.lab", quick, BackendContext(clock=clock))
    lookup = connection.operations["immybot.maintenance"].lookup
    values = {"maintenance_type": "GlobalSoftware"}
    try:
        await lookup("persons", "", values)  # A token is there from now on.
        sandbox.faults.append(Fault("hang", "/api/v1/(computers|tenants|software).*", "GET"))
        with pytest.raises(Unreachable, match=r"immybot\.lab did not answer within 0\.2 seconds"):
            await lookup(field, "x", values)
        sandbox.faults.clear()
        broken = Fault("status", "/api/v1/(computers|tenants|software).*", "GET", status=503)
        sandbox.faults += [broken, Fault("hang", broken.path, "GET")]
        with pytest.raises(BadResponse, match=r"failed \(503\)"):
            await lookup(field, "x", values)
    finally:
        await connection.close()
