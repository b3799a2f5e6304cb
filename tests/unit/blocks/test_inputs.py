"""What a form shows of a value, and what is read back from it."""

from blocks.inputs import field_input, is_untouched, read_state
from bot.backends.base import Field, Option

LONG = "x" * 2_990 + " and the end of it all"


def test_a_text_that_is_too_long_for_an_input_is_not_cut_for_good() -> None:
    block = field_input(Field(name="command", label="Command"), LONG, None, 1, "")
    shown = block["element"]["initial_value"]
    assert len(shown) <= 3_000
    state = {"values": {block["block_id"]: {"command": {"type": "plain_text_input", "value": shown}}}}
    values, _ = read_state(state, "")
    assert is_untouched(values["command"], LONG)
    assert not is_untouched(shown[1:], LONG)
    assert not is_untouched(shown, shown)
    assert not is_untouched(None, LONG)


def test_a_picked_choice_beyond_the_first_hundred_is_shown() -> None:
    many = tuple(Option(value=str(n), label=f"Choice {n}") for n in range(150))
    one = field_input(Field(name="one", label="One", widget="choice", choices=many), "140", None, 1, "")["element"]
    assert one["initial_option"]["value"] == "140"
    assert len(one["options"]) == 100
    several = Field(name="several", label="Several", widget="choices", choices=many)
    element = field_input(several, ["3", "149"], None, 1, "")["element"]
    assert [option["value"] for option in element["initial_options"]] == ["3", "149"]
