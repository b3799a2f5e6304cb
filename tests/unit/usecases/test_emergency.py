"""An emergency runs first: in the form, on the card, on record, and reviewed by somebody who did not take part."""

from collections.abc import Sequence

import pytest

from bot.errors import Conflict, InputError, NotAllowed
from bot.forms import EMERGENCY
from bot.requests.model import Request, Requirement, Stage
from bot.slack.projection import Sources, render
from bot.storage import reviews
from bot.usecases.approvals.disclose import record_shown
from bot.usecases.approvals.new_round import open_new_round
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.form import form_model
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.jobs.tell_reviewers import tell_reviewers
from bot.usecases.preflight import preflight
from bot.usecases.reviews.list_reviews import list_reviews
from bot.usecases.reviews.record_review import record_review
from bot.usecases.runs.cancel import cancel
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "outage"
when = { operation = "foreman.run", targets = "web*" }
effect = "emergency"
review_by = ["@sre"]
review_within = "12h"

[[policy.rules]]
name = "cache outage"
when = { operation = "foreman.run", targets = "cache*" }
effect = "emergency"
approvers = ["@sre"]
review_by = ["@sre"]

[[policy.rules]]
name = "batch outage"
when = { operation = "foreman.run", targets = "batch*" }
effect = "emergency"
review_by = ["U0CAROL"]

[[policy.freezes]]
name = "caches rest"
targets = ["cache*"]
start = 2027-01-01T00:00:00Z
end = 2027-12-31T00:00:00Z
except = "emergency"
"""
YES = {EMERGENCY: True}


async def over(bot: Harness) -> Request:
    """An emergency that is over."""
    request = await bot.request(**YES)
    await cancel(bot.services, request.id, bot.person("alice"))
    return await bot.reload(request)


async def listed(bot: Harness) -> Sequence[str]:
    return await list_reviews(bot.services, await bot.actor("alice"))


async def card_text(bot: Harness, request: Request) -> str:
    card = (await bot.messages(request, "approval"))[0]
    return str((await render(Sources(bot.services.db, bot.services.directory, bot.clock), card)).blocks)


async def test_the_form_offers_it_where_a_rule_does(bot: Harness) -> None:
    for operation, offered in (("foreman.run", True), ("opsramp.update_job", False)):
        draft = await bot.draft(operation=operation)
        found = await form_model(bot.services, draft, await bot.actor("alice"))
        assert (EMERGENCY in [field.name for field in found.fields]) == offered


async def test_it_runs_at_once_and_is_marked_everywhere(bot: Harness) -> None:
    request = await bot.request(**YES)
    assert (request.state, request.is_emergency, request.content.emergency) == ("scheduled", True, True)
    assert request.title.startswith("Emergency: ")
    assert ("Emergency", "@sre must review it within 12 hours.") in request.summary
    recorded = dict(await bot.audit(request))
    assert recorded["request.submitted"]["emergency"] is recorded["request.approved_by_policy"]["emergency"] is True
    assert "must review it by Mon 11 Jan 22:00 CET" in await card_text(bot, request)


async def test_unasked_nothing_becomes_easier(bot: Harness) -> None:
    request = await bot.request()
    assert (request.state, request.is_emergency) == ("awaiting_approval", False)
    assert "emergency" not in request.content.model_dump(mode="json")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"hosts": "name ~ db"}, "No rule of policy lets this run as an emergency"),
        ({"when": "tomorrow 21:00"}, "An emergency starts now"),
        ({EMERGENCY: "perhaps"}, "neither yes nor no"),
    ],
)
async def test_what_cannot_be_one_says_so(bot: Harness, values: dict, text: str) -> None:
    with pytest.raises(InputError) as error:
        await preview_draft(bot.services, await bot.draft(**{**YES, **values}), await bot.actor("alice"))
    assert text in error.value.problems[EMERGENCY]


async def test_who_took_part_or_is_no_reviewer_cannot_review_it(bot: Harness) -> None:
    request = await bot.request(**YES)
    with pytest.raises(Conflict, match="is not over yet"):
        await record_review(bot.services, request.id, bot.person("bob"), "fine")
    await cancel(bot.services, request.id, bot.person("bob"))
    with pytest.raises(NotAllowed, match="You took part in this"):
        await record_review(bot.services, request.id, bot.person("bob"), "fine")
    with pytest.raises(NotAllowed, match="You took part in this"):
        await record_review(bot.services, request.id, bot.person("alice"), "fine")
    with pytest.raises(NotAllowed, match="you are not one of them"):
        await record_review(bot.services, request.id, bot.person("dave"), "fine")


async def test_a_review_is_kept_once_with_what_was_found(bot: Harness) -> None:
    request = await over(bot)
    await record_shown(bot.services, request, bot.person("carol"), "pages")
    with pytest.raises(InputError, match="Say what you found"):
        await record_review(bot.services, request.id, bot.person("carol"), "  ")
    assert "reviewed NS-" in await record_review(bot.services, request.id, bot.person("carol"), "The disk was full.")
    assert ("request.reviewed", {"comment": "The disk was full."}) in await bot.audit(request)
    assert "Reviewed Mon 11 Jan 10:00 CET: The disk was full." in await card_text(bot, request)
    with pytest.raises(Conflict, match="has been reviewed already"):
        await record_review(bot.services, request.id, bot.person("bob"), "Again.")
    with pytest.raises(Conflict, match="is no emergency"):
        await record_review(bot.services, (await bot.request()).id, bot.person("bob"), "fine")


async def test_reviewers_are_told_once_and_the_admins_too_when_it_is_overdue(bot: Harness) -> None:
    request = await over(bot)
    for _ in range(2):
        await tell_reviewers(bot.services)
    told = [message.recipient for message in await bot.messages(request, "note") if not message.parent_id]
    assert "U0CAROL" in told
    assert "U0ALICE" not in told
    bot.forward(hours=12)
    for _ in range(2):
        await tell_reviewers(bot.services)
    again = [message for message in await bot.messages(request, "note") if not message.parent_id]
    assert sorted(message.recipient for message in again) == sorted(told * 2)
    assert "was due Mon 11 Jan 22:00 CET" in again[-1].facts["text"]
    assert any(line.startswith(f"{request.name} ") and "was due" in line for line in await listed(bot))
    await record_review(bot.services, request.id, bot.person("carol"), "Well done.")
    assert not any(line.startswith(f"{request.name} ") for line in await listed(bot))
    async with bot.services.db.read() as tx:
        assert request.id not in [due.request_id for due in await reviews.to_tell(tx, bot.now)]


async def test_an_emergency_that_is_approved_as_usual_after_all_is_not_reviewed(bot: Harness) -> None:
    alice, request = await bot.actor("alice"), await bot.request(when="now", **YES)
    draft = await edit_request(bot.services, request.id, alice)
    draft = await apply_form_state(bot.services, draft, alice, {EMERGENCY: False}, {})
    edited = await bot.submit(draft)
    assert (edited.state, edited.title.startswith("Emergency")) == ("awaiting_approval", False)
    assert {"field": "Emergency", "before": "yes", "after": "no"} in edited.revision_changes
    assert not any(line.startswith(f"{request.name} ") for line in await listed(bot))
    await tell_reviewers(bot.services)
    async with bot.services.db.read() as tx:
        assert await reviews.of_request(tx, request.id) is None


async def test_what_others_edited_or_took_over_cannot_stay_an_emergency(bot: Harness) -> None:
    bob, request = await bot.actor("bob"), await bot.request(**YES)
    draft = await edit_request(bot.services, request.id, bob)
    with pytest.raises(InputError) as error:
        await preview_draft(bot.services, draft, bob)
    assert "or somebody else has edited it" in error.value.problems[EMERGENCY]


async def test_one_that_asks_is_approved_in_spite_of_the_freeze_and_reviewed_by_another(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ cache", command=f"echo {'x' * 4000}", **YES)
    assert (request.state, request.is_emergency) == ("awaiting_approval", True)
    assert (await preflight(bot.services, request)).stop == ()
    for who in ("bob", "carol"):
        await record_shown(bot.services, request, bot.person(who), "pages")
    approved = (await bot.decide(request, "bob")).request
    assert approved.state == "scheduled"
    assert any(line.startswith(f"{request.name} ") for line in await listed(bot))
    await cancel(bot.services, request.id, bot.person("alice"))
    with pytest.raises(NotAllowed, match="You took part in this"):
        await record_review(bot.services, request.id, bot.person("bob"), "fine")
    await record_review(bot.services, request.id, bot.person("carol"), "Reading it was not taking part.")


async def test_what_is_asked_again_without_the_rule_loses_its_mark(bot: Harness) -> None:
    request = await bot.request(**YES)
    usual = Requirement(stages=(Stage(users=("U0BOB",)),))
    async with bot.services.db.write() as tx:
        again = await open_new_round(tx, bot.services, request, {"requirement": usual}, "Policy changed.", [])
    assert (again.title, again.is_emergency) == (request.title.removeprefix("Emergency: "), False)


async def test_a_reviewer_whom_policy_names_by_id_is_called_by_name(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ batch", **YES)
    name = (await bot.services.directory.user("U0CAROL", bot.person("carol").team)).name
    assert ("Emergency", f"{name} must review it within 1 day.") in request.summary
    line = next(line for line in await listed(bot) if line.startswith(f"{request.name} "))
    assert f"{name} must review it by" in line
    assert f"{name} must review it by" in await card_text(bot, request)
