"""Deliveries: signatures, deadlines, faults, events and sockets."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack import Settings, Slack, run_workspace
from playground.slack.transport.delivery import HttpTransport, signature_headers
from tests.unit.playground_slack.bots import Transport, bolt

Json = dict[str, Any]


def test_the_signature_is_the_documented_one() -> None:
    signed = signature_headers("a secret", b"token=x&command=%2Fweather", 1531420618)
    theirs = SignatureVerifier("a secret").generate_signature(
        timestamp="1531420618", body=b"token=x&command=%2Fweather"
    )
    assert signed == {"X-Slack-Request-Timestamp": "1531420618", "X-Slack-Signature": theirs}


async def test_bolt_turns_away_what_is_signed_with_another_secret(slack: Slack) -> None:
    async with bolt(slack) as app:
        heard: list[str] = []

        @app.command("/x")
        async def x(ack: Any, body: Any) -> None:
            heard.append(body["text"])
            await ack()

        alice = slack.person("alice")
        assert (await alice.command("/x good", settle_timeout=0)).error == ""
        transport = slack.delivery.transport
        assert isinstance(transport, HttpTransport)
        transport._secret = "another"
        assert (await alice.command("/x bad", settle_timeout=0)).error == "dispatch_failed"
    assert heard == ["good"]


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_a_late_acknowledgement_is_a_timeout_though_the_work_goes_on(transport: Transport) -> None:
    async with run_workspace(settings=Settings(ack_deadline=0.1)) as slack, bolt(slack, transport) as app:
        done = asyncio.Event()

        @app.command("/slow")
        async def slow(ack: Any) -> None:
            await asyncio.sleep(0.15)
            await ack("late")
            done.set()

        alice = slack.person("alice")
        reply = await alice.command("/slow")
        assert reply.error == "operation_timeout"
        assert reply.ack_ms >= 95
        await asyncio.wait_for(done.wait(), 2)
        await asyncio.sleep(0.03)
        assert alice.ephemerals == []


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_an_acknowledgement_can_be_lost(transport: Transport) -> None:
    async with run_workspace(settings=Settings(ack_deadline=0.3)) as slack, bolt(slack, transport) as app:
        done: list[bool] = []

        @app.command("/x")
        async def x(ack: Any) -> None:
            done.append(True)
            await ack("hello")

        alice = slack.person("alice")
        slack.faults.lost_acks = 1
        assert (await alice.command("/x")).error == "operation_timeout"
        assert (await alice.command("/x")).ephemeral_texts == ["hello"]
    assert done == [True, True]


async def test_a_bot_that_is_not_there_fails_the_command(slack: Slack) -> None:
    alice = slack.person("alice")
    assert (await alice.command("/x")).error == "dispatch_failed"
    await slack.use_http("http://127.0.0.1:9/slack/events")
    assert (await alice.command("/x")).error == "dispatch_failed"
    await slack.use_socket()
    assert (await alice.command("/x")).error == "dispatch_failed"


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_an_event_is_sent_again_until_it_is_acknowledged(slack: Slack, transport: Transport) -> None:
    async with bolt(slack, transport) as app:
        attempts: list[tuple[str, str]] = []

        @app.middleware
        async def refuse(req: Any, resp: Any, next: Any) -> Any:
            attempts.append((req.body["event_id"], "".join(req.headers.get("x-slack-retry-num", ["0"]))))
            if len(attempts) < 3:
                raise RuntimeError("not now")
            return await next()

        heard: list[Json] = []

        @app.event("user_change")
        async def changed(event: Any) -> None:
            heard.append(event)

        app.client.logger.disabled = True
        quick = Settings(ack_deadline=0.15, event_retry_delays=(0.01, 0.01, 0.01))
        slack.workspace.settings = quick
        slack.admin.deactivate("dave")
        await slack.wait_until(lambda: heard)
    assert [num for _, num in attempts] == ["0", "1", "2"]
    assert len({event_id for event_id, _ in attempts}) == 1
    assert heard[0]["user"]["deleted"] is True


async def test_an_interaction_is_never_sent_again(slack: Slack) -> None:
    async with bolt(slack) as app:
        tries: list[bool] = []

        @app.command("/x")
        async def x(ack: Any) -> None:
            tries.append(True)
            raise RuntimeError("no")

        assert (await slack.person("alice").command("/x")).error == "dispatch_failed"
        await asyncio.sleep(0.1)
    assert tries == [True]


async def test_a_bot_that_did_not_subscribe_hears_nothing() -> None:
    async with run_workspace(settings=Settings(events=frozenset())) as slack, bolt(slack):
        slack.admin.deactivate("dave")
        await asyncio.sleep(0.02)
        assert slack.journal.calls("user_change") == []


async def test_changes_of_a_group_are_sent_as_events(slack: Slack, client: AsyncWebClient) -> None:
    async with bolt(slack) as app:
        heard: list[Json] = []

        @app.event("subteam_members_changed")
        async def changed(event: Any) -> None:
            heard.append(event)

        @app.event("subteam_updated")
        async def updated(event: Any) -> None:
            heard.append(event)

        slack.admin.set_group("sre", ["carol", "dave"])
        await slack.wait_until(lambda: len(heard) == 2)
    members = next(event for event in heard if event["type"] == "subteam_members_changed")
    assert (members["added_users"], members["removed_users"]) == (["U0DAVE"], ["U0BOB"])
    listed = await client.usergroups_list(include_users=True)
    assert [g["users"] for g in listed["usergroups"]] == [["U0CAROL", "U0DAVE"]]


async def test_sockets_are_refreshed_dropped_and_shared(slack: Slack) -> None:
    async with aiohttp.ClientSession() as session:
        web = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session)
        app = AsyncApp(client=web)

        @app.command("/x")
        async def x(ack: Any) -> None:
            await ack("hello")

        handlers = [AsyncSocketModeHandler(app, slack.app_token, web_client=web, ping_interval=0.2) for _ in range(2)]
        try:
            for handler in handlers:
                await handler.connect_async()
            await slack.use_socket(connections=2)
            before = set(slack.socket.connections)
            await slack.socket.request_refresh()
            await slack.wait_until(
                lambda: len(slack.socket.connections) == 2 and not before & set(slack.socket.connections)
            )
            assert (await slack.person("alice").command("/x")).ephemeral_texts == ["hello"]
            slack.socket.drop_connections()
            await slack.wait_until(lambda: not slack.socket.connections)
            assert (await slack.person("alice").command("/x")).error == "dispatch_failed"
            await slack.wait_until(lambda: len(slack.socket.connections) == 2)
            assert (await slack.person("alice").command("/x")).ephemeral_texts == ["hello"]
        finally:
            for handler in handlers:
                await handler.close_async()


async def test_a_ticket_opens_one_socket(slack: Slack, client: AsyncWebClient) -> None:
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_a_method_that_is_rate_limited_says_for_how_long(slack: Slack, client: AsyncWebClient) -> None:
    slack.faults.rate_limit("chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as limited:
        await client.chat_postMessage(channel="#ops", text="x")
    response = limited.value.response
    assert (response.status_code, response.headers["Retry-After"], response["error"]) == (429, "7", "ratelimited")
    assert (await client.auth_test())["ok"]
    assert (await client.chat_postMessage(channel="#ops", text="x"))["ok"]


async def test_the_tiers_hold_when_they_are_switched_on(slack: Slack, client: AsyncWebClient) -> None:
    slack.faults.rate_limits = True
    passed = 0
    with suppress(SlackApiError):
        while passed < 50:
            await client.usergroups_list()
            passed += 1
    assert passed == 20
    with suppress(SlackApiError):
        for _ in range(10):
            await client.chat_postMessage(channel="#ops", text="x")
    assert len(slack.person("alice").messages("#ops")) == 5
    await client.chat_postMessage(channel="#results", text="x")


async def test_calls_can_fail_be_slow_and_be_cut_before_or_after_slack_acted(
    slack: Slack, client: AsyncWebClient
) -> None:
    async def post() -> str:
        try:
            await client.chat_postMessage(channel="#ops", text="x")
        except SlackApiError as error:
            return str(error.response.status_code)
        except aiohttp.ClientError:
            return "cut"
        return "ok"

    slack.faults.fail_with_status("chat.*", 503)
    assert await post() == "503"
    slack.faults.drop_connection("chat.*")
    assert await post() == "cut"
    assert slack.person("alice").messages("#ops") == []
    slack.faults.drop_connection("chat.*", after=True)
    assert await post() == "cut"
    assert len(slack.person("alice").messages("#ops")) == 1
    slack.faults.fail_with_code("chat.*", "fatal_error")
    assert await post() == "200"
    slack.faults.slow("chat.*", 0.1)
    started = time.monotonic()
    assert await post() == "ok"
    assert time.monotonic() - started >= 0.1
    assert slack.journal.counts["chat.postMessage"] == 5


async def test_slack_can_be_away_altogether(slack: Slack, client: AsyncWebClient) -> None:
    async with bolt(slack, "socket"):
        slack.faults.offline = True
        await slack.wait_until(lambda: not slack.socket.connections)
        with pytest.raises(aiohttp.ClientError):
            await client.auth_test()
        assert (await slack.person("alice").command("/x")).error == "dispatch_failed"
        slack.faults.clear()
        assert (await client.auth_test())["ok"]
