"""The sender over the harness: it sends only when a test says so."""

import asyncio

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.digests import Digests
from bot.slack.rate_limits import RateLimiter
from bot.slack.recipients import Recipients
from bot.slack.sender import Sender
from playground.slack import Message
from tests.unit.usecases.harness import Harness


def sender_of(bot: Harness, digest_seconds: float = 60.0) -> Sender:
    services, slack = bot.services, bot.env.slack

    def seconds() -> float:
        return bot.now.timestamp()

    return Sender(
        AsyncWebClient(token=slack.bot_token, base_url=slack.api_url),
        services.db,
        services.directory,
        bot.clock,
        node=lambda: "node-1",
        min_update_seconds=0,
        wake=asyncio.Event(),
        digests=Digests(services.db, services.directory, bot.clock, digest_seconds, monotonic=seconds),
        recipients=Recipients(services.db, services.directory, bot.clock, services.policy.policy),
        admin_channel="#ops-admin",
        rate_limiter=RateLimiter(seconds, multiplier=1000),
        monotonic=seconds,
    )


async def send(bot: Harness, sender: Sender) -> None:
    """Send what is due, until nothing is."""
    for _ in range(8):
        bot.forward(seconds=0.1)
        await sender.send_due()


def direct_messages(bot: Harness, who: str) -> list[Message]:
    return list(bot.env.slack.person(who).direct_messages)
