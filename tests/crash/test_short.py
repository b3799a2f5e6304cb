"""The short form of the crash suite: the full one is ``make crash``, ``make faults`` and ``make cluster``."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot import failpoints
from playground.server import serve
from tests.crash import faults
from tests.crash.harness import play_scene, run_harness
from tests.crash.process import BotProcess
from tests.crash.proxy import Fault, Proxy, run_proxy
from tests.crash.scenes import random_kills


async def test_random_kills_lose_nothing_repeat_nothing_and_leave_every_card_correct() -> None:
    outcome = await play_scene("kills", random_kills(3, 1), seed=3)

    assert outcome.failures == []
    assert outcome.kills >= 1
    assert outcome.tally is not None
    assert outcome.tally.requests >= 3


async def test_an_app_that_is_installed_again_loses_nothing_and_reads_its_new_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(faults, "OUTAGE_REQUESTS", 2)
    outcome = await faults.play_with_proxies("removed and installed again", faults.new_token, seed=5)

    assert outcome.failures == []


async def test_a_second_process_of_the_same_name_does_not_start() -> None:
    async with run_harness(seed=1) as harness:
        second = BotProcess(harness.env.env_vars, harness.bot.log_path.with_name("second.log"))
        await second.start(ready=False)
        try:
            assert await second.wait_ended(40) == 2
            assert "Another nightshift process named 'main'" in second.log_tail()
        finally:
            await second.kill()

        assert await harness.bot.stop() == 0


def test_every_failpoint_is_hit_somewhere_in_the_code() -> None:
    code = "\n".join(path.read_text() for path in Path("bot").rglob("*.py") if path.name != "failpoints.py")
    names = [name for name, value in vars(failpoints).items() if value in failpoints.ALL_FAILPOINTS]

    assert len(names) == len(failpoints.ALL_FAILPOINTS)
    assert [name for name in names if f"failpoints.hit(failpoints.{name})" not in code] == []


@pytest.fixture
async def proxied_server() -> AsyncIterator[tuple[list[str], Proxy]]:
    """A server behind a proxy, and the requests that reach it."""
    arrived: list[str] = []

    async def note(request: web.Request) -> web.Response:
        arrived.append(await request.text())
        return web.Response(text="done")

    app = web.Application()
    app.router.add_post("/", note)
    async with serve(app) as url, run_proxy(url, random.Random(1)) as proxy:
        yield arrived, proxy


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [("", True), ("delay", True), ("cut before", False), ("cut after", True), ("black hole", True)],
)
async def test_the_proxy_injects_its_faults(
    proxied_server: tuple[list[str], Proxy], fault: Fault, arrives: bool
) -> None:
    arrived, proxy = proxied_server
    proxy.faults, proxy.probability, proxy.delay = (fault,), 1.0, 0.01

    answered = False
    timeout = aiohttp.ClientTimeout(total=0.3)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            async with session.post(proxy.url, data="x") as answer:
                answered = await answer.text() == "done"
        except (aiohttp.ClientError, TimeoutError):
            answered = False

    assert arrived == (["x"] if arrives else [])
    assert answered is (fault in ("", "delay"))


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500), ("503", 503), ("html", 502)])
async def test_the_proxy_answers_for_itself(proxied_server: tuple[list[str], Proxy], fault: Fault, status: int) -> None:
    arrived, proxy = proxied_server
    proxy.faults, proxy.probability = (fault,), 1.0

    async with aiohttp.ClientSession() as session, session.post(proxy.url, data="x") as answer:
        assert answer.status == status

    assert arrived == []
