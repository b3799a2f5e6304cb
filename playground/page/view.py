"""The page of one browser: its parts, and keeping them up to date with the workspace."""

import asyncio
from collections.abc import Callable

from nicegui import ui

from playground.page.acts import Acts
from playground.page.backstage import Backstage
from playground.page.blocks import blocks_html
from playground.page.channel import empty_html, head_html
from playground.page.composer import composer_html
from playground.page.elements import Canvas
from playground.page.html import Html, h
from playground.page.message import message_html
from playground.page.modal import MODAL, confirming_html, modal_html
from playground.page.regions import Column, Region
from playground.page.sandboxes import sandboxes_html
from playground.page.screen import HOME, Screen
from playground.page.sidebar import sidebar_html
from playground.page.suggestions import suggestions_html
from playground.page.thread import thread_html
from playground.page.toasts import Toast, toasts_html
from playground.page.tools import tools_head_html
from playground.page.wire import line_html
from playground.slack import Change, Exchange, Message, View

PAUSE = 0.01
"""Seconds in which changes are gathered before they are shown."""
PANEL_SECONDS = 1.0
TOAST_SECONDS = 6.0
WIRE_SHOWN = 150


class PageView:
    """Builds the page in the current NiceGUI client, and follows the workspace until ``close``."""

    def __init__(self, backstage: Backstage, person: str, place: str) -> None:
        self.screen = Screen(backstage, person, place)
        self.acts = Acts(self.screen, self)
        self._dirty: set[str] = set()
        self._flushing: asyncio.TimerHandle | None = None
        self._ends: list[Callable[[], None]] = []
        self._place: tuple[str, str] = ("", "")
        self._exchanges: dict[int, Exchange] = {}
        self._count = 0
        self._build()
        self.refresh()

    def _build(self) -> None:
        act = self.acts
        self._theme = ui.dark_mode(self.screen.dark)
        # NiceGUI's own frame is a landmark too; the page has its own.
        frame = ui.context.client.content.parent_slot
        if frame is not None:
            frame.parent.props("role=presentation")
        with ui.element("div").classes("slack") as self._root:
            with ui.element("div").classes("workspace") as self._workspace:
                self._sidebar = Region("nav", act, "sidebar", **{"aria-label": "Workspace"})
                with ui.element("main").classes("main"):
                    self._head = Region("header", act, "main-head")
                    self._middle = ui.element("div").classes("middle")
                    self._composer = Region("div", act, "composer-place")
                self._thread = Region("aside", act, "thread", **{"aria-label": "Thread"})
            with ui.element("aside").classes("tools").props('aria-label="Behind the scenes"'):
                self._tools_head = Region("div", act, "tools-head")
                self._panel = Region("div", act, "tools-body")
                with ui.element("div").classes("tools-body scroll").props("tabindex=0") as self._log:
                    self._wire = Column(act, "wire", role="log", **{"aria-label": "Exchanges"})
            self._overlay = Region("div", act, "overlays")
            self._toasts = Region("div", act, "toast-place", **{"aria-live": "polite"})
        for entry in list(self.screen.slack.journal.entries)[-WIRE_SHOWN:]:
            self._exchange(entry)
        self._ends.append(self.screen.slack.subscribe(self._changed))
        self._ends.append(self.screen.backstage.listen(self.refresh))
        self._timer = ui.timer(PANEL_SECONDS, lambda: self._mark("panel"))

    def close(self) -> None:
        """Follow nothing any more."""
        for end in self._ends:
            end()
        self._ends.clear()
        if self._flushing is not None:
            self._flushing.cancel()

    # What acts ask for

    def refresh(self) -> None:
        self._mark("all")

    def touch(self, surface: str) -> None:
        self._mark(surface)

    def answer(self, ident: str, turn: int, rows: list[dict[str, str]], trouble: str) -> None:
        region = self._overlay if self.screen.person.stack else self._sidebar
        region.answer(ident, turn, rows, trouble)

    def expire(self, toast: Toast) -> None:
        asyncio.get_running_loop().call_later(TOAST_SECONDS, self._expired, toast)

    def wire(self, number: int) -> None:
        self.screen.opened ^= {number}
        self._mark(f"wire {number}")

    def _expired(self, toast: Toast) -> None:
        if self.screen.dismiss(toast.number):
            self._mark("toasts")

    # What the workspace tells

    def _changed(self, change: Change) -> None:
        match change.kind:
            case "message" | "ephemeral":
                self._message_changed(change.what)
            case "view":
                self._mark(MODAL)
            case "home":
                self._mark(HOME)
            case "form":
                self._mark(MODAL if isinstance(change.what, View) else change.what.ts)
            case "exchange":
                self._mark(f"wire {self._exchange(change.what)}")
                if change.what.direction == "to_bot" and change.what.user == self.screen.person.id:
                    self.acts.acknowledged()
            case _:
                self.refresh()

    def _message_changed(self, message: Message) -> None:
        is_new = not message.deleted and message is self.screen.ws.posts[-1]
        if is_new and self.screen.backstage.ready and message.edited is None:
            toast = self.screen.arrived(message)
            if toast is not None:
                self.expire(toast)
                self._mark("toasts")
        self._mark(message.ts)
        self._mark("sidebar")
        if message.deleted:
            self._place = ("", "")

    def _exchange(self, entry: Exchange) -> int:
        self._count += 1
        self._exchanges[self._count] = entry
        self._exchanges.pop(self._count - WIRE_SHOWN, None)
        return self._count

    # Showing it

    def _mark(self, what: str) -> None:
        self._dirty.add(what)
        if self._flushing is None and self._ends:
            self._flushing = asyncio.get_running_loop().call_later(PAUSE, self._flush)

    def _flush(self) -> None:
        self._flushing = None
        dirty, self._dirty = self._dirty, set()
        if "all" in dirty:
            dirty |= {"frame", "sidebar", "head", "composer", "panel", "toasts", MODAL, HOME, "thread"}
        self._show_place(dirty)
        for part, show in (
            ("frame", self._show_frame),
            ("sidebar", self._show_sidebar),
            ("head", self._show_head),
            ("composer", self._show_composer),
            ("panel", self._show_panel),
            (MODAL, self._show_overlay),
            ("toasts", self._show_toasts),
        ):
            if part in dirty:
                show()
        self._show_thread(dirty)
        self._show_wire(dirty)

    def _show_frame(self) -> None:
        screen = self.screen
        self._theme.value = screen.dark
        for name, on in (("with-tools", bool(screen.tools)), ("with-thread", screen.thread is not None)):
            self._root.classes(add=name if on else None, remove=None if on else name)
        self._root.classes(add="drawer" if screen.drawer else None, remove=None if screen.drawer else "drawer")

    def _show_sidebar(self) -> None:
        self.screen.see()
        self._sidebar.show(sidebar_html(self.screen.reader, self.screen.place, self.screen.unread()))

    def _show_head(self) -> None:
        screen = self.screen
        self._head.show(head_html(screen.reader, screen.channel, screen.tools))

    def _show_composer(self) -> None:
        screen = self.screen
        if screen.channel is None:
            self._composer.show(Html(""))
            return
        self._composer.show(composer_html(screen, screen.channel))

    def _show_place(self, dirty: set[str]) -> None:
        """The messages of the open channel, or the home tab: anew after going somewhere, else what has changed."""
        screen = self.screen
        here = (screen.person.id, screen.place)
        if here != self._place:
            self._place = here
            self._middle.clear()
            with self._middle:
                if screen.channel is None:
                    self._home = Region("div", self.acts, "home", tabindex="0")
                else:
                    self._open_channel()
            dirty |= {HOME}
        elif screen.channel is not None:
            self._update_messages(dirty)
        if screen.channel is None and HOME in dirty:
            self._home.show(self._home_html())

    def _open_channel(self) -> None:
        screen = self.screen
        with ui.element("div").classes("scroll").props("tabindex=0"):
            self._column = Column(self.acts, "messages", role="log", **{"aria-label": "Messages"})
        messages = screen.messages
        if not messages and screen.channel is not None:
            self._column.put("", empty_html(screen.channel))
        for before, message in zip([None, *messages], messages, strict=False):
            self._column.put(message.ts, self._message_html(message, before))

    def _update_messages(self, dirty: set[str]) -> None:
        """A message that changed, and the one that a changed reply is under."""
        stamps = {mark for mark in dirty if mark[:1].isdigit()}
        if not stamps:
            return
        stamps |= {found.thread_ts for ts in stamps if (found := self.screen.message(ts)) and found.thread_ts}
        messages = self.screen.messages
        for before, message in zip([None, *messages], messages, strict=False):
            if message.ts in stamps:
                self._column.drop("")
                self._column.put(message.ts, self._message_html(message, before))

    def _message_html(self, message: Message, before: Message | None) -> Html:
        return message_html(self.screen.reader, message, busy=self.screen.waits(message.ts), before=before)

    def _home_html(self) -> Html:
        screen = self.screen
        view = screen.ws.homes.get(screen.person.id)
        if view is None:
            return h("p", "Nightshift has published nothing here yet.", class_="empty")
        canvas = Canvas(screen.reader, view.form, "home", busy=screen.waits(HOME))
        return h("div", blocks_html(canvas, view.blocks), class_="home-inner", data_surface=HOME)

    def _show_overlay(self) -> None:
        screen = self.screen
        stack = screen.person.stack if screen.backstage.ready else []
        parts = []
        if stack:
            parts.append(
                modal_html(
                    screen.reader,
                    stack,
                    busy=screen.waits(MODAL),
                    trouble=screen.trouble,
                    confirming=screen.question is not None,
                )
            )
        else:
            screen.trouble = ""
        if screen.question is not None:
            parts.append(confirming_html(screen.reader, screen.question.element.spec["confirm"]))
        self._overlay.show(Html("".join(parts)))
        self._workspace.props(add="inert" if parts else None, remove=None if parts else "inert")

    def _show_thread(self, dirty: set[str]) -> None:
        thread = self.screen.thread
        if thread is None:
            self._thread.show(Html(""))
        elif "thread" in dirty or any(mark[:1].isdigit() for mark in dirty):
            self._thread.show(thread_html(self.screen, thread))

    def _show_panel(self) -> None:
        screen = self.screen
        backstage = screen.backstage
        self._tools_head.show(tools_head_html(screen.tools))
        self._log.set_visibility(screen.tools == "wire")
        self._panel.set_visibility(screen.tools in ("try", "sandboxes"))
        if screen.tools == "sandboxes":
            self._panel.show(sandboxes_html(screen.reader, backstage.on, backstage.bot, backstage.switches))
        elif screen.tools == "try":
            self._panel.show(suggestions_html(backstage.ready, backstage.trouble))

    def _show_wire(self, dirty: set[str]) -> None:
        if self.screen.tools != "wire":
            return
        for number, entry in self._exchanges.items():
            key = str(number)
            if f"wire {number}" in dirty or key not in self._wire:
                self._wire.put(key, line_html(self.screen.reader, number, entry, number in self.screen.opened))
        self._wire.trim(WIRE_SHOWN)

    def _show_toasts(self) -> None:
        self._toasts.show(toasts_html(self.screen.toasts))


def build(backstage: Backstage, person: str, place: str) -> None:
    """Build the page for the browser that asks for it."""
    view = PageView(backstage, person, place)
    client = ui.context.client
    client.on_delete(view.close)
