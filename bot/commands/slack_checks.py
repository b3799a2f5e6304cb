"""What ``nightshift doctor`` checks of Slack: tokens, scopes, clock, channels, and whether approvers are in theirs."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.commands.manifest import OPTIONAL_SCOPES, SCOPES
from bot.commands.report import Report
from bot.errors import NightshiftError
from bot.lifecycle import Nightshift
from bot.requests.directory import is_user
from bot.requests.policy.load import all_stages
from bot.requests.text import count_noun, first_few
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code

MAX_CLOCK_SKEW_SECONDS = 60.0
"""Slack refuses signatures that are five minutes off; approvals and starts follow this machine's clock."""
_REINSTALL = "add it under OAuth & Permissions, then reinstall the app"


async def check_slack(bot: Nightshift, report: Report) -> bool:
    """Report what is wrong between this machine and Slack. Returns whether Slack can be asked at all."""
    try:
        await bot.directory.authenticate()
        answer = await bot.client.auth_test()
    except SlackApiError as error:
        return report.fault(
            f"Slack: the bot token is not accepted ({error_code(error)})",
            "set SLACK_BOT_TOKEN to the Bot User OAuth Token of the app (OAuth & Permissions); it begins with xoxb-",
        )
    except TRANSPORT_ERRORS as error:
        return report.fault(
            f"Slack: cannot be reached at {bot.settings.slack_api_url}: {error}",
            "let this machine reach that address; HTTPS_PROXY is used if it is set",
        )
    report.ok(f"Slack: team {bot.directory.team_id}, bot user {bot.directory.bot_user_id}")
    assert isinstance(answer, AsyncSlackResponse)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    _check_scopes(headers.get("x-oauth-scopes", ""), report)
    _check_clock(headers.get("date", ""), report)
    await _check_app_token(bot, report)
    return True


def _check_scopes(granted: str, report: Report) -> None:
    if not granted:
        report.note("Slack does not tell the scopes of the token, so they were not checked.")
        return
    scopes = {scope.strip() for scope in granted.split(",")}
    for scope, use in SCOPES.items():
        if scope not in scopes:
            report.fault(f"scope {scope} is missing: {use}", _REINSTALL)
    for scope, use in OPTIONAL_SCOPES.items():
        if scope not in scopes:
            report.note(f"scope {scope} is not granted: {use}")


def _check_clock(date: str, report: Report) -> None:
    try:
        skew = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        report.note("Slack's answer has no date, so the clock was not checked.")
        return
    if abs(skew) > MAX_CLOCK_SKEW_SECONDS:
        side = "ahead of" if skew > 0 else "behind"
        report.fault(
            f"clock: it is {abs(skew):.0f} s {side} Slack's", "set the clock of this machine by NTP (timedatectl)"
        )


async def _check_app_token(bot: Nightshift, report: Report) -> None:
    """Check the token for Socket Mode, if there is one."""
    token = bot.settings.slack_app_token.get_secret_value()
    if not token:
        return
    try:
        await bot.client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        report.fault(
            f"Slack: the app token is not accepted ({error_code(error)})",
            "set SLACK_APP_TOKEN to an app-level token with connections:write (Basic Information); "
            "it begins with xapp-. Turn Socket Mode on",
        )
    except TRANSPORT_ERRORS as error:
        report.fault(f"Slack: the app token could not be checked: {error}", "run doctor again")
    else:
        report.ok("Slack: the app token opens Socket Mode")


async def check_channels(bot: Nightshift, report: Report) -> None:
    """Report channels in which the bot cannot post."""
    settings, registry = bot.settings.channels, bot.services.backends
    names = [settings.approvals, settings.results, settings.admin]
    for here in registry.values():
        names += [registry.approvals_channel(here.name), registry.results_channel(here.name)]
    for name in dict.fromkeys(filter(None, names)):
        await _check_channel(bot, name, report)


async def _check_channel(bot: Nightshift, name: str, report: Report) -> None:
    try:
        channel = await bot.directory.channel_id(name)
        found = (await bot.client.conversations_info(channel=channel))["channel"]
    except SlackApiError as error:
        code = error_code(error)
        report.fault(f"channel {name}: {code}", "invite the bot if the channel is private, or correct the name")
        return
    except (NightshiftError, *TRANSPORT_ERRORS) as error:
        report.fault(f"channel {name}: {str(error) or 'Slack cannot be reached'}", "run doctor again")
        return
    if found.get("is_archived"):
        report.fault(f"channel {name}: it is archived", "unarchive it, or name another one under [channels]")
    elif found.get("is_private") and not found.get("is_member"):
        report.fault(f"channel {name}: it is private and the bot is not in it", "/invite it there")
    else:
        report.ok(f"channel {name}")


async def check_approvers(bot: Nightshift, report: Report) -> None:
    """Note which approvers are not in the channel that asks them: they get a direct message instead."""
    policy, directory = bot.services.policy.policy, bot.directory
    channel = bot.settings.channels.approvals
    members = await directory.channel_members(channel)
    if members is None:
        report.note(f"Slack does not tell who is in {channel}, so it was not checked whether the approvers are.")
        return
    groups = await directory.groups()
    absent: set[str] = set()
    for stage in all_stages(policy):
        for name in (*stage.groups, *stage.users):
            found = groups.find(name)
            absent |= ({name} if is_user(name) else found.members if found is not None else set()) - members
    if absent:
        names = await directory.names_of(sorted(absent))
        people = first_few(sorted(names.values()), 6)
        report.note(f"{count_noun(len(absent), 'approvers')} not in {channel} get a direct message instead: {people}")
