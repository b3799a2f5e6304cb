"""The head of the right column, where one looks behind the scenes."""

from playground.page.channel import TOOLS
from playground.page.html import Html, h
from playground.page.icons import icon


def tools_head_html(open_: str) -> Html:
    """The name of the panel that is open, and how to close it."""
    title = next((words for name, _, words in TOOLS if name == open_), "")
    return h(
        "div",
        h("h2", title),
        h("button", icon("close"), type="button", class_="tool", data_act="tools", data_name=open_, aria_label="Close"),
        class_="head",
    )
