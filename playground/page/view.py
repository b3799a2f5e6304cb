"""The page of one browser: builds its parts and keeps them up to date with the workspace."""

import asyncio
from collections.abc import Callable

from nicegui import ui

from playground.page.actions import Actions
from playground.page.regions import Column, Region
from playground.page.render.blocks import blocks_html
from playground.page.render.channel import empty_html, head_html
from playground.page.render.composer import composer_html
from playground.page.render.elements import RenderContext
from playground.page.render.html import Html, h
from playground.page.render.message import message_html
from playground.page.render.modal import confirmation_html, modal_html
from playground.page.render.sandboxes import sandboxes_html
from playground.page.render.sidebar import sidebar_html
from playground.page.render.suggestions import suggestions_html
from playground.page.render.thread import thread_html
from playground.page.render.toasts import toasts_html
from playground.page.render.tools import tools_head_html
from playground.page.render.wire_log import exchange_html
from playground.page.state.screen import HOME, MODAL, Screen
from playground.page.state.session import PlaygroundSession
from playground.page.state.toasts import Toast
from playground.slack import Change, Exchange, Message, View

FLUSH_DELAY = 0.01
"""Seconds for which changes are collected before they are shown."""
PANEL_REFRESH_SECONDS = 1.0
TOAST_SECONDS = 6.0
MAX_EXCHANGES_SHOWN = 150


class PageView:
    """Builds the page in the current NiceGUI client, and updates it until ``close``."""

    def __init__(self, session: PlaygroundSession, person: str, place: str) -> None:
        self.screen = Screen(session, person, place)
        self.actions = Actions(self.screen, self)
        self._dirty: set[str] = set()
        self._flush_timer: asyncio.TimerHandle | None = None
        self._unsubscribers: list[Callable[[], None]] = []
        self._place: tuple[str, str] = ("", "")
        self._exchanges: dict[int, Exchange] = {}
        self._exchange_count = 0
        self._build()
        self.refresh()

    def _build(self) -> None:
        act = self.actions
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
        for entry in list(self.screen.slack.journal.entries)[-MAX_EXCHANGES_SHOWN:]:
            self._add_exchange(entry)
        self._unsubscribers.append(self.screen.slack.subscribe(self._on_change))
        self._unsubscribers.append(self.screen.session.listen(self.refresh))
        self._timer = ui.timer(PANEL_REFRESH_SECONDS, lambda: self._mark_dirty("panel"))

    def close(self) -> None:
        """Stop following the workspace."""
        for end in self._unsubscribers:
            end()
        self._unsubscribers.clear()
        if self._flush_timer is not None:
            self._flush_timer.cancel()

    # Called by actions

    def refresh(self) -> None:
        self._mark_dirty("all")

    def refresh_surface(self, surface: str) -> None:
        self._mark_dirty(surface)

    def show_options(self, ident: str, sequence: int, rows: list[dict[str, str]], error: str) -> None:
        region = self._overlay if self.screen.person.stack else self._sidebar
        region.show_options(ident, sequence, rows, error)

    def schedule_dismissal(self, toast: Toast) -> None:
        asyncio.get_running_loop().call_later(TOAST_SECONDS, self._on_toast_expired, toast)

    def toggle_exchange(self, number: int) -> None:
        self.screen.expanded_exchanges ^= {number}
        self._mark_dirty(f"wire {number}")

    def _on_toast_expired(self, toast: Toast) -> None:
        if self.screen.dismiss(toast.number):
            self._mark_dirty("toasts")

    # Changes of the workspace

    def _on_change(self, change: Change) -> None:
        match change.kind:
            case "message" | "ephemeral":
                self._message_changed(change.subject)
            case "view":
                self._mark_dirty(MODAL)
            case "home":
                self._mark_dirty(HOME)
            case "form":
                self._mark_dirty(MODAL if isinstance(change.subject, View) else change.subject.ts)
            case "exchange":
                self._mark_dirty(f"wire {self._add_exchange(change.subject)}")
                if change.subject.direction == "to_bot" and change.subject.user == self.screen.person.id:
                    self.actions.clear_busy()
            case _:
                self.refresh()

    def _message_changed(self, message: Message) -> None:
        is_new = not message.deleted and message is self.screen.ws.posts[-1]
        if is_new and self.screen.session.ready and message.edited is None:
            toast = self.screen.toast_for_message(message)
            if toast is not None:
                self.schedule_dismissal(toast)
                self._mark_dirty("toasts")
        self._mark_dirty(message.ts)
        self._mark_dirty("sidebar")
        if message.deleted:
            self._place = ("", "")

    def _add_exchange(self, entry: Exchange) -> int:
        self._exchange_count += 1
        self._exchanges[self._exchange_count] = entry
        self._exchanges.pop(self._exchange_count - MAX_EXCHANGES_SHOWN, None)
        return self._exchange_count

    # Rendering

    def _mark_dirty(self, what: str) -> None:
        self._dirty.add(what)
        if self._flush_timer is None and self._unsubscribers:
            self._flush_timer = asyncio.get_running_loop().call_later(FLUSH_DELAY, self._flush)

    def _flush(self) -> None:
        self._flush_timer = None
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
        for name, on in (("with-tools", bool(screen.open_panel)), ("with-thread", screen.thread is not None)):
            self._root.classes(add=name if on else None, remove=None if on else name)
        self._root.classes(
            add="drawer" if screen.drawer_open else None, remove=None if screen.drawer_open else "drawer"
        )

    def _show_sidebar(self) -> None:
        self.screen.mark_read()
        self._sidebar.show(sidebar_html(self.screen.viewer, self.screen.place, self.screen.unread_counts()))

    def _show_head(self) -> None:
        screen = self.screen
        self._head.show(head_html(screen.viewer, screen.channel, screen.open_panel))

    def _show_composer(self) -> None:
        screen = self.screen
        if screen.channel is None:
            self._composer.show(Html(""))
            return
        self._composer.show(composer_html(screen, screen.channel))

    def _show_place(self, dirty: set[str]) -> None:
        """Show the open channel or the home tab: everything after a change of place, else what changed."""
        screen = self.screen
        here = (screen.person.id, screen.place)
        if here != self._place:
            self._place = here
            self._middle.clear()
            with self._middle:
                if screen.channel is None:
                    self._home = Region("div", self.actions, "home", tabindex="0")
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
            self._column = Column(self.actions, "messages", role="log", **{"aria-label": "Messages"})
        messages = screen.messages
        if not messages and screen.channel is not None:
            self._column.set_row("", empty_html(screen.channel))
        for before, message in zip([None, *messages], messages, strict=False):
            self._column.set_row(message.ts, self._message_html(message, before))

    def _update_messages(self, dirty: set[str]) -> None:
        """Show the messages that changed, and the parents of changed replies."""
        stamps = {mark for mark in dirty if mark[:1].isdigit()}
        if not stamps:
            return
        stamps |= {found.thread_ts for ts in stamps if (found := self.screen.find_message(ts)) and found.thread_ts}
        messages = self.screen.messages
        for before, message in zip([None, *messages], messages, strict=False):
            if message.ts in stamps:
                self._column.remove_row("")
                self._column.set_row(message.ts, self._message_html(message, before))

    def _message_html(self, message: Message, previous: Message | None) -> Html:
        return message_html(self.screen.viewer, message, busy=self.screen.busy_key(message.ts), previous=previous)

    def _home_html(self) -> Html:
        screen = self.screen
        view = screen.ws.homes.get(screen.person.id)
        if view is None:
            return h("p", "Nightshift has published nothing here yet.", class_="empty")
        canvas = RenderContext(screen.viewer, view.form, "home", busy_key=screen.busy_key(HOME))
        return h("div", blocks_html(canvas, view.blocks), class_="home-inner", data_surface=HOME)

    def _show_overlay(self) -> None:
        screen = self.screen
        stack = screen.person.stack if screen.session.ready else []
        parts = []
        if stack:
            parts.append(
                modal_html(
                    screen.viewer,
                    stack,
                    busy=screen.busy_key(MODAL),
                    trouble=screen.modal_error,
                    confirming=screen.confirmation is not None,
                )
            )
        else:
            screen.modal_error = ""
        if screen.confirmation is not None:
            parts.append(confirmation_html(screen.viewer, screen.confirmation.element.json["confirm"]))
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
        session = screen.session
        self._tools_head.show(tools_head_html(screen.open_panel))
        self._log.set_visibility(screen.open_panel == "wire")
        self._panel.set_visibility(screen.open_panel in ("try", "sandboxes"))
        if screen.open_panel == "sandboxes":
            self._panel.show(sandboxes_html(screen.viewer, session.env, session.bot, session.switches))
        elif screen.open_panel == "try":
            self._panel.show(suggestions_html(session.ready, session.startup_error))

    def _show_wire(self, dirty: set[str]) -> None:
        if self.screen.open_panel != "wire":
            return
        for number, entry in self._exchanges.items():
            key = str(number)
            if f"wire {number}" in dirty or key not in self._wire:
                self._wire.set_row(
                    key, exchange_html(self.screen.viewer, number, entry, number in self.screen.expanded_exchanges)
                )
        self._wire.trim(MAX_EXCHANGES_SHOWN)

    def _show_toasts(self) -> None:
        self._toasts.show(toasts_html(self.screen.toasts))


def build_page(session: PlaygroundSession, person: str, place: str) -> None:
    """Build the page for the browser that asks for it."""
    view = PageView(session, person, place)
    client = ui.context.client
    client.on_delete(view.close)
