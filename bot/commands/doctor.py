"""The command ``nightshift doctor``: checks everything that the bot needs and prints a line for each part."""

import asyncio
import sys
from collections.abc import Awaitable, Collection
from pathlib import Path

from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import DBAPIError

from bot.configuration import Transport, known_names, load_configuration
from bot.errors import ConfigError, NightshiftError
from bot.lifecycle import Nightshift
from bot.requests.policy.known import unnamed_systems
from bot.requests.policy.loosening import policy_notes
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code
from bot.storage import schema_version
from bot.storage.health import database_problem
from bot.usecases.policy_values import value_problems
from bot.wiring import build_bot

MAX_LISTING_SECONDS = 300.0
"""Timeout for the listing of all users."""


def run(config: Path | None, transports: Collection[Transport] = ()) -> int:
    """Return the exit status: 0 if everything works, 1 if something does not, 2 if the configuration has problems."""
    try:
        configuration = load_configuration(config, transports)
        bot = build_bot(configuration.settings, configuration.path)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    print("ok    configuration")
    return 0 if asyncio.run(_run_checks(bot)) else 1


async def _run_checks(bot: Nightshift) -> bool:
    try:
        results = [await _check_database(bot), await _check_slack(bot)]
        if results[-1]:
            results += [await _check_channels(bot), await _check_policy(bot)]
        for here in bot.services.backends.values():
            results.append(await _check_backend(here.name, here.connection.check()))
        return all(results)
    finally:
        for here in bot.services.backends.values():
            await here.connection.close()
        await bot.db.close()


def _report(ok: bool, what: str) -> bool:
    print(f"{'ok   ' if ok else 'FAULT'} {what}")
    return ok


async def _check_database(bot: Nightshift) -> bool:
    if schema_version.needs_migration(bot.settings.resolved_database_url):
        return _report(False, "database: it is not up to date; run nightshift migrate")
    problem = await database_problem(bot.db)
    return _report(not problem, f"database: {problem}" if problem else "database")


async def _check_slack(bot: Nightshift) -> bool:
    try:
        await bot.directory.authenticate()
    except SlackApiError as error:
        return _report(False, f"Slack: the bot token is not accepted ({error_code(error)})")
    except TRANSPORT_ERRORS as error:
        return _report(False, f"Slack: cannot be reached at {bot.settings.slack_api_url}: {error}")
    return _report(True, f"Slack: team {bot.directory.team_id}, bot user {bot.directory.bot_user_id}")


async def _check_channels(bot: Nightshift) -> bool:
    """Check that the bot can post in every configured channel."""
    settings = bot.settings.channels
    names = [settings.approvals, settings.results, settings.admin]
    for here in bot.services.backends.values():
        registry = bot.services.backends
        names += [registry.approvals_channel(here.name), registry.results_channel(here.name)]
    return all([await _check_channel(bot, name) for name in dict.fromkeys(filter(None, names))])


async def _check_channel(bot: Nightshift, name: str) -> bool:
    try:
        channel = await bot.directory.channel_id(name)
        found = (await bot.client.conversations_info(channel=channel))["channel"]
    except SlackApiError as error:
        return _report(False, f"channel {name}: {error_code(error)}; invite the bot, or correct the name")
    except (NightshiftError, *TRANSPORT_ERRORS) as error:
        return _report(False, f"channel {name}: {str(error) or 'Slack cannot be reached'}")
    if found.get("is_archived"):
        return _report(False, f"channel {name}: it is archived")
    if found.get("is_private") and not found.get("is_member"):
        return _report(False, f"channel {name}: it is private and the bot is not in it; /invite it there")
    return _report(True, f"channel {name}")


async def _list_users(bot: Nightshift) -> None:
    """Let the members of large groups be known before the first start, too."""
    try:
        async with asyncio.timeout(MAX_LISTING_SECONDS):
            await bot.directory.listing().list_all()
    except (TimeoutError, DBAPIError) as error:
        print(f"note  users of Slack not listed: {error or 'it takes too long'}")


async def _check_policy(bot: Nightshift) -> bool:
    policy = bot.services.policy.policy
    rotas = await bot.services.rotas.refresh()
    await _list_users(bot)
    in_workspace = await bot.services.policy.workspace_problems()
    if in_workspace is None:
        _report(False, "policy: Slack does not tell all groups and people; run doctor again")
    faults = (*(in_workspace or ()), *await bot.calendars.refresh(), *rotas)
    for fault in faults:
        _report(False, fault)
    if faults or in_workspace is None:
        return False
    values, notes = await value_problems(policy, known_names(bot.settings), bot.services.backends)
    for fault in values:
        _report(False, fault)
    if values:
        return False
    for note in (*notes, *policy_notes(policy), *unnamed_systems(policy, bot.services.backends)):
        print(f"note  {note}")
    return _report(True, f"policy: {len(policy.rules)} rules, {len(policy.freezes)} freezes")


async def _check_backend(name: str, check: Awaitable[str]) -> bool:
    try:
        return _report(True, f"{name}: {await check}")
    except NightshiftError as error:
        return _report(False, f"{name}: {error}")
