"""Steps that many scenarios share."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from blocks.card.questions import CONFIRM_CALLBACK
from bot.requests.model import Run
from bot.storage import requests, runs
from playground.environment import Environment
from playground.sandbox import ReceivedRequest
from playground.slack import Message, Modal, Person
from playground.slack.changes import WAIT_SECONDS

RESTART_COMMAND = '/foreman run template="Service Action - Script Default" hosts="os = RedHat" when=now because=patch'


RUN_COMMAND = '/foreman template="Run Command - Script Default" hosts="os = Debian" because=so'
JOBS_PATH = "/api/job_invocations"


def job_requests(env: Environment) -> list[ReceivedRequest]:
    """The requests for a job that Foreman has received."""
    return env.foreman.requests_to("POST", JOBS_PATH)


def jobs_received(env: Environment) -> int:
    """The number of jobs that Foreman was asked for."""
    return len(job_requests(env))


async def open_form(who: Person, line: str, channel: str = "#ops") -> Modal:
    """Type a command and wait for the form. Fails if a notice says why there is none."""
    reply = await who.command(line, channel)
    assert reply.error == "", reply
    assert not reply.ephemeral_texts, reply.ephemeral_texts
    modal = await who.modal(WAIT_SECONDS)
    await who.ws.wait_until(lambda: "Loading…" not in modal.text, WAIT_SECONDS)
    return modal


async def open_edit(who: Person, card: Message) -> Modal:
    """Press Edit on a card, or Reschedule on one that is approved, and wait for the form."""
    reply = await who.click(next((b for b in card.buttons if b.startswith("Reschedule")), "Edit"), card)
    assert reply.error == "", reply
    form = await who.modal(WAIT_SECONDS)
    await who.ws.wait_until(lambda: "Loading…" not in form.text, WAIT_SECONDS)
    return form


async def go_to_page(modal: Modal, page: str, label: str) -> None:
    """Go to the page of the form that has a field, by a button named ``page`` or else to the main page or the options,
    and wait for the field."""
    if page in modal.buttons:
        await modal.click(page)
    elif label not in modal.labels:
        await modal.click(_button_to_other_page(modal))
    try:
        await modal.ws.wait_until(lambda: label in modal.labels, WAIT_SECONDS)
    except TimeoutError:
        raise AssertionError(f"There is no {label} on the page {page}:\n{modal.text}") from None


async def fill_form(modal: Modal, values: Mapping[str, Any]) -> None:
    """Fill in fields by their labels, on the page of the form that has them."""
    for label, value in values.items():
        try:
            await modal.ws.wait_until(lambda label=label: label in modal.labels, 0.5)
        except TimeoutError:
            await go_to_page(modal, "", label)
        await modal.fill({label: value})


def _button_to_other_page(modal: Modal) -> str:
    return next(label for label in modal.buttons if "More options" in label or "Back to the form" in label)


async def press_preview(modal: Modal) -> Modal:
    """Press Preview and wait for it. The form must be valid."""
    result = await modal.submit()
    assert not result.errors, result.errors
    assert result.error == "", result.error_details
    await modal.ws.wait_until(lambda: "Checking what" not in modal.text, WAIT_SECONDS)
    assert modal.container.content.get("submit"), modal.text
    assert modal.container.content["callback_id"] == "preview", modal.text
    return modal


async def exact_request(preview: Modal) -> str:
    """Return the exact request that a preview shows on pages of its own."""
    await preview.click("Exact request")
    await preview.wait_for_text("Exact request\n", WAIT_SECONDS)
    text = await read_pages(preview)
    await preview.close()
    return text


async def confirm_request(preview: Modal) -> str:
    """Confirm a preview and close its modal. Returns the request's name, such as NS-3."""
    result = await preview.submit()
    assert result.error == "", result.error_details
    found = re.search(r"NS-\d+", preview.text)
    assert found, preview.text
    await preview.close()
    assert not preview.is_open
    return found[0]


async def make_request(who: Person, line: str = RESTART_COMMAND, fill: Mapping[str, Any] | None = None) -> str:
    """Make a request, from the command to the confirmation. Returns its name."""
    modal = await open_form(who, line)
    await fill_form(modal, fill if fill is not None else {"service": "nginx"} if line == RESTART_COMMAND else {})
    return await confirm_request(await press_preview(modal))


async def find_card(who: Person, name: str, where: str = "#approvals") -> Message:
    """Wait for the card of a request."""
    return await who.wait_for(f"{name} ·", where=where, timeout=WAIT_SECONDS)


async def find_outcome(
    who: Person, name: str, word: str = "done", where: str | None = "#results", timeout: float = WAIT_SECONDS
) -> Message:
    """Wait for the message that ends a run. ``word`` is how it ended, or which it is: "(run 2)"."""

    def found() -> Message | None:
        # A card says when it starts, an outcome does not.
        about = (m for m in who.messages(where) if re.search(rf"\b{name}\b", m.text) and "\nWhen " not in m.text)
        return next((m for m in about if word.casefold() in m.text.casefold() and "Details" in m.buttons), None)

    try:
        await who.ws.wait_until(found, timeout)
    except TimeoutError:
        there = "\n---\n".join(m.text for m in who.messages(where)[-5:])
        raise AssertionError(f"{name} has no outcome with {word!r}; there is:\n{there}") from None
    message = found()
    assert message is not None
    return message


async def wait_for_texts(message: Message, *texts: str, env: Environment, timeout: float = WAIT_SECONDS) -> None:
    """Wait until a message contains all texts."""

    def there() -> bool:
        return all(text in message.text for text in texts)

    await eventually(env, there, lambda: f"{texts}; there is:\n{message.text}", timeout)


async def eventually(
    env: Environment,
    predicate: Callable[[], Any],
    describe: Callable[[], str] = lambda: "",
    timeout: float = WAIT_SECONDS,
) -> Any:
    """Wait until a predicate is true."""
    try:
        return await env.slack.wait_until(predicate, timeout)
    except TimeoutError:
        raise AssertionError(f"It did not come true: {describe()}") from None


async def approve_request(env: Environment, name: str, by: str = "bob") -> Message:
    """Press Approve on a request's card, and read all of it if the card has no room for it. Returns the card."""
    person = env.slack.person(by)
    card = await find_card(person, name)
    if "Read all" in card.buttons:
        await person.click("Approve", card)
        pages = await person.modal(WAIT_SECONDS)
        await read_pages(pages)
        await pages.click("Approve")
        await pages.wait_for_text("You approved")
        await pages.close()
    else:
        assert "You approved" in await click_for_reply(person, "Approve", card)
    return card


async def read_pages(modal: Modal) -> str:
    """Go through the pages of a modal to its last. Returns the texts of all of them."""
    texts = [modal.text]
    while "Next page" in modal.buttons:
        shown = modal.text
        await modal.click("Next page")
        await modal.ws.wait_until(lambda shown=shown: modal.text != shown, WAIT_SECONDS)
        texts.append(modal.text)
    return "\n".join(texts)


async def open_edit_form(who: Person, card: Message) -> Modal:
    """Open the form of a request again."""
    await who.click("Edit", card)
    form = await who.modal()
    await who.ws.wait_until(lambda: "Loading…" not in form.text)
    return form


async def click_for_modal(who: Person, button: str, message: Message, *texts: str) -> Modal:
    """Press a button that opens a modal, and wait for its texts."""
    await who.click(button, message)
    modal = await who.modal()
    await who.ws.wait_until(lambda: all(text in modal.text for text in texts))
    return modal


async def click_for_reply(who: Person, button: str, message: Message) -> str:
    """Press a button that is answered with a text. Returns the text of the ephemeral message, or of the modal that
    opens if the answer takes longer than a trigger lives."""
    reply = await who.click(button, message)
    assert reply.error == "", reply
    await who.ws.wait_until(lambda: reply.ephemeral_texts or who.open_modal, WAIT_SECONDS)
    if reply.ephemeral_texts:
        return "\n".join(reply.ephemeral_texts)
    modal = await who.modal()
    if modal.container.content["callback_id"] == CONFIRM_CALLBACK:
        await modal.submit()
        await who.ws.wait_until(lambda: modal.container.content["callback_id"] != CONFIRM_CALLBACK, WAIT_SECONDS)
    await who.ws.wait_until(lambda: "Looking again at what" not in modal.text, WAIT_SECONDS)
    text = modal.text
    await modal.close()
    return text


async def say_it_did_not_run(who: Person, card: Message, answer: str) -> str:
    """Say on a card of unknown outcome that the run did not start, and what to do: "Start it now" or "Close it".
    Returns the answer."""
    question = await click_for_modal(who, "It did not run", card, "Look in its system first")
    shown = len(who.stack)
    reply = await question.click(answer)
    assert reply.error == "", reply
    await who.ws.wait_until(lambda: len(who.stack) > shown, WAIT_SECONDS)
    said = (await who.modal()).text
    await (await who.modal()).close(everything=True)
    return said


async def cancel_on_card(who: Person, card: Message) -> str:
    """Press the button that stops what runs, or cancels what has not started. Returns the answer."""
    return await click_for_reply(who, "Stop" if "Stop" in card.buttons else "Cancel", card)


def rerun_button(message: Message) -> str:
    """The button that repeats the work on what failed: "Rerun 3 failed"."""
    return next(label for label in message.buttons if label.startswith("Rerun"))


def _is_going(run: Run) -> bool:
    """Whether a run was started. What was started just now counts as scheduled until it is polled."""
    just_started = run.state == "scheduled_in_backend" and run.due_at is not None
    return just_started or run.state in ("starting", "running")


async def _wait_for_end_of_runs(env: Environment, card: Message) -> None:
    number = re.search(r"NS-(\d+)", card.text)
    assert number is not None
    assert env.bot is not None
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            async with env.bot.db.read() as tx:
                request = await requests.by_number(tx, int(number[1]))
                going = [run for run in await runs.of_request(tx, request.id) if _is_going(run)]
            if not going:
                return
            await asyncio.sleep(0.05)


async def advance_to_run(env: Environment, card: Message, run_number: int) -> None:
    """Move the clock to the time that a card shows for a run, once the one before it has ended: runs of a series do not
    overlap. Where jobs were made slow, the one before may still be going."""
    if env.foreman.speed >= 1:
        await _wait_for_end_of_runs(env, card)
    shown = rf"Run {run_number}: waiting for its time · \w+ (\d+ \w+), (\d\d:\d\d) CET"
    found = await eventually(env, lambda: re.search(shown, card.text), lambda: card.text)
    text = f"{found[1]} {env.clock.now().year} {found[2]}"
    due = datetime.strptime(text, "%d %b %Y %H:%M").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    env.clock.move_to(due.astimezone(UTC) + timedelta(seconds=5))
