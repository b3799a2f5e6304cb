"""``nightshift doctor``: does everything that the bot needs work? One line each, with what to do where it does not."""

import asyncio
import os
import sys
from collections.abc import Awaitable
from pathlib import Path

from slack_sdk.errors import SlackApiError

from bot.app import Nightshift, build, check_database
from bot.errors import ConfigError, NightshiftError
from bot.requests.model import Requirement
from bot.requests.policy_file import check_against, every_stage
from bot.settings import load
from bot.slack.directory import directory_for
from bot.slack.errors import TRANSPORT_ERRORS, code
from bot.storage import version


def run(config: Path | None) -> int:
    """Returns the exit status: 0 where all is well, 1 where something is not, 2 for a faulty configuration."""
    path = config or (Path(os.environ["NIGHTSHIFT_CONFIG"]) if os.environ.get("NIGHTSHIFT_CONFIG") else None)
    try:
        bot = build(load(path), path)
    except ConfigError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 2
    print("ok    configuration")
    return 0 if asyncio.run(_examine(bot)) else 1


async def _examine(bot: Nightshift) -> bool:
    try:
        results = [await _database(bot), await _slack(bot)]
        if results[-1]:
            results += [await _channels(bot), await _policy(bot)]
        for here in bot.services.configured.values():
            results.append(await _backend(here.name, here.connection.check()))
        return all(results)
    finally:
        for here in bot.services.configured.values():
            await here.connection.close()
        await bot.db.close()


def _say(fine: bool, what: str) -> bool:
    print(f"{'ok   ' if fine else 'FAULT'} {what}")
    return fine


async def _database(bot: Nightshift) -> bool:
    if version.pending(bot.settings.database):
        return _say(False, "database: it is not up to date; nightshift migrate brings it there")
    problem = await check_database(bot.db)
    return _say(not problem, f"database: {problem}" if problem else "database")


async def _slack(bot: Nightshift) -> bool:
    try:
        await bot.people.introduce()
    except SlackApiError as error:
        return _say(False, f"Slack: the bot token is not accepted ({code(error)})")
    except TRANSPORT_ERRORS as error:
        return _say(False, f"Slack: cannot be reached at {bot.settings.slack_api_url}: {error}")
    return _say(True, f"Slack: team {bot.people.team}, bot user {bot.people.bot_user}")


async def _channels(bot: Nightshift) -> bool:
    """Every configured channel, and whether the bot can post in it."""
    settings = bot.settings.channels
    names = [settings.approvals, settings.results, settings.admin]
    for here in bot.services.configured.values():
        names += [here.settings.approvals_channel, here.settings.results_channel]
    return all([await _channel(bot, name) for name in dict.fromkeys(filter(None, names))])


async def _channel(bot: Nightshift, name: str) -> bool:
    try:
        channel = await bot.people.channel_id(name)
        found = (await bot.client.conversations_info(channel=channel))["channel"]
    except SlackApiError as error:
        return _say(False, f"channel {name}: {code(error)}; invite the bot, or correct the name")
    if found.get("is_archived"):
        return _say(False, f"channel {name}: it is archived")
    if found.get("is_private") and not found.get("is_member"):
        return _say(False, f"channel {name}: it is private and the bot is not in it; /invite it there")
    return _say(True, f"channel {name}")


async def _policy(bot: Nightshift) -> bool:
    policy = bot.services.rights.policy
    directory = await directory_for(bot.people, Requirement(stages=every_stage(policy)))
    faults = (*check_against(policy, directory), *await bot.calendars.read())
    for fault in faults:
        _say(False, fault)
    return not faults and _say(True, f"policy: {len(policy.rules)} rules, {len(policy.freezes)} freezes")


async def _backend(name: str, check: Awaitable[str]) -> bool:
    try:
        return _say(True, f"{name}: {await check}")
    except NightshiftError as error:
        return _say(False, f"{name}: {error}")
