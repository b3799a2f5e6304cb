"""The glossary names what the code has: its classes, and exactly its states."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from bot.requests.model import RequestState, RunState
from bot.storage.runs import AttemptState
from docs.generate import DOCS_DIR

PAGE = (DOCS_DIR / "glossary.md").read_text()
TERMS, STATES = PAGE.split("## States")
ROOT = DOCS_DIR.parent


def classes() -> set[str]:
    trees = (ast.parse(path.read_text()) for path in (ROOT / "bot").rglob("*.py"))
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def test_every_name_in_the_table_is_a_class_or_a_state():
    named = {name for row in TERMS.splitlines() for name in re.findall(r"`(\w+)`", row.rpartition(" | ")[2])}
    assert len(named) >= 20
    assert named - classes() - {*get_args(RequestState), *get_args(RunState)} == set()


@pytest.mark.parametrize(
    ("of", "states"), [("a request", RequestState), ("a run", RunState), ("an attempt", AttemptState)]
)
def test_the_states_are_those_of_the_code(of: str, states: object):
    (row,) = [line for line in STATES.splitlines() if line.startswith(f"| {of} |")]
    assert re.findall(r"`(\w+)`", row) == list(get_args(states))


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_the_pages_that_readers_begin_with_link_to_it(page: str):
    assert "glossary.md" in (Path(ROOT) / page).read_text()
