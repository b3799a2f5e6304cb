"""The reference is current and complete: what the code has, the pages tell."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.backends.base import form_fields
from bot.settings import Settings, installed_kinds
from docs.generate import DOCS_DIR, pages, write_pages
from docs.reference.commands import shell_commands
from docs.reference.settings import field_descriptions
from handlers import hub

PAGES = pages()
SETTINGS = (DOCS_DIR / "settings.md").read_text()
COMMANDS = (DOCS_DIR / "commands.md").read_text()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_current(name: str):
    assert (DOCS_DIR / name).read_text() == PAGES[name], "run `make docs` and commit what it writes"


def test_there_is_a_page_for_each_operation_and_for_no_other():
    there = {path.stem for path in (DOCS_DIR / "operations").glob("*.md")}
    assert there == {operation.key for kind in installed_kinds().values() for operation in kind.operation_types}


def test_writing_removes_the_page_of_an_operation_that_is_gone(tmp_path: Path):
    (tmp_path / "operations").mkdir()
    (tmp_path / "operations" / "foreman.gone.md").write_text("old")
    write_pages(tmp_path)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.md")} == set(PAGES)


def test_every_parameter_of_every_operation_is_told():
    for kind in installed_kinds().values():
        for operation in kind.operation_types:
            rows = [line for line in PAGES[f"operations/{operation.key}.md"].splitlines() if line.startswith("| ")]
            for field in form_fields(operation.params_model):
                told = [row for row in rows if f"| `{field.name}`" in row]
                assert len(told) == 1, f"{operation.key}.{field.name}"
                assert f"| {field.label} |" in told[0]
                assert f"| `{field.api_name}` |" in told[0]
                assert not field.hint or field.hint.replace("|", "\\|") in told[0]
                assert all(f"`{option.value}`" in told[0] for option in field.choices)


def test_every_operation_says_who_holds_its_schedules_and_where_vendor_and_api_disagree():
    for kind in installed_kinds().values():
        for operation in kind.operation_types:
            text = PAGES[f"operations/{operation.key}.md"]
            assert operation.summary in text
            assert operation.scheduling_note, operation.key
            assert operation.scheduling_note in text
            assert operation.reference_notes, operation.key
            assert all(f"- {note}" in text for note in operation.reference_notes)


def settings_models() -> Iterator[type[BaseModel]]:
    """The tables of the configuration, those inside others too."""
    waiting: list[type[BaseModel]] = [Settings, *(kind.settings_model for kind in installed_kinds().values())]
    while waiting:
        model = waiting.pop()
        yield model
        for info in model.model_fields.values():
            inner = [a for a in (info.annotation, *getattr(info.annotation, "__args__", ())) if inspect.isclass(a)]
            waiting += [a for a in inner if issubclass(a, BaseModel)]


@pytest.mark.parametrize("model", list(settings_models()), ids=lambda model: model.__name__)
def test_every_setting_is_told_with_its_meaning(model: type[BaseModel]):
    told = field_descriptions(model)
    for name, info in model.model_fields.items():
        if inspect.isclass(info.annotation) and issubclass(info.annotation, BaseModel):
            assert f"[{name}]" in SETTINGS, name
            continue
        assert told.get(name), f"{model.__name__}.{name} has no text under it that says what it means"
        assert f"| `{info.validation_alias or name}`" in SETTINGS, name
        assert told[name].replace("\n", " ") in SETTINGS, name


def test_every_command_of_the_shell_is_told_with_its_options():
    for name, command in shell_commands():
        assert f"### {name}\n" in COMMANDS
        assert command.help
        section = COMMANDS.partition(f"### {name}\n")[2].partition("\n### ")[0]
        for parameter in command.params:
            assert parameter.opts[0].casefold() in section.casefold(), f"{name} {parameter.opts[0]}"


def test_every_verb_of_the_hub_is_told():
    verbs = set(hub_verbs())
    assert {"list", "show", "cancel", "when", "help"} <= verbs
    assert [verb for verb in sorted(verbs) if f"`/nightshift {verb}" not in COMMANDS] == []


def hub_verbs() -> Iterator[str]:
    """The words that the hub's own code tells apart."""
    for node in ast.walk(ast.parse(inspect.getsource(hub))):
        if isinstance(node, ast.Match) and isinstance(node.subject, ast.Name) and node.subject.id == "verb":
            for case in node.cases:
                yield from (
                    part.value.value
                    for part in ast.walk(case.pattern)
                    if isinstance(part, ast.MatchValue) and isinstance(part.value, ast.Constant) and part.value.value
                )


def test_every_slash_command_and_its_operations_are_told():
    for kind in installed_kinds().values():
        assert f"### {kind.command}\n" in COMMANDS
        for operation in kind.operation_types:
            assert f"`{kind.command} {operation.key.partition('.')[2]}`" in COMMANDS
