"""Decisions: who may make them, what they lead to, and what is told of them."""

from datetime import timedelta

import pytest

from bot.errors import Conflict, NotAllowed
from bot.requests.model import ApproverLimit, Request
from bot.storage import requests
from bot.usecases.approvals.decide import load_decidable_request
from bot.usecases.approvals.delegate import delegate
from bot.usecases.approvals.end_delegation import end_delegation
from bot.usecases.approvals.retract import retract_decision
from bot.usecases.refusals import RefusalCode
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "30d"

[[policy.rules]]
name = "power is for two"
when = { targets = "db*" }
approvers = ["@sre"]
quorum = 2

[[policy.rules]]
name = "not in the afternoon"
when = { targets = "batch*", hours = "12:00-18:00" }
effect = "refuse"
"""
TWO = "name ~ db"
WINDOW = "today 20:00 to 22:00"


async def test_the_last_approval_needed_plans_the_run(bot: Harness) -> None:
    request = await bot.request()
    bot.woken()
    result = await bot.decide(request, comment="  looks good  ", interaction_context={"action_ts": "1.2"})
    assert result.text == f"You approved {request.name}. It starts now."
    assert (result.request.state, result.request.approved_at) == ("scheduled", bot.now)
    assert bot.woken() == {"sender", "scheduler"}
    (run,) = await bot.runs(request)
    assert (run.number, run.state, run.due_at) == (1, "pending", None)
    (decision,) = await bot.decisions(request)
    assert (decision.person, decision.verdict, decision.comment) == (bot.person("bob"), "approved", "looks good")
    assert (decision.revision, decision.content_hash, decision.at) == (1, request.content_hash, bot.now)
    assert (await bot.audit(request))[1] == (
        "request.approved",
        {"revision": 1, "hash": request.content_hash, "comment": "looks good", "action_ts": "1.2", "rendered": 1},
    )
    assert {m.kind: m.desired_version for m in await bot.messages(request)} == {"approval": 2, "receipt": 2, "note": 1}
    (note,) = await bot.messages(request, "note")
    assert (note.recipient, note.facts["by"]) == ("U0ALICE", "U0BOB")
    assert note.facts["text"] == ""


async def test_one_of_two_approvals_leaves_it_waiting(bot: Harness) -> None:
    request = await bot.request(hosts=TWO)
    result = await bot.decide(request)
    assert (result.request.state, result.request.version) == ("awaiting_approval", 2)
    assert result.text == f"You approved {request.name}. 1 of 2 approved by @sre."
    assert await bot.runs(request) == []
    assert {m.desired_version for m in await bot.messages(request)} == {2}
    assert (await bot.decide(request, "carol")).request.state == "scheduled"


async def test_nobody_decides_twice(bot: Harness) -> None:
    request = await bot.request(hosts=TWO)
    await bot.decide(request)
    with pytest.raises(NotAllowed, match="You have approved this already"):
        await bot.decide(request)
    assert len(await bot.decisions(request)) == 1


@pytest.mark.parametrize(
    ("who", "text"),
    [("alice", "You asked for this yourself"), ("dave", "Only @sre may decide"), ("mallory", "Guests cannot")],
)
async def test_who_may_not_decide_is_told_why_before_anything_is_asked(bot: Harness, who: str, text: str) -> None:
    request = await bot.request()
    with pytest.raises(NotAllowed, match=text):
        await bot.decide(request, who)
    with pytest.raises(NotAllowed, match=text):
        await load_decidable_request(bot.services, request.id, 1, bot.person(who))
    assert (await load_decidable_request(bot.services, request.id, 1, bot.person("bob"))).id == request.id


@pytest.mark.parametrize("verdict", ["denied", "changes"])
@pytest.mark.parametrize("comment", ["", "  "])
async def test_a_denial_and_a_wish_for_changes_need_a_reason(bot: Harness, verdict: str, comment: str) -> None:
    request = await bot.request()
    with pytest.raises(NotAllowed, match="the requester needs a reason"):
        await bot.decide(request, "bob", verdict, comment=comment)
    assert await bot.decisions(request) == []


async def test_a_denial_ends_it_with_its_reason(bot: Harness) -> None:
    request = await bot.request()
    result = await bot.decide(request, "bob", "denied", comment="not before the release")
    assert result.text == f"You denied {request.name}. The requester has been told why."
    assert (result.request.state, result.request.outcome) == ("denied", "not before the release")
    assert result.request.finished_at == bot.now
    with pytest.raises(Conflict, match="was decided already: denied"):
        await bot.decide(request, "carol")


async def test_a_wish_for_changes_is_told_to_the_requester_and_holds_it_back(bot: Harness) -> None:
    request = await bot.request()
    result = await bot.decide(request, "bob", "changes", comment="one host first")
    assert result.request.state == "awaiting_approval"
    notes = {note.recipient: note for note in await bot.messages(request, "note")}
    assert notes.keys() == {"U0ALICE", "#approvals"}
    assert {note.facts["by"] for note in notes.values()} == {"U0BOB"}
    text = f"Changes to {request.name} are requested: “one host first”. Edit it on its card."
    assert {note.facts["text"] for note in notes.values()} == {text}
    assert notes["#approvals"].facts["mentions"] == ["U0ALICE"]
    assert (await bot.decide(request, "carol")).request.state == "awaiting_approval"


async def test_an_approval_tells_the_requester_nothing_by_note(bot: Harness) -> None:
    request = await bot.request(hosts=TWO)
    await bot.decide(request)
    assert await bot.messages(request, "note") == []


async def test_a_card_of_an_earlier_revision_decides_nothing(bot: Harness) -> None:
    request = await bot.request()
    with pytest.raises(Conflict, match="has been changed since this card was shown"):
        await bot.decide(request.model_copy(update={"revision": 2}))
    assert await bot.decisions(request) == []


async def test_after_its_start_an_approver_is_asked_what_to_do(bot: Harness) -> None:
    request = await bot.request(when=WINDOW)
    bot.move_to(request.start_at + timedelta(hours=12))
    result = await bot.decide(request)
    assert [option.choice for option in result.late_options] == ["next", "drop"]
    assert (await bot.reload(request)).state == "awaiting_approval"
    assert await bot.decisions(request) == []


async def test_within_its_window_an_approval_is_not_late(bot: Harness) -> None:
    request = await bot.request(when=WINDOW)
    bot.move_to(request.start_at + timedelta(minutes=1))
    assert (await bot.decide(request)).request.state == "scheduled"


async def test_a_late_approval_runs_it_now(bot: Harness) -> None:
    request = await bot.request(when="today 20:00")
    bot.move_to(request.start_at + timedelta(minutes=30))
    after = (await bot.decide(request, late="now")).request
    assert (after.state, after.content.schedule.kind, after.start_at, after.latest_start) == (
        "scheduled", "now", None, None,
    )  # fmt: skip
    assert after.content_hash == after.content.hash != request.content_hash
    assert (after.scheduler, after.phrase) == (request.scheduler, "now")
    assert after.revision_changes == ({"field": "When", "before": "2027-01-11 20:00 Europe/Berlin", "after": "now"},)
    (decision,) = await bot.decisions(request)
    assert (decision.revision, decision.content_hash) == (2, after.content_hash)
    assert (await bot.run(request)).due_at is None


async def test_a_late_approval_moves_it_to_the_next_day_and_nightshift_keeps_the_time(bot: Harness) -> None:
    request = await bot.request(when=WINDOW)
    bot.move_to(request.start_at + timedelta(hours=12))
    after = (await bot.decide(request, late="next")).request
    day = timedelta(days=1)
    assert (after.start_at, after.latest_start) == (request.start_at + day, request.latest_start + day)
    assert (after.scheduler, after.state) == ("nightshift", "scheduled")
    run = await bot.run(request)
    assert (run.due_at, run.latest_start) == (after.start_at, after.latest_start)


async def test_a_late_approval_may_drop_it(bot: Harness) -> None:
    request = await bot.request(when=WINDOW)
    bot.move_to(request.start_at + timedelta(hours=12))
    after = (await bot.decide(request, late="drop")).request
    assert (after.state, after.finished_at) == ("denied", bot.now)
    assert after.outcome == "Dropped, because its start had passed."
    assert await bot.runs(request) == []
    (decision,) = await bot.decisions(request)
    assert decision.verdict == "denied", "dropping it is no approval"


async def test_one_of_two_who_drops_it_ends_it(bot: Harness) -> None:
    """The other approver cannot run it any more, and no drop counts as their second approval."""
    request = await bot.request(when="today 20:00", hosts=TWO)
    bot.move_to(request.start_at + timedelta(minutes=30))
    result = await bot.decide(request, late="drop")
    assert result.request.state == "denied"
    with pytest.raises(Conflict, match="was decided already: denied"):
        await bot.decide(request, "carol", late="now")
    assert await bot.runs(request) == []


async def test_an_approval_in_time_does_not_count_for_a_start_that_somebody_else_moved(bot: Harness) -> None:
    request = await bot.request(when="today 20:00", hosts=TWO)
    await bot.decide(request)
    bot.move_to(request.start_at + timedelta(minutes=30))
    result = await bot.decide(request, "carol", late="next")
    moved = result.request
    assert (moved.state, moved.revision) == ("awaiting_approval", 2)
    assert moved.start_at == request.start_at + timedelta(days=1)
    assert "1 of 2 approved" in result.text
    assert result.text.endswith("Its start was moved, which reset earlier approvals.")
    assert await bot.runs(request) == []
    notes = await bot.messages(request, "note")
    assert {note.recipient: note.facts["by"] for note in notes} == {"#approvals": "U0CAROL", "U0ALICE": "U0CAROL"}
    assert "has passed. It was moved: 2027-01-12 20:00" in notes[0].facts["text"]
    with pytest.raises(Conflict, match="has been changed since this card was shown"):
        await bot.decide(request)
    after = (await bot.decide(moved)).request
    assert (after.state, after.revision, after.start_at) == ("scheduled", 2, moved.start_at)


async def test_the_second_of_two_signs_what_the_first_chose(bot: Harness) -> None:
    request = await bot.request(when="today 20:00", hosts=TWO)
    bot.move_to(request.start_at + timedelta(minutes=30))
    moved = (await bot.decide(request, late="now")).request
    with pytest.raises(Conflict, match="has been changed since this card was shown"):
        await bot.decide(request, "carol", late="next")
    with pytest.raises(NotAllowed, match="You have approved this already"):
        await bot.decide(moved)
    after = (await bot.decide(moved, "carol")).request
    assert (after.state, after.content.schedule.kind) == ("scheduled", "now")
    assert {decision.content_hash for decision in await bot.decisions(request)} == {after.content_hash}


async def test_a_choice_that_is_not_offered_is_asked_about(bot: Harness) -> None:
    request = await bot.request(when=WINDOW)
    bot.move_to(request.start_at + timedelta(hours=12))
    result = await bot.decide(request, late="now")
    assert [option.choice for option in result.late_options] == ["next", "drop"]
    assert await bot.decisions(request) == []


async def test_what_is_not_late_cannot_be_dropped_as_late(bot: Harness) -> None:
    request = await bot.request(when="today 20:00")
    with pytest.raises(Conflict, match="has not passed"):
        await bot.decide(request, late="drop")
    assert await bot.decisions(request) == []


async def test_a_choice_about_lateness_does_not_move_a_start_that_is_still_ahead(bot: Harness) -> None:
    request = await bot.request(when="today 20:00")
    after = (await bot.decide(request, late="now")).request
    assert after.content.schedule == request.content.schedule


async def test_a_start_at_once_must_fit_policy_when_it_is_approved(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ batch")
    bot.forward(hours=3)
    with pytest.raises(NotAllowed, match="It would start at another time than was asked for, and policy refuses that"):
        await bot.decide(request)
    assert await bot.decisions(request) == []
    bot.forward(hours=6)
    assert (await bot.decide(request)).request.state == "scheduled"


async def test_dropping_needs_no_fit(bot: Harness) -> None:
    request = await bot.request(when="today 12:30", hosts="name ~ web")
    bot.move_to(request.start_at + timedelta(hours=1))
    assert (await bot.decide(request, late="drop")).request.state == "denied"


async def test_a_decision_can_be_taken_back_while_nothing_is_settled(bot: Harness) -> None:
    request = await bot.request(hosts=TWO)
    await bot.decide(request)
    bot.forward(minutes=1)
    bot.woken()
    assert "does not count any more" in await retract_decision(bot.services, request.id, bot.person("bob"))
    assert bot.woken() == {"sender"}
    (decision,) = await bot.decisions(request)
    assert decision.retracted_at == bot.now
    assert (await bot.audit(request))[-1] == ("request.taken_back", {"decision": decision.id})
    assert {m.desired_version for m in await bot.messages(request)} == {3}
    assert (await bot.reload(request)).version == 3
    assert (await bot.decide(request)).request.state == "awaiting_approval"
    assert len(await bot.decisions(request)) == 2


async def test_whoever_takes_back_a_request_for_changes_can_conclude_the_approval(bot: Harness) -> None:
    """Carol's approval is enough by then, but it came while Bob's word was in the way."""
    request = await bot.request()
    await bot.decide(request, "bob", "changes", comment="not on Mondays")
    assert (await bot.decide(request, "carol")).request.state == "awaiting_approval"
    await retract_decision(bot.services, request.id, bot.person("bob"))
    assert (await bot.reload(request)).state == "awaiting_approval"
    with pytest.raises(NotAllowed, match="You have approved this already"):
        await bot.decide(request, "carol")
    with pytest.raises(NotAllowed, match="you are not one of them"):
        await bot.decide(request, "dave")
    assert (await bot.decide(request, "bob")).request.state == "scheduled"


async def test_only_ones_own_live_decision_can_be_taken_back(bot: Harness) -> None:
    request = await bot.request(hosts=TWO)
    await bot.decide(request)
    with pytest.raises(NotAllowed, match="You have made no decision"):
        await retract_decision(bot.services, request.id, bot.person("carol"))
    await retract_decision(bot.services, request.id, bot.person("bob"))
    with pytest.raises(NotAllowed, match="You have made no decision"):
        await retract_decision(bot.services, request.id, bot.person("bob"))


async def test_of_two_decisions_the_later_one_is_taken_back(bot: Harness) -> None:
    request = await bot.request(hosts=TWO)
    await bot.decide(request)
    await retract_decision(bot.services, request.id, bot.person("bob"))
    bot.forward(minutes=1)
    await bot.decide(request, "bob", "changes", comment="one first")
    await retract_decision(bot.services, request.id, bot.person("bob"))
    assert [d.retracted_at is not None for d in await bot.decisions(request)] == [True, True]


async def test_what_is_settled_cannot_be_taken_back(bot: Harness) -> None:
    request = await bot.approved()
    with pytest.raises(NotAllowed, match="too late to take that back"):
        await retract_decision(bot.services, request.id, bot.person("bob"))


async def test_a_delegate_decides_in_the_approvers_place_until_it_ends(bot: Harness) -> None:
    actor = await bot.actor("bob")
    request, other = await bot.request(), await bot.request()
    with pytest.raises(NotAllowed):
        await bot.decide(request, "dave")
    await delegate(bot.services, actor, "U0DAVE", "tomorrow 10:00")
    assert (await bot.decide(request, "dave")).request.state == "scheduled"
    assert (await bot.decisions(request))[0].on_behalf_of == "U0BOB"
    await end_delegation(bot.services, actor.person)
    with pytest.raises(NotAllowed):
        await bot.decide(other, "dave")


async def test_a_delegation_ends_by_itself(bot: Harness) -> None:
    actor = await bot.actor("bob")
    request = await bot.request()
    await delegate(bot.services, actor, "U0DAVE", "today 11:00 UTC")
    bot.forward(hours=2)
    with pytest.raises(NotAllowed):
        await bot.decide(request, "dave")


@pytest.mark.parametrize("verdict", ["approved", "denied"])
async def test_a_decision_wakes_what_shows_it_and_what_starts_it(bot: Harness, verdict: str) -> None:
    request = await bot.request()
    bot.woken()
    await bot.decide(request, verdict=verdict, comment="because")
    assert bot.woken() == {"sender", "scheduler"}


async def limited(bot: Harness, limits: tuple[ApproverLimit, ...]) -> Request:
    request = await bot.request(hosts="name ~ db")
    requirement = request.requirement.model_copy(update={"approver_limits": limits})
    async with bot.services.db.write() as tx:
        return await requests.transition(tx, request, request.state, requirement=requirement)


async def test_one_person_approves_no_more_than_policy_lets_them_and_may_still_deny(bot: Harness) -> None:
    limits = (ApproverLimit(count=1, per="night"),)
    bot.forward(days=3)
    first, second = await limited(bot, limits), await limited(bot, limits)
    await bot.decide(first, "carol")
    with pytest.raises(NotAllowed, match="You have approved 1 request tonight, which is the limit") as refused:
        await bot.decide(second, "carol")
    assert refused.value.code == RefusalCode.LIMIT_REACHED
    assert [decision.person for decision in await bot.decisions(second)] == []
    assert (await bot.decide(second, "carol", "denied", comment="Not tonight.")).request.state == "denied"
    bot.forward(days=1)
    await bot.decide(await limited(bot, limits), "carol")


async def test_a_limit_counts_what_somebody_approves_in_a_persons_place(bot: Harness) -> None:
    bot.forward(days=6)
    actor = await bot.actor("bob")
    limits = (ApproverLimit(count=1, per="day"),)
    first, second = await limited(bot, limits), await limited(bot, limits)
    await bot.decide(first, "bob")
    await delegate(bot.services, actor, "U0DAVE", "tomorrow 10:00")
    with pytest.raises(NotAllowed, match="The person in whose place you decide has approved 1 request today"):
        await bot.decide(second, "dave")
    assert await bot.decisions(second) == []
    bot.forward(hours=16)
    await bot.decide(second, "dave")
    with pytest.raises(NotAllowed, match="You have approved 1 request today"):
        await bot.decide(await limited(bot, limits), "bob")
