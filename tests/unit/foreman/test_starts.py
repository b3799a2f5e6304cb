"""Starting, looking up and cancelling, against an API that answers from a table."""

from typing import Any

import pytest

from bot.backends.base import Handle, HttpCall, Placement, Plan
from bot.backends.foreman import cancel, start
from bot.backends.foreman.params import ForemanJobParams
from bot.errors import (
    BackendError,
    Forbidden,
    OutcomeUnknown,
    Refused,
    RemoteNotFound,
)
from tests.unit.foreman.fake_api import SETTINGS, FakeApi

JOBS, LOGICS = "/api/job_invocations", "/foreman_tasks/api/recurring_logics"
TASK = {"id": "t"}


def missing() -> RemoteNotFound:
    return RemoteNotFound("f.lab", "gone", status=404, server_message="gone")


def params(**values: Any) -> ForemanJobParams:
    return ForemanJobParams.model_validate({"job_template_id": 1, **values})


def plan(**context: Any) -> Plan:
    call = HttpCall(
        method="POST", url="u", body={"job_invocation": {"inputs": {"p": "secret:a"}, "password": "secret:a"}}
    )
    placement = Placement(scheduler="backend", reason="Held.")
    return Plan(operation="o", token="ns-1", placement=placement, calls=(call,), context=context)


async def test_what_was_started_is_named():
    api = FakeApi({JOBS: {"id": 7}})
    handle = await start.start(api, plan(at="x"), {})
    assert handle == Handle(id="7", url="https://f/job_invocations/7", detail={"token": "ns-1", "at": "x"})
    api.answers[JOBS] = {"id": 7, "recurrence": {"id": 3}}
    series = await start.start(api, plan(at="x"), {})
    assert series == Handle(kind="series", id="3", url="https://f/foreman_tasks/recurring_logics/3",
                            detail={"token": "ns-1", "at": "x"})  # fmt: skip
    for odd in ({}, [], {"id": "7"}):
        api.answers[JOBS] = odd
        with pytest.raises(OutcomeUnknown, match=r"f\.lab took the job but did not say its number"):
            await start.start(api, plan(), {})


FIRST = "2026-11-24T06:00:30+00:00"
DIFFERS = "f.lab would run it at 2026-11-24 07:00 UTC instead of 2026-11-24 06:00 UTC"


@pytest.mark.parametrize(
    "told",
    [
        {"start_at": "2026-11-24 07:00:00 UTC"}, {"scheduling": {"start_at": "2026-11-24 07:00:00 UTC"}},
        {"recurrence": {"next_occurence": "2026-11-24 07:00:00 UTC"}},
    ],
)  # fmt: skip
async def test_a_first_run_at_another_time_is_cancelled(told: dict[str, Any]):
    api = FakeApi({JOBS: {"id": 7, **told}})
    with pytest.raises(Refused, match=f"{DIFFERS}, so it was cancelled there"):
        await start.start(api, plan(first=FIRST), {})
    assert [path for path, _ in api.posted] == [JOBS, f"{JOBS}/7/cancel"]
    api.answers[f"{JOBS}/7/cancel"] = BackendError("f", "no")
    handle = await start.start(api, plan(first=FIRST), {})
    assert handle.detail["note"] == f" Beware: {DIFFERS}."


async def test_a_series_at_another_time_is_cancelled_through_its_logic():
    api = FakeApi({JOBS: {"id": 7, "recurrence": {"id": 3, "next_occurence": "2026-11-24 07:00:00 UTC"}}})
    with pytest.raises(Refused, match=DIFFERS):
        await start.start(api, plan(first=FIRST), {})
    assert [path for path, _ in api.posted] == [JOBS, f"{LOGICS}/3/cancel"]
    right = {"id": 7, "start_at": "2026-11-24 07:00:00 UTC", "scheduling": {"start_at": "2026-11-24 06:00:00 UTC"}}
    assert (await start.start(FakeApi({JOBS: right}), plan(first=FIRST), {})).id == "7"
    assert (await start.start(FakeApi({JOBS: {"id": 7}}), plan(first=FIRST), {})).id == "7"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Targeting is bad", "f refused the job and started nothing. Where: Targeting is bad"),
        ("Something else", "no"),
    ],
)
async def test_a_refusal_names_its_field(words: str, text: str):
    api = FakeApi({JOBS: Refused("f", "no", status=422, server_message=words)})
    with pytest.raises(Refused) as refused:
        await start.start(api, plan(), {})
    assert (str(refused.value), refused.value.status, refused.value.server_message) == (text, 422, words)
    forbidden = FakeApi({JOBS: Forbidden("f", "no", status=403, server_message="Targeting")})
    with pytest.raises(Forbidden, match=r"^no$"):
        await start.start(forbidden, plan(), {})


async def test_an_earlier_start_is_looked_up():
    rows = [{"id": 12, "description": "[ns-1] b"}, {"id": 9, "description": "[ns-1] a"}, {"id": 1, "description": "x"}]
    api = FakeApi({JOBS: {"results": rows}})
    found = await start.find_started(api, plan())
    assert found is not None
    assert (found.id, found.kind) == ("9", "run")
    assert api.asked == [(JOBS, {"search": 'description ~ "ns-1"', "order": "id ASC", "per_page": 20})]
    assert await start.find_started(FakeApi({}), plan()) is None
    logics = [{"id": 6, "purpose": "ns-1"}, {"id": 5, "purpose": "ns-1"}, {"id": 1, "purpose": "ns-11"}]
    series = FakeApi({LOGICS: {"results": logics}})
    found = await start.find_started(series, plan(series=True))
    assert found is not None
    assert (found.id, found.kind) == ("5", "series")
    assert series.asked == [(LOGICS, {"search": 'purpose = "ns-1"', "per_page": 5})]
    hidden = FakeApi({LOGICS: Forbidden("f", "no"), JOBS: {"results": [{**rows[1], "dynflow_task": TASK}]},
                      f"{JOBS}/9": {"recurrence": {"id": 4}}})  # fmt: skip
    found = await start.find_started(hidden, plan(series=True))
    assert found is not None
    assert (found.id, found.kind) == ("4", "series")
    assert hidden.asked[-1] == (f"{JOBS}/9", {"include_hosts": "false"})
    saved = FakeApi({LOGICS: missing(), JOBS: {"results": rows}})
    found = await start.find_started(saved, plan(series=True))
    assert found is not None
    assert (found.id, found.kind) == ("9", "run")


def test_secrets_are_put_into_a_copy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("F_SECRET", "hunter2")
    settings = SETTINGS.model_copy(update={"secrets": {"a": "env:F_SECRET"}})
    asked = plan(secrets=[["inputs", "p"], ["password"], "odd"])
    body = start.body_with_secrets(asked, settings, "f")
    assert body == {"job_invocation": {"inputs": {"p": "hunter2"}, "password": "hunter2"}}
    assert "hunter2" not in str(asked)
    assert start.secret_input_names(asked) == {"p"}
    with pytest.raises(Refused, match="f has no secret named a any more; nothing was sent"):
        start.body_with_secrets(asked, SETTINGS, "f")
    monkeypatch.delenv("F_SECRET")
    with pytest.raises(Refused, match=r"F_SECRET is not set.* Nothing was sent\."):
        start.body_with_secrets(asked, settings, "f")
    assert start.invocation_body(plan()) == {"inputs": {"p": "secret:a"}, "password": "secret:a"}
    start.reject_held_series("f", plan())
    with pytest.raises(Refused, match=r"Held\. Nothing was sent\."):
        start.reject_held_series("f", plan(held_series=True))


async def test_cancelling():
    api = FakeApi({})
    assert await cancel.cancel(api, Handle(id="7")) == (
        "Foreman is cancelling job 7; hosts that have finished stay as they are."
    )
    await cancel.cancel(api, Handle(kind="series", id="3"))
    assert api.posted == [(f"{JOBS}/7/cancel", {"force": False}), (f"{LOGICS}/3/cancel", {})]
    ended = FakeApi({f"{JOBS}/7/cancel": Refused("f", "no", status=422), JOBS: {"results": [{"id": 7, "status": 0}]}})
    assert await cancel.cancel(ended, Handle(id="7")) == "Job 7 had already ended in Foreman: finished."
    assert ended.asked == [(JOBS, {"search": "id = 7", "per_page": 1})]
    for answers in (
        {f"{JOBS}/7/cancel": Refused("f", "no", status=409), JOBS: {"results": [{"id": 7, "status": 0}]}},
        {f"{JOBS}/7/cancel": Refused("f", "no", status=422), JOBS: {"results": [{"id": 7, "status": 3}]}},
        {f"{JOBS}/7/cancel": Refused("f", "no", status=422)},
    ):
        with pytest.raises(Refused):
            await cancel.cancel(FakeApi(answers), Handle(id="7"))
