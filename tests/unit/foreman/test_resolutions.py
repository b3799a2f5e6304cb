"""What the ids of a request stand for in Foreman, and how many reads finding it out takes."""

from collections.abc import Mapping
from typing import Any

from bot.backends.base import Resolution
from bot.schedule import Now
from bot.values import digest
from playground.foreman.world import ForeignInputSet, TemplateInput
from tests.unit.foreman.conftest import TOKEN, Harness

BY_FEATURE: Mapping[str, Any] = {"job_template_id": None, "feature": "run_script"}


async def resolutions(harness: Harness, **values: Any) -> tuple[Resolution, ...]:
    return (await harness.operation.preview(harness.command_params(**values), Now(), TOKEN)).resolutions


async def template_behind(harness: Harness, **values: Any) -> Resolution:
    return next(r for r in await resolutions(harness, **values) if r.kind == "template")


async def test_a_template_is_told_with_its_name_its_user_and_its_text(harness: Harness) -> None:
    text = digest("script\n<%= input('command') %>")
    assert await resolutions(harness) == (
        Resolution(
            field="job_template_id",
            kind="template",
            id="189",
            name="Run Command - Script Default",
            details={"runs as": "root", "text": text},
        ),
    )


async def test_a_feature_stands_for_its_template(harness: Harness) -> None:
    behind = await template_behind(harness, **BY_FEATURE)
    assert (behind.field, behind.id, behind.name) == ("feature", "189", "Run Command - Script Default")


async def test_a_feature_that_is_pointed_elsewhere_is_seen_at_once(harness: Harness) -> None:
    await resolutions(harness, **BY_FEATURE)
    harness.sandbox.state.world.point_feature("run_script", 193)
    behind = await template_behind(harness, **BY_FEATURE)
    assert (behind.id, behind.name) == ("193", "Run Command - Ansible Default")


async def test_a_new_name_or_text_of_a_template_is_seen_at_once(harness: Harness) -> None:
    before = await template_behind(harness)
    harness.sandbox.state.world.change_template(189, name="Power Action - Reboot")
    renamed = await template_behind(harness)
    assert (renamed.name, renamed.details) == ("Power Action - Reboot", before.details)
    harness.sandbox.state.world.change_template(189, text="reboot")
    assert (await template_behind(harness)).details["text"] != before.details["text"]
    harness.sandbox.state.world.change_template(189, text="<%= input('command') %>", provider="Ansible")
    assert (await template_behind(harness)).details["text"] != before.details["text"]


async def test_the_default_of_an_input_that_the_request_leaves_out_counts(harness: Harness) -> None:
    service = {"job_template_id": 190, "inputs": {"service": "nginx"}}
    assert (await template_behind(harness, **service)).details["default of action"] == "restart"
    stop = TemplateInput(2, "action", True, "stop", ("restart", "start", "stop", "status"))
    harness.sandbox.state.world.change_template(190, inputs=(stop, TemplateInput(3, "service", required=True)))
    assert (await template_behind(harness, **service)).details["default of action"] == "stop"
    given = {"job_template_id": 190, "inputs": {"service": "nginx", "action": "restart"}}
    assert "default of action" not in (await template_behind(harness, **given)).details


async def test_a_hidden_default_is_not_told(harness: Harness) -> None:
    hidden = TemplateInput(9, "key", default="s3cret", hidden=True)
    harness.sandbox.state.world.change_template(189, inputs=(TemplateInput(1, "command", required=True), hidden))
    assert "s3cret" not in str(await template_behind(harness))


async def test_the_user_that_a_job_chooses_is_told(harness: Harness) -> None:
    assert (await template_behind(harness, effective_user="deploy")).details["runs as"] == "deploy"


async def test_a_bookmark_is_told_with_its_search(harness: Harness) -> None:
    by_bookmark: Mapping[str, Any] = {"search_query": None, "bookmark_id": 1}
    _, bookmark = await resolutions(harness, **by_bookmark)
    assert bookmark == Resolution(
        field="bookmark_id", kind="bookmark", id="1", name="web servers", details={"search": "hostgroup = web"}
    )
    harness.sandbox.state.world.change_bookmark(1, "hostgroup = db")
    _, bookmark = await resolutions(harness, **by_bookmark)
    assert bookmark.details == {"search": "hostgroup = db"}


async def test_a_preview_takes_at_most_five_reads_once_the_server_is_known(harness: Harness) -> None:
    katello = {"job_template_id": None, "feature": "katello_package_install", "inputs": {"package": "vim"}}
    by_bookmark = {**BY_FEATURE, "search_query": None, "bookmark_id": 1}
    for values in ({}, BY_FEATURE, katello, by_bookmark):
        await resolutions(harness, **values)
        before = len(harness.sandbox.received_requests)
        await resolutions(harness, **values)
        assert len(harness.sandbox.received_requests) - before <= 5, values


async def test_new_inputs_of_an_inherited_template_count_within_ten_minutes(harness: Harness) -> None:
    katello: Mapping[str, Any] = {"job_template_id": 201, "inputs": {"package": "vim"}}
    assert "default of action" not in (await template_behind(harness, **katello)).details
    harness.sandbox.state.world.change_template(201, foreign=(ForeignInputSet(1, 191),))
    harness.clock.advance(minutes=10)
    assert (await template_behind(harness, **katello)).details["default of action"] == "install"
