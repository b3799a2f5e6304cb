"""Puts a waiting request before its approvers again, because it would do something else than they were shown."""

from collections.abc import Sequence
from dataclasses import replace

from bot.backends.base import Preview
from bot.errors import Conflict, InputError
from bot.requests.model import Request, Requirement, TargetSet
from bot.requests.resolutions import Difference
from bot.storage import requests
from bot.usecases.approvals.new_round import content_now, fields_now, open_new_round
from bot.usecases.policy_service import policy_input_of_request
from bot.usecases.preflight import PreflightResult, preflight
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def preflight_of_approval(services: Services, request: Request) -> PreflightResult:
    """Run the preflight of an approval. If something else would be done now, ask for approval of that instead.

    The result then stops this approval and says why. Raises Conflict if the request was changed meanwhile, or
    NotAllowed if Slack does not tell who is in which group.
    """
    found = await preflight(services, request)
    if found.stop or found.current is None:
        return found
    changes = [change.text for change in found.changes]
    try:
        await ask_again(services, request, found.current, found.changes)
    except InputError as error:
        return found.model_copy(update={"stop": (*changes, str(error))})
    asked = "This was put before its approvers again. Look at its card, and decide on what it shows now."
    return found.model_copy(update={"stop": (*changes, asked)})


async def ask_again(services: Services, request: Request, current: Preview, changes: Sequence[Difference]) -> None:
    """Replace what a waiting request would do by what ``current`` shows, and ask its approvers about that.

    Earlier approvals stop counting. Raises InputError if policy refuses it now, Conflict if the request was changed
    meanwhile, or NotAllowed if Slack does not tell who is in which group.
    """
    requirement, warnings = await _requirement_now(services, request, current)
    fields = await fields_now(services, request, current, changes, requirement)
    fields["warnings"] = warnings
    why = " ".join(f"{change.text}." for change in changes)
    async with services.db.write() as tx:
        stored = await requests.get(tx, request.id, for_update=True)
        if stored.state != "awaiting_approval" or stored.revision != request.revision:
            text = f"{request.name} has been changed meanwhile. Please look at its card."
            raise Conflict(text, code=RefusalCode.REVISION_REPLACED)
        codes = [change.code for change in changes]
        await open_new_round(tx, services, stored, fields, f"It would do something else now. {why}", codes)
    services.wake.sender.set()


async def _requirement_now(
    services: Services, request: Request, current: Preview
) -> tuple[Requirement, tuple[str, ...]]:
    """Return what policy demands of the request as it is now, and the warnings that go with it.

    Someone was to decide on it, so a rule alone does not approve it now.
    """
    targets = TargetSet(**current.targets.model_dump())
    policy_input = replace(
        policy_input_of_request(request), content=content_now(request, current), targets=targets, facts=current.facts
    )
    conflicts = tuple(conflict.text for conflict in await services.conflicts.find(policy_input))
    outcome = await services.policy.evaluate(policy_input, conflicts)
    if outcome.requirement.effect == "refuse":
        text = f"Policy does not allow that. {' '.join(outcome.requirement.reasons)}".strip()
        raise InputError({"": text}, code=RefusalCode.POLICY_REFUSES)
    requirement = outcome.requirement if outcome.requirement.effect == "ask" else request.requirement
    return requirement, (*current.warnings, *conflicts, *outcome.freeze_notes)
