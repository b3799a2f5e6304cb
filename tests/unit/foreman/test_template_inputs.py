"""Inputs, warnings and facts of a request, by what its template asks for."""

import pytest

from bot.backends.foreman import form, preview
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate, TemplateInput
from bot.values import Json, JsonObject

SETTINGS = ForemanSettings(
    url="https://f", username="nightshift", password="env:P", secrets={"b": "env:B", "a": "env:A"}
)  # fmt: skip


def params(**values: Json) -> ForemanJobParams:
    return ForemanJobParams.model_validate({"job_template_id": 1, "search_query": "name = a", **values})


def template(*inputs: TemplateInput, **more: Json) -> JobTemplate:
    base = JobTemplate(1, "Run Command", "Commands", "SSH", "", "", False, True, inputs)
    return JobTemplate(**{name: more.get(name, getattr(base, name)) for name in JobTemplate.__slots__})


OPTIONS = TemplateInput("o", options=("x", "y"))
HIDDEN = TemplateInput("h", hidden=True)
NEEDED = TemplateInput("n", required=True)
DEFAULTED = TemplateInput("d", required=True, default="x")


@pytest.mark.parametrize(
    ("item", "inputs", "problem"),
    [
        (NEEDED, {}, "This is needed."),
        (NEEDED, {"n": ""}, "This is needed."),
        (NEEDED, {"n": "x"}, ""),
        (DEFAULTED, {}, ""),
        (DEFAULTED, {"d": ""}, "This is needed."),
        (OPTIONS, {}, ""),
        (OPTIONS, {"o": ""}, ""),
        (OPTIONS, {"o": "x"}, ""),
        (OPTIONS, {"o": "z"}, "This must be one of x, y."),
        (HIDDEN, {"h": "x"}, "This input is hidden in Foreman: choose a configured secret instead of typing it."),
        (HIDDEN, {"h": "secret:a"}, ""),
        (OPTIONS, {"o": "secret:a"}, "Foreman shows this input to everybody: no secret is put there."),
    ],
)
def test_inputs_that_do_not_fit_the_template(item: TemplateInput, inputs: JsonObject, problem: str):
    found = preview.input_problems(params(inputs=inputs), template(item))
    assert found == ({f"inputs.{item.name}": problem} if problem else {})


def test_an_input_that_the_template_does_not_have():
    text = "The template Run Command has no input of this name; it has"
    unknown = params(inputs={"z": "1"})
    assert preview.input_problems(unknown, template(OPTIONS, HIDDEN)) == {"inputs.z": f"{text} o, h."}
    assert preview.input_problems(unknown, template()) == {"inputs.z": f"{text} none."}


USER = "Run Command does not let a job choose its user:"


@pytest.mark.parametrize(
    ("values", "more", "query", "expected"),
    [
        ({}, {}, "name = a", []),
        ({"effective_user": "u"}, {}, "", []),
        ({"effective_user": "u"}, {"allows_effective_user": False}, "", [f"{USER} u is ignored."]),
        (
            {"effective_user_password": "a"},
            {"allows_effective_user": False},
            "",
            [f"{USER} the password for it is ignored."],
        ),
        ({"tags": "t"}, {}, "", ["Run Command is not an Ansible template: the tags are ignored."]),
        ({"tags": "t"}, {"provider": "Ansible"}, "", []),
        ({}, {}, "web", ["'web' names no field, so Foreman looks for it in many: name = web is exact."]),
        ({}, {}, "has facts", []),
        ({}, {}, "a ~ b", []),
    ],
)
def test_warnings(values: JsonObject, more: JsonObject, query: str, expected: list[str]):
    assert preview.warnings(params(**values), template(**more), query) == expected


@pytest.mark.parametrize(
    ("user", "more", "expected"),
    [
        ("u", {}, "u"),
        (None, {}, "root"),
        (None, {"run_as": "svc"}, "svc"),
        ("u", {"allows_effective_user": False, "run_as": "svc"}, "svc"),
        ("u", {"allows_effective_user": False, "runs_as_current_user": True, "run_as": "svc"}, "nightshift"),
        (None, {"runs_as_current_user": True}, "nightshift"),
    ],
)
def test_who_a_script_runs_as(user: str | None, more: JsonObject, expected: str):
    assert preview.run_as(params(effective_user=user), template(**more), SETTINGS) == expected


def test_facts_for_policy():
    assert preview.facts(params(), template(), "q", SETTINGS) == {
        "template": "Run Command", "feature": None, "job_category": "Commands", "provider": "SSH", "run_as": "root",
        "query": "q", "targeting_type": "static_query",
    }  # fmt: skip


def test_inputs_as_fields():
    long = TemplateInput("command", required=True, description="What to run.")
    fields = {
        field.name: field
        for field in form.job_form_fields(SETTINGS, ForemanServer(), template(long, OPTIONS, HIDDEN, DEFAULTED), {})
    }
    assert (fields["inputs.command"].widget, fields["inputs.command"].required) == ("long_text", True)
    assert (fields["inputs.command"].hint, fields["inputs.command"].api_name) == ("What to run.", "inputs[command]")
    assert [option.value for option in fields["inputs.o"].choices] == ["x", "y"]
    assert [(option.value, option.label) for option in fields["inputs.h"].choices] == [
        ("secret:a", "a"),
        ("secret:b", "b"),
    ]
    assert fields["inputs.h"].hint == "Hidden: choose a configured secret."
    assert (fields["inputs.d"].required, fields["inputs.d"].default, fields["inputs.d"].widget) == (True, "x", "text")
    assert [option.value for option in fields["password"].choices] == ["a", "b"]
    secret = TemplateInput("s", hidden=True, default="never shown")
    (field,) = [
        f for f in form.job_form_fields(SETTINGS, ForemanServer(), template(secret), {}) if f.name == "inputs.s"
    ]
    assert field.default is None


def test_fields_that_have_no_effect_are_left_out():
    def names(versions: ForemanServer, found: JobTemplate | None) -> set[str]:
        return {field.name for field in form.job_form_fields(SETTINGS, versions, found, {})}

    all_fields = names(ForemanServer(), None)
    assert all_fields - names(ForemanServer(remote_execution=(11,)), None) == {"time_span"}
    fixed = template(allows_effective_user=False)
    assert all_fields - names(ForemanServer(), fixed) == {
        "effective_user", "effective_user_password", "tags", "tags_flag"
    }  # fmt: skip
    assert all_fields - names(ForemanServer(), template(provider="ansible")) == set()
