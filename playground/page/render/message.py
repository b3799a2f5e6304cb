"""A message as HTML: its author, time, content, marks and thread."""

from playground.page.render.blocks import blocks_html
from playground.page.render.elements import RenderContext
from playground.page.render.emoji import EMOJI
from playground.page.render.html import Html, h, join
from playground.page.render.icons import MARK, icon
from playground.page.render.text import mrkdwn, plain
from playground.page.state.viewer import Viewer
from playground.slack import Message, User
from playground.slack.elements import Json
from playground.slack.model import File

GROUPING_SECONDS = 300
_COLOURS = 6


def message_html(
    viewer: Viewer, message: Message, *, busy: str = "", previous: Message | None = None, in_thread: bool = False
) -> Html:
    """A message. ``previous`` is the one above it; ``busy`` is the key of the element that waits for the bot."""
    author = viewer.ws.users[message.user]
    compact = previous is not None and not in_thread and _is_continuation(previous, message)
    classes = ["message", "compact" if compact else "", "ephemeral" if message.ephemeral_for else ""]
    return join(
        None if in_thread else _divider(viewer, message, previous),
        h(
            "article",
            None if compact else avatar(author),
            _time(viewer, message, class_="gutter") if compact else None,
            h(
                "div",
                h("div", icon("eye"), "Only visible to you", class_="only-you") if message.ephemeral_for else None,
                None if compact else _header(viewer, message, author),
                content_html(viewer, message, busy),
                _reactions(message),
                None if in_thread else _thread_summary(viewer, message),
                class_="message-body",
            ),
            None if in_thread or message.ephemeral_for else _hover_buttons(message),
            class_=" ".join(filter(None, classes)),
            data_surface=message.ts,
            data_k=message.ts,
            data_author=author.name,
        ),
    )


def avatar(user: User, small: bool = False) -> Html:
    """A person's picture."""
    classes = f"avatar {'small' if small else ''} colour{sum(user.id.encode()) % _COLOURS}"
    if user.is_bot:
        return h("span", MARK, class_=f"{classes} bot", aria_hidden="true")
    letters = "".join(part[0] for part in user.real_name.split()[:2])
    return h("span", letters, class_=classes, aria_hidden="true")


def content_html(viewer: Viewer, message: Message, busy: str = "") -> Html:
    """The content of a message, without author and time."""
    canvas = RenderContext(viewer, message.form_of(viewer.user.id), f"m{message.ts.replace('.', '-')}", busy_key=busy)
    edited = h("span", "(edited)", class_="edited") if message.edited else None
    return join(
        blocks_html(canvas, message.blocks)
        if message.blocks
        else h("div", mrkdwn(viewer, message.fallback_text), " ", edited, class_="plain"),
        edited if message.blocks else None,
        [_attachment(viewer, canvas, item) for item in message.attachments],
        [_file(file) for file in message.files],
    )


def _is_continuation(before: Message, message: Message) -> bool:
    near = float(message.ts) - float(before.ts) < GROUPING_SECONDS
    plain_both = not message.ephemeral_for and not before.ephemeral_for
    return near and plain_both and not message.blocks and before.user == message.user and not before.thread


def _divider(viewer: Viewer, message: Message, before: Message | None) -> Html | None:
    day = viewer.clock.local(float(message.ts)).date()
    if before is not None and viewer.clock.local(float(before.ts)).date() == day:
        return None
    words = viewer.clock.day(viewer.clock.local(float(message.ts)))
    return h("div", h("span", words), class_="day", role="separator", aria_label=words)


def _header(viewer: Viewer, message: Message, author: User) -> Html:
    app = h("span", "APP", class_="app") if author.is_bot else None
    away = h("span", "other team", class_="app") if author.is_stranger else None
    return h("div", h("b", author.real_name), app, away, _time(viewer, message), class_="who")


def _time(viewer: Viewer, message: Message, **attributes: str) -> Html:
    at = viewer.clock.local(float(message.ts))
    words = f"{viewer.clock.day(at)} at {viewer.clock.time(at, True)}"
    return h("time", viewer.clock.time(at), datetime=at.isoformat(), title=words, **attributes)


def _thread_summary(viewer: Viewer, message: Message) -> Html | None:
    replies = message.thread
    if not replies:
        return None
    authors = list(dict.fromkeys(reply.user for reply in replies))[:3]
    last = viewer.clock.local(float(replies[-1].ts))
    count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    return h(
        "button",
        [avatar(viewer.ws.users[user], small=True) for user in authors],
        h("b", count),
        h("span", f"Last reply {viewer.clock.day(last).lower()} at {viewer.clock.time(last)}", class_="muted"),
        type="button",
        class_="thread-line",
        data_act="thread",
        data_ts=message.ts,
    )


def _hover_buttons(message: Message) -> Html:
    return h(
        "div",
        h(
            "button",
            icon("thread"),
            type="button",
            data_act="thread",
            data_ts=message.ts,
            aria_label="Reply in thread",
            title="Reply in thread",
        ),
        class_="message-tools",
    )


def _reactions(message: Message) -> Html | None:
    if not message.reactions:
        return None
    shown = [h("span", f"{EMOJI.get(name, f':{name}:')} {len(users)}") for name, users in message.reactions.items()]
    return h("div", shown, class_="reactions")


def _attachment(viewer: Viewer, context: RenderContext, item: Json) -> Html:
    inner = blocks_html(context, item["blocks"]) if item.get("blocks") else None
    words = str(item.get("text") or item.get("fallback") or "")
    colour = str(item.get("color", "")).lstrip("#")
    style = f"border-color: #{colour}" if colour.isalnum() and len(colour) == 6 else None
    return h("div", inner or mrkdwn(viewer, words), class_="attachment", style=style)


def _file(file: File) -> Html:
    text = file.data.decode(errors="replace") if file.data else ""
    preview = h("pre", text[:1000], tabindex=0) if text.isprintable() or "\n" in text else None
    head = h("span", icon("file"), h("b", plain(file.title or file.name, emoji=False)), f" {file.length:,} bytes")
    return h("div", head, preview, class_="file")
