"""Which calls are made of ImmyBot's API, with which limits, against a client that answers from a table."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from bot.backends.http import ApiResponse, Client
from bot.backends.immybot.actions import ActionReader
from bot.backends.immybot.inventory import Computer, Inventory
from bot.backends.immybot.item import resolve_item
from bot.backends.immybot.lookups import lookup
from bot.backends.immybot.sessions import SESSIONS, SessionQuery, SessionReader
from bot.backends.immybot.targets import resolve_targets
from bot.errors import BackendError, BadResponse, Forbidden, InputError, RateLimited, RemoteNotFound, Unreachable
from tests.unit.immybot.support import START, ManualClock, params

COMPUTERS, TENANTS, PERSONS = "/api/v1/computers", "/api/v1/tenants", "/api/v1/persons"
ACTIONS = "/api/v1/maintenance-actions/dx"


class FakeClient(Client):
    """Answers reads from a table by path; an error is raised, and a function gets the query."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__("i.lab", "https://i", authorize=self._no_headers)
        self.answers = dict(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def _no_headers(self) -> dict[str, str]:
        return {}

    async def send(self, method: str, path: str, *, params: Any = None, json: Any = None, **more: Any) -> ApiResponse:
        self.asked.append((path, dict(params or {})))
        answer = self.answers.get(path, [])
        if callable(answer):
            answer = answer(params)
        if isinstance(answer, Exception):
            raise answer
        return ApiResponse(200, {}, answer)


def missing() -> RemoteNotFound:
    return RemoteNotFound("i.lab", "gone", status=404)


def inventory(**answers: Any) -> tuple[Inventory, FakeClient, ManualClock]:
    client, clock = FakeClient(answers), ManualClock()
    return Inventory(client, clock), client, clock


def computer_row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "computerName": f"pc-{number}", **more}


async def test_a_list_is_kept_for_a_minute_without_what_nobody_needs():
    found, client, clock = inventory(**{TENANTS: [{"id": 1, "name": "Acme", "secret": "x"}]})
    for seconds, calls in ((0, 1), (59.9, 1), (0.1, 2)):
        clock.advance(seconds)
        assert await found.list_rows(TENANTS, "tenants") == [{"id": 1, "name": "Acme"}]
        assert len(client.asked) == calls


async def test_a_search_for_computers():
    rows = [
        computer_row(1, tenantName="T", primaryUserEmail="u", isOnline=True, excludeFromMaintenance=True),
        {"id": 2, "online": False, "tenant": "V", "tenantId": 7},
        {"id": 3, "name": "x", "isOnline": "odd"},
    ]
    found, client, _ = inventory(**{f"{COMPUTERS}/paged": {"results": rows, "count": 9}})
    page = await found.search("q", 5, 7, 2)
    assert page.computers == (
        Computer(1, "pc-1", "T", None, "u", True, True), Computer(2, "computer 2", "V", 7, "", False, False),
        Computer(3, "x"),
    )  # fmt: skip
    assert page.count == 9
    assert client.asked[0][1] == {"filter": "q", "skip": 2, "take": 5, "includeOffline": "true", "tenantId": 7}
    client.answers[f"{COMPUTERS}/paged"] = rows
    page = await found.search("q", 5, skip=2)
    assert page.count == 5
    assert "tenantId" not in client.asked[1][1]


async def test_computers_by_number():
    found, client, _ = inventory(**{f"{COMPUTERS}/1": computer_row(1), f"{COMPUTERS}/2": missing()})
    assert await found.computers([1, 2, 1]) == {1: Computer(1, "pc-1")}
    assert client.asked == [
        (f"{COMPUTERS}/1", {"includePrimaryPerson": "false"}), (f"{COMPUTERS}/2", {"includePrimaryPerson": "false"})
    ]  # fmt: skip
    client.answers[f"{COMPUTERS}/1"] = []
    with pytest.raises(BadResponse, match=r"i\.lab sent a computer in a form that is not understood"):
        await found.computer(1)


@pytest.mark.parametrize(("count", "paths"), [(25, 25), (26, 1)])
async def test_many_computers_are_read_through_the_list(count: int, paths: int):
    answers: dict[str, Any] = {f"{COMPUTERS}/{n}": computer_row(n) for n in range(1, 60)}
    answers[f"{COMPUTERS}/paged"] = {"results": [computer_row(n) for n in range(1, 27)], "count": 26}
    found, client, _ = inventory(**answers)
    assert len(await found.computers(range(1, count + 1))) == count
    assert len(client.asked) == paths
    client.asked.clear()
    assert len(await found.computers(range(1, 60))) == 26 + 25
    assert len(client.asked) == 1 + 25


async def test_all_computers_page_by_page():
    def page(query: Any) -> Any:
        rows = [computer_row(n) for n in range(query["skip"] + 1, min(query["skip"] + query["take"], 1200) + 1)]
        return {"results": rows, "count": 1200}

    found, client, _ = inventory(**{f"{COMPUTERS}/paged": page})
    everything = await found.all_computers(20_000)
    assert (everything.count, len(everything.computers)) == (1200, 1200)
    assert [(q["skip"], q["take"]) for _, q in client.asked] == [(0, 500), (500, 500), (1000, 500)]
    client.asked.clear()
    some = await found.all_computers(700, 4)
    assert (some.count, len(some.computers)) == (1200, 700)
    assert [(q["skip"], q["take"], q["tenantId"]) for _, q in client.asked] == [(0, 500, 4), (500, 200, 4)]
    empty, client, _ = inventory(**{f"{COMPUTERS}/paged": {"results": [], "count": 5}})
    assert (await empty.all_computers(10)).count == 5


async def choices(client: FakeClient, field: str, query: str = "", **values: Any) -> list[tuple[str, str, str]]:
    options = await lookup(Inventory(client, ManualClock()), field, query, values, 2.0)
    return [(o.value, o.label, o.description) for o in options]


async def test_choices_of_computers():
    row = computer_row(5, tenantName="T", primaryUserEmail="u", isOnline=False)
    rows = [computer_row(n) for n in range(200)]
    client = FakeClient({f"{COMPUTERS}/paged": [row], f"{COMPUTERS}/5": row})
    assert await choices(client, "computers", " pc ") == [("5", "pc-5", "T, u, offline")]
    assert client.asked[0][1] == {"filter": "pc", "skip": 0, "take": 101, "includeOffline": "true"}
    assert await choices(client, "computers", "5") == [("5", "pc-5", "T, u, offline")]
    client.answers[f"{COMPUTERS}/paged"] = rows
    assert len(await choices(client, "computers", "5")) == 101
    asked = len(client.asked)
    for query in ("0", str(2**31), "٥"):
        await choices(client, "computers", query)
        asked += 1
        assert len(client.asked) == asked
    client.answers[f"{COMPUTERS}/5"] = missing()
    assert (await choices(client, "computers", "5"))[0][0] == "0"


async def test_choices_from_lists():
    client = FakeClient({
        TENANTS: [{"id": 1, "name": "Acme"}, {"id": 2}],
        PERSONS: [{"id": 3, "firstName": "Ada", "emailAddress": "a@b", "tenantName": "Acme"}],
        "/api/v1/software/global": [{"id": 10, "name": "Chrome"}],
        "/api/v1/target-assignments": [{"id": 4, "targetName": "All"}],
        "/api/v1/target-assignments/global": [{"id": 5}],
        "/api/v1/system/timezones": [{"id": "Europe/Berlin", "displayName": "d"}, {"id": "W. Europe"}],
    })  # fmt: skip
    assert await choices(client, "tenants") == [("2", "2", "id 2"), ("1", "Acme", "id 1")]
    assert await choices(client, "persons") == [("3", "Ada", "a@b, Acme")]
    assert await choices(client, "maintenance_identifier", maintenance_type="GlobalSoftware") == [
        ("10", "Chrome", "id 10")
    ]  # fmt: skip
    assert await choices(client, "maintenance_identifier") == []
    typed = [await choices(client, "maintenance_identifier", q, maintenance_type=2) for q in ("KB1", "", "x" * 151)]
    assert typed == [[("KB1", "KB1", "")], [], []]
    assert len(await choices(client, "maintenance_identifier", "x" * 150, maintenance_type=2)) == 1
    assert await choices(client, "deployment_id") == [("4", "All", "deployment 4")]
    assert await choices(client, "deployment_id", deployment_type="Global") == [("5", "Deployment 5", "deployment 5")]
    assert await choices(client, "time_zone") == [("Europe/Berlin", "Europe/Berlin", "d")]
    assert await choices(client, "repair") == []


async def targets(client: FakeClient, **values: Any) -> Any:
    return await resolve_targets(Inventory(client, ManualClock()), params(**values))


def tenant_page(query: Mapping[str, int]) -> dict[str, Any]:
    """A page of the 3,000 computers of a tenant."""
    numbers = range(query["skip"], min(query["skip"] + query["take"], 3000))
    return {"results": [computer_row(10_000 * query["tenantId"] + n) for n in numbers], "count": 3000}


def world() -> FakeClient:
    return FakeClient({
        f"{COMPUTERS}/101": computer_row(101, isOnline=False), f"{COMPUTERS}/102": computer_row(102),
        f"{COMPUTERS}/paged": tenant_page,
        TENANTS: [{"id": 1, "name": "Acme"}, {"id": 2, "name": "Beta"}], PERSONS: [{"id": 3, "firstName": "Ada"}],
        "/api/v1/software/global": [{"id": 10, "name": "Chrome"}, {"id": 11}],
        "/api/v1/target-assignments": [{"id": 4, "targetName": "All"}],
    })  # fmt: skip


async def test_targets_of_computers():
    found = await targets(world())
    assert (found.targets.count, found.targets.names, found.targets.noun) == (2, ("pc-101", "pc-102"), "computers")
    assert (found.targets.fixed, found.targets.note, found.tenants) == (True, "", ())
    offline = "Offline at the moment: pc-101. What is offline at the start"
    assert found.warnings == (f"{offline} is done when it connects.",)
    assert (await targets(world(), offline_behavior="Skip")).warnings == (f"{offline} is skipped.",)
    client = world()
    client.answers |= {f"{COMPUTERS}/{n}": computer_row(n, excludeFromMaintenance=True) for n in range(1, 8)}
    for count, names in ((5, "pc-1, pc-2, pc-3, pc-4, pc-5"), (7, "pc-1, pc-2, pc-3, pc-4, pc-5 and 2 more")):
        found = await targets(client, computers=list(range(1, count + 1)))
        assert found.warnings == (f"Excluded from maintenance in ImmyBot: {names}.",)


async def test_targets_of_tenants_and_persons():
    found = await targets(world(), computers=[], tenants=[1, 2], persons=[3], propagate_to_child_tenants=True)
    assert found.targets.count == len(set(found.targets.names)) == 6001
    assert (found.targets.names[0], found.targets.names[-2:]) == ("pc-10000", ("pc-22999", "Ada"))
    assert found.targets.note == (
        "Everything in Acme (3000 computers), Beta (3000 computers), and of child tenants, which are not counted here."
    )
    assert (found.targets.noun, found.targets.fixed, found.tenants) == ("targets", False, ("Acme", "Beta"))
    tenant = await targets(world(), computers=[], tenants=[1])
    assert (tenant.targets.note, tenant.targets.noun) == ("Everything in Acme (3000 computers).", "computers")
    persons = await targets(world(), computers=[], persons=[3])
    assert (persons.targets.noun, persons.targets.count, persons.targets.fixed) == ("persons", 1, True)
    assert (await targets(world(), persons=[3])).targets.noun == "targets"


def family(**more: Any) -> FakeClient:
    """Acme with Beta below it, and Gamma below Beta; computers and persons of both."""
    parents = {"Acme": None, "Beta": 1, "Gamma": 2, "Other": None}
    tenants = [{"id": n, "name": name, "parentTenantId": parents[name]} for n, name in enumerate(parents, 1)]
    computers = {f"{COMPUTERS}/{n}": computer_row(n, tenantId=n % 10) for n in (101, 102)}
    persons = [{"id": 3, "firstName": "Ada", "tenantName": "Other"}, {"id": 4, "firstName": "Bo", "tenantId": 3}]
    return FakeClient({TENANTS: tenants, PERSONS: persons, **computers, f"{COMPUTERS}/paged": page_of_one, **more})


def page_of_one(query: Mapping[str, int]) -> dict[str, Any]:
    return {"results": [computer_row(10 * query["tenantId"])], "count": 1}


async def test_the_tenants_of_computers_and_persons():
    found = await targets(family(), computers=[101, 102], persons=[3, 4])
    assert found.targets.facts == {"tenants": ("Acme", "Beta", "Other", "Gamma")}
    assert found.tenants == ()
    named = family(**{f"{COMPUTERS}/101": computer_row(101, tenantName="Acme", tenantId=1)})
    assert (await targets(named, computers=[101])).targets.facts == {"tenants": ("Acme",)}
    assert [path for path, _ in named.asked] == [f"{COMPUTERS}/101"]


async def test_tenants_that_immybot_does_not_tell_are_not_known():
    nowhere = family(**{f"{COMPUTERS}/101": computer_row(101)})
    assert (await targets(nowhere, computers=[101, 102])).targets.facts == {"tenants": (None, "Beta")}
    hidden = family(**{TENANTS: Forbidden("i.lab", "no", status=403)})
    assert (await targets(hidden, computers=[101])).targets.facts == {"tenants": (None,)}
    for error in (Unreachable("i.lab", "away"), RateLimited("i.lab", "slow down", retry_after=1)):
        with pytest.raises(type(error)):
            await targets(family(**{TENANTS: error}), computers=[101])


async def test_child_tenants_count_where_they_are_maintained_too():
    found = await targets(family(), computers=[], tenants=[1], propagate_to_child_tenants=True)
    assert (found.targets.names, found.tenants) == (("pc-10", "pc-20", "pc-30"), ("Acme",))
    assert found.targets.facts == {"tenants": ("Acme", "Beta", "Gamma")}
    assert found.targets.note == (
        "Everything in Acme (1 computers), and in the child tenants Beta (1 computers), Gamma (1 computers)."
    )
    alone = await targets(family(), computers=[], tenants=[1])
    assert (alone.targets.names, alone.targets.facts) == (("pc-10",), {"tenants": ("Acme",)})
    older = await targets(world(), computers=[], tenants=[1], propagate_to_child_tenants=True)
    assert older.targets.facts == {"tenants": ("Acme", None)}


async def test_a_computer_that_is_named_twice_is_one_target():
    client = world()
    client.answers[f"{COMPUTERS}/10000"] = computer_row(10_000)
    found = await targets(client, computers=[10_000], tenants=[1])
    assert found.targets.count == len(found.targets.names) == 3000


async def test_two_computers_of_one_name_are_two_targets():
    client = world()
    client.answers |= {f"{COMPUTERS}/{n}": {"id": n, "computerName": "pc"} for n in (1, 2)}
    assert (await targets(client, computers=[1, 2])).targets.names == ("pc", "pc")


async def test_targets_that_do_not_exist():
    client = FakeClient({f"{COMPUTERS}/{n}": missing() for n in range(1, 20)})
    for count, ids in ((10, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10"), (11, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 1 more")):
        with pytest.raises(InputError) as refused:
            await targets(client, computers=list(range(1, count + 1)), tenants=[1], persons=[2])
        assert refused.value.problems == {
            "computers": f"ImmyBot knows no computers with the id {ids}.",
            "tenants": "ImmyBot knows no tenants with the id 1.",
            "persons": "ImmyBot knows no persons with the id 2.",
        }


NO_ITEM = {"maintenance_type": None, "maintenance_identifier": None}


@pytest.mark.parametrize(
    ("values", "name", "doubt"),
    [
        ({"maintenance_identifier": "11"}, "11", "ImmyBot lists no global software with the id 11."),
        ({"maintenance_identifier": "12"}, "12", "ImmyBot lists no global software with the id 12."),
        ({"maintenance_type": "WindowsUpdate", "maintenance_identifier": "KB1"}, "KB1", None),
        (
            {"maintenance_type": None, "maintenance_identifier": None, "full_maintenance": True},
            "Full maintenance",
            None,
        ),
        ({"maintenance_type": None, "maintenance_identifier": None, "deployment_id": 4}, "All", None),
        (
            {"maintenance_type": None, "maintenance_identifier": None, "deployment_id": 5},
            "Deployment 5",
            "ImmyBot lists no local deployment with the id 5.",
        ),
    ],
)
async def test_the_name_of_what_is_maintained(values: dict[str, Any], name: str, doubt: str | None):
    found = await resolve_item(Inventory(world(), ManualClock()), params(**values))
    assert (found.name, found.warnings) == (name, (doubt,) if doubt else ())


def session_row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "sessionStatus": 1, "computerId": 101, **more}


QUERY = SessionQuery("g", START, computers=frozenset({101}))


async def test_the_list_of_sessions_goes_back_a_little_further():
    client = FakeClient({})
    reader = SessionReader(client)
    assert await reader.fetch([QUERY], START) == ({"g": []}, True)
    (path, query) = client.asked[0]
    since = (START - timedelta(minutes=10)).strftime("%m/%d/%Y %H:%M:%S")
    assert path == f"{SESSIONS}/dx"
    assert query == {
        "take": 500, "skip": 0, "requireTotalCount": "false",
        "sort": json.dumps([{"selector": "createdDate", "desc": True}]),
        "filter": json.dumps([["createdDate", ">=", since]]),
    }  # fmt: skip
    await reader.fetch([QUERY], None)
    assert len(client.asked) == 1


@pytest.mark.parametrize(("total", "pages"), [(499, 1), (500, 2), (1200, 3), (20_000, 20)])
async def test_the_list_of_sessions_is_read_page_by_page(total: int, pages: int):
    def page(query: Any) -> Any:
        return [session_row(n, computerId=7) for n in range(query["skip"], min(query["skip"] + 500, total))]

    client = FakeClient({f"{SESSIONS}/dx": page})
    await SessionReader(client).fetch([QUERY], START)
    assert [q["skip"] for _, q in client.asked] == [500 * n for n in range(pages)]


async def test_a_round_reads_two_hundred_sessions_at_most():
    rows = [session_row(n) for n in range(1, 202)]
    client = FakeClient({f"{SESSIONS}/dx": rows, **{f"{SESSIONS}/{n}": session_row(n) for n in range(1, 202)}})
    reader = SessionReader(client)
    assert (await reader.fetch([QUERY], START))[1] is False
    assert len(client.asked) == 201
    assert (await reader.fetch([QUERY], START))[1] is True
    exactly = FakeClient({**client.answers, f"{SESSIONS}/dx": rows[:200]})
    assert (await SessionReader(exactly).fetch([QUERY], START))[1] is True


async def test_reasons_of_failures():
    failed = {"result": 2, "actionTypeName": "Install", "maintenanceDisplayName": "Chrome", "id": 2}
    parent = {"result": 2, "maintenanceDisplayName": "Group", "id": 1}
    client = FakeClient({ACTIONS: [parent, {**failed, "parentId": 1}]})
    reader = ActionReader(client, lambda text: text.replace("Chrome", "•••"))
    assert await reader.failure_reasons([7, 7]) == {7: "Install •••: failed"}
    wanted = json.dumps([["maintenanceSessionId", "=", 7]])
    assert client.asked == [(ACTIONS, {"filter": wanted, "take": 500, "requireTotalCount": "false"})]
    await reader.failure_reasons([7])
    assert len(client.asked) == 1
    client.answers[ACTIONS] = BackendError("i.lab", "broken")
    assert await reader.failure_reasons([8]) == {8: "why cannot be read: broken"}
    client.answers[ACTIONS] = [{"result": 1, "actionType": 1, "maintenanceDisplayName": "Chrome"}, {"result": 0}]
    assert await reader.failure_reasons([8]) == {8: "ImmyBot names no action that failed"}
    assert await reader.log(8) == "Install •••: succeeded\nAn action: pending"
    client.answers[ACTIONS] = [{"result": 1, "resultReason": 5}, {}]
    assert await reader.log(8) == ("An action: succeeded (the task found it compliant)\nAn action: no result yet")
