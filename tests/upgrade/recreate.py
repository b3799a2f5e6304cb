"""Makes a fresh playground hold what the exported database refers to: jobs in the sandboxes, and what Slack shows."""

import base64
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from playground.environment import SECRETS, Environment
from playground.immybot import CLIENT_ID, TENANT_ID
from playground.slack.model import Channel, Message, UserGroup, View
from playground.slack.workspace import Workspace

HERE = Path(__file__).parent
Exported = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when the database was exported. ``names`` tells what each request stands for; ``calls`` are those that
    took effect in the sandboxes, in order."""

    now: datetime
    policy: str
    names: Mapping[str, str]
    calls: Sequence[Exported]


def read_setting() -> Setting:
    """Read the setting of the export."""
    told = json.loads((HERE / "setting.json").read_text())
    return Setting(datetime.fromisoformat(told["now"]), told["policy"], told["names"], told["calls"])


async def recreate(env: Environment, setting: Setting) -> None:
    """Repeat the calls, each at its time, restore what Slack held, and set the clock to the moment of the export. The
    bot must not run yet."""
    for call in setting.calls:
        await _repeat_call(env, call)
    env.clock.move_to(setting.now)
    restore_slack(env.slack.workspace, json.loads((HERE / "slack.json").read_text()))


async def _repeat_call(env: Environment, call: Exported) -> None:
    env.clock.move_to(datetime.fromisoformat(call["at"]))
    _set_up_sandbox(env, call)
    url = env.urls[call["backend"]]
    # Each call has a client of its own: Foreman refuses a session that is older than an hour.
    async with httpx.AsyncClient() as http:
        headers = await _authorization(http, call["backend"], url)
        response = await http.request(call["method"], url + call["path"], json=call["body"], headers=headers)
    assert response.status_code == call["status"], (call, response.status_code, response.text)


def _set_up_sandbox(env: Environment, call: Exported) -> None:
    """Let work take as long, and fail where it failed then."""
    sandbox = call["sandbox"]
    if call["backend"] == "foreman":
        env.foreman.speed = env.foreman.state.jobs.host_seconds / sandbox["host_seconds"]
        env.foreman.state.jobs.failing_hosts = dict(sandbox["failing"])
    elif call["backend"] == "opsramp":
        env.opsramp.script_duration = timedelta(seconds=sandbox["pace_seconds"])
    else:
        env.immybot.session_duration = timedelta(seconds=sandbox["pace_seconds"])


async def _authorization(http: httpx.AsyncClient, backend: str, url: str) -> Mapping[str, str]:
    if backend == "foreman":
        credentials = base64.b64encode(f"nightshift:{SECRETS['SANDBOX_FOREMAN_PASSWORD']}".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}
    if backend == "opsramp":
        token_url = f"{url}/auth/oauth/token"
        form = {"client_id": SECRETS["SANDBOX_OPSRAMP_KEY"], "client_secret": SECRETS["SANDBOX_OPSRAMP_SECRET"]}
    else:
        token_url = f"{url}/{TENANT_ID}/oauth2/v2.0/token"
        form = {"client_id": CLIENT_ID, "client_secret": SECRETS["SANDBOX_IMMYBOT_SECRET"], "scope": "x/.default"}
    answer = await http.post(token_url, data={"grant_type": "client_credentials", **form})
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def restore_slack(workspace: Workspace, held: Exported) -> None:
    """Put groups, channels, messages and open modals into a workspace."""
    for group in held["usergroups"]:
        workspace.usergroups[group["id"]] = UserGroup(
            group["id"], group["handle"], group["name"], group["users"], group["date_delete"]
        )
    for told in held["channels"]:
        _restore_channel(workspace, told)
    workspace.posts.sort(key=lambda message: message.ts)
    for user, views in held["stacks"].items():
        workspace.stacks[user] = [_restore_view(workspace, view) for view in views]
    # New ids must differ from those of what was restored.
    workspace._ids = itertools.count(1_000_000)


def _restore_channel(workspace: Workspace, told: Exported) -> None:
    channel = workspace.channels.setdefault(
        told["id"], Channel(told["id"], told["name"], told["kind"], peer=told["peer"])
    )
    assert channel.name == told["name"]
    channel.members = set(told["members"])
    for item in told["messages"]:
        message = Message(
            item["ts"],
            channel,
            item["user"],
            item["fallback"],
            workspace.display_name,
            blocks=item["blocks"],
            thread_ts=item.get("thread_ts", ""),
            edited=item.get("edited"),
            metadata=item.get("metadata"),
            bot_id=item["bot_id"],
            app_id=item["app_id"],
        )
        channel.add(message)
        workspace.posts.append(message)


def _restore_view(workspace: Workspace, told: Exported) -> View:
    view = View(told["id"], told["user"], told["content"], told["hash"], told["root_id"], told["previous_id"])
    for block_id, entries in told["state"].items():
        for action_id, entry in entries.items():
            view.form.entries[block_id, action_id] = entry
    workspace.views[view.id] = view
    return view
