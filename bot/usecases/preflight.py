"""Looking again at the moment of a decision: what would it touch now, and has anything come in the way since?"""

from bot.errors import BackendError, InputError
from bot.requests.approval.deadlines import short_notice_warning
from bot.requests.drift import compare_targets
from bot.requests.model import Request, TargetSet
from bot.usecases.drafts.form import PREVIEW_TOKEN
from bot.usecases.policy_service import policy_input_of_request
from bot.usecases.services import Services
from bot.values import FrozenModel


class PreflightResult(FrozenModel):
    """What an approver must have seen. ``confirm`` are sentences to be confirmed; ``stop`` ones that forbid it."""

    confirm: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def preflight(services: Services, request: Request) -> PreflightResult:
    """Ask the back end, the freezes and the other requests anew. Changes nothing."""
    confirm: list[str] = []
    operation = services.backends.operation(request.content.backend, request.content.operation)
    params = operation.params_model.model_validate(request.content.params)
    now = services.clock.now()
    try:
        preview = await operation.preview(params, request.content.schedule, PREVIEW_TOKEN)
        targets = preview.targets
        found = compare_targets(
            request.targets,
            TargetSet(count=targets.count, names=targets.names, noun=targets.noun, fixed=targets.fixed),
            request.requirement.drift_percent,
        )
        if found.needs_confirmation:
            confirm.append(f"It would touch something else now: {found.text}.")
        confirm += [f"New: {text}" for text in preview.warnings if text not in request.warnings]
    except InputError as error:
        confirm.append(f"The back end would not take it as it is any more: {error}")
    except BackendError as error:
        confirm.append(f"What it would touch now cannot be found out: {error}")
    hurried = short_notice_warning(request.requirement, request.content.schedule, now)
    if hurried:
        confirm.append(hurried)
    ask = policy_input_of_request(request)
    met = await services.conflicts.find(ask)
    confirm += [text for text in met if text not in request.warnings]
    hits = await services.policy.freeze_hits(ask)
    stop = [hit.text for hit in hits if hit.stage is None and not hit.skips_runs]
    unasked = [hit.text for hit in hits if hit.stage is not None and hit.freeze not in request.requirement.freezes]
    if unasked:
        stop.append(" ".join(unasked) + " Edit the request, so that the freeze's own approvers are asked too.")
    told = " ".join(request.warnings)
    confirm += [hit.text for hit in hits if hit.skips_runs and f"“{hit.freeze}”" not in told]
    return PreflightResult(confirm=tuple(confirm), stop=tuple(stop))
