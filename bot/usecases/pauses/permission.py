"""Whether a person may pause and resume the starts of a system, or of everything."""

from bot.errors import NotAllowed, SlackSilent
from bot.requests.directory import Directory, eligible_approvers
from bot.requests.model import Person, Requirement
from bot.requests.policy.pausing import people_who_may_pause
from bot.requests.text import join_words
from bot.slack.live_directory import DECISION_GROUP_AGE_SECONDS, load_directory
from bot.usecases.pauses.scopes import Scope
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def check_may_pause(services: Services, person: Person, scope: Scope, action: str = "") -> None:
    """Raise NotAllowed unless policy names a person for this, SlackSilent if Slack does not tell.

    ``action`` is what the person wants to do, if it is neither to pause nor to resume.
    """
    allowed = Requirement(stages=people_who_may_pause(services.policy.policy, scope.name))
    directory = await load_directory(services.directory, allowed, [person], max_group_age=DECISION_GROUP_AGE_SECONDS)
    if _is_among(person, allowed, directory):
        return
    if _is_among(person, allowed, directory.as_possible(person.user)):
        raise SlackSilent(
            "Slack does not say just now whether you may do this, so nothing was changed. Try again soon."
        )
    names = join_words([name for stage in allowed.stages for name in stage.names], "or")
    action = action or f"pause or resume {scope.name or 'everything'}"
    raise NotAllowed(f"Only {names} may {action}.", code=RefusalCode.NOT_MANAGER)


def _is_among(person: Person, allowed: Requirement, directory: Directory) -> bool:
    known = directory.user(person)
    return known is not None and any(person.user in eligible_approvers(stage, directory) for stage in allowed.stages)
