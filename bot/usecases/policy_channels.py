"""Whether the channels that the policy names exist in the workspace."""

from slack_sdk.errors import SlackApiError

from bot.requests.policy.engine import Policy
from bot.requests.policy.mistakes import conditions_of, is_plain
from bot.requests.policy.suggestions import did_you_mean
from bot.slack.error_codes import TRANSPORT_ERRORS
from bot.slack.users import SlackDirectory


async def channel_problems(policy: Policy, directory: SlackDirectory) -> tuple[str, ...] | None:
    """Return a line for each ``#name`` of a rule that no channel has; None if Slack does not tell.

    Ids and patterns are not looked at.
    """
    problems = []
    for index, rule in enumerate(policy.defaults.rules):
        for path, conditions in conditions_of(rule):
            for name in filter(_is_name, conditions.channel):
                try:
                    found = await directory.channel_id(name.lower())
                except (SlackApiError, *TRANSPORT_ERRORS):
                    return None
                if found == name.lower():
                    place = policy.location_of(("rules", index, *path, "channel"))
                    hint = did_you_mean(name, directory.listed_channels) or "correct the name, or invite the bot."
                    problems.append(f"{place}: the rule “{rule.name}”: the bot sees no channel {name}; {hint}")
    return tuple(problems)


def _is_name(channel: str) -> bool:
    return channel.startswith("#") and is_plain(channel)
