"""Repeats a request on the targets that failed."""

from collections.abc import Mapping

from bot.backends.base import Handle, Params
from bot.errors import InputError
from bot.requests.model import Run
from bot.storage import requests, runs
from bot.storage.drafts import Draft
from bot.usecases.actor import Actor
from bot.usecases.drafts.from_request import draft_from_request
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.usecases.sight import check_may_see
from bot.values import Json

MAX_REASON_LENGTH = 1000


async def rerun_failed(services: Services, request_id: str, actor: Actor) -> Draft:
    """Return a draft of a new request for the targets that failed. Raises InputError if there are none."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        all_runs = await runs.of_request(tx, request_id)
    await check_may_see(services, request, actor.person)
    failed = next((run for run in all_runs if run.state in ("failed", "partly_failed") and run.handle), None)
    if failed is None:
        text = f"No run of {request.name} failed after it had started, so there is nothing to repeat."
        raise InputError({"": text}, code=RefusalCode.NOTHING_FAILED)
    operation = services.backends.operation(request.content.backend, request.content.operation)
    params = operation.params_model.model_validate(request.content.params)
    rerun_params = operation.params_for_rerun(params, Handle.model_validate(failed.handle), _failed_targets(failed))
    values = {**request.values, **_changed_values(params, rerun_params)}
    reason = f"Again on what failed in {request.name}: {request.reason}"[:MAX_REASON_LENGTH]
    return await draft_from_request(
        services, request, actor.person, values, reason, starts_now=True, rerun_of=request.name
    )


def _failed_targets(run: Run) -> list[str]:
    return [result["name"] for result in (run.progress or {}).get("results", ()) if result["state"] == "failed"]


def _changed_values(before: Params, after: Params) -> Mapping[str, Json]:
    """Return the parameters that differ, as the form has them."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: value for name, value in new.items() if value != old.get(name)}
