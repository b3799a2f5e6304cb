"""What the preview promises about notifications: the plan of the request, before it is made."""

from collections.abc import Sequence

from bot.requests.directory import InMemoryDirectory as Directory
from bot.requests.notify.events import Event
from bot.requests.notify.plan import MAX_COPIES, Audience, Plan, asked_of, plan
from bot.requests.text import count_noun, first_few
from bot.storage import person_settings
from bot.usecases.policy_input import PolicyInput
from bot.usecases.policy_service import PolicyOutcome
from bot.usecases.services import Services
from bot.values import FrozenModel

MAX_NAMES = 6


class Promise(FrozenModel):
    """How many approvers a request notifies, or the least that it can be if Slack does not tell everything, and who
    they are, a sentence for each way."""

    count: int
    is_minimum: bool
    details: tuple[str, ...] = ()


async def promise(services: Services, policy_input: PolicyInput, outcome: PolicyOutcome) -> Promise:
    """Return whom submitting this notifies."""
    requirement, directory, approvers = outcome.requirement, outcome.directory, outcome.approvers
    if requirement.effect != "ask":
        return Promise(count=0, is_minimum=False)
    channel = services.backends.approvals_channel(policy_input.content.backend)
    members = await services.directory.channel_members(channel)
    async with services.db.read() as tx:
        preferences = await person_settings.preferences_of_users(tx, directory.team, approvers)
    audience = Audience(
        requester=policy_input.requester.user,
        channel=channel,
        actor=policy_input.requester.user,
        asked=asked_of(*requirement.stages),
        approvers=approvers,
        in_channel=members,
        notify=requirement.notify,
        preferences=preferences,
    )
    found = plan(Event.REQUESTED, audience)
    return Promise(
        count=len(found.notified),
        is_minimum=not directory.is_complete,
        details=_details(found, directory, await _shown(services, channel), is_channel_known=members is not None),
    )


async def _shown(services: Services, channel: str) -> str:
    """Return what people call a channel that is configured by its id or #name."""
    if channel.startswith("#"):
        return channel
    name = await services.directory.channel_name(channel)
    return f"#{name}" if name else "the approvers' channel"


def _details(found: Plan, directory: Directory, channel: str, *, is_channel_known: bool) -> tuple[str, ...]:
    lines = []
    if found.by_mention:
        lines.append(f"In {channel}: {_names(found.by_mention, directory)}.")
    if found.by_copy:
        why = "" if is_channel_known else f", as Slack does not say who is in {channel}"
        lines.append(f"By direct message{why}: {_names(found.by_copy, directory)}.")
    if found.left_out:
        people = count_noun(len(found.left_out), "approvers")
        lines.append(f"{people} more are not in {channel}, and at most {MAX_COPIES} get a direct message.")
    return tuple(lines)


def _names(users: Sequence[str], directory: Directory) -> str:
    known = (directory.user_of_any_team(user) for user in users)
    return first_few(
        [f"@{user.name}" if user.name else user.person.user for user in known if user is not None], MAX_NAMES
    )
