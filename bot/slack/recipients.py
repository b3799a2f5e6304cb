"""Keeps requests out of the direct messages of those who may not see them."""

from dataclasses import dataclass

from blocks.text import fallback, rich_text_lines, text_run
from bot.clock import Clock
from bot.errors import NotFound, SlackSilent
from bot.requests.directory import is_user
from bot.requests.model import Person
from bot.requests.policy.engine import Policy
from bot.requests.policy.sight import Sight, hides_requests, sight_of
from bot.slack.projection import RenderedMessage
from bot.slack.users import SlackDirectory
from bot.slack.viewers import load_viewer
from bot.storage import messages, requests
from bot.storage.database import Database
from bot.storage.messages import Message

_TEXT = "A request was shown here that you may not see any more."
HIDDEN_MESSAGE = RenderedMessage([rich_text_lines([text_run(_TEXT)])], fallback(_TEXT), is_hidden=True)


class Hidden(NotFound):
    """The recipient of a message may not see the request that it is about."""


@dataclass(frozen=True, slots=True)
class Recipients:
    """Keeps a request out of the direct messages of those who may not see it."""

    db: Database
    directory: SlackDirectory
    clock: Clock
    policy: Policy

    async def check_may_see(self, message: Message) -> None:
        """Raise Hidden if a message is for a person who may not see its request, SlackSilent if Slack does not tell."""
        if message.request_id is None or not is_user(message.recipient) or not hides_requests(self.policy):
            return
        async with self.db.read() as tx:
            request = await requests.get(tx, message.request_id)
        person = Person(team=request.requester.team, user=message.recipient)
        match sight_of(self.policy, request, await load_viewer(self.db, self.directory, self.clock, person)):
            case Sight.HIDDEN:
                raise Hidden(_TEXT)
            case Sight.UNKNOWN:
                raise SlackSilent("Slack does not tell whether they may see this.")
            case Sight.SEEN:
                return

    async def replacement(self, message: Message) -> RenderedMessage | None:
        """Return what Slack is to show in place of a hidden message; None if there is nothing to change in Slack."""
        if message.ts and not message.facts.get("hidden"):
            return HIDDEN_MESSAGE
        async with self.db.write() as tx:
            await messages.mark_delivered(tx, message, message.channel, message.ts, message.desired_version)
        return None
