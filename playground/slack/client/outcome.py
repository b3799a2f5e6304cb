"""What happens on a person's screen after an action of theirs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from playground.slack.changes import Change
from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.model import Message, User, View
from playground.slack.transport.delivery import Ack, Delivery, Kind
from playground.slack.workspace import Workspace


class Actor(Protocol):
    """The person whom an outcome or a surface belongs to, as far as those need to know."""

    delivery: Delivery
    ws: Workspace
    user: User

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def stack(self) -> list[View]: ...
    @property
    def open_modal(self) -> "OpenModal | None": ...
    async def send(self, kind: Kind, name: str, payload: Json) -> "Outcome": ...
    def record_invalid_response(self, name: str, ack: Ack, error: ApiError) -> None: ...


class OpenModal(Protocol):
    """The modal that an outcome has opened, as people use it."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def labels(self) -> list[str]: ...
    @property
    def buttons(self) -> list[str]: ...
    def value(self, label: str) -> Any: ...
    async def fill(self, values: Mapping[str, Any] | None = None, **named: Any) -> None: ...
    async def click(self, label: str, *, near: str = "", confirm: bool = True) -> "Outcome": ...
    async def submit(self) -> "Submission": ...
    async def close(self, *, everything: bool = False) -> "Outcome": ...


class Outcome:
    """The result of a command, a click or a choice.

    ``error`` is what Slack shows when the bot did not acknowledge (``operation_timeout``, ``dispatch_failed``) or
    answered something that Slack rejects, with details in ``error_details``. ``sent`` is False when the client itself
    refused. ``ack_ms`` is the time to the acknowledgement. The other properties change as more arrives.
    """

    def __init__(self, person: Actor) -> None:
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
        """Note that the client or Slack itself rejected the action."""
        self.error, self.error_details = code, details
        return self

    @property
    def messages(self) -> list[Message]:
        """The messages to everybody that have appeared since, as far as the person can see them, oldest first."""
        return [m for m in self._since() if not m.ephemeral_for]

    @property
    def ephemeral_messages(self) -> list[Message]:
        """The messages to this person alone that have appeared since, oldest first."""
        return [m for m in self._since() if m.ephemeral_for]

    @property
    def ephemeral_texts(self) -> list[str]:
        """The texts of the ephemeral messages."""
        return [message.text for message in self.ephemeral_messages]

    @property
    def modal(self) -> OpenModal | None:
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


class Submission(Outcome):
    """The result of a Submit: ``errors`` by label when the form stays open, ``closed`` when it does not."""

    def __init__(self, person: Actor) -> None:
        super().__init__(person)
        self.errors: dict[str, str] = {}
        self.closed = False

    @property
    def modal(self) -> OpenModal | None:
        """The modal that is open afterwards."""
        return self.person.open_modal
