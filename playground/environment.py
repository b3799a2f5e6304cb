"""An environment for the bot: a local Slack, the three sandboxes, and the real bot between them."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from bot.commands.manifest import OPTIONAL_SCOPES, manifest
from bot.lifecycle import Nightshift
from bot.probes import Probes
from bot.serve import http_transport, socket_mode_transport
from bot.settings import load_settings
from bot.wiring import build_bot
from playground.foreman import ForemanSandbox
from playground.immybot import CLIENT_ID, CLIENT_SECRET, TENANT_ID, ImmyBotSandbox
from playground.opsramp import KEY, SECRET, OpsRampSandbox
from playground.server import serve
from playground.slack import Settings, Slack, run_workspace

Transport = Literal["http", "socket"]

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "power is for two"
when = { template = "Power Action*" }
approvers = ["@sre"]
quorum = 2
"""


class MovableClock:
    """A clock that can be moved; it is kept in a file, so that a bot in a process of its own sees the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("0")
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """Move forward, or back by a negative time."""
        self.offset += by
        self.path.write_text(str(self.offset.total_seconds()))

    def move_to(self, instant: datetime) -> None:
        """Move to an instant."""
        self.advance(instant - self.now())


@dataclass(slots=True)
class Environment:
    """The parts of an environment. ``config`` is the bot's configuration file, ``env_vars`` its environment."""

    slack: Slack
    foreman: ForemanSandbox
    opsramp: OpsRampSandbox
    immybot: ImmyBotSandbox
    clock: MovableClock
    config: Path
    env_vars: Mapping[str, str]
    bot: Nightshift | None = None
    urls: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def run_environment(
    directory: Path,
    *,
    database_url: str = "",
    policy: str = POLICY,
    extra: str = "",
    scheduler: str = "nightshift",
    hosts: int = 40,
    journal: Path | None = None,
) -> AsyncIterator[Environment]:
    """Run an environment without the bot. Files are kept in ``directory``; the app is as its manifest says.

    ``scheduler`` is who keeps the time. ``extra`` is more configuration; ``{foreman}``, ``{opsramp}`` and ``{immybot}``
    in it are the sandboxes' addresses.
    """
    clock = MovableClock(directory / "clock")
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(
            run_workspace(clock=clock, settings=_installed_app_settings(), journal=journal)
        )
        foreman, opsramp, immybot = ForemanSandbox(clock, hosts=hosts), OpsRampSandbox(clock), ImmyBotSandbox(clock)
        urls = {
            name: await stack.enter_async_context(serve(sandbox.app))
            for name, sandbox in (("foreman", foreman), ("opsramp", opsramp), ("immybot", immybot))
        }
        for name, url in urls.items():
            extra = extra.replace(f"{{{name}}}", url)
        config = directory / "nightshift.toml"
        config.write_text(_config_toml(urls, scheduler) + policy + extra)
        environment = {
            **slack.env_vars(),
            **SECRETS,
            "NIGHTSHIFT_CONFIG": str(config),
            "NIGHTSHIFT_DATA_DIR": str(directory / "data"),
            "NIGHTSHIFT_CLOCK_FILE": str(clock.path),
            **({"NIGHTSHIFT_DATABASE_URL": database_url} if database_url else {}),
        }
        yield Environment(slack, foreman, opsramp, immybot, clock, config, environment, urls=urls)


@asynccontextmanager
async def run_bot(env: Environment, transport: Transport) -> AsyncIterator[Nightshift]:
    """Run the bot in this process, over HTTP or Socket Mode, until the block ends."""
    with environment_variables(env.env_vars):
        bot = build_bot(load_settings(env.config), env.config, env.clock)
        await bot.start()
        try:
            async with AsyncExitStack() as stack:
                if transport == "http":
                    port = await stack.enter_async_context(http_transport(bot, "127.0.0.1", 0, probes=Probes(bot)))
                    await env.slack.use_http(f"http://127.0.0.1:{port}/slack/events")
                else:
                    await stack.enter_async_context(socket_mode_transport(bot))
                    await env.slack.use_socket()
                env.bot = bot
                yield bot
        finally:
            env.bot = None
            await bot.stop()


class environment_variables:  # noqa: N801 (a context manager, used like a function)
    """Set environment variables until the block ends."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._previous: dict[str, str | None] = {}

    def __enter__(self) -> None:
        self._previous = {name: os.environ.get(name) for name in self._values}
        os.environ.update(self._values)

    def __exit__(self, *_: Any) -> None:
        for name, value in self._previous.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


SECRETS = {
    "SANDBOX_FOREMAN_PASSWORD": "sandbox",
    "SANDBOX_OPSRAMP_KEY": KEY,
    "SANDBOX_OPSRAMP_SECRET": SECRET,
    "SANDBOX_IMMYBOT_SECRET": CLIENT_SECRET,
    "SANDBOX_SUDO_PASSWORD": "correct-horse",
}


def _installed_app_settings() -> Settings:
    """The app as its manifest describes it, with the optional scopes granted."""
    settings = Settings.from_manifest(manifest())
    return replace(settings, scopes=settings.scopes | frozenset(OPTIONAL_SCOPES))


def _config_toml(urls: Mapping[str, str], scheduler: str) -> str:
    return f"""
[channels]
approvals = "#approvals"
results = "#results"
admin = "#ops-admin"

[timing]
watch_seconds = 0.15
timekeeper_seconds = 0.1
card_seconds = 0.1
recheck_seconds = 0.15
find_seconds = 0.3
drain_seconds = 2.0
slack_pace = 100
digest_seconds = 0

[backends.foreman.main]
title = "Foreman"
url = "{urls["foreman"]}"
username = "nightshift"
scheduler = "{scheduler}"
password = "env:SANDBOX_FOREMAN_PASSWORD"

[backends.foreman.main.secrets]
sudo = "env:SANDBOX_SUDO_PASSWORD"

[backends.opsramp.main]
title = "OpsRamp"
url = "{urls["opsramp"]}"
tenant = "client_93"
key = "env:SANDBOX_OPSRAMP_KEY"
secret = "env:SANDBOX_OPSRAMP_SECRET"

[backends.immybot.main]
title = "ImmyBot"
url = "{urls["immybot"]}"
token_url = "{urls["immybot"]}/{TENANT_ID}/oauth2/v2.0/token"
tenant_id = "{TENANT_ID}"
scheduler = "{scheduler}"
client_id = "{CLIENT_ID}"
client_secret = "env:SANDBOX_IMMYBOT_SECRET"
subdomain = "contoso"
"""
