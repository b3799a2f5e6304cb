"""Filling in a form: what is typed is kept, what depends on it follows, and what is unclear is asked."""

from datetime import timedelta

import pytest

from bot.errors import Conflict, InputError, NotFound
from bot.storage import drafts
from bot.usecases.drafts.create import create_draft
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.load_fields import load_dependent_fields
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.reading import parsed_reading
from bot.usecases.drafts.repeat import repeat
from bot.usecases.drafts.rerun_failed import rerun_failed
from bot.usecases.drafts.store import load_draft, save_draft, unfinished_draft
from bot.usecases.drafts.update import apply_form_state, choose_meaning
from playground.sandbox import Fault
from tests.unit.usecases.harness import FOREMAN, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

EXTRA = """
[backends.foreman.lab]
title = "Lab"
url = "{foreman}"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
"""
RUN = "foreman.run"


async def empty(bot: Harness, who: str = "alice") -> drafts.Draft:
    return await create_draft(bot.services, bot.person(who), "foreman", RUN, "C-OPS")


async def fill(bot: Harness, draft: drafts.Draft, labels: dict | None = None, **values) -> drafts.Draft:
    return await apply_form_state(bot.services, draft, await bot.actor("alice"), values, labels or {})


async def test_a_new_form_is_empty_and_belongs_to_whoever_opened_it(bot: Harness) -> None:
    draft = await empty(bot)
    assert (draft.person, draft.channel, draft.backend, draft.operation) == (bot.person("alice"), "C-OPS", FOREMAN, RUN)
    assert (draft.state, draft.version, draft.values, draft.created_at) == ("open", 1, {}, bot.now)
    assert await load_draft(bot.services, draft.id, bot.person("alice")) == draft


async def test_somebody_elses_form_cannot_be_loaded(bot: Harness) -> None:
    draft = await empty(bot)
    with pytest.raises(NotFound, match="belongs to somebody else"):
        await load_draft(bot.services, draft.id, bot.person("bob"))


async def test_a_kind_that_is_not_configured_has_no_form(bot: Harness) -> None:
    with pytest.raises(NotFound, match="No lantern is configured"):
        await create_draft(bot.services, bot.person("alice"), "lantern", RUN, "C-OPS")
    with pytest.raises(NotFound, match="No foreman is configured"):
        await create_draft(bot.services, bot.person("alice"), "foreman", "foreman.sing", "C-OPS")


async def test_what_is_typed_is_added_to_what_was_there(bot: Harness) -> None:
    draft = await fill(bot, await empty(bot), {"job_template_id": "Run Command"}, job_template_id="189")
    draft = await fill(bot, draft, {"user": "root"}, search_query="name ~ web", because="  patch  ")
    assert draft.values == {"job_template_id": "189", "search_query": "name ~ web"}
    assert draft.labels == {"job_template_id": "Run Command", "user": "root"}
    assert (draft.reason, draft.version) == ("patch", 3)


async def test_a_form_that_changed_in_another_window_is_not_overwritten(bot: Harness) -> None:
    draft = await empty(bot)
    await fill(bot, draft, search_query="name ~ web")
    with pytest.raises(Conflict):
        await fill(bot, draft, search_query="name ~ db")


async def test_a_change_voids_the_preview(bot: Harness) -> None:
    draft, _ = await preview_draft(bot.services, await bot.draft(), await bot.actor("alice"))
    assert draft.checked is not None
    assert (await fill(bot, draft, search_query="name ~ db")).checked is None


async def test_a_time_is_read_when_it_is_typed_and_not_again(bot: Harness) -> None:
    draft = await fill(bot, await empty(bot), when=" tomorrow 9pm ")
    reading = parsed_reading(draft)
    assert (draft.phrase, reading.kind) == ("tomorrow 9pm", "understood")
    bot.forward(days=1)
    assert parsed_reading(await fill(bot, draft, when="tomorrow 9pm")) == reading
    later = parsed_reading(await fill(bot, await empty(bot), when="tomorrow 9pm"))
    assert later.schedule.start.instant == reading.schedule.start.instant + timedelta(days=1)


async def test_an_emptied_time_is_no_time(bot: Harness) -> None:
    draft = await fill(bot, await fill(bot, await empty(bot), when="tomorrow 9pm"), when="")
    assert (draft.phrase, draft.reading) == ("", None)


async def test_a_question_is_answered_by_one_of_its_choices(bot: Harness) -> None:
    draft = await fill(bot, await empty(bot), when="tomorrow at 9")
    question = parsed_reading(draft)
    assert question.kind == "question"
    for wrong in (-1, len(question.choices)):
        assert await choose_meaning(bot.services, draft, wrong) == draft
    for choice in (0, len(question.choices) - 1):
        chosen = await choose_meaning(bot.services, await fill(bot, await empty(bot), when="tomorrow at 9"), choice)
        assert parsed_reading(chosen) == question.choices[choice].meaning
        assert await choose_meaning(bot.services, chosen, 0) == chosen


async def test_on_another_system_only_what_was_typed_stays(bot: Harness) -> None:
    draft = await fill(
        bot, await empty(bot), {"job_template_id": "Run Command"}, job_template_id="189", search_query="a"
    )
    moved = await fill(bot, draft, {"job_template_id": "Run Command"}, _system="foreman.lab", concurrency_level="5")
    assert (moved.backend, moved.generation) == ("foreman.lab", draft.generation + 1)
    assert (moved.values, moved.labels) == ({"search_query": "a", "concurrency_level": "5"}, {})


@pytest.mark.parametrize("system", [FOREMAN, "foreman.gone", ""])
async def test_the_same_or_an_unknown_system_changes_nothing(bot: Harness, system: str) -> None:
    draft = await fill(bot, await empty(bot), job_template_id="189")
    after = await fill(bot, draft, _system=system)
    assert (after.backend, after.generation, after.values) == (FOREMAN, draft.generation, draft.values)


async def opsramp_job(bot: Harness, name: str, draft: drafts.Draft | None = None) -> drafts.Draft:
    """An OpsRamp update's form in which a job was picked, before anything was loaded."""
    if draft is None:
        draft = await create_draft(bot.services, bot.person("alice"), "opsramp", "opsramp.update_job", "C-OPS")
    return await fill(bot, draft, {"job": name}, job=str(bot.env.opsramp.job_by_name(name)["id"]))


async def test_a_job_fills_in_what_belongs_to_it(bot: Harness) -> None:
    draft = await opsramp_job(bot, "Restart print spooler")
    loaded, problem = await load_dependent_fields(bot.services, draft, "job")
    assert problem == ""
    assert (loaded.values["job"], loaded.generation) == (draft.values["job"], draft.generation + 1)
    assert len(loaded.values) > 1
    assert loaded.checked is None


async def test_labels_of_what_was_replaced_do_not_stay(bot: Harness) -> None:
    draft, _ = await load_dependent_fields(bot.services, await opsramp_job(bot, "Restart print spooler"), "job")
    stale = {name: f"stale {name}" for name in draft.values}
    draft = await fill(bot, draft, stale)
    draft, _ = await load_dependent_fields(bot.services, await opsramp_job(bot, "Nightly network backup", draft), "job")
    assert draft.labels["job"] == "Nightly network backup"
    replaced = [name for name in stale if name in draft.labels and draft.labels[name] == stale[name]]
    fresh, _ = await load_dependent_fields(bot.services, await opsramp_job(bot, "Restart print spooler"), "job")
    assert all(draft.values.get(name) == fresh.values.get(name) for name in replaced)


async def test_what_cannot_be_loaded_is_said_and_the_form_stays(bot: Harness) -> None:
    draft = await opsramp_job(bot, "Restart print spooler")
    bot.env.opsramp.faults.append(Fault("status", "/jobs", "GET", status=403, remaining=None))
    bot.forward(hours=1)
    after, problem = await load_dependent_fields(bot.services, draft, "job")
    assert problem
    assert after == draft


async def test_a_form_that_was_closed_unfinished_is_offered_again_for_a_while(bot: Harness) -> None:
    actor = await bot.actor("carol")
    draft = await empty(bot, "carol")
    for typed in ({"because": "patch"}, {"when": "now"}):
        draft = await apply_form_state(bot.services, draft, actor, typed, {})
    bot.forward(hours=12)
    newer = await empty(bot, "carol")
    assert await unfinished_draft(bot.services, newer) == draft.id
    bot.forward(microseconds=1)
    assert await unfinished_draft(bot.services, newer) == ""
    assert await unfinished_draft(bot.services, await empty(bot, "dave")) == ""


async def test_a_preview_names_every_missing_field_at_once(bot: Harness) -> None:
    with pytest.raises(InputError) as raised:
        await preview_draft(bot.services, await empty(bot), await bot.actor("alice"))
    assert {"when", "because"} <= set(raised.value.problems)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("tomorrow at 9", "first or the second half"),
        ("someday", "someday"),
        ("yesterday 9pm", ""),
        ("every 5 minutes", "at least 60 minutes apart"),
    ],
)
async def test_a_time_that_cannot_be_used_is_an_error_under_when(bot: Harness, when: str, text: str) -> None:
    draft = await fill(bot, await bot.draft(), when=when)
    with pytest.raises(InputError) as raised:
        await preview_draft(bot.services, draft, await bot.actor("alice"))
    assert set(raised.value.problems) == {"when"}
    assert text in raised.value.problems["when"]


async def test_a_value_that_cannot_be_used_is_an_error_under_its_own_field(bot: Harness) -> None:
    draft = await fill(bot, await bot.draft(), concurrency_level="many")
    with pytest.raises(InputError) as raised:
        await preview_draft(bot.services, draft, await bot.actor("alice"))
    assert set(raised.value.problems) == {"concurrency_level"}


async def test_a_preview_says_what_would_happen(bot: Harness) -> None:
    draft, result = await preview_draft(bot.services, await bot.draft(when="tomorrow 09:00"), await bot.actor("alice"))
    hosts = [host.name for host in bot.env.foreman.state.find_hosts("name ~ web")]
    assert (result.targets.count, list(result.targets.names)) == (len(hosts), hosts)
    assert result.content.params["search_query"] == "name ~ web"
    assert result.content.targets == (result.targets.names if result.targets.fixed else ())
    assert (result.requirement.effect, result.notified_count) == ("ask", 2)
    assert (result.start_at, result.scheduler) == (result.content.schedule.start.instant, "backend")
    assert result.calls[0]["body"]["job_invocation"]["inputs"] == {"command": "id"}
    assert dict(result.summary)["command"] == "id"
    assert draft.checked is not None


async def test_a_second_request_on_the_same_hosts_is_warned_of(bot: Harness) -> None:
    other = await bot.request(when="tomorrow 09:00")
    _, result = await preview_draft(bot.services, await bot.draft(when="tomorrow 09:00"), await bot.actor("alice"))
    assert any(other.name in text for text in result.conflicts)
    assert set(result.conflicts) <= set(result.warnings)
    _, apart = await preview_draft(
        bot.services, await bot.draft(when="tomorrow 09:00", hosts="name ~ db"), await bot.actor("alice")
    )
    assert not any(other.name in text for text in apart.conflicts)


async def test_a_rerun_is_for_what_failed_and_starts_now(bot: Harness) -> None:
    hosts = [host.name for host in bot.env.foreman.state.find_hosts("name ~ web")]
    bot.env.foreman.fail_hosts(hosts[:1])
    request, _ = await bot.started(reason="x" * 1000)
    for _ in range(4):
        await bot.poll()
    assert (await bot.run(request)).state == "partly_failed"
    draft = await rerun_failed(bot.services, request.id, await bot.actor("bob"))
    assert draft.person == bot.person("bob")
    assert (draft.phrase, parsed_reading(draft).schedule.kind, draft.revises) == ("now", "now", None)
    assert draft.reason == f"Again on what failed in {request.name}: {'x' * 1000}"[:1000]
    again = await bot.submit(draft, "bob")
    assert (again.id != request.id, again.targets.names) == (True, tuple(hosts[:1]))
    assert again.title == f"Rerun {request.name}: Run Command: id on web05"
    edit = await edit_request(bot.services, again.id, await bot.actor("bob"))
    assert edit.rerun_of == request.name


async def test_a_repeat_is_filled_in_alike_and_starts_at_once_if_its_start_has_passed(bot: Harness) -> None:
    bot.env.foreman.state.jobs.failing_hosts.clear()
    request, _ = await bot.started()
    for _ in range(4):
        await bot.poll()
    assert (await bot.reload(request)).state == "succeeded"
    draft = await repeat(bot.services, request.id, await bot.actor("bob"))
    assert (draft.values, draft.reason, draft.rerun_of) == (request.values, request.reason, None)
    assert parsed_reading(draft).schedule.kind == "now"
    later = await bot.request(when="tomorrow 09:00", hosts="name ~ db")
    assert parsed_reading(await repeat(bot.services, later.id, await bot.actor("bob"))).schedule.kind == "once"


async def test_without_a_failed_run_there_is_nothing_to_repeat(bot: Harness) -> None:
    request, _ = await bot.started()
    with pytest.raises(InputError, match="there is nothing to repeat"):
        await rerun_failed(bot.services, request.id, await bot.actor("alice"))


async def test_a_saved_form_counts_its_versions(bot: Harness) -> None:
    draft = await empty(bot)
    after = await save_draft(bot.services, draft, section="hosts")
    assert (after.version, after.section) == (draft.version + 1, "hosts")
    with pytest.raises(Conflict):
        await save_draft(bot.services, draft, section="more")


@pytest.mark.parametrize(
    ("when", "scheduler", "warned"),
    [("tomorrow 09:00", "backend", True), ("every 3 days at 04:00", "nightshift", False), ("now", "backend", False)],
)
async def test_a_start_that_the_back_end_keeps_says_that_it_is_not_checked_again(
    bot: Harness, when: str, scheduler: str, warned: bool
) -> None:
    _, result = await preview_draft(bot.services, await bot.draft(when=when), await bot.actor("alice"))
    assert result.scheduler == scheduler
    assert ("Checked again in the 15 minutes before each start" in result.scheduler_reason) is warned
