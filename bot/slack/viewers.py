"""Loads somebody who looks at requests, with what decides about what they may see."""

from bot.clock import Clock
from bot.errors import SlackSilent
from bot.requests.approval.delegation import delegators_of
from bot.requests.model import Person
from bot.requests.policy.sight import Viewer
from bot.slack.live_directory import policy_group_names
from bot.slack.users import SlackDirectory
from bot.storage import delegations
from bot.storage.database import Database


async def load_viewer(db: Database, slack_directory: SlackDirectory, clock: Clock, person: Person) -> Viewer:
    """Return a person with their groups, and the people for whom they may decide now."""
    now = clock.now()
    async with db.read() as tx:
        acts_for = delegators_of(person, await delegations.active_at(tx, now), now)
    try:
        known = await slack_directory.groups()
    except SlackSilent:
        return Viewer(user=person.user, groups=None, acts_for=tuple(Viewer(user=u, groups=None) for u in acts_for))
    viewers = [Viewer(user=u, groups=policy_group_names(known.containing(u))) for u in (person.user, *acts_for)]
    return viewers[0].model_copy(update={"acts_for": tuple(viewers[1:])})
