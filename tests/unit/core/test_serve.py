"""The HTTP server as a proxy in front of it sees it."""

import asyncio
from pathlib import Path

import pytest

from bot.probes import Probes
from bot.serve import http_transport
from bot.settings import load_settings
from bot.wiring import build_bot
from playground.environment import environment_variables, run_environment

PROXY_IDLE_SECONDS = 60
REQUEST = b"GET /readyz HTTP/1.1\r\nHost: nightshift\r\n\r\n"


async def read_status(reader: asyncio.StreamReader) -> bytes:
    """The status line of a response whose body has a length; b"" where the connection was closed."""
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
    return head.partition(b"\r\n")[0]


async def test_a_connection_that_was_idle_as_long_as_a_proxy_keeps_it_is_still_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    async with run_environment(tmp_path) as env:
        with environment_variables(env.env_vars):
            bot = build_bot(load_settings(env.config), env.config, env.clock)
        async with http_transport(bot, "127.0.0.1", 0, probes=Probes(bot)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST)
            first = await read_status(reader)
            loop_time = loop.time
            monkeypatch.setattr(loop, "time", lambda: loop_time() + PROXY_IDLE_SECONDS)
            await asyncio.sleep(0.01)
            writer.write(REQUEST)
            assert await read_status(reader) == first == b"HTTP/1.1 503 Service Unavailable"
            writer.close()
        await bot.close()
