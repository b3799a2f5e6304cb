"""Actions of people in the page, performed by the workspace's people."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from playground.page.regions import Action
from playground.page.render.elements import element_key, find_option
from playground.page.render.suggestions import SUGGESTIONS
from playground.page.state.choices import state_from_entry, to_choice
from playground.page.state.screen import HOME, MODAL, Confirmation, Screen
from playground.page.state.toasts import Toast
from playground.slack import HomeTab, MessageSurface, Modal, NotVisible, Outcome, SearchFailed, Surface
from playground.slack.elements import TEXT_INPUT_TYPES, Element

_ERROR_TEXTS = {
    "operation_timeout": "Nightshift did not answer in time (operation_timeout).",
    "dispatch_failed": "Nightshift could not be reached (dispatch_failed).",
    "not_a_valid_command": "This is not a command here, or not one for you (not_a_valid_command).",
}


class PageUpdates(Protocol):
    """The page, as far as actions change it."""

    def refresh(self) -> None:
        """Redraw everything."""

    def refresh_surface(self, surface: str) -> None:
        """Redraw a surface."""

    def show_options(self, ident: str, sequence: int, rows: list[dict[str, str]], error: str) -> None:
        """Give a select what its search found."""

    def schedule_dismissal(self, toast: Toast) -> None:
        """Remove a note after a while."""

    def toggle_exchange(self, number: int) -> None:
        """Open or close an exchange in the wire log."""


class Actions:
    """One browser's actions. Each has a method ``do_NAME``; an unknown one is ignored."""

    def __init__(self, screen: Screen, page: PageUpdates) -> None:
        self._screen = screen
        self._page = page

    async def __call__(self, act: Action) -> None:
        """Perform an action from the browser. What cannot be done is shown in a note."""
        doing: Callable[[Action], Awaitable[None]] | None = getattr(self, f"do_{act['act'].replace('-', '_')}", None)
        if doing is None:
            return
        try:
            await doing(act)
        except (NotVisible, SearchFailed) as error:
            self._show_error("That did not work", str(error))

    def clear_busy(self) -> None:
        """Note that the bot has acknowledged the action; its effects come later."""
        self._set_busy("", "")

    # Navigation

    async def do_become(self, act: Action) -> None:
        self._screen.switch_user(act["user"])
        await self._on_place_changed()

    async def do_go(self, act: Action) -> None:
        self._screen.open_place(act["place"])
        await self._on_place_changed()

    async def do_thread(self, act: Action) -> None:
        self._screen.thread = self._screen.find_message(act["ts"])
        self._page.refresh()

    async def do_unthread(self, act: Action) -> None:
        self._screen.thread = None
        self._page.refresh()

    async def do_tools(self, act: Action) -> None:
        name = act.get("name", "")
        self._screen.open_panel = "" if self._screen.open_panel == name else name
        self._page.refresh()

    async def do_drawer(self, act: Action) -> None:
        self._screen.drawer_open = not self._screen.drawer_open
        self._page.refresh()

    async def do_theme(self, act: Action) -> None:
        self._screen.dark = not act["dark"]
        self._page.refresh()

    async def do_toast(self, act: Action) -> None:
        toast = self._screen.dismiss(int(act["number"]))
        if toast and toast.message:
            self._screen.open_message(toast.message)
        self._page.refresh()

    async def do_dismiss(self, act: Action) -> None:
        self._screen.dismiss(int(act["number"]))
        self._page.refresh()

    async def do_wire(self, act: Action) -> None:
        self._page.toggle_exchange(int(act["number"]))

    async def do_suggest(self, act: Action) -> None:
        item = SUGGESTIONS[int(act["number"])]
        screen = self._screen
        screen.switch_user(screen.ws.user_by_name(item.person).id)
        screen.open_place(screen.ws.channel_by_name(item.place).id)
        screen.open_panel = "" if act["narrow"] and item.tools == "try" else item.tools
        if item.line:
            screen.draft_text = (item.line, screen.draft_text[1] + 1)
        await self._on_place_changed()

    async def _on_place_changed(self) -> None:
        self._page.refresh()
        if self._screen.place == HOME:
            await self._screen.person.open_home()

    # Behind the scenes

    async def do_switch(self, act: Action) -> None:
        self._screen.session.toggle_fault(act["owner"], act["name"])

    async def do_kill(self, act: Action) -> None:
        await self._screen.session.bot.kill()

    async def do_start(self, act: Action) -> None:
        await self._screen.session.bot.start()

    async def do_drop(self, act: Action) -> None:
        self._screen.slack.socket.drop_connections()

    async def do_clock(self, act: Action) -> None:
        self._screen.session.move_clock(act["to"])

    # Writing

    async def do_send(self, act: Action) -> None:
        """Send a message or a slash command; a place that ends in a colon and a ts is that thread."""
        screen = self._screen
        place, _, thread = act["place"].partition(":")
        if act["text"].startswith("/") and not thread:
            self._report_failure(act["text"].split()[0], await screen.person.command(act["text"], place))
        else:
            await screen.person.say(act["text"], place, screen.find_message(thread) if thread else None)

    # Surfaces

    async def do_press(self, act: Action) -> None:
        """Press a button, or an entry of an overflow menu."""
        surface, element = self._element(act)
        option = find_option(element, act["option"]) if "option" in act else None
        question = Confirmation(surface, act["surface"], element, None, option)
        await (self._ask_confirmation(question) if "confirm" in element.json else self._press(question))

    async def do_enter(self, act: Action) -> None:
        """Enter a value in a field. The bot is told if the element says so."""
        surface, element = self._element(act)
        value = state_from_entry(
            element,
            act["value"],
            self._screen.person.user.tz,
            current=surface.form.get(element),
            found=self._screen.found_options.get(act["surface"]),
        )
        if not self._dispatches_now(element, act):
            surface.form.set(element, value)
            if "type" not in element.json or element.kind not in TEXT_INPUT_TYPES:
                self._page.refresh_surface(act["surface"])
            return
        question = Confirmation(surface, act["surface"], element, value)
        if "confirm" in element.json:
            await self._ask_confirmation(question)
        else:
            self._report_failure("", await surface.set_value(element, value))

    async def do_search(self, act: Action) -> None:
        """Search in a select that asks the bot for options."""
        screen = self._screen
        surface, element = self._element(act)
        try:
            options = await surface.options(element, act["query"])
        except SearchFailed as error:
            self._page.show_options(act["id"], act["turn"], [], f"Slack could not load the options ({error.code}).")
            return
        known = screen.found_options.setdefault(act["surface"], {})
        known.update({str(option["value"]): option for option in options})
        rows = [to_choice(screen.ws, option).row() for option in options]
        self._page.show_options(act["id"], act["turn"], rows, "")

    async def do_submit(self, act: Action) -> None:
        modal = self._modal()
        if modal is None or self._screen.busy_key(MODAL):
            return
        view = modal.container
        self._set_busy(MODAL, "submit")
        try:
            result = await modal.submit()
        finally:
            self._set_busy("", "")
        if not result.sent:
            labels = {e.label: e.key[0] for e in modal.elements}
            view.errors = {labels[label]: text for label, text in result.errors.items()}
        self._show_modal_error(result)
        self._page.refresh_surface(MODAL)

    async def do_close(self, act: Action) -> None:
        await self._close(everything=False)

    async def do_close_all(self, act: Action) -> None:
        await self._close(everything=True)

    async def do_confirm(self, act: Action) -> None:
        question, self._screen.confirmation = self._screen.confirmation, None
        self._page.refresh()
        if question is None:
            return
        if question.option is None and question.element.kind != "button":
            self._report_failure("", await question.surface.set_value(question.element, question.value))
        else:
            await self._press(question)

    async def do_refuse(self, act: Action) -> None:
        self._screen.confirmation = None
        self._page.refresh()

    async def _ask_confirmation(self, question: Confirmation) -> None:
        self._screen.confirmation = question
        self._page.refresh()

    async def _press(self, question: Confirmation) -> None:
        self._set_busy(question.surface_name, element_key(question.element))
        try:
            outcome = await question.surface.press(question.element, option=question.option)
        finally:
            self._set_busy("", "")
        self._show_modal_error(outcome)
        if question.surface_name != MODAL:
            self._report_failure("", outcome)

    async def _close(self, *, everything: bool) -> None:
        modal = self._modal()
        if modal is not None:
            self._screen.modal_error = ""
            await modal.close(everything=everything)

    def _modal(self) -> Modal | None:
        return self._screen.person.open_modal

    def _surface(self, name: str) -> Surface:
        """Raises NotVisible."""
        person = self._screen.person
        if name == MODAL:
            return Modal(person)
        if name == HOME:
            return HomeTab(person)
        message = self._screen.find_message(name)
        if message is None:
            raise NotVisible("This message is not there any more.")
        return MessageSurface(person, message)

    def _element(self, act: Action) -> tuple[Surface, Element]:
        """The surface and the element of an action. Raises NotVisible."""
        surface = self._surface(act["surface"])
        found = next((e for e in surface.elements if element_key(e) == act["key"]), None)
        if found is None:
            raise NotVisible("This has changed in the meantime; please look again.")
        return surface, found

    @staticmethod
    def _dispatches_now(element: Element, act: Action) -> bool:
        """Whether the bot is told of an entry at once."""
        if not element.dispatches_action or element.kind not in TEXT_INPUT_TYPES:
            return element.dispatches_action
        config: dict[str, Any] = element.json.get("dispatch_action_config") or {}
        on = config.get("trigger_actions_on") or ["on_enter_pressed"]
        return ("on_enter_pressed" if act.get("enter") else "on_character_entered") in on

    def _set_busy(self, surface: str, key: str) -> None:
        before, self._screen.busy = self._screen.busy[0], (surface, key)
        for name in {before, surface} - {""}:
            self._page.refresh_surface(name)

    def _show_modal_error(self, outcome: Outcome) -> None:
        """Show an error in the open modal, if there is one."""
        said = _error_text(outcome) if self._modal() is not None else ""
        self._screen.modal_error = f"We had some trouble connecting. {said}" if said else ""
        self._page.refresh_surface(MODAL)

    def _report_failure(self, what: str, outcome: Outcome) -> None:
        if outcome.error and self._modal() is None:
            self._show_error(f"{what} failed" if what else "That did not get through", _error_text(outcome))

    def _show_error(self, title: str, text: str) -> None:
        self._page.schedule_dismissal(self._screen.add_toast(title, text, "error"))
        self._page.refresh()


def _error_text(outcome: Outcome) -> str:
    """The text that Slack's client shows for an error."""
    if not outcome.error:
        return ""
    details = " ".join(outcome.error_details)
    return _ERROR_TEXTS.get(outcome.error, f"Slack could not use what Nightshift answered ({outcome.error}). {details}")
