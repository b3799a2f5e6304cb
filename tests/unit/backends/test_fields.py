"""From a parameter model to the fields of a form, and from what is filled in to parameters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import pytest
from pydantic import AwareDatetime, Field

from bot.backends.base import (
    FormField,
    Option,
    Param,
    Params,
    form_fields,
    hidden_values,
    is_relevant,
    mask_secrets,
    parse_params,
)
from bot.errors import InputError
from tests.unit.backends.forms import describe


class Sample(Params):
    """One parameter of each kind."""

    name: Annotated[str, Field(min_length=2, max_length=4), Param("Name")]
    count: Annotated[int, Field(ge=1, le=9), Param("Count", reloads=True, argument="n", api_name="theCount")] = 3
    ratio: Annotated[float | None, Field(gt=0, lt=1), Param("Ratio", section="More")] = None
    flag: Annotated[bool, Param("Flag", relevant_if={"mode": ("slow",)})] = False
    mode: Annotated[Literal["fast", "very_slow"] | None, Param("Mode")] = None
    tags: Annotated[tuple[str, ...] | None, Param("Tags")] = None
    inputs: Annotated[dict[str, str], Param("Inputs", hint="By name.", placeholder="x")] = {}
    at: Annotated[AwareDatetime | None, Param("At", widget="moment")] = None
    state: Annotated[int | None, Param("State", hidden=True)] = None
    note: Annotated[str, Param("Note")] = ""


FIELDS = {
    "name": "Basics: text, required",
    "count": "Basics: number, reloads, argument=n, api=theCount, default=3",
    "ratio": "More: number",
    "flag": "Basics: flag, default=False, if mode in slow",
    "mode": "Basics: choice, choices=fast/very_slow",
    "tags": "Basics: json",
    "inputs": "Basics: json, default={}",
    "at": "Basics: moment",
    "note": "Basics: text",
}


def test_what_follows_from_the_type_and_what_param_says():
    fields = {field.name: field for field in form_fields(Sample)}
    assert {name: describe(field) for name, field in fields.items()} == FIELDS
    assert [option.label for option in fields["mode"].choices] == ["Fast", "Very slow"]
    assert (fields["inputs"].hint, fields["inputs"].placeholder, fields["inputs"].label) == ("By name.", "x", "Inputs")
    assert fields["name"] == FormField(name="name", label="Name", required=True, api_name="name")


def test_a_parameter_without_param_is_a_mistake():
    class Wrong(Params):
        name: str

    with pytest.raises(TypeError, match=r"Wrong\.name has no Param annotation"):
        form_fields(Wrong)


def test_defaults_of_a_field():
    assert FormField(name="a", label="A").model_dump(exclude={"name", "label"}) == {
        "hint": "", "section": "Basics", "widget": "text", "choices": (), "required": False, "secret": False,
        "default": None, "placeholder": "", "reloads": False, "relevant_if": {}, "api_name": "", "argument": "",
        "sent_empty": False, "finds_targets": False,
    }  # fmt: skip
    assert Option(value="a", label="A").description == ""


def test_hidden_values_are_those_of_hidden_parameters_alone():
    assert hidden_values(Sample, {"state": 4, "name": "zsh"}) == {"state": 4}
    assert hidden_values(Sample, {"state": None}) == {}


@pytest.mark.parametrize(
    ("values", "relevant"),
    [({"a": 1, "b": "x"}, True), ({"a": 2, "b": "x"}, True), ({"a": 3, "b": "x"}, False), ({"a": 1}, False)],
)
def test_a_field_appears_if_all_conditions_hold(values: Mapping[str, str | int], relevant: bool):
    field = FormField(name="f", label="F", relevant_if={"a": (1, 2), "b": ("x",)})
    assert is_relevant(field, values) is relevant
    assert is_relevant(FormField(name="f", label="F"), values)


def test_empty_values_count_as_left_out_but_those_of_groups_which_are_nested():
    values = {"name": "ab", "count": "", "ratio": None, "tags": [], "inputs.a.b": "1", "inputs.c": "2", "inputs.d": ""}
    params = parse_params(Sample, values)
    assert params == Sample(name="ab", inputs={"a.b": "1", "c": "2", "d": ""})
    assert (params.count, params.tags, params.flag) == (3, None, False)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"name": ""}, "This is needed."),
        ({"name": "a"}, "This is needed."),
        ({"name": "abcde"}, "Must have at most 4 characters."),
        ({"name": 4}, "Must be a text."),
        ({"count": 0}, "Must be 1 or more."),
        ({"count": 10}, "Must be 9 or less."),
        ({"count": "1.5"}, "Must be a whole number."),
        ({"count": 1.5}, "Must be a whole number."),
        ({"count": [1]}, "Must be a whole number."),
        ({"count": "9" * 5000}, "Must be a whole number."),
        ({"ratio": 0}, "Must be more than 0.0."),
        ({"ratio": 1}, "Must be less than 1.0."),
        ({"flag": "perhaps"}, "Must be yes or no."),
        ({"flag": ["x"]}, "Must be yes or no."),
        ({"mode": "x"}, "Must be one of 'fast' or 'very_slow'."),
        ({"tags": "x"}, "Must be a list."),
        ({"inputs": "x"}, "Must be a JSON object."),
        ({"at": "2026-03-04T21:00:00"}, "Must say its time zone, such as 2026-03-04T21:00:00+01:00."),
        ({"at": "later"}, "Must be a date and time, such as 2026-03-04T21:00:00+01:00."),
        ({"at": "2026-03-04T25:00:00Z"}, "Must be a date and time, such as 2026-03-04T21:00:00+01:00."),
        ({"other": 1}, "There is no parameter of this name."),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(values: Mapping[str, str], problem: str):
    (name,) = values
    with pytest.raises(InputError) as refused:
        parse_params(Sample, {"name": "ab", **values})
    assert refused.value.problems == {name: problem}


def test_a_dynamic_field_is_named_with_its_group_and_a_list_without_its_index():
    with pytest.raises(InputError) as refused:
        parse_params(Sample, {"name": "ab", "inputs.package": 4, "tags": ["a", 5, 6]})
    assert refused.value.problems == {"inputs.package": "Must be a text.", "tags": "Must be a text."}


def test_pydantics_own_words_end_as_a_sentence():
    class Own(Params):
        day: Annotated[str, Field(pattern="^x$"), Param("Day")]

    with pytest.raises(InputError) as refused:
        parse_params(Own, {"day": "y"})
    assert refused.value.problems == {"day": "String should match pattern '^x$'."}


def test_text_is_stripped_and_times_are_read():
    params = parse_params(Sample, {"name": " ab ", "at": "2026-03-04T21:00:00Z"})
    assert (params.name, params.at) == ("ab", datetime.fromisoformat("2026-03-04T21:00:00Z"))


def test_secrets_are_masked_wherever_their_key_is():
    body = {"a": [{"key": "x", "b": "y"}, "key"], "key": {"deep": 1}, "other": {"key": None}}
    assert mask_secrets(body, frozenset({"key"})) == {
        "a": [{"key": "•••", "b": "y"}, "key"], "key": "•••", "other": {"key": None}
    }  # fmt: skip
