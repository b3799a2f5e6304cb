"""The sandbox behaves as Foreman does: checked from outside, over plain HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import pytest

from playground.foreman import ForemanSandbox
from playground.foreman.search import SearchError, compile_search
from tests.unit.foreman.conftest import ManualClock

JOBS = "/api/job_invocations"
LOGICS = "/foreman_tasks/api/recurring_logics"
COMMAND: dict[str, Any] = {
    "job_template_id": 189,
    "targeting_type": "static_query",
    "search_query": "location = Berlin",
    "inputs": {"command": "uptime"},
}


@pytest.fixture
async def http(sandbox: tuple[ForemanSandbox, str]) -> AsyncIterator[httpx.AsyncClient]:
    forgetful = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    async with httpx.AsyncClient(base_url=sandbox[1], auth=("nightshift", "sandbox"), cookies=forgetful) as client:
        yield client


async def create(http: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await http.post(JOBS, json={"job_invocation": COMMAND | changes})


async def create_and_read(http: httpx.AsyncClient, **changes: Any) -> Any:
    response = await create(http, **changes)
    assert response.status_code == 201, response.text
    return response.json()


def message(response: httpx.Response) -> str:
    return str(response.json()["error"]["message"])


async def test_a_job_as_it_is_answered(http: httpx.AsyncClient) -> None:
    shown = await create_and_read(http)
    assert "mode" not in shown
    assert (shown["status"], shown["status_label"], shown["total_hosts"]) == (3, "running", 13)
    assert shown["description"] == "Run uptime"
    assert shown["dynflow_task"]["id"]
    assert (shown["template_name"], shown["effective_user"]) == ("Run Command - Script Default", "root")
    assert len(shown["targeting"]["hosts"]) == 13
    assert "targeting" not in (await http.get(JOBS)).json()["results"][0]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        (
            {"recurrence": {"cron_line": "foo"}},
            500,
            "Validation failed: Triggering: Cronline foo is not valid format of cron line",
        ),
        ({"job_template_id": 5}, 404, "Template with id '5' was not found"),
        ({"job_template_id": None, "feature": "nope"}, 404, "Template with id '' was not found"),
        ({"feature": "run_script"}, 500, "Only one of feature or job_template_id can be specified"),
        ({"bookmark_id": 1}, 500, "Cannot specify both bookmark_id and search_query"),
        ({"search_query": ""}, 500, "Validation failed: Targeting: Search query can't be blank"),
        ({"targeting_type": None}, 500, "Validation failed: Targeting:"),
        ({"inputs": {"x": "1"}}, 500, "[Foreman::Exception]: Unknown input x for template Run Command"),
        ({"inputs": {}}, 500, "Not all required inputs have values. Missing inputs: command"),
        ({"inputs": {"command": ""}}, 500, "Input command: Value can't be blank"),
        ({"inputs": {"command": None}}, 500, "Input command: Value can't be blank"),
        (
            {"job_template_id": 190, "inputs": {"action": "explode", "service": "x"}},
            500,
            "Input action: Value is not included in the list",
        ),
        ({"inputs": "uptime"}, 500, "Internal Server Error"),
        ({"ssh": "root"}, 500, "Internal Server Error"),
        ({"scheduling": {"start_at": "2026-11-23T19:00:00Z"}}, 500, "Triggering: Start at is in the past"),
        ({"scheduling": {"start_before": "2026-11-24T19:00:00Z"}}, 500, "Triggering: Start at must be set"),
        ({"scheduling": {"start_at": "whenever"}}, 500, "argument out of range"),
        (
            {"scheduling": {"start_at": "2026-11-25T19:00:00Z", "start_before": "2026-11-24T19:00:00Z"}},
            500,
            "Start before raw The task could not be started",
        ),
        ({"recurrence": {"cron_line": "0 6 * * *", "max_iteration": "x"}}, 500, "No task could be started"),
        ({"concurrency_control": {"concurrency_level": "0"}}, 500, "Concurrency level must be greater than 0"),
    ],
)
async def test_refusals_leave_nothing_behind(
    http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str], changes: dict[str, Any], status: int, words: str
) -> None:
    response = await create(http, **changes)
    assert response.status_code == status
    assert words in message(response)
    assert sandbox[0].invocations == []
    assert sandbox[0].logics == []


async def test_a_bad_search_is_found_out_after_the_row_was_saved(
    http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str]
) -> None:
    response = await create(http, search_query="colour = red")
    assert (response.status_code, response.json()["error"]["class"]) == (400, "ScopedSearch::QueryNotSupported")
    assert len(sandbox[0].invocations) == 1


async def test_no_matching_host_is_no_error(http: httpx.AsyncClient) -> None:
    assert (await create_and_read(http, search_query="name = nowhere"))["targeting"]["hosts"] == []


async def test_unknown_keys_are_ignored_and_text_is_cut(http: httpx.AsyncClient) -> None:
    shown = await create_and_read(http, description="ignored", name="x", description_format="y" * 300)
    assert shown["description"] == "y" * 255


async def test_placeholders_of_a_description(http: httpx.AsyncClient) -> None:
    shown = await create_and_read(
        http,
        job_template_id=210,
        inputs={"username": "bob", "new password": "x"},
        description_format="%{template_name}: %{username} %{new password} %{nothing}",
    )
    assert shown["description"] == "Change Local Password: bob *** ''"


async def test_seconds_are_dropped_and_a_zone_is_honoured(http: httpx.AsyncClient) -> None:
    shown = await create_and_read(http, scheduling={"start_at": "2026-11-24T07:30:45+01:00"})
    assert shown["mode"] == "future"
    assert shown["scheduling"] == {"start_at": "2026-11-24 06:30:00 UTC", "start_before": None}
    assert (shown["status_label"], shown["total_hosts"]) == ("queued", "N/A")


async def test_a_time_without_zone_is_the_accounts(
    http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str]
) -> None:
    sandbox[0].state.user_zone = "Europe/Berlin"
    shown = await create_and_read(http, scheduling={"start_at": "2026-11-24 07:30"})
    assert shown["scheduling"]["start_at"] == "2026-11-24 06:30:00 UTC"


async def test_an_end_time_is_taken_and_forgotten(http: httpx.AsyncClient) -> None:
    shown = await create_and_read(http, recurrence={"cron_line": "0 6 * * *", "end_time": "2026-11-25T00:00:00Z"})
    assert shown["recurrence"]["end_time"] is None
    assert shown["recurrence"]["next_occurence"] == "2026-11-24 06:00:00 UTC"


async def test_a_purpose_is_unique_among_living_series(http: httpx.AsyncClient) -> None:
    recurrence = {"cron_line": "0 6 * * *", "purpose": "P"}
    first = await create_and_read(http, recurrence=recurrence)
    assert "Purpose Active or disabled recurring logic with purpose P already exists" in message(
        await create(http, recurrence=recurrence)
    )
    await http.post(f"{LOGICS}/{first['recurrence']['id']}/cancel", json={})
    await create_and_read(http, recurrence=recurrence)


async def test_cron_is_read_by_the_version_that_there_is(
    http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str]
) -> None:
    zoned = {"cron_line": "0 6 * * * Asia/Tokyo"}
    assert (await create_and_read(http, recurrence=zoned))["start_at"] == "2026-11-23 21:00:00 UTC"
    sandbox[0].state.tasks = (7, 2, 1)
    assert (await create_and_read(http, recurrence=zoned))["start_at"] == "2026-11-24 06:00:00 UTC"


async def test_cancelling_a_run_of_a_series_makes_the_next(
    http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str]
) -> None:
    first = await create_and_read(http, recurrence={"cron_line": "0 6 * * *"})
    assert (await http.post(f"{JOBS}/{first['id']}/cancel", json={})).json() == {"cancelled": True, "id": first["id"]}
    assert [job.start_at.day for job in sandbox[0].invocations] == [24, 25]
    again = await http.post(f"{JOBS}/{first['id']}/cancel", json={})
    assert (again.status_code, again.json()) == (422, {"message": "The job could not be cancelled."})


async def test_a_rerun_of_a_static_job_takes_every_host_again(
    http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str], clock: ManualClock
) -> None:
    sandbox[0].fail_hosts([sandbox[0].state.find_hosts("location = Berlin")[0].name])
    first = await create_and_read(http)
    clock.advance(minutes=5)
    again = (await http.post(f"{JOBS}/{first['id']}/rerun", json={"failed_only": True})).json()
    assert "result = failed" in again["targeting"]["search_query"]
    assert len(again["targeting"]["hosts"]) == 13


async def test_a_dynamic_series_matches_anew_and_a_static_one_does_not(
    http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str], clock: ManualClock
) -> None:
    recurrence = {"cron_line": "0 6 * * *", "max_iteration": 1}
    fixed = await create_and_read(http, recurrence=recurrence)
    fresh = await create_and_read(http, recurrence=recurrence, targeting_type="dynamic_query")
    sandbox[0].state.world.hosts = sandbox[0].state.world.hosts[:10]
    clock.advance(days=1)
    counts = [(await http.get(f"{JOBS}/{job['id']}")).json()["total_hosts"] for job in (fixed, fresh)]
    assert counts == [13, 3]


async def test_states_move_with_the_clock(http: httpx.AsyncClient, clock: ManualClock) -> None:
    job = await create_and_read(http, scheduling={"start_at": "2026-11-23T21:00:00Z"})

    async def label() -> str:
        return str((await http.get(f"{JOBS}/{job['id']}")).json()["status_label"])

    said = [await label()]
    clock.current = datetime(2026, 11, 23, 21, 0, 5, tzinfo=UTC)
    said.append(await label())
    clock.advance(minutes=1)
    said.append(await label())
    assert said == ["queued", "running", "succeeded"]


async def test_speed_makes_hosts_quicker(
    http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str], clock: ManualClock
) -> None:
    sandbox[0].speed = 20
    job = await create_and_read(http)
    clock.advance(seconds=2)
    assert (await http.get(f"{JOBS}/{job['id']}")).json()["status_label"] == "succeeded"


async def test_who_asks_and_how(http: httpx.AsyncClient, sandbox: tuple[ForemanSandbox, str]) -> None:
    stranger = await http.get("/api/status", auth=("bob", "x"))
    assert (stranger.status_code, message(stranger)) == (401, "Unable to authenticate user bob")
    assert (await http.get("/api/ping", auth=("bob", "x"))).status_code == 200
    form = await http.post(JOBS, content="a=b", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (form.status_code, "Please use 'Content-Type: application/json'" in message(form)) == (415, True)
    broken = await http.post(JOBS, content="{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, isinstance(broken.json()["error"], str)) == (400, True)
    sandbox[0].denied_permissions.add("create_job_invocations")
    denied = (await create(http)).json()["error"]
    assert denied["missing_permissions"] == ["create_job_invocations"]


async def test_a_session_that_is_kept_too_long_is_refused_without_a_word(
    sandbox: tuple[ForemanSandbox, str], clock: ManualClock
) -> None:
    async with httpx.AsyncClient(base_url=sandbox[1], auth=("nightshift", "sandbox")) as keeping:
        assert (await keeping.get("/api/status")).status_code == 200
        clock.advance(hours=2)
        expired = await keeping.get("/api/status")
    assert (expired.status_code, expired.content) == (401, b"")


async def test_a_context_that_is_not_there(http: httpx.AsyncClient) -> None:
    response = await http.post(JOBS, json={"job_invocation": COMMAND, "organization_id": 9})
    assert (response.status_code, response.json()) == (404, {"message": "Organization with id 9 not found"})


async def test_lists_have_pages(http: httpx.AsyncClient) -> None:
    page = (await http.get("/api/hosts", params={"search": "os = RedHat", "per_page": "7", "page": "2"})).json()
    assert (page["total"], page["subtotal"], page["page"], len(page["results"])) == (40, 20, 2, 7)
    assert len((await http.get("/api/hosts")).json()["results"]) == 20
    assert len((await http.get("/api/hosts", params={"per_page": "all", "thin": "1"})).json()["results"]) == 40


async def test_other_views(http: httpx.AsyncClient, clock: ManualClock) -> None:
    job = await create_and_read(http)
    task = (await http.get(f"/foreman_tasks/api/tasks/{job['task']['id']}")).json()
    assert (task["pending"], task["result"]) == (True, "pending")
    rows = (await http.get(f"{JOBS}/{job['id']}/template_invocations")).json()
    assert (rows["subtotal"], rows["results"][0]["host_name"]) == (13, job["targeting"]["hosts"][0]["name"])
    clock.advance(minutes=5)
    host = job["targeting"]["hosts"][0]["id"]
    output = (await http.get(f"{JOBS}/{job['id']}/hosts/{host}")).json()
    assert output["complete"] is True
    assert "Exit status: 0" in output["output"][0]["output"]
    missing = await http.get(f"{JOBS}/99/hosts/1")
    assert missing.json() == {"message": "Job invocation not found by id '99'"}
    series = await create_and_read(http, recurrence={"cron_line": "0 6 * * *"})
    logic = f"{LOGICS}/{series['recurrence']['id']}"
    await http.put(logic, json={"recurring_logic": {"enabled": False}})
    assert (await http.get(logic)).json()["state"] == "disabled"


RESOURCES = [
    {"name": "web01", "os": "RedHat", "size": 4, "tags": ("a", "b")},
    {"name": "web02", "os": "Debian", "size": 8, "tags": ()},
    {"name": "db 01", "os": "RedHat", "size": 16, "tags": ("b",)},
]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["web01", "web02", "db 01"]),
        ("os = redhat", ["web01", "db 01"]),
        ("os=RedHat and name ~ web", ["web01"]),
        ("os = RedHat name ~ web", ["web01"]),
        ("os != RedHat", ["web02"]),
        ("os = Debian or name = web01", ["web01", "web02"]),
        ("os = Debian or os = RedHat and name ~ db", ["web02", "db 01"]),
        ("(os = Debian or os = RedHat) and name ~ db", ["db 01"]),
        ("not os = RedHat", ["web02"]),
        ("name ^ (web01, web02)", ["web01", "web02"]),
        ('name ^ (web01, "db 01")', ["web01", "db 01"]),
        ("name !^ (web01)", ["web02", "db 01"]),
        ('name = "db 01"', ["db 01"]),
        ("name !~ web", ["db 01"]),
        ("name ~ w_b01", ["web01"]),
        ("name ~ w*2", ["web02"]),
        ("size > 4", ["web02", "db 01"]),
        ("size <= 8 & os = RedHat", ["web01"]),
        ("tags = b", ["web01", "db 01"]),
        ("tags != b", ["web02"]),
        ("has tags", ["web01", "db 01"]),
        ("null? tags", ["web02"]),
        ("debian", ["web02"]),
        ("WEB", ["web01", "web02"]),
    ],
)
def test_searches(query: str, names: list[str]) -> None:
    test = compile_search(query, lambda thing, field: thing[field], ("name", "os"), RESOURCES[0])
    assert [thing["name"] for thing in RESOURCES if test(thing)] == names


@pytest.mark.parametrize(
    "query", ["colour = red", "(os = RedHat", "os = RedHat)", "os =", 'name = "x', "size > many", "= x", "name ^ (a"]
)
def test_searches_that_cannot_be_read(query: str) -> None:
    with pytest.raises(SearchError):
        compile_search(query, lambda thing, field: thing[field], ("name",), RESOURCES[0])
