"""Slack's people and groups in the shape that decisions are made from: as they are now, failing closed."""

from collections.abc import Iterable

from bot.errors import NotAllowed
from bot.requests import directory as pure
from bot.requests.model import Person, Requirement, Stage
from bot.slack.people import Group, Groups, Member, People


async def directory_for(
    people: People, requirement: Requirement | None, also: Iterable[Person] = (), *, whole: bool = False
) -> pure.People:
    """The groups, and the members that matter for a requirement. Where Slack does not tell, there are no groups and
    nobody may approve. With ``whole``, raises NotAllowed where Slack does not tell everything."""
    try:
        groups = await people.groups()
    except NotAllowed:
        if whole:
            raise
        groups = Groups()
    wanted = {person.user for person in also}
    for stage in _stages(requirement):
        wanted |= set(stage.users)
        for name in stage.groups:
            group = groups.find(name)
            wanted |= group.members if group else set()
    members = await people.all_members(sorted(wanted))
    if whole and len(members) < len(wanted):
        raise NotAllowed("Slack does not tell just now who everybody is.")
    return pure.People(
        people.team,
        {user: _member(member) for user, member in members.items()},
        {group.id: _group(group) for group in groups.by_id.values()},
    )


def _stages(requirement: Requirement | None) -> tuple[Stage, ...]:
    if requirement is None:
        return ()
    return (*requirement.stages, *((requirement.escalate_to,) if requirement.escalate_to else ()))


def _member(member: Member) -> pure.Member:
    return pure.Member(
        person=member.person,
        name=member.name,
        deleted=member.deleted,
        bot=member.bot,
        guest=member.guest,
        stranger=member.stranger,
    )


def _group(group: Group) -> pure.Group:
    members = frozenset() if group.disabled else group.members
    return pure.Group(id=group.id, handle=group.handle, members=members)
