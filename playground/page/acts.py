"""What people do in the page, passed on to the workspace's people."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from playground.page.choices import choice, entered
from playground.page.elements import key_of, option_of
from playground.page.modal import MODAL
from playground.page.regions import Act
from playground.page.screen import HOME, Question, Screen
from playground.page.suggestions import SUGGESTIONS
from playground.page.toasts import Toast
from playground.slack import Home, MessageSurface, Modal, NotOnScreen, Outcome, SearchFailed, Surface
from playground.slack.elements import TEXT_INPUTS, Element

_SAID = {
    "operation_timeout": "Nightshift did not answer in time (operation_timeout).",
    "dispatch_failed": "Nightshift could not be reached (dispatch_failed).",
    "not_a_valid_command": "This is not a command here, or not one for you (not_a_valid_command).",
}


class Shown(Protocol):
    """The page, as far as acts change it."""

    def refresh(self) -> None:
        """Show everything anew."""

    def touch(self, surface: str) -> None:
        """Show a surface anew."""

    def answer(self, ident: str, turn: int, rows: list[dict[str, str]], trouble: str) -> None:
        """Give a select what its search found."""

    def expire(self, toast: Toast) -> None:
        """Take a note away after a while."""

    def wire(self, number: int) -> None:
        """Open or close an exchange in the wire log."""


class Acts:
    """One browser's acts. Each has a method of its name; an unknown one is ignored."""

    def __init__(self, screen: Screen, shown: Shown) -> None:
        self._screen = screen
        self._shown = shown

    async def __call__(self, act: Act) -> None:
        """Do what was done in the browser; what cannot be done is said in a note."""
        doing: Callable[[Act], Awaitable[None]] | None = getattr(self, f"do_{act['act'].replace('-', '_')}", None)
        if doing is None:
            return
        try:
            await doing(act)
        except (NotOnScreen, SearchFailed) as error:
            self._say("That did not work", str(error))

    def acknowledged(self) -> None:
        """The bot has acknowledged what the person did; whatever comes of it comes later."""
        self._wait("", "")

    # Going about

    async def do_become(self, act: Act) -> None:
        self._screen.become(act["user"])
        await self._arrive()

    async def do_go(self, act: Act) -> None:
        self._screen.go(act["place"])
        await self._arrive()

    async def do_thread(self, act: Act) -> None:
        self._screen.thread = self._screen.message(act["ts"])
        self._shown.refresh()

    async def do_unthread(self, act: Act) -> None:
        self._screen.thread = None
        self._shown.refresh()

    async def do_tools(self, act: Act) -> None:
        name = act.get("name", "")
        self._screen.tools = "" if self._screen.tools == name else name
        self._shown.refresh()

    async def do_drawer(self, act: Act) -> None:
        self._screen.drawer = not self._screen.drawer
        self._shown.refresh()

    async def do_theme(self, act: Act) -> None:
        self._screen.dark = not act["dark"]
        self._shown.refresh()

    async def do_toast(self, act: Act) -> None:
        toast = self._screen.dismiss(int(act["number"]))
        if toast and toast.message:
            self._screen.look_at(toast.message)
        self._shown.refresh()

    async def do_dismiss(self, act: Act) -> None:
        self._screen.dismiss(int(act["number"]))
        self._shown.refresh()

    async def do_wire(self, act: Act) -> None:
        self._shown.wire(int(act["number"]))

    async def do_suggest(self, act: Act) -> None:
        item = SUGGESTIONS[int(act["number"])]
        screen = self._screen
        screen.become(screen.ws.user_named(item.person).id)
        screen.go(screen.ws.channel_named(item.place).id)
        screen.tools = "" if act["narrow"] and item.tools == "try" else item.tools
        if item.line:
            screen.typed = (item.line, screen.typed[1] + 1)
        await self._arrive()

    async def _arrive(self) -> None:
        self._shown.refresh()
        if self._screen.place == HOME:
            await self._screen.person.home()

    # Behind the scenes

    async def do_switch(self, act: Act) -> None:
        self._screen.backstage.turn(act["owner"], act["name"])

    async def do_kill(self, act: Act) -> None:
        await self._screen.backstage.bot.kill()

    async def do_start(self, act: Act) -> None:
        await self._screen.backstage.bot.start()

    async def do_drop(self, act: Act) -> None:
        self._screen.slack.socket.drop()

    async def do_clock(self, act: Act) -> None:
        self._screen.backstage.move_clock(act["to"])

    # Writing

    async def do_send(self, act: Act) -> None:
        """A message or a slash command; a place that ends in a colon and a ts is that thread."""
        screen = self._screen
        place, _, thread = act["place"].partition(":")
        if act["text"].startswith("/") and not thread:
            self._tell(act["text"].split()[0], await screen.person.command(act["text"], place))
        else:
            await screen.person.say(act["text"], place, screen.message(thread) if thread else None)

    # Surfaces

    async def do_press(self, act: Act) -> None:
        """A button, or an entry of an overflow menu."""
        surface, element = self._element(act)
        option = option_of(element, act["option"]) if "option" in act else None
        question = Question(surface, act["surface"], element, None, option)
        await (self._ask(question) if "confirm" in element.spec else self._press(question))

    async def do_enter(self, act: Act) -> None:
        """An entry in a field. The bot hears of it where the element says so."""
        surface, element = self._element(act)
        value = entered(
            element,
            act["value"],
            self._screen.person.user.tz,
            current=surface.form.get(element),
            found=self._screen.found.get(act["surface"]),
        )
        if not self._told(element, act):
            surface.form.set(element, value)
            if "type" not in element.spec or element.kind not in TEXT_INPUTS:
                self._shown.touch(act["surface"])
            return
        question = Question(surface, act["surface"], element, value)
        if "confirm" in element.spec:
            await self._ask(question)
        else:
            self._tell("", await surface.enter(element, value))

    async def do_search(self, act: Act) -> None:
        """What is typed into a select that asks the bot."""
        screen = self._screen
        surface, element = self._element(act)
        try:
            options = await surface.options(element, act["query"])
        except SearchFailed as error:
            self._shown.answer(act["id"], act["turn"], [], f"Slack could not load the options ({error.code}).")
            return
        known = screen.found.setdefault(act["surface"], {})
        known.update({str(option["value"]): option for option in options})
        rows = [choice(screen.ws, option).row() for option in options]
        self._shown.answer(act["id"], act["turn"], rows, "")

    async def do_submit(self, act: Act) -> None:
        modal = self._modal()
        if modal is None or self._screen.waits(MODAL):
            return
        view = modal.where
        self._wait(MODAL, "submit")
        try:
            result = await modal.submit()
        finally:
            self._wait("", "")
        if not result.sent:
            labels = {e.label: e.key[0] for e in modal.elements}
            view.errors = {labels[label]: text for label, text in result.errors.items()}
        self._trouble(result)
        self._shown.touch(MODAL)

    async def do_close(self, act: Act) -> None:
        await self._close(everything=False)

    async def do_close_all(self, act: Act) -> None:
        await self._close(everything=True)

    async def do_confirm(self, act: Act) -> None:
        question, self._screen.question = self._screen.question, None
        self._shown.refresh()
        if question is None:
            return
        if question.option is None and question.element.kind != "button":
            self._tell("", await question.surface.enter(question.element, question.value))
        else:
            await self._press(question)

    async def do_refuse(self, act: Act) -> None:
        self._screen.question = None
        self._shown.refresh()

    async def _ask(self, question: Question) -> None:
        self._screen.question = question
        self._shown.refresh()

    async def _press(self, question: Question) -> None:
        self._wait(question.name, key_of(question.element))
        try:
            outcome = await question.surface.press(question.element, option=question.option)
        finally:
            self._wait("", "")
        self._trouble(outcome)
        if question.name != MODAL:
            self._tell("", outcome)

    async def _close(self, *, everything: bool) -> None:
        modal = self._modal()
        if modal is not None:
            self._screen.trouble = ""
            await modal.close(everything=everything)

    def _modal(self) -> Modal | None:
        return self._screen.person.open_modal

    def _surface(self, name: str) -> Surface:
        """Raises NotOnScreen."""
        person = self._screen.person
        if name == MODAL:
            return Modal(person)
        if name == HOME:
            return Home(person)
        message = self._screen.message(name)
        if message is None:
            raise NotOnScreen("This message is not there any more.")
        return MessageSurface(person, message)

    def _element(self, act: Act) -> tuple[Surface, Element]:
        """The surface and the element of an act. Raises NotOnScreen."""
        surface = self._surface(act["surface"])
        found = next((e for e in surface.elements if key_of(e) == act["key"]), None)
        if found is None:
            raise NotOnScreen("This has changed in the meantime; please look again.")
        return surface, found

    @staticmethod
    def _told(element: Element, act: Act) -> bool:
        """Whether the bot is told of an entry at once."""
        if not element.dispatches or element.kind not in TEXT_INPUTS:
            return element.dispatches
        config: dict[str, Any] = element.spec.get("dispatch_action_config") or {}
        on = config.get("trigger_actions_on") or ["on_enter_pressed"]
        return ("on_enter_pressed" if act.get("enter") else "on_character_entered") in on

    def _wait(self, surface: str, key: str) -> None:
        before, self._screen.busy = self._screen.busy[0], (surface, key)
        for name in {before, surface} - {""}:
            self._shown.touch(name)

    def _trouble(self, outcome: Outcome) -> None:
        """In a modal, what went wrong stands in the modal."""
        said = _said(outcome) if self._modal() is not None else ""
        self._screen.trouble = f"We had some trouble connecting. {said}" if said else ""
        self._shown.touch(MODAL)

    def _tell(self, what: str, outcome: Outcome) -> None:
        if outcome.error and self._modal() is None:
            self._say(f"{what} failed" if what else "That did not get through", _said(outcome))

    def _say(self, title: str, text: str) -> None:
        self._shown.expire(self._screen.note(title, text, "error"))
        self._shown.refresh()


def _said(outcome: Outcome) -> str:
    """What Slack's client says of an error."""
    if not outcome.error:
        return ""
    details = " ".join(outcome.details)
    return _SAID.get(outcome.error, f"Slack could not use what Nightshift answered ({outcome.error}). {details}")
