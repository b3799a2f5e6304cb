"""Who may see a request, and who may read its logs and files.

Whoever has to do with a request sees it: its authors, its approvers and reviewers, and the admins. For everybody else
``may_see`` of policy decides, and of several lists each must name them. What Slack does not tell is not shown.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum

from bot.requests.model import Content, Request, Stage, TargetSet
from bot.requests.policy.conditions import Coverage, PreparedSubject
from bot.requests.policy.engine import Policy
from bot.requests.setting_types import make_stage
from bot.requests.subject import Subject
from bot.values import FrozenModel, JsonObject

SightLists = frozenset[tuple[str, ...]]
"""Lists of user groups and user ids. Each must name whoever has nothing to do with the request."""


class Sight(StrEnum):
    """Whether somebody may see something; unknown if Slack does not tell which groups they are in."""

    SEEN = "seen"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


class Viewer(FrozenModel):
    """Somebody who looks. ``groups`` are the ids and handles of their user groups; None if Slack does not tell.
    ``acts_for`` are the people in whose place they may approve now."""

    user: str
    groups: frozenset[str] | None
    acts_for: tuple["Viewer", ...] = ()


def hides_requests(policy: Policy) -> bool:
    """Return whether any request may be hidden from anybody."""
    return bool(policy.defaults.may_see) or any(rule.rule.may_see for rule in policy.rules)


def sight_lists(policy: Policy, content: Content, facts: JsonObject, targets: TargetSet) -> SightLists:
    """Return the lists that count for a request: that of ``[policy]`` and those of rules about any part of it."""
    subject = Subject(
        backend=content.backend,
        operation=content.operation,
        facts=facts,
        requester="",
        targets=targets.count,
        names=targets.names,
        query=str(facts.get("query") or ""),
        schedule=content.schedule,
    )
    prepared = PreparedSubject(subject)
    rules = (rule for rule in policy.relevant_rules(content.backend, content.operation) if rule.rule.may_see)
    matching = (rule for rule in rules if all(c.coverage(prepared) >= Coverage.PARTIAL for c in rule.conditions))
    return frozenset(filter(None, (policy.defaults.may_see, *(rule.rule.may_see for rule in matching))))


def sight_of(policy: Policy, request: Request, viewer: Viewer) -> Sight:
    """Return whether somebody may see a request: that it exists, and all about it."""
    lists = sight_lists(policy, request.content, request.facts, request.targets)
    named = [_is_named(names, viewer) for names in lists]
    return _as_sight(_any([_is_involved(policy, request, viewer), _all(named)]))


def sight_of_logs(policy: Policy, request: Request, viewer: Viewer) -> Sight:
    """Return whether somebody may read the logs and files of a request: they have to do with it."""
    return _as_sight(_is_involved(policy, request, viewer))


def _is_involved(policy: Policy, request: Request, viewer: Viewer) -> bool | None:
    """Return whether somebody is an author, an approver, a reviewer or an admin; None if that is not known."""
    authors = (request.requester, *request.edited_by, *request.taken_over_from)
    if viewer.user in {author.user for author in authors}:
        return True
    stages = [*request.requirement.stages, *_stages_besides(request)]
    if request.requirement.effect == "approve":
        stages += policy.defaults.required_stages()
    approvers = [name for stage in stages for name in (*stage.groups, *stage.users)]
    as_approver = [_is_named(approvers, each) for each in (viewer, *viewer.acts_for)]
    return _any([*as_approver, _is_named(policy.defaults.admins, viewer)])


def _stages_besides(request: Request) -> tuple[Stage, ...]:
    """Return those who may approve later, or review."""
    requirement = request.requirement
    reviewers = (requirement.review.by,) if requirement.review else ()
    return (*((requirement.escalate_to,) if requirement.escalate_to else ()), *reviewers)


def _is_named(names: Collection[str], viewer: Viewer) -> bool | None:
    stage = make_stage(tuple(names), 1)
    if viewer.user in stage.users:
        return True
    if not stage.groups:
        return False
    if viewer.groups is None:
        return None
    # Handles are compared without case.
    return not {name.casefold() for name in stage.groups}.isdisjoint(name.casefold() for name in viewer.groups)


def _any(values: Sequence[bool | None]) -> bool | None:
    return True if True in values else None if None in values else False


def _all(values: Sequence[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True


def _as_sight(value: bool | None) -> Sight:
    return Sight.UNKNOWN if value is None else Sight.SEEN if value else Sight.HIDDEN
