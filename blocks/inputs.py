"""A field of a form as an input block, and the value that Slack sends back for it."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from blocks.text import Block, Element, clip, plain_text
from bot.backends.base import FormField, Option
from bot.forms import MAX_TEXT_LENGTH, field_id, option_id
from bot.values import Json, JsonObject

MAX_OPTIONS = 100
MORE_VALUE = "_more"
"""Value of the row that says: refine your search."""
NONE_VALUE = "_none"
DISPATCH_WHILE_TYPING: Element = {"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]}
"""Tells the bot of a text as it is typed, and on Enter, which is all that a phone tells."""


def block_id(name: str, generation: int, system: str = "") -> str:
    """The id of a field's block. With another generation Slack drops what was typed there. A field that is looked up
    names its back end."""
    ident = field_id(name)
    return f"{ident}|{generation}|{system}" if system else f"{ident}|{generation}"


def field_name_of(block_id_text: str) -> str:
    """The id of the field that a block's id holds: its name, unless that is long or odd."""
    return block_id_text.partition("|")[0]


def backend_of(block_id_text: str) -> str:
    """The back end whose choices a block offers; "" for a field that is not looked up."""
    return block_id_text.split("|", 2)[2] if block_id_text.count("|") > 1 else ""


def option_element(item: Option) -> Element:
    """A choice of a select."""
    element: Element = {"text": plain_text(item.label, 75), "value": option_id(item.value)}
    if item.description:
        element["description"] = plain_text(item.description, 75)
    return element


def option_elements(options: Sequence[Option]) -> list[Element]:
    """At most 100 choices. If there are more, the last row says so."""
    shown = [option_element(item) for item in options[:MAX_OPTIONS]]
    if len(options) > MAX_OPTIONS:
        shown[-1] = option_element(Option(value=MORE_VALUE, label="There are more: refine your search"))
    return shown


def field_input(field: FormField, value: Json, label: Json, generation: int, system: str) -> Block:
    """The input block of a field, filled in with ``value``. ``label`` is what people saw when they picked it, and
    ``system`` the back end that it is picked from."""
    looked_up = field.widget in ("lookup", "lookups") or has_many_choices(field)
    block: Block = {
        "type": "input",
        "block_id": block_id(field.name, generation, system if looked_up else ""),
        "label": plain_text(field.label, 2000),
        "optional": not (field.required or _always_has_a_value(field)),
        "element": _element(field, value, label),
    }
    if field.hint:
        block["hint"] = plain_text(field.hint, 2000)
    if field.reloads or field.finds_targets:
        block["dispatch_action"] = True
    return block


def _always_has_a_value(field: FormField) -> bool:
    """Whether something is chosen in any case: a choice of one with a default."""
    return field.widget == "choice" and field.default is not None


def _element(field: FormField, value: Json, label: Json) -> Element:
    match field.widget:
        case "number" if is_whole_number(value):
            return _number_input(field, value)
        case "flag":
            return _checkbox(field, value)
        case "choice" if has_many_choices(field):
            return _search_select(field, value, _choice_label(field, value))
        case "choices" if has_many_choices(field):
            return _multi_search_select(field, value, {choice.value: choice.label for choice in field.choices})
        case "choice":
            return _select(field, value, multiple=False)
        case "choices":
            return _select(field, value, multiple=True)
        case "lookup":
            return _search_select(field, value, label)
        case "lookups":
            return _multi_search_select(field, value, label)
        case "moment":
            return _datetime_picker(field, value)
        case _:
            return _text_input(field, value)


def is_whole_number(value: Json) -> bool:
    """Whether an input for numbers can show a value, which may have been typed as an argument."""
    return value in (None, "") or re.fullmatch(r"-?\d{1,15}", str(value)) is not None


def has_many_choices(field: FormField) -> bool:
    """Return whether a field has more choices than Slack shows in a list: they are searched then."""
    return len(field.choices) > MAX_OPTIONS


def _choice_label(field: FormField, value: Json) -> str | None:
    return next((choice.label for choice in field.choices if choice.value == value), None)


def _text_input(field: FormField, value: Json) -> Element:
    element: Element = {
        "type": "plain_text_input",
        "action_id": field_id(field.name),
        "multiline": field.widget in ("long_text", "json"),
        "max_length": MAX_TEXT_LENGTH,
    }
    if value not in (None, ""):
        element["initial_value"] = clip(str(value), MAX_TEXT_LENGTH)
    if field.placeholder:
        element["placeholder"] = plain_text(field.placeholder, 150)
    if field.finds_targets:
        element["dispatch_action_config"] = DISPATCH_WHILE_TYPING
    return element


def _number_input(field: FormField, value: Json) -> Element:
    element: Element = {"type": "number_input", "action_id": field_id(field.name), "is_decimal_allowed": False}
    if value not in (None, ""):
        element["initial_value"] = str(value)
    if field.placeholder:
        element["placeholder"] = plain_text(field.placeholder, 150)
    return element


def _checkbox(field: FormField, value: Json) -> Element:
    yes: Element = {"text": plain_text("Yes", 75), "value": "yes"}
    element: Element = {"type": "checkboxes", "action_id": field_id(field.name), "options": [yes]}
    if value in (True, "yes", "true", 1):
        element["initial_options"] = [yes]
    return element


def _select(field: FormField, value: Json, *, multiple: bool) -> Element:
    if not field.choices:
        nothing = option_element(Option(value=NONE_VALUE, label="Nothing is configured for this"))
        return {"type": "static_select", "action_id": field_id(field.name), "options": [nothing]}
    known = {choice.value: option_element(choice) for choice in field.choices}
    element: Element = {
        "type": "multi_static_select" if multiple else "static_select",
        "action_id": field_id(field.name),
        "options": list(known.values()),
    }
    if multiple:
        chosen = [known[text] for text in _texts(value) if text in known]
        if chosen:
            element["initial_options"] = chosen
    elif value is not None and str(value) in known:
        element["initial_option"] = known[str(value)]
    if field.placeholder:
        element["placeholder"] = plain_text(field.placeholder, 150)
    return element


def _search_select(field: FormField, value: Json, label: Json) -> Element:
    element: Element = {
        "type": "external_select",
        "action_id": field_id(field.name),
        "min_query_length": 0,
        "placeholder": plain_text(field.placeholder or "Type to search", 150),
    }
    if value not in (None, ""):
        shown = label if isinstance(label, str) else str(value)
        element["initial_option"] = option_element(Option(value=str(value), label=shown))
    return element


def _multi_search_select(field: FormField, value: Json, label: Json) -> Element:
    labels: JsonObject = label if isinstance(label, Mapping) else {}
    element: Element = {
        "type": "multi_external_select",
        "action_id": field_id(field.name),
        "min_query_length": 0,
        "placeholder": plain_text(field.placeholder or "Type to search", 150),
    }
    chosen = [option_element(Option(value=text, label=str(labels.get(text, text)))) for text in _texts(value)]
    if chosen:
        element["initial_options"] = chosen[:MAX_OPTIONS]
    return element


def _texts(value: Json) -> list[str]:
    """The picked values of a field that takes several."""
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _datetime_picker(field: FormField, value: Json) -> Element:
    element: Element = {"type": "datetimepicker", "action_id": field_id(field.name)}
    if value:
        element["initial_date_time"] = int(datetime.fromisoformat(str(value)).timestamp())
    return element


def parse_state(state: JsonObject, system: str, generation: int = 0) -> tuple[dict[str, Json], dict[str, Json]]:
    """Values by field name, and labels of picked options, from what was entered in a view. Empty inputs give None.
    Picks from another back end than ``system`` are left out: their ids mean something else here. So are empty inputs of
    a generation before ``generation``: the bot has filled them in since, and the person has not seen it yet."""
    values: dict[str, Json] = {}
    labels: dict[str, Json] = {}
    for block, elements in state.items():
        if backend_of(block) not in ("", system) or not isinstance(elements, dict):
            continue
        for element in elements.values():
            if not isinstance(element, dict) or element.get("type") == "timepicker":
                continue
            name = field_name_of(block)
            value, label = _parse_element(element)
            if value in (None, "", [], False) and _generation_of(block) < generation:
                continue
            values[name] = value
            if label:
                labels[name] = label
    return values, labels


def _generation_of(block_id_text: str) -> int:
    number = block_id_text.split("|")[1] if "|" in block_id_text else ""
    return int(number) if number.isdecimal() else 0


def _parse_element(element: JsonObject) -> tuple[Json, Json]:
    match element.get("type"):
        case "checkboxes":
            return bool(element.get("selected_options")), None
        case "static_select" | "external_select":
            return _parse_option(element.get("selected_option"))
        case "multi_static_select" | "multi_external_select":
            selected = element.get("selected_options")
            picked = [_parse_option(option) for option in selected] if isinstance(selected, list) else []
            return [value for value, _ in picked if value], {value: label for value, label in picked if value}
        case "datetimepicker":
            return _parse_instant(element.get("selected_date_time")), None
        case _:
            text = element.get("value")
            return (text if isinstance(text, str) else None), None


def _parse_option(option: Json) -> tuple[str | None, str | None]:
    match option:
        case {"value": str(value), "text": {"text": str(label)}} if value not in (MORE_VALUE, NONE_VALUE):
            return value, label
    return None, None


def _parse_instant(epoch: Json) -> str | None:
    if not isinstance(epoch, int) or not epoch:
        return None
    try:
        return datetime.fromtimestamp(epoch, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
