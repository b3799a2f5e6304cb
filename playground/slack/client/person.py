"""A person in the workspace, who is driven from Python."""

import itertools
from collections.abc import Iterable
from typing import Any

from playground.slack.changes import WAIT_SECONDS, Change
from playground.slack.client.modal import Modal
from playground.slack.client.outcome import Outcome
from playground.slack.client.surface import HomeTab, MessageSurface
from playground.slack.elements import Json
from playground.slack.errors import ApiError, NotVisible
from playground.slack.modals import view_payload
from playground.slack.model import Channel, Message, User, View
from playground.slack.transport import payloads
from playground.slack.transport.delivery import Ack, Delivery, Kind
from playground.slack.transport.responses import apply_command_response

Location = str | Channel | Message | None
"""A place: ``#ops``, ``dm`` (direct messages with the bot), a channel, a message for its thread; None is anywhere."""

# The subscription and the channel_type of a message event, by kind of channel.
_MESSAGE_EVENTS = {
    "im": ("message.im", "im"),
    "public": ("message.channels", "channel"),
    "private": ("message.groups", "group"),
}


class Person:
    """A person at their screen, who sees only their channels, their direct messages and ephemeral messages to them."""

    def __init__(self, delivery: Delivery, user: User) -> None:
        self.delivery = delivery
        self.ws = delivery.ws
        self.user = user

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    # What is on the screen

    @property
    def channels(self) -> list[Channel]:
        return [c for c in self.ws.channels.values() if self.id in c.members]

    @property
    def direct_messages(self) -> list[Message]:
        """The direct messages with the bot, oldest first."""
        return [m for c in self.channels if c.kind == "im" for m in c.messages]

    @property
    def ephemerals(self) -> list[Message]:
        """The ephemeral messages to this person, oldest first."""
        return list(self.ws.ephemerals.get(self.id, []))

    @property
    def stack(self) -> list[View]:
        """The views of the open modal, the top one last."""
        return self.ws.stacks.get(self.id, [])

    @property
    def open_modal(self) -> Modal | None:
        return Modal(self) if self.stack else None

    def messages(self, where: Location = None) -> list[Message]:
        """The messages that the person can see there, oldest first, threads and ephemeral messages included."""
        return list(reversed(list(self._newest_first(where))))

    def find_message(self, text: str, where: Location = None) -> Message | None:
        """The newest message there that contains ``text``."""
        return next((m for m in self._newest_first(where) if text in m.text), None)

    async def wait_for(
        self, text: str, where: Location = None, timeout: float = WAIT_SECONDS, after: Message | None = None
    ) -> Message:
        """Wait for the newest message there that contains ``text`` and is newer than ``after``. Raises TimeoutError."""
        newest = (m for m in self._newest_first(where) if after is None or m.ts > after.ts)
        found = list(itertools.islice((m for m in newest if text in m.text), 1))
        fits = self._filter(where)

        def look(change: Change) -> None:
            message = change.subject
            if (
                change.kind not in ("message", "ephemeral")
                or not self.ws.can_see(self.id, message)
                or not fits(message)
            ):
                return
            if text in message.text and (after is None or message.ts > after.ts):
                found.append(message)

        end = self.ws.changes.subscribe(look)
        try:
            await self.ws.changes.wait_until(lambda: bool(found), timeout)
        finally:
            end()
        if not found:
            there = "\n---\n".join(m.text for m in self.messages(where)[-5:]) or "nothing"
            raise TimeoutError(f"{self.name} did not see {text!r} within {timeout} s; there is:\n{there}")
        return found[0]

    async def modal(self, timeout: float = WAIT_SECONDS) -> Modal:
        """Wait for an open modal. Raises TimeoutError."""
        if not await self.ws.changes.wait_until(lambda: bool(self.stack), timeout):
            raise TimeoutError(f"No modal opened for {self.name} within {timeout} s.")
        return Modal(self)

    def surface_of(self, message: Message) -> MessageSurface:
        """The fields, buttons and menus of a message."""
        return MessageSurface(self, message)

    # What they do

    async def command(self, line: str, channel: str = "", *, settle_timeout: float | None = None) -> Outcome:
        """Type a slash command such as ``/foreman run``, in the first of their channels unless another is given.
        Raises NotVisible while a modal is in the way."""
        self._require_no_modal()
        outcome = Outcome(self)
        name, _, text = line.strip().partition(" ")
        place = self._joined_channel(channel) if channel else next(iter(self.channels), None)
        known = self.ws.settings.commands
        guest = self.user.is_stranger or self.user.is_ultra_restricted
        if place is None or guest or (known is not None and name not in known):
            outcome.sent = False
            return outcome.reject("not_a_valid_command")
        payload = payloads.command(self.ws, self.user, place, name, text.strip())
        return await self.send("slash_commands", name, payload, answer_channel=place, settle_timeout=settle_timeout)

    async def shortcut(self, callback_id: str, message: Message | None = None) -> Outcome:
        """Take a shortcut of the app: a global one, or one on a message. Raises NotVisible."""
        self._require_no_modal()
        if message is None:
            payload = payloads.shortcut(self.ws, self.user, callback_id)
        else:
            payload = payloads.message_action(self.ws, self.user, callback_id, self.surface_of(message).container)
        return await self.send("interactive", callback_id, payload)

    async def click(
        self, label: str, message: Message | str | None = None, *, near_text: str = "", confirm: bool = True
    ) -> Outcome:
        """Press a button of a message: the given one, the newest that contains a text, or the newest with the button.
        Raises NotVisible."""
        self._require_no_modal()
        return await self.surface_of(self._message_with_button(label, message)).click(
            label, near=near_text, confirm=confirm
        )

    async def choose(self, option: str, message: Message, *, confirm: bool = True) -> Outcome:
        """Choose from an overflow menu or a select of a message. Raises NotVisible."""
        self._require_no_modal()
        return await self.surface_of(message).choose(option, confirm=confirm)

    async def open_home(self, *, settle_timeout: float | None = None) -> HomeTab:
        """Open the bot's home tab, and wait for what the bot publishes."""
        outcome = Outcome(self)
        with outcome.record_changes():
            content: Json = {
                "type": "app_home_opened",
                "user": self.id,
                "channel": self.ws.im(self.id).id,
                "tab": "home",
            }
            if self.id in self.ws.homes:
                content["view"] = view_payload(self.ws, self.ws.homes[self.id])
            self.delivery.deliver_event("app_home_opened", {**content, "event_ts": self.ws.new_ts()})
            await self._wait_for_change(outcome, settle_timeout, kinds=("home",))
        return HomeTab(self)

    async def say(self, text: str, where: str = "dm", thread: Message | None = None) -> Message:
        """Write a message. The bot is told in direct messages, where it is mentioned, and in its channels."""
        place = self._joined_channel(where)
        thread_ts = (thread.thread_ts or thread.ts) if thread else ""
        message = self.ws.post(place, self.id, text, thread_ts=thread_ts)
        content: Json = {
            "type": "message", "channel": place.id, "user": self.id, "text": text, "ts": message.ts,
            "event_ts": message.ts, "team": self.user.team_id,
            "channel_type": _MESSAGE_EVENTS[place.kind][1],
        }  # fmt: skip
        if thread_ts:
            content["thread_ts"] = thread_ts
        if self.ws.bot.id in place.members:
            self.delivery.deliver_event(_MESSAGE_EVENTS[place.kind][0], content)
            if f"<@{self.ws.bot.id}>" in text:
                self.delivery.deliver_event("app_mention", {**content, "type": "app_mention"})
        return message

    # How it gets there

    async def send(
        self,
        kind: Kind,
        name: str,
        payload: Json,
        *,
        answer_channel: Channel | None = None,
        settle_timeout: float | None = None,
    ) -> Outcome:
        """Deliver a payload to the bot and record what happens. A command's answer appears in ``answer_channel``."""
        outcome = Outcome(self)
        outcome.trigger_id = payload.get("trigger_id", "")
        with outcome.record_changes():
            ack = await self.delivery.deliver_interaction(kind, name, payload, self.id)
            outcome.set_ack(ack)
            if ack.error:
                return outcome
            if answer_channel is not None:
                try:
                    apply_command_response(self.ws, self.id, answer_channel, ack)
                except ApiError as error:
                    self.record_invalid_response(name, ack, error)
                    outcome.reject(error.code, error.messages)
            await self._wait_for_change(outcome, settle_timeout)
        return outcome

    def record_invalid_response(self, name: str, ack: Ack, error: ApiError) -> None:
        """Record in the journal that Slack could not use the body of an acknowledgement."""
        self.ws.record_invalid_response(name, ack.body, error.code, error.messages, self.id)

    async def _wait_for_change(
        self, outcome: Outcome, settle_timeout: float | None, kinds: tuple[str, ...] = ()
    ) -> None:
        """Wait up to ``settle_timeout`` for a change on the screen."""
        wait = self.ws.settings.settle_timeout if settle_timeout is None else settle_timeout
        await self.ws.changes.wait_until(
            lambda: any(not kinds or change.kind in kinds for change in outcome.changes), wait
        )

    def _require_no_modal(self) -> None:
        """Raise NotVisible if a modal covers everything else."""
        if self.stack:
            raise NotVisible(f"{self.name} has a modal open ({Modal(self).title!r}), to be submitted or closed first.")

    def _joined_channel(self, where: str) -> Channel:
        """A channel the person is in. Raises NotVisible."""
        if where == "dm":
            return self.ws.im(self.id)
        channel = self.ws.channel_by_name(where)
        if self.id not in channel.members:
            raise NotVisible(f"{self.name} is not in {where}.")
        return channel

    def _newest_first(self, where: Location) -> Iterable[Message]:
        fits = self._filter(where)
        return (m for m in self.ws.visible_messages(self.id) if fits(m))

    def _filter(self, where: Location) -> Any:
        match where:
            case None:
                return lambda m: True
            case Message():
                return lambda m: m.channel is where.channel and m.thread_ts == where.ts and m is not where
            case Channel():
                return lambda m: m.channel is where
            case "dm":
                return lambda m: m.channel.kind == "im"
            case str():
                channel = self.ws.channel_by_name(where)
                return lambda m: m.channel is channel

    def _message_with_button(self, label: str, message: Message | str | None) -> Message:
        if isinstance(message, Message):
            return message
        text = message or ""
        found = next((m for m in self._newest_first(None) if text in m.text and label in m.buttons), None)
        if found is None:
            said = f" that reads {text!r}" if text else ""
            raise NotVisible(f"{self.name} sees no message{said} with a button {label!r}.")
        return found
