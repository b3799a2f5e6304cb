"""Load as Slack makes it: signed requests, so many under way at once, for so long.

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

from benchmarks.figures import percentile
from playground.slack.delivery import HttpTransport, Kind
from playground.slack.elements import Json

Make = Callable[[], tuple[Kind, Json]]
DEADLINE_MS = 3000.0


@dataclass(slots=True)
class Result:
    """What a load came to. Times are in milliseconds, from the request to its acknowledgement."""

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
    def missed(self) -> int:
        """Deadlines missed, refusals included."""
        return self.errors + sum(ms > DEADLINE_MS for ms in self.times)


async def flood(transport: HttpTransport, make: Make, seconds: float, at_once: int = 16, most: int = 0) -> Result:
    """As many as it takes, ``at_once`` under way; ``most`` ends it early."""
    result = Result()
    began = time.perf_counter()

    async def one() -> None:
        while time.perf_counter() - began < seconds and not (most and len(result.times) >= most):
            await _send(transport, make, result)

    await asyncio.gather(*(one() for _ in range(at_once)))
    result.seconds = time.perf_counter() - began
    return result


async def steady(transport: HttpTransport, make: Make, rate: float, seconds: float, most: int = 0) -> Result:
    """So many a second, whatever the answers take; the gaps vary as people's do."""
    result = Result()
    rng = random.Random(1)
    tasks: list[asyncio.Task[None]] = []
    began = due = time.perf_counter()
    while due - began < seconds and not (most and len(tasks) >= most):
        due += rng.expovariate(rate)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_send(transport, make, result)))
    await asyncio.gather(*tasks)
    result.seconds = time.perf_counter() - began
    return result


async def steady_apart(url: str, secret: str, content: tuple[Kind, Json], rate: float, seconds: float) -> Result:
    """The same request so many times a second, from a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.load", url, str(rate), str(seconds)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "SLACK_SIGNING_SECRET": secret},
    )
    printed, _ = await process.communicate(json.dumps(content).encode())
    return Result(**json.loads(printed))


async def _apart(url: str, rate: float, seconds: float) -> None:
    kind, payload = json.load(sys.stdin)
    transport = HttpTransport([url], os.environ["SLACK_SIGNING_SECRET"])
    result = await steady(transport, lambda: (kind, payload), rate, seconds)
    await transport.close()
    print(json.dumps({"seconds": result.seconds, "times": result.times, "errors": result.errors}))


async def _send(transport: HttpTransport, make: Make, result: Result) -> None:
    kind, payload = make()
    began = time.perf_counter()
    ack: Any = await transport.send(kind, payload, 0, "")
    if ack.error:
        result.errors += 1
    else:
        result.times.append((time.perf_counter() - began) * 1000)


if __name__ == "__main__":
    asyncio.run(_apart(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
