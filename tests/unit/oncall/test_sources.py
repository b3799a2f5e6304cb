"""Rotas over real HTTP: addresses, files, PagerDuty, and everything that can be wrong with an answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.oncall import sources, store
from bot.oncall.store import RotaStore
from bot.requests.directory import UserGroup
from bot.slack.users import SlackDirectory
from tests.unit.requests.build import policy

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HEAD = '[policy]\napprovers = ["oncall:net"]\n[policy.oncall.net]\n'


class Clock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Sandbox:
    """A source of rotas on loopback. ``answer`` makes its next responses."""

    url: str = ""
    requests: list[web.Request] = field(default_factory=list)
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        assert self.answer is not None
        return await self.answer(request)

    def says(self, body: object, status: int = 200, **more: object) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Response(text=text, status=status, headers=more or None)

        self.answer = answer


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    here = Sandbox()
    app = web.Application()
    app.router.add_get("/{path:.*}", here.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    here.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield here
    await runner.cleanup()


async def read(settings: str) -> tuple[UserGroup, str]:
    """The rota as a group, and the problem with it; "" if there is none."""
    rotas = RotaStore(policy(HEAD + settings), Clock())
    problems = await rotas.refresh()
    return rotas.groups(lambda name: None)[0], "".join(problems)


async def test_an_address_is_asked_with_its_token(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTA_TOKEN", "s3cret")
    sandbox.says({"oncall": ["UBOB"]})
    group, problem = await read(f'url = "{sandbox.url}/net.json"\ntoken = "env:ROTA_TOKEN"')
    assert (group.members, problem) == ({"UBOB"}, "")
    assert sandbox.requests[0].headers["Authorization"] == "Bearer s3cret"


async def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "net.json").write_text('["UBOB"]')
    assert (await read(f'file = "{tmp_path}/net.json"'))[0].members == {"UBOB"}
    assert "No such file" in (await read(f'file = "{tmp_path}/gone.json"'))[1]


async def test_a_schedule_of_pagerduty_is_asked_about_this_moment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PD", "key")
    sandbox.says({"users": [{"id": "PX1", "email": "bob@example.org"}, {"id": "PX2", "email": None}]})
    people = 'people = { "bob@example.org" = "UBOB", "PX2" = "UCAT" }'
    group, problem = await read(f'pagerduty = "P1"\napi = "{sandbox.url}"\ntoken = "env:PD"\n{people}')
    assert (group.members, problem) == ({"UBOB", "UCAT"}, "")
    asked = sandbox.requests[0]
    assert asked.path == "/schedules/P1/users"
    assert (asked.headers["Authorization"], asked.headers["Accept"]) == (
        "Token token=key", "application/vnd.pagerduty+json;version=2",
    )  # fmt: skip
    assert asked.query == {"since": "2026-03-04T12:00:00+00:00", "until": "2026-03-04T12:00:01+00:00"}
    sandbox.says({"people": []})
    assert "no list of users" in (await read(f'pagerduty = "P1"\napi = "{sandbox.url}"\ntoken = "env:PD"'))[1]


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"oncall": ["UBOB"]}, 503, "it answers 503"),
        ({"oncall": ["UBOB"]}, 302, "it answers 302"),
        ("<html>", 200, "it is not JSON"),
        ("[" * 100_000, 200, "it is not JSON"),
        ({"people": []}, 200, 'it is no list of names, such as {"oncall": ["U0123ABCD"]}'),
        ({"oncall": ["x" * 1_000_000]}, 200, "it is larger than 1 MB"),
        ({"oncall": ["Mallory", "Eve"]}, 200, "it names strangers: Mallory and Eve; add them to people"),
    ],
)
async def test_a_bad_answer_is_one_line_and_lets_nobody_approve(
    sandbox: Sandbox, body: object, status: int, problem: str
) -> None:
    sandbox.says(body, status)
    group, told = await read(f'url = "{sandbox.url}"')
    assert (group.members, group.disabled) == (frozenset(), True)
    assert told == f"nightshift.toml:3: who is on call for net: {problem}."


async def test_an_address_that_is_away_or_slow_is_one_line(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "connection" in (await read('url = "http://127.0.0.1:9"'))[1].casefold()

    async def never(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b" ")
            await asyncio.sleep(0.01)
        return response

    sandbox.answer = never
    monkeypatch.setattr(store, "TIMEOUT_SECONDS", 0.1)
    assert "did not answer within 0 s" in (await read(f'url = "{sandbox.url}"'))[1]


async def test_an_answer_without_an_end_is_cut_off(sandbox: Sandbox) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(400):
            await response.write(b" " * 64_000)
            sent.append(64_000)
            await asyncio.sleep(0)
        return response

    sent: list[int] = []
    sandbox.answer = endless
    assert "larger than 1 MB" in (await read(f'url = "{sandbox.url}"'))[1]
    assert len(sent) < 400


async def test_a_token_is_never_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTA_TOKEN", "s3cret")

    async def fetch(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(sources, "_fetch", fetch)
    assert "over https only" in (await read('url = "http://rota.example.org"\ntoken = "env:ROTA_TOKEN"'))[1]
    assert "GONE is not set" in (await read('url = "https://rota.example.org"\ntoken = "env:GONE"'))[1]


async def test_the_last_answer_is_kept_and_the_directory_has_it(sandbox: Sandbox) -> None:
    sandbox.says(["UBOB"])
    rotas = RotaStore(policy(f'{HEAD}url = "{sandbox.url}"'), Clock())
    assert await rotas.refresh() == ()
    sandbox.says("away", 500)
    assert len(await rotas.refresh()) == 1

    class Client:
        async def usergroups_list(self, **_: object) -> dict[str, object]:
            return {"usergroups": [{"id": "S1", "handle": "sre", "users": ["UCAT"]}]}

    directory = SlackDirectory(Client(), rotas=rotas.groups)  # type: ignore[arg-type]
    groups = await directory.groups()
    assert {group.id for group in groups.containing("UBOB")} == {"oncall:net"}
    known = directory.last_known_groups(60)
    assert known is not None
    assert set(known.by_id) == {"S1", "oncall:net"}
    sandbox.says(["UCAT"])
    assert await rotas.refresh() == ()
    assert {group.id for group in (await directory.groups()).containing("UCAT")} == {"S1", "oncall:net"}
