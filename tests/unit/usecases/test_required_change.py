"""A rule that looks at the reason, and one that requires a change: in the form, on the card, signed and on record."""

import pytest

from bot.errors import InputError
from bot.forms import CHANGE
from bot.usecases.approvals.new_round import content_now
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.form import form_model
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.submit import submit
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.preflight import current_preview
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "databases"
when = { operation = "foreman.run", targets = "db*" }
require = { change = "/^CHG\\\\d{7}$/" }

[[policy.rules]]
name = "standard changes"
when = { reason = "/\\\\bSTD-\\\\d+/" }
effect = "approve"
"""
DATABASES = "name ~ db"


async def test_the_form_has_the_field_where_a_rule_may_require_it(bot: Harness) -> None:
    for operation, shown in (("foreman.run", True), ("opsramp.update_job", False)):
        draft = await bot.draft(operation=operation)
        found = await form_model(bot.services, draft, await bot.actor("alice"))
        assert (CHANGE in [field.name for field in found.fields]) == shown


@pytest.mark.parametrize("change", ["", "CHG123", "see CHG0001234", "CHG0001234\nand more", "CHG0001234" * 30])
async def test_without_a_fitting_change_the_request_is_not_made(bot: Harness, change: str) -> None:
    draft = await bot.draft(hosts=DATABASES, **{CHANGE: change})
    with pytest.raises(InputError) as error:
        await preview_draft(bot.services, draft, await bot.actor("alice"))
    assert list(error.value.problems) == [CHANGE]


async def test_the_change_is_on_the_card_signed_and_on_record(bot: Harness) -> None:
    request = await bot.request(hosts=DATABASES, **{CHANGE: " CHG0001234 "})
    assert request.content.change == "CHG0001234"
    assert ("Change", "CHG0001234") in request.summary
    assert request.content.hash != request.content.model_copy(update={"change": "CHG0001235"}).hash
    assert ("request.submitted", {"hash": request.content_hash, "change": "CHG0001234"}) in await bot.audit(request)
    preview, _ = await current_preview(bot.services, request)
    assert preview is not None
    assert content_now(request, preview).change == "CHG0001234"


async def test_another_change_is_a_new_revision(bot: Harness) -> None:
    alice, request = await bot.actor("alice"), await bot.request(hosts=DATABASES, **{CHANGE: "CHG0001234"})
    draft = await edit_request(bot.services, request.id, alice)
    draft = await apply_form_state(bot.services, draft, alice, {CHANGE: "CHG0009999"}, {})
    draft, _ = await preview_draft(bot.services, draft, alice)
    edited = await submit(bot.services, draft, draft.version)
    assert edited.revision_changes == ({"field": "Change", "before": "CHG0001234", "after": "CHG0009999"},)
    assert edited.content_hash != request.content_hash


async def test_a_change_that_nobody_requires_is_welcome_and_optional(bot: Harness) -> None:
    assert (await bot.request()).content.change == ""
    assert (await bot.request(**{CHANGE: "whatever"})).content.change == "whatever"


async def test_the_reason_decides_and_another_reason_decides_again(bot: Harness) -> None:
    request = await bot.request(reason="as in STD-12", when="tomorrow 21:00")
    assert (request.state, request.requirement.rules) == ("scheduled", ("standard changes",))
    alice = await bot.actor("alice")
    draft = await edit_request(bot.services, request.id, alice)
    draft = await apply_form_state(bot.services, draft, alice, {"because": "just so"}, {})
    assert (await bot.submit(draft)).state == "awaiting_approval"
