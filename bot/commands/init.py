"""``nightshift init``: makes a first configuration by questions, with a policy and its tests."""

import json
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.backends.base import BackendKind
from bot.commands.policy_new import Ask, make_policy, prompt
from bot.configuration import checked_policy
from bot.errors import ConfigError
from bot.settings import Settings, installed_kinds, load_settings, validate_backends

_CHANNELS = (
    ("approvals", "In which channel do requests wait for approval?", "#approvals"),
    ("results", "In which channel are results posted?", "#results"),
    ("admin", "In which channel are administrators told of problems?", "#nightshift-admin"),
)


def run(file: Path) -> int:
    """Ask, and write the configuration to a new file. Return the exit status."""
    if file.exists():
        print(f"{file} is there already; name a new file.", file=sys.stderr)
        return 2
    try:
        text = make_configuration(prompt, lambda problem: print(problem, file=sys.stderr))
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    file.write_text(text)
    for problem in _problems_of(file):
        print(problem, file=sys.stderr)
    print(
        f"Written to {file}. Set the secrets that it names (env:…) and those of Slack, then run:\n"
        f"  nightshift policy test --config {file}\n"
        f"  nightshift migrate --config {file}\n"
        f"  nightshift doctor --config {file}",
        file=sys.stderr,
    )
    return 0


def _problems_of(file: Path) -> tuple[str, ...]:
    """Return what is wrong with the policy of a file, such as a system that is not configured."""
    try:
        checked_policy(file, load_settings(file), datetime.now(UTC))
    except ConfigError as error:
        return error.problems
    return ()


def make_configuration(ask: Ask, tell: Callable[[str], None]) -> str:
    """Return the text of a configuration, from answers. What is wrong with them is told and asked again."""
    channels = {name: answer for name, question, default in _CHANNELS if (answer := ask(question, default).strip())}
    system, table = _ask_for_system(ask, tell)
    head = [
        "# The secrets are not in this file: env:NAME is an environment variable, file:PATH a file.",
        'data_dir = "data"',
        "",
        "[channels]",
        *(f"{name} = {json.dumps(channel)}" for name, channel in channels.items()),
        "",
        table,
    ]
    return "\n".join([*head, make_policy(ask, tell, system)])


def _ask_for_system(ask: Ask, tell: Callable[[str], None]) -> tuple[str, str]:
    """Return the full name of a system and its table."""
    kinds = installed_kinds()
    question = f"Which system will start the work? {', '.join(sorted(kinds))}"
    while (chosen := ask(question, "foreman").strip()) not in kinds:
        tell(f'There is no "{chosen}".')
    kind = kinds[chosen]
    while True:
        name = ask("What is it to be called, such as prod?", "prod").strip()
        values = {field: ask(question, default).strip() for field, question, default in _questions(kind)}
        lines = [f"[backends.{chosen}.{json.dumps(name) if not name.isidentifier() else name}]"]
        lines += [f"{field} = {json.dumps(value)}" for field, value in values.items()]
        table = "\n".join(lines) + "\n"
        problems = _problems(table)
        if not problems:
            return f"{chosen}.{name}", table
        for problem in problems:
            tell(problem)


def _questions(kind: BackendKind) -> list[tuple[str, str, str]]:
    """Return the name, question and default answer of each setting that its example gives as a text."""
    example = kind.example().model_dump(mode="json", exclude_defaults=True)
    return [(name, f"{kind.title}: {name}", value) for name, value in example.items() if isinstance(value, str)]


def _problems(table: str) -> list[str]:
    """Return what is wrong with the settings of a system."""
    try:
        validate_backends(Settings.model_validate(tomllib.loads(table)))
    except ConfigError as error:
        return list(error.problems)
    return []
