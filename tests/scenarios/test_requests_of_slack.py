"""What arrives at the bot's address but is not plainly from Slack is refused: briefly, and without a traceback."""

import json
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from playground.environment import Environment
from playground.slack import signature_headers
from tests.scenarios.steps import RESTART_COMMAND

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def url(env: Environment) -> str:
    """Where Slack posts to."""
    transport: Any = env.slack.delivery.transport
    return str(transport._urls[0])


def command(user: str = "U0ALICE") -> bytes:
    """The body of a slash command."""
    fields = {
        "command": "/nightshift", "text": "list", "team_id": "T0NIGHTSHIFT", "user_id": user,
        "channel_id": "C000000001", "trigger_id": "1.2.3", "response_url": "http://127.0.0.1:9/none",
    }  # fmt: skip
    return urllib.parse.urlencode(fields).encode()


async def post(url: str, body: bytes, headers: Mapping[str, str], kind: str = FORM) -> tuple[int, str]:
    """The status and text of the answer."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers={"Content-Type": kind, **headers}) as answer,
    ):
        text = await answer.text()
    assert "Traceback" not in text
    assert answer.status == 200 or len(text) < 500
    return answer.status, text


async def test_a_signed_request_is_taken(env: Environment, url: str) -> None:
    body = command()
    status, _ = await post(url, body, signature_headers(env.slack.signing_secret, body))
    assert status == 200


async def test_an_unsigned_request_is_refused(url: str) -> None:
    assert (await post(url, command(), {}))[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=short"},
        {"X-Slack-Signature": "v1=" + "0" * 64},
        {"X-Slack-Signature": "é"},
        {"X-Slack-Request-Timestamp": "yesterday"},
        {"X-Slack-Request-Timestamp": "1e9"},
        {"X-Slack-Request-Timestamp": "9" * 40},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "-1"},
    ],
)
async def test_a_badly_signed_request_is_refused(env: Environment, url: str, headers: dict[str, str]) -> None:
    body = command()
    status, _ = await post(url, body, {**signature_headers(env.slack.signing_secret, body), **headers})
    assert status == 401


async def test_a_request_signed_with_another_secret_is_refused(url: str) -> None:
    body = command()
    assert (await post(url, body, signature_headers("not-the-secret", body)))[0] == 401


async def test_a_body_that_was_changed_on_the_way_is_refused(env: Environment, url: str) -> None:
    signed = signature_headers(env.slack.signing_secret, command())
    assert (await post(url, command("U0BOB"), signed))[0] == 401


@pytest.mark.parametrize("late", [-400, 400])
async def test_an_old_or_future_request_is_refused(env: Environment, url: str, late: int) -> None:
    body = command()
    signed = signature_headers(env.slack.signing_secret, body, int(time.time()) + late)
    assert (await post(url, body, signed))[0] == 401


async def test_an_oversized_request_is_refused(env: Environment, url: str) -> None:
    body = b"text=" + b"x" * 1_000_001
    assert (await post(url, body, signature_headers(env.slack.signing_secret, body)))[0] == 413


async def test_a_request_that_is_not_utf8_is_refused(env: Environment, url: str) -> None:
    body = b"command=%2Fnightshift&text=\xff\xfe"
    assert (await post(url, body, signature_headers(env.slack.signing_secret, body)))[0] == 400


@pytest.mark.allows_bot_errors
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"payload=", FORM),
        (b"payload=%7Bnot+json", FORM),
        (b"payload=%5B%5D", FORM),
        (b"payload=null", FORM),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"text"', "application/json"),
        (b'{"type": "nothing anybody knows"}', "application/json"),
        (b"x", "text/plain"),
    ],
)
async def test_a_signed_body_without_sense_does_no_harm(env: Environment, url: str, body: bytes, kind: str) -> None:
    status, _ = await post(url, body, signature_headers(env.slack.signing_secret, body), kind)
    assert status in (200, 400, 404)


@pytest.mark.allows_bot_errors
@pytest.mark.parametrize("kind", ["block_actions", "view_submission", "block_suggestion", "shortcut", "view_closed"])
async def test_a_signed_interaction_that_lacks_everything_does_no_harm(env: Environment, url: str, kind: str) -> None:
    body = urllib.parse.urlencode({"payload": json.dumps({"type": kind})}).encode()
    status, _ = await post(url, body, signature_headers(env.slack.signing_secret, body))
    assert status in (200, 400, 404)


@pytest.mark.allows_bot_errors
async def test_an_interaction_with_ids_that_are_not_ours_is_answered(env: Environment) -> None:
    alice = env.slack.person("alice")
    view = {"id": "V1", "type": "modal", "callback_id": "preview", "state": {"values": {}}, "blocks": []}
    payload = {
        "type": "view_submission",
        "team": {"id": "T0NIGHTSHIFT"},
        "user": {"id": "U0ALICE", "team_id": "T0NIGHTSHIFT"},
        "view": view,
        "trigger_id": "1.2.3",
    }
    for metadata in ("{}", "", "[]", '{"d": "d_none", "v": 1}', '{"d": {"a": 1}, "v": "x"}'):
        view["private_metadata"] = metadata
        ack = await alice.delivery.deliver_interaction("interactive", "preview", payload, alice.id)
        assert ack.error == ""
        assert "Not sent" in str(ack.body)


async def test_health_is_told_and_other_paths_are_not_there(url: str) -> None:
    base = url.removesuffix("/slack/events")
    async with aiohttp.ClientSession() as session:
        for path, status in (("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/", 404), ("/slack/x", 404)):
            async with session.get(base + path) as answer:
                assert answer.status == status
        async with session.get(url) as answer:
            assert answer.status == 405


async def test_the_bot_still_works_after_all_that(env: Environment) -> None:
    reply = await env.slack.person("alice").command(RESTART_COMMAND)
    assert reply.error == ""
