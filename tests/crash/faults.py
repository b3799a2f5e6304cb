"""The full fault suite: ``python -m tests.crash.faults``. The network, Foreman and Slack misbehave."""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta

from playground.stage import Stage
from tests.crash.__main__ import arguments
from tests.crash.ledger import SETTLED
from tests.crash.proxy import Fault, Proxy, between
from tests.crash.setting import Outcome, Setting, played, postgres

Scene = Callable[[Setting, Proxy, Proxy], Awaitable[None]]
FAULTS: tuple[Fault, ...] = ("delay", "cut before", "cut after", "black hole", "429", "500", "503", "html")
PATIENCE = "timeout = 2.0\ncreate_timeout = 2.0"


def back_end(fault: Fault, many: int) -> Scene:
    """A third of the calls to Foreman meet a fault. Nothing may be called twice; what cannot be told is `unknown`."""

    async def scene(here: Setting, foreman: Proxy, slack: Proxy) -> None:
        foreman.faults, foreman.chance, foreman.only = (fault,), 0.33, b"job_invocations"
        await here.work(many, meanwhile=_calm_later(here, foreman, many))

    return scene


def slack_fault(fault: Fault, many: int) -> Scene:
    """A quarter of the calls to Slack's posting methods meet a fault."""

    async def scene(here: Setting, foreman: Proxy, slack: Proxy) -> None:
        slack.faults, slack.chance, slack.only = (fault,), 0.25, b"/chat."
        await here.work(many, meanwhile=_calm_later(here, slack, many))

    return scene


async def _calm_later(here: Setting, proxy: Proxy, many: int) -> None:
    """The fault lasts until the work is asked for and some seconds more."""
    until = time.monotonic() + 60
    while len(here.crowd.confirmed) < many and time.monotonic() < until:
        await asyncio.sleep(0.2)
    await asyncio.sleep(4.0)
    here.notes.append(f"the fault struck {proxy.struck} times")
    here.expect(proxy.struck > 0, "the fault never struck")
    proxy.calm()


async def flapping(here: Setting, foreman: Proxy, slack: Proxy) -> None:
    """Both sides come and go, with every fault mixed."""

    async def flap() -> None:
        for _ in range(8):
            proxy = here.rng.choice((foreman, slack))
            proxy.faults, proxy.chance = FAULTS, 0.5
            proxy.closed = here.rng.random() < 0.4
            if proxy.closed:
                proxy.drop()
            await asyncio.sleep(here.rng.uniform(0.3, 2.0))
            proxy.calm()
            await asyncio.sleep(here.rng.uniform(0.2, 1.0))

    await here.work(20, meanwhile=flap())


async def slack_away(here: Setting, foreman: Proxy, slack: Proxy) -> None:
    """Slack is away for an hour just as work starts; the outcomes arrive after."""
    foreman_speed = here.on.foreman.speed
    here.on.foreman.speed = 10.0
    await here.crowd.ask_for(8)
    for card in list(here.on.slack.channel("#approvals").messages):
        await here.crowd.approve(here.crowd.approvers[0], card)
    here.on.slack.faults.away = True
    here.on.foreman.speed = foreman_speed
    for _ in range(6):
        await asyncio.sleep(0.5)
        here.on.clock.forward(timedelta(minutes=10))
    ended = sum(count for state, count in here.ledger.states().items() if state in SETTLED)
    shown = len(here.on.slack.channel("#results").messages)
    here.notes.append(f"while Slack was away {ended} requests ended, and #results had {shown} messages")
    here.on.slack.faults.away = False
    began = time.monotonic()
    await here.work(1, seconds=150)
    here.notes.append(f"everything was shown {time.monotonic() - began:.0f} s after Slack was back")


async def sockets(here: Setting, foreman: Proxy, slack: Proxy) -> None:
    """Socket Mode: asked to refresh, dropped, silently dead, an acknowledgement lost."""
    slackside = here.on.slack
    base = slackside.state.base_url
    # The WebSocket's address is made of the workspace's own, so it passes the proxy too.
    slackside.state.base_url = slack.url
    await here.bot.start("--socket", ready=False)
    await slackside.use_socket(connections=1, timeout=60)

    async def trouble() -> None:
        await asyncio.sleep(2.0)
        await slackside.socket.refresh()
        await asyncio.sleep(2.0)
        slackside.socket.drop()
        await asyncio.sleep(3.0)
        slackside.faults.lost_acks = 3
        await asyncio.sleep(2.0)
        slack.silent = True
        began = time.monotonic()
        await asyncio.sleep(1.0)
        while not here.bot.log_has("connecting anew") and time.monotonic() - began < 40:
            await asyncio.sleep(0.2)
        slack.silent = False
        slack.drop()
        here.notes.append(f"a silent connection was noticed after {time.monotonic() - began:.0f} s")

    await here.work(16, meanwhile=trouble())
    slackside.state.base_url = base


def all_scenes(size: float) -> dict[str, Scene]:
    """Every scene; ``size`` 1 is the full suite."""
    many = max(6, round(30 * size))
    return {
        **{f"back end: {fault}": back_end(fault, many) for fault in FAULTS},
        **{f"Slack: {fault}": slack_fault(fault, many) for fault in FAULTS},
        "both flap": flapping,
        "Slack is away for an hour": slack_away,
        "Socket Mode": sockets,
    }


async def play(name: str, scene: Scene, seed: int, url: str = "") -> Outcome:
    """Play a scene with a proxy on either side of the bot."""
    rng = random.Random(seed)
    proxies: list[Proxy] = []
    async with AsyncExitStack() as stack:

        async def change(on: Stage) -> None:
            foreman = await stack.enter_async_context(between(on.urls["foreman"], rng))
            slack = await stack.enter_async_context(between(on.slack.state.base_url, rng))
            proxies.extend((foreman, slack))
            text = on.config.read_text().replace(f'url = "{on.urls["foreman"]}"', f'url = "{foreman.url}"\n{PATIENCE}')
            on.config.write_text(text)
            on.environment = {**on.environment, "SLACK_API_URL": f"{slack.url}/api/"}

        async def with_proxies(here: Setting) -> None:
            await scene(here, *proxies)

        socket = name == "Socket Mode"
        return await played(name, with_proxies, seed, database_url=url, change=change, start=not socket)


async def main(seed: int, size: float, only: str, databases: list[str]) -> int:
    outcomes = []
    with ExitStack() as stack:
        server = stack.enter_context(postgres()) if "postgresql" in databases else None
        for database in databases:
            for number, (name, scene) in enumerate(all_scenes(size).items()):
                if only in name:
                    url = server.database() if server is not None and database == "postgresql" else ""
                    outcome = await play(name, scene, seed + number, url)
                    outcome.print()
                    outcomes.append(outcome)
    failed = [outcome for outcome in outcomes if outcome.faults]
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} scenes hold, seed {seed}, size {size:g}")
    return 1 if failed else 0


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.seed, given.size, given.only, given.database or ["sqlite"])))
