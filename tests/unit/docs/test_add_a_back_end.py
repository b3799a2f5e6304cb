"""The page about adding a back end has all files of the example, names all of the contract, and works to the letter."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.backends.base import (
    CONTRACT_VERSION,
    BackendContext,
    BackendKind,
    Change,
    Connection,
    ConnectionSettings,
    Handle,
    HttpCall,
    Operation,
    Option,
    Placement,
    Plan,
    Preview,
    Progress,
    TargetResult,
    Targets,
)
from docs.generate import DOCS_DIR

REPOSITORY = Path(__file__).parents[3]
PAGE = (DOCS_DIR / "add-a-back-end.md").read_text()
EXAMPLE = REPOSITORY / "tests" / "example_backend"
FILES = dict(re.findall(r'^```\w+ title="(.*?)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL))
COMMANDS: list[tuple[str, str]] = re.findall(r"^```sh ?(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PORT = "8099"
VALUES: list[type[BaseModel]] = [
    Change, ConnectionSettings, Handle, HttpCall, Option, Placement, Plan, Preview, Progress, TargetResult, Targets,
]  # fmt: skip


def test_every_block_is_a_file_or_a_command():
    assert len(re.findall(r"^```", PAGE, re.MULTILINE)) == 2 * (len(FILES) + len(COMMANDS))


def test_the_page_has_every_file_of_the_example():
    listed = re.findall(r"^ {4}(\S+\.(?:py|toml|json)) ", PAGE, re.MULTILINE)
    suffixes = {".py", ".toml", ".json"}
    paths = {str(path.relative_to(EXAMPLE)) for path in EXAMPLE.rglob("*") if path.suffix in suffixes}
    assert set(listed) == FILES.keys() == paths


@pytest.mark.parametrize("name", FILES)
def test_a_file_on_the_page_is_the_examples(name: str):
    assert FILES[name] == (EXAMPLE / name).read_text()


def is_named(name: str) -> bool:
    return re.search(rf"`{name}[`(]", PAGE) is not None


def test_every_method_of_an_operation_is_named():
    methods = {name for name, value in vars(Operation).items() if callable(value) and not name.startswith("_")}
    assert {"start", "find_started", "plan_occurrence"} <= methods
    assert [name for name in sorted(methods | set(Operation.__annotations__)) if not is_named(name)] == []


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_every_field_of_a_value_is_named(value: type[BaseModel]):
    assert [name for name in value.model_fields if not is_named(name)] == []


@pytest.mark.parametrize("part", [BackendKind, Connection], ids=lambda part: part.__name__)
def test_every_part_of_a_kind_and_a_connection_is_named(part: type):
    names = {*vars(part), *part.__annotations__}
    assert [name for name in sorted(names) if not name.startswith("_") and not is_named(name)] == []


def test_what_a_connection_is_given_is_named():
    assert [name for name in BackendContext.__annotations__ if not is_named(name)] == []


def test_the_version_of_the_contract_is_the_current_one():
    assert f"it is {CONTRACT_VERSION}." in PAGE
    assert f"contract_version = {CONTRACT_VERSION}\n" in FILES["lantern/connection.py"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory that a reader has after copying every file of the page."""
    directory = tmp_path_factory.mktemp("lantern")
    for name, text in FILES.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace(PORT, free_port()))
    return directory


@pytest.fixture(scope="module")
def environment(package: Path) -> dict[str, str]:
    """The environment after the page's installation. The dependencies are there, so no index is needed."""
    site = package / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--python", sys.executable]
    # pip itself would take three times as long.
    installer = [sys.executable, "-m", "uv", "pip", "install"]
    subprocess.run([*installer, *options, "--target", str(site), str(package)], check=True)
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("NIGHTSHIFT_", "SLACK_"))}
    return keep | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{site}{os.pathsep}{REPOSITORY}",
        "NIGHTSHIFT_DATA_DIR": str(package / "data"),
        "SLACK_API_URL": "http://127.0.0.1:9/",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_SIGNING_SECRET": "s",
    }


@pytest.fixture(scope="module")
def sandbox(package: Path, environment: dict[str, str]) -> Iterator[None]:
    """The command that the page runs in another terminal."""
    (command,) = [text for kind, text in COMMANDS if kind == "background"]
    words = [sys.executable if word == "python" else word for word in command.replace(PORT, free_port()).split()]
    with subprocess.Popen(words, cwd=package, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "answers at" in process.stdout.readline()
        yield
        process.terminate()


_ports: list[str] = []


def free_port() -> str:
    """Returns the port that takes the place of the page's own, which may be in use."""
    if not _ports:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            _ports.append(str(found.getsockname()[1]))
    return _ports[0]


def run_block(first_words: str, package: Path, environment: dict[str, str]) -> str:
    """Runs the page's block of commands that has a line with some first words. Returns what it prints."""
    (block,) = [text for kind, text in COMMANDS if not kind and re.search(rf"^{first_words}\b", text, re.MULTILINE)]
    done = subprocess.run(["bash", "-c", block], cwd=package, env=environment, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_every_command_of_the_page_is_run_here():
    first_words = [" ".join(text.splitlines()[-1].split()[:2]) for kind, text in COMMANDS]
    assert first_words == [
        "pip install", "nightshift dry-run", "nightshift manifest", "python -m", "nightshift doctor", "pytest tests",
    ]  # fmt: skip


def test_the_dry_run_shows_the_call(package: Path, environment: dict[str, str]):
    (call,) = json.loads(run_block("nightshift dry-run", package, environment))["requests"]
    assert call["body"] == {
        "key": "ns-made-at-the-start", "lamps": ["hall", "gate"], "mode": "gentle", "dimSeconds": 7
    }  # fmt: skip


def test_the_manifest_has_the_command(package: Path, environment: dict[str, str]):
    assert "command: /lantern" in run_block("nightshift manifest", package, environment)


@pytest.mark.usefixtures("sandbox")
def test_doctor_says_what_the_page_says(package: Path, environment: dict[str, str]):
    (line,) = re.findall(r"^ {4}(ok .*)$", PAGE, re.MULTILINE)
    assert line in run_block("nightshift doctor", package, environment).splitlines()


def test_the_tests_of_the_page_pass(package: Path, environment: dict[str, str]):
    output = run_block("pytest tests", package, environment)
    assert re.search(r"=+ \d+ passed in", output), output
