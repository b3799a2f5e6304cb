"""Elements of the page that show HTML and report actions in it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import ui

from playground.page.render.html import Html

Action = dict[str, Any]
OnAction = Callable[[Action], Awaitable[None]]


class Region(ui.element, component="client/region.js", esm={"playground-page": "client"}):
    """HTML that is updated piece by piece; ``on_action`` gets each action of a person in it."""

    def __init__(self, tag: str, on_action: OnAction, classes: str = "", **props: str) -> None:
        super().__init__()
        self._props["tag"] = tag
        self._props["html"] = ""
        self._props.update(props)
        self.classes(classes)
        self.on("act", lambda event: on_action(event.args))

    def show(self, html: Html) -> None:
        """Show this instead. Nothing is sent to the browser if nothing differs."""
        if self._props["html"] != html:
            self._props["html"] = html
            self.update()

    def show_options(self, ident: str, sequence: int, rows: Sequence[dict[str, str]], error: str) -> None:
        """Give a select the rows that its search found."""
        self.run_method("answer", ident, sequence, list(rows), error)


class Column(ui.element):
    """Regions in a column, each with a key; a change of one is sent alone."""

    def __init__(self, on_action: OnAction, classes: str = "", **props: str) -> None:
        super().__init__("div")
        self._on_action = on_action
        self._props.update(props)
        self.classes(classes)
        self._regions: dict[str, Region] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._regions

    def set_row(self, key: str, html: Html) -> None:
        """Change a row, or add it at the end."""
        if key not in self._regions:
            with self:
                self._regions[key] = Region("div", self._on_action)
        self._regions[key].show(html)

    def remove_row(self, key: str) -> None:
        """Remove a row, if it is there."""
        if key in self._regions:
            self._regions.pop(key).delete()

    def trim(self, max_rows: int) -> None:
        """Keep only the newest rows."""
        for key in list(self._regions)[: max(0, len(self._regions) - max_rows)]:
            self.remove_row(key)
