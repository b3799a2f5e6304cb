"""Acts on messages that Slack will never take."""

import structlog

from bot.errors import Conflict, NotFound
from bot.requests.directory import is_user
from bot.requests.notify.events import Event
from bot.storage import audit, messages, requests
from bot.storage.messages import Message
from bot.storage.notifications import store_copies
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.services import Services

_log = structlog.get_logger(__name__)


async def handle_undeliverable(services: Services, message: Message, problem: str) -> None:
    """Show a request in another way if its card cannot be shown, end it if there is none, and tell administrators.

    A card that the approvers' channel does not take goes to them as direct messages.
    """
    admin = services.settings.channels.admin
    async with services.db.write() as tx:
        if message.kind in ("approval", "copies") and message.request_id:
            try:
                await _show_otherwise(tx, services, message, message.request_id, problem)
            except (Conflict, NotFound) as error:
                # It was decided on another copy of its card meanwhile.
                _log.info("undeliverable card of a decided request", message=message.id, why=str(error))
                return
        if admin and message.recipient != admin and message.kind != "copies":
            about = await _name_of(tx, message)
            text = f"A message of kind {message.kind}{about} for {message.recipient} cannot be delivered: {problem}."
            dedupe = f"undeliverable:{message.id}"
            await messages.add(tx, services.clock.now(), "note", admin, facts={"text": text}, dedupe=dedupe)
    services.wake.sender.set()


async def _name_of(tx: Tx, message: Message) -> str:
    """Return `` about NS-12``; "" for a message about no request."""
    if message.request_id is None:
        return ""
    return f" about {(await requests.get(tx, message.request_id)).name}"


async def _show_otherwise(tx: Tx, services: Services, card: Message, request_id: str, problem: str) -> None:
    """Send the card to the approvers as direct messages, or end the request if nobody has or gets a card.

    Raises Conflict if the request was decided.
    """
    now = services.clock.now()
    request = await requests.get(tx, request_id)
    others = await messages.of_request(tx, request_id, ["approval", "copies"])
    alive = [m for m in others if m.id != card.id and _may_be_shown(m)]
    if request.state != "awaiting_approval":
        if not card.ts:
            raise Conflict(f"{request.name} was decided.")
        return
    if card.kind == "approval" and not is_user(card.recipient):
        facts = {"key": f"lost:{card.id}", "channel": "", "admins": services.settings.channels.admin, "by": ""}
        await store_copies(tx, now, request, Event.REQUESTED, facts)
        return
    if alive:
        return
    outcome = f"It could not be shown to anybody who may approve it ({problem}). Nothing was done."
    request = await requests.transition(tx, request, "undeliverable", finished_at=now, outcome=outcome)
    await audit.record(
        tx, now, "nightshift", "request.undeliverable", request.id, {"channel": card.recipient, "why": problem}
    )
    text = f"{request.name} could not be shown to its approvers: {request.title}. {outcome}"
    await tell(tx, services, request, Event.UNDELIVERABLE, text, key=str(request.revision))
    await messages.mark_dirty(tx, request.id, now, kinds=("receipt",))


def _may_be_shown(message: Message) -> bool:
    """Return whether a card is in Slack or on its way, or cards are still to be made."""
    return message.state == "due" or (message.kind == "approval" and message.state == "shown")
