"""The sandbox is as strict, and as odd, as the server it stands for."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from playground.immybot import CLIENT_ID, CLIENT_SECRET, TENANT_ID, ImmyBotSandbox
from tests.unit.immybot.support import RUN_PATH, ManualClock

BODY: dict[str, Any] = {"maintenanceParams": {"maintenanceType": 0}, "computers": [{"computerId": 101}]}


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": "https://sandbox.immy.bot/.default",
    }
    async with httpx.AsyncClient(base_url=url) as client:
        token = (await client.post(f"/{TENANT_ID}/oauth2/v2.0/token", data=form)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"rebootNow": True}, "$.rebootNow"),
        ({"rebootPreference": 3}, "$.rebootPreference"),
        ({"offlineBehavior": 0}, "$.offlineBehavior"),
        ({"cacheOnly": "yes"}, "$.cacheOnly"),
        ({"deploymentId": "31"}, "$.deploymentId"),
        ({"computers": [101]}, "$.computers"),
        ({"tenants": [{"computerId": 1}]}, "$.tenants"),
        ({"sessionGroupId": "mine"}, "$.sessionGroupId"),
        ({"updateTime": 2}, "$.updateTime"),
        ({"maintenanceParams": {"maintenanceIdentifier": 10}}, "$.maintenanceParams.maintenanceIdentifier"),
        ({"maintenanceParams": {"sessionGroupId": None}}, "$.maintenanceParams.sessionGroupId"),
        ({"maintenanceParams": {"taskParameterValues": {"A": 1}}}, "$.maintenanceParams.taskParameterValues"),
    ],
)
async def test_unknown_keys_and_wrong_types_are_refused(
    http: httpx.AsyncClient, sandbox: ImmyBotSandbox, change: dict[str, Any], path: str
) -> None:
    answer = await http.post(RUN_PATH, json={**BODY, **change})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [path]
    assert sandbox.sessions == {}


async def test_the_two_endpoints_answer_as_they_do(http: httpx.AsyncClient) -> None:
    group = {"sessionGroupId": "7b1e0a54-4a0b-4c77-9c11-52a3f0b8d9e1"}
    new = await http.post(RUN_PATH, json={**BODY, **group})
    assert (new.status_code, new.content) == (202, b"")
    old = await http.post("/api/v1/run-immy-service", json={**BODY, "rebootPreference": "Force"})
    assert old.json() == {
        "sessionsStarted": [{"sessionId": 5002, "computerId": 101, "tenantId": None, "personId": None}],
        "sessionsAlreadyInProgress": [],
    }


async def test_the_same_request_twice_runs_twice(http: httpx.AsyncClient, sandbox: ImmyBotSandbox) -> None:
    for _ in range(2):
        await http.post(RUN_PATH, json=BODY)
    assert len(sandbox.sessions) == 2


@pytest.mark.parametrize(
    "query",
    [
        '[["id", "=", 1], "or", ["id", "=", 2]]',
        '[["computerName", "=", "ALD-001"]]',
        '["statusName", "=", "Passed"]',
    ],
)
async def test_filters_that_the_server_cannot_take_fail(http: httpx.AsyncClient, query: str) -> None:
    for path in ("/api/v1/maintenance-sessions/dx", "/api/v1/maintenance-actions/dx"):
        assert (await http.get(path, params={"filter": query})).status_code == 500


async def test_an_unknown_get_route_answers_with_the_application(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api/v1/nothing-here")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_a_token_ends(http: httpx.AsyncClient, clock: ManualClock) -> None:
    assert (await http.get("/api/v1/tenants")).status_code == 200
    clock.advance(3599)
    answer = await http.get("/api/v1/tenants")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "Unauthorized")


async def test_an_ended_session_can_be_run_again(
    http: httpx.AsyncClient, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.fail_computers(["ALD-001"])
    await http.post(RUN_PATH, json=BODY)
    clock.advance(20)
    assert sandbox.sessions[5001].status(clock.now()) == 2
    sandbox.world.computer_by_name("ALD-001").outcome = "passes"
    await http.post("/api/v1/maintenance-sessions/rerun", json={"sessionIds": [5001]})
    assert sandbox.sessions[5001].status(clock.now()) == 3
    clock.advance(20)
    assert sandbox.sessions[5001].status(clock.now()) == 0
