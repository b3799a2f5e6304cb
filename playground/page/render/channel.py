"""The middle column around the messages: its head, and the text of an empty channel."""

from playground.page.render.html import Html, h
from playground.page.render.icons import icon
from playground.page.render.message import avatar
from playground.page.state.viewer import Viewer
from playground.slack import Channel, Workspace

PANELS = (("try", "spark", "Try this"), ("sandboxes", "flask", "Sandboxes"), ("wire", "wire", "Wire log"))


def head_html(viewer: Viewer, channel: Channel | None, open_panel: str) -> Html:
    """The head of a channel, or of the home tab where there is none."""
    ws = viewer.ws
    buttons = [
        h(
            "button",
            icon(sign),
            h("span", words),
            type="button",
            class_="tool",
            data_act="tools",
            data_name=name,
            aria_pressed="true" if open_panel == name else "false",
        )
        for name, sign, words in PANELS
    ]
    return h(
        "div",
        h("button", icon("menu"), type="button", class_="tool only-narrow", data_act="drawer", aria_label="Channels"),
        h("h1", _title(ws, channel)),
        h("span", _subtitle(ws, channel), class_="muted about"),
        h("div", buttons, class_="tool-row", role="group", aria_label="Behind the scenes"),
        h(
            "button",
            icon("sun"),
            icon("moon"),
            type="button",
            class_="tool theme",
            data_act="theme",
            aria_label="Light or dark colours",
            title="Light or dark colours",
        ),
        class_="head",
    )


def _title(ws: Workspace, channel: Channel | None) -> Html:
    if channel is None or channel.kind == "im":
        return h("span", avatar(ws.bot, small=True), ws.bot.real_name, class_="title")
    sign = "link" if channel.is_ext_shared else "lock" if channel.kind == "private" else "hash"
    return h("span", icon(sign), channel.name, class_="title")


def _subtitle(ws: Workspace, channel: Channel | None) -> str:
    if channel is None:
        return "Home"
    if channel.kind == "im":
        return "Messages"
    people = [ws.users[ident] for ident in channel.members if not ws.users[ident].is_bot]
    shared = " · shared with another team" if channel.is_ext_shared else ""
    return f"{len(people)} people{shared}"


def empty_html(channel: Channel) -> Html:
    """The text of a channel without messages."""
    name = "your messages with Nightshift" if channel.kind == "im" else f"#{channel.name}"
    return h("div", h("p", f"This is the very beginning of {name}."), class_="empty")
