"""What people do again and again, in a few words."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from playground.slack import Message, Modal, Person
from playground.stage import Stage

WAIT = 20.0
"""Seconds for which anything is waited for; it comes much sooner unless the machine is very busy."""

RESTART = '/foreman run template="Service Action - Script Default" hosts="os = RedHat" when=now because=patch'


async def opened(who: Person, line: str, channel: str = "#ops") -> Modal:
    """Type a command and wait until the form stands, or until a notice says why it does not."""
    reply = await who.command(line, channel)
    assert reply.error == "", reply
    assert not reply.ephemeral, reply.ephemeral
    modal = await who.modal(WAIT)
    await who.ws.until(lambda: "One moment" not in modal.text, WAIT)
    return modal


async def turned(modal: Modal, page: str, label: str) -> None:
    """Go to the page that has a field."""
    await modal.click(page)
    try:
        await modal.ws.until(lambda: label in modal.labels, WAIT)
    except TimeoutError:
        raise AssertionError(f"There is no {label} on the page {page}:\n{modal.text}") from None


async def previewed(modal: Modal) -> Modal:
    """Press Preview and wait for what would happen. The form must have nothing to complain of."""
    result = await modal.submit()
    assert not result.errors, result.errors
    assert result.error == "", result.details
    await modal.ws.until(lambda: "Asking the back end" not in modal.text, WAIT)
    assert modal.where.content.get("submit"), modal.text
    assert modal.where.content["callback_id"] == "preview", modal.text
    return modal


async def sent(preview: Modal) -> str:
    """Confirm a preview and close what is left. Returns the request's name, such as NS-3."""
    result = await preview.submit()
    assert result.error == "", result.details
    found = re.search(r"NS-\d+", preview.text)
    assert found, preview.text
    await preview.close()
    assert not preview.is_open
    return found[0]


async def asked(who: Person, line: str = RESTART, fill: Mapping[str, Any] | None = None) -> str:
    """Ask for something, from the command to the request. Returns its name."""
    modal = await opened(who, line)
    await modal.fill(fill if fill is not None else {"service": "nginx"} if line == RESTART else {})
    return await sent(await previewed(modal))


async def card(who: Person, name: str, where: str = "#approvals") -> Message:
    """The card of a request, waited for."""
    return await who.wait_for(f"{name} ·", where=where, timeout=WAIT)


async def reads(message: Message, *texts: str, on: Stage, timeout: float = WAIT) -> None:
    """Wait until a message reads all of some texts."""

    def there() -> bool:
        return all(text in message.text for text in texts)

    await so(on, there, lambda: f"{texts}; there is:\n{message.text}", timeout)


async def so(
    on: Stage, look: Callable[[], Any], otherwise: Callable[[], str] = lambda: "", timeout: float = WAIT
) -> Any:
    """Wait for something to be so."""
    try:
        return await on.slack.until(look, timeout)
    except TimeoutError:
        raise AssertionError(f"It did not come true: {otherwise()}") from None


async def approved(on: Stage, name: str, by: str = "bob") -> Message:
    """Press Approve on a request's card. Returns the card."""
    person = on.slack.person(by)
    found = await card(person, name)
    assert "You approved" in await told(person, "Approve", found)
    return found


async def told(who: Person, button: str, message: Message) -> str:
    """Press a button that is answered in words. Returns what only the one who pressed reads: a line, or a modal where
    finding out took longer than the trigger lasts."""
    reply = await who.click(button, message)
    assert reply.error == "", reply
    await who.ws.until(lambda: reply.ephemeral or who.open_modal, WAIT)
    if reply.ephemeral:
        return "\n".join(reply.ephemeral)
    modal = await who.modal()
    await who.ws.until(lambda: "Looking again at what" not in modal.text, WAIT)
    text = modal.text
    await modal.close()
    return text


async def to_its_time(on: Stage, card: Message, number: int) -> None:
    """Move the clock to when a card says that a run is due."""
    shown = rf"Run {number}: waiting for its time · \w+ (\d+ \w+ \d+ \d\d:\d\d) CET"
    found = await so(on, lambda: re.search(shown, card.text), lambda: card.text)
    due = datetime.strptime(found[1], "%d %b %Y %H:%M").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    on.clock.jump_to(due.astimezone(UTC) + timedelta(seconds=5))
