"""The open modal, the stack beneath it, and questions before a button does what it does."""

from collections.abc import Sequence

from playground.page.blocks import blocks_html
from playground.page.elements import Canvas, confirm_html
from playground.page.html import Html, h
from playground.page.icons import icon
from playground.page.reader import Reader
from playground.page.text import plain
from playground.slack import View
from playground.slack.elements import Json

MODAL = "modal"
"""The name of the modal as a surface."""


def modal_html(
    reader: Reader, stack: Sequence[View], *, busy: str = "", trouble: str = "", confirming: bool = False
) -> Html:
    """The top view and the edges of those beneath it. ``trouble`` is what Slack says when the bot did not answer."""
    view = stack[-1]
    here = {block["block_id"] for block in view.blocks}
    elsewhere = [text for block_id, text in view.errors.items() if block_id not in here]
    troubles = [h("p", icon("warn"), text, class_="trouble", role="alert") for text in (trouble, *elsewhere) if text]
    canvas = Canvas(reader, view.form, "f" + view.id, errors=view.errors, busy=busy)
    dialog = h(
        "pg-dialog",
        _head(view.content),
        h("div", troubles, blocks_html(canvas, view.blocks), class_="dialog-body", data_k=view.id, tabindex=0),
        _foot(view.content, waits=busy == "submit"),
        role="dialog",
        aria_labelledby="modal-title",
        view=f"{view.id} {view.hash}",
        data_open_content=True,
        tabindex=-1,
        class_="modal",
        inert=confirming,
    )
    beneath = [h("div", class_=f"beneath beneath{n}") for n in range(len(stack) - 1, 0, -1)]
    return _over(h("div", beneath, dialog, class_="views"), surface=MODAL)


def confirming_html(reader: Reader, spec: Json) -> Html:
    """A question over everything else."""
    dialog = h(
        "pg-dialog",
        h("div", confirm_html(reader, spec), class_="dialog-body"),
        role="alertdialog",
        aria_labelledby="confirm-title",
        view="confirm",
        data_open_content=True,
        tabindex=-1,
        data_escape="refuse",
        class_="modal confirm",
    )
    return _over(h("div", dialog, class_="views"))


def _over(inner: Html, surface: str | None = None) -> Html:
    return h("div", h("div", class_="shade"), inner, class_="overlay", data_surface=surface)


def _head(content: Json) -> Html:
    close = h("button", icon("close"), type="button", class_="tool", data_act="close-all", aria_label="Close")
    return h("div", h("h2", plain(content["title"]["text"]), id="modal-title"), close, class_="dialog-head")


def _foot(content: Json, waits: bool) -> Html | None:
    submit, close = content.get("submit"), content.get("close")
    if not submit and not close:
        return None
    words = plain(close["text"] if close else "Cancel")
    return h(
        "div",
        h("button", words, type="button", class_="button", data_act="close"),
        h(
            "button",
            plain(submit["text"]),
            type="button",
            class_=f"button primary {'busy' if waits else ''}".strip(),
            data_act="submit",
            aria_busy="true" if waits else None,
        )
        if submit
        else None,
        class_="dialog-foot",
    )
