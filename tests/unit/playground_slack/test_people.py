"""People: who may do what, the home tab, shortcuts, and what they say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from playground.slack import NotVisible, Settings, Slack, run_workspace
from tests.unit.playground_slack.bots import Transport, bolt, button, modal, text

Json = dict[str, Any]


def home(*blocks: Json) -> Json:
    return {"type": "home", "blocks": list(blocks)}


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_the_home_tab_is_published_when_it_is_opened_and_can_be_used(slack: Slack, transport: Transport) -> None:
    async with bolt(slack, transport) as app:

        @app.event("app_home_opened")
        async def opened(event: Any, client: Any) -> None:
            blocks = [
                {"type": "header", "text": text("Your requests")},
                {"type": "actions", "elements": [button("New", "new")]},
            ]
            assert event["tab"] == "home"
            await client.views_publish(user_id=event["user"], view=home(*blocks))

        @app.action("new")
        async def new(ack: Any, body: Any, client: Any) -> None:
            await ack()
            assert body["view"]["type"] == "home"
            await client.views_open(trigger_id=body["trigger_id"], view=modal())

        alice = slack.person("alice")
        tab = await alice.open_home()
        assert "Your requests" in tab.text
        outcome = await tab.click("New")
        assert outcome.modal is not None
        assert outcome.modal.title == "Form"
    with pytest.raises(NotVisible, match="bob"):
        _ = (await slack.person("bob").open_home()).text


async def test_external_users_and_single_channel_guests_have_no_commands_but_can_click(slack: Slack) -> None:
    async with bolt(slack) as app:
        bodies: list[Json] = []

        @app.action("go")
        async def go(ack: Any, body: Any) -> None:
            await ack()
            bodies.append(body)

        await app.client.chat_postMessage(
            channel="#shared", text="x", blocks=[{"type": "actions", "elements": [button("Go", "go")]}]
        )
        eve = slack.person("eve")
        assert (await eve.command("/x", "#shared")).error == "not_a_valid_command"
        await eve.click("Go")
        assert (await slack.person("mallory").command("/x", settle_timeout=0)).sent
        slack.admin.change_user("mallory", is_ultra_restricted=True)
        assert not (await slack.person("mallory").command("/x")).sent
    assert bodies[0]["user"]["team_id"] != bodies[0]["team"]["id"] == slack.workspace.team.id


async def test_a_command_that_the_app_does_not_have_is_not_sent() -> None:
    async with run_workspace(settings=Settings(commands=frozenset({"/foreman"}))) as slack:
        alice = slack.person("alice")
        assert (await alice.command("/formean run")).error == "not_a_valid_command"
        assert (await alice.command("/foreman run")).error == "dispatch_failed"
        assert slack.journal.counts == {"/foreman": 1}


async def test_people_cannot_use_what_they_cannot_see(slack: Slack, client: AsyncWebClient) -> None:
    go = [{"type": "actions", "elements": [button("Go", "go")]}]
    await client.chat_postMessage(channel="#approvals", text="x", blocks=go)
    card = slack.person("bob").messages("#approvals")[0]
    dave = slack.person("dave")
    with pytest.raises(NotVisible):
        await dave.click("Go", card)
    with pytest.raises(NotVisible):
        await dave.click("Go")
    with pytest.raises(NotVisible):
        await dave.command("/x", "#approvals")
    with pytest.raises(KeyError, match="nobody"):
        slack.person("nobody")


async def test_nothing_else_can_be_done_while_a_modal_is_open(slack: Slack) -> None:
    async with bolt(slack) as app:

        @app.command("/open")
        async def command(ack: Any, body: Any, client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal())

        alice = slack.person("alice")
        form = (await alice.command("/open")).modal
        assert form is not None
        with pytest.raises(NotVisible, match="'Form'"):
            await alice.command("/open")
        await form.close()
        assert (await alice.command("/open")).modal is not None


async def test_shortcuts_reach_the_bot_with_what_they_were_taken_on(slack: Slack) -> None:
    async with bolt(slack) as app:

        @app.shortcut("new_request")
        async def everywhere(ack: Any, body: Any, client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=modal())

        @app.message_shortcut("about")
        async def about(ack: Any, shortcut: Any, respond: Any) -> None:
            await ack()
            await respond(f"About: {shortcut['message']['text']}")

        alice = slack.person("alice")
        outcome = await alice.shortcut("new_request")
        assert outcome.modal is not None
        await outcome.modal.close()
        message = await slack.person("bob").say("the disk is full", "#ops")
        assert (await alice.shortcut("about", message)).ephemeral_texts == ["About: the disk is full"]


async def test_messages_to_the_bot_are_delivered(slack: Slack) -> None:
    async with bolt(slack) as app:
        heard: list[tuple[str, str]] = []

        @app.event("message")
        async def message(event: Any) -> None:
            heard.append((event["channel_type"], event["text"]))

        @app.event("app_mention")
        async def mention(event: Any, say: Any) -> None:
            await say("You called?", thread_ts=event["ts"])

        alice = slack.person("alice")
        await alice.say("hello bot")
        question = await alice.say(f"<@{slack.workspace.bot.id}> are you there?", "#ops")
        answer = await alice.wait_for("You called?", where=question)
        assert answer in question.thread
        await slack.wait_until(lambda: len(heard) == 2)
    assert sorted(heard) == [("channel", f"<@{slack.workspace.bot.id}> are you there?"), ("im", "hello bot")]


class _Fixed(Clock):
    def now(self) -> datetime:
        return datetime(2026, 12, 24, 3, tzinfo=UTC)


async def test_messages_are_stamped_by_the_clock_and_never_alike() -> None:
    async with run_workspace(clock=_Fixed()) as slack:
        alice = slack.person("alice")
        first, second = await alice.say("a", "#ops"), await alice.say("b", "#ops")
    assert (first.ts, second.ts) == ("1798081200.000000", "1798081200.000001")


async def test_subscribers_are_told_of_each_change(slack: Slack, client: AsyncWebClient) -> None:
    seen: list[str] = []
    end = slack.subscribe(lambda change: seen.append(change.kind))
    await client.chat_postMessage(channel="#ops", text="x")
    slack.faults.offline = True
    assert seen == ["message", "exchange", "fault"]
    end()
    slack.faults.offline = False
    assert seen == ["message", "exchange", "fault"]


async def test_a_moment_is_read_in_the_zone_of_the_person(slack: Slack) -> None:
    async with bolt(slack) as app:

        @app.command("/open")
        async def command(ack: Any, body: Any, client: Any) -> None:
            await ack()
            picker = {"type": "datetimepicker", "action_id": "a"}
            block = {"type": "input", "block_id": "at", "label": text("At"), "element": picker}
            await client.views_open(trigger_id=body["trigger_id"], view=modal(block))

        for name, epoch in (("alice", 1798138800), ("bob", 1798160400)):
            form = (await slack.person(name).command("/open")).modal
            assert form is not None
            await form.fill(At=datetime(2026, 12, 24, 20))
            assert form.value("At") == epoch
