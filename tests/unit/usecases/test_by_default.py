"""What policy and profiles decide where nobody chooses: late starts, names of hosts, time zones."""

from datetime import timedelta

import pytest

from bot.errors import Conflict, InputError, NotAllowed
from bot.storage import requests, runs
from bot.usecases.actor import actor_for
from bot.usecases.approvals.decide import load_decidable_request
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.runs.finish import finish_run
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "30d"
late = "drop"
short_names = true
"""


async def test_policy_may_say_what_becomes_of_a_late_approval(bot: Harness) -> None:
    request = await bot.request(when="today 20:00")
    bot.move_to(request.start_at + timedelta(minutes=30))
    result = await bot.decide(request)
    assert (result.late_options, result.request.state) == ((), "expired")
    assert result.text == f"The start, Mon 11 Jan 2027 20:00 CET, has passed. {request.name} has expired."
    assert await bot.decisions(request) == [], "policy dropped it, not the person who clicked"


async def test_what_policy_says_of_late_approvals_leaves_those_in_time_alone(bot: Harness) -> None:
    request = await bot.request(when="today 20:00")
    assert (await bot.decide(request)).request.state == "scheduled"


@pytest.mark.parametrize("verdict", ["denied", "changes"])
@pytest.mark.parametrize("comment", [{}, {"comment": ""}, {"comment": "  "}])
async def test_whoever_does_not_approve_says_why(bot: Harness, verdict: str, comment: dict[str, str]) -> None:
    request = await bot.request()
    with pytest.raises(NotAllowed, match="Say why"):
        await bot.decide(request, "bob", verdict, **comment)
    assert (await bot.decide(request, "bob", "approved", **comment)).request.state == "scheduled"


async def test_hosts_may_be_compared_by_their_short_names(bot: Harness) -> None:
    first = await bot.request(when="tomorrow 09:00")
    renamed = first.targets.model_copy(update={"names": tuple(f"{n.partition('.')[0]}.elsewhere.example"
                                                              for n in first.targets.names)})  # fmt: skip
    async with bot.services.db.write() as tx:
        await requests.transition(tx, first, first.state, targets=renamed)
    draft = await bot.draft(when="tomorrow 09:00")
    _, result = await preview_draft(bot.services, draft, await bot.actor("alice"))
    assert any(first.name in text for text in result.conflicts)


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("2030-01-01 10:00", "is more than two years away"),
        ("every minute", "Runs must be at least"),
        ("every day at 10:00", ""),
    ],
)
async def test_a_time_that_is_too_far_off_or_too_frequent_is_an_error_under_when(
    bot: Harness, when: str, reason: str
) -> None:
    draft = await bot.draft(when=when)
    actor = await bot.actor("alice")
    if not reason:
        assert (await preview_draft(bot.services, draft, actor))[1]
        return
    with pytest.raises(InputError) as caught:
        await preview_draft(bot.services, draft, actor)
    assert reason in caught.value.problems["when"]


async def test_a_person_acts_in_the_zone_of_their_profile_or_else_in_the_configured_one(bot: Harness) -> None:
    user = await bot.services.directory.user(bot.person("alice").user)
    there = actor_for(bot.services, user.model_copy(update={"zone": "Asia/Tokyo"}))
    assert (there.zone, there.zone_note) == ("Asia/Tokyo", "")
    default = bot.services.settings.channels.default_zone
    nowhere = actor_for(bot.services, user.model_copy(update={"zone": ""}))
    assert (nowhere.zone, nowhere.zone_note) == (
        default, f"Your Slack profile has no time zone, so {default} is assumed."
    )  # fmt: skip
    odd = actor_for(bot.services, user.model_copy(update={"zone": "", "unknown_zone": "Mars/Base"}))
    assert odd.zone_note == f"Your Slack profile names Mars/Base, which is not known here, so {default} is assumed."
    assert there.person == nowhere.person == bot.person("alice")


async def test_a_request_that_had_started_keeps_that_time_when_a_later_run_ends_it(bot: Harness) -> None:
    request, run = await bot.started()
    began = request.started_at
    bot.forward(hours=1)
    async with bot.services.db.write() as tx:
        run = await runs.transition(tx, run, "running", started_at=bot.now)
        await finish_run(tx, bot.services, run, request, "succeeded")
    after = await bot.reload(request)
    assert (after.started_at, after.finished_at) == (began, bot.now)
    assert (await bot.run(request)).started_at == bot.now


async def test_a_form_for_a_decision_is_not_opened_on_an_earlier_card_or_a_decided_request(bot: Harness) -> None:
    request = await bot.request()
    bob, stranger = bot.person("bob"), bot.person("dave")
    assert (await load_decidable_request(bot.services, request.id, request.revision, bob)).id == request.id
    for person in (bob, stranger):
        with pytest.raises(Conflict, match="has been changed since this card was shown"):
            await load_decidable_request(bot.services, request.id, request.revision + 1, person)
    with pytest.raises(NotAllowed):
        await load_decidable_request(bot.services, request.id, request.revision, stranger)
    await bot.decide(request)
    for person in (bob, stranger):
        with pytest.raises(Conflict, match="was decided already"):
            await load_decidable_request(bot.services, request.id, request.revision, person)
