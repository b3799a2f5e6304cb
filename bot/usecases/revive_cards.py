"""Brings live cards back to a channel that can be written to again."""

from bot.storage import messages
from bot.usecases.services import Services


async def revive_cards(services: Services, channel: str) -> None:
    """Post the cards of all requests that are not over again in a channel, by its id."""
    if not channel:
        return
    names = {channel}
    if name := await services.directory.channel_name(channel):
        names.add(f"#{name}")
    async with services.db.write() as tx:
        revived = await messages.revive(tx, names, services.clock.now())
    if revived:
        services.wake.sender.set()
