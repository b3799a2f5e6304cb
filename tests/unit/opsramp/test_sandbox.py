"""The sandbox behaves as OpsRamp is known to: what the bot meets there it may meet in earnest."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from playground.opsramp import KEY, SECRET, OpsRampSandbox
from tests.unit.opsramp.support import ManualClock, request_body

JOBS = "/api/v2/tenants/client_93/jobs"


@pytest.fixture
async def client(sandbox: OpsRampSandbox, url: str) -> AsyncIterator[httpx.AsyncClient]:
    form = {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET}
    async with httpx.AsyncClient(base_url=url) as http:
        token = (await http.post("/auth/oauth/token", data=form)).json()
        http.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield http


async def test_a_post_to_the_jobs_creates_even_with_an_id_and_answers_in_real_types(
    client: httpx.AsyncClient, sandbox: OpsRampSandbox
) -> None:
    answer = (await client.post(JOBS, json=request_body("custom"))).json()
    assert len(sandbox.jobs) == 5
    assert answer["id"] != request_body("custom")["id"]
    assert list(answer)[-1] == "id"
    assert answer["jobQueued"] is True
    assert answer["schedule"]["startDate"] == "2017-05-20T06:30:00+0000"
    assert "jobType" not in answer["script"]
    assert answer["entities"][0]["resource"]["clientUniqueId"] == "client_13"


async def test_an_update_replaces_the_whole_job(client: httpx.AsyncClient, sandbox: OpsRampSandbox) -> None:
    job = sandbox.job_by_name("Install viewer")["id"]
    body: dict[str, Any] = {"id": job, "name": "Bare", "script": {"jobType": "appinstall"}}
    await client.post(f"{JOBS}/{job}", json=body)
    assert sandbox.jobs[job] == {**body, "script": {"jobType": "appinstall", "approvalType": {}}, "entities": []}


async def test_devices_come_back_in_another_order(client: httpx.AsyncClient, sandbox: OpsRampSandbox) -> None:
    job = sandbox.job_by_name("Install viewer")
    told = (await client.get(f"{JOBS}/{job['id']}")).json()
    stored = [e["resource"]["id"] for e in job["entities"]]
    assert [e["resource"]["id"] for e in told["entities"]] == stored[::-1]


async def test_limits_are_told_in_quotes_and_kept(
    client: httpx.AsyncClient, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    sandbox.auth.rate_limits["get"] = 2
    first = await client.get(f"{JOBS}/types")
    assert first.headers["X-RateLimit-Limit"] == '"2"'
    assert first.headers["X-RateLimit-Remaining"] == '"1"'
    assert first.headers["X-RateLimit-Reset"] == f'"{int(clock.now().timestamp()) // 60 * 60 + 60}"'
    await client.get(f"{JOBS}/types")
    refused = await client.get(f"{JOBS}/types")
    assert refused.status_code == 429
    assert refused.json() == {"error": "throttled", "error_description": "Too Many Requests"}
    clock.advance(minutes=1)
    assert (await client.get(f"{JOBS}/types")).status_code == 200


@pytest.mark.parametrize(
    ("script", "schedule", "words"),
    [
        ({"jobType": "nonsense"}, {}, "Invalid job type"),
        ({"jobType": "adCheckList"}, {}, "schedule is required"),
        ({"jobType": "sqlreport"}, {"startDate": "2026-01-01T00:00:00Z", "pattern": {"type": "never"}}, "start date"),
        ({"jobType": "sqlreport"}, {"startDate": "2026-01-01T00:00:00+0000", "pattern": {"type": "x"}}, "pattern type"),
        ({"jobType": "custom", "customScript": {"id": "seven"}}, {}, "Invalid number"),
        ({"jobType": "appinstall", "approvalType": {"alertRequired": "perhaps"}}, {}, "Invalid boolean"),
    ],
)
async def test_what_no_job_can_be_is_refused(
    client: httpx.AsyncClient, script: dict[str, Any], schedule: dict[str, Any], words: str
) -> None:
    answer = await client.post(JOBS, json={"name": "x", "script": script, "schedule": schedule})
    assert answer.status_code == 400
    assert words in answer.json()["msg"]


@pytest.mark.parametrize("query", ["color:red", "hostName:", "hostName"])
async def test_an_unknown_variable_or_one_without_a_value_is_invalid(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get("/api/v2/tenants/client_93/resources/search", params={"queryString": query})
    assert answer.status_code == 400


async def test_without_a_token_or_for_another_tenant_there_is_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{JOBS}/types", headers={"Authorization": "Bearer other"})).status_code == 401
    assert (await client.get("/api/v2/tenants/client_1/jobs/types")).status_code == 404


async def test_only_one_verb_runs_a_job_and_an_unknown_job_is_not_found(
    client: httpx.AsyncClient, sandbox: OpsRampSandbox
) -> None:
    job = sandbox.job_by_name("Install viewer")["id"]
    assert (await client.post(f"{JOBS}/{job}/run")).status_code == 405
    assert (await client.get(f"{JOBS}/{job}/run")).status_code == 200
    assert (await client.get(f"{JOBS}/gone/run")).status_code == 404
    assert (await client.delete(f"{JOBS}/gone")).status_code == 404
    assert [ran.job for ran in sandbox.runs] == [job]
