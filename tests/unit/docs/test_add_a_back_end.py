"""The page about adding a back end shows the example's own code, and names all of the contract."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from bot.backends.base import BackendKind, Operation
from docs.generate import DOCS_DIR

PAGE = (DOCS_DIR / "add-a-back-end.md").read_text()
EXAMPLE = Path(__file__).parents[2] / "example_backend"
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_code():
    assert len(PYTHON) >= 5


@pytest.mark.parametrize("piece", PYTHON, ids=lambda piece: piece.strip().splitlines()[0][:40])
def test_every_piece_of_code_stands_in_the_example(piece: str):
    assert [
        path for path in (EXAMPLE / "lantern").glob("*.py") if strip_indent(piece) in strip_indent(path.read_text())
    ]


def strip_indent(code: str) -> str:
    """The lines without their indentation and without empty ones: a piece of a class stands by itself on the page."""
    return "\n".join(line.strip() for line in code.splitlines() if line.strip())


def test_the_entry_point_is_the_examples():
    first, *_ = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    shown = tomllib.loads(first)["project"]["entry-points"]
    assert shown == tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]


def test_the_files_that_it_lists_are_the_examples():
    listed = set(re.findall(r"^ {6}(\S+) ", PAGE, re.MULTILINE))
    there = {str(path.relative_to(EXAMPLE)) for path in [*EXAMPLE.glob("*.toml"), *EXAMPLE.glob("lantern/*.py")]}
    assert listed == there - {"lantern/__init__.py"}


def test_every_method_of_an_operation_is_named():
    methods = {name for name, value in vars(Operation).items() if callable(value) and not name.startswith("_")}
    assert {"start", "find_started", "plan_occurrence"} <= methods
    assert [name for name in sorted(methods) if not re.search(rf"`{name}[`(]", PAGE)] == []


def test_the_example_has_all_of_a_kind():
    tree = ast.parse((EXAMPLE / "lantern" / "connection.py").read_text())
    (kind,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "LanternKind"]
    named = {target.id for node in kind.body if isinstance(node, ast.Assign) for target in node.targets}
    named |= {node.target.id for node in kind.body if isinstance(node, ast.AnnAssign)}
    assert named == set(BackendKind.__annotations__)
