"""What is typed into a form as parameters, and as words for people."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.backends.base import FormField, Option
from bot.errors import InputError
from bot.requests.model import Person
from bot.usecases.drafts.fields import typed_values
from bot.usecases.drafts.policy_input import editors_including
from bot.usecases.summary import summarize_params, value_text


def form_field(name: str, widget: Any = "text", **values: Any) -> FormField:
    return FormField(**({"name": name, "label": name.title(), "widget": widget} | values))


@pytest.mark.parametrize("empty", [None, "", []])
def test_what_is_empty_is_not_a_parameter(empty: Any) -> None:
    assert typed_values([form_field("hosts")], {"hosts": empty}) == {}


def test_only_the_fields_that_are_shown_become_parameters() -> None:
    values = {"hosts": "web", "hidden": "x"}
    assert typed_values([form_field("hosts"), form_field("user")], values) == {"hosts": "web"}


def test_a_default_that_nobody_touched_is_a_parameter() -> None:
    assert typed_values([form_field("user", default="root")], {}) == {"user": "root"}


@pytest.mark.parametrize(("default", "typed"), [(None, {}), (False, {"reboot": False}), (True, {"reboot": False})])
def test_a_flag_that_is_off_is_left_out_unless_it_has_a_default(default: Any, typed: dict[str, Any]) -> None:
    assert typed_values([form_field("reboot", "flag", default=default)], {"reboot": False}) == typed


def test_json_is_parsed_and_named_where_it_cannot_be() -> None:
    fields = [form_field("body", "json"), form_field("other", "json"), form_field("text")]
    assert typed_values(fields, {"body": '{"a": [1]}', "other": {"b": 2}, "text": "{"}) == {
        "body": {"a": [1]},
        "other": {"b": 2},
        "text": "{",
    }
    with pytest.raises(InputError) as caught:
        typed_values(fields, {"body": "{", "other": "["})
    assert set(caught.value.problems) == {"body", "other"}
    assert caught.value.problems["body"].startswith("This is not JSON: ")


def test_a_summary_has_what_was_set_in_the_words_that_people_saw() -> None:
    choices = (Option(value="a", label="First"), Option(value="b", label="Second"))
    fields = [
        form_field("template"),
        form_field("order", choices=choices),
        form_field("orders", choices=choices),
        form_field("tenants"),
        form_field("reboot", "flag"),
        form_field("count"),
    ]
    values = {"template": 12, "order": "b", "orders": ["a", "x"], "tenants": [1, 2], "reboot": True, "count": 3}
    labels = {"template": "Run Command", "tenants": {1: "Contoso"}}
    assert summarize_params(fields, values, labels) == (
        ("Template", "Run Command"),
        ("Order", "Second"),
        ("Orders", "First, x"),
        ("Tenants", "Contoso, 2"),
        ("Reboot", "yes"),
        ("Count", "3"),
    )


def test_a_summary_leaves_out_what_is_empty_or_as_it_is_by_default() -> None:
    fields = [*(form_field(name, default="usual") for name in "abcdf"), form_field("e"), form_field("g", default=False)]
    values = {"a": None, "b": "", "c": [], "d": {}, "e": False, "f": "usual", "g": False}
    assert summarize_params(fields, values, {}) == ()


def test_a_summary_hides_neither_a_zero_nor_a_no_that_is_not_the_default() -> None:
    fields = [form_field("delay"), form_field("reboot", "flag", default=True)]
    assert summarize_params(fields, {"delay": 0, "reboot": False}, {}) == (("Delay", "0"), ("Reboot", "no"))


def test_a_summary_has_the_inputs_of_a_template_by_default_too_and_no_secret() -> None:
    fields = [form_field("inputs.command", default="uptime"), form_field("inputs.password", secret=True)]
    assert summarize_params(fields, {"inputs.password": "hunter2"}, {"inputs.password": "hunter2"}) == (
        ("Inputs.Command", "uptime"),
        ("Inputs.Password", "•••"),
    )


def test_the_requester_is_no_editor_and_everybody_else_is_one_once() -> None:
    ann, bob, carol = (Person(team="T1", user=user) for user in ("UANN", "UBOB", "UCAROL"))
    edited: Any = SimpleNamespace(requester=ann, edited_by=(bob,))
    assert editors_including(edited, ann) == (bob,)
    assert editors_including(edited, bob) == (bob,)
    assert editors_including(edited, carol) == (bob, carol)


def test_a_value_is_shown_as_it_is_where_its_label_is_none_of_its_own() -> None:
    assert value_text(form_field("order"), "b", {"b": "Second"}) == "b"
    assert value_text(form_field("order"), "b", "") == "b"
    assert value_text(form_field("order"), ["a", "b"], "Second") == "a, b"
    assert value_text(form_field("order"), ["a", "b"], {"b": "Second"}) == "a, Second"
