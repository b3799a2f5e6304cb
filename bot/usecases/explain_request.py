"""Explains what policy demands of a stored request, from what preflight looks at too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.errors import SlackSilent
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Request, Requirement, TargetSet
from bot.requests.policy.evaluate import evaluate_authors
from bot.requests.policy.explain import demand_sentence
from bot.requests.policy.unknown_inputs import unknown_sentence
from bot.requests.spans import start_times
from bot.requests.subject import Subject
from bot.slack.live_directory import policy_group_names
from bot.storage import requests
from bot.usecases.policy_input import PolicyInput, policy_input_of_request
from bot.usecases.preflight import current_preview
from bot.usecases.services import Services

_IS_UNDER_WAY = frozenset({"starting", "running", "unknown"})


@dataclass(frozen=True, slots=True)
class ExplainedRequest:
    """What policy demands of a request, the request as rules match it, and in sentences what this rests on."""

    subject: Subject
    requirement: Requirement
    notes: tuple[str, ...]


async def explain_request(services: Services, number: int) -> ExplainedRequest:
    """Return what policy demands of a request: now, or of one that has started, of what was known when it was made.

    Raises NotFound.
    """
    async with services.db.read() as tx:
        request = await requests.by_number(tx, number)
    notes: list[str] = []
    policy_input = await _latest_input(services, request, notes)
    conflicts = tuple(conflict.text for conflict in await services.conflicts.find(policy_input))
    subject, editors = await _subject(services, policy_input, conflicts, notes)
    subject = subject.model_copy(update={"approved_today": {}, **_starts_then(services, request)})
    service = services.policy
    requirement = evaluate_authors(
        service.policy,
        subject,
        editors,
        service.freeze_hits_of(policy_input.content, subject),
        needs_people=bool(policy_input.former_authors),
    )
    before = demand_sentence(request.requirement)
    if before != demand_sentence(requirement):
        notes.append(f"When it was requested: {before}")
    if unknown := unknown_sentence(service.policy, subject):
        notes.append(unknown)
    return ExplainedRequest(subject, requirement, tuple(notes))


def _has_begun(request: Request) -> bool:
    return request.state in FINAL_STATES | _IS_UNDER_WAY


async def _latest_input(services: Services, request: Request, notes: list[str]) -> PolicyInput:
    """Return a request with what its back end tells now, if it has not begun and the back end answers."""
    policy_input = policy_input_of_request(request)
    if _has_begun(request):
        notes.append("It has begun or is over: it is judged by the targets, facts and time of its request.")
        return policy_input
    current, problem = await current_preview(services, request)
    if current is None:
        notes.append(f"{problem} It is judged by the targets and facts of its request.")
        return policy_input
    return replace(policy_input, targets=TargetSet(**current.targets.model_dump()), facts=current.facts)


async def _subject(
    services: Services, policy_input: PolicyInput, conflicts: tuple[str, ...], notes: list[str]
) -> tuple[Subject, Mapping[str, frozenset[str]]]:
    """Return a request as rules match it, and the groups of its editors."""
    service = services.policy
    try:
        groups = await service.directory.groups()
        editors = {e.user: policy_group_names(groups.containing(e.user)) for e in policy_input.editors}
        return await service.subject_of(policy_input, conflicts), editors
    except SlackSilent as error:
        notes.append(str(error))
    subject = await service.subject_of(policy_input, conflicts, with_groups=False)
    if service.policy.requester_groups:
        subject = subject.model_copy(update={"unknown": frozenset({"groups"})})
    return subject, {editor.user: frozenset() for editor in policy_input.editors}


def _starts_then(services: Services, request: Request) -> Mapping[str, object]:
    """Return the starts of a request that has begun, as they were when it was requested."""
    if not _has_begun(request):
        return {}
    requested_at = request.round_opened_at or request.created_at
    return {"starts": start_times(request.content.schedule, requested_at, services.policy.policy.defaults.zone)}
