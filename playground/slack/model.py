"""The objects of a workspace: people, groups, channels, messages, views and files, with Slack's own fields."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from playground.slack.elements import FormState, Json, button_labels, elements_of
from playground.slack.text import NameResolver, blocks_to_text, mrkdwn_to_text

ChannelKind = Literal["public", "private", "im"]


@dataclass(frozen=True, slots=True)
class Team:
    id: str
    name: str
    domain: str


@dataclass(slots=True)
class User:
    """A member or somebody from outside. ``is_restricted`` is a guest of several channels,
    ``is_ultra_restricted`` of one, ``is_stranger`` somebody of another team in a shared channel."""

    id: str
    name: str
    real_name: str
    team_id: str
    tz: str = "UTC"
    locale: str = "en-US"
    email: str = ""
    is_bot: bool = False
    deleted: bool = False
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    updated: int = 0
    grid_teams: tuple[str, ...] = ()
    """The workspaces of an Enterprise Grid that they are in. ``team_id`` may be another one of them."""


@dataclass(slots=True)
class UserGroup:
    id: str
    handle: str
    name: str
    users: list[str]
    date_delete: int = 0
    date_update: int = 1


@dataclass(slots=True)
class File:
    id: str
    name: str
    length: int
    title: str = ""
    data: bytes | None = None
    shared_in: list[str] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class Message:
    """A message in its place. It changes with chat.update, so reading it always gives what is shown.

    ``ephemeral_for`` is the only person who sees it ("" for all). ``fallback_text`` is the top-level text.
    """

    ts: str
    channel: "Channel"
    user: str
    fallback_text: str
    display_name: NameResolver = field(repr=False)
    blocks: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    ephemeral_for: str = ""
    edited: Json | None = None
    metadata: Json | None = None
    bot_id: str = ""
    app_id: str = ""
    attachments: list[Json] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    forms: dict[str, FormState] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """All visible text, including the names of shared files."""
        body = (
            blocks_to_text(self.blocks, self.display_name)
            if self.blocks
            else mrkdwn_to_text(self.fallback_text, self.display_name)
        )
        attached = [_attachment_text(item, self.display_name) for item in self.attachments]
        return "\n".join(part for part in [body, *attached, *(f.title or f.name for f in self.files)] if part)

    @property
    def thread(self) -> list["Message"]:
        """Its replies, oldest first."""
        return [m for m in self.channel.messages if m.thread_ts == self.ts and m.ts != self.ts]

    @property
    def buttons(self) -> list[str]:
        """What can be pressed on it: buttons, and the entries of menus."""
        return button_labels(self.blocks)

    @property
    def visible_buttons(self) -> list[str]:
        """The labels of its buttons, without what is in menus."""
        return [e.label for e in elements_of(self.blocks) if e.kind == "button"]

    def form_of(self, user: str) -> FormState:
        """The choices of one person in its elements."""
        form = self.forms.setdefault(user, FormState())
        form.sync(self.blocks)
        return form

    def payload(self, *, with_metadata: bool = True) -> Json:
        """The message as the API and interaction payloads show it."""
        out: Json = {"type": "message", "user": self.user, "ts": self.ts, "text": self.fallback_text}
        if self.bot_id:
            out |= {"bot_id": self.bot_id, "app_id": self.app_id}
        for key in ("blocks", "attachments", "thread_ts", "edited"):
            if getattr(self, key):
                out[key] = getattr(self, key)
        if self.metadata and with_metadata:
            out["metadata"] = self.metadata
        if self.files:
            out["files"] = [{"id": f.id, "name": f.name, "title": f.title} for f in self.files]
        if self.ephemeral_for:
            out |= {"is_ephemeral": True}
        return out


@dataclass(eq=False, slots=True)
class Channel:
    """A channel, or the direct messages between the bot and ``peer``."""

    id: str
    name: str
    kind: ChannelKind = "public"
    members: set[str] = field(default_factory=set)
    is_archived: bool = False
    is_ext_shared: bool = False
    peer: str = ""
    messages: list[Message] = field(default_factory=list, repr=False)
    by_ts: dict[str, Message] = field(default_factory=dict, repr=False)

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self.by_ts[message.ts] = message

    def remove(self, message: Message) -> None:
        message.deleted = True
        self.messages.remove(message)
        del self.by_ts[message.ts]

    def payload(self) -> Json:
        out: Json = {"id": self.id, "is_archived": self.is_archived, "is_ext_shared": self.is_ext_shared}
        if self.kind == "im":
            return {**out, "is_im": True, "user": self.peer}
        private = self.kind == "private"
        return {
            **out,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not private,
            "is_group": private,
            "is_im": False,
            "is_private": private,
            "num_members": len(self.members),
        }


@dataclass(eq=False, slots=True)
class View:
    """A modal's view or a home tab, as the bot last sent it, and what the person has entered."""

    id: str
    user: str
    content: Json
    hash: str
    root_id: str = ""
    previous_id: str = ""
    form: FormState = field(default_factory=FormState, repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root_id = self.root_id or self.id
        self.form.sync(self.blocks)

    @property
    def type(self) -> str:
        return str(self.content["type"])

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.content["blocks"]
        return blocks

    @property
    def external_id(self) -> str:
        return str(self.content.get("external_id", ""))


@dataclass(slots=True)
class Trigger:
    """A trigger id: ``view`` is the modal it was issued in; ``opened`` what the bot opened with it.
    ``created_at`` is in seconds of the monotonic clock."""

    id: str
    user: str
    created_at: float
    view: View | None = None
    used: bool = False
    opened: View | None = None


@dataclass(slots=True)
class ResponseUrl:
    """A URL at which the bot may answer an interaction, a few times and for a limited time."""

    token: str
    user: str
    channel: Channel
    created_at: float
    message: Message | None = None
    uses: int = 0


def _attachment_text(attachment: Json, name: NameResolver) -> str:
    if attachment.get("blocks"):
        return blocks_to_text(attachment["blocks"], name)
    return mrkdwn_to_text(str(attachment.get("text") or attachment.get("fallback") or ""), name)


def with_block_ids(blocks: Iterable[Json], new_id: Any) -> list[Json]:
    """A copy of blocks in which each block and each interactive element has an id, as Slack fills them in."""
    out = []
    for block in blocks:
        filled = {**block, "block_id": block.get("block_id") or new_id()}
        if filled.get("type") == "input":
            filled["element"] = _with_action_id(filled["element"], new_id)
        elif filled.get("type") == "actions":
            filled["elements"] = [_with_action_id(element, new_id) for element in filled["elements"]]
        elif filled.get("type") == "section" and "accessory" in filled:
            filled["accessory"] = _with_action_id(filled["accessory"], new_id)
        out.append(filled)
    return out


def _with_action_id(spec: Json, new_id: Any) -> Json:
    return spec if spec.get("type") == "image" else {**spec, "action_id": spec.get("action_id") or new_id()}
