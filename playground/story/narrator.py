"""Narrates a story as it happens: what people type, fill in and click, and what they then see."""

from collections.abc import Awaitable, Callable, Mapping
from textwrap import indent
from typing import Any, TypeVar

from playground.environment import Environment
from playground.slack import Message, Modal, NotVisible, Outcome, Person, SearchFailed

T = TypeVar("T")


class StoryError(Exception):
    """The story took another course; the text says where."""


class Narrator:
    """Plays people in an environment and prints what they do and see."""

    def __init__(self, env: Environment, write: Callable[[str], None] = print) -> None:
        self.env = env
        self._write = write
        self._last_texts: dict[str, str] = {}

    def person(self, name: str) -> Person:
        return self.env.slack.person(name)

    def scene(self, title: str) -> None:
        """A heading."""
        self._write(f"\n== {title} ==")

    def write_line(self, text: str) -> None:
        """A line of the story's own."""
        self._write(text)

    def check(self, fact: object, failure: str) -> None:
        """Check a condition. Raises StoryError."""
        if not fact:
            raise StoryError(failure)

    async def open_form(self, who: Person, line: str, channel: str = "#ops") -> Modal:
        """Type a command that opens a form, and wait for the form."""
        self._write(f"\n{who.name} types in {channel}: {line}")
        reply = await who.command(line, channel)
        self.check(not reply.error, f"Slack told {who.name}: {reply.error}")
        self.check(not reply.ephemeral_texts, f"the bot answered {line!r} with {reply.ephemeral_texts}")
        modal = await self._or_fail(who.modal(), f"no form opened for {who.name}")
        await self.wait_until(lambda: "Loading…" not in modal.text, "the form was never filled in")
        self._show_form(who, modal)
        return modal

    async def run_command(self, who: Person, line: str, channel: str = "#ops") -> Outcome:
        """Type a command that is answered in the channel."""
        self._write(f"\n{who.name} types in {channel}: {line}")
        reply = await who.command(line, channel)
        self.check(not reply.error, f"Slack told {who.name}: {reply.error}")
        self._show_ephemerals(who, reply)
        return reply

    async def fill(self, who: Person, modal: Modal, values: Mapping[str, Any]) -> None:
        """Fill in fields by their labels."""
        for label, value in values.items():
            shown = ", ".join(value) if isinstance(value, list) else value
            self._write(f"{who.name} fills in {label}: {shown}")
            try:
                await modal.fill({label: value})
            except (NotVisible, SearchFailed) as error:
                raise StoryError(str(error)) from error

    async def go_to_page(self, who: Person, modal: Modal, page: str, field: str) -> None:
        """Go to another page of the form, which has a field."""
        self._write(f"{who.name} presses {page}")
        await modal.click(next(label for label in modal.buttons if label.startswith(page)))
        await self.wait_until(lambda: field in modal.labels, f"the page {page} has no field {field!r}")

    async def preview(self, who: Person, modal: Modal) -> Modal:
        """Press Preview and read what would happen."""
        self._write(f"{who.name} presses Next")
        result = await modal.submit()
        self.check(not result.errors and not result.error, f"the form says {result.errors or result.error}")
        await self.wait_until(lambda: "Checking what" not in modal.text, "the preview never came")
        self._show(who.name, modal.text)
        self.check(modal.container.content.get("callback_id") == "preview", "this is not the preview")
        return modal

    async def confirm(self, who: Person, preview: Modal) -> str:
        """Request approval. Returns the request's name, such as NS-3."""
        self._write(f"{who.name} presses {preview.container.content['submit']['text']}")
        result = await preview.submit()
        self.check(not result.error, f"Slack did not take the answer: {result.error} {result.error_details}")
        self._show(who.name, preview.text)
        name = next((word for word in preview.text.split() if word.startswith("NS-")), "")
        self.check(name, "the request was not sent")
        await preview.close()
        return name

    async def click(self, who: Person, button: str, message: Message) -> Outcome:
        """Press a button of a message and see what comes of it."""
        self._write(f"\n{who.name} clicks {button}")
        try:
            reply = await who.click(button, message)
        except NotVisible as error:
            raise StoryError(str(error)) from error
        self.check(not reply.error, f"Slack told {who.name}: {reply.error}")
        await self.wait_until(lambda: reply.ephemeral_messages or who.stack, f"{button} was not answered")
        self._show_ephemerals(who, reply)
        return reply

    async def approve(self, who: Person, card: Message) -> None:
        """Press Approve, and read all pages first where the card has no room for everything."""
        reads_first = "Read all" in card.buttons
        await self.click(who, "Approve", card)
        if not reads_first:
            return
        pages = await self._or_fail(who.modal(), f"no pages opened for {who.name}")
        while "Next page" in pages.buttons:
            self._write(f"{who.name} reads on")
            await self._turn_page(pages)
        self._write(f"{who.name} has read all, and presses Approve")
        await pages.click("Approve")
        await self.wait_until(lambda: "You approved" in pages.text, f"it was not approved:\n{pages.text}")
        await pages.close(everything=True)

    async def _turn_page(self, pages: Modal) -> None:
        shown = pages.text
        await pages.click("Next page")
        await self.wait_until(lambda: pages.text != shown, "the next page never came")

    async def answer_modal(self, who: Person, values: Mapping[str, Any]) -> None:
        """Fill in and submit the modal that a click has opened, and close what it says."""
        modal = await self._or_fail(who.modal(), f"nothing opened for {who.name}")
        self._show(who.name, modal.text)
        await self.fill(who, modal, values)
        self._write(f"{who.name} presses {modal.container.content['submit']['text']}")
        result = await modal.submit()
        self.check(not result.errors and not result.error, f"the modal says {result.errors or result.error}")
        if modal.is_open:
            self._show(who.name, modal.text)
            await modal.close(everything=True)

    async def wait_for_message(
        self, who: Person, text: str, where: str | Message, after: Message | None = None
    ) -> Message:
        """Wait for a message that reads a text, and tell what it says."""
        found = await self._or_fail(who.wait_for(text, where=where, after=after), f"{who.name} never saw {text!r}")
        self._show_message(found)
        return found

    async def wait_for_text(self, message: Message, text: str) -> None:
        """Wait until a message reads a text, and tell what is new in it."""
        await self.wait_until(lambda: text in message.text, f"{text!r} never appeared; there is:\n{message.text}")
        self._show_message(message)

    async def wait_until(self, predicate: Callable[[], object], failure: str) -> None:
        """Wait for a condition. Raises StoryError."""
        try:
            await self.env.slack.wait_until(predicate)
        except TimeoutError as error:
            raise StoryError(failure) from error

    async def _or_fail(self, awaited: Awaitable[T], failure: str) -> T:
        try:
            return await awaited
        except TimeoutError as error:
            raise StoryError(f"{failure}: {error}") from error

    def _show_form(self, who: Person, modal: Modal) -> None:
        filled = [f"{label}: {value}" for label in modal.labels if (value := modal.value(label)) is not None]
        empty = [label for label in modal.labels if modal.value(label) is None]
        pages = [f"[{page}]" for page in modal.buttons]
        rows = [modal.title, " ".join(pages), *filled, f"(empty: {', '.join(empty)})" if empty else ""]
        self._show(who.name, "\n".join(row for row in rows if row))

    def _show_ephemerals(self, who: Person, reply: Outcome) -> None:
        for message in reply.ephemeral_messages:
            self._show(f"{who.name} alone", message.text)

    def _show(self, who: str, text: str) -> None:
        self._write(f"{who} sees:\n{indent(text, '  | ', lambda line: True)}")

    def _show_message(self, message: Message) -> None:
        """What a message says; of one that was told before, the lines that are new."""
        channel = message.channel
        place = f"@{channel.name}, directly" if channel.kind == "im" else f"#{channel.name}"
        if message.thread_ts:
            place += ", in the thread"
        before = self._last_texts.get(message.ts)
        self._last_texts[message.ts] = message.text
        if before is None:
            self._write(f"\nNightshift to {place}:\n{indent(message.text, '  | ')}")
            return
        old = set(before.splitlines())
        fresh = [line for line in message.text.splitlines() if line not in old]
        if fresh:
            self._write(f"\nThe message in {place} now reads:\n{indent(chr(10).join(fresh), '  | ')}")
