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


async def follow_channel(services: Services, old: str, new: str) -> None:
    """Use the new id that Slack has given a channel, for messages that are there and for those to come."""
    services.directory.channels.on_id_changed(old, new)
    async with services.db.write() as tx:
        await messages.move_channel(tx, old, new, services.clock.now())
    services.wake.sender.set()
    await revive_cards(services, new)
