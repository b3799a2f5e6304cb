"""Access tokens: how long one is kept, and what is sent to get it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from bot.backends.oauth import AccessTokens
from bot.backends.tls import default_ssl_context
from bot.errors import RateLimited, Unauthorized, Unreachable
from tests.unit.backends.conftest import Api

URL = "https://issuer.example/token"
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.current = NOW

    def now(self) -> datetime:
        return self.current


class Tokens(AccessTokens):
    """Tokens of an issuer that wants a scope."""

    async def _request_token(self) -> httpx.Response:
        return await self._post_credentials(URL, "the-bot", "env:OAUTH_TEST", {"scope": "all"})


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Tokens:
    monkeypatch.setenv("OAUTH_TEST", "hunter2")
    return Tokens("lantern.pier", "The issuer", Clock(), 30.0, default_ssl_context())


def answer(**body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


@pytest.mark.parametrize(
    ("told", "lifetime"),
    [
        ({"expires_in": 600}, 600),
        ({"expires_in": "600"}, 600),
        ({"expires_in": 599.5}, 599.5),
        ({"expires_in": "soon"}, 3600),
        ({"expires_in": None}, 3600),
        ({}, 3600),
    ],
)
async def test_a_token_is_kept_until_a_minute_before_it_expires(
    tokens: Tokens, api: Api, told: dict[str, Any], lifetime: float
) -> None:
    api.respond(answer(access_token="one", **told), answer(access_token="two", **told))
    assert await tokens.authorization_headers() == {"Authorization": "Bearer one"}
    clock = tokens._clock
    assert isinstance(clock, Clock)
    clock.current = NOW + timedelta(seconds=lifetime - 60.001)
    assert await tokens.authorization_headers() == {"Authorization": "Bearer one"}
    clock.current = NOW + timedelta(seconds=lifetime - 60)
    assert await tokens.authorization_headers() == {"Authorization": "Bearer two"}
    await tokens.close()


async def test_the_credentials_are_sent_as_a_form(tokens: Tokens, api: Api) -> None:
    api.respond(answer(access_token="one"))
    await tokens.authorization_headers()
    (request,) = api.requests
    assert (request.method, request.url) == ("POST", URL)
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["the-bot"],
        "client_secret": ["hunter2"],
        "scope": ["all"],
    }
    assert request.headers["Accept"] == "application/json"


async def test_a_token_that_was_refused_is_replaced(tokens: Tokens, api: Api) -> None:
    api.respond(answer(access_token="one"), answer(access_token="two"))
    await tokens.authorization_headers()
    assert await tokens.invalidate()
    assert await tokens.authorization_headers() == {"Authorization": "Bearer two"}


@pytest.mark.parametrize(
    ("response", "error", "sentence"),
    [
        (
            httpx.Response(401, json={"error": "invalid_client", "error_description": "No such bot.\r\nTrace: 7"}),
            Unauthorized,
            "The issuer did not accept the bot's credentials (401): No such bot.",
        ),
        (
            httpx.Response(499, json={"error": "invalid_client"}),
            Unauthorized,
            "The issuer did not accept the bot's credentials (499): invalid_client.",
        ),
        (
            httpx.Response(429, json={"error": {"code": 3}}),
            RateLimited,
            "The issuer asks to slow down (429). Nothing was sent.",
        ),
        (httpx.Response(500), Unreachable, "The issuer failed to give a token (500). Nothing was sent."),
        (
            httpx.Response(503, json={"error": "x" * 301}),
            Unreachable,
            f"The issuer failed to give a token (503): {'x' * 300}. Nothing was sent.",
        ),
        (
            httpx.Response(200, json={"access_token": 7}),
            Unreachable,
            f"The issuer sent no token. Is {URL} the right address? Nothing was sent.",
        ),
        (
            httpx.Response(200, text="<html>"),
            Unreachable,
            f"The issuer sent no token. Is {URL} the right address? Nothing was sent.",
        ),
    ],
    ids=["credentials", "last of the client's errors", "too many", "server", "long", "no token", "page"],
)
async def test_an_issuer_that_gives_no_token_is_quoted(
    tokens: Tokens, api: Api, response: httpx.Response, error: type[Exception], sentence: str
) -> None:
    api.respond(response)
    with pytest.raises(error) as caught:
        await tokens.authorization_headers()
    assert (type(caught.value), str(caught.value)) == (error, sentence)
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == 5.0


async def test_an_issuer_that_does_not_answer_is_named(tokens: Tokens, api: Api) -> None:
    for cause, words in ((httpx.ConnectError("refused"), "refused"), (httpx.ReadTimeout(""), "ReadTimeout")):
        api.respond(cause)
        with pytest.raises(Unreachable) as caught:
            await tokens.authorization_headers()
        assert str(caught.value) == f"The issuer cannot be reached for a token: {words}. Nothing was sent."
