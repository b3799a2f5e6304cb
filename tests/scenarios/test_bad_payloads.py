"""A payload with a missing or odd part is acknowledged and logged below ERROR; what was posted before an upgrade is
answered."""

import asyncio
import copy
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from handlers.json_parts import BadPayload
from handlers.payloads import parse
from playground.environment import Environment
from playground.slack import Person, signature_headers
from playground.slack.transport.delivery import Kind, encode
from tests.scenarios.steps import RESTART_COMMAND, eventually, find_card, make_request, open_form, press_preview

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
Path = tuple[str | int, ...]
ABSENT = object()
REPLACEMENTS = (ABSENT, None, 5, ["odd"])
MAX_DEPTH = 4
RENDERED = ("blocks", "message", "title", "submit", "close")
"""Parts that Slack sends back as the bot made them; nothing inside them is taken out."""


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where the parts of a payload are. The first item stands for all of a list."""
    if len(path) == MAX_DEPTH or (path and path[-1] in RENDERED):
        return
    keys = list(value) if isinstance(value, dict) else [0] if isinstance(value, list) and value else []
    for key in keys:
        yield (*path, key)
        yield from paths(value[key], (*path, key))


def spoiled(payload: Json, path: Path, replacement: object) -> Json:
    """A copy in which a part is missing, or something else."""
    changed = copy.deepcopy(payload)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    if replacement is ABSENT:
        del place[path[-1]]
    else:
        place[path[-1]] = replacement
    return changed


def is_new(payload: Json, path: Path, replacement: object, seen: set[str]) -> bool:
    """Whether the bot has not been sent this before, as it reads payloads. What Bolt reads by itself is always new."""
    if len(path) <= 2 or path[0] == "authorizations":
        return True
    try:
        read = repr(parse(spoiled(payload, path, replacement)))
    except BadPayload as error:
        read = error.part
    is_new = read not in seen
    seen.add(read)
    return is_new


def sent_last(env: Environment, name: str) -> Json:
    """What Slack sent last under a name, or as a payload of that type."""
    exchanges = [e for e in env.slack.journal.entries if e.direction == "to_bot"]
    exchange = [e for e in exchanges if name in (e.name, e.payload.get("type"))][-1]
    return copy.deepcopy(dict(exchange.payload))


async def record_payload(env: Environment, alice: Person, bob: Person, name: str) -> tuple[Kind, Json]:
    """A real payload, made by people."""
    match name:
        case "/nightshift":
            await alice.command("/nightshift list")
            return "slash_commands", sent_last(env, name)
        case "/foreman":
            await open_form(alice, "/foreman")
            return "slash_commands", sent_last(env, name)
        case "app_home_opened":
            await alice.open_home()
            return "events_api", sent_last(env, name)
        case "user_change":
            env.slack.admin.change_user("carol", tz="Europe/Paris")
            await env.slack.delivery.wait_for_events()
            return "events_api", sent_last(env, name)
        case "block_suggestion" | "when":
            form = await open_form(alice, "/foreman")
            if name == "when":
                await form.fill({"When": "tomorrow 21:00"})
            else:
                await form.options(form.field("Template"), "Service")
        case "form" | "preview":
            form = await open_form(alice, RESTART_COMMAND)
            await form.fill({"service": "nginx"})
            if name == "form":
                # A time that cannot be read is found before the back end is asked, some hundred times.
                await form.fill({"When": "whenever"})
                await form.submit()
            else:
                await (await press_preview(form)).submit()
        case _:
            card = await find_card(bob, await make_request(alice))
            label = {"approve": "Approve", "details": "Details"}.get(name, "Deny")
            await bob.click(label, card)
            if name == "deny_reason":
                modal = await bob.modal()
                await modal.fill({"Why?": "not today"})
                await modal.submit()
    return "interactive", sent_last(env, name)


@pytest.mark.parametrize(
    "name",
    [
        "/nightshift", "/foreman", "approve", "deny", "details", "deny_reason", "when", "block_suggestion", "form",
        "preview", "app_home_opened", "user_change",
    ],
)  # fmt: skip
async def test_a_payload_without_any_one_of_its_parts_is_acknowledged(
    env: Environment, alice: Person, bob: Person, name: str
) -> None:
    kind, payload = await record_payload(env, alice, bob, name)
    transport: Any = env.slack.delivery.transport
    url = str(transport._urls[0])
    bad, seen = [], set[str]()
    async with aiohttp.ClientSession() as session:

        async def send(path: Path, replacement: object) -> None:
            fresh = dict(payload)
            if "trigger_id" in fresh:
                fresh["trigger_id"] = env.slack.workspace.new_trigger("U0ALICE").id
            body, content_type = encode(kind, spoiled(fresh, path, replacement))
            headers = {"Content-Type": content_type, **signature_headers(env.slack.signing_secret, body)}
            async with session.post(url, data=body, headers=headers) as answer:
                if answer.status != 200 or "Traceback" in await answer.text():
                    bad.append((path, replacement, answer.status))

        replacements = (ABSENT, "") if kind == "slash_commands" else REPLACEMENTS
        parts = list(paths(payload))
        assert len(parts) > 8
        for path in parts:
            await asyncio.gather(*(send(path, odd) for odd in replacements if is_new(payload, path, odd, seen)))
    assert bad == []
    assert env.bot is not None
    await env.bot.routes.drain(10)


def button(action_id: str, value: str, block_id: str = "decide") -> Json:
    return {"type": "button", "action_id": action_id, "block_id": block_id, "value": value, "action_ts": "1.2"}


def menu(action_id: str, value: str, block_id: str) -> Json:
    option = {"text": {"type": "plain_text", "text": "web01"}, "value": value}
    return {"type": "static_select", "action_id": action_id, "block_id": block_id, "selected_option": option}


ON_MESSAGES = [
    *(
        button(name, "{request}:1")
        for name in (
            "approve", "deny", "changes", "approve_with", "edit", "withdraw", "take_back", "adopt", "run_again",
            "confirm_remote", "cancel", "rerun_failed", "details",
        )
    ),
    button("approve", "{request}"),
    button("approve", "r_gone:3"),
    button("approve", "what is this?"),
    button("gone_with_an_upgrade", "{request}:1"),
]  # fmt: skip
IN_VIEWS = [
    *(button(name, "{request}:1", "choices") for name in ("approve_anyway", "late_now", "late_next", "late_drop")),
    menu("log", "run_1|web01.example.com", "logs|{request}"),
    menu("log", "nothing of ours", "logs"),
    button("resume", "d_gone", "resume"),
    button("page:0", "Basics", "pages"),
    button("when_choice:0", "0", "when_choices"),
    button("when_choice:0", "first", "when_choices"),
    button("gone_with_an_upgrade", "{request}:1"),
]
"""Buttons of earlier releases, with the values that they had, or with others."""


def of_request(action: Json, request_id: str) -> Json:
    """The action with its request filled in."""
    return {k: v.replace("{request}", request_id) if isinstance(v, str) else v for k, v in action.items()}


@pytest.mark.parametrize("action", ON_MESSAGES, ids=lambda action: f"{action['action_id']}-{action['value']}")
async def test_a_button_of_an_older_card_is_answered(
    env: Environment, alice: Person, bob: Person, action: Json
) -> None:
    card = await find_card(bob, await make_request(alice))
    # Its card asks to read all, once there are very many requests on these hosts.
    await bob.click("Read all" if "Read all" in card.buttons else "Details", card)
    payload = sent_last(env, "details")
    request_id = payload["actions"][0]["value"].partition(":")[0]
    env.slack.workspace.stacks.clear()
    trigger_id = env.slack.workspace.new_trigger(bob.id).id
    pressed = {**payload, "actions": [of_request(action, request_id)], "trigger_id": trigger_id}
    outcome = await bob.send("interactive", action["action_id"], pressed)
    assert outcome.error == ""
    # A view may come some moments after the acknowledgement.
    await eventually(env, lambda: outcome.changes or outcome.ephemeral_messages or bob.open_modal)
    assert env.bot is not None
    await env.bot.routes.drain(10)


@pytest.mark.parametrize("action", IN_VIEWS, ids=lambda action: f"{action['action_id']}-{action.get('value')}")
async def test_a_button_of_an_older_view_is_answered(env: Environment, alice: Person, action: Json) -> None:
    modal = await open_form(alice, RESTART_COMMAND)
    await modal.fill({"When": "tomorrow 21:00"})
    payload = sent_last(env, "when")
    trigger_id = env.slack.workspace.new_trigger(alice.id, modal.container).id
    view = {**payload["view"], "private_metadata": "a comment", "callback_id": "choices"}
    pressed = {**payload, "actions": [of_request(action, "r_gone")], "trigger_id": trigger_id, "view": view}
    outcome = await alice.send("interactive", action["action_id"], pressed)
    assert outcome.error == ""
    assert outcome.changes


@pytest.mark.parametrize(
    "callback_id", ["approve_comment", "deny_reason", "changes_reason", "adopt_id", "form", "preview"]
)
@pytest.mark.parametrize("metadata", ['{"r": "r_gone"}', '{"r": "r_gone", "v": 2}', '{"d": "d_gone", "v": 1}', "gone"])
async def test_an_older_view_that_is_submitted_is_answered(
    env: Environment, alice: Person, callback_id: str, metadata: str
) -> None:
    view = {
        "id": "V1", "type": "modal", "callback_id": callback_id, "blocks": [], "private_metadata": metadata,
        "state": {"values": {"answer": {"answer": {"type": "plain_text_input", "value": "because"}}}},
    }  # fmt: skip
    payload = {"type": "view_submission", "user": {"id": alice.id, "team_id": "T0NIGHTSHIFT"}, "view": view}
    ack = await alice.delivery.deliver_interaction("interactive", callback_id, payload, alice.id)
    assert ack.error == ""
    assert ack.body["response_action"] in ("update", "push")
