"""Load as Slack sends it: signed requests at a given concurrency or rate.

``python -m benchmarks.load`` makes it from a process of its own, where the sandboxes' work does not count as the bot's.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measurements import percentile
from playground.slack.elements import Json
from playground.slack.transport.delivery import HttpTransport, Kind

PayloadFactory = Callable[[], tuple[Kind, Json]]
DEADLINE_MS = 3000.0


@dataclass(slots=True)
class LoadResult:
    """The result of a load. Times are in milliseconds, from the request to its acknowledgement."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def rate(self) -> float:
        """Acknowledgements a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    @property
    def p50(self) -> float:
        return percentile(self.times, 0.5)

    @property
    def p99(self) -> float:
        return percentile(self.times, 0.99)

    @property
    def missed_deadlines(self) -> int:
        """Deadlines missed, refusals included."""
        return self.errors + sum(ms > DEADLINE_MS for ms in self.times)


async def flood(
    transport: HttpTransport, next_payload: PayloadFactory, seconds: float, concurrency: int = 16, max_requests: int = 0
) -> LoadResult:
    """As many as it takes, ``at_once`` under way; ``most`` ends it early."""
    result = LoadResult()
    began = time.perf_counter()

    async def one() -> None:
        while time.perf_counter() - began < seconds and not (max_requests and len(result.times) >= max_requests):
            await _send(transport, next_payload, result)

    await asyncio.gather(*(one() for _ in range(concurrency)))
    result.seconds = time.perf_counter() - began
    return result


async def steady(
    transport: HttpTransport, next_payload: PayloadFactory, rate: float, seconds: float, max_requests: int = 0
) -> LoadResult:
    """Send at a constant average rate with random gaps, however long the answers take."""
    result = LoadResult()
    rng = random.Random(1)
    tasks: list[asyncio.Task[None]] = []
    began = due = time.perf_counter()
    while due - began < seconds and not (max_requests and len(tasks) >= max_requests):
        due += rng.expovariate(rate)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_send(transport, next_payload, result)))
    await asyncio.gather(*tasks)
    result.seconds = time.perf_counter() - began
    return result


async def steady_in_subprocess(
    url: str, secret: str, content: tuple[Kind, Json], rate: float, seconds: float
) -> LoadResult:
    """Send the same request at a constant rate from a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.load", url, str(rate), str(seconds)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "SLACK_SIGNING_SECRET": secret},
    )
    printed, _ = await process.communicate(json.dumps(content).encode())
    return LoadResult(**json.loads(printed))


async def _subprocess_main(url: str, rate: float, seconds: float) -> None:
    kind, payload = json.load(sys.stdin)
    transport = HttpTransport([url], os.environ["SLACK_SIGNING_SECRET"])
    result = await steady(transport, lambda: (kind, payload), rate, seconds)
    await transport.close()
    print(json.dumps({"seconds": result.seconds, "times": result.times, "errors": result.errors}))


async def _send(transport: HttpTransport, next_payload: PayloadFactory, result: LoadResult) -> None:
    kind, payload = next_payload()
    began = time.perf_counter()
    ack: Any = await transport.send(kind, payload, 0, "")
    if ack.error:
        result.errors += 1
    else:
        result.times.append((time.perf_counter() - began) * 1000)


if __name__ == "__main__":
    asyncio.run(_subprocess_main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
