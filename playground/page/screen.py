"""What one browser looks at: who is acting, where they are, what is open beside it, what they have seen."""

import itertools
from collections import deque
from dataclasses import dataclass
from typing import Any

from playground.page.backstage import Backstage
from playground.page.channel import stream
from playground.page.reader import Reader
from playground.page.toasts import Toast, Tone
from playground.slack import Channel, Message, Person, Surface
from playground.slack.elements import Element, Json
from playground.slack.text import readable

HOME = "home"
TOASTS = 4


@dataclass(frozen=True, slots=True)
class Question:
    """A confirmation that is asked for before an element does what it does."""

    surface: Surface
    name: str
    element: Element
    value: Any
    option: Json | None = None


class Screen:
    """State only. ``place`` is a channel's id or HOME; ``tools`` the panel that is open, "" for none;
    ``dark`` None for what the browser prefers."""

    def __init__(self, backstage: Backstage, person: str, place: str) -> None:
        self.backstage = backstage
        self.slack = backstage.on.slack
        self.ws = self.slack.state
        self.person: Person = self.slack.person(person)
        self.place = self.slack.channel(place).id
        self.thread: Message | None = None
        self.tools = "try"
        self.drawer = False
        self.dark: bool | None = None
        self.busy: tuple[str, str] = ("", "")
        self.trouble = ""
        self.question: Question | None = None
        self.toasts: deque[Toast] = deque(maxlen=TOASTS)
        self.typed = ("", 0)
        self.found: dict[str, dict[str, Json]] = {}
        self.opened: set[int] = set()
        self._numbers = itertools.count(1)
        self._seen: dict[tuple[str, str], str] = {}
        self._places: dict[str, str] = {}

    @property
    def reader(self) -> Reader:
        return Reader(self.ws, self.person.user)

    @property
    def channel(self) -> Channel | None:
        """The channel that is open; None for the home tab."""
        return None if self.place == HOME else self.ws.channels[self.place]

    @property
    def messages(self) -> list[Message]:
        """What stands in the open channel, oldest first."""
        return stream(self.channel, self.person.ephemerals) if self.channel else []

    def become(self, user_id: str) -> None:
        """Act as somebody else, who is where they were last."""
        self._places[self.person.id] = self.place
        self.person = self.slack.person(user_id)
        self.thread, self.question, self.busy, self.trouble = None, None, ("", ""), ""
        self.toasts.clear()
        mine = [c.id for c in self.person.channels if c.kind != "im"]
        wanted = self._places.get(user_id) or self.place
        allowed = wanted == HOME or user_id in self.ws.channels[wanted].members
        self.place = wanted if allowed else mine[0] if mine else HOME

    def go(self, place: str) -> None:
        """Open a channel or the home tab."""
        if place != HOME and self.person.id not in self.ws.channels[place].members:
            return
        self.place, self.thread, self.drawer = place, None, False

    def look_at(self, message: Message) -> None:
        """Open the place of a message, and its thread if it is in one."""
        self.go(message.channel.id)
        self.thread = message.channel.by_ts.get(message.thread_ts) if message.thread_ts else None

    def message(self, ts: str) -> Message | None:
        """A message that the person can see."""
        found = next((m for m in reversed(self.ws.posts) if m.ts == ts), None)
        return found if found is not None and self.ws.sees(self.person.id, found) else None

    def waits(self, surface: str) -> str:
        """The key of the element of a surface that waits for the bot."""
        return self.busy[1] if self.busy[0] == surface else ""

    # What has been seen

    def see(self) -> None:
        """What is open has been seen."""
        if self.channel is not None and self.channel.messages:
            self._seen[self.person.id, self.place] = self.channel.messages[-1].ts

    def unread(self) -> dict[str, int]:
        """How many messages of others are new, by channel."""
        return {c.id: n for c in self.person.channels if (n := self._unread(c))}

    def _unread(self, channel: Channel) -> int:
        seen = self._seen.get((self.person.id, channel.id), "")
        newer = itertools.takewhile(lambda m: m.ts > seen, reversed(channel.messages))
        return sum(1 for m in newer if m.user != self.person.id)

    # Notes

    def note(self, title: str, text: str, tone: Tone = "note", message: Message | None = None) -> Toast:
        """A note in the corner."""
        author = self.ws.users.get(message.user) if message else None
        toast = Toast(next(self._numbers), title, text, tone, author, message)
        self.toasts.append(toast)
        return toast

    def arrived(self, message: Message) -> Toast | None:
        """A note of a new message, if it is for this person and not before their eyes."""
        in_view = message.channel.id == self.place and (not message.thread_ts or self._in_thread(message))
        if in_view or not self.ws.sees(self.person.id, message) or not self._concerns(message):
            return None
        author = self.ws.users[message.user].real_name
        where = "" if message.channel.kind == "im" else f" in #{message.channel.name}"
        text = readable(message.fallback, self.ws.shown_name)
        return self.note(f"{author}{where}", text if len(text) < 140 else f"{text[:139]}…", "message", message)

    def _concerns(self, message: Message) -> bool:
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
        """Take a note away; returns it if it was there."""
        found = next((toast for toast in self.toasts if toast.number == number), None)
        if found is not None:
            self.toasts.remove(found)
        return found
