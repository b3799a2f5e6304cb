"""Checks at a decision and at each start whether the request would still do what was asked for."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.backends.base import Preview, Targets, form_fields
from bot.errors import (
    BackendError,
    BadResponse,
    InputError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    SlackSilent,
    Unreachable,
)
from bot.ids import PREVIEW_TOKEN
from bot.requests.approval.deadlines import short_notice_warning
from bot.requests.drift import Observation, approved_observation, compare_observations
from bot.requests.freezes.model import holding_hits
from bot.requests.model import Request, Requirement, Run, TargetSet
from bot.requests.policy.explain import headline
from bot.requests.preflight import PreflightCode, Verdict, judge_start
from bot.requests.resolutions import Difference, DifferenceCode
from bot.usecases.policy_input import policy_input_of_request
from bot.usecases.services import Services
from bot.values import FrozenModel


class PreflightResult(FrozenModel):
    """What an approver must have seen: sentences to be confirmed, and sentences that rule an approval out.

    ``changes`` are the differences, if one of them needs a new approval: of what ``current`` shows. ``policy_change``
    says what policy asks for now, if that is more than the approvers were asked for.
    """

    confirm: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    changes: tuple[Difference, ...] = ()
    current: Preview | None = None
    policy_change: str = ""

    @property
    def asks_again(self) -> bool:
        """Whether the request must go before its approvers again."""
        return not self.stop and bool(self.changes or self.policy_change)


async def preflight(services: Services, request: Request) -> PreflightResult:
    """Compare what the back end, policy, the freezes and the other requests say now with the request. Changes nothing.

    Raises SlackSilent if Slack does not tell whether its authors may still request it.
    """
    policy_input = policy_input_of_request(request)
    current, problem = await current_preview(services, request)
    differences = backend_differences(services, request, current) if current is not None else ()
    changes = differences if any(difference.needs_new_approval for difference in differences) else ()
    confirm = [_to_confirm(difference) for difference in differences if not changes]
    if problem:
        confirm.append(problem)
    if warning := short_notice_warning(request.requirement, request.content.schedule, services.clock.now()):
        confirm.append(warning)
    conflicts = await services.conflicts.find(policy_input)
    confirm += [conflict.text for conflict in conflicts if not conflict.is_told_in(request.warnings)]
    hits = holding_hits(await services.policy.freeze_hits(policy_input), request.requirement)
    stop = [hit.text for hit in hits if hit.stage is None and not hit.skips_runs]
    new_stages = [hit.text for hit in hits if hit.stage is not None and hit.freeze not in request.requirement.freezes]
    if new_stages:
        stop.append(" ".join(new_stages) + " Edit the request, so that the freeze's own approvers are asked too.")
    known_warnings = " ".join(request.warnings)
    confirm += [hit.text for hit in hits if hit.skips_runs and f"“{hit.freeze}”" not in known_warnings]
    requirement = await _requirement_now(services, request, current, tuple(conflict.text for conflict in conflicts))
    policy_change = ""
    if requirement.effect == "refuse":
        stop.append(f"Policy does not allow this any more. {' '.join(requirement.reasons)}")
    elif not requirement.is_no_stricter_than(request.requirement):
        policy_change = f"Policy asks for more now. {headline(requirement)}"
    asks_again = changes or policy_change
    return PreflightResult(
        confirm=tuple(confirm),
        stop=tuple(stop),
        changes=changes,
        current=current if asks_again else None,
        policy_change=policy_change,
    )


async def _requirement_now(
    services: Services, request: Request, current: Preview | None, conflicts: tuple[str, ...]
) -> Requirement:
    """Return what policy demands of a request now, for what the back end tells now if it does."""
    policy_input = policy_input_of_request(request)
    if current is not None:
        targets = TargetSet(**current.targets.model_dump())
        policy_input = replace(policy_input, targets=targets, facts=current.facts)
    return await services.policy.requirement_now(policy_input, conflicts)


def _to_confirm(difference: Difference) -> str:
    if difference.code is DifferenceCode.NOT_RESOLVED_BEFORE:
        return f"Not recorded when this was requested: {difference.text}."
    return f"Nobody can tell whether it would touch other targets now. {difference.text}."


def backend_differences(services: Services, request: Request, current: Preview) -> tuple[Difference, ...]:
    """Return how what the back end would do now differs from what was put before the approvers."""
    operation = services.backends.operation(request.content.backend, request.content.operation)
    return compare_observations(
        approved_observation(request),
        Observation(
            targets=TargetSet(**current.targets.model_dump()), facts=current.facts, resolutions=current.resolutions
        ),
        labels={field.name: field.label for field in form_fields(operation.params_model)},
        max_drift_percent=request.requirement.drift_percent,
    )


async def current_preview(services: Services, request: Request) -> tuple[Preview | None, str]:
    """Return a preview of the request as it is; None with a sentence if there is none."""
    operation = services.backends.operation(request.content.backend, request.content.operation)
    params = operation.params_model.model_validate(request.content.params)
    try:
        return await operation.preview(params, request.content.schedule, PREVIEW_TOKEN), ""
    except InputError as error:
        return None, f"The back end would not take it as it is any more: {error}"
    except BackendError as error:
        return None, f"What it would touch now cannot be found out: {error}"


@dataclass(frozen=True, slots=True)
class StartPreflight:
    """The verdict on a start. ``current`` is what the back end would do now and ``requirement`` what policy demands of
    that; None where that could not be found out."""

    verdict: Verdict
    current: Preview | None = None
    requirement: Requirement | None = None


async def preflight_of_start(services: Services, run: Run, request: Request, at: datetime) -> StartPreflight:
    """Judge, by what is true now, whether a run of a request may start at a moment. Changes nothing."""
    try:
        operation = services.backends.operation(request.content.backend, request.content.operation)
        params = operation.params_model.model_validate(request.content.params)
        if run.starts_at is not None or run.due_at is not None:
            params = operation.without_own_timing(params)
        # What was read before the approval says nothing of what changed until then.
        since = request.approved_at or services.clock.now()
        current = await operation.preview_of_start(params, request.content.schedule, PREVIEW_TOKEN, since)
        if run.starts_at is not None and request.targets.fixed:
            # The back end has got its targets with the call, and does not look for them again.
            current = current.model_copy(update={"targets": _handed_over_targets(request, current.targets)})
        targets = TargetSet(**current.targets.model_dump())
        policy_input = replace(policy_input_of_request(request), targets=targets, facts=current.facts)
        conflicts: tuple[str, ...] = ()
        if services.policy.asks_about_conflicts:
            conflicts = tuple(conflict.text for conflict in await services.conflicts.find(policy_input))
        requirement = await services.policy.requirement_at_start(policy_input, request, run, at, conflicts)
    except (Unreachable, BadResponse, OutcomeUnknown, RateLimited, SlackSilent) as error:
        return StartPreflight(Verdict(outcome="wait", code=PreflightCode.CANNOT_TELL, text=str(error)))
    except (NotFound, InputError, BackendError) as error:
        return StartPreflight(Verdict(outcome="refuse", code=PreflightCode.NOT_POSSIBLE, text=str(error)))
    differences = backend_differences(services, request, current)
    return StartPreflight(judge_start(request.requirement, requirement, differences), current, requirement)


def _handed_over_targets(request: Request, now: Targets) -> Targets:
    """Return the targets that a back end got with the call. They belong to what they belonged to then, and to what the
    search finds now."""
    approved = request.targets
    facts = {name: tuple(dict.fromkeys((*approved.facts.get(name, ()), *now.facts[name]))) for name in now.facts}
    return Targets(**approved.model_dump(exclude={"facts", "known_for"}), facts=facts, known_for=now.known_for)
