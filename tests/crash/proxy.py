"""An unreliable network: a TCP proxy that delays, cuts, swallows and answers requests."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal["", "delay", "cut before", "cut after", "black hole", "429", "500", "503", "html"]
_METHODS = (b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ")
_ANSWERS: dict[str, bytes] = {
    "429": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Type: application/json\r\n",
    "500": b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n",
    "503": b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n",
    "html": b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n",
}


@dataclass(slots=True)
class Proxy:
    """A proxy to ``target``. Each request meets one of ``faults`` with ``probability``."""

    target: str
    rng: random.Random
    faults: tuple[Fault, ...] = ()
    probability: float = 0.0
    only_matching: bytes = b""
    """Only requests whose first line contains this meet a fault."""
    delay: float = 0.7
    url: str = ""
    hits: int = 0
    refuses_connections: bool = False
    """Whether new connections are broken at once."""
    blackholed: bool = False
    """Whether existing connections go silent, in both directions."""
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    def clear_faults(self) -> None:
        """Let everything through again."""
        self.faults, self.probability, self.refuses_connections, self.blackholed = (), 0.0, False, False

    def pick_fault(self, chunk: bytes) -> Fault:
        """The fault for the request that begins now."""
        fits = self.only_matching in chunk.split(b"\r\n", 1)[0]
        if not self.faults or not fits or self.rng.random() >= self.probability:
            return ""
        self.hits += 1
        return self.rng.choice(self.faults)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        address = urlsplit(self.target)
        self._connections.add(writer)
        try:
            if self.refuses_connections:
                return
            back, forth = await asyncio.open_connection(address.hostname, address.port)
            try:
                await _Connection(self, reader, writer, back, forth).run()
            finally:
                forth.close()
        except OSError:
            return
        finally:
            self._connections.discard(writer)
            if writer.transport is not None:
                writer.transport.abort()

    def drop_connections(self) -> None:
        """Break every connection."""
        for writer in list(self._connections):
            writer.transport.abort()


@dataclass(slots=True)
class _Connection:
    """One connection and its faults."""

    proxy: Proxy
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    upstream_reader: asyncio.StreamReader
    upstream_writer: asyncio.StreamWriter
    fault: Fault = ""

    async def run(self) -> None:
        tasks = [asyncio.create_task(self._forward()), asyncio.create_task(self._backward())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _forward(self) -> None:
        while chunk := await self.reader.read(65536):
            if chunk.startswith(_METHODS):
                self.fault = self.proxy.pick_fault(chunk)
            if self.proxy.blackholed:
                continue
            match self.fault:
                case "cut before":
                    return
                case "delay":
                    await asyncio.sleep(self.proxy.delay)
                case "429" | "500" | "503" | "html":
                    body = b"<html>no</html>" if self.fault == "html" else b'{"error": {"message": "injected"}}'
                    self.writer.write(_ANSWERS[self.fault] + b"Content-Length: %d\r\n\r\n" % len(body) + body)
                    await self.writer.drain()
                    return
            self.upstream_writer.write(chunk)
            await self.upstream_writer.drain()

    async def _backward(self) -> None:
        while chunk := await self.upstream_reader.read(65536):
            if self.fault == "cut after":
                return
            if self.fault == "black hole" or self.proxy.blackholed:
                continue
            self.writer.write(chunk)
            await self.writer.drain()


@asynccontextmanager
async def run_proxy(target: str, rng: random.Random) -> AsyncIterator[Proxy]:
    """Run a proxy to ``target`` (a base URL) until the block ends; its ``url`` replaces the target's."""
    proxy = Proxy(target, rng)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        proxy.drop_connections()
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait_closed(), 2)
