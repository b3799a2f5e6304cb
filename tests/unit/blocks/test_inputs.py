"""What a form shows of a value, and what is read back from it."""

import pytest

from blocks.inputs import field_input, parse_state
from bot.backends.base import FormField, Option
from bot.forms import as_named, has_made_id, is_clipped_original

LONG_TEXT = "x" * 2_990 + " and the end of it all"


def test_a_text_that_is_too_long_for_an_input_is_not_cut_for_good() -> None:
    block = field_input(FormField(name="command", label="Command"), LONG_TEXT, None, 1, "")
    shown = block["element"]["initial_value"]
    assert len(shown) <= 3_000
    state = {block["block_id"]: {"command": {"type": "plain_text_input", "value": shown}}}
    values, _ = parse_state(state, "")
    assert is_clipped_original(values["command"], LONG_TEXT)
    assert not is_clipped_original(shown[1:], LONG_TEXT)
    assert not is_clipped_original(shown, shown)
    assert not is_clipped_original(None, LONG_TEXT)


def test_more_than_a_hundred_choices_are_searched() -> None:
    many = tuple(Option(value=str(n), label=f"Choice {n}") for n in range(150))
    one = field_input(FormField(name="one", label="One", widget="choice", choices=many), "140", None, 1, "")["element"]
    assert (one["type"], one["initial_option"]["text"]["text"]) == ("external_select", "Choice 140")
    several = FormField(name="several", label="Several", widget="choices", choices=many)
    element = field_input(several, ["3", "149"], None, 1, "")["element"]
    assert [option["value"] for option in element["initial_options"]] == ["3", "149"]


@pytest.mark.parametrize("name", ["inputs.disk|part", "inputs." + "x" * 255, "inputs.~ä", "inputs.command"])
def test_ids_are_short_and_lead_back_to_the_name_and_the_value(name: str) -> None:
    choices = tuple(Option(value=f"{'v' * 200}{n}", label=f"Value {n}") for n in range(3))
    item = FormField(name=name, label="Odd", widget="choices", choices=choices)
    block = field_input(item, [choices[1].value], None, 7, "foreman.main")
    element = block["element"]
    options = [option["value"] for option in element["options"]]
    assert max(map(len, (block["block_id"], element["action_id"], *options))) <= 150
    assert element["initial_options"] == [element["options"][1]]
    picked = [{"value": option["value"], "text": option["text"]} for option in element["options"][:2]]
    state = {block["block_id"]: {element["action_id"]: {"type": element["type"], "selected_options": picked}}}
    values, labels = as_named([item], *parse_state(state, "foreman.main"))
    assert values == {name: [choices[0].value, choices[1].value]}
    assert labels == {name: {choices[0].value: "Value 0", choices[1].value: "Value 1"}}


def test_what_was_entered_for_a_field_that_is_not_there_is_left_out() -> None:
    other = FormField(name="inputs.a|b", label="Other")
    block = field_input(other, "x", None, 1, "")
    state = {block["block_id"]: {"any": {"type": "plain_text_input", "value": "x"}}}
    values, labels = parse_state(state, "")
    assert has_made_id(values)
    assert as_named([], values, labels) == ({}, {})


def test_an_empty_input_that_the_bot_has_filled_in_since_is_left_out() -> None:
    entered = {"name|0": {"name": {"type": "plain_text_input", "value": None}},
               "when|0": {"when": {"type": "plain_text_input", "value": "now"}},
               "entities|0|o": {"entities": {"type": "multi_external_select", "selected_options": []}}}  # fmt: skip
    assert parse_state(entered, "o", 1)[0] == {"when": "now"}
    assert parse_state(entered, "o", 0)[0] == {"name": None, "when": "now", "entities": []}
