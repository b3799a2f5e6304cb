"""Job templates with everything they ask for, their inherited inputs included."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.backends.foreman.api import Api, Row

_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Input:
    """One value that a template asks for. ``hidden`` ones are secrets."""

    name: str
    required: bool = False
    hidden: bool = False
    options: tuple[str, ...] = ()
    default: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A job template. ``run_as`` is empty where it names no user; ``overridable`` says that a job may name another."""

    id: int
    name: str
    category: str
    provider: str
    description: str
    run_as: str
    as_current_user: bool
    overridable: bool
    inputs: tuple[Input, ...]

    @property
    def ansible(self) -> bool:
        return self.provider.casefold() == "ansible"


async def load(api: Api, template_id: int, context: Mapping[str, Any]) -> Template:
    """A template and its inputs. Raises Missing where there is none that the account can see."""
    row, inputs = await asyncio.gather(
        api.one(f"/api/job_templates/{template_id}", **context), _inputs(api, template_id, context, frozenset())
    )
    user = row.get("effective_user") or {}
    return Template(
        id=template_id,
        name=str(row.get("name") or template_id),
        category=str(row.get("job_category") or ""),
        provider=str(row.get("provider_type") or ""),
        description=str(row.get("description_format") or ""),
        run_as=str(user.get("value") or ""),
        as_current_user=bool(user.get("current_user")),
        overridable=bool(user.get("overridable")),
        inputs=tuple(inputs),
    )


async def _inputs(api: Api, template_id: int, context: Mapping[str, Any], above: frozenset[int]) -> Sequence[Input]:
    """Own inputs first, then those of foreign input sets; of two with one name the first counts."""
    own, sets = await asyncio.gather(
        api.rows(f"/api/templates/{template_id}/template_inputs", per_page="all", **context),
        api.rows(f"/api/templates/{template_id}/foreign_input_sets", per_page="all", **context),
    )
    found = {item.name: item for item in map(_input, filter(_asked, own[0]))}
    for row in sets[0]:
        target = row.get("target_template_id")
        if not isinstance(target, int) or target in above or len(above) >= _DEEPEST:
            continue
        for item in await _inputs(api, target, context, above | {template_id}):
            if _passes(row, item.name):
                found.setdefault(item.name, item)
    return tuple(found.values())


def _passes(row: Row, name: str) -> bool:
    wanted = bool(row.get("include_all")) or name in _names(row.get("include"))
    return wanted and name not in _names(row.get("exclude"))


def _names(text: Any) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(text or "").split(",") if part.strip())


def _asked(row: Row) -> bool:
    """Whether people give it: the others Foreman takes from facts and parameters of the host."""
    return row.get("input_type") in (None, "user")


def _input(row: Row) -> Input:
    options = row.get("options")
    listed = options if isinstance(options, list) else str(options or "").splitlines()
    default = row.get("default")
    return Input(
        name=str(row.get("name")),
        required=bool(row.get("required")),
        hidden=bool(row.get("hidden_value")),
        options=tuple(str(option).strip() for option in listed if str(option).strip()),
        default=None if default in (None, "") else str(default),
        description=str(row.get("description") or ""),
    )
