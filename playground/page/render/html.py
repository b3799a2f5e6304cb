"""HTML from Python. Text that is not marked as HTML is escaped."""

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

Attribute = str | int | float | bool | None
Child: TypeAlias = "str | Iterable[Child] | None"

_VOID = frozenset({"br", "hr", "img", "input"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def h(tag: str, *children: Child, **attributes: Attribute) -> Html:
    """An element. ``class_`` is class and ``data_act`` data-act; True is an attribute without a value, False and None
    are left out. Children are text (escaped), Html, None (nothing), or any nesting of these."""
    start = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    return Html(start if tag in _VOID else f"{start}{join(*children)}</{tag}>")


def join(*children: Child) -> Html:
    """Join children."""
    return Html("".join(_flat(children)))


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if isinstance(child, Html):
            yield child
        elif isinstance(child, str):
            yield escape(child)
        elif child is not None:
            yield from _flat(child)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(str(value))}"'
