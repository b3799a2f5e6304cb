"""Checks the policy against the workspace after a start during which Slack did not answer."""

import asyncio

import structlog

from bot.requests.model import sha256_hex
from bot.storage import messages
from bot.usecases.services import Services

CHECK_INTERVAL_SECONDS = 30.0
_log = structlog.get_logger(__name__)


async def check_policy_when_slack_answers(services: Services) -> None:
    """Wait until Slack answers, then tell the administrators how the policy does not fit the workspace."""
    problems = None
    while problems is None:
        await asyncio.sleep(CHECK_INTERVAL_SECONDS)
        problems = await services.policy.workspace_problems()
    for problem in problems:
        _log.error("policy does not fit the workspace", problem=problem)
    _log.info("policy checked against the workspace", problems=len(problems))
    channel = services.settings.channels.admin
    if not problems or not channel:
        return
    text = "Slack did not answer when Nightshift started. It does now, and the policy does not fit the workspace: "
    text += " ".join(problems)
    async with services.db.write() as tx:
        dedupe = f"policy:{sha256_hex(text)}"
        await messages.add(tx, services.clock.now(), "note", channel, facts={"text": text}, dedupe=dedupe)
    services.wake.sender.set()
