"""Bolt is answered as soon as a handler has acknowledged; what the handler does after that is seen to its end."""

import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from structlog.testing import capture_logs

from handlers import router
from handlers.router import Handler, Router


async def authorize(**_: Any) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_user_id="U0", bot_token="xoxb-0")


def click_payload(action_id: str, block_id: str = "b", view: str = "") -> dict[str, Any]:
    where = {"view": {"id": "V1", "callback_id": view}} if view else {}
    actions = [{"type": "button", "action_id": action_id, "block_id": block_id}]
    return {"type": "block_actions", "user": {"id": "U1"}, "team": {"id": "T1"}, "actions": actions, **where}


class BoltApp:
    """A Bolt app with a table of handlers. ``errors`` are those that Bolt was told of."""

    def __init__(self, **actions: Handler) -> None:
        self.routes = Router()
        self.routes.actions |= actions
        self.errors: list[Exception] = []

    async def dispatch(self, body: dict[str, Any]) -> BoltResponse:
        app = AsyncApp(signing_secret="x", authorize=authorize, raise_error_for_unhandled_request=True)
        app.error(self._on_error)
        app.use(self.routes)
        return await app.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))

    async def _on_error(self, error: Exception) -> BoltResponse:
        self.errors.append(error)
        return BoltResponse(status=500)


async def test_the_answer_does_not_wait_for_what_follows_the_acknowledgement() -> None:
    goes_on, ended = asyncio.Event(), []

    async def slow(ack: Any) -> None:
        await ack()
        await goes_on.wait()
        ended.append(True)

    bolt = BoltApp(go=slow)
    assert (await bolt.dispatch(click_payload("go"))).status == 200
    assert ended == []
    goes_on.set()
    await bolt.routes.drain(5)
    assert ended == [True]


async def test_what_takes_too_long_is_ended_when_the_bot_stops() -> None:
    ended = []

    async def endless(ack: Any) -> None:
        await ack()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    bolt = BoltApp(go=endless)
    await bolt.dispatch(click_payload("go"))
    await bolt.routes.drain(0.01)
    assert ended == [True]


async def test_what_is_never_acknowledged_is_given_up_when_slack_gives_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "ACK_SECONDS", 0.05)
    go_on = asyncio.Event()

    async def stuck() -> None:
        await go_on.wait()
        raise ZeroDivisionError

    bolt = BoltApp(go=stuck)
    with capture_logs() as logs:
        assert (await bolt.dispatch(click_payload("go"))).status == 504
        go_on.set()
        await bolt.routes.drain(5)
    assert [line["event"] for line in logs] == [
        "a request of Slack was not acknowledged in time",
        "a request of Slack was not handled to its end",
    ]


async def test_a_connection_can_be_kept_until_everything_is_answered() -> None:
    go_on = asyncio.Event()

    async def slow(ack: Any) -> None:
        await go_on.wait()
        await ack()
        await asyncio.Event().wait()

    bolt = BoltApp(go=slow)
    asking = asyncio.ensure_future(bolt.dispatch(click_payload("go")))
    await asyncio.sleep(0.01)
    waiting = asyncio.ensure_future(bolt.routes.wait_for_acks())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    go_on.set()
    await waiting
    assert (await asking).status == 200
    await bolt.routes.drain(0)


async def test_an_error_before_the_acknowledgement_is_told_to_bolt() -> None:
    async def broken(ack: Any) -> None:
        raise ZeroDivisionError

    bolt = BoltApp(go=broken)
    assert (await bolt.dispatch(click_payload("go"))).status == 500
    assert [type(error) for error in bolt.errors] == [ZeroDivisionError]


async def test_an_error_after_the_acknowledgement_is_logged() -> None:
    async def broken(ack: Any) -> None:
        await ack()
        await asyncio.sleep(0)
        raise ZeroDivisionError

    bolt = BoltApp(go=broken)
    with capture_logs() as logs:
        assert (await bolt.dispatch(click_payload("go"))).status == 200
        await bolt.routes.drain(5)
    assert [(line["event"], line["kind"]) for line in logs] == [
        ("a request of Slack was not handled to its end", "block_actions")
    ]
    assert bolt.errors == []


async def test_an_action_is_found_by_its_id_then_its_block_then_its_view() -> None:
    found = []

    def named(name: str) -> Handler:
        async def handler(ack: Any, body: dict[str, Any]) -> None:
            await ack()
            found.append((name, body["actions"][0]["action_id"]))

        return handler

    bolt = BoltApp(one=named("action"))
    bolt.routes.block_actions["pages"] = named("block")
    bolt.routes.view_actions["form"] = named("input")
    for body in (
        click_payload("one", "pages", "form"),
        click_payload("two", "pages", "form"),
        click_payload("three", "b", "form"),
    ):
        await bolt.dispatch(body)
    await bolt.routes.drain(5)
    assert found == [("action", "one"), ("block", "two"), ("input", "three")]


async def test_what_nobody_answers_is_an_error() -> None:
    bolt = BoltApp()
    assert (await bolt.dispatch(click_payload("unknown"))).status == 500
    assert [type(error) for error in bolt.errors] == [BoltUnhandledRequestError]


async def test_an_event_is_acknowledged_before_it_is_handled() -> None:
    heard = asyncio.Event()

    async def changed(event: dict[str, Any]) -> None:
        if event["type"] == "user_change":
            heard.set()

    bolt = BoltApp()
    bolt.routes.events["user_change"] = changed
    body = {"type": "event_callback", "team_id": "T1", "event": {"type": "user_change", "user": {"id": "U1"}}}
    assert (await bolt.dispatch(body)).status == 200
    await bolt.routes.drain(5)
    assert heard.is_set()
