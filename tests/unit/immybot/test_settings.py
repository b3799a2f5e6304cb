"""How a connection is configured, found and checked."""

from importlib.metadata import entry_points
from typing import Any

import pytest
from pydantic import ValidationError

from bot.backends.base import BackendContext
from bot.backends.immybot import backend
from bot.backends.immybot.connection import ImmyBotConnection
from bot.backends.immybot.settings import ImmyBotSettings
from bot.errors import Unauthorized
from bot.schedule import Now
from playground.immybot import ImmyBotSandbox
from tests.unit.immybot.support import ManualClock, once, params

ENTRA = {"subdomain": "contoso", "tenant_id": "t-1", "client_id": "c-1", "client_secret": "env:X"}


def test_the_back_end_is_found_through_its_entry_point() -> None:
    (found,) = (e for e in entry_points(group="nightshift.backends") if e.name == "immybot")
    assert found.load() is backend
    assert (backend.kind, backend.title, backend.command) == ("immybot", "ImmyBot", "/immybot")
    assert [o.key for o in backend.operation_types] == ["immybot.maintenance"]


def test_addresses_follow_from_subdomain_and_tenant() -> None:
    settings = ImmyBotSettings.model_validate(ENTRA)
    assert settings.base_url == "https://contoso.immy.bot"
    assert settings.token_endpoint == "https://login.microsoftonline.com/t-1/oauth2/v2.0/token"
    assert settings.token_scope == "https://contoso.immy.bot/.default"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"subdomain": "evil.example/"}, "the first part of the address alone"),
        ({"subdomain": "Contoso"}, "the first part of the address alone"),
        ({"subdomain": ""}, "subdomain is needed"),
        ({"url": "http://immy.example"}, "must be an https:// address"),
        ({"token_url": "ftp://x"}, "must be an https:// address"),
        ({"tenant_id": "a/b"}, "directory (tenant) id"),
        ({"client_secret": "in-clear"}, "must be a reference"),
        ({"secrets": {"admin": "in-clear"}}, "must be a reference"),
        ({"client_id": ""}, "either tenant_id, client_id and client_secret, or bearer"),
        ({"bearer": "env:Y"}, "either tenant_id, client_id and client_secret, or bearer"),
        ({"endpoint": "https://elsewhere.example/api"}, "must be a path such as"),
        ({"subdomain": "", "url": "https://immy.example"}, "scope is needed"),
        ({"give_up_hours": 0}, "greater than 0"),
        ({"api_key": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_with_settings_is_told(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ImmyBotSettings.model_validate({**ENTRA, **change})
    assert text in str(caught.value)


async def test_check_says_what_answers(connection: ImmyBotConnection, url: str) -> None:
    assert await connection.check() == f"ImmyBot at {url} answers and shows 4 tenants."


async def test_check_names_secrets_that_are_missing(
    connection: ImmyBotConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMMYBOT_TEST_ADMIN")
    assert (await connection.check()).endswith(
        "The environment variable IMMYBOT_TEST_ADMIN is not set; env:IMMYBOT_TEST_ADMIN refers to it."
    )


async def test_a_fixed_bearer_token_is_sent_and_not_renewed(
    sandbox: ImmyBotSandbox, url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMYBOT_TEST_BEARER", "fixed-token")
    settings = ImmyBotSettings.model_validate({"url": url, "bearer": "env:IMMYBOT_TEST_BEARER"})
    connection = ImmyBotConnection("immybot.lab", settings, BackendContext(clock=clock))
    with pytest.raises(Unauthorized, match=r"did not accept the bot's credentials \(401\): The access token"):
        await connection.check()
    assert [r.path for r in sandbox.received_requests] == ["/api/v1/tenants"]
    assert sandbox.received_requests[0].headers["Authorization"] == "Bearer fixed-token"
    sandbox.bearer = "fixed-token"
    assert "shows 4 tenants" in await connection.check()
    await connection.close()


async def test_an_instance_without_schedules_leaves_them_to_nightshift(
    settings: ImmyBotSettings, clock: ManualClock
) -> None:
    plain = settings.model_copy(update={"native_schedules": False})
    connection = ImmyBotConnection("immybot.lab", plain, BackendContext(clock=clock))
    plan = connection.operations["immybot.maintenance"].plan(params(), once("2026-03-04T21:00"), "t")
    assert plan.placement.scheduler == "nightshift"
    assert plan.placement.reason.endswith("This ImmyBot is set up to start at once only.")
    await connection.close()


async def test_planning_needs_no_network(clock: ManualClock) -> None:
    connection = backend.connect("immybot.prod", ImmyBotSettings.model_validate(ENTRA), BackendContext(clock=clock))
    plan = connection.operations["immybot.maintenance"].plan(params(), Now(), "t")
    assert plan.calls[0].url == "https://contoso.immy.bot/api/v1/run-immy-service-new"
    await connection.close()


def test_the_example_makes_a_connection_that_can_plan(clock: ManualClock) -> None:
    connection = backend.connect("immybot.example", backend.example(), BackendContext(clock=clock))
    plan = connection.operations["immybot.maintenance"].plan(params(), Now(), "t")
    assert plan.calls[0].url == "https://example.immy.bot/api/v1/run-immy-service-new"
