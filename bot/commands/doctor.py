"""The command ``nightshift doctor``: checks everything that the bot needs and prints a line for each part."""

import asyncio
import sys
from collections.abc import Collection
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot import logs
from bot.commands.machine_checks import check_machine
from bot.commands.report import Report
from bot.commands.slack_checks import check_approvers, check_channels, check_slack
from bot.configuration import Transport, known_names, load_configuration
from bot.errors import ConfigError, NightshiftError
from bot.lifecycle import Nightshift
from bot.requests.policy.known import unnamed_systems
from bot.requests.policy.loosening import policy_notes
from bot.requests.text import count_noun
from bot.settings import named_path
from bot.storage import schema_version
from bot.storage.health import write_problem
from bot.usecases.backend_registry import ConfiguredBackend
from bot.usecases.policy_values import value_problems
from bot.wiring import build_bot

WRITE_TIMEOUT_SECONDS = 5.0
MAX_LISTING_SECONDS = 300.0
"""Timeout for the listing of all users."""


def run(config: Path | None, transports: Collection[Transport] = ()) -> int:
    """Return the exit status: 0 if everything works, 1 if something does not, 2 if the configuration has problems."""
    try:
        configuration = load_configuration(config, transports)
        # Faults are reported below. The log shows only what nobody expects.
        logs.configure_logging("ERROR", as_json=False)
        bot = build_bot(configuration.settings, configuration.path)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        if named_path(config) is None:
            print("There is no configuration yet. nightshift init makes one by questions.", file=sys.stderr)
        return 2
    report = Report()
    report.ok("configuration")
    check_machine(configuration.settings, configuration.path, report)
    asyncio.run(_run_checks(bot, report))
    if report.to_do:
        count = len(report.to_do)
        print(f"\n{count_noun(count, 'faults')}. Fix the first, then run nightshift doctor again.")
    else:
        print("\nEverything is in order. nightshift serve starts the bot.")
    return 1 if report.to_do else 0


async def _run_checks(bot: Nightshift, report: Report) -> None:
    try:
        has_tables = await _check_database(bot, report)
        if await check_slack(bot, report):
            await check_channels(bot, report)
            if has_tables:
                await _check_policy(bot, report)
        for backend in bot.services.backends.values():
            await _check_backend(backend, report)
    finally:
        for here in bot.services.backends.values():
            await here.connection.close()
        await bot.db.close()


async def _check_database(bot: Nightshift, report: Report) -> bool:
    """Return whether it has the tables of this version, which the check of the policy needs."""
    mend = "start the database, or correct database_url"
    try:
        is_old = schema_version.needs_migration(bot.settings.resolved_database_url)
    except DBAPIError as error:
        report.fault(f"database: {error.orig}", mend)
        return False
    if is_old:
        report.fault("database: it is not up to date", "run nightshift migrate")
    elif problem := await write_problem(bot.db, WRITE_TIMEOUT_SECONDS):
        report.fault(f"database: {problem}", mend)
    else:
        report.ok("database")
    return not is_old


async def _list_users(bot: Nightshift, report: Report) -> None:
    """Let the members of large groups be known before the first start, too."""
    try:
        async with asyncio.timeout(MAX_LISTING_SECONDS):
            await bot.directory.listing().list_all()
    except (TimeoutError, DBAPIError) as error:
        why = error.orig if isinstance(error, DBAPIError) else "it takes too long"
        report.note(f"users of Slack not listed: {why}")


async def _check_policy(bot: Nightshift, report: Report) -> None:
    policy = bot.services.policy.policy
    rotas = await bot.services.rotas.refresh()
    await _list_users(bot, report)
    in_workspace = await bot.services.policy.workspace_problems()
    faults = [*(in_workspace or ()), *await bot.calendars.refresh(), *rotas]
    for fault in faults:
        report.fault(fault, "correct the policy, or what it names")
    if in_workspace is None:
        report.fault("policy: Slack does not tell all groups and people", "run doctor again")
        return
    values, notes = await value_problems(policy, known_names(bot.settings), bot.services.backends)
    for fault in values:
        report.fault(fault, "correct the policy, or what it names")
    for note in (*notes, *policy_notes(policy), *unnamed_systems(policy, bot.services.backends)):
        report.note(note)
    if not faults and not values:
        await check_approvers(bot, report)
        report.ok(f"policy: {count_noun(len(policy.rules), 'rules')}, {count_noun(len(policy.freezes), 'freezes')}")


async def _check_backend(backend: ConfiguredBackend, report: Report) -> None:
    try:
        report.ok(f"{backend.name}: {await backend.connection.check()}")
    except NightshiftError as error:
        report.fault(f"{backend.name}: {error}", f"fix that, or correct [backends.{backend.name}]")
