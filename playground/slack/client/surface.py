"""Surfaces with blocks on a person's screen: messages, modals, the home tab. People read and use their elements."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NoReturn

from playground.slack.changes import WAIT_SECONDS
from playground.slack.client.outcome import Actor, Outcome
from playground.slack.client.values import from_state, option_text, pick_option, to_state
from playground.slack.elements import (
    STATE_PROPERTIES,
    TEXT_INPUT_TYPES,
    Element,
    FormState,
    Json,
    button_labels,
    elements_of,
    options_of,
    plain_label,
)
from playground.slack.errors import NotVisible, SearchFailed
from playground.slack.model import Message, View
from playground.slack.text import blocks_to_text
from playground.slack.transport import payloads
from playground.slack.transport.responses import parse_options_response
from playground.slack.workspace import Workspace

FIELD_TIMEOUT = 2.0
"""Seconds for which a person waits for a field to appear."""


class Surface(ABC):
    """Base of surfaces. Fields are found by their label, buttons and options by their text."""

    def __init__(self, person: Actor) -> None:
        self.person = person
        self.ws: Workspace = person.ws

    @property
    @abstractmethod
    def container(self) -> Message | View:
        """The message or view that is shown now. Raises NotVisible."""

    @property
    def blocks(self) -> list[Json]:
        return self.container.blocks

    @property
    def form(self) -> FormState:
        where = self.container
        return where.form if isinstance(where, View) else where.form_of(self.person.id)

    @property
    def elements(self) -> list[Element]:
        return list(elements_of(self.blocks))

    @property
    def text(self) -> str:
        """All visible text, with the values of the fields."""
        shown = [self.element_value(e) for e in self._fields]
        flat = [str(one) for value in shown for one in (value if isinstance(value, list) else [value]) if one]
        return "\n".join([blocks_to_text(self.blocks, self.ws.display_name), *flat])

    @property
    def labels(self) -> list[str]:
        """The labels of the fields, from top to bottom."""
        return [e.label for e in self._fields]

    @property
    def buttons(self) -> list[str]:
        """What can be pressed: buttons, and the entries of menus."""
        return button_labels(self.blocks)

    def value(self, label: str) -> Any:
        """The value of a field as people see it; None when it is empty. Raises NotVisible."""
        return self.element_value(self.field(label))

    def element_value(self, element: Element) -> Any:
        return from_state(self.ws, element, self.form.get(element))

    def field(self, label: str) -> Element:
        """The field of a label. Raises NotVisible."""
        return _find_by_label(self._fields, label) or _raise_missing(self._fields, label, "field")

    def button(self, label: str, near: str = "") -> Element:
        """The button with a text; ``near`` is a text in its block or in the last one before. Raises NotVisible."""
        return self._button(label, near) or _raise_missing(self._buttons(""), label, f"button (near {near!r})")

    def option_texts(self, label: str) -> list[str]:
        """The texts of the options that a field offers without asking the bot."""
        return [option_text(self.ws, option) for option in options_of(self.field(label).json)]

    async def wait_for_field(self, label: str) -> Element:
        """Wait for the field of a label, which the bot may be about to show. Raises NotVisible."""
        await self.ws.changes.wait_until(lambda: _find_by_label(self._fields, label) is not None, FIELD_TIMEOUT)
        return self.field(label)

    async def wait_for_text(self, text: str, timeout: float = WAIT_SECONDS) -> None:
        """Wait for a text to appear. Raises TimeoutError."""
        if not await self.ws.changes.wait_until(lambda: self._contains(text), timeout):
            raise TimeoutError(f"{text!r} did not appear within {timeout} s; this is on show:\n{self._text_or_error()}")

    async def fill(self, values: Mapping[str, Any] | None = None, **named: Any) -> None:
        """Enter values by label: text; an option's text, or several; True or False for a single checkbox; a name of a
        person or channel; dates and times as such or as Slack writes them; None to clear. A text field that tells the
        bot when Enter is pressed gets its Enter. Raises NotVisible."""
        for label, value in {**(values or {}), **named}.items():
            element = await self.wait_for_field(label)
            if element.kind in ("external_select", "multi_external_select") and value:
                await self.pick(label, value)
            else:
                await self.set_value(element, to_state(self.ws, element, value, self.person.user.tz))

    async def search(self, label: str, query: str) -> list[str]:
        """Type into a select that asks the bot; returns the texts of the options. Raises SearchFailed."""
        options = await self.options(await self.wait_for_field(label), query)
        return [option_text(self.ws, option) for option in options]

    async def pick(self, label: str, option: str | list[str], *, query: str | None = None) -> Outcome:
        """Choose an option by its text, searching for it where the bot is asked. Raises NotVisible, SearchFailed."""
        element = await self.wait_for_field(label)
        wanted = [option] if isinstance(option, str) else option
        if "external" not in element.kind:
            return await self.set_value(element, to_state(self.ws, element, option, self.person.user.tz))
        found = []
        for one in wanted:
            options = await self.options(element, one if query is None else query)
            found.append(pick_option(self.ws, options, one))
        if element.key not in [e.key for e in self._fields]:
            # The bot replaced the form while the list was open, which closes it.
            return await self.pick(label, option, query=query)
        return await self.set_value(element, found if element.kind.startswith("multi_") else found[0])

    async def click(self, label: str, *, near: str = "", confirm: bool = True) -> Outcome:
        """Press a button, or an entry of a menu. A confirmation is accepted unless ``confirm`` is False. Raises
        NotVisible."""

        def is_there() -> bool:
            return self._button(label, near) is not None or self.menu_entry(label, near) is not None

        await self.ws.changes.wait_until(is_there, FIELD_TIMEOUT)
        entry = self.menu_entry(label, near) if self._button(label, near) is None else None
        if entry is not None:
            return await self.press(entry[0], option=entry[1], confirm=confirm)
        return await self.press(self.button(label, near), confirm=confirm)

    async def choose(self, option: str, *, confirm: bool = True) -> Outcome:
        """Choose from an overflow menu, or any select here that offers this option. Raises NotVisible."""
        for element in self.elements:
            offered = options_of(element.json)
            if option not in [option_text(self.ws, o) for o in offered]:
                continue
            if element.kind == "overflow":
                return await self.press(element, option=pick_option(self.ws, offered, option), confirm=confirm)
            return await self.set_value(
                element, to_state(self.ws, element, option, self.person.user.tz), confirm=confirm
            )
        raise NotVisible(f"Nothing here offers {option!r}; this is: {self.text}")

    async def press(self, element: Element, *, option: Json | None = None, confirm: bool = True) -> Outcome:
        """Press a button, or an entry of an overflow menu."""
        fields: Json = {name: element.json[name] for name in ("text", "value", "style", "url") if name in element.json}
        return await self._dispatch_action(element, fields if option is None else {"selected_option": option}, confirm)

    async def set_value(self, element: Element, value: Any, *, confirm: bool = True) -> Outcome:
        """Give an element a value as Slack stores it; the bot is told if the element says so."""
        if element.dispatches_action and not _is_confirmed(element, confirm):
            return _not_sent(self.person)
        self.form.set(element, value)
        self.ws.announce("form", self.container, self.person.id)
        if not element.dispatches_action:
            return _not_sent(self.person)
        entry = dict(self.form.entries[element.key])
        return await self._dispatch_action(element, entry, confirm=True)

    async def options(self, element: Element, query: str) -> list[Json]:
        """The options that a select offers for what is typed. Raises SearchFailed."""
        if "external" not in element.kind:
            return [o for o in options_of(element.json) if query.casefold() in option_text(self.ws, o).casefold()]
        if len(query) < element.json.get("min_query_length", 3):
            return []
        user, (block_id, action_id) = self.person.user, element.key
        payload = payloads.block_suggestion(self.ws, user, self.container, block_id, action_id, query)
        ack = await self.person.delivery.deliver_interaction("interactive", action_id, payload, user.id)
        try:
            return parse_options_response(ack)
        except SearchFailed as error:
            if not ack.error:
                self.ws.record_invalid_response(action_id, ack.body, error.code, error.messages, user.id)
            raise

    async def _dispatch_action(self, element: Element, fields: Json, confirm: bool) -> Outcome:
        if not _is_confirmed(element, confirm):
            return _not_sent(self.person)
        block_id, action_id = element.key
        action = {**fields, "type": element.kind, "action_id": action_id, "block_id": block_id}
        action["action_ts"] = self.ws.new_ts()
        if element.kind in TEXT_INPUT_TYPES:
            action["value"] = fields.get("value")
        payload = payloads.block_actions(self.ws, self.person.user, self.container, action)
        return await self.person.send("interactive", action_id, payload)

    @property
    def _fields(self) -> list[Element]:
        return [e for e in self.elements if e.kind in STATE_PROPERTIES]

    def _buttons(self, near: str) -> list[Element]:
        """The buttons from the block on that reads ``near``."""
        return [e for e in self._elements_from(near) if e.kind == "button"]

    def menu_entry(self, label: str, near: str = "") -> tuple[Element, Json] | None:
        """A menu and its entry of this label, from the block on that reads ``near``; None if there is none."""
        wanted = plain_label(label).casefold()
        menus = (element for element in self._elements_from(near) if element.kind == "overflow")
        for menu in menus:
            for option in options_of(menu.json):
                if plain_label(option_text(self.ws, option)).casefold() == wanted:
                    return menu, option
        return None

    def _elements_from(self, near: str) -> list[Element]:
        at = next(
            (n for n, b in enumerate(self.blocks) if near in blocks_to_text([b], self.ws.display_name)),
            len(self.blocks),
        )
        return list(elements_of(self.blocks[at if near else 0 :]))

    def _button(self, label: str, near: str) -> Element | None:
        return _find_by_label(self._buttons(near), label)

    def _contains(self, text: str) -> bool:
        return text in self._text_or_error()

    def _text_or_error(self) -> str:
        try:
            return self.text
        except NotVisible as error:
            return str(error)


class MessageSurface(Surface):
    """A message as one person uses it."""

    def __init__(self, person: Actor, message: Message) -> None:
        super().__init__(person)
        self.message = message

    @property
    def container(self) -> Message:
        if not self.ws.can_see(self.person.id, self.message):
            raise NotVisible(f"{self.person.name} cannot see this message (any more): {self.message.text}")
        return self.message


class HomeTab(Surface):
    """The bot's home tab as one person sees it."""

    @property
    def container(self) -> View:
        home = self.ws.homes.get(self.person.id)
        if home is None:
            raise NotVisible(f"The bot has published no home tab for {self.person.name}.")
        return home


def _find_by_label(elements: list[Element], label: str) -> Element | None:
    """The element of a label; capitals, a trailing "(optional)" and the "…" of a button do not matter."""
    plain = plain_label(label).casefold()
    found = next((e for e in elements if e.label == label), None)
    return found or next((e for e in elements if _plain(e.label) == plain), None)


def _plain(label: str) -> str:
    return plain_label(label.casefold().removesuffix(" (optional)"))


def _raise_missing(elements: list[Element], label: str, what: str) -> NoReturn:
    there = ", ".join(repr(e.label) for e in elements) or "none"
    raise NotVisible(f"There is no {what} {label!r} here; there are: {there}.")


def _is_confirmed(element: Element, confirm: bool) -> bool:
    return confirm or "confirm" not in element.json


def _not_sent(person: Actor) -> Outcome:
    outcome = Outcome(person)
    outcome.sent = False
    return outcome
