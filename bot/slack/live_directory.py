"""Loads the users and groups that a decision needs from Slack. Fails closed."""

from collections.abc import Iterable

from bot.errors import NotAllowed
from bot.requests import directory as pure
from bot.requests.model import Decision, Person, Request, Requirement, Stage
from bot.slack.users import SlackDirectory, SlackUserGroup, SlackUserGroups


async def load_directory(
    slack_directory: SlackDirectory,
    requirement: Requirement | None,
    extra_people: Iterable[Person] = (),
    *,
    require_complete: bool = False,
) -> pure.InMemoryDirectory:
    """Return the groups, and the users who matter for a requirement.

    If Slack does not answer there are no groups, and nobody may approve. With ``require_complete``, raises NotAllowed
    instead.
    """
    try:
        groups = await slack_directory.groups()
    except NotAllowed:
        if require_complete:
            raise
        groups = SlackUserGroups()
    wanted = {person.user for person in extra_people}
    for stage in _stages_of(requirement):
        wanted |= set(stage.users)
        for name in stage.groups:
            group = groups.find(name)
            wanted |= group.members if group else set()
    members = await slack_directory.users(sorted(wanted))
    if require_complete and len(members) < len(wanted):
        raise NotAllowed("Slack does not tell just now who everybody is.")
    return pure.InMemoryDirectory(
        slack_directory.team_id,
        members,
        {group.id: _to_user_group(group) for group in groups.by_id.values()},
    )


async def load_approval_directory(
    slack_directory: SlackDirectory,
    request: Request,
    decisions: Iterable[Decision],
    extra_people: Iterable[Person] = (),
    *,
    require_complete: bool = False,
) -> pure.InMemoryDirectory:
    """Load what an approval is judged by: the stages, the requester, and everyone who decided.

    Whoever decided for somebody else is in no stage, and would count for nothing if left out.
    """
    people = [request.requester, *(decision.person for decision in decisions), *extra_people]
    return await load_directory(slack_directory, request.requirement, people, require_complete=require_complete)


def _stages_of(requirement: Requirement | None) -> tuple[Stage, ...]:
    if requirement is None:
        return ()
    return (*requirement.stages, *((requirement.escalate_to,) if requirement.escalate_to else ()))


def _to_user_group(group: SlackUserGroup) -> pure.UserGroup:
    members = frozenset() if group.disabled else group.members
    return pure.UserGroup(id=group.id, handle=group.handle, members=members)
