"""Where messages are posted: a channel by id or name, or the direct messages of a person."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.requests.directory import is_user
from bot.slack.users import SlackDirectory


class Destinations:
    """Remembers the direct messages that were opened."""

    def __init__(self, client: AsyncWebClient, slack_directory: SlackDirectory) -> None:
        self._client = client
        self._slack_directory = slack_directory
        self._dm_channels: dict[str, str] = {}

    async def channel_of(self, recipient: str) -> str:
        """Return the channel to post in; for a person, their direct messages with the bot. Raises SlackApiError.

        It is the channel's name as long as Slack has not listed it.
        """
        if not is_user(recipient):
            return await self._slack_directory.channels.id_to_post_in(recipient)
        if recipient not in self._dm_channels:
            answer = await self._client.conversations_open(users=recipient)
            self._dm_channels[recipient] = str(answer["channel"]["id"])
        return self._dm_channels[recipient]

    def learn(self, recipient: str, channel: str) -> None:
        """Remember where Slack has posted something."""
        self._slack_directory.channels.learn_id(recipient, channel)

    def is_outdated(self, recipient: str, problem: str) -> bool:
        """Return whether Slack knows the direct messages of a person no more under the id that it gave, and forget that
        id. ``problem`` is the error code of a post."""
        return problem == "channel_not_found" and self._dm_channels.pop(recipient, None) is not None
