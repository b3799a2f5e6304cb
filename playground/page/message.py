"""A message as HTML: who, when, what, its marks and its thread."""

from playground.page.blocks import blocks_html
from playground.page.elements import Canvas
from playground.page.emoji import EMOJI
from playground.page.html import Html, h, join
from playground.page.icons import MARK, icon
from playground.page.reader import Reader
from playground.page.text import mrkdwn, plain
from playground.slack import Message, User
from playground.slack.elements import Json
from playground.slack.model import File

COMPACT_SECONDS = 300
_COLOURS = 6


def message_html(
    reader: Reader, message: Message, *, busy: str = "", before: Message | None = None, in_thread: bool = False
) -> Html:
    """A message. ``before`` is the one above it; ``busy`` the key of the element that waits for the bot."""
    author = reader.ws.users[message.user]
    compact = before is not None and not in_thread and _continues(before, message)
    classes = ["message", "compact" if compact else "", "ephemeral" if message.ephemeral_for else ""]
    return join(
        None if in_thread else _divider(reader, message, before),
        h(
            "article",
            None if compact else avatar(author),
            _time(reader, message, class_="gutter") if compact else None,
            h(
                "div",
                h("div", icon("eye"), "Only visible to you", class_="only-you") if message.ephemeral_for else None,
                None if compact else _who(reader, message, author),
                content_html(reader, message, busy),
                _reactions(message),
                None if in_thread else _thread_line(reader, message),
                class_="message-body",
            ),
            None if in_thread or message.ephemeral_for else _tools(message),
            class_=" ".join(filter(None, classes)),
            data_surface=message.ts,
            data_k=message.ts,
            data_author=author.name,
        ),
    )


def avatar(user: User, small: bool = False) -> Html:
    """A picture that stands for somebody."""
    classes = f"avatar {'small' if small else ''} colour{sum(user.id.encode()) % _COLOURS}"
    if user.is_bot:
        return h("span", MARK, class_=f"{classes} bot", aria_hidden="true")
    letters = "".join(part[0] for part in user.real_name.split()[:2])
    return h("span", letters, class_=classes, aria_hidden="true")


def content_html(reader: Reader, message: Message, busy: str = "") -> Html:
    """What a message says, without who and when."""
    canvas = Canvas(reader, message.form(reader.user.id), f"m{message.ts.replace('.', '-')}", busy=busy)
    edited = h("span", "(edited)", class_="edited") if message.edited else None
    return join(
        blocks_html(canvas, message.blocks)
        if message.blocks
        else h("div", mrkdwn(reader, message.fallback), " ", edited, class_="plain"),
        edited if message.blocks else None,
        [_attachment(reader, canvas, item) for item in message.attachments],
        [_file(file) for file in message.files],
    )


def _continues(before: Message, message: Message) -> bool:
    near = float(message.ts) - float(before.ts) < COMPACT_SECONDS
    plain_both = not message.ephemeral_for and not before.ephemeral_for
    return near and plain_both and not message.blocks and before.user == message.user and not before.thread


def _divider(reader: Reader, message: Message, before: Message | None) -> Html | None:
    day = reader.clock.local(float(message.ts)).date()
    if before is not None and reader.clock.local(float(before.ts)).date() == day:
        return None
    words = reader.clock.day(reader.clock.local(float(message.ts)))
    return h("div", h("span", words), class_="day", role="separator", aria_label=words)


def _who(reader: Reader, message: Message, author: User) -> Html:
    app = h("span", "APP", class_="app") if author.is_bot else None
    away = h("span", "other team", class_="app") if author.is_stranger else None
    return h("div", h("b", author.real_name), app, away, _time(reader, message), class_="who")


def _time(reader: Reader, message: Message, **attributes: str) -> Html:
    at = reader.clock.local(float(message.ts))
    words = f"{reader.clock.day(at)} at {reader.clock.time(at, True)}"
    return h("time", reader.clock.time(at), datetime=at.isoformat(), title=words, **attributes)


def _thread_line(reader: Reader, message: Message) -> Html | None:
    replies = message.thread
    if not replies:
        return None
    authors = list(dict.fromkeys(reply.user for reply in replies))[:3]
    last = reader.clock.local(float(replies[-1].ts))
    count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    return h(
        "button",
        [avatar(reader.ws.users[user], small=True) for user in authors],
        h("b", count),
        h("span", f"Last reply {reader.clock.day(last).lower()} at {reader.clock.time(last)}", class_="muted"),
        type="button",
        class_="thread-line",
        data_act="thread",
        data_ts=message.ts,
    )


def _tools(message: Message) -> Html:
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


def _attachment(reader: Reader, canvas: Canvas, item: Json) -> Html:
    inner = blocks_html(canvas, item["blocks"]) if item.get("blocks") else None
    words = str(item.get("text") or item.get("fallback") or "")
    colour = str(item.get("color", "")).lstrip("#")
    style = f"border-color: #{colour}" if colour.isalnum() and len(colour) == 6 else None
    return h("div", inner or mrkdwn(reader, words), class_="attachment", style=style)


def _file(file: File) -> Html:
    text = file.data.decode(errors="replace") if file.data else ""
    preview = h("pre", text[:1000], tabindex=0) if text.isprintable() or "\n" in text else None
    head = h("span", icon("file"), h("b", plain(file.title or file.name, emoji=False)), f" {file.length:,} bytes")
    return h("div", head, preview, class_="file")
