"""Acts on messages that Slack will never take."""

import structlog

from bot.errors import Conflict, NotFound
from bot.storage import audit, messages, requests
from bot.storage.messages import Message
from bot.storage.transactions import Tx
from bot.usecases.services import Services

_log = structlog.get_logger(__name__)


async def handle_undeliverable(services: Services, message: Message, problem: str) -> None:
    """Tell administrators, and end the request if the message was its approval card: nobody could decide on it."""
    now = services.clock.now()
    admin = services.settings.channels.admin
    async with services.db.write() as tx:
        if message.kind == "approval" and message.request_id and not message.ts:
            try:
                await _end_request(tx, services, message, message.request_id, problem)
            except (Conflict, NotFound) as error:
                # It was decided on another copy of its card meanwhile.
                _log.info("undeliverable card of a decided request", message=message.id, why=str(error))
                return
        if admin and message.recipient != admin:
            text = f"A message of kind {message.kind} for {message.recipient} cannot be delivered: {problem}."
            await messages.add(tx, now, "note", admin, facts={"text": text}, dedupe=f"undeliverable:{message.id}")
    services.wake.sender.set()


async def _end_request(tx: Tx, services: Services, card: Message, request_id: str, problem: str) -> None:
    now = services.clock.now()
    request = await requests.get(tx, request_id)
    outcome = f"The approvers' channel {card.recipient} cannot be written to ({problem}). Nothing was done."
    await requests.transition(tx, request, "undeliverable", finished_at=now, outcome=outcome)
    data = {"channel": card.recipient, "why": problem}
    await audit.record(tx, now, "nightshift", "request.undeliverable", request.id, data)
    await messages.mark_dirty(tx, request.id, now, kinds=("receipt",))
