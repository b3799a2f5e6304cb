"""A form that moves to another operation or system, and the field that a problem belongs to."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.forms import OPERATION, SYSTEM
from bot.storage.drafts import Draft
from bot.usecases.drafts.create import create_draft
from bot.usecases.drafts.preview import _owning_field, preview_draft
from bot.usecases.drafts.update import apply_form_state
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """
[backends.opsramp.other]
title = "Other"
url = "{opsramp}"
tenant = "client_94"
key = "env:SANDBOX_OPSRAMP_KEY"
secret = "env:SANDBOX_OPSRAMP_SECRET"
"""


async def fill(bot: Harness, draft: Draft, **values: Any) -> Draft:
    return await apply_form_state(bot.services, draft, await bot.actor("alice"), values, {})


async def test_another_operation_of_the_same_system_keeps_what_was_typed(bot: Harness) -> None:
    draft = await create_draft(bot.services, bot.person("alice"), "opsramp", "opsramp.update_job", "C-OPS")
    draft = await fill(bot, draft, name="A job", entities=["d-1"])
    moved = await fill(bot, draft, **{OPERATION: "opsramp.create_job"})
    assert (moved.operation, moved.backend) == ("opsramp.create_job", "opsramp.main")
    assert moved.values == {"name": "A job", "entities": ["d-1"]}
    assert (await fill(bot, moved, name="B")).operation == "opsramp.create_job"


async def test_on_another_system_what_was_picked_from_its_lists_is_dropped(bot: Harness) -> None:
    draft = await create_draft(bot.services, bot.person("alice"), "opsramp", "opsramp.create_job", "C-OPS")
    draft = await fill(bot, draft, name="A job", entities=["d-1"], script="7", job_type="custom")
    moved = await fill(bot, draft, **{SYSTEM: "opsramp.other"})
    assert (moved.backend, moved.generation, moved.labels) == ("opsramp.other", draft.generation + 1, {})
    assert moved.values == {"name": "A job"}


@pytest.mark.parametrize(
    ("problem", "field"),
    [("inputs.package", "inputs"), ("inputs.package.0", "inputs"), ("elsewhere.x", ""), ("", ""), ("inputs", "inputs")],
)
async def test_a_problem_belongs_to_the_field_that_has_its_group(problem: str, field: str) -> None:
    assert _owning_field(problem, {"inputs", "name"}) == field


async def test_every_problem_with_a_value_is_told_under_its_field(bot: Harness) -> None:
    draft = await create_draft(bot.services, bot.person("alice"), "opsramp", "opsramp.create_job", "C-OPS")
    draft = await fill(bot, draft, when="tomorrow 20:00", because="why", job_type="custom", entities=[" "], script="x")
    with pytest.raises(InputError) as caught:
        await preview_draft(bot.services, draft, await bot.actor("alice"))
    assert set(caught.value.problems) == {"entities", "script"}
