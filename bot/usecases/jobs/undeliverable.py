"""Acts on messages that Slack will never take."""

import structlog

from bot.errors import Conflict, NotFound
from bot.requests.model import Request
from bot.requests.notify.events import Event
from bot.storage import audit, messages, requests
from bot.storage.messages import Message
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.services import Services

_log = structlog.get_logger(__name__)


async def handle_undeliverable(services: Services, message: Message, problem: str) -> None:
    """Tell administrators, and end the request if the message was its last approval card: nobody could decide on it."""
    now = services.clock.now()
    admin = services.settings.channels.admin
    async with services.db.write() as tx:
        if message.kind == "approval" and message.request_id and not message.ts:
            try:
                await _end_if_not_shown(tx, services, message, message.request_id, problem)
            except (Conflict, NotFound) as error:
                # It was decided on another copy of its card meanwhile.
                _log.info("undeliverable card of a decided request", message=message.id, why=str(error))
                return
        if admin and message.recipient != admin:
            about = await _name_of(tx, message)
            text = f"A message of kind {message.kind}{about} for {message.recipient} cannot be delivered: {problem}."
            await messages.add(tx, now, "note", admin, facts={"text": text}, dedupe=f"undeliverable:{message.id}")
    services.wake.sender.set()


async def _name_of(tx: Tx, message: Message) -> str:
    """Return `` about NS-12``; "" for a message about no request."""
    if message.request_id is None:
        return ""
    return f" about {(await requests.get(tx, message.request_id)).name}"


async def _end_if_not_shown(tx: Tx, services: Services, card: Message, request_id: str, problem: str) -> Request:
    """End a request whose card nobody has and nobody will get. Raises Conflict if it was decided."""
    now = services.clock.now()
    request = await requests.get(tx, request_id)
    cards = await messages.of_request(tx, request_id, ["approval"])
    if any(other.state != "undeliverable" and other.id != card.id for other in cards):
        return request
    outcome = f"The approvers' channel {card.recipient} cannot be written to ({problem}). Nothing was done."
    request = await requests.transition(tx, request, "undeliverable", finished_at=now, outcome=outcome)
    data = {"channel": card.recipient, "why": problem}
    await audit.record(tx, now, "nightshift", "request.undeliverable", request.id, data)
    text = f"{request.name} could not be shown to its approvers: {request.title}. {outcome}"
    await tell(tx, services, request, Event.UNDELIVERABLE, text, key=str(request.revision))
    await messages.mark_dirty(tx, request.id, now, kinds=("receipt",))
    return request
