"""What is kept of a run, secrets, and settings."""

from datetime import timedelta

import pytest

from bot.backends.base import Handle, HttpCall, Placement, Plan
from bot.backends.immybot import handles
from bot.backends.immybot.progress import ExpectedRun
from bot.backends.immybot.secret_store import SecretStore, body_with_secrets, secret_name
from bot.backends.immybot.settings import ImmyBotSettings
from bot.values import Json, JsonObject
from tests.unit.immybot.support import START

SOON, LATE = START + timedelta(minutes=1), START + timedelta(hours=1, seconds=1)


def plan(body: Json, **context: Json) -> Plan:
    call = HttpCall(method="POST", url="u", body=body)
    placement = Placement(scheduler="nightshift", reason="r")
    return Plan(operation="o", token="t1", placement=placement, calls=(call,), context=context)


def test_what_is_kept_of_a_run():
    body: JsonObject = {"computers": [{"computerId": 1}, {"computerId": 1}, {"x": 2}], "tenants": [{"tenantId": 3}],
                        "persons": [{"personId": 4}], "offlineBehavior": 1}  # fmt: skip
    answer: JsonObject = {"sessionsStarted": [{"sessionId": 9}], "sessionsAlreadyInProgress": [{"computerId": 5}]}
    handle = handles.build_handle(plan(body), START, answer)
    assert handle.detail == {
        "since": START.isoformat(), "computers": [1], "tenants": [3], "persons": [4], "sessions": [9], "busy": [5],
        "skips_offline": True,
    }  # fmt: skip
    query = handles.session_query(handle, LATE)
    assert (query.group, query.since, query.session_ids) == (handle.id, START, (9,))
    assert (query.computers, query.tenants, query.persons) == (frozenset({1}), frozenset({3}), frozenset({4}))
    run = handles.expected_run(handle, LATE, 2)
    assert run == ExpectedRun(START, frozenset({1}), True, frozenset({5}), True, timedelta(hours=2))


def test_the_start_of_a_run_that_immybot_holds():
    timed = plan({"updateTime": "21:00", "timeZoneInfoId": "UTC", "offlineBehavior": 2})
    handle = handles.build_handle(timed, START, {})
    assert handle.detail["starts_at"] == "2026-03-04T21:00:00+00:00"
    assert handle.detail["skips_offline"] is False
    assert handles.expected_run(handle, LATE, 2).starts_at == START.replace(hour=21)
    told = plan({"updateTime": "21:00", "timeZoneInfoId": "UTC"}, starts_at="2026-03-05T01:00:00+00:00")
    assert handles.build_handle(told, START, {}).detail["starts_at"] == "2026-03-05T01:00:00+00:00"
    assert "starts_at" not in handles.build_handle(plan(None), START, {}).detail


def test_a_run_that_a_person_named():
    assert handles.attached_sessions("4, 5") == (4, 5)
    assert handles.attached_sessions("4, x") == handles.attached_sessions("") == handles.attached_sessions("٤") == ()
    query = handles.session_query(Handle(id="4,5"), LATE)
    assert (query.session_ids, query.since, query.computers) == ((4, 5), LATE, frozenset())
    run = handles.expected_run(Handle(id="4"), LATE, 2)
    assert (run.starts_at, run.has_group_targets, run.skips_offline) == (LATE, False, False)


def test_secrets_are_put_in_and_struck_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("S_ADMIN", "hunter2")
    monkeypatch.setenv("S_TOKEN", "tok")
    store = SecretStore({"admin": "env:S_ADMIN", "absent": "env:S_ABSENT"}, ("env:S_TOKEN", None))
    assert store.names == ("absent", "admin")
    assert store.redact("hunter2 and tok and more") == "••• and ••• and more"
    assert store.missing_messages() == ("The environment variable S_ABSENT is not set; env:S_ABSENT refers to it.",)
    body: JsonObject = {"maintenanceParams": {"taskParameterValues": {
        "A": {"value": {"secret": "admin"}}, "B": {"value": "plain"}, "C": 4,
    }}}  # fmt: skip
    filled = body_with_secrets(body, store)  # type: ignore[arg-type]
    assert filled == {"maintenanceParams": {"taskParameterValues": {
        "A": {"value": "hunter2"}, "B": {"value": "plain"}, "C": 4,
    }}}  # fmt: skip
    assert "hunter2" not in str(body)
    for odd in (None, {}, {"maintenanceParams": 4}, {"maintenanceParams": {"taskParameterValues": 4}}):
        assert body_with_secrets(odd, store) == odd  # type: ignore[arg-type]
    assert [secret_name(v) for v in ({"secret": "a"}, {"secret": 4}, {"secret": "a", "b": 1}, "secret")] == [
        "a", None, None, None
    ]  # fmt: skip


ENTRA = {"subdomain": "contoso", "tenant_id": "t-1", "client_id": "c", "client_secret": "env:S"}


def test_settings_and_what_follows_from_them():
    settings = ImmyBotSettings.model_validate(ENTRA)
    assert settings.base_url == "https://contoso.immy.bot"
    assert settings.token_endpoint == "https://login.microsoftonline.com/t-1/oauth2/v2.0/token"
    assert settings.token_scope == "https://contoso.immy.bot/.default"
    assert settings.model_dump(exclude=set(ENTRA)) == {
        "title": "", "approvals_channel": "", "results_channel": "",
        "scheduler": "nightshift", "url": "", "token_url": "", "scope": "",
        "bearer": None, "endpoint": "/api/v1/run-immy-service-new", "give_up_hours": 72, "native_schedules": True,
        "timeout": 30, "lookup_timeout": 2.0, "secrets": {},
    }  # fmt: skip
    own = ImmyBotSettings.model_validate(
        {**ENTRA, "subdomain": "", "url": "http://localhost:1/", "token_url": "https://t/", "scope": "s"}
    )
    assert (own.base_url, own.token_endpoint, own.token_scope) == ("http://localhost:1", "https://t", "s")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"subdomain": ""}, "subdomain is needed"),
        ({"subdomain": "contoso.immy.bot"}, "must be the first part of the address alone"),
        ({"url": "http://immy.example.com"}, "must be an https:// address"),
        ({"token_url": "ftp://localhost"}, "must be an https:// address"),
        ({"tenant_id": "a/b"}, "must be the directory"),
        ({"endpoint": "api/v1"}, "must be a path such as"),
        ({"client_id": ""}, "give either tenant_id, client_id and client_secret, or bearer"),
        ({"client_secret": None}, "give either"),
        ({"tenant_id": ""}, "give either"),
        ({"bearer": "env:B"}, "give either"),
        ({"subdomain": "", "url": "https://i"}, "scope is needed where url stands instead of subdomain"),
        ({"give_up_hours": 0}, "greater than 0"),
        ({"timeout": 0}, "greater than 0"),
        ({"lookup_timeout": 0}, "greater than 0"),
    ],
)
def test_settings_that_are_refused(changes: JsonObject, problem: str):
    with pytest.raises(ValueError, match=problem):
        ImmyBotSettings.model_validate({**ENTRA, **changes})


def test_settings_with_a_token_of_their_own():
    settings = ImmyBotSettings.model_validate({"url": "https://i", "bearer": "env:B"})
    assert settings.base_url == "https://i"
    assert ImmyBotSettings.model_validate({**ENTRA, "tenant_id": "", "token_url": "https://t"}).token_url == "https://t"
