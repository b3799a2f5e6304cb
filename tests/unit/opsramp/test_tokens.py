"""Tokens: got once, renewed early, renewed when refused; what is said where none is to be had."""

import asyncio

import pytest

from bot.backends.base import BackendContext
from bot.backends.opsramp import backend
from bot.backends.opsramp.connection import OpsRampConnection
from bot.errors import Forbidden, RateLimited, Unauthorized, Unreachable
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import ManualClock

TENANCY, CLASSIC = "/tenancy/auth/oauth/token", "/auth/oauth/token"


def token_requests(sandbox: OpsRampSandbox) -> list[str]:
    return [r.path for r in sandbox.received_requests if r.path.endswith("/oauth/token")]


async def test_check_gets_a_token_with_a_form_and_reads_the_types(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, url: str
) -> None:
    assert await connection.check() == (
        f"OpsRamp answers at {url}: tenant client_93 can be read and offers 15 job types."
    )
    (token,) = sandbox.requests_to("POST", TENANCY)
    assert token.body == {
        "grant_type": "client_credentials",
        "client_id": "sandbox-key",
        "client_secret": "sandbox-secret",
    }
    assert token.headers["Content-Type"] == "application/x-www-form-urlencoded"
    (types,) = sandbox.requests_to("GET", ".*/jobs/types")
    assert types.headers["Authorization"].startswith("Bearer ")
    assert types.headers["Accept"] == "application/json"


async def test_where_the_tenancy_path_is_missing_the_classic_one_is_used_from_then_on(
    connection: OpsRampConnection, sandbox: OpsRampSandbox
) -> None:
    sandbox.auth.token_paths = {CLASSIC}
    await connection.check()
    sandbox.auth.revoke()
    await connection._catalog.jobs("client_93", "")
    assert token_requests(sandbox) == [TENANCY, CLASSIC, CLASSIC]


async def test_the_path_can_be_configured(sandbox: OpsRampSandbox, url: str, clock: ManualClock) -> None:
    connection = OpsRampConnection(
        "o", settings_for(sandbox, url, token_path=CLASSIC), BackendContext(clock), clock.sleep
    )
    await connection.check()
    await connection.close()
    assert token_requests(sandbox) == [CLASSIC]


@pytest.mark.parametrize("as_text", [True, False])
async def test_a_token_is_renewed_a_minute_before_it_ends(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock, as_text: bool
) -> None:
    sandbox.auth.expires_in_as_string = as_text
    await connection._catalog.jobs("client_93", "")
    clock.advance(seconds=7199 - 61 - 60)
    await connection._catalog.jobs("client_93", "")
    assert len(token_requests(sandbox)) == 1
    clock.advance(seconds=61)
    await connection._catalog.job_types("client_93")
    assert len(token_requests(sandbox)) == 2
    assert len(sandbox.requests_to("GET", ".*/jobs/types")) == 1


@pytest.mark.parametrize("status", [401, 407])
async def test_a_refused_token_is_renewed_and_the_call_made_again(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock, status: int
) -> None:
    await connection.check()
    sandbox.auth.expired_status = status
    sandbox.auth.revoke()
    clock.advance(seconds=90)
    assert "15 job types" in await connection.check()
    assert len(token_requests(sandbox)) == 2
    assert len(sandbox.requests_to("GET", ".*/jobs/types")) == 3


async def test_many_at_once_share_a_token(connection: OpsRampConnection, sandbox: OpsRampSandbox) -> None:
    catalog = connection._catalog
    await asyncio.gather(
        catalog.job_types("client_93"), catalog.jobs("client_93", ""), catalog.devices("client_93", "")
    )
    assert len(token_requests(sandbox)) == 1


async def test_wrong_credentials_are_said_in_the_servers_words(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSRAMP_TEST_SECRET", "wrong")
    with pytest.raises(Unauthorized) as caught:
        await connection.check()
    assert str(caught.value) == ("opsramp.lab did not accept the bot's credentials (401): Bad API credentials.")
    assert "wrong" not in str(caught.value)


async def test_a_secret_that_is_not_there_is_named(
    connection: OpsRampConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPSRAMP_TEST_KEY")
    with pytest.raises(Unauthorized, match="The environment variable OPSRAMP_TEST_KEY is not set"):
        await connection.check()


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault("status", status=500, body={"error": "server_error"}, remaining=None), Unreachable, "server_error"),
        (Fault("html", status=502, remaining=None), Unreachable, r"failed to give a token \(502\)"),
        (Fault("html", status=200, remaining=None), Unreachable, "sent no token"),
        (Fault("status", status=200, body={"token": "x"}, remaining=None), Unreachable, "sent no token"),
        (Fault("status", status=429, body={"error": "throttled"}, remaining=None), RateLimited, "slow down"),
        (Fault("status", status=400, body={"error": "unsupported_grant_type"}), Unauthorized, "unsupported_grant_type"),
        (Fault("cut", remaining=None), Unreachable, "cannot be reached for a token"),
        (Fault("hang", remaining=None), Unreachable, "cannot be reached for a token"),
    ],
    ids=["500", "html-502", "html-200", "no-token", "429", "400", "cut", "hang"],
)
async def test_without_a_token_nothing_is_sent_and_that_is_said(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, fault: Fault, error: type[Exception], words: str
) -> None:
    fault.path = "/oauth/token"
    sandbox.faults.append(fault)
    with pytest.raises(error, match=words):
        await connection._api.send_once("POST", "client_93/jobs", {})
    assert not sandbox.requests_to("POST", ".*/jobs")


async def test_a_tenant_that_is_gone_is_said(connection: OpsRampConnection, sandbox: OpsRampSandbox) -> None:
    sandbox.tenants["client_93"].active = False
    with pytest.raises(Exception, match=r"refused \(410\): Tenant is deactivated \(code 0010\)"):
        await connection.check()


async def test_a_missing_permission_is_said(connection: OpsRampConnection, sandbox: OpsRampSandbox) -> None:
    body = {"code": "0012", "description": "Job view permission needed"}
    sandbox.faults.append(Fault("status", path="/jobs/types", status=403, body=body))
    with pytest.raises(Forbidden, match=r"\(403\): Job view permission needed \(code 0012\)"):
        await connection.check()


def test_it_is_found_as_a_back_end_with_its_command(sandbox: OpsRampSandbox) -> None:
    assert (backend.kind, backend.title, backend.command) == ("opsramp", "OpsRamp", "/opsramp")
    keys = ["opsramp.update_job", "opsramp.create_job", "opsramp.run_job"]
    assert [operation.key for operation in backend.operation_types] == keys
    made = backend.connect(
        "opsramp.acme",
        settings_for(sandbox, "https://acme.api.example.com/", title="Acme"),
        BackendContext(ManualClock()),
    )
    assert list(made.operations) == keys
    assert made.title == "Acme"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"url": "http://opsramp.example.com"}, "https://"),
        ({"url": "opsramp.example.com"}, "https://"),
        ({"tenant": "client 93"}, "pattern"),
        ({"tenant": ""}, "pattern"),
        ({"token_path": "oauth/token"}, "must be a path"),
        ({"secret": "plain-text"}, "must be a reference"),
        ({"run_verb": "PUT"}, "GET"),
        ({"per_minute": {"get": 0}}, "greater than"),
    ],
)
def test_settings_that_cannot_work_are_refused(sandbox: OpsRampSandbox, values: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings_for(sandbox, "https://acme.api.example.com", **values)


def test_a_tenant_may_be_any_opaque_id(sandbox: OpsRampSandbox) -> None:
    guid = "0b9f3ad4-6a25-4e0a-9e8d-0f3f6a3f1d11"
    assert settings_for(sandbox, "https://x.example.com", tenant=guid).tenant == guid
