"""One client for all back ends: what is retried, and what becomes of every answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import stamina

from bot.backends.http import Client, error_message
from bot.backends.tls import default_ssl_context
from bot.errors import (
    BackendError,
    BadResponse,
    Forbidden,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteNotFound,
    Unauthorized,
    Unreachable,
)
from tests.unit.backends.conftest import Api

URL = "https://lantern.example.com/"


class Tokens:
    """Authorizes calls, and counts what it is asked for."""

    def __init__(self) -> None:
        self.fresh = True
        self.invalidated = 0
        self.calls = 0

    async def headers(self) -> dict[str, str]:
        self.calls += 1
        return {"Authorization": f"Bearer {self.invalidated}"}

    async def invalidate(self) -> bool:
        self.invalidated += 1
        return self.fresh


@pytest.fixture(autouse=True)
def _no_retry_delay() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
async def client(tokens: Tokens) -> AsyncIterator[Client]:
    client = Client("lantern.pier", URL, authorize=tokens.headers, invalidate_token=tokens.invalidate)
    yield client
    await client.close()


async def refusal(client: Client) -> BackendError:
    with pytest.raises(BackendError) as refused:
        await client.send_once("GET", "/a")
    return refused.value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, ""),
        (4, ""),
        (" text ", "text"),
        ({}, ""),
        ({"error": {"message": "inner"}, "message": "outer"}, "inner"),
        ({"error": " flat "}, "flat"),
        ({"error": "", "message": "second"}, "second"),
        ({"error": 5, "description": "third"}, "third"),
        ({"error_description": "a"}, "a"),
        ({"msg": "b"}, "b"),
        ({"detail": "c"}, "c"),
        ({"title": "d"}, "d"),
        ({"other": "e"}, ""),
        (["f"], ""),
    ],
)
def test_the_words_of_an_error_body(body: None, words: str):
    assert error_message(body) == words


async def test_a_call_has_its_headers_and_body(client: Client, api: Api):
    api.respond(httpx.Response(200, json={"a": 1}, headers={"Set-Cookie": "session=1"}))
    answer = await client.send("POST", "/a", params={"q": "x"}, json={"b": 2})
    assert (answer.status, answer.json, answer.headers["content-type"]) == (200, {"a": 1}, "application/json")
    request = api.requests[0]
    assert (request.method, str(request.url), request.content) == ("POST", f"{URL}a?q=x", b'{"b": 2}')
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer 0"
    await client.send("GET", "/a")
    assert "cookie" not in api.requests[1].headers
    assert "content-type" not in api.requests[1].headers
    assert client.base_url == "https://lantern.example.com"


@pytest.mark.parametrize(("method", "content"), [("POST", b"{}"), ("PUT", b"{}"), ("PATCH", b"{}"), ("DELETE", b"")])
async def test_a_write_without_a_body_sends_an_empty_object(client: Client, api: Api, method: str, content: bytes):
    api.respond(httpx.Response(204))
    assert (await client.send(method, "/a")).json is None
    assert api.requests[0].content == content


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (301, BadResponse, "lantern.pier redirects elsewhere (301). Is https://lantern.example.com its right address?"),
        (399, BadResponse, "lantern.pier redirects elsewhere (399). Is https://lantern.example.com its right address?"),
        (400, Refused, "lantern.pier refused (400): no"),
        (401, Unauthorized, "lantern.pier did not accept the bot's credentials (401): no"),
        (403, Forbidden, "lantern.pier does not permit this to the bot's account (403): no"),
        (404, RemoteNotFound, "lantern.pier found nothing there (404): no"),
        (407, Unauthorized, "lantern.pier did not accept the bot's credentials (407): no"),
        (429, RateLimited, "lantern.pier asks to slow down (429): no"),
        (499, Refused, "lantern.pier refused (499): no"),
        (500, BadResponse, "lantern.pier failed (500): no"),
    ],
)
async def test_each_status_is_an_error_of_its_kind(
    client: Client, api: Api, tokens: Tokens, status: int, kind: type[BackendError], text: str
):
    tokens.fresh = False
    api.respond(httpx.Response(status, json={"message": "no"}))
    error = await refusal(client)
    assert (type(error), str(error), error.status, error.server_message) == (kind, text, status, "no")


async def test_an_error_without_words_ends_as_a_sentence_and_a_long_one_is_cut(client: Client, api: Api):
    api.respond(httpx.Response(400), httpx.Response(400, json={"message": "x" * 501}))
    assert str(await refusal(client)) == "lantern.pier refused (400)."
    assert (await refusal(client)).server_message == "x" * 500


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, 5.0), ("7", 7.0), ("300", 300.0), ("301", 300.0), ("9e9", 300.0), ("soon", 5.0)]
)
async def test_retry_after_is_capped_at_five_minutes(client: Client, api: Api, header: str | None, seconds: float):
    api.respond(httpx.Response(429, headers={"Retry-After": header} if header else {}))
    error = await refusal(client)
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (httpx.Response(200, html="<p>"), "lantern.pier answered with text/html; charset=utf-8 instead of JSON. "
         "Is https://lantern.example.com the address of its API?"),
        (httpx.Response(200, content=b"x"), "lantern.pier answered with something unknown instead of JSON. "
         "Is https://lantern.example.com the address of its API?"),
        (httpx.Response(200, content=b"{", headers={"content-type": "application/json"}),
         "lantern.pier sent JSON that cannot be read."),
        (httpx.Response(502, html="<p>"), "lantern.pier failed (502)."),
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_json(client: Client, api: Api, response: httpx.Response, text: str):
    api.respond(response)
    error = await refusal(client)
    assert (type(error), str(error)) == (BadResponse, text)


async def test_a_blank_answer_is_nothing(client: Client, api: Api):
    api.respond(httpx.Response(200, content=b" \n", headers={"content-type": "text/html"}))
    assert (await client.send("GET", "/a")).json is None


@pytest.mark.parametrize(
    ("lost", "kind", "text"),
    [
        (httpx.ConnectError("refused."), Unreachable,
         "lantern.pier cannot be reached at https://lantern.example.com: refused."),
        (httpx.ConnectTimeout(""), Unreachable,
         "lantern.pier cannot be reached at https://lantern.example.com: ConnectTimeout."),
        (httpx.PoolTimeout("busy"), Unreachable,
         "lantern.pier cannot be reached at https://lantern.example.com: busy."),
        (httpx.ReadTimeout("slow"), OutcomeUnknown,
         "The connection to lantern.pier was lost before its answer: slow."),
        (httpx.RemoteProtocolError(""), OutcomeUnknown,
         "The connection to lantern.pier was lost before its answer: RemoteProtocolError."),
    ],
)  # fmt: skip
async def test_a_lost_connection(client: Client, api: Api, lost: httpx.HTTPError, kind: type[BackendError], text: str):
    api.respond(lost)
    error = await refusal(client)
    assert (type(error), str(error), len(api.requests)) == (kind, text, 1)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(httpx.ConnectError("x"), Unreachable), (httpx.ReadTimeout("x"), BadResponse), (httpx.Response(500), BadResponse)],
)
async def test_a_repeatable_call_is_tried_three_times(
    client: Client, api: Api, trouble: httpx.HTTPError, kind: type[BackendError]
):
    api.respond(trouble, trouble, httpx.Response(200, json=1), trouble, trouble, trouble)
    assert (await client.send("GET", "/a")).json == 1
    assert len(api.requests) == 3
    with pytest.raises(kind):
        await client.send("GET", "/a")
    assert len(api.requests) == 6


async def test_a_refusal_is_not_tried_again(client: Client, api: Api):
    api.respond(httpx.Response(400))
    with pytest.raises(Refused):
        await client.send("GET", "/a")
    assert len(api.requests) == 1


async def test_the_number_of_tries_can_be_set(tokens: Tokens, api: Api):
    client = Client("lantern.pier", URL, authorize=tokens.headers, attempts=2)
    api.respond(httpx.Response(500))
    with pytest.raises(BadResponse):
        await client.send("GET", "/a")
    assert len(api.requests) == 2
    await client.close()


async def test_a_refused_token_is_renewed_once(client: Client, api: Api, tokens: Tokens):
    api.respond(httpx.Response(401), httpx.Response(200, json=1))
    assert (await client.send_once("GET", "/a")).json == 1
    assert [request.headers["authorization"] for request in api.requests] == ["Bearer 0", "Bearer 1"]
    api.respond(httpx.Response(401), httpx.Response(401))
    assert isinstance(await refusal(client), Unauthorized)
    assert (tokens.invalidated, len(api.requests)) == (2, 4)


async def test_a_token_that_cannot_be_renewed_is_not_tried_again(client: Client, api: Api, tokens: Tokens):
    tokens.fresh = False
    api.respond(httpx.Response(401))
    assert isinstance(await refusal(client), Unauthorized)
    assert len(api.requests) == 1


async def test_the_statuses_of_a_refused_token_can_be_set(tokens: Tokens, api: Api):
    client = Client(
        "lantern.pier", URL, authorize=tokens.headers, invalidate_token=tokens.invalidate,
        unauthorized_statuses=frozenset({407}),
    )  # fmt: skip
    api.respond(httpx.Response(401))
    assert isinstance(await refusal(client), Unauthorized)
    assert tokens.invalidated == 0
    api.respond(httpx.Response(407))
    assert isinstance(await refusal(client), Unauthorized)
    assert tokens.invalidated == 1
    await client.close()


async def test_options_of_a_client(tokens: Tokens, api: Api):
    seen: list[int] = []

    async def note(response: httpx.Response) -> None:
        seen.append(response.status_code)

    client = Client(
        "lantern.pier", URL, authorize=tokens.headers, headers={"X-A": "b"}, on_response=note,
        extract_error=lambda status, body: f"{status} {body}",
    )  # fmt: skip
    api.respond(httpx.Response(400, json=["z"]))
    assert (await refusal(client)).server_message == "400 ['z']"
    assert (seen, api.requests[0].headers["x-a"]) == ([400], "b")
    await client.close()


async def test_a_limit_on_the_time_of_all_tries(client: Client, api: Api):
    with stamina.set_testing(False):
        api.respond(httpx.Response(500))
        with pytest.raises(BadResponse, match="failed"):
            await client.send("GET", "/a", time_limit=0.05)

        async def never(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(60)
            raise AssertionError

        api.handle = never  # type: ignore[method-assign]
        with pytest.raises(Unreachable, match=r"lantern.pier did not answer within 0\.05 seconds\."):
            await client.send("GET", "/b", time_limit=0.05)


async def test_a_back_end_may_be_trusted_by_an_authority_of_its_own(tokens: Tokens):
    own, common = ssl.create_default_context(), default_ssl_context()
    for verify, expected in ((own, own), (None, common)):
        client = Client("lantern.pier", URL, authorize=tokens.headers, verify=verify)
        transport = client._http._transport
        assert isinstance(transport, httpx.AsyncHTTPTransport)
        assert transport._pool._ssl_context is expected
        await client.close()
