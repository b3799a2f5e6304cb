"""What a tenant has, and how OpsRamp's answers and limits are read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.backends.opsramp.api import OpsRampApi, extract_error, has_next
from bot.backends.opsramp.catalog import Catalog
from bot.backends.opsramp.rate_limits import CallMeter
from bot.backends.opsramp.scripts import Script, ScriptCatalog, ScriptParameter
from bot.backends.opsramp.settings import OpsRampSettings
from bot.errors import BadResponse, Refused, RemoteNotFound
from bot.values import Json, JsonObject
from tests.unit.opsramp.support import ManualClock

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTINGS = OpsRampSettings(url="https://o", tenant="client_1", key="env:K", secret="env:S")


@pytest.mark.parametrize(
    ("status", "given", "words"),
    [
        (400, {"message": "m", "code": "7"}, "m (code 7)"),
        (400, {"message": " ", "description": "d"}, "d"),
        (400, {"error": {"message": "inner"}}, "inner"),
        (407, {}, "the token has expired"),
        (410, None, "the tenant is unavailable or deactivated"),
        (400, {"code": "7"}, "(code 7)"),
        (400, None, ""),
        (400, "text", "text"),
    ],
)
def test_the_words_of_an_error(status: int, given: Json, words: str):
    assert extract_error(status, given) == words


def test_whether_a_page_follows():
    pages: list[Json] = [{"nextPage": True}, {"nextPage": "true"}, {"nextPage": "false"}, {"nextPage": "odd"}, {}, []]
    assert [has_next(page) for page in pages] == [True, True, False, False, False, False]


def wait(meter: CallMeter, seconds: float) -> float:
    return meter.seconds_until_free(NOW + timedelta(seconds=seconds))


def test_a_meter_counts_a_minute():
    meter = CallMeter(40)
    for _ in range(37):
        meter.record_call(NOW)
    assert wait(meter, 0) == 0
    meter.record_call(NOW)
    assert [wait(meter, s) for s in (0, 59.9, 60)] == [60, pytest.approx(0.1), 0]


def test_a_meter_believes_what_opsramp_says():
    meter = CallMeter(1000)
    reset = str(int(NOW.timestamp()) + 30)
    meter.record_response(NOW, 200, {"x-ratelimit-remaining": "3", "x-ratelimit-reset": reset})
    meter.record_response(NOW, 200, {"x-ratelimit-limit": "40"})
    assert wait(meter, 0) == 0
    meter.record_call(NOW)
    assert (meter.limit, wait(meter, 0), wait(meter, 30)) == (40, 30, 0)
    meter.record_call(NOW + timedelta(seconds=30))
    assert wait(meter, 30) == 0
    far = str(int(NOW.timestamp()) + 3600)
    meter.record_response(NOW, 200, {"x-ratelimit-remaining": '"0"', "x-ratelimit-reset": f"'{far}'"})
    assert wait(meter, 0) == 60


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({}, 5), ({"retry-after": "7"}, 7), ({"retry-after": "90"}, 60), ({"x-ratelimit-reset": "+9"}, 5)],
)
def test_a_meter_after_a_429(headers: dict[str, str], seconds: float):
    meter = CallMeter(1000)
    meter.record_response(NOW, 200, {"retry-after": "30"})
    assert wait(meter, 0) == 0
    meter.record_response(NOW, 429, headers)
    assert [wait(meter, s) for s in (0, seconds)] == [seconds, 0]


def test_a_429_with_a_reset():
    reset = {"x-ratelimit-remaining": "9", "x-ratelimit-reset": str(int(NOW.timestamp()) + 20)}
    blocked, later = CallMeter(100), CallMeter(100)
    blocked.record_response(NOW, 429, reset)
    assert wait(blocked, 0) == 20
    later.record_response(NOW, 200, reset)
    later.record_response(NOW, 429, {})
    assert wait(later, 0) == 5


class FakeApi(OpsRampApi):
    """Answers reads from a table; a value that is an error is raised."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__("o", SETTINGS, ManualClock())
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    async def get(self, path: str, query: Any = None, policy: Any = None) -> Any:
        self.asked.append((path, dict(query or {})))
        answer = self.answers.get(path, [])
        if callable(answer):
            answer = answer(query)
        if isinstance(answer, Exception):
            raise answer
        return answer


def catalog(**answers: Any) -> tuple[Catalog, FakeApi]:
    api = FakeApi({f"t/{path.replace('__', '/')}": answer for path, answer in answers.items()})
    return Catalog(api, ManualClock()), api


async def test_jobs_and_their_types():
    rows = [
        {"id": "1", "name": "b", "script": {"jobType": "adCheckList"}}, {"id": "2", "name": "Ab", "script": {}},
        {"id": "3", "name": "ba", "script": {"customScript": {"id": 1}}}, {"name": "no id"}, {"id": "5", "script": 4},
    ]  # fmt: skip
    found, api = catalog(jobs__search=rows)
    assert [(o.value, o.label, o.description) for o in await found.jobs("t", "b")] == [
        ("1", "b", "adCheckList"), ("3", "ba", "custom"), ("2", "Ab", "")
    ]  # fmt: skip
    assert [o.value for o in await found.jobs("t", "5")] == ["5"]
    assert api.asked == [("t/jobs/search", {
        "pageNo": 1, "pageSize": 100, "isDescendingOrder": "true", "sortName": "id"})]  # fmt: skip


async def test_a_job_beyond_the_pages_that_are_read():
    def page(query: Any) -> Any:
        if "queryString" in query:
            return {"results": [{"id": "9", "name": "rare"}]}
        return {"results": [{"id": str(query["pageNo"]), "name": "x"}], "nextPage": True}

    found, api = catalog(jobs__search=page)
    assert [o.value for o in await found.jobs("t", "rare+")] == []
    assert len(api.asked) == 6
    assert api.asked[-1][1]["queryString"] == "name:rare"
    assert [o.value for o in await found.jobs("t", "rare")] == ["9"]
    assert await found.job_ids_by_name("t", "rare") == ["9"]


async def test_ids_of_a_name_are_looked_for_without_the_search_too():
    def page(query: Any) -> Any:
        return Refused("o", "no", status=400) if "queryString" in query else [{"id": "1", "name": "n"}, {"name": "n"}]

    found, _ = catalog(jobs__search=page)
    assert await found.job_ids_by_name("t", "n") == ["1"]
    failing, _ = catalog(jobs__search=Refused("o", "no", status=400))
    with pytest.raises(Refused):
        await failing.job_ids_by_name("t", "n")
    forbidden, _ = catalog(jobs__search=lambda query: Refused("o", "no", status=403))
    with pytest.raises(Refused):
        await forbidden.job_ids_by_name("t", "n")


async def test_types_of_jobs():
    rows = {"jobNameAndType": [{"jobtype": "a", "jobName": "Alpha"}, {"jobType": "b"}, {}]}
    found, _ = catalog(jobs__types=rows)
    types = await found.job_types("t")
    assert [(o.value, o.label) for o in types] == [("custom", "Custom script"), ("a", "Alpha"), ("b", "b")]
    assert [o.value for o in await found.job_types("t", "ALPHA")] == ["a"]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", [None]),
        (" web ", ["hostName:web", "resourceName:web"]),
        ("10.1.2", ["ipAddress:10.1.2"]),
        ("1d4b51a0-7d0e-4d0f-8f63-0a53a4a8b9c1", ["id:1d4b51a0-7d0e-4d0f-8f63-0a53a4a8b9c1"]),
        ("a+b", ["hostName:a b", "resourceName:a b"]),
    ],
)
async def test_how_devices_are_searched(query: str, asked: list[str | None]):
    found, api = catalog(resources__search=[])
    assert await found.devices("t", query) == []
    assert [question.get("queryString") for _, question in api.asked] == asked
    assert all(question["includeStatus"] == "false" for _, question in api.asked)


async def test_devices_as_choices():
    rows = [
        {"id": "1", "hostName": "xb", "ipAddress": "10.0.0.1", "deviceType": "Linux", "state": "active"},
        {"id": "2", "resourceName": "b", "resourceType": "Windows"}, {"id": "3", "name": ""}, {"hostName": "no id"},
    ]  # fmt: skip
    found, api = catalog(resources__search=rows, resources__minimal=rows)
    assert [(o.value, o.label, o.description) for o in await found.devices("t", "b")] == [
        ("2", "b", "Windows"), ("3", "3", ""), ("1", "xb", "10.0.0.1, Linux, active")
    ]  # fmt: skip
    assert await found.device_names("t") == {"1": "xb", "2": "b", "3": "3"}
    assert len(api.asked) == 2


async def test_credential_sets_and_clients():
    answers = {
        "credentialSets__minimal": [{"uniqueId": "c1", "name": "One", "description": "d"}, {"id": "c2"}, {}],
        "devices__1__credentialSets__minimal": [{"uniqueId": "c1", "name": "again"}, {"uniqueId": "c3", "name": "x"}],
        "devices__2__credentialSets__minimal": RemoteNotFound("o", "no"),
        "clients__minimal": [{"uniqueId": "client_1", "name": "Acme"}, {"name": "no id"}],
    }
    found, api = catalog(**answers)
    sets = await found.credential_sets("t", "", ["1", "2", "3", "4"])
    assert [(o.value, o.label, o.description) for o in sets] == [("c1", "One", "d"), ("c2", "c2", ""), ("c3", "x", "")]
    assert len(api.asked) == 4
    assert [o.value for o in await found.credential_sets("t", "c2", [])] == ["c2"]
    assert [(o.value, o.label, o.description) for o in await found.clients("t", "")] == [
        ("client_1", "Acme", "client_1")
    ]  # fmt: skip
    assert await found.clients("t", "zzz") == []


def test_rows_of_an_answer():
    api = FakeApi({})
    rows: list[tuple[Json, Any]] = [
        (None, []), ([], []), ({}, []), ({"totalResults": 0}, []), ({"id": 1}, [{"id": 1}]),
        ({"results": [{"a": 1}]}, [{"a": 1}]), ({"results": None}, []), ([{"a": 1}], [{"a": 1}]),
    ]  # fmt: skip
    for given, expected in rows:
        assert api.extract_rows(given) == expected
    for odd in ("x", [1], {"other": 1}, {"results": {}}):
        with pytest.raises(BadResponse, match="o sent something else where a list was expected"):
            api.extract_rows(odd)


async def test_pages_of_a_list():
    def page(query: Any) -> Any:
        return {"results": [{"id": query["pageNo"]}], "nextPage": query["pageNo"] < 4}

    api = FakeApi({"p": page})
    whole = await api.get_rows("p")
    assert ([row["id"] for row in whole.rows], whole.is_complete) == ([1, 2, 3, 4], True)
    some = await api.get_rows("p", max_pages=3)
    assert ([row["id"] for row in some.rows], some.is_complete) == ([1, 2, 3], False)
    stopped = await api.get_rows("p", stop_after=lambda page: True)
    assert ([row["id"] for row in stopped.rows], stopped.is_complete) == ([1], True)
    plain = FakeApi({"p": [{"id": 1}]})
    await plain.get_rows("p", {"a": "b"}, paged=False)
    assert plain.asked == [("p", {"a": "b"})]


def scripts(**more: Any) -> tuple[ScriptCatalog, FakeApi]:
    answers = {
        "t/rba/categories": [
            {"id": 1, "name": "Ops", "childs": [{"id": 2, "name": "Web"}, "odd"]}, {"name": "none"},
        ],
        "t/rba/categories/1/scripts": [{"id": 5, "name": "Restart"}, {"id": "x"}, {}],
        "t/rba/categories/2/scripts": [{"id": "6", "name": "", "platforms": ["LINUX", "WINDOWS"]}],
        "t/rba/categories/1/scripts/5": [{"id": 5, "name": "Restart", "description": "d", "parameters": [
            {"id": 1, "name": "P", "type": "required", "dataType": "password"},
            {"id": 2, "defaultValue": 4}, {"name": "no id"}, "odd",
        ]}],
        **more,
    }  # fmt: skip
    api = FakeApi(answers)
    return ScriptCatalog(api, ManualClock()), api


def scripts_named(*names: str) -> ScriptCatalog:
    """A catalog of one category."""
    rows = [{"id": number, "name": name} for number, name in enumerate(names, 1)]
    return scripts(**{"t/rba/categories": [{"id": 1, "name": "All"}], "t/rba/categories/1/scripts": rows})[0]


async def test_scripts_of_all_categories():
    found, _ = scripts()
    assert [(o.value, o.label, o.description) for o in await found.search("t", "")] == [
        ("6", "6", "Ops / Web, LINUX/WINDOWS"), ("5", "Restart", "Ops")
    ]  # fmt: skip
    assert [o.value for o in await found.search("t", "5")] == ["5"]
    assert [o.value for o in await found.search("t", "WEB")] == ["6"]
    assert [o.label for o in await scripts_named("Ping", "Deploy app", "App restart", "app").search("t", "app")] == [
        "app", "App restart", "Deploy app",
    ]  # fmt: skip
    script = await found.get("t", 5)
    assert replace(script, fingerprint="") == Script(5, "Restart", "Ops", "1", "d", (), (
        ScriptParameter("1", "P", "", "", True, "PASSWORD"), ScriptParameter("2", "2", "", "4", False, "STRING"),
    ))  # fmt: skip
    assert [p.is_password for p in script.parameters] == [True, False]
    assert (await found.get("t", 6)).name == "6"
    with pytest.raises(RemoteNotFound, match=r"o has no script 7\.") as missing:
        await found.get("t", 7)
    assert missing.value.status == 404


def output(device: Any, minute: int, text: Any = "x") -> JsonObject:
    return {"device": device, "responseDate": f"2026-03-02T12:{minute:02}:00+0000", "output": text}


async def test_outputs_of_a_script():
    rows = [output({"id": "d1"}, 9), output({"id": "d2"}, 5, None), output("odd", 7), {"device": {"id": "d"}},
            {**output({}, 8), "responseDate": "odd"}, output({}, 6)]  # fmt: skip
    path = "t/rba/scripts/5/paginatedOutputs"
    found, api = scripts(**{path: {"results": rows, "nextPage": True, "descendingOrder": True}})
    outputs = await found.outputs("t", 5, NOW + timedelta(minutes=6))
    assert [(o.device, o.responded_at.minute, o.text) for o in outputs] == [("d1", 9, "x"), ("", 6, "x")] * 5
    assert len(api.asked) == 5
    assert api.asked[0][1]["isDescendingOrder"] == "true"
    old = {"results": [output({"id": "d1"}, 5)], "nextPage": True, "descendingOrder": True}
    stopping, api = scripts(**{path: old})
    assert await stopping.outputs("t", 5, NOW + timedelta(minutes=6)) == []
    assert len(api.asked) == 1
    unordered, api = scripts(**{path: {**old, "descendingOrder": False}})
    await unordered.outputs("t", 5, NOW + timedelta(minutes=6))
    assert len(api.asked) == 5
    empty, api = scripts(**{path: {"results": [], "nextPage": True, "descendingOrder": True}})
    await empty.outputs("t", 5, NOW)
    assert len(api.asked) == 5
