"""Loads the users and groups that a decision needs from Slack. What Slack does not tell is unknown in them."""

from collections.abc import Iterable, Sequence

from bot.errors import SlackSilent
from bot.requests import directory as pure
from bot.requests.model import Decision, Person, Request, Requirement, Stage
from bot.slack.groups import SlackUserGroup, SlackUserGroups
from bot.slack.user_lookup import MAX_USER_AGE_SECONDS
from bot.slack.users import SlackDirectory

DECISION_GROUP_AGE_SECONDS = 15.0
"""Maximum age of the user groups that a decision is judged by. Whoever decides within it shares one answer of Slack."""


async def load_directory(
    slack_directory: SlackDirectory,
    requirement: Requirement | None,
    extra_people: Iterable[Person] = (),
    *,
    max_group_age: float | None = None,
) -> pure.InMemoryDirectory:
    """Return the groups, and the users who matter for a requirement. ``max_group_age`` is in seconds; None is the
    directory's own. Whatever Slack does not tell is unknown in it."""
    try:
        groups = await slack_directory.groups(max_group_age)
    except SlackSilent:
        groups = None
    directory, _ = await _with_users(slack_directory, requirement, extra_people, groups, MAX_USER_AGE_SECONDS)
    return directory


async def load_last_known_directory(
    slack_directory: SlackDirectory,
    requirement: Requirement | None,
    extra_people: Iterable[Person],
    max_age: float,
) -> tuple[pure.InMemoryDirectory, float]:
    """Return the directory in which answers up to ``max_age`` seconds old hold where Slack does not answer now.
    ``extra_people`` are asked for again if what is known of them is old.

    Returns the age of the oldest such answer too, in seconds; 0 if Slack has answered everything.
    """
    age = 0.0
    groups: SlackUserGroups | None
    try:
        groups = await slack_directory.groups()
    except SlackSilent:
        groups = slack_directory.last_known_groups(max_age)
        age = slack_directory.age_of(groups) if groups is not None else 0.0
    directory, user_age = await _with_users(slack_directory, requirement, extra_people, groups, max_age, recheck=True)
    return directory, max(age, user_age)


async def _with_users(
    slack_directory: SlackDirectory,
    requirement: Requirement | None,
    extra_people: Iterable[Person],
    groups: SlackUserGroups | None,
    stale_age: float,
    *,
    recheck: bool = False,
) -> tuple[pure.InMemoryDirectory, float]:
    acting = frozenset(person.user for person in extra_people)
    wanted = set(acting)
    for stage in _stages_of(requirement):
        wanted |= set(stage.users)
        for name in stage.groups:
            group = groups.find(name) if groups is not None else None
            wanted |= group.members if group else set()
    users = await slack_directory.users(sorted(wanted), stale_age, acting, recheck=recheck)
    directory = pure.InMemoryDirectory(
        slack_directory.team_id,
        users.known,
        None if groups is None else {group.id: _to_user_group(group) for group in groups.by_id.values()},
        users.unknown,
    )
    return directory, users.age


async def load_approval_directory(
    slack_directory: SlackDirectory,
    request: Request,
    decisions: Iterable[Decision],
    extra_people: Iterable[Person] = (),
    *,
    max_group_age: float | None = None,
) -> pure.InMemoryDirectory:
    """Load what an approval is judged by: the stages, the authors, and everyone who decided.

    Whoever decided for somebody else is in no stage, and would count for nothing if left out.
    """
    people = [*people_of_approval(request, decisions), *extra_people]
    return await load_directory(slack_directory, request.requirement, people, max_group_age=max_group_age)


def people_of_approval(request: Request, decisions: Iterable[Decision]) -> list[Person]:
    """Return the authors of a request, everyone who decided on it, and everyone in whose place somebody did."""
    decisions = list(decisions)
    deciders = (decision.person for decision in decisions)
    delegators = (Person(team=d.person.team, user=d.on_behalf_of) for d in decisions if d.on_behalf_of)
    return [request.requester, *request.edited_by, *request.taken_over_from, *deciders, *delegators]


def _stages_of(requirement: Requirement | None) -> tuple[Stage, ...]:
    if requirement is None:
        return ()
    reviewers = (requirement.review.by,) if requirement.review else ()
    return (*requirement.stages, *((requirement.escalate_to,) if requirement.escalate_to else ()), *reviewers)


def _to_user_group(group: SlackUserGroup) -> pure.UserGroup:
    members = frozenset() if group.disabled else group.members
    return pure.UserGroup(id=group.id, handle=group.handle, members=members, disabled=group.disabled, note=group.note)


def policy_group_names(groups: Sequence[SlackUserGroup]) -> frozenset[str]:
    """Return groups as policy names them: by id and by handle."""
    return frozenset([group.id for group in groups] + [f"@{group.handle}" for group in groups])
