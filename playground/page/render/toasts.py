"""HTML of the notes in the corner."""

from collections.abc import Iterable

from playground.page.render.html import Html, h
from playground.page.render.icons import icon
from playground.page.render.message import avatar
from playground.page.state.toasts import Toast


def toasts_html(toasts: Iterable[Toast]) -> Html:
    """The notes, the newest last."""
    return h("div", [_toast(toast) for toast in toasts], class_="toasts")


def _toast(toast: Toast) -> Html:
    inner = h("span", h("b", toast.title), h("span", toast.text), class_="toast-text")
    sign = avatar(toast.author) if toast.author else icon("warn") if toast.tone == "error" else icon("spark")
    return h(
        "div",
        h("button", sign, inner, type="button", class_="toast-main", data_act="toast", data_number=toast.number),
        h(
            "button",
            icon("close"),
            type="button",
            class_="tool",
            data_act="dismiss",
            data_number=toast.number,
            aria_label="Dismiss",
        ),
        class_=f"toast {toast.tone}",
        data_k=f"toast{toast.number}",
        role="alert" if toast.tone == "error" else "status",
    )
