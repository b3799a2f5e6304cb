"""Puts a waiting request before its approvers again, because it would do something else than they were shown."""

from enum import StrEnum

from bot.errors import Conflict, InputError
from bot.requests.model import Request
from bot.requests.preflight import PreflightCode
from bot.storage import requests
from bot.storage.requests import RequestChanges
from bot.usecases.approvals.new_round import fields_now, open_new_round, requirement_for_new_round
from bot.usecases.preflight import PreflightResult, preflight
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def preflight_of_approval(services: Services, request: Request) -> PreflightResult:
    """Run the preflight of an approval. If something else would be done now, or policy asks for more, ask for approval
    of that instead.

    The result then stops this approval and says why. Raises Conflict if the request was changed meanwhile, or
    SlackSilent if Slack does not tell who is in which group.
    """
    found = await preflight(services, request)
    if not found.asks_again:
        return found
    reasons = (*(change.text for change in found.changes), *filter(None, (found.policy_change,)))
    try:
        await ask_again(services, request, found)
    except InputError as error:
        return found.model_copy(update={"stop": (*reasons, str(error))})
    asked = "This was put before its approvers again. Look at its card, and decide on what it shows now."
    return found.model_copy(update={"stop": (*reasons, asked)})


async def ask_again(services: Services, request: Request, found: PreflightResult) -> None:
    """Replace what a waiting request would do by what preflight ``found``, and ask its approvers about that.

    Earlier approvals stop counting. Raises InputError if policy refuses it now, Conflict if the request was changed
    meanwhile, or SlackSilent if Slack does not tell who is in which group.
    """
    requirement, warnings = await requirement_for_new_round(services, request, found.current)
    fields: RequestChanges = {"requirement": requirement}
    if found.current is not None:
        fields = await fields_now(services, request, found.current, found.changes, requirement)
    fields["warnings"] = warnings
    async with services.db.write() as tx:
        stored = await requests.get(tx, request.id, for_update=True)
        if stored.state != "awaiting_approval" or stored.revision != request.revision:
            text = f"{request.name} has been changed meanwhile. Please look at its card."
            raise Conflict(text, code=RefusalCode.REVISION_REPLACED)
        await open_new_round(tx, services, stored, fields, _reason(found), _codes(found))
    services.wake.sender.set()


def _reason(found: PreflightResult) -> str:
    changes = " ".join(f"{change.text}." for change in found.changes)
    return " ".join(
        filter(None, (f"It would do something else now. {changes}" if changes else "", found.policy_change))
    )


def _codes(found: PreflightResult) -> list[StrEnum]:
    codes: list[StrEnum] = [change.code for change in found.changes]
    return [*codes, PreflightCode.POLICY_STRICTER] if found.policy_change else codes
