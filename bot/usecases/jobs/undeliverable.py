"""An approval card that Slack will never take: nobody could decide, so the request ends, and people are told."""

from bot.errors import Conflict, NotFound
from bot.storage import audit, messages, requests
from bot.storage.messages import Message
from bot.usecases.services import Services


async def handle_undeliverable(services: Services, message: Message, problem: str) -> None:
    """Act on a message that cannot be delivered: an approval card ends its request, and administrators are told."""
    now = services.clock.now()
    admin = services.settings.channels.admin
    async with services.db.write() as tx:
        if message.kind == "approval" and message.request_id and not message.ts:
            try:
                request = await requests.get(tx, message.request_id)
                outcome = (
                    f"The approvers' channel {message.recipient} cannot be written to ({problem}). Nothing was done."
                )
                await requests.transition(tx, request, "undeliverable", finished_at=now, outcome=outcome)
                data = {"channel": message.recipient, "why": problem}
                await audit.record(tx, now, "nightshift", "request.undeliverable", request.id, data)
                await messages.mark_dirty(tx, request.id, now, kinds=("receipt",))
            except (Conflict, NotFound):
                # It was decided elsewhere meanwhile; a lost copy of its card changes nothing.
                return
        if admin and message.recipient != admin:
            text = f"A message of kind {message.kind} for {message.recipient} cannot be delivered: {problem}."
            await messages.add(tx, now, "note", admin, facts={"text": text}, dedupe=f"undeliverable:{message.id}")
    services.wake.sender.set()
