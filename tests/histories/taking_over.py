"""A request that somebody takes over, with the checks of the use case in their order."""

from bot.requests.directory import ineligibility_reason, stage_members
from bot.requests.integrity import is_intact
from bot.requests.model import Content, Request, Requirement
from tests.histories import asking
from tests.histories.asking import Asked
from tests.histories.state import State, content_of
from tests.histories.world import person


def take_over(state: State, user: str) -> Asked:
    """Make a person the requester, and ask the approvers again."""
    request, world = state.request, state.world
    if request is None or state.form is None or world.backend_silent or not world.slack.is_active(user):
        return Asked.REFUSED
    if request.state not in ("awaiting_approval", "scheduled") or not is_intact(request, state.decisions):
        return Asked.REFUSED
    is_kept_there = state.run is not None and state.run.state == "placed"
    if is_kept_there or not _may_take_over(state, request, user):
        return Asked.REFUSED
    who, seen = person(user), world.observe(state.form)
    former = former_authors(request, user)
    people = tuple(person(each) for each in former)
    requirement = asking.demands(state, who, (), request.content, seen, people)
    if requirement is None or not asking.cancel_unsent_run(state):
        return Asked.REFUSED
    content = content_of(state.form, request.content.schedule, seen, request.content.renewal + 1)
    changes = {"requester": who, "editors": (), "last_editor": "", "former_authors": former}
    _ask(state, content, requirement, **changes, targets=seen.targets, facts=seen.facts)
    return Asked.DONE


def former_authors(request: Request, user: str) -> tuple[str, ...]:
    """Return who wrote a request before somebody takes it over."""
    authors = (request.requester, *request.edited_by, *request.taken_over_from)
    return tuple(dict.fromkeys(author.user for author in authors if author.user != user))


def _ask(state: State, content: Content, requirement: Requirement, **changes: object) -> None:
    """Put it before its approvers. A rule alone does not approve it."""
    assert state.request is not None
    demanded = requirement if requirement.effect == "ask" else state.request.requirement
    state.open_round(content, demanded, **changes)


def _may_take_over(state: State, request: Request, user: str) -> bool:
    """Return whether the requester has left, or the person is an approver."""
    if request.requester.user == user:
        return False
    directory = state.world.slack.for_policy(state.involved(request) | {user})
    if not directory.is_complete:
        return False
    if ineligibility_reason(directory.user(request.requester)):
        return True
    stages = list(state.approval_round.stages(state.world.now))
    if request.requirement.effect == "approve":
        stages += state.policy.defaults.required_stages()
    return any(user in stage_members(stage, directory) for stage in stages)
