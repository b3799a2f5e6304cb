"""What a person sees happen after they did something."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playground.slack.changes import Change
from playground.slack.model import Message
from playground.slack.transport.delivery import Ack

if TYPE_CHECKING:
    from playground.slack.client.modal import Modal
    from playground.slack.client.person import Person


class Outcome:
    """What came of a command, a click or a choice.

    ``error`` is what Slack shows when the bot did not acknowledge (``operation_timeout``, ``dispatch_failed``) or
    answered something that Slack refuses, with the details in ``details``; ``sent`` is False when the client itself
    refused. ``ack_ms`` is the time to the acknowledgement. The rest stays up to date as more arrives.
    """

    def __init__(self, person: "Person") -> None:
        self.person = person
        self.error = ""
        self.error_details: tuple[str, ...] = ()
        self.sent = True
        self.ack_ms = 0.0
        self.trigger_id = ""
        self.changes: list[Change] = []
        self._started_after = person.ws.posts[-1].ts if person.ws.posts else ""

    def set_ack(self, ack: Ack) -> None:
        self.error, self.ack_ms = ack.error, ack.ms

    def reject(self, code: str, details: tuple[str, ...] = ()) -> "Outcome":
        """The client or Slack itself says no."""
        self.error, self.error_details = code, details
        return self

    @property
    def messages(self) -> list[Message]:
        """What has appeared since to everybody where the person can see it, oldest first."""
        return [m for m in self._since() if not m.ephemeral_for]

    @property
    def ephemeral_messages(self) -> list[Message]:
        """What has appeared since to this person alone, oldest first."""
        return [m for m in self._since() if m.ephemeral_for]

    @property
    def ephemeral_texts(self) -> list[str]:
        """The texts of the ephemeral messages."""
        return [message.text for message in self.ephemeral_messages]

    @property
    def modal(self) -> "Modal | None":
        """The person's modal, if this opened, pushed or changed one that is still open."""
        changed = any(change.kind == "view" for change in self.changes)
        trigger = self.person.ws.triggers.get(self.trigger_id)
        opened = trigger is not None and trigger.opened is not None
        return self.person.open_modal if changed or opened else None

    def _since(self) -> list[Message]:
        posts = self.person.ws.posts
        newer = []
        for message in reversed(posts):
            if message.ts <= self._started_after:
                break
            newer.append(message)
        return [m for m in reversed(newer) if self.person.ws.can_see(self.person.id, m)]

    @contextmanager
    def record_changes(self) -> Iterator[None]:
        """Collect what changes on the person's screen meanwhile."""

        def note(change: Change) -> None:
            ours = change.user == self.person.id
            post = change.kind == "message" and self.person.ws.can_see(self.person.id, change.subject)
            if ours or post:
                self.changes.append(change)

        end = self.person.ws.changes.subscribe(note)
        try:
            yield
        finally:
            end()

    def __repr__(self) -> str:
        return f"Outcome(error={self.error!r}, ephemeral={self.ephemeral_texts!r}, modal={self.modal!r})"
