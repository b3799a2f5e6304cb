"""The head of the right column with the panels."""

from playground.page.render.channel import PANELS
from playground.page.render.html import Html, h
from playground.page.render.icons import icon


def tools_head_html(open_panel: str) -> Html:
    """The name of the panel that is open, and how to close it."""
    title = next((words for name, _, words in PANELS if name == open_panel), "")
    return h(
        "div",
        h("h2", title),
        h(
            "button",
            icon("close"),
            type="button",
            class_="tool",
            data_act="tools",
            data_name=open_panel,
            aria_label="Close",
        ),
        class_="head",
    )
