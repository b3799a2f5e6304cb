"""Writes the page of all settings, of the bot and of each installed back end."""

import ast
import inspect
import textwrap
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.backends.base import BackendKind
from bot.settings import Settings
from docs.reference.markdown import code, page, table

_INTRO = """Nightshift reads a TOML file, which `--config` or `NIGHTSHIFT_CONFIG` names, and the environment, which
takes precedence. Any setting can be given as a variable: `NIGHTSHIFT_` and its name, with `__` between levels
(`NIGHTSHIFT_CHANNELS__APPROVALS`); only the policy is read from the file alone. `nightshift doctor` checks the
configuration and prints a line for each problem.
Start from `nightshift.example.toml`."""
_SECRETS = """The file never has secrets in it, only references: `env:NAME` for an environment variable, `file:PATH`
for a file."""
_SEVERAL_BACKENDS = """A back end can be configured several times by name: `[backends.foreman.prod]` and
`[backends.foreman.lab]`. Each has its own credentials, channels and limits; the form offers those that the person may
use, `on=lab` chooses one in a slash command, every card shows its title, and policy rules name it by full name
(`foreman.prod`) or kind (`foreman`). One that is down or has a wrong password does not affect the others."""


def settings_page(kinds: Mapping[str, BackendKind]) -> str:
    """Return the page."""
    parts = [_INTRO, _SECRETS, "## At the top of the file", _table(Settings, scalars_only=True)]
    for name, info in Settings.model_fields.items():
        model = info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            parts += [f"## [{name}]", _description(model), _table(model)]
    parts += ["## Back ends", _SEVERAL_BACKENDS]
    for kind in kinds.values():
        parts += [f"### [backends.{kind.kind}.NAME]: {kind.title}", _description(kind.settings_model)]
        parts += [_table(kind.settings_model), *_nested_tables(kind)]
    return page("Settings", *parts)


def _nested_tables(kind: BackendKind) -> Iterator[str]:
    """Yield the tables inside the table of a back end."""
    for name, info in kind.settings_model.model_fields.items():
        model = _unwrap(info.annotation)
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield f"#### [backends.{kind.kind}.NAME.{name}]"
            yield _description(model)
            yield _table(model)


def _description(model: type[BaseModel]) -> str:
    return (inspect.getdoc(model) or "").replace("``", "`")


def _table(model: type[BaseModel], *, scalars_only: bool = False) -> str:
    """Return the settings of a table of the file. ``scalars_only`` leaves out settings that are tables themselves."""
    told = field_descriptions(model)
    rows = [
        (_name(name, info), default_text(info), told.get(name, ""))
        for name, info in model.model_fields.items()
        if not (scalars_only and isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel))
    ]
    return table(("Setting", "Default", "Meaning"), rows)


def _name(name: str, info: FieldInfo) -> str:
    alias = info.validation_alias
    return f"{code(alias)} (environment only)" if isinstance(alias, str) else code(name)


def default_text(info: FieldInfo) -> str:
    """Return the default of a setting as the page shows it."""
    if info.is_required():
        return "**required**"
    default = info.get_default(call_default_factory=True)
    match default:
        case bool():
            return code(str(default).lower())
        case SecretStr() | BaseModel() | None | "":
            return ""
        case _ if default in ((), {}):
            return ""
        case tuple():
            return ", ".join(map(code, default))
        case _:
            return code(default)


def field_descriptions(model: type[BaseModel]) -> dict[str, str]:
    """Return the meaning of each setting: the text below it in the class or its base classes."""
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, BaseModel) and not cls.__module__.startswith("pydantic"):
            found |= _attribute_docstrings(cls)
    return found


def _attribute_docstrings(cls: type) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    found, name = {}, ""
    for statement in body.body if isinstance(body, ast.ClassDef) else ():
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                found[name] = inspect.cleandoc(text).replace("``", "`")
                name = ""
            case _:
                name = ""
    return found


def _unwrap(annotation: Any) -> Any:
    """Return the type without ``| None`` and without annotations."""
    if get_origin(annotation) is Annotated:
        return _unwrap(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [a for a in get_args(annotation) if a is not type(None)]
        return rest[0] if len(rest) == 1 else None
    return annotation
