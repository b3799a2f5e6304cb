"""The thread of a message."""

from playground.page.render.composer import thread_composer_html
from playground.page.render.html import Html, h
from playground.page.render.icons import icon
from playground.page.render.message import message_html
from playground.page.state.screen import Screen
from playground.slack import Message


def thread_html(screen: Screen, parent: Message) -> Html:
    """The message, its replies, and where to answer. Ephemeral replies are only the person's own."""
    reader = screen.viewer
    private = [m for m in screen.person.ephemerals if m.thread_ts == parent.ts]
    replies = sorted([*parent.thread, *private], key=lambda m: m.ts)
    shown = [message_html(reader, m, busy=screen.busy_key(m.ts), in_thread=True) for m in (parent, *replies)]
    count = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    return h(
        "div",
        h(
            "div",
            h("h2", "Thread", h("small", f" #{parent.channel.name}" if parent.channel.kind != "im" else "")),
            h(
                "button",
                icon("close"),
                type="button",
                class_="tool",
                data_act="unthread",
                aria_label="Close the thread",
            ),
            class_="head",
        ),
        h(
            "div",
            shown[0],
            h("div", h("span", count), class_="day") if replies else None,
            shown[1:],
            class_="thread-messages",
            tabindex=0,
        ),
        thread_composer_html(parent),
        class_="thread-inner",
    )
