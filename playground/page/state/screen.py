"""State of one browser: the person who acts, the open place and panels, and what has been read."""

import itertools
from collections import deque
from dataclasses import dataclass
from typing import Any

from playground.page.state.session import PlaygroundSession
from playground.page.state.toasts import Toast, Tone
from playground.page.state.viewer import Viewer
from playground.slack import Channel, Message, Person, Surface
from playground.slack.elements import Element, Json
from playground.slack.text import mrkdwn_to_text

HOME = "home"
"""The home tab as a place, and the name of its surface."""
MODAL = "modal"
"""The name of the modal as a surface."""
MAX_TOASTS = 4


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A confirmation that is shown before an element acts."""

    surface: Surface
    surface_name: str
    element: Element
    value: Any
    option: Json | None = None


class Screen:
    """State only. ``place`` is a channel's id or HOME; ``open_panel`` is the open panel, "" for none;
    ``dark`` None follows the browser's preference."""

    def __init__(self, session: PlaygroundSession, person: str, place: str) -> None:
        self.session = session
        self.slack = session.env.slack
        self.ws = self.slack.workspace
        self.person: Person = self.slack.person(person)
        self.place = self.slack.channel(place).id
        self.thread: Message | None = None
        self.open_panel = "try"
        self.drawer_open = False
        self.dark: bool | None = None
        self.busy: tuple[str, str] = ("", "")
        self.modal_error = ""
        self.confirmation: Confirmation | None = None
        self.toasts: deque[Toast] = deque(maxlen=MAX_TOASTS)
        self.draft_text = ("", 0)
        self.found_options: dict[str, dict[str, Json]] = {}
        self.expanded_exchanges: set[int] = set()
        self._toast_numbers = itertools.count(1)
        self._read_marks: dict[tuple[str, str], str] = {}
        self._last_places: dict[str, str] = {}

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.ws, self.person.user)

    @property
    def channel(self) -> Channel | None:
        """The channel that is open; None for the home tab."""
        return None if self.place == HOME else self.ws.channels[self.place]

    @property
    def messages(self) -> list[Message]:
        """The messages of the open channel without replies, the person's own ephemeral ones included, oldest first."""
        public = [m for m in self.channel.messages if not m.thread_ts] if self.channel else []
        private = [m for m in self.person.ephemerals if m.channel is self.channel and not m.thread_ts]
        return sorted([*public, *private], key=lambda m: m.ts) if private else public

    def switch_user(self, user_id: str) -> None:
        """Act as somebody else, at the place where they were last."""
        self._last_places[self.person.id] = self.place
        self.person = self.slack.person(user_id)
        self.thread, self.confirmation, self.busy, self.modal_error = None, None, ("", ""), ""
        self.toasts.clear()
        mine = [c.id for c in self.person.channels if c.kind != "im"]
        wanted = self._last_places.get(user_id) or self.place
        allowed = wanted == HOME or user_id in self.ws.channels[wanted].members
        self.place = wanted if allowed else mine[0] if mine else HOME

    def open_place(self, place: str) -> None:
        """Open a channel or the home tab."""
        if place != HOME and self.person.id not in self.ws.channels[place].members:
            return
        self.place, self.thread, self.drawer_open = place, None, False

    def open_message(self, message: Message) -> None:
        """Open the place of a message, and its thread if it is in one."""
        self.open_place(message.channel.id)
        self.thread = message.channel.by_ts.get(message.thread_ts) if message.thread_ts else None

    def find_message(self, ts: str) -> Message | None:
        """A message that the person can see."""
        found = next((m for m in reversed(self.ws.posts) if m.ts == ts), None)
        return found if found is not None and self.ws.can_see(self.person.id, found) else None

    def busy_key(self, surface: str) -> str:
        """The key of the element of a surface that is waiting for the bot."""
        return self.busy[1] if self.busy[0] == surface else ""

    # What has been read

    def mark_read(self) -> None:
        """Mark the open channel as read."""
        if self.channel is not None and self.channel.messages:
            self._read_marks[self.person.id, self.place] = self.channel.messages[-1].ts

    def unread_counts(self) -> dict[str, int]:
        """The number of unread messages of others, by channel."""
        return {c.id: n for c in self.person.channels if (n := self._unread_count(c))}

    def _unread_count(self, channel: Channel) -> int:
        seen = self._read_marks.get((self.person.id, channel.id), "")
        newer = itertools.takewhile(lambda m: m.ts > seen, reversed(channel.messages))
        return sum(1 for m in newer if m.user != self.person.id)

    # Notes

    def add_toast(self, title: str, text: str, tone: Tone = "note", message: Message | None = None) -> Toast:
        """Add a note in the corner."""
        author = self.ws.users.get(message.user) if message else None
        toast = Toast(next(self._toast_numbers), title, text, tone, author, message)
        self.toasts.append(toast)
        return toast

    def toast_for_message(self, message: Message) -> Toast | None:
        """Add a note of a new message, if it notifies this person and is not in view."""
        in_view = message.channel.id == self.place and (not message.thread_ts or self._in_thread(message))
        if in_view or not self.ws.can_see(self.person.id, message) or not self._notifies(message):
            return None
        author = self.ws.users[message.user].real_name
        where = "" if message.channel.kind == "im" else f" in #{message.channel.name}"
        text = mrkdwn_to_text(message.fallback_text, self.ws.display_name)
        return self.add_toast(f"{author}{where}", text if len(text) < 140 else f"{text[:139]}…", "message", message)

    def _notifies(self, message: Message) -> bool:
        """Whether Slack would notify: direct and ephemeral messages, and those that mention the person or a group."""
        if message.user == self.person.id:
            return False
        if message.channel.kind == "im" or message.ephemeral_for:
            return True
        names = [f"@{group.handle}" for group in self.ws.usergroups.values() if self.person.id in group.users]
        names += [] if self.ws.users[message.user].is_bot else [f"@{self.person.name}"]
        return any(name in message.text for name in names)

    def _in_thread(self, message: Message) -> bool:
        return self.thread is not None and self.thread.ts == message.thread_ts

    def dismiss(self, number: int) -> Toast | None:
        """Remove a note. Returns it if it was there."""
        found = next((toast for toast in self.toasts if toast.number == number), None)
        if found is not None:
            self.toasts.remove(found)
        return found
