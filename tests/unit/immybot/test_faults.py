"""What goes wrong on the way: what people read, and that nothing is sent twice."""

from typing import Any

import pytest

from bot.backends.base import BackendContext
from bot.backends.immybot.connection import ImmyBotConnection
from bot.backends.immybot.operation import MaintenanceOperation
from bot.backends.immybot.settings import ImmyBotSettings
from bot.errors import (
    BackendError,
    BadResponse,
    Forbidden,
    InputError,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unauthorized,
    Unreachable,
)
from bot.schedule import Now
from playground.immybot import ImmyBotSandbox
from playground.sandbox import Fault
from tests.unit.immybot.support import RUN_PATH, SECRET, ManualClock, params, progress_of

TOKEN = ".*/oauth2/v2.0/token"
SESSION_LIST = "maintenance-sessions/dx"


async def start(maintenance: MaintenanceOperation, **change: Any) -> Any:
    return await maintenance.start(maintenance.plan(params(**change), Now(), "t"))


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        (
            Fault("status", status=400, body={"title": "Invalid", "errors": {"$.computers": ["Bad list."]}}),
            Refused,
            "immybot.lab refused (400): $.computers: Bad list.",
        ),
        (
            Fault("status", status=400, body={"error": {"code": "E7", "message": "No.", "details": ["why", "so"]}}),
            Refused,
            "immybot.lab refused (400): No. (why; so)",
        ),
        (
            Fault("status", status=400, body={"title": "Bad Request", "detail": "No such deployment."}),
            Refused,
            "immybot.lab refused (400): No such deployment.",
        ),
        (
            Fault("status", status=403, body={"error": {"code": "Forbidden", "message": "Not an admin."}}),
            Forbidden,
            "immybot.lab does not permit this to the bot's account (403): Not an admin.",
        ),
        (
            Fault("status", status=401, remaining=None),
            Unauthorized,
            "immybot.lab did not accept the bot's credentials (401).",
        ),
        (
            Fault("status", status=429, headers={"Retry-After": "17"}),
            RateLimited,
            "immybot.lab asks to slow down (429).",
        ),
    ],
)
async def test_a_refused_start_did_nothing(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, fault: Fault, error: type[BackendError], sentence: str
) -> None:
    fault.path = RUN_PATH
    sandbox.faults.append(fault)
    with pytest.raises(error) as caught:
        await start(maintenance)
    assert str(caught.value) == sentence
    assert type(caught.value) is error
    assert sandbox.sessions == {}
    # Only a refused token is tried again, once.
    assert len(sandbox.requests_to("POST", RUN_PATH)) == (2 if error is Unauthorized else 1)


@pytest.mark.parametrize(
    ("fault", "arrived", "sentence"),
    [
        (Fault("status", status=500, body={"error": {"message": "Boom"}}), False, "immybot.lab failed (500): Boom"),
        (Fault("html", status=502), False, "immybot.lab failed (502)."),
        (Fault("html", status=200), False, "immybot.lab answered with text/html"),
        (Fault("cut"), False, "The connection to immybot.lab was lost before its answer"),
        (Fault("cut_after"), True, "The connection to immybot.lab was lost before its answer"),
        (Fault("hang", seconds=2), True, "The connection to immybot.lab was lost before its answer"),
    ],
    ids=["500", "502 page", "page", "cut", "cut after", "hang"],
)
async def test_a_lost_answer_is_looked_up_and_never_sent_again(
    maintenance: MaintenanceOperation,
    sandbox: ImmyBotSandbox,
    clock: ManualClock,
    fault: Fault,
    arrived: bool,
    sentence: str,
) -> None:
    fault.path = RUN_PATH
    sandbox.faults.append(fault)
    plan = maintenance.plan(params(), Now(), "t")
    with pytest.raises(OutcomeUnknown) as caught:
        await maintenance.start(plan)
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith("is not known; its sessions will be looked for.")
    handle = await maintenance.find_started(plan)
    assert (handle is not None) == arrived
    if handle is not None:
        clock.advance(20)
        assert (await progress_of(maintenance, handle)).state == "succeeded"
    assert len(sandbox.requests_to("POST", RUN_PATH)) == 1


async def test_a_token_that_ends_midway_is_renewed_once(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    await maintenance.lookup("tenants", "", {})
    sandbox.revoke_tokens()
    handle = await start(maintenance)
    assert len(sandbox.requests_to("POST", TOKEN)) == 2
    assert len(sandbox.sessions) == 2
    sandbox.revoke_tokens()
    clock.advance(20)
    assert (await progress_of(maintenance, handle)).state == "succeeded"
    assert len(sandbox.requests_to("POST", TOKEN)) == 3


async def test_a_token_is_used_until_a_minute_before_its_end(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    for seconds, fetched in ((0, 1), (3538, 1), (2, 2)):
        clock.advance(seconds)
        await maintenance.lookup("computers", "", {})
        assert len(sandbox.requests_to("POST", TOKEN)) == fetched


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        (
            Fault("status", status=400, body={"error": "invalid_scope", "error_description": "AADSTS70011: no.\r\nT"}),
            Unauthorized,
            "The token service of immybot.lab did not accept the bot's credentials (400): AADSTS70011: no.",
        ),
        (
            Fault("status", status=429, body={}),
            RateLimited,
            "The token service of immybot.lab asks to slow down (429). Nothing was sent.",
        ),
        (
            Fault("status", status=500, body={}),
            Unreachable,
            "The token service of immybot.lab failed to give a token (500). Nothing was sent.",
        ),
        (
            Fault("html", status=200),
            Unreachable,
            "The token service of immybot.lab sent no token. Is http://127.0.0.1:",
        ),
        (Fault("cut"), Unreachable, "The token service of immybot.lab cannot be reached"),
        (Fault("hang", seconds=2), Unreachable, "The token service of immybot.lab cannot be reached"),
    ],
    ids=["400", "429", "500", "page", "cut", "hang"],
)
async def test_without_a_token_nothing_is_sent(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, fault: Fault, error: type[BackendError], sentence: str
) -> None:
    fault.path = TOKEN
    sandbox.faults.append(fault)
    with pytest.raises(error) as caught:
        await start(maintenance)
    assert type(caught.value) is error
    assert str(caught.value).startswith(sentence)
    assert sandbox.requests_to("POST", RUN_PATH) == []


async def test_a_wrong_client_secret_is_named(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMMYBOT_TEST_CLIENT", "wrong-one")
    with pytest.raises(Unauthorized) as caught:
        await start(maintenance)
    assert str(caught.value) == (
        "The token service of immybot.lab did not accept the bot's credentials (401): "
        "AADSTS7000215: Invalid client secret provided."
    )
    monkeypatch.delenv("IMMYBOT_TEST_CLIENT")
    with pytest.raises(Unauthorized, match=r"immybot.lab has no credentials: .*IMMYBOT_TEST_CLIENT is not set"):
        await start(maintenance)
    assert sandbox.requests_to("POST", RUN_PATH) == []


async def test_an_instance_that_is_down_is_named(settings: ImmyBotSettings, clock: ManualClock) -> None:
    gone = settings.model_copy(update={"url": "http://127.0.0.1:9", "bearer": "env:IMMYBOT_TEST_ADMIN"})
    connection = ImmyBotConnection("immybot.gone", gone, BackendContext(clock=clock))
    maintenance = connection.operations["immybot.maintenance"]
    with pytest.raises(Unreachable, match=r"immybot.gone cannot be reached at http://127.0.0.1:9"):
        await maintenance.start(maintenance.plan(params(), Now(), "t"))
    await connection.close()


async def test_a_server_that_repeats_what_it_was_sent_gives_no_secret_away(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    said = {"title": "Invalid", "errors": {"$.maintenanceParams": [f"{SECRET} is too short"]}}
    sandbox.faults.append(Fault("status", path=RUN_PATH, status=400, body=said))
    with pytest.raises(Refused) as caught:
        await start(maintenance, task_parameter_values={"Password": {"secret": "admin"}})
    assert str(caught.value) == "immybot.lab refused (400): $.maintenanceParams: ••• is too short"
    assert SECRET not in caught.value.server_message


async def test_an_unknown_address_answers_with_a_page_and_is_named(
    settings: ImmyBotSettings, clock: ManualClock, url: str
) -> None:
    elsewhere = settings.model_copy(update={"url": f"{url}/old"})
    connection = ImmyBotConnection("immybot.lab", elsewhere, BackendContext(clock=clock))
    with pytest.raises(BadResponse) as caught:
        await connection.check()
    assert str(caught.value) == (
        f"immybot.lab answered with text/html; charset=utf-8 instead of JSON. Is {url}/old the address of its API?"
    )
    await connection.close()


@pytest.mark.parametrize(
    ("path", "answer", "sentence"),
    [
        (SESSION_LIST, {"data": "none"}, "immybot.lab sent its list of sessions in a form that is not understood."),
        (SESSION_LIST, ["a", "b"], "immybot.lab sent its list of sessions in a form that is not understood."),
        (SESSION_LIST, [{"sessionStatus": 1}], "immybot.lab sent one of its sessions without a usable id."),
        (SESSION_LIST, None, "immybot.lab sent its list of sessions in a form that is not understood."),
        (r"maintenance-sessions/\d+", [1], "immybot.lab sent a session in a form that is not understood."),
        (r"maintenance-sessions/\d+", {"id": {}}, "immybot.lab sent one of its sessions without a usable id."),
    ],
)
async def test_answers_of_the_wrong_form_are_named(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, path: str, answer: Any, sentence: str
) -> None:
    handle = await start(maintenance)
    sandbox.faults.append(Fault("status", path=path, method="GET", status=200, body=answer, remaining=None))
    with pytest.raises(BadResponse) as caught:
        await maintenance.poll([handle])
    assert str(caught.value) == sentence


async def test_watching_survives_a_bad_moment_and_an_empty_list(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    handle = await start(maintenance)
    sandbox.faults += [
        Fault("status", path=SESSION_LIST, status=500),
        Fault("html", path=SESSION_LIST, status=200),
        Fault("status", path=SESSION_LIST, status=200, body=[]),
    ]
    assert (await progress_of(maintenance, handle)).state == "waiting"
    assert sandbox.faults[-1].remaining == 0
    clock.advance(20)
    assert (await progress_of(maintenance, handle)).state == "succeeded"
    sandbox.faults.append(Fault("status", path=SESSION_LIST, status=200, body=[], remaining=None))
    assert (await progress_of(maintenance, handle)).state == "succeeded"


async def test_statuses_as_names_and_codes_not_known_are_read(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    handle = await start(maintenance)
    rows = [
        {"id": "5001", "sessionStatus": "PendingConnectivity", "computerId": "101"},
        {"id": 5002, "sessionStatus": 99, "computerId": 102},
    ]
    await maintenance.poll([handle])
    sandbox.faults.append(Fault("status", path=SESSION_LIST, status=200, body=rows))
    progress = await progress_of(maintenance, handle)
    assert [r.reason for r in progress.results] == [
        "Offline; ImmyBot does it when it connects.",
        "In a state that Nightshift does not know (99).",
    ]
    assert progress.state == "waiting"


async def test_an_outcome_is_told_even_where_its_reasons_cannot_be_read(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.fail_computers({"ALD-001", "BRI-001"})
    handle = await start(maintenance)
    clock.advance(20)
    sandbox.faults.append(Fault("status", path="maintenance-actions", status=403, remaining=None))
    progress = await progress_of(maintenance, handle)
    assert progress.state == "failed"
    assert progress.results[0].reason.startswith("Why cannot be read: immybot.lab does not permit this")
    sandbox.faults.clear()
    again = await progress_of(maintenance, handle)
    assert again.results[0].reason == "Install Chrome: Exit code 1603."


async def test_a_failed_session_without_failed_actions_says_so(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    sandbox.fail_computers({"ALD-001": []})
    handle = await start(maintenance, computers=[101])
    clock.advance(20)
    assert (await progress_of(maintenance, handle)).results[0].reason == "ImmyBot names no action that failed."


async def test_a_session_that_was_deleted_counts_as_cancelled(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    handle = await start(maintenance, computers=[101])
    await maintenance.poll([handle])
    sandbox.sessions.clear()
    assert (await progress_of(maintenance, handle)).state == "cancelled"


async def test_an_empty_list_of_tenants_means_that_the_tenant_is_not_known(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    sandbox.faults.append(Fault("status", path="/api/v1/tenants", status=200, body=[]))
    with pytest.raises(InputError, match="ImmyBot knows no tenants with the id 2"):
        await maintenance.preview(params(computers=None, tenants=[2]), Now(), "t")


@pytest.mark.parametrize("field", ["computers", "tenants", "persons", "deployment_id", "time_zone"])
async def test_a_lookup_that_gets_a_page_says_so(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, field: str
) -> None:
    sandbox.faults.append(Fault("html", path="/api/", status=200, remaining=None))
    with pytest.raises(BadResponse, match=r"instead of JSON. Is http://127.0.0.1:.* the address of its API"):
        await maintenance.lookup(field, "", {})
