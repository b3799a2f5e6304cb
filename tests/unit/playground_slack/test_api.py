"""The Web API apart from messages and views: who may call, how arguments are read, people, channels, files."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack import Settings, Slack, User, run_workspace
from tests.unit.playground_slack.bots import bolt
from tests.unit.playground_slack.test_messages import code


async def test_a_token_must_be_there_and_be_the_right_one(slack: Slack, client: AsyncWebClient) -> None:
    assert (await client.auth_test())["bot_id"] == slack.settings.bot_id
    assert await code(client.auth_test(token="xoxb-wrong")) == "invalid_auth"
    assert await code(client.auth_test(token=slack.app_token)) == "not_allowed_token_type"
    assert await code(client.apps_connections_open(app_token=slack.bot_token)) == "not_allowed_token_type"
    assert await code(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
    assert await code(client.api_call("chat.shout")) == "unknown_method"
    slack.admin.uninstall()
    assert await code(client.auth_test()) == "account_inactive"


async def test_a_scope_that_was_not_granted_is_missed() -> None:
    settings = Settings(scopes=frozenset({"chat:write"}))
    async with run_workspace(settings=settings) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        with pytest.raises(SlackApiError) as refused:
            await client.users_info(user="U0ALICE")
        assert refused.value.response.data["error"] == "missing_scope"
        assert refused.value.response.data["needed"] == "users:read"
        slack.admin.remove_from_channel("nightshift", "#ops")
        assert await code(client.chat_postMessage(channel="#ops", text="x")) == "not_in_channel"
        slack.admin.add_to_channel("nightshift", "#ops")
        assert (await client.chat_postMessage(channel="#ops", text="x"))["ok"]


async def test_an_app_can_do_what_its_manifest_says() -> None:
    manifest = {
        "features": {"slash_commands": [{"command": "/foreman", "description": "x"}]},
        "oauth_config": {"scopes": {"bot": ["commands", "usergroups:read"]}},
        "settings": {"event_subscriptions": {"bot_events": ["user_change"]}},
    }
    settings = Settings.from_manifest(manifest, settle_timeout=0.0)
    assert settings.scopes == {"commands", "usergroups:read"}
    assert (settings.commands, settings.events, settings.settle_timeout) == ({"/foreman"}, {"user_change"}, 0.0)


async def test_forms_and_json_mean_the_same(slack: Slack, client: AsyncWebClient) -> None:
    blocks = [{"type": "divider"}]
    form = {"channel": "#ops", "text": "x", "blocks": json.dumps(blocks), "token": slack.bot_token}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{slack.api_url}chat.postMessage", data=form) as answer:
            assert (await answer.json())["message"]["blocks"][0]["type"] == "divider"
        async with session.post(f"{slack.api_url}chat.postMessage", data={**form, "blocks": "[{"}) as answer:
            assert await answer.json() == {"ok": False, "error": "invalid_blocks_format"}
    listed = await client.usergroups_list(include_users=False)
    assert "users" not in listed["usergroups"][0]


async def test_users_are_listed_with_their_zone_and_flags(slack: Slack, client: AsyncWebClient) -> None:
    alice = (await client.users_info(user="U0ALICE"))["user"]
    assert (alice["tz"], alice["deleted"], alice["team_id"]) == ("Europe/Berlin", False, slack.workspace.team.id)
    assert (await client.users_info(user="U0MALLORY"))["user"]["is_restricted"] is True
    eve = (await client.users_info(user="U0EVE"))["user"]
    assert (eve["is_stranger"], eve["team_id"] != slack.workspace.team.id) == (True, True)
    assert await code(client.users_info(user="U0NOBODY")) == "user_not_found"
    slack.admin.add_user(User("U0FRED", "fred", "Fred", slack.workspace.team.id))
    names: list[str] = []
    cursor = ""
    while True:
        page = await client.users_list(limit=2, cursor=cursor)
        names += [member["name"] for member in page["members"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert names == ["nightshift", "alice", "bob", "carol", "dave", "mallory", "grace", "fred"]


async def test_user_groups_are_listed_with_their_members(slack: Slack, client: AsyncWebClient) -> None:
    assert (await client.usergroups_users_list(usergroup="S0SRE"))["users"] == ["U0BOB", "U0CAROL"]
    assert await code(client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    slack.admin.set_group("sre", [], enabled=False)
    assert (await client.usergroups_list())["usergroups"] == []
    assert (await client.usergroups_list(include_disabled=True))["usergroups"][0]["date_delete"] > 0


async def test_channels_are_listed_as_far_as_the_bot_may_see_them(slack: Slack, client: AsyncWebClient) -> None:
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert [c["name"] for c in listed["channels"]] == ["ops", "approvals", "results", "ops-admin", "shared"]
    admin, shared = slack.channel("#ops-admin"), slack.channel("#shared")
    assert (await client.conversations_info(channel=admin.id))["channel"]["is_private"] is True
    assert (await client.conversations_info(channel=shared.id))["channel"]["is_ext_shared"] is True
    assert "U0EVE" in (await client.conversations_members(channel=shared.id))["members"]
    slack.admin.remove_from_channel("nightshift", "#ops-admin")
    assert await code(client.conversations_info(channel=admin.id)) == "channel_not_found"
    slack.admin.remove_from_channel("nightshift", "#ops")
    assert (await client.conversations_join(channel=slack.channel("#ops").id))["channel"]["is_member"] is True
    opened = await client.conversations_open(users="U0BOB", return_im=True)
    assert opened["channel"]["user"] == "U0BOB"
    again = await client.conversations_open(users="U0BOB")
    assert again["channel"]["id"] == opened["channel"]["id"]


async def test_a_file_is_uploaded_and_shared(slack: Slack, client: AsyncWebClient) -> None:
    channel = slack.channel("#results").id
    parent = await client.chat_postMessage(channel=channel, text="done")
    await client.files_upload_v2(
        channel=channel, content="host,state\n", filename="out.csv", title="Hosts", initial_comment="The list",
        thread_ts=parent["ts"],
    )  # fmt: skip
    message = slack.person("alice").find_message("done")
    assert message is not None
    reply = message.thread[0]
    assert (reply.text, reply.files[0].data) == ("The list\nHosts", b"host,state\n")
    wanted = await client.files_getUploadURLExternal(filename="x", length=3)
    incomplete = client.files_completeUploadExternal(
        files=[{"id": wanted["file_id"], "title": "x"}], channel_id=channel
    )
    assert await code(incomplete) == "file_not_found"


async def test_the_journal_keeps_every_exchange_and_writes_it_as_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    async with run_workspace(journal=file) as slack, bolt(slack) as app:

        @app.command("/x")
        async def x(ack: Any) -> None:
            await ack("hello")

        reply = await slack.person("alice").command("/x one", channel="#ops")
        assert reply.ephemeral_texts == ["hello"]
        asked = slack.journal.calls("/x")[0]
        assert (asked.direction, asked.kind, asked.user) == ("to_bot", "slash_commands", "U0ALICE")
        assert (asked.payload["text"], asked.answer, asked.error) == ("one", {"text": "hello"}, "")
        assert 0 < asked.ms < 3000
        assert slack.journal.counts["auth.test"] == 1
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["name"] for line in lines] == [entry.name for entry in slack.journal.entries]
    assert {"auth.test", "/x"} <= {line["name"] for line in lines}
