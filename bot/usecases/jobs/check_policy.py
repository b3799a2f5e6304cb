"""Checks whether the people and groups that the policy names exist, and tells the administrators if not.

What depends on a group that is gone is refused meanwhile, so the bot works on.
"""

import asyncio

import structlog

from bot.requests.hashing import sha256_hex
from bot.storage import messages
from bot.usecases.services import Services

RETRY_SECONDS = 30.0
_log = structlog.get_logger(__name__)


async def check_policy(services: Services) -> None:
    """Check the policy against the workspace, and tell what does not fit. Waits while Slack does not answer."""
    while (problems := await services.policy.workspace_problems()) is None:
        _log.warning("policy not checked: Slack does not tell all groups and people", retry_seconds=RETRY_SECONDS)
        await asyncio.sleep(RETRY_SECONDS)
    problems += services.rotas.problems
    _log.info("policy checked against the workspace", problems=len(problems))
    for problem in problems:
        _log.warning("policy does not fit the workspace", problem=problem)
    channel = services.settings.channels.admin
    if not problems or not channel:
        return
    text = "The policy does not fit the workspace. Requests that need what is missing are refused. "
    text += " ".join(problems)
    now = services.clock.now()
    async with services.db.write() as tx:
        # Once a day for the same problems.
        dedupe = f"policy:{now:%Y-%m-%d}:{sha256_hex(text)}"
        await messages.add(tx, now, "note", channel, facts={"text": text}, dedupe=dedupe)
    services.wake.sender.set()
