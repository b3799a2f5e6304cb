"""Reads job templates with all their inputs, including inherited ones."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.backends.foreman.api import ForemanReads, Row
from bot.backends.payload import as_object
from bot.values import Json, digest

ReadInputSets: TypeAlias = Callable[[int], Awaitable[Sequence[Row]]]
"""Returns the foreign input sets of a template."""

_MAX_INPUT_SET_DEPTH = 6


@dataclass(frozen=True, slots=True)
class TemplateInput:
    """One input of a template. A ``hidden`` one is a secret."""

    name: str
    required: bool = False
    hidden: bool = False
    options: tuple[str, ...] = ()
    default: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class JobTemplate:
    """A job template.

    ``run_as`` is empty where it names no user; ``allows_effective_user`` says that a job may name another.
    ``text_digest`` stands for the script and its provider; it is empty if Foreman does not tell the script.
    """

    id: int
    name: str
    category: str
    provider: str
    description: str
    run_as: str
    runs_as_current_user: bool
    allows_effective_user: bool
    inputs: tuple[TemplateInput, ...]
    text_digest: str = ""
    has_input_details: bool = True
    """Whether more than the names of its inputs was read."""

    @property
    def is_ansible(self) -> bool:
        return self.provider.casefold() == "ansible"


async def fetch_template(
    api: ForemanReads,
    template_id: int,
    taxonomy: Mapping[str, int],
    read_input_sets: ReadInputSets,
    given: Collection[str] | None = None,
) -> JobTemplate:
    """Return a template and its inputs. Raises RemoteNotFound if there is none that the account can see.

    With ``given``, the names of the inputs that a job gives, no more than the names of its inputs is read if these are
    all: nothing else of them counts then, and Foreman itself checks the values.
    """
    path = f"/api/job_templates/{template_id}"
    own_names = None
    if given is None:
        row, inputs = await asyncio.gather(
            api.get_object(path, **taxonomy), _inputs(api, template_id, taxonomy, read_input_sets, frozenset())
        )
    else:
        row, sets = await asyncio.gather(api.get_object(path, **taxonomy), read_input_sets(template_id))
        own_names = None if sets else _own_names(row)
        if own_names is not None and own_names <= set(given):
            inputs = [TemplateInput(name) for name in sorted(own_names)]
        else:
            own_names = None
            inputs = await _inputs(api, template_id, taxonomy, read_input_sets, frozenset())
    user = as_object(row.get("effective_user"))
    provider, text = str(row.get("provider_type") or ""), row.get("template")
    return JobTemplate(
        id=template_id,
        name=str(row.get("name") or template_id),
        category=str(row.get("job_category") or ""),
        provider=provider,
        description=str(row.get("description_format") or ""),
        run_as=str(user.get("value") or ""),
        runs_as_current_user=bool(user.get("current_user")),
        allows_effective_user=bool(user.get("overridable")),
        inputs=tuple(inputs),
        text_digest=digest(f"{provider}\n{text}") if isinstance(text, str) else "",
        has_input_details=own_names is None,
    )


def _own_names(row: Row) -> frozenset[str] | None:
    """Return the names of a template's own inputs that people give; None if Foreman does not tell them with it."""
    own = row.get("template_inputs")
    if not isinstance(own, list):
        return None
    rows = [as_object(item) for item in own]
    return frozenset(str(item.get("name")) for item in rows if _is_user_input(item))


async def fetch_input_sets(api: ForemanReads, template_id: int, taxonomy: Mapping[str, int]) -> Sequence[Row]:
    """Return which inputs a template takes over from other templates."""
    path = f"/api/templates/{template_id}/foreign_input_sets"
    return (await api.get_rows(path, per_page="all", **taxonomy))[0]


async def _inputs(
    api: ForemanReads,
    template_id: int,
    taxonomy: Mapping[str, int],
    read_input_sets: ReadInputSets,
    ancestors: frozenset[int],
) -> Sequence[TemplateInput]:
    """Return the template's own inputs, then those of foreign input sets. Of inputs with the same name, the first
    counts."""
    (own, _), sets = await asyncio.gather(
        api.get_rows(f"/api/templates/{template_id}/template_inputs", per_page="all", **taxonomy),
        read_input_sets(template_id),
    )
    inputs = {item.name: item for item in map(_template_input, filter(_is_user_input, own))}
    for row in sets:
        target = row.get("target_template_id")
        if not isinstance(target, int) or target in ancestors or len(ancestors) >= _MAX_INPUT_SET_DEPTH:
            continue
        for item in await _inputs(api, target, taxonomy, read_input_sets, ancestors | {template_id}):
            if _is_included(row, item.name):
                inputs.setdefault(item.name, item)
    return tuple(inputs.values())


def _is_included(row: Row, name: str) -> bool:
    wanted = bool(row.get("include_all")) or name in _names(row.get("include"))
    return wanted and name not in _names(row.get("exclude"))


def _names(text: Json) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(text or "").split(",") if part.strip())


def _is_user_input(row: Row) -> bool:
    """Return whether people give this input. Foreman fills the others from facts and parameters of the host."""
    return row.get("input_type") in (None, "user")


def _template_input(row: Row) -> TemplateInput:
    options = row.get("options")
    listed = options if isinstance(options, list) else str(options or "").splitlines()
    default = row.get("default")
    return TemplateInput(
        name=str(row.get("name")),
        required=bool(row.get("required")),
        hidden=bool(row.get("hidden_value")),
        options=tuple(str(option).strip() for option in listed if str(option).strip()),
        default=None if default in (None, "") else str(default),
        description=str(row.get("description") or ""),
    )
