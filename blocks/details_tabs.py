"""The tabs of Details: Summary, Results, Request and History. The open one is the heading, the others are buttons. What
the request does is below them."""

from collections.abc import Mapping

from blocks.request import title_of
from blocks.text import Block, actions, button, clip, header, rich_text_lines, text_run
from bot.requests.model import Request

TABS: Mapping[str, str] = {
    "details_summary": "Summary",
    "details_results": "Results",
    "details_request": "Request",
    "details_history": "History",
}
"""The titles of the tabs, by the action of their buttons."""


def tab_blocks(open_tab: str, request: Request) -> list[Block]:
    """The heading of a tab, the buttons of the others, and what the request does."""
    value = f"{request.id}:{request.revision}:0"
    buttons = [
        button(title, action, value, spoken=f"{title} of {request.name}, {request.title}")
        for action, title in TABS.items()
        if action != open_tab
    ]
    title = rich_text_lines([text_run(clip(title_of(request), 300), bold=True)])
    return [header(TABS[open_tab]), actions("details_tabs", *buttons), title]
