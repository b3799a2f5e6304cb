"""The interactive elements of blocks, their state as Slack reports it, and their initial values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
Key = tuple[str, str]

TEXT_INPUT_TYPES = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})
SINGLE_OPTION_TYPES = frozenset({"static_select", "external_select", "radio_buttons"})
MULTI_OPTION_TYPES = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})

# The element's type: (the property of its state, the property that gives its first value, the state of an empty one).
STATE_PROPERTIES: dict[str, tuple[str, str, Any]] = {
    **dict.fromkeys(TEXT_INPUT_TYPES, ("value", "initial_value", None)),
    **dict.fromkeys(SINGLE_OPTION_TYPES, ("selected_option", "initial_option", None)),
    **{kind: ("selected_options", "initial_options", []) for kind in MULTI_OPTION_TYPES},
    "users_select": ("selected_user", "initial_user", None),
    "channels_select": ("selected_channel", "initial_channel", None),
    "conversations_select": ("selected_conversation", "initial_conversation", None),
    "multi_users_select": ("selected_users", "initial_users", []),
    "multi_channels_select": ("selected_channels", "initial_channels", []),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
    "datepicker": ("selected_date", "initial_date", None),
    "timepicker": ("selected_time", "initial_time", None),
    "datetimepicker": ("selected_date_time", "initial_date_time", None),
    "rich_text_input": ("rich_text_value", "initial_value", None),
    "file_input": ("files", "", []),
}

Position = Literal["input", "actions", "accessory"]


@dataclass(frozen=True, slots=True)
class Element:
    """An interactive element and its position in the blocks."""

    block: Json
    json: Json
    position: Position

    @property
    def kind(self) -> str:
        return str(self.json.get("type", ""))

    @property
    def key(self) -> Key:
        return str(self.block.get("block_id", "")), str(self.json.get("action_id", ""))

    @property
    def label(self) -> str:
        """Its visible name: an input's label, a button's text, else the placeholder or the section's text."""
        if self.position == "input":
            return _text(self.block.get("label"))
        if "text" in self.json:
            return _text(self.json["text"])
        return _text(self.json.get("placeholder")) or _text(self.block.get("text")) or self.key[1]

    @property
    def dispatches_action(self) -> bool:
        """Whether using it tells the bot at once."""
        return self.position != "input" or bool(self.block.get("dispatch_action"))

    @property
    def required(self) -> bool:
        return self.position == "input" and not self.block.get("optional", False)

    @property
    def state_property(self) -> str:
        return STATE_PROPERTIES[self.kind][0]


def elements_of(blocks: Sequence[Json]) -> Iterator[Element]:
    """The interactive elements of blocks, from top to bottom."""
    for block in blocks:
        match block.get("type"):
            case "input":
                yield Element(block, block["element"], "input")
            case "actions":
                for spec in block["elements"]:
                    yield Element(block, spec, "actions")
            case "section" if "action_id" in block.get("accessory", {}):
                yield Element(block, block["accessory"], "accessory")


def plain_label(label: str) -> str:
    """What people call a button: its label without the "…" that says that a dialog follows."""
    return label.removesuffix("…").rstrip()


def button_labels(blocks: Sequence[Json]) -> list[str]:
    """What can be pressed: the buttons, and the entries of menus after those of their block."""
    found: list[str] = []
    for element in elements_of(blocks):
        if element.kind == "button":
            found.append(plain_label(element.label))
        elif element.kind == "overflow":
            found += [plain_label(_text(option.get("text"))) for option in options_of(element.json)]
    return found


def initial_state(spec: Json) -> Json:
    """The state entry of an element that nobody has changed."""
    name, initial, empty = STATE_PROPERTIES[spec["type"]]
    entry: Json = {"type": spec["type"], name: spec.get(initial, empty)}
    if spec["type"] == "timepicker" and "timezone" in spec:
        entry["timezone"] = spec["timezone"]
    return entry


def options_of(spec: Json) -> list[Json]:
    """The options of a select, radio group, checkboxes or overflow menu, groups flattened."""
    groups = spec.get("option_groups") or []
    return [*(spec.get("options") or []), *(option for group in groups for option in group.get("options", []))]


class FormState:
    """What one person has entered into a set of blocks, as ``state.values`` reports it.

    An entry outlives an update of the blocks only if its block_id, action_id and type are still there; otherwise it
    starts from the element's initial value again.
    """

    def __init__(self) -> None:
        self.entries: dict[Key, Json] = {}

    def sync(self, blocks: Sequence[Json]) -> None:
        """Adjust the entries to the blocks that are shown now."""
        kept: dict[Key, Json] = {}
        for element in elements_of(blocks):
            if element.kind not in STATE_PROPERTIES:
                continue
            entry = self.entries.get(element.key)
            same = entry is not None and entry["type"] == element.kind
            kept[element.key] = entry if entry is not None and same else initial_state(element.json)
        self.entries = kept

    def set(self, element: Element, value: Any) -> None:
        self.entries[element.key] = {**initial_state(element.json), element.state_property: value}

    def get(self, element: Element) -> Any:
        entry = self.entries.get(element.key) or initial_state(element.json)
        return entry.get(element.state_property)

    def values(self) -> dict[str, dict[str, Json]]:
        out: dict[str, dict[str, Json]] = {}
        for (block_id, action_id), entry in self.entries.items():
            shown = {k: v for k, v in entry.items() if not (k == "rich_text_value" and v is None)}
            out.setdefault(block_id, {})[action_id] = shown
        return out


def _text(value: Any) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) else ""
