"""An edit that is based on an older revision: nothing is saved until its author has seen both changes and chosen."""

from typing import Any

import pytest

from bot.errors import Conflict
from bot.requests.model import Request
from bot.storage import drafts, requests, runs
from bot.storage.drafts import Draft
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.edit_conflict import (
    ConflictingChange,
    EditConflict,
    EditOvertaken,
    drop_edit,
    find_edit_conflict,
    merge_edit,
)
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.submit import submit
from bot.usecases.drafts.submit_edit import check_same_place, submit_edit
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.refusals import RefusalCode
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """
[backends.foreman.other]
title = "Other Foreman"
url = "{foreman}"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
"""

COMMAND, HOSTS = "inputs.command", "search_query"


async def open_edit(bot: Harness, request: Request, who: str = "alice", **values: Any) -> Draft:
    """A form of somebody who edits a request, with what they have typed."""
    actor = await bot.actor(who)
    draft = await edit_request(bot.services, request.id, actor)
    return await apply_form_state(bot.services, draft, actor, values, {})


async def edit(bot: Harness, request: Request, who: str, **values: Any) -> Request:
    return await bot.submit(await open_edit(bot, request, who, **values), who)


async def conflict_of(bot: Harness, draft: Draft) -> EditConflict:
    found = await find_edit_conflict(bot.services, draft)
    assert found is not None
    return found


async def test_an_edit_knows_the_revision_that_it_began_from(bot: Harness) -> None:
    request = await bot.request()
    assert (await open_edit(bot, request)).base_revision == 1
    after = await edit(bot, request, "bob", **{COMMAND: "df -h"})
    assert (await open_edit(bot, after)).base_revision == 2
    assert (await bot.draft()).base_revision is None


async def test_an_edit_of_an_older_revision_is_not_saved(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, because="for the auditors")
    draft, _ = await preview_draft(bot.services, draft, await bot.actor("alice"))
    await edit(bot, request, "bob", **{HOSTS: "name = web05.sin.example.com"})
    with pytest.raises(EditOvertaken, match="was changed while you edited it, so nothing was saved") as refused:
        await submit(bot.services, draft, draft.version)
    assert refused.value.code == RefusalCode.REVISION_REPLACED
    after = await bot.reload(request)
    assert (after.revision, after.reason, after.values[HOSTS]) == (2, "patch", "name = web05.sin.example.com")
    async with bot.services.db.read() as tx:
        assert (await drafts.get(tx, draft.id)).state == "open"


async def test_a_revision_that_comes_between_the_check_and_the_record_is_not_undone(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, because="for the auditors")
    draft, checked = await preview_draft(bot.services, draft, await bot.actor("alice"))
    await edit(bot, request, "bob", **{HOSTS: "name = web05.sin.example.com"})
    with pytest.raises(EditOvertaken):
        await submit_edit(bot.services, draft, request, checked, bot.now)
    assert (await bot.reload(request)).revision == 2


async def test_both_changes_are_told_by_field_with_who_made_them(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, because="for the auditors", **{COMMAND: "uptime"})
    await edit(bot, request, "bob", **{HOSTS: "name ~ web0", COMMAND: "df -h"})
    await edit(bot, request, "alice", **{COMMAND: "reboot"})
    found = await conflict_of(bot, draft)
    assert set(found.theirs) == {
        ConflictingChange("Where", "name ~ web", "name ~ web0", ("U0BOB",)),
        ConflictingChange("command", "id", "reboot", ("U0BOB", "U0ALICE")),
    }
    assert set(found.mine) == {
        ConflictingChange("command", "id", "uptime"),
        ConflictingChange("Why", "patch", "for the auditors"),
    }
    assert (found.both, found.mergeable, found.request.revision) == (("command",), True, 3)


async def test_changes_that_do_not_collide_are_put_together_and_previewed_again(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, because="for the auditors")
    await edit(bot, request, "bob", when="tomorrow 21:00", **{HOSTS: "name = web05.sin.example.com"})
    merged = await merge_edit(bot.services, await conflict_of(bot, draft), "mine")
    assert (merged.base_revision, merged.checked, merged.generation) == (2, None, draft.generation + 1)
    assert await find_edit_conflict(bot.services, merged) is None
    after = await bot.submit(merged)
    assert (after.revision, after.reason, after.phrase) == (3, "for the auditors", "tomorrow 21:00")
    assert (after.targets.names, after.content.schedule.kind) == (("web05.sin.example.com",), "once")
    assert [change["field"] for change in after.revision_changes] == []


@pytest.mark.parametrize(("prefer", "command"), [("mine", "uptime"), ("theirs", "reboot")])
async def test_where_both_have_changed_a_field_its_author_decides(bot: Harness, prefer: Any, command: str) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, because="for the auditors", **{COMMAND: "uptime"})
    await edit(bot, request, "bob", **{COMMAND: "reboot"})
    merged = await merge_edit(bot.services, await conflict_of(bot, draft), prefer)
    assert (merged.values[COMMAND], merged.reason) == (command, "for the auditors")


async def test_a_time_that_both_have_changed_is_decided_with_the_rest(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, when="tomorrow 20:00")
    await edit(bot, request, "bob", when="tomorrow 21:00")
    found = await conflict_of(bot, draft)
    assert (found.both, found.theirs[0].before, found.theirs[0].after) == (("When",), "now", "tomorrow 21:00")
    assert (await merge_edit(bot.services, found, "theirs")).phrase == "tomorrow 21:00"


async def test_a_form_that_shows_defaults_has_not_changed_them(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, targeting_type="static_query", randomized_ordering=False, because="audit")
    await edit(bot, request, "bob", **{COMMAND: "df -h"})
    assert [change.field for change in (await conflict_of(bot, draft)).mine] == ["Why"]


async def test_a_new_round_by_nightshift_itself_is_no_conflict(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, because="for the auditors")
    async with bot.services.db.write() as tx:
        current = await requests.get(tx, request.id)
        content = current.content.model_copy(update={"renewal": 1})
        nightshift = bot.person("alice").model_copy(update={"user": "nightshift"})
        hashed: Any = {"content": content, "content_hash": content.hash}
        await requests.revise(tx, current, nightshift, bot.now, "awaiting_approval", **hashed)
    assert await find_edit_conflict(bot.services, draft) is None
    assert (await bot.submit(draft)).revision == 3


async def test_edits_for_different_systems_are_not_put_together(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, because="for the auditors", _system="foreman.other")
    await edit(bot, request, "bob", **{COMMAND: "df -h"})
    found = await conflict_of(bot, draft)
    assert not found.mergeable
    assert "System" in [change.field for change in found.mine]
    merged = await merge_edit(bot.services, found, "mine")
    assert (merged.backend, merged.base_revision, merged.checked) == ("foreman.other", 2, None)
    assert (merged.values, merged.reason) == (draft.values, "for the auditors")


async def test_a_dropped_edit_can_be_sent_no_more(bot: Harness) -> None:
    request = await bot.request()
    draft = await open_edit(bot, request, because="for the auditors")
    await drop_edit(bot.services, draft)
    async with bot.services.db.read() as tx:
        dropped = await drafts.get(tx, draft.id)
    assert dropped.state == "dropped"
    with pytest.raises(Conflict, match="already sent, or changed"):
        await preview_draft(bot.services, dropped, await bot.actor("alice"))
    assert (await bot.reload(request)).revision == 1


async def test_a_request_does_not_move_to_another_place_while_it_runs(bot: Harness) -> None:
    """What runs is cancelled through its request: in the place where it runs, and never elsewhere."""
    request, run = await bot.started()
    elsewhere = request.content.model_copy(update={"operation": "foreman.other"})
    async with bot.services.db.write() as tx:
        with pytest.raises(Conflict, match=f"{request.name} still runs in foreman.main. Cancel that first"):
            await check_same_place(tx, request, elsewhere)
        await check_same_place(tx, request, request.content)
        await runs.transition(tx, run, "succeeded", finished_at=bot.now)
        await check_same_place(tx, request, elsewhere)
