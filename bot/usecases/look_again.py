"""Looking again at the moment of a decision: what would it touch now, and has anything come in the way since?"""

from bot.errors import BackendError, InputError
from bot.requests.deadlines import hurry
from bot.requests.drift import drift
from bot.requests.model import Matched, Request, Value
from bot.usecases.draft import PREVIEW_TOKEN
from bot.usecases.rights import ask_of
from bot.usecases.services import Services


class Findings(Value):
    """What an approver must have seen. ``confirm`` are sentences to be confirmed; ``stop`` ones that forbid it."""

    confirm: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


async def look_again(app: Services, request: Request) -> Findings:
    """Ask the back end, the freezes and the other requests anew. Changes nothing."""
    confirm: list[str] = []
    operation = app.operation(request.content.backend, request.content.operation)
    params = operation.params.model_validate(request.content.params)
    now = app.clock.now()
    try:
        preview = await operation.preview(params, request.content.schedule, PREVIEW_TOKEN)
        targets = preview.targets
        found = drift(
            request.matched,
            Matched(count=targets.count, names=targets.names, noun=targets.noun, fixed=targets.fixed),
            request.requirement.drift_percent,
        )
        if found.needs_confirmation:
            confirm.append(f"It would touch something else now: {found.words}.")
        confirm += [f"New: {text}" for text in preview.warnings if text not in request.warnings]
    except InputError as error:
        confirm.append(f"The back end would not take it as it is any more: {error}")
    except BackendError as error:
        confirm.append(f"What it would touch now cannot be found out: {error}")
    hurried = hurry(request.requirement, request.content.schedule, now)
    if hurried:
        confirm.append(hurried)
    ask = ask_of(request)
    met = await app.rights.meets(app, ask)
    confirm += [text for text in met if text not in request.warnings]
    hits = await app.rights.freezes_of(app, ask)
    stop = [hit.words for hit in hits if hit.stage is None and not hit.skips]
    unasked = [hit.words for hit in hits if hit.stage is not None and hit.freeze not in request.requirement.freezes]
    if unasked:
        stop.append(" ".join(unasked) + " Edit the request, so that the freeze's own approvers are asked too.")
    told = " ".join(request.warnings)
    confirm += [hit.words for hit in hits if hit.skips and f"“{hit.freeze}”" not in told]
    return Findings(confirm=tuple(confirm), stop=tuple(stop))
