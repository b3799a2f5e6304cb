"""Which reads a poll makes of Foreman's API, against one that answers from a table."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.backends.base import Handle
from bot.backends.foreman import poll
from bot.backends.foreman.params import ForemanJobParams
from bot.errors import (
    BadResponse,
    Forbidden,
    RemoteNotFound,
)
from tests.unit.foreman.fake_api import FakeApi

NOW = datetime(2026, 11, 23, 20, 0, 30, tzinfo=UTC)
JOBS, LOGICS = "/api/job_invocations", "/foreman_tasks/api/recurring_logics"
TASK = {"id": "t"}


def missing() -> RemoteNotFound:
    return RemoteNotFound("f.lab", "gone", status=404, server_message="gone")


def params(**values: Any) -> ForemanJobParams:
    return ForemanJobParams.model_validate({"job_template_id": 1, **values})


HANDLE = Handle(id="7", detail={"token": "ns-1", "at": NOW.isoformat()})


async def test_runs_are_polled_by_the_hundred_and_failures_explained():
    row = {"id": 7, "status": 1, "dynflow_task": TASK, "total_hosts": 3, "failed": 1, "succeeded": 2}
    hosts = [{"id": 1, "name": "b", "job_status": "success"}, {"id": 2, "name": "c", "job_status": "error"},
             {"id": 3, "name": "a", "job_status": "success"}]  # fmt: skip
    outputs = {"outputs": [{"host_id": 2, "output": [{"output": "x\n"}, 4, {"output": " one \n\ntwo\n"}]}, "odd"]}
    api = FakeApi({
        JOBS: {"results": [row, {"id": 8, "status": 0}]}, f"{JOBS}/7/hosts": {"results": hosts},
        f"{JOBS}/7/outputs": outputs,
    })  # fmt: skip
    (progress,) = (await poll.poll(api, [HANDLE], NOW, 15)).values()
    assert [(r.name, r.state, r.reason) for r in progress.results] == [
        ("c", "failed", "one / two"), ("a", "succeeded", ""), ("b", "succeeded", "")
    ]  # fmt: skip
    search = "job_invocation.id = 7 and job_invocation.result = failed"
    assert api.asked == [
        (JOBS, {"search": "id ^ (7)", "per_page": 100}), (f"{JOBS}/7/hosts", {"per_page": 2000}),
        (f"{JOBS}/7/outputs", {"search_query": search, "raw": "true"}),
    ]  # fmt: skip
    handles = [Handle(id=str(n)) for n in range(101)]
    many = FakeApi({})
    await poll.poll(many, handles, NOW, 15)
    assert len(many.asked) == 2
    await poll.poll(many, handles[:100], NOW, 15)
    assert len(many.asked) == 3


@pytest.mark.parametrize(("failed", "explained"), [(50, True), (51, False)])
async def test_many_failures_are_not_explained(failed: int, explained: bool):
    row = {"id": 7, "status": 1, "dynflow_task": TASK, "total_hosts": failed}
    hosts = [{"id": n, "name": str(n), "job_status": "failed"} for n in range(failed)]
    api = FakeApi({JOBS: {"results": [row]}, f"{JOBS}/7/hosts": {"results": hosts}, f"{JOBS}/7/outputs": {}})
    await poll.poll(api, [HANDLE], NOW, 15)
    assert (f"{JOBS}/7/outputs" in [path for path, _ in api.asked]) is explained


@pytest.mark.parametrize(("total", "search"), [(2000, None), (2001, "failed")])
async def test_of_a_large_run_only_the_failed_hosts_are_read(total: int, search: str | None):
    row = {"id": 7, "status": 1, "dynflow_task": TASK, "total_hosts": total}
    hosts = [{"id": n, "name": f"{n:05}", "job_status": "success"} for n in range(2001)]
    api = FakeApi({JOBS: {"results": [row]}, f"{JOBS}/7/hosts": {"results": hosts}})
    progress = (await poll.poll(api, [HANDLE], NOW, 15))["7"]
    assert len(progress.results) == 2000
    expected = {"search": "job_invocation.id = 7 and job_invocation.result = failed"} if search else {}
    assert api.asked[1] == (f"{JOBS}/7/hosts", {"per_page": 2000, **expected})


async def test_hosts_of_older_servers_and_of_none():
    row = {"id": 7, "status": 4, "dynflow_task": TASK}
    shown = {"targeting": {"hosts": [{"id": 1, "name": "a", "job_status": "cancelled"}, 4]}}
    api = FakeApi({JOBS: {"results": [row]}, f"{JOBS}/7/hosts": missing(), f"{JOBS}/7": (shown, {}, {"targeting": 4})})
    for expected in (["a"], [], []):
        progress = (await poll.poll(api, [HANDLE], NOW, 15))["7"]
        assert [r.name for r in progress.results] == expected
    assert (f"{JOBS}/7", {"host_status": "true"}) in api.asked
    failing = FakeApi({JOBS: {"results": [row]}, f"{JOBS}/7/hosts": BadResponse("f", "no")})
    assert (await poll.poll(failing, [HANDLE], NOW, 15))["7"].results == ()


async def test_series_are_told_even_of_the_same_token_only():
    handle = Handle(kind="series", id="3", detail={"token": "ns-1", "at": NOW.isoformat()})
    runs = [{"id": 9, "status": 0, "dynflow_task": TASK, "description": "[ns-1] x"},
            {"id": 8, "status": 0, "dynflow_task": TASK, "description": "other"}]  # fmt: skip
    api = FakeApi({LOGICS: {"results": [{"id": 3}, {"id": 4}]}, JOBS: {"results": runs}})
    found = await poll.poll(api, [handle], NOW, 15)
    assert [run.id for run in found["3"].runs] == ["9"]
    assert api.asked == [
        (LOGICS, {"search": "id ^ (3)", "per_page": 100}),
        (JOBS, {"search": "recurring_logic.id ^ (3)", "order": "id DESC", "per_page": 1000}),
    ]
    unnamed = await poll.poll(api, [Handle(kind="series", id="3")], NOW, 15)
    assert unnamed["3"].runs == ()
    api.answers[LOGICS] = Forbidden("f", "no")
    with pytest.raises(Forbidden):
        await poll.poll(api, [handle], NOW, 15)
    api.answers[JOBS] = {"results": [{"id": 7, "status": 3, "dynflow_task": TASK}]}
    assert set(await poll.poll(api, [handle, HANDLE], NOW, 15)) == {"7"}


async def test_the_output_of_a_host():
    api = FakeApi({f"{JOBS}/7/outputs": {"outputs": [{"output": " one\n"}, {"output": None}, {"output": "two"}]}})
    assert await poll.output(api, "7", 'a"b') == "one\n\n\ntwo"
    assert api.asked == [(f"{JOBS}/7/outputs", {"search_query": 'name = "a\\"b"', "raw": "true"})]
    assert await poll.output(FakeApi({f"{JOBS}/7/outputs": []}), "7", "a") == ""
