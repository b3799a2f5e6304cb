"""Checks at the moment of a decision whether the request would still do what was asked for."""

from bot.errors import BackendError, InputError
from bot.ids import PREVIEW_TOKEN
from bot.requests.approval.deadlines import short_notice_warning
from bot.requests.drift import compare_targets
from bot.requests.model import Request, TargetSet
from bot.usecases.policy_service import policy_input_of_request
from bot.usecases.services import Services
from bot.values import FrozenModel


class PreflightResult(FrozenModel):
    """What an approver must have seen: sentences to be confirmed, and sentences that rule an approval out."""

    confirm: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()


async def preflight(services: Services, request: Request) -> PreflightResult:
    """Compare what the back end, the freezes and the other requests say now with the request. Changes nothing."""
    policy_input = policy_input_of_request(request)
    confirm = await _backend_changes(services, request)
    if warning := short_notice_warning(request.requirement, request.content.schedule, services.clock.now()):
        confirm.append(warning)
    conflicts = await services.conflicts.find(policy_input)
    confirm += [text for text in conflicts if text not in request.warnings]
    hits = await services.policy.freeze_hits(policy_input)
    stop = [hit.text for hit in hits if hit.stage is None and not hit.skips_runs]
    new_stages = [hit.text for hit in hits if hit.stage is not None and hit.freeze not in request.requirement.freezes]
    if new_stages:
        stop.append(" ".join(new_stages) + " Edit the request, so that the freeze's own approvers are asked too.")
    known_warnings = " ".join(request.warnings)
    confirm += [hit.text for hit in hits if hit.skips_runs and f"“{hit.freeze}”" not in known_warnings]
    return PreflightResult(confirm=tuple(confirm), stop=tuple(stop))


async def _backend_changes(services: Services, request: Request) -> list[str]:
    """Return a sentence for each change of what the back end would do."""
    operation = services.backends.operation(request.content.backend, request.content.operation)
    params = operation.params_model.model_validate(request.content.params)
    try:
        preview = await operation.preview(params, request.content.schedule, PREVIEW_TOKEN)
    except InputError as error:
        return [f"The back end would not take it as it is any more: {error}"]
    except BackendError as error:
        return [f"What it would touch now cannot be found out: {error}"]
    targets = preview.targets
    drift = compare_targets(
        request.targets,
        TargetSet(count=targets.count, names=targets.names, noun=targets.noun, fixed=targets.fixed),
        request.requirement.drift_percent,
    )
    moved = [f"It would touch something else now: {drift.text}."] if drift.needs_confirmation else []
    return moved + [f"New: {text}" for text in preview.warnings if text not in request.warnings]
