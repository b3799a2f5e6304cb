"""Writes the page of all commands, in Slack and in a shell."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperOption
from typer.main import get_command

from bot.backends.base import BackendKind, Operation, form_fields
from bot.cli import app
from bot.commands.manifest import HUB_COMMAND
from bot.forms import REASON, WHEN
from docs.reference.markdown import bullets, code, page, table
from docs.reference.operations import example
from handlers.arguments import KEY_ALIASES, SYSTEM_KEY
from handlers.hub import COMMAND, HELP

_FORM_INTRO = """A word after the command chooses the operation. `key=value` pairs after it fill in the form, with
quotes around values that have spaces. The page of an operation lists its keys; these work for all:"""


def commands_page(kinds: Mapping[str, BackendKind]) -> str:
    """Return the page."""
    return page(
        "Commands",
        "## In Slack",
        f"### {HUB_COMMAND[0]}",
        f"{HUB_COMMAND[1]}. Only the person who asks sees the answer.",
        bullets(f"{code(words)}: {meaning}" for words, meaning in hub_verbs()),
        *(part for kind in kinds.values() for part in _backend_section(kind)),
        "### In every form",
        _FORM_INTRO,
        table(("Key", "Meaning"), _common_keys()),
        "## In a shell",
        *(part for name, command in shell_commands() for part in _shell_section(name, command)),
    )


def hub_verbs() -> list[tuple[str, str]]:
    """Return the commands of the hub and their meanings, from its own help."""
    return re.findall(rf"^({COMMAND} [^:]+): (.+)$", HELP, re.MULTILINE)


def shell_commands() -> Iterator[tuple[str, TyperCommand]]:
    """Yield the commands of ``nightshift``, including those in groups."""
    yield from _leaf_commands("nightshift", get_command(app))


def _leaf_commands(name: str, command: Any) -> Iterator[tuple[str, TyperCommand]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, found in inner.items():
        yield from _leaf_commands(f"{name} {word}", found)


def _backend_section(kind: BackendKind) -> Iterator[str]:
    yield f"### {kind.command}"
    yield f"{kind.command_description}. For example: {code(f'{kind.command} {kind.command_usage_hint}')}."
    rows = [
        (code(example(kind, op)), f"[{op.title}](operations/{op.key}.md)", _short_keys(op))
        for op in kind.operation_types
    ]
    yield table(("Command", "Opens", "Short keys"), rows)


def _short_keys(operation: type[Operation[Any]]) -> str:
    short = [code(field.argument) for field in form_fields(operation.params_model) if field.argument]
    return ", ".join(short)


def _common_keys() -> list[tuple[str, str]]:
    def named(key: str) -> str:
        return " or ".join(code(name) for name in (key, *(k for k, v in KEY_ALIASES.items() if v == key)))

    return [
        (named(WHEN), "The time, in your own words."),
        (named(REASON), "The reason."),
        (named(SYSTEM_KEY), "The name of one of several back ends, such as `prod`."),
    ]


def _shell_section(name: str, command: TyperCommand) -> Iterator[str]:
    yield f"### {name}"
    yield command.help or ""
    rows = [
        (code(_usage(parameter)), str(getattr(parameter, "help", "") or ""), _default(parameter))
        for parameter in command.params
    ]
    if rows:
        yield table(("Argument", "Meaning", "Default"), rows)


def _usage(parameter: TyperArgument | TyperOption) -> str:
    word = parameter.opts[0]
    return word.upper() if parameter.param_type_name == "argument" else word


def _default(parameter: TyperArgument | TyperOption) -> str:
    if parameter.required:
        return "**required**"
    return "" if parameter.default in (None, "", False) else code(parameter.default)
