"""``nightshift policy check``: compares the policy with what is configured, and with Slack and the back ends as far as
they answer."""

import asyncio
import sys
from pathlib import Path

from slack_sdk.errors import SlackApiError

from bot.configuration import checked_policy, known_names
from bot.errors import ConfigError
from bot.requests.policy.loosening import policy_notes
from bot.requests.text import count_noun
from bot.settings import Settings, load_settings, named_path
from bot.slack.error_codes import TRANSPORT_ERRORS
from bot.usecases.policy_values import value_problems
from bot.usecases.services import Services
from bot.wiring import build_services


def run(config: Path | None) -> int:
    """Print what is wrong with the policy. Return the exit status: 0 if nothing is, 1 if something in it does not
    exist, 2 if it cannot be used."""
    try:
        path = named_path(config)
        settings = load_settings(path)
        services = build_services(settings, path)
        policy = checked_policy(path, settings, services.clock.now())
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    problems, notes = asyncio.run(_ask(services, settings))
    for problem in problems:
        print(f"FAULT {problem}")
    for note in (*notes, *policy_notes(policy)):
        print(f"note  {note}")
    if not problems:
        print(f"ok    policy: {count_noun(len(policy.rules), 'rules')}, {count_noun(len(policy.freezes), 'freezes')}")
    return 1 if problems else 0


async def _ask(services: Services, settings: Settings) -> tuple[list[str], list[str]]:
    """Return what does not exist in Slack or in a back end, and what could not be asked."""
    policy = services.policy.policy
    try:
        in_workspace = await _workspace_problems(services)
        problems, notes = await value_problems(policy, known_names(settings), services.backends)
        if in_workspace is None:
            notes.append("Slack does not tell all groups and people, so those that policy names are not compared.")
        return [*(in_workspace or ()), *problems], notes
    finally:
        for backend in services.backends.values():
            await backend.connection.close()
        await services.db.close()


async def _workspace_problems(services: Services) -> tuple[str, ...] | None:
    """Return how the policy does not fit the workspace; None if Slack does not tell.

    Nobody counts as an approver before it is known which workspace the bot belongs to.
    """
    try:
        await services.directory.authenticate()
    except (SlackApiError, *TRANSPORT_ERRORS):
        return None
    return await services.policy.workspace_problems()
