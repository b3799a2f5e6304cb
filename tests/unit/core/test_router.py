"""A request of Slack finds its handler, is acknowledged in time, and work goes on after that."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from handlers import router
from handlers.dispatcher import Dispatcher
from handlers.payloads import Click, Event, Submission
from handlers.replies import Nothing, OpenView, Reply
from handlers.router import Router
from handlers.routes import Route, RouteTable
from tests.unit.core.replies import answering, click_payload, command_payload, failing, submission_payload


async def authorize(**_: Any) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="U0", bot_token="xoxb-0")


class BoltApp:
    """A Bolt app with a table of routes. ``errors`` are those that Bolt was told of."""

    def __init__(self, **actions: Callable[[Click], Awaitable[Reply]]) -> None:
        self.table = RouteTable()
        self.table.actions |= {name: Route(handler) for name, handler in actions.items()}
        self.router = Router(self.table)
        self.errors: list[Exception] = []

    async def dispatch(self, body: dict[str, Any]) -> BoltResponse:
        app = AsyncApp(signing_secret="x", authorize=authorize, raise_error_for_unhandled_request=True)
        app.error(self._on_error)
        app.use(self.router)
        return await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))

    async def _on_error(self, error: Exception) -> BoltResponse:
        self.errors.append(error)
        return BoltResponse(status=500)


async def test_the_answer_does_not_wait_for_what_follows_the_acknowledgement() -> None:
    goes_on, ended = asyncio.Event(), []

    async def slow(click: Click) -> Reply:
        await goes_on.wait()
        ended.append(True)
        return Nothing()

    bolt = BoltApp(go=slow)
    assert (await bolt.dispatch(click_payload("go"))).status == 200
    assert ended == []
    goes_on.set()
    await bolt.router.drain(5)
    assert ended == [True]


async def test_what_takes_too_long_is_ended_when_the_bot_stops() -> None:
    ended = []

    async def endless(click: Click) -> Reply:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return Nothing()

    bolt = BoltApp(go=endless)
    await bolt.dispatch(click_payload("go"))
    await bolt.router.drain(0.01)
    assert ended == [True]


async def test_a_late_handler_is_ended_when_the_bot_stops_too() -> None:
    ended = []

    async def endless(submission: Submission) -> Reply:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return Nothing()

    bolt = BoltApp()
    bolt.table.submissions["form"] = Route(endless, patience=0.01)
    await bolt.dispatch(submission_payload())
    await bolt.router.drain(0.01)
    assert ended == [True]


async def test_what_is_never_acknowledged_is_given_up_when_slack_gives_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "ACK_SECONDS", 0.05)
    go_on = asyncio.Event()
    bolt = BoltApp()
    bolt.table.commands["/do"] = Route(failing(ValueError()), patience=5)

    async def stuck(*_: Any) -> None:
        await go_on.wait()
        raise ZeroDivisionError

    monkeypatch.setattr(Dispatcher, "_run", stuck)
    with capture_logs() as logs:
        assert (await bolt.dispatch(command_payload())).status == 504
        go_on.set()
        await bolt.router.drain(5)
    assert [line["event"] for line in logs] == ["request not acknowledged in time", "reply not delivered"]


async def test_a_connection_can_be_kept_until_everything_is_answered() -> None:
    go_on = asyncio.Event()
    bolt = BoltApp()
    bolt.table.submissions["form"] = Route(answering(Nothing(), after=go_on), patience=5)
    asking = asyncio.ensure_future(bolt.dispatch(submission_payload()))
    await asyncio.sleep(0.01)
    waiting = asyncio.ensure_future(bolt.router.wait_for_acks())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    go_on.set()
    await waiting
    assert (await asking).status == 200
    await bolt.router.drain(0)


async def test_an_error_while_a_reply_is_delivered_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    bolt = BoltApp(go=answering(OpenView({})))

    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(AsyncWebClient, "views_open", broken)
    with capture_logs() as logs:
        assert (await bolt.dispatch(click_payload("go"))).status == 200
        await bolt.router.drain(5)
    assert [(line["event"], line["name"]) for line in logs] == [("reply not delivered", "go")]
    assert bolt.errors == []


async def test_an_action_is_found_by_its_id_then_its_block_then_its_field() -> None:
    found = []

    def named(name: str) -> Route[Click]:
        async def handler(click: Click) -> Reply:
            found.append((name, click.action_id))
            return Nothing()

        return Route(handler)

    bolt = BoltApp()
    bolt.table.actions["one"] = named("action")
    bolt.table.block_actions["pages"] = named("block")
    bolt.table.field_actions["form", "when"] = named("when")
    bolt.table.field_actions["form", ""] = named("field")
    for body in (
        click_payload("one", "pages", "form"),
        click_payload("two", "pages", "form"),
        click_payload("three", "when|2", "form"),
        click_payload("four", "job|2|foreman.main", "form"),
    ):
        await bolt.dispatch(body)
    await bolt.router.drain(5)
    assert found == [("action", "one"), ("block", "two"), ("when", "three"), ("field", "four")]


@pytest.mark.parametrize("body", [submission_payload(), command_payload(), click_payload("unknown", view="form")])
async def test_what_has_no_handler_is_answered_in_a_sentence(
    body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed = []

    async def push(_: AsyncWebClient, **values: Any) -> dict[str, Any]:
        pushed.append(values)
        return {"view": {"id": "V2"}}

    monkeypatch.setattr(AsyncWebClient, "views_push", push)
    bolt = BoltApp()
    with capture_logs() as logs:
        response = await bolt.dispatch(body)
        await bolt.router.drain(5)
    assert response.status == 200
    assert "cannot be used any more" in f"{response.body}{pushed}"
    assert [(line["event"], line["log_level"]) for line in logs] == [("unusable payload", "warning")]


async def test_an_event_is_acknowledged_before_it_is_handled() -> None:
    go_on, heard = asyncio.Event(), []

    async def changed(event: Event) -> Reply:
        await go_on.wait()
        heard.append(event.user)
        return Nothing()

    bolt = BoltApp()
    bolt.table.events["user_change"] = Route(changed)
    body = {"type": "event_callback", "team_id": "T1", "event": {"type": "user_change", "user": {"id": "U1"}}}
    assert (await bolt.dispatch(body)).status == 200
    go_on.set()
    await bolt.router.drain(5)
    assert heard == ["U1"]
