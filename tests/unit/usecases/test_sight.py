"""What a person may not see is as if it were not there: in lists, by its number, in Details, logs and conflicts."""

from typing import Any

import pytest

from bot.errors import NotAllowed, NotFound, SlackSilent
from bot.storage import requests
from bot.storage.inbox import SearchFilter
from bot.usecases.approvals.take_over import take_over
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.rerun_failed import rerun_failed
from bot.usecases.home.inbox import load_inbox, search
from bot.usecases.pauses.list_pauses import list_pauses
from bot.usecases.pauses.pause_series import pause_series
from bot.usecases.policy_input import policy_input_of_request
from bot.usecases.reviews.list_reviews import list_reviews
from bot.usecases.runs.read_log import read_log
from bot.usecases.sight import UNKNOWN_SIGHT, check_may_read_logs, check_may_see
from handlers import cards, details, pauses, questions, reviews, unknown
from handlers.details import details_reply
from handlers.hub import Hub
from handlers.payloads import Click, Command
from handlers.routes import RouteTable
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "databases are not for everybody"
when = { targets = "db*" }
effect = "limit"
may_see = ["U0ALICE"]

[[policy.rules]]
name = "caches are for a group"
when = { targets = "cache*" }
effect = "limit"
may_see = ["@sre"]

[[policy.rules]]
name = "outage"
effect = "emergency"
review_by = ["@sre"]
"""
HIDDEN = "name ~ db"


async def hub(bot: Harness, who: str, text: str) -> Any:
    command = Command(bot.person(who), "", "/nightshift", text, "C-OPS", "", "")
    return await Hub(bot.services, ["/foreman"]).run(command)


async def listed(bot: Harness, who: str) -> tuple[list[str], str]:
    found, note = await search(bot.services, bot.person(who), SearchFilter())
    return [summary.id for summary in found], note


async def test_lists_leave_out_what_a_person_may_not_see(bot: Harness) -> None:
    hidden, open_to_all = await bot.request(hosts=HIDDEN), await bot.request()
    for who, sees in (("alice", True), ("bob", True), ("dave", False)):
        ids, note = await listed(bot, who)
        assert (hidden.id in ids, open_to_all.id in ids, note) == (sees, True, "")


async def test_home_does_not_count_what_a_person_may_not_see(bot: Harness) -> None:
    async def waiting(who: str) -> int:
        return (await load_inbox(bot.services, await bot.actor(who))).waiting_for_others

    before = await waiting("dave")
    await bot.request(hosts=HIDDEN)
    assert await waiting("dave") == before
    await bot.request()
    assert await waiting("dave") == before + 1


async def test_a_hidden_request_is_as_if_it_were_not_there(bot: Harness) -> None:
    request = await bot.request(hosts=HIDDEN)
    alice, dave = bot.person("alice"), bot.person("dave")
    await check_may_see(bot.services, request, alice)
    with pytest.raises(NotFound) as hidden:
        await check_may_see(bot.services, request, dave)
    with pytest.raises(NotFound) as missing:
        async with bot.services.db.read() as tx:
            await requests.by_number(tx, 99_999)
    assert str(hidden.value) == str(missing.value).replace("99999", str(request.number))
    for attempt in (
        lambda: details_reply(bot.services, request.id, dave),
        lambda: take_over(bot.services, request.id, dave),
        lambda: check_may_read_logs(bot.services, request, dave),
        lambda: hub(bot, "dave", f"show {request.name}"),
        lambda: hub(bot, "dave", f"cancel {request.name}"),
    ):
        with pytest.raises(NotFound, match="There is no request"):
            await attempt()


BUTTONS = (
    "approve", "approve_with", "deny", "changes", "take_back", "withdraw", "cancel", "edit", "repeat", "take_over",
    "run_again", "close_unknown", "resume_series", "confirm_ended", "review", "pause_series", "adopt", "confirm_remote",
    "ask_withdraw", "ask_cancel", "details",
)  # fmt: skip


@pytest.mark.parametrize("action_id", BUTTONS)
async def test_every_button_of_a_hidden_request_answers_alike(bot: Harness, action_id: str) -> None:
    table = RouteTable()
    for handlers in (cards, details, questions, reviews, pauses, unknown):
        handlers.register(table, bot.services)
    request = await bot.request(hosts=HIDDEN)
    fields = dict.fromkeys(Click.__dataclass_fields__, "")
    click = Click(
        **fields
        | {
            "person": bot.person("dave"),
            "action_id": action_id,
            "value": f"{request.id}:{request.revision}",
            "view": None,
        }
    )
    with pytest.raises(NotFound) as refused:
        await table.actions[action_id].handler(click)
    assert str(refused.value) == str(requests.no_such_request(request.number))


async def test_what_slack_does_not_tell_is_not_shown_and_that_is_said(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await bot.request(hosts="name ~ cache")

    async def silent(*_: Any) -> None:
        raise SlackSilent("Slack is silent.")

    monkeypatch.setattr(bot.services.directory.__class__, "groups", silent)
    ids, note = await listed(bot, "carol")
    assert (request.id in ids, note) == (False, UNKNOWN_SIGHT)
    with pytest.raises(SlackSilent, match="whether you may see this"):
        await check_may_see(bot.services, request, bot.person("carol"))
    assert request.id in (await listed(bot, "alice"))[0]


async def test_logs_are_for_those_who_have_to_do_with_it(bot: Harness) -> None:
    request, run = await bot.started()
    async with bot.services.db.read() as tx:
        target = (await requests.get(tx, request.id)).targets.names[0]
    for who in ("alice", "carol"):
        assert isinstance(await read_log(bot.services, request.id, run.id, target, bot.person(who)), str)
    with pytest.raises(NotAllowed, match="are for its requester, its approvers and admins"):
        await read_log(bot.services, request.id, run.id, target, bot.person("dave"))
    other = await bot.request()
    with pytest.raises(NotFound):
        await read_log(bot.services, other.id, run.id, target, bot.person("alice"))


async def test_what_failed_is_repeated_only_by_those_who_see_it(bot: Harness) -> None:
    request, _ = await bot.started(hosts=HIDDEN)
    with pytest.raises(NotFound, match="There is no request"):
        await rerun_failed(bot.services, request.id, await bot.actor("dave"))


async def test_a_conflict_with_a_hidden_request_does_not_name_it(bot: Harness) -> None:
    hidden = await bot.request(when="in 9 days at 21:00", hosts="name ~ db or name ~ web")
    other = await bot.draft("dave", when="in 9 days at 21:00", hosts="name ~ web")
    _, preview = await preview_draft(bot.services, other, await bot.actor("dave"))
    assert hidden.name not in str(preview.conflicts)
    assert len(preview.conflicts) == 1
    assert preview.conflicts[0].startswith("A request that you cannot see works on web")
    request = await bot.request("dave", when="in 9 days at 21:00", hosts="name ~ web")
    conflicts = await bot.services.conflicts.find(policy_input_of_request(request))
    assert all(conflict.is_told_in(request.warnings) for conflict in conflicts)
    both = await bot.draft(when="in 9 days at 21:00", hosts=HIDDEN)
    _, preview = await preview_draft(bot.services, both, await bot.actor("alice"))
    assert hidden.name in preview.conflicts[0]


async def test_a_conflict_between_hidden_requests_names_only_what_its_authors_may_see(bot: Harness) -> None:
    """Both requests have the same list. Dave sees his own as its author, and is not on the list."""
    hidden = await bot.request(when="in 11 days at 21:00", hosts="name ~ db")
    draft = await bot.draft("dave", when="in 11 days at 21:00", hosts="name ~ db")
    draft, preview = await preview_draft(bot.services, draft, await bot.actor("dave"))
    assert hidden.name not in str(preview)
    assert preview.conflicts[0].startswith("A request that you cannot see works on db")
    request = await bot.submit(draft, "dave")
    assert hidden.name not in str((request.warnings, [message.facts for message in await bot.messages(request)]))
    assert "A request that you cannot see" in str(request.warnings)
    edited = await edit_request(bot.services, hidden.id, await bot.actor("bob"))
    _, preview = await preview_draft(bot.services, edited, await bot.actor("bob"))
    assert request.name in str(preview.conflicts)


async def test_emergencies_and_paused_series_of_others_are_not_listed(bot: Harness) -> None:
    alice, dave = await bot.actor("alice"), await bot.actor("dave")
    emergency = await bot.request(hosts=HIDDEN, _emergency=True)
    series = await bot.approved(hosts=HIDDEN, when="every day at 06:00")
    await pause_series(bot.services, series.id, bot.person("alice"), "The disk is full.")
    for actor, sees in ((alice, True), (dave, False)):
        for name, lines in (
            (emergency.name, await list_reviews(bot.services, actor)),
            (series.name, await list_pauses(bot.services, actor)),
        ):
            assert any(name in line for line in lines) == sees
