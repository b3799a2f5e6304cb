"""The full fault suite: ``python -m tests.crash.faults``. The network, Foreman and Slack misbehave."""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from pathlib import Path

from playground.environment import Environment
from tests.crash.__main__ import arguments
from tests.crash.harness import Harness, SceneResult, play_scene, postgres
from tests.crash.proxy import Fault, Proxy, run_proxy
from tests.crash.verifier import SETTLED_STATES

Scene = Callable[[Harness, Proxy, Proxy], Awaitable[None]]
FAULTS: tuple[Fault, ...] = ("delay", "cut before", "cut after", "black hole", "429", "500", "503", "html")
OUTAGE_REQUESTS = 8
SHORT_TIMEOUTS = "timeout = 2.0\ncreate_timeout = 2.0"


def backend_fault(fault: Fault, count: int) -> Scene:
    """A third of the calls to Foreman meet a fault. Nothing may be called twice; what cannot be told is `unknown`."""

    async def scene(harness: Harness, foreman: Proxy, slack: Proxy) -> None:
        foreman.faults, foreman.probability, foreman.only_matching = (fault,), 0.33, b"job_invocations"
        await harness.work(count, meanwhile=_clear_faults_later(harness, foreman, count))

    return scene


def slack_fault(fault: Fault, count: int) -> Scene:
    """A quarter of the calls to Slack's posting methods meet a fault."""

    async def scene(harness: Harness, foreman: Proxy, slack: Proxy) -> None:
        slack.faults, slack.probability, slack.only_matching = (fault,), 0.25, b"/chat."
        await harness.work(count, meanwhile=_clear_faults_later(harness, slack, count))

    return scene


async def _clear_faults_later(harness: Harness, proxy: Proxy, count: int) -> None:
    """The fault lasts until the work is asked for and some seconds more."""
    until = time.monotonic() + 60
    while len(harness.load.confirmed) < count and time.monotonic() < until:
        await asyncio.sleep(0.2)
    await asyncio.sleep(4.0)
    harness.notes.append(f"the fault struck {proxy.hits} times")
    harness.expect(proxy.hits > 0, "the fault never struck")
    proxy.clear_faults()


async def flapping_network(harness: Harness, foreman: Proxy, slack: Proxy) -> None:
    """Both sides come and go, with every fault mixed."""

    async def flap() -> None:
        for _ in range(8):
            proxy = harness.rng.choice((foreman, slack))
            proxy.faults, proxy.probability = FAULTS, 0.5
            proxy.refuses_connections = harness.rng.random() < 0.4
            if proxy.refuses_connections:
                proxy.drop_connections()
            await asyncio.sleep(harness.rng.uniform(0.3, 2.0))
            proxy.clear_faults()
            await asyncio.sleep(harness.rng.uniform(0.2, 1.0))

    await harness.work(20, meanwhile=flap())


async def slack_outage(harness: Harness, foreman: Proxy, slack: Proxy) -> None:
    """Slack is away for an hour just as work starts; the outcomes arrive after."""
    faults = harness.env.slack.faults

    def set_offline(value: bool) -> None:
        faults.offline = value

    await _out_for_an_hour(harness, lambda: set_offline(True), lambda: set_offline(False))


async def invalid_token(harness: Harness, foreman: Proxy, slack: Proxy) -> None:
    """Slack accepts no token for an hour just as work starts; the outcomes arrive after."""
    workspace = harness.env.slack.workspace

    def set_uninstalled(value: bool) -> None:
        workspace.uninstalled = value

    await _out_for_an_hour(harness, lambda: set_uninstalled(True), lambda: set_uninstalled(False))


async def new_token(harness: Harness, foreman: Proxy, slack: Proxy) -> None:
    """The app is removed just as work starts, and installed again with another token, which its file has."""
    slackside = harness.env.slack

    def install_again() -> None:
        slackside.admin.reinstall("xoxb-playground-second")
        token_file(harness.env).write_text("xoxb-playground-second\n")

    await _out_for_an_hour(harness, slackside.admin.uninstall, install_again)
    harness.expect(harness.bot.log_contains("the token of Slack was read again"), "the new token was not read")


async def _out_for_an_hour(harness: Harness, begin: Callable[[], None], end: Callable[[], None]) -> None:
    """Let Slack fail for an hour of the bot's clock just as work starts."""
    foreman_speed = harness.env.foreman.speed
    harness.env.foreman.speed = 10.0
    await harness.load.make_requests(OUTAGE_REQUESTS)
    for card in list(harness.env.slack.channel("#approvals").messages):
        await harness.load.approve(harness.load.approvers[0], card)
    begin()
    harness.env.foreman.speed = foreman_speed
    for _ in range(6):
        await asyncio.sleep(0.5)
        harness.env.clock.advance(timedelta(minutes=10))
    ended = sum(count for state, count in harness.verifier.states().items() if state in SETTLED_STATES)
    shown = len(harness.env.slack.channel("#results").messages)
    harness.notes.append(f"while Slack was away {ended} requests ended, and #results had {shown} messages")
    end()
    began = time.monotonic()
    await harness.work(1, seconds=150)
    harness.notes.append(f"everything was shown {time.monotonic() - began:.0f} s after Slack was back")


def busy_directory(count: int) -> Scene:
    """Half of the questions about users and groups are answered with 429."""

    async def scene(harness: Harness, foreman: Proxy, slack: Proxy) -> None:
        slack.faults, slack.probability, slack.only_matching = ("429",), 0.5, b"/api/user"
        group = harness.env.slack.workspace.user_group("sre")
        names = [harness.env.slack.workspace.users[user].name for user in group.users]

        async def changes_get_lost() -> None:
            for _ in range(20):
                await asyncio.sleep(0.5)
                group.date_update += 1
                harness.env.slack.admin.set_group("sre", names)

        await harness.work(count, meanwhile=changes_get_lost())
        harness.notes.append(f"the fault struck {slack.hits} times")
        harness.expect(slack.hits > 0, "the fault never struck")

    return scene


def token_file(env: Environment) -> Path:
    """The file with the bot's token."""
    return env.config.with_name("bot-token")


async def socket_mode_faults(harness: Harness, foreman: Proxy, slack: Proxy) -> None:
    """Socket Mode: asked to refresh, dropped, silently dead, an acknowledgement lost."""
    slackside = harness.env.slack
    base = slackside.workspace.base_url
    # The WebSocket's address is made of the workspace's own, so it passes the proxy too.
    slackside.workspace.base_url = slack.url
    await harness.bot.start("--socket", ready=False)
    await slackside.use_socket(connections=1, timeout=60)

    async def trouble() -> None:
        await asyncio.sleep(2.0)
        await slackside.socket.request_refresh()
        await asyncio.sleep(2.0)
        slackside.socket.drop_connections()
        await asyncio.sleep(3.0)
        slackside.faults.lost_acks = 3
        await asyncio.sleep(2.0)
        slack.blackholed = True
        began = time.monotonic()
        await asyncio.sleep(1.0)
        while not harness.bot.log_contains("connection lost; reconnecting") and time.monotonic() - began < 40:
            await asyncio.sleep(0.2)
        slack.blackholed = False
        slack.drop_connections()
        harness.notes.append(f"a silent connection was noticed after {time.monotonic() - began:.0f} s")

    await harness.work(16, meanwhile=trouble())
    slackside.workspace.base_url = base


def all_scenes(size: float) -> dict[str, Scene]:
    """Every scene; ``size`` 1 is the full suite."""
    many = max(6, round(30 * size))
    return {
        **{f"back end: {fault}": backend_fault(fault, many) for fault in FAULTS},
        **{f"Slack: {fault}": slack_fault(fault, many) for fault in FAULTS},
        "both flap": flapping_network,
        "Slack is away for an hour": slack_outage,
        "an hour without a valid token": invalid_token,
        "removed and installed again": new_token,
        "a busy directory": busy_directory(many),
        "Socket Mode": socket_mode_faults,
    }


async def play_with_proxies(name: str, scene: Scene, seed: int, url: str = "") -> SceneResult:
    """Play a scene with a proxy on either side of the bot."""
    rng = random.Random(seed)
    proxies: list[Proxy] = []
    async with AsyncExitStack() as stack:

        async def change(env: Environment) -> None:
            foreman = await stack.enter_async_context(run_proxy(env.urls["foreman"], rng))
            slack = await stack.enter_async_context(run_proxy(env.slack.workspace.base_url, rng))
            proxies.extend((foreman, slack))
            text = env.config.read_text().replace(
                f'url = "{env.urls["foreman"]}"', f'url = "{foreman.url}"\n{SHORT_TIMEOUTS}'
            )
            env.config.write_text(text)
            token_file(env).write_text(env.slack.bot_token)
            more = {"SLACK_API_URL": f"{slack.url}/api/", "SLACK_BOT_TOKEN": f"file:{token_file(env)}"}
            env.env_vars = {**env.env_vars, **more}

        async def with_proxies(harness: Harness) -> None:
            await scene(harness, *proxies)

        socket = name == "Socket Mode"
        return await play_scene(name, with_proxies, seed, database_url=url, configure=change, start=not socket)


async def main(seed: int, size: float, name_filter: str, databases: list[str]) -> int:
    outcomes = []
    with ExitStack() as stack:
        server = stack.enter_context(postgres()) if "postgresql" in databases else None
        for database in databases:
            for number, (name, scene) in enumerate(all_scenes(size).items()):
                if name_filter in name:
                    url = server.database() if server is not None and database == "postgresql" else ""
                    outcome = await play_with_proxies(name, scene, seed + number, url)
                    outcome.print()
                    outcomes.append(outcome)
    failed = [outcome for outcome in outcomes if outcome.failures]
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} scenes passed, seed {seed}, size {size:g}")
    return 1 if failed else 0


if __name__ == "__main__":
    given = arguments()
    sys.exit(asyncio.run(main(given.seed, given.size, given.only, given.database or ["sqlite"])))
