"""A previewed draft becomes a request, or a new revision of one; once, however often the button is pressed."""

from datetime import timedelta

import pytest

from bot.errors import Conflict, InputError, NotAllowed
from bot.storage import drafts
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.submit import submit
from bot.usecases.drafts.update import apply_form_state
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "8h"
reminders = ["1h", "4h"]

[[policy.rules]]
name = "one cache host"
when = { targets = "cache*", max_targets = 1, schedule = "now" }
effect = "approve"
budget = 1

[[policy.rules]]
name = "not in the afternoon"
when = { targets = "batch*", hours = "12:00-18:00" }
effect = "refuse"

[[policy.rules]]
name = "two in the afternoon"
when = { targets = "app*", hours = "12:00-18:00" }
approvers = ["@sre"]
quorum = 2
"""
ONE_CACHE = "name = cache18.ber.example.com"


async def previewed(bot: Harness, who: str = "alice", **values: str) -> drafts.Draft:
    draft, _ = await preview_draft(bot.services, await bot.draft(who, **values), await bot.actor(who))
    return draft


async def test_a_request_begins_as_its_first_revision_in_front_of_its_approvers(bot: Harness) -> None:
    request = await bot.request(reason="the certificate is new")
    assert (request.state, request.revision, request.version) == ("awaiting_approval", 1, 1)
    assert (request.requester, request.reason) == (bot.person("alice"), "the certificate is new")
    assert (request.content_hash, request.content.renewal) == (request.content.hash, 0)
    assert (request.created_at, request.round_opened_at, request.approved_at) == (bot.now, bot.now, None)
    assert (request.approve_by, request.remind_at) == (bot.now + timedelta(hours=8), bot.now + timedelta(hours=1))
    assert bot.woken() == {"sender"}
    assert await bot.audit(request) == [("request.submitted", {"hash": request.content_hash})]


async def test_its_card_goes_to_the_approvers_and_its_receipt_to_the_requester(bot: Harness) -> None:
    request = await bot.request()
    found = sorted((message.kind, message.recipient) for message in await bot.messages(request))
    assert found == [("approval", "#approvals"), ("receipt", "U0ALICE")]


async def test_numbers_go_up_by_one(bot: Harness) -> None:
    first, second = await bot.request(), await bot.request()
    assert second.number == first.number + 1
    assert second.name == f"NS-{first.number + 1}"


async def test_pressed_twice_it_is_the_same_request(bot: Harness) -> None:
    draft = await previewed(bot)
    first = await submit(bot.services, draft, draft.version)
    assert await submit(bot.services, draft, draft.version) == first
    async with bot.services.db.read() as tx:
        stored = await drafts.get(tx, draft.id)
    assert stored.state == "submitted"
    assert await submit(bot.services, stored, draft.version) == first
    assert len(await bot.messages(first)) == 2


async def test_a_form_that_changed_since_its_preview_is_not_sent(bot: Harness) -> None:
    draft = await previewed(bot)
    with pytest.raises(Conflict, match="has changed since this preview"):
        await submit(bot.services, draft, draft.version - 1)
    with pytest.raises(Conflict, match="has changed since this preview"):
        await submit(bot.services, await bot.draft(), 1)


async def test_a_time_that_passes_while_the_preview_is_open_is_not_taken(bot: Harness) -> None:
    draft = await previewed(bot, when="today 11:00 to 12:00")
    latest = bot.now + timedelta(hours=2)
    bot.move_to(latest - timedelta(seconds=1))
    request = await submit(bot.services, draft, draft.version)
    assert request.latest_start == latest
    bot.move_to(bot.now - timedelta(hours=1))
    draft = await previewed(bot, when="today 11:30 to 12:00")
    bot.move_to(latest)
    with pytest.raises(InputError, match="has passed while the preview was open"):
        await submit(bot.services, draft, draft.version)


@pytest.mark.parametrize(
    ("hosts", "error", "text"),
    [
        ("name ~ batch", InputError, "not in the afternoon"),
        ("name ~ app", Conflict, "asks for more than when this was previewed"),
    ],
)
async def test_policy_is_asked_again_when_it_is_sent(
    bot: Harness, hosts: str, error: type[Exception], text: str
) -> None:
    draft = await previewed(bot, hosts=hosts)
    bot.forward(hours=3)
    with pytest.raises(error, match=text):
        await submit(bot.services, draft, draft.version)


async def test_what_a_rule_approves_goes_on_by_itself(bot: Harness) -> None:
    request = await bot.request(hosts=ONE_CACHE)
    assert (request.state, request.approved_at) == ("scheduled", bot.now)
    assert [run.state for run in await bot.runs(request)] == ["pending"]
    assert bot.woken() == {"sender", "scheduler"}
    assert [action for action, _ in await bot.audit(request)] == ["request.submitted", "request.approved_by_policy"]


async def test_of_two_previews_of_the_last_of_a_budget_only_one_is_approved(bot: Harness) -> None:
    bot.forward(days=1)
    first, second = await previewed(bot, hosts=ONE_CACHE), await previewed(bot, "dave", hosts=ONE_CACHE)
    assert (await submit(bot.services, first, first.version)).state == "scheduled"
    with pytest.raises(Conflict):
        await submit(bot.services, second, second.version)


async def test_a_budget_begins_again_at_midnight_of_the_policys_zone(bot: Harness) -> None:
    bot.forward(days=2)
    assert (await bot.request(hosts=ONE_CACHE)).state == "scheduled"
    # 22:59 UTC is one minute before midnight in Berlin.
    bot.forward(hours=13, minutes=59)
    assert (await bot.request(hosts=ONE_CACHE)).state == "awaiting_approval"
    bot.forward(minutes=1)
    assert (await bot.request(hosts=ONE_CACHE)).state == "scheduled"


async def edit(bot: Harness, request, who: str = "alice", **values: str):
    """Change a request through its form, and confirm the preview."""
    actor = await bot.actor(who)
    draft = await edit_request(bot.services, request.id, actor)
    draft = await apply_form_state(bot.services, draft, actor, values, {})
    return await bot.submit(draft, who)


async def test_an_edit_is_a_new_revision_and_voids_what_was_approved(bot: Harness) -> None:
    request = await bot.request()
    bot.forward(minutes=5)
    bot.woken()
    after = await edit(bot, request, **{"inputs.command": "df -h"})
    assert (after.id, after.revision, after.state) == (request.id, 2, "awaiting_approval")
    assert (after.content.renewal, after.round_opened_at) == (1, bot.now)
    assert after.content_hash == after.content.hash != request.content_hash
    assert [(c["before"], c["after"]) for c in after.revision_changes] == [("id", "df -h")]
    assert (after.last_editor, after.editors) == ("U0ALICE", ())
    (note,) = await bot.messages(request, "note")
    assert (note.recipient, note.facts["by"]) == ("#approvals", "U0ALICE")
    assert f"{request.name} was changed" in note.facts["text"]
    assert note.parent_id == (await bot.messages(request, "approval"))[0].id
    assert {m.kind: m.desired_version for m in await bot.messages(request, "approval", "receipt")} == {
        "approval": 2,
        "receipt": 2,
    }
    assert (await bot.audit(request))[-1] == (
        "request.revised",
        {"revision": 2, "hash": after.content_hash, "fields": ["Inputs: command"]},
    )


async def test_an_edit_of_the_reason_alone_is_approved_again(bot: Harness) -> None:
    """Who has approved “a test in the lab” has not approved “Bob has tested it”."""
    request = await bot.request()
    after = await edit(bot, request, because="another reason")
    assert (after.revision, after.reason) == (2, "another reason")
    assert after.content_hash != request.content_hash


async def test_an_edit_that_changes_nothing_is_refused(bot: Harness) -> None:
    request = await bot.request()
    with pytest.raises(InputError, match="Nothing was changed"):
        await edit(bot, request)


async def test_who_is_neither_requester_nor_approver_cannot_edit(bot: Harness) -> None:
    request = await bot.request()
    with pytest.raises(NotAllowed, match="Only the requester and the approvers can edit this"):
        await edit_request(bot.services, request.id, await bot.actor("dave"))


async def test_an_approver_who_edits_is_named_as_an_editor(bot: Harness) -> None:
    request = await bot.request()
    after = await edit(bot, request, "bob", **{"inputs.command": "df -h"})
    assert (after.last_editor, after.editors) == ("U0BOB", ("U0BOB",))
    assert after.requester == request.requester


async def test_the_waiting_run_of_an_approved_request_is_replaced_by_an_edit(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 09:00")
    after = await edit(bot, request, **{"inputs.command": "df -h"})
    assert (after.state, after.approved_at) == ("awaiting_approval", None)
    assert [(run.state, run.problem, run.finished_at) for run in await bot.runs(request)] == [
        ("cancelled", "Replaced by an edit.", bot.now)
    ]


async def test_what_has_started_cannot_be_edited(bot: Harness) -> None:
    request, _ = await bot.started()
    with pytest.raises(Conflict, match="cannot be edited any more"):
        await edit_request(bot.services, request.id, await bot.actor("alice"))


async def test_an_edit_that_was_open_while_the_run_started_is_refused(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 09:00")
    actor = await bot.actor("alice")
    draft = await edit_request(bot.services, request.id, actor)
    draft = await apply_form_state(bot.services, draft, actor, {"inputs.command": "df -h"}, {})
    draft, _ = await preview_draft(bot.services, draft, actor)
    assert (await bot.dispatch(await bot.run(request))).state == "scheduled_in_backend"
    with pytest.raises(Conflict, match="cannot be edited any more"):
        await submit(bot.services, draft, draft.version)
    assert (await bot.reload(request)).revision == 1
