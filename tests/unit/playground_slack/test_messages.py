"""Messages: who sees them, how they change, and what clicking in them does."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack import NotVisible, Settings, Slack, run_workspace
from tests.unit.playground_slack.bots import Transport, bolt, button, text

Json = dict[str, Any]


def section(value: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": value}, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


async def code(call: Any) -> str:
    """The error of a call that Slack refuses."""
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_people_see_their_channels_their_direct_messages_and_what_is_for_them_alone(
    slack: Slack, client: AsyncWebClient
) -> None:
    alice, bob = slack.person("alice"), slack.person("bob")
    await client.chat_postMessage(channel="#ops-admin", text="for admins")
    assert bob.find_message("for admins") is not None
    assert alice.find_message("for admins") is None
    opened = await client.conversations_open(users="U0ALICE")
    await client.chat_postMessage(channel=opened["channel"]["id"], text="hello alice")
    await client.chat_postMessage(channel="U0ALICE", text="hello again")
    assert [m.text for m in alice.direct_messages] == ["hello alice", "hello again"]
    assert bob.find_message("hello") is None
    await client.chat_postEphemeral(channel=slack.channel("#ops").id, user="U0BOB", text="psst")
    assert [m.text for m in bob.ephemerals] == ["psst"]
    assert alice.find_message("psst", where="#ops") is None


async def test_all_that_can_be_read_is_in_the_text(slack: Slack, client: AsyncWebClient) -> None:
    rich = [
        {
            "type": "rich_text_section",
            "elements": [{"type": "user", "user_id": "U0BOB"}, {"type": "text", "text": " ok"}],
        },
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "link", "url": "https://a.example"}]}],
        },
    ]
    blocks: list[Json] = [
        {"type": "header", "text": text("Head")},
        section("*Bold* &lt;b&gt; <@U0ALICE> <https://x.example|link>", accessory=button("Go", "go")),
        {"type": "section", "fields": [text("left"), text("right")]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "in <#" + slack.channel("#ops").id + ">"}]},
        {"type": "divider"},
        {"type": "rich_text", "elements": rich},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]]},
        actions(button("Yes", "yes"), button("No", "no")),
    ]
    await client.chat_postMessage(channel="#ops", text="fallback", blocks=blocks)
    message = await slack.person("alice").wait_for("Head")
    assert message.text.split("\n") == [
        "Head", "*Bold* <b> @alice link", "Go", "left", "right", "in #ops", "@bob ok", "• https://a.example", "a | b",
        "[Yes] [No]",
    ]  # fmt: skip
    assert message.buttons == ["Go", "Yes", "No"]


async def test_attachments_are_read_too(slack: Slack, client: AsyncWebClient) -> None:
    bars = [{"color": "#f00", "blocks": [section("from <@U0BOB>")]}, {"text": "plain", "fallback": "x"}]
    await client.chat_postMessage(channel="#ops", text="top", attachments=bars)
    assert slack.person("alice").messages("#ops")[0].text == "top\nfrom @bob\nplain"
    bars[0]["blocks"] = [section("x" * 3001)]
    assert await code(client.chat_postMessage(channel="#ops", text="top", attachments=bars)) == "invalid_attachments"


async def test_an_update_changes_what_it_names(slack: Slack, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel="#ops", text="one", blocks=[section("block one")])
    channel, ts = posted["channel"], posted["ts"]
    message = slack.person("alice").messages("#ops")[0]
    await client.chat_update(channel=channel, ts=ts, text="two", blocks=[section("block two")])
    assert (message.text, message.fallback_text, message.edited) == ("block two", "two", None)
    payload = {"event_type": "request", "event_payload": {"id": "7"}}
    await client.chat_update(channel=channel, ts=ts, text="three", metadata=payload)
    assert (message.text, message.metadata) == ("three", payload)
    assert message.edited is not None
    await client.chat_update(channel=channel, ts=ts, text="four")
    assert (message.text, message.metadata) == ("four", payload)
    assert await code(client.api_call("chat.update", json={"channel": channel, "ts": ts})) == "no_text"
    assert await code(client.chat_update(channel=channel, ts=ts, text="x" * 4001)) == "msg_too_long"
    assert await code(client.chat_update(channel="#ops", ts=ts, text="x")) == "channel_not_found"
    assert await code(client.chat_update(channel=channel, ts="1.1", text="x")) == "message_not_found"
    theirs = await slack.person("alice").say("mine", "#ops")
    assert await code(client.chat_update(channel=channel, ts=theirs.ts, text="x")) == "cant_update_message"
    assert await code(client.chat_delete(channel=channel, ts=theirs.ts)) == "cant_delete_message"
    await client.chat_delete(channel=channel, ts=ts)
    assert slack.person("alice").find_message("four") is None


async def test_a_thread_holds_the_replies(slack: Slack, client: AsyncWebClient) -> None:
    parent = await client.chat_postMessage(channel="#ops", text="parent")
    reply = await client.chat_postMessage(channel="#ops", text="reply", thread_ts=parent["ts"])
    await client.chat_postMessage(channel="#ops", text="deeper", thread_ts=reply["ts"])
    message = slack.person("alice").find_message("parent")
    assert message is not None
    assert [m.text for m in message.thread] == ["reply", "deeper"]
    assert slack.person("bob").find_message("reply", where=message) is message.thread[0]
    replies = await client.conversations_replies(channel=parent["channel"], ts=parent["ts"])
    assert [m["text"] for m in replies["messages"]] == ["parent", "reply", "deeper"]
    history = await client.conversations_history(channel=parent["channel"])
    assert [m["text"] for m in history["messages"]] == ["parent"]
    link = await client.chat_getPermalink(channel=parent["channel"], message_ts=reply["ts"])
    assert link["permalink"].endswith(f"?thread_ts={parent['ts']}&cid={parent['channel']}")
    assert await code(client.chat_postMessage(channel="#ops", text="x", thread_ts="1.1")) == "thread_not_found"


async def test_where_a_message_cannot_go(slack: Slack, client: AsyncWebClient) -> None:
    admin = slack.channel("#ops-admin")
    slack.admin.remove_from_channel("nightshift", "#ops-admin")
    assert await code(client.chat_postMessage(channel=admin.id, text="x")) == "channel_not_found"
    slack.admin.archive("#results")
    assert await code(client.chat_postMessage(channel="#results", text="x")) == "is_archived"
    assert await code(client.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await code(client.api_call("chat.postMessage", json={"channel": "#ops"})) == "no_text"
    assert await code(client.chat_postMessage(channel="#ops", text="x" * 40_001)) == "msg_too_long"
    slack.admin.deactivate("dave")
    assert await code(client.chat_postMessage(channel="U0DAVE", text="x")) == "channel_not_found"
    assert await code(client.conversations_open(users="U0DAVE")) == "user_disabled"
    approvals = slack.channel("#approvals").id
    assert await code(client.chat_postEphemeral(channel=approvals, user="U0MALLORY", text="x")) == "user_not_in_channel"
    huge = {"event_type": "t", "event_payload": {"x": "y" * 9000}}
    assert await code(client.chat_postMessage(channel="#ops", text="x", metadata=huge)) == "metadata_too_large"
    assert (
        await code(client.chat_postMessage(channel="#ops", text="x", metadata={"event_type": "t"}))
        == "invalid_metadata_format"
    )


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_a_click_says_who_where_and_what(slack: Slack, transport: Transport, client: AsyncWebClient) -> None:
    async with bolt(slack, transport) as app:
        bodies: list[Json] = []

        @app.action("approve")
        async def approve(ack: Any, body: Any, respond: Any) -> None:
            await ack()
            bodies.append(body)
            await respond(text="Thanks.", response_type="ephemeral", replace_original=False)

        note = {"type": "input", "block_id": "note", "label": text("Note"), "optional": True,
                "element": {"type": "plain_text_input", "action_id": "value"}}  # fmt: skip
        blocks = [section("Approve?"), note, actions(button("Approve", "approve", value="7"), block_id="decide")]
        posted = await client.chat_postMessage(channel="#approvals", text="x", blocks=blocks)
        bob = slack.person("bob")
        card = await bob.wait_for("Approve?")
        await bob.surface_of(card).fill(Note="fine")
        outcome = await bob.click("Approve", card)
    assert outcome.ephemeral_texts == ["Thanks."]
    assert outcome.messages == []
    body = bodies[0]
    assert body["user"] == {"id": "U0BOB", "username": "bob", "name": "bob", "team_id": slack.workspace.team.id}
    assert body["container"]["message_ts"] == body["message"]["ts"] == posted["ts"]
    assert body["channel"] == {"id": posted["channel"], "name": "approvals"}
    action = body["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == ("approve", "decide", "7")
    assert body["state"]["values"]["note"]["value"]["value"] == "fine"
    assert slack.person("carol").find_message("Thanks.") is None


async def test_selects_and_menus_in_messages_send_what_was_chosen(slack: Slack, client: AsyncWebClient) -> None:
    async with bolt(slack) as app:
        chosen: list[str] = []

        @app.action("pick")
        async def pick(ack: Any, action: Any) -> None:
            await ack()
            chosen.append(action["selected_option"]["value"])

        options = [{"text": text(name), "value": name.lower()} for name in ("Today", "Tomorrow")]
        menu = [{"text": text("Details"), "value": "details"}]
        await client.chat_postMessage(
            channel="#ops",
            text="x",
            blocks=[
                section("When?", accessory={"type": "static_select", "action_id": "pick", "options": options}),
                section("More", accessory={"type": "overflow", "action_id": "pick", "options": menu}),
            ],
        )
        alice = slack.person("alice")
        message = await alice.wait_for("When?")
        await alice.choose("Tomorrow", message)
        await alice.choose("Details", message)
        assert chosen == ["tomorrow", "details"]
        assert alice.surface_of(message).value("When?") == "Tomorrow"
        with pytest.raises(NotVisible):
            await alice.choose("Never", message)


async def test_a_confirmation_that_is_turned_down_sends_nothing(slack: Slack, client: AsyncWebClient) -> None:
    async with bolt(slack) as app:
        clicks: list[Json] = []

        @app.action("stop")
        async def stop(ack: Any, action: Any) -> None:
            await ack()
            clicks.append(action)

        ask = {"title": text("Sure?"), "text": text("It stops."), "confirm": text("Stop"), "deny": text("No")}
        blocks = [section("Job 1"), actions(button("Stop", "stop", value="1", confirm=ask), block_id="a"),
                  section("Job 2"), actions(button("Stop", "stop", value="2", confirm=ask), block_id="b")]  # fmt: skip
        await client.chat_postMessage(channel="#ops", text="x", blocks=blocks)
        alice = slack.person("alice")
        outcome = await alice.click("Stop", confirm=False)
        assert not outcome.sent
        assert clicks == []
        await alice.click("Stop", "Job 2", near_text="Job 2")
        assert [c["value"] for c in clicks] == ["2"]


async def test_a_response_url_replaces_deletes_and_runs_out(slack: Slack) -> None:
    async with bolt(slack) as app:
        urls: list[str] = []

        @app.command("/ask")
        async def ask(ack: Any, body: Any) -> None:
            await ack(text="Which?", blocks=[actions(button("This", "this"))])

        @app.action("this")
        async def this(ack: Any, body: Any, respond: Any) -> None:
            await ack()
            urls.append(body["response_url"])
            assert "message" not in body
            await respond(text="Working", replace_original=True, blocks=[section("Working")])
            await respond(delete_original=True)
            await respond(text="Done, everybody.", response_type="in_channel")

        alice = slack.person("alice")
        reply = await alice.command("/ask", channel="#ops")
        assert reply.ephemeral_texts == ["[This]"]
        question = reply.ephemeral_messages[0]
        await alice.click("This", question)
        await slack.person("bob").wait_for("Done, everybody.", where="#ops")
        assert alice.ephemerals == []
        assert question.deleted
        async with aiohttp.ClientSession() as session:
            for wanted in (200, 200, 404):
                async with session.post(urls[0], json={"text": "x", "response_type": "ephemeral"}) as answer:
                    assert answer.status == wanted
                    said = await answer.text()
        assert "used_url" in said


async def test_a_response_url_expires() -> None:
    async with run_workspace(settings=Settings(response_url_ttl=0.0)) as slack:
        url = slack.workspace.new_response_url("U0ALICE", slack.channel("#ops"))
        async with aiohttp.ClientSession() as session, session.post(url, json={"text": "late"}) as answer:
            assert (answer.status, "expired_url" in await answer.text()) == (404, True)


async def test_a_wait_that_times_out_names_the_messages_that_were_there(slack: Slack, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="#ops", text="something else")
    with pytest.raises(TimeoutError, match="something else"):
        await slack.person("alice").wait_for("approved", where="#ops", timeout=0.05)


async def test_waiting_can_ask_for_something_newer(slack: Slack, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel="#ops", text="run 1")
    alice = slack.person("alice")
    first = await alice.wait_for("run")
    waiting = asyncio.create_task(alice.wait_for("run", after=first, timeout=0.05))
    await asyncio.sleep(0)
    await client.chat_update(channel=first.channel.id, ts=first.ts, text="run 1, changed")
    with pytest.raises(TimeoutError):
        await waiting
    await client.chat_postMessage(channel="#ops", text="run 2")
    assert (await alice.wait_for("run", after=first)).text == "run 2"
