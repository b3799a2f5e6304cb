"""The open modal, the stack beneath it, and the confirmation of a button."""

from collections.abc import Sequence

from playground.page.render.blocks import blocks_html
from playground.page.render.elements import RenderContext, confirm_html
from playground.page.render.html import Html, h
from playground.page.render.icons import icon
from playground.page.render.text import plain
from playground.page.state.screen import MODAL
from playground.page.state.viewer import Viewer
from playground.slack import View
from playground.slack.elements import Json


def modal_html(
    viewer: Viewer, stack: Sequence[View], *, busy: str = "", trouble: str = "", confirming: bool = False
) -> Html:
    """The top view and the edges of those beneath it. ``trouble`` is the error when the bot did not answer."""
    view = stack[-1]
    here = {block["block_id"] for block in view.blocks}
    elsewhere = [text for block_id, text in view.errors.items() if block_id not in here]
    troubles = [h("p", icon("warn"), text, class_="trouble", role="alert") for text in (trouble, *elsewhere) if text]
    canvas = RenderContext(viewer, view.form, "f" + view.id, errors=view.errors, busy_key=busy)
    dialog = h(
        "pg-dialog",
        _header(view.content),
        h("div", troubles, blocks_html(canvas, view.blocks), class_="dialog-body", data_k=view.id, tabindex=0),
        _footer(view.content, busy_key=busy == "submit"),
        role="dialog",
        aria_labelledby="modal-title",
        view=f"{view.id} {view.hash}",
        data_open_content=True,
        tabindex=-1,
        class_="modal",
        inert=confirming,
    )
    beneath = [h("div", class_=f"beneath beneath{n}") for n in range(len(stack) - 1, 0, -1)]
    return _overlay(h("div", beneath, dialog, class_="views"), surface=MODAL)


def confirmation_html(viewer: Viewer, spec: Json) -> Html:
    """The confirmation, above everything else."""
    dialog = h(
        "pg-dialog",
        h("div", confirm_html(viewer, spec), class_="dialog-body"),
        role="alertdialog",
        aria_labelledby="confirm-title",
        view="confirm",
        data_open_content=True,
        tabindex=-1,
        data_escape="refuse",
        class_="modal confirm",
    )
    return _overlay(h("div", dialog, class_="views"))


def _overlay(inner: Html, surface: str | None = None) -> Html:
    return h("div", h("div", class_="shade"), inner, class_="overlay", data_surface=surface)


def _header(content: Json) -> Html:
    close = h("button", icon("close"), type="button", class_="tool", data_act="close-all", aria_label="Close")
    return h("div", h("h2", plain(content["title"]["text"]), id="modal-title"), close, class_="dialog-head")


def _footer(content: Json, busy_key: bool) -> Html | None:
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
            class_=f"button primary {'busy' if busy_key else ''}".strip(),
            data_act="submit",
            aria_busy="true" if busy_key else None,
        )
        if submit
        else None,
        class_="dialog-foot",
    )
