"""What has changed in the back end since a request was made, and what follows for its approval."""

from collections.abc import Iterator

import pytest

from bot.errors import Conflict, InputError
from bot.requests.model import HASH_VERSION, Request
from bot.requests.resolutions import DifferenceCode
from bot.usecases.approvals.ask_again import preflight_of_approval
from bot.usecases.drafts.edit import edit_request
from bot.usecases.preflight import preflight
from playground.foreman.world import default_world
from playground.sandbox import Fault
from tests.unit.usecases.harness import RUN_COMMAND, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "UTC"

[[policy.rules]]
name = "caches allow half"
when = { targets = "cache*" }
drift = 50
loosens = true

[[policy.rules]]
name = "no reboots"
when = { template = "Reboot" }
effect = "refuse"

[[policy.rules]]
name = "leads ask two"
when = { requester = ["@leads"] }
approvers = ["@sre"]
quorum = 2

[[policy.rules]]
name = "a look is free"
when = { template = "Look" }
effect = "approve"
"""


@pytest.fixture(autouse=True)
def _restored_world(bot: Harness) -> Iterator[None]:
    set_leads(bot)
    yield
    bot.env.foreman.state.world = default_world()


def rename_template(bot: Harness, name: str) -> None:
    bot.env.foreman.state.world.change_template(RUN_COMMAND, name=name)


def set_leads(bot: Harness, *names: str) -> None:
    """Fill @leads, which Slack tells with the next answer."""
    workspace = bot.env.slack.workspace
    workspace.user_group("leads").users = [workspace.user_by_name(name).id for name in names]
    bot.services.directory.invalidate_groups()


def signed_by_an_earlier_release(request: Request) -> Request:
    content = request.content.model_copy(update={"hash_version": 1, "resolutions": ()})
    return request.model_copy(update={"content": content, "content_hash": content.hash})


async def test_the_content_holds_what_its_template_is(bot: Harness) -> None:
    (template,) = (await bot.request()).content.resolutions
    assert (template.kind, template.id, template.name) == ("template", "189", "Run Command - Script Default")


async def test_another_text_of_the_template_needs_a_new_approval(bot: Harness) -> None:
    request = await bot.request()
    bot.env.foreman.state.world.change_template(RUN_COMMAND, text="reboot")
    result = await preflight(bot.services, request)
    assert [change.code for change in result.changes] == [DifferenceCode.DETAIL_CHANGED]
    assert result.current is not None
    assert (result.confirm, result.stop) == ((), ())


async def test_other_hosts_need_a_new_approval_and_a_few_of_many_do_not(bot: Harness) -> None:
    request = await bot.request(hosts="hostgroup = web")
    world = bot.env.foreman.state.world
    world.hosts = [host for host in world.hosts if host.name != request.targets.names[0]]
    result = await preflight(bot.services, request)
    gone = request.targets.names[0]
    assert [change.text for change in result.changes] == [f"Targets: 8 hosts → 7 hosts: -{gone}"]
    assert (result.confirm, result.current is not None) == ((), True)
    caches = await bot.request(hosts="hostgroup = cache")
    world.hosts = [host for host in world.hosts if host.name != caches.targets.names[0]]
    assert (await preflight(bot.services, caches)).confirm == ()


async def test_a_conflict_that_was_told_is_not_told_again_at_another_time(bot: Harness) -> None:
    other = await bot.request(hosts="hostgroup = app")
    request = await bot.request(hosts="hostgroup = app")
    assert any(warning.startswith(f"{other.name} (") for warning in request.warnings)
    bot.forward(minutes=7)
    assert (await preflight(bot.services, request)).confirm == ()
    third = await bot.request(hosts="hostgroup = app")
    (told,) = (await preflight(bot.services, request)).confirm
    assert told.startswith(f"{third.name} (")


async def test_what_an_earlier_release_signed_is_shown_and_keeps_its_approval(bot: Harness) -> None:
    request = signed_by_an_earlier_release(await bot.request())
    result = await preflight_of_approval(bot.services, request)
    assert result.confirm == (
        "Not recorded when this was requested: Template: template “Run Command - Script Default” (id 189).",
    )
    assert (result.changes, result.stop) == ((), ())


async def test_what_an_earlier_release_signed_is_asked_about_again_if_its_template_is_another(bot: Harness) -> None:
    request = signed_by_an_earlier_release(await bot.request())
    rename_template(bot, "Something else")
    bot.woken()
    result = await preflight_of_approval(bot.services, request)
    assert bot.woken() == {"sender"}
    assert [change.text for change in result.changes] == [
        "Template: template “Something else” (id 189)",
        "Template: Run Command - Script Default → Something else",
    ]
    content = (await bot.reload(request)).content
    assert (content.hash_version, content.resolutions[0].name) == (HASH_VERSION, "Something else")


async def test_other_targets_are_among_the_changes_that_are_asked_about_again(bot: Harness) -> None:
    request = await bot.request(hosts="hostgroup = web")
    rename_template(bot, "Something else")
    world = bot.env.foreman.state.world
    world.hosts = [host for host in world.hosts if host.name != request.targets.names[0]]
    result = await preflight_of_approval(bot.services, request)
    assert result.confirm == ()
    again = await bot.reload(request)
    assert [change["field"] for change in again.revision_changes] == ["Template", "Targets"]
    assert again.targets.count == len(again.content.targets) == 7


async def test_asking_again_shows_signs_and_announces_what_would_be_done_now(bot: Harness) -> None:
    request = await bot.request()
    rename_template(bot, "Something else")
    result = await preflight_of_approval(bot.services, request)
    assert result.stop[-1].startswith("This was put before its approvers again.")
    again = await bot.reload(request)
    assert (again.state, again.revision) == ("awaiting_approval", 2)
    assert again.content.resolutions[0].name == "Something else"
    assert again.content_hash == again.content.hash != request.content_hash
    assert again.facts["template"] == "Something else"
    assert ("Template", "Something else (id 189), runs as root") in again.summary
    assert [change["after"] for change in again.revision_changes] == ["template “Something else” (id 189)"]
    assert again.editors == ()
    notes = [message.facts["text"] for message in await bot.messages(request, "note")]
    assert notes
    assert all(f"{request.name} must be approved again" in text for text in notes)
    assert ("request.asked_again", {"hash": again.content_hash}) in [
        (event, {"hash": data.get("hash")}) for event, data in await bot.audit(request)
    ]
    assert await preflight_of_approval(bot.services, again) == type(result)()


async def test_what_a_template_returns_to_needs_an_approval_of_its_own(bot: Harness) -> None:
    first = await bot.request()
    rename_template(bot, "Something else")
    await preflight_of_approval(bot.services, first)
    rename_template(bot, "Run Command - Script Default")
    await preflight_of_approval(bot.services, await bot.reload(first))
    third = await bot.reload(first)
    assert (third.revision, third.content.resolutions) == (3, first.content.resolutions)
    assert third.content_hash != first.content_hash


async def test_what_policy_refuses_now_is_not_put_before_anybody(bot: Harness) -> None:
    request = await bot.request()
    rename_template(bot, "Reboot")
    result = await preflight_of_approval(bot.services, request)
    assert result.stop[-1].startswith("Policy does not allow this any more.")
    assert (await bot.reload(request)).revision == 1


async def test_a_rule_alone_does_not_approve_what_people_were_asked_about(bot: Harness) -> None:
    request = await bot.request()
    rename_template(bot, "Look")
    await preflight_of_approval(bot.services, request)
    again = await bot.reload(request)
    assert (again.state, again.requirement.effect) == ("awaiting_approval", "ask")


async def test_an_edit_that_comes_first_wins(bot: Harness) -> None:
    request = await bot.request()
    draft = await edit_request(bot.services, request.id, await bot.actor("alice"))
    draft = draft.model_copy(update={"values": {**draft.values, "inputs.command": "uptime"}, "checked": None})
    await bot.submit(draft)
    rename_template(bot, "Something else")
    with pytest.raises(Conflict, match="has been changed meanwhile"):
        await preflight_of_approval(bot.services, request)


async def test_an_edit_without_changes_takes_over_what_the_template_is_now(bot: Harness) -> None:
    request = await bot.request()
    draft = await edit_request(bot.services, request.id, await bot.actor("alice"))
    with pytest.raises(InputError, match="Nothing was changed"):
        await bot.submit(draft)
    rename_template(bot, "Something else")
    bot.forward(minutes=2)
    again = await bot.submit(await edit_request(bot.services, request.id, await bot.actor("alice")))
    assert [change["field"] for change in again.revision_changes] == ["Template"]


async def test_an_approval_asks_again_if_policy_asks_for_more_of_the_requester_now(bot: Harness) -> None:
    request = await bot.request()
    set_leads(bot, "alice")
    result = await preflight_of_approval(bot.services, request)
    assert result.changes == ()
    assert result.stop == (
        "Policy asks for more now. Needs 2 of @sre because a requester from @leads.",
        "This was put before its approvers again. Look at its card, and decide on what it shows now.",
    )
    asked = await bot.reload(request)
    assert (asked.state, asked.revision, asked.requirement.stages[0].quorum) == ("awaiting_approval", 2, 2)
    assert asked.outcome == "Policy asks for more now. Needs 2 of @sre because a requester from @leads."


async def test_what_policy_asks_of_a_silent_back_end_is_asked_of_what_was_shown(bot: Harness) -> None:
    request = await bot.request()
    set_leads(bot, "alice")
    bot.env.foreman.faults.append(Fault("status", "/api/", status=503, remaining=None))
    try:
        result = await preflight_of_approval(bot.services, request)
    finally:
        bot.env.foreman.faults.clear()
    assert "Needs 2 of @sre" in result.stop[0]
    asked = await bot.reload(request)
    assert (asked.revision, asked.targets) == (2, request.targets)


async def test_nobody_approves_for_a_requester_who_has_left(bot: Harness) -> None:
    request = await bot.request()
    bot.env.slack.admin.change_user("alice", deleted=True)
    bot.services.directory.invalidate_user("U0ALICE")
    try:
        result = await preflight_of_approval(bot.services, request)
    finally:
        bot.env.slack.admin.change_user("alice", deleted=False)
        bot.services.directory.invalidate_user("U0ALICE")
    assert result.stop == ("Policy does not allow this any more. The requester may not use Nightshift any more.",)
    assert (await bot.reload(request)).revision == 1
