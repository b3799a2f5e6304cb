"""Icons, drawn for this page: strokes on a grid of 20."""

from playground.page.render.html import Html, h

_PATHS = {
    "hash": "M8 3 6.5 17M13.5 3 12 17M3.5 7.5h13M3 12.5h13",
    "lock": "M5.5 9h9v7h-9zM7 9V6.5a3 3 0 0 1 6 0V9",
    "link": "M8 12l4-4M7 9l-2 2a2.8 2.8 0 0 0 4 4l2-2M13 11l2-2a2.8 2.8 0 0 0-4-4L9 7",
    "thread": "M4 5h12v8.5H9.5L6 16.5v-3H4zM7 8h6M7 10.5h4",
    "menu": "M3 5.5h14M3 10h14M3 14.5h14",
    "close": "M5 5l10 10M15 5 5 15",
    "back": "M12 4l-6 6 6 6",
    "eye": "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5zM10 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6",
    "spark": "M10 2.5l1.8 5.2 5.2 1.8-5.2 1.8L10 16.5l-1.8-5.2L3 9.5l5.2-1.8zM16 14v3M14.5 15.5h3",
    "flask": "M8 3h4M8.5 3v5L4 16.5h12L11.5 8V3M6.3 12.5h7.4",
    "wire": "M2.5 10h3l2-6 4 12 2-6h4",
    "sun": "M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4"
    "M14.3 14.3l1.4 1.4M15.7 4.3l-1.4 1.4M5.7 14.3l-1.4 1.4",
    "moon": "M16 12.2A6.7 6.7 0 0 1 7.8 4a6.7 6.7 0 1 0 8.2 8.2z",
    "clock": "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M10 6v4.2l2.8 1.8",
    "file": "M5.5 2.5h6l3.5 3.5v11.5h-9.5zM11.5 2.5V6H15",
    "in": "M4 10h11M10.5 5.5 15 10l-4.5 4.5",
    "out": "M16 10H5M9.5 5.5 5 10l4.5 4.5",
    "warn": "M10 3.5 17.5 16.5h-15zM10 8v4M10 14v.5",
}


def icon(name: str) -> Html:
    """An icon, hidden from screen readers; its meaning is in the text or label beside it."""
    return h("svg", h("path", d=_PATHS[name]), viewBox="0 0 20 20", class_="icon", aria_hidden="true")


MARK = Html(
    '<svg viewBox="0 0 36 36" aria-hidden="true"><rect width="36" height="36" rx="8" fill="#1d2b3a"/>'
    '<path d="M24.8 21.5A9.6 9.6 0 0 1 14.5 11.2a9.6 9.6 0 1 0 10.3 10.3z" fill="#ffd479"/>'
    '<circle cx="24" cy="11.5" r="1.3" fill="#ffd479"/><circle cx="27.5" cy="16" r=".9" fill="#ffd479"/></svg>'
)
"""The bot's picture."""
