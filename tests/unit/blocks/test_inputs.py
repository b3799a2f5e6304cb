"""What a form shows of a value, and what is read back from it."""

from blocks.inputs import field_input, parse_state
from bot.backends.base import FormField, Option
from bot.forms import is_clipped_original

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


def test_a_picked_choice_beyond_the_first_hundred_is_shown() -> None:
    many = tuple(Option(value=str(n), label=f"Choice {n}") for n in range(150))
    one = field_input(FormField(name="one", label="One", widget="choice", choices=many), "140", None, 1, "")["element"]
    assert one["initial_option"]["value"] == "140"
    assert len(one["options"]) == 100
    several = FormField(name="several", label="Several", widget="choices", choices=many)
    element = field_input(several, ["3", "149"], None, 1, "")["element"]
    assert [option["value"] for option in element["initial_options"]] == ["3", "149"]
