"""Stops a request whose stored content is not what was signed."""

from collections.abc import Sequence

import structlog

from bot.errors import ContentAltered
from bot.requests.integrity import is_intact
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Decision, Request
from bot.storage import audit, messages, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.planning import cancel_unsent_run
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.values import JsonObject

_log = structlog.get_logger(__name__)
_OUTCOME = "Stopped: the stored content is not what was signed. Submit it again, and tell whoever runs Nightshift."


def check_intact(request: Request, decisions: Sequence[Decision]) -> None:
    """Raise ContentAltered if the content of a request is not what was signed."""
    if not is_intact(request, decisions):
        text = f"The stored content of {request.name} is not what was signed, so it was stopped. The admins are told."
        raise ContentAltered(text, code=RefusalCode.CONTENT_ALTERED)


async def load_intact(tx: Tx, request_id: str, *, for_update: bool = False) -> tuple[Request, Sequence[Decision]]:
    """Return a request and all decisions on it. Raises ContentAltered or NotFound."""
    request = await requests.get(tx, request_id, for_update=for_update)
    decisions = await requests.decisions_of(tx, request_id)
    check_intact(request, decisions)
    return request, decisions


async def stop_altered_request(services: Services, request_id: str) -> None:
    """Cancel what has not been sent of a request, and tell the administrators. Safe to repeat."""
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        data: JsonObject = {
            "signed": request.content_hash,
            "stored": request.content.hash,
            "revision": request.revision,
        }
        _log.error("stored content is not what was signed", request=request.name, **data)
        for run in await runs.of_request(tx, request_id, limit=10_000):
            await cancel_unsent_run(tx, run, now, _OUTCOME)
        if request.state not in FINAL_STATES:
            await requests.transition(tx, request, "cancelled", finished_at=now, outcome=_OUTCOME)
        await audit.record(tx, now, "nightshift", "request.content_altered", request_id, data)
        await _tell(tx, services, request)
        await messages.mark_dirty(tx, request_id, now)
    services.wake.sender.set()


async def _tell(tx: Tx, services: Services, request: Request) -> None:
    """Tell the administrators and the requester, once for each content that was found."""
    now = services.clock.now()
    admin = services.settings.channels.admin
    texts = {
        admin: f"{request.name} was stopped: its content in the database is not what was signed. "
        "Somebody or something other than Nightshift has changed it. Check who can write to the database.",
        request.requester.user: f"{request.name} was stopped: its stored content is not what was signed. "
        "Nothing more of it will start. Submit it again.",
    }
    for recipient, text in texts.items():
        if recipient:
            dedupe = f"altered:{request.id}:{request.content.hash}:{recipient}"
            await messages.add(tx, now, "note", recipient, request.id, facts={"text": text}, dedupe=dedupe)
