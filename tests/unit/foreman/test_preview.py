"""What a request would do: hosts, inputs, warnings and facts, and what is refused under which field."""

from datetime import datetime, time
from typing import Any

import pytest

from bot.backends.base import Preview
from bot.backends.foreman.lookups import FEATURE_PREFIX
from bot.errors import InputError
from bot.schedule import Now, RecurrenceRule, Schedule, Series, ZonedTime
from playground.foreman.world import ForeignInputSet, JobTemplate, TemplateInput
from playground.sandbox import Fault
from tests.unit.foreman.conftest import TOKEN, Harness


@pytest.fixture
def extra_settings() -> dict[str, Any]:
    return {"secrets": {"new-password": "env:NEW_PASSWORD"}}


async def preview(harness: Harness, schedule: Schedule | None = None, **values: Any) -> Preview:
    return await harness.operation.preview(harness.command_params(**values), schedule or Now(), TOKEN)


async def refusal(harness: Harness, **values: Any) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        await preview(harness, **values)
    assert harness.posts() == []
    return caught.value.problems


async def test_a_search_that_matches_no_host_is_an_error(harness: Harness) -> None:
    assert await refusal(harness, search_query="name = nowhere") == {
        "search_query": "This matches no host. Foreman would take it and do nothing."
    }


async def test_a_search_that_foreman_cannot_read_is_an_error_in_its_words(harness: Harness) -> None:
    told = await refusal(harness, search_query="colour = red")
    assert told == {"search_query": "Foreman cannot use this search: Field 'colour' not recognized for searching."}


async def test_a_bookmarks_own_search_is_used(harness: Harness) -> None:
    found = await preview(harness, search_query=None, bookmark_id=1)
    assert found.targets.count == 8
    assert found.facts["query"] == "hostgroup = web"
    assert harness.operation.policy_facts is not None
    assert harness.operation.policy_facts >= found.facts.keys()


@pytest.mark.parametrize(("bookmark", "words"), [(99, "no bookmark 99"), (3, "not one of hosts")])
async def test_a_bookmark_must_be_there_and_of_hosts(harness: Harness, bookmark: int, words: str) -> None:
    assert words in (await refusal(harness, search_query=None, bookmark_id=bookmark))["bookmark_id"]


async def test_a_template_that_is_not_there_is_told_under_its_field(harness: Harness) -> None:
    told = await refusal(harness, job_template_id=7)
    assert list(told) == ["job_template_id"]
    assert "no such template" in told["job_template_id"]


@pytest.mark.parametrize(
    ("feature", "words"), [("nothing", "no feature nothing"), ("puppet_run_host", "No template is assigned")]
)
async def test_a_feature_needs_a_template(harness: Harness, feature: str, words: str) -> None:
    assert words in (await refusal(harness, job_template_id=None, feature=feature))["feature"]


async def test_a_feature_shows_its_template(harness: Harness) -> None:
    found = await preview(harness, job_template_id=None, feature="run_script")
    assert (found.facts["template"], found.facts["feature"]) == ("Run Command - Script Default", "run_script")


async def test_inputs_are_compared_with_what_the_template_asks_for(harness: Harness) -> None:
    told = await refusal(harness, job_template_id=190, inputs={"action": "explode", "speed": "1"})
    assert told == {
        "inputs.action": "This must be one of restart, start, stop, status.",
        "inputs.service": "This is needed.",
        "inputs.speed": "The template Service Action - Script Default has no input of this name; "
        "it has action, service.",
    }


async def test_problems_of_inputs_and_search_are_told_together(harness: Harness) -> None:
    assert set(await refusal(harness, inputs={}, search_query="colour = red")) == {"inputs.command", "search_query"}


async def test_an_empty_value_is_no_value_for_a_required_input(harness: Harness) -> None:
    assert await refusal(harness, inputs={"command": ""}) == {"inputs.command": "This is needed."}


async def test_a_default_satisfies_a_required_input(harness: Harness) -> None:
    found = await preview(harness, job_template_id=190, inputs={"service": "httpd"})
    assert found.targets.count == 13


async def test_inherited_inputs_are_known_and_excluded_ones_are_not(harness: Harness) -> None:
    assert (await preview(harness, job_template_id=201, inputs={"package": "zsh"})).targets.count == 13
    assert (
        "no input of this name; it has package, options"
        in (await refusal(harness, job_template_id=201, inputs={"action": "install"}))["inputs.action"]
    )


async def test_templates_that_inherit_from_each_other_end(harness: Harness) -> None:
    world = harness.sandbox.state.world
    world.templates += [
        JobTemplate(301, "Ring one", "Rings", inputs=(TemplateInput(31, "one"),), foreign=(ForeignInputSet(8, 302),)),
        JobTemplate(302, "Ring two", "Rings", inputs=(TemplateInput(32, "two"),), foreign=(ForeignInputSet(9, 301),)),
    ]
    names = [f.name for f in await harness.operation.fields({"job_template_id": "301"}) if f.name.startswith("inputs.")]
    assert names == ["inputs.one", "inputs.two"]


async def test_hidden_inputs_take_secrets_and_others_do_not(harness: Harness) -> None:
    told = await refusal(harness, job_template_id=210, inputs={"username": "secret:new-password", "new password": "x"})
    assert "no secret is put there" in told["inputs.username"]
    assert "choose a configured secret" in told["inputs.new password"]
    found = await preview(
        harness, job_template_id=210, inputs={"username": "root", "new password": "secret:new-password"}
    )
    sent: Any = found.plan.calls[0].body
    assert sent["job_invocation"]["inputs"]["new password"] == "secret:new-password"


async def test_a_user_that_the_template_does_not_let_us_choose_is_a_warning(harness: Harness) -> None:
    found = await preview(harness, job_template_id=190, inputs={"service": "httpd"}, effective_user="deploy")
    assert any("deploy is ignored" in warning for warning in found.warnings)
    assert found.facts["run_as"] == "root"
    chosen = await preview(harness, effective_user="deploy")
    assert chosen.facts["run_as"] == "deploy"
    assert chosen.warnings == ()


async def test_other_things_that_will_not_go_as_they_seem_are_warnings(harness: Harness) -> None:
    found = await preview(harness, search_query="web", tags="a", time_span=5, name="x")
    text = "\n".join(found.warnings)
    assert "'web' names no field" in text
    assert "not an Ansible template" in text
    assert "time_span" in text
    assert "Foreman ignores name" in text


async def test_a_template_that_runs_as_its_caller_runs_as_the_account(harness: Harness) -> None:
    harness.sandbox.state.world.templates.append(JobTemplate(300, "As caller", "Commands", current_user=True))
    assert (await preview(harness, job_template_id=300, inputs={})).facts["run_as"] == "nightshift"


async def test_dynamic_targets_are_not_fixed(harness: Harness) -> None:
    assert (await preview(harness)).targets.fixed
    dynamic = (await preview(harness, targeting_type="dynamic_query")).targets
    assert not dynamic.fixed
    assert dynamic.note == "Matched again when the job starts."


async def test_the_servers_version_decides_who_holds_a_series(harness: Harness) -> None:
    daily = Series(
        rule=RecurrenceRule(freq="daily", times=(time(6),)),
        zone="Europe/Berlin",
        first=ZonedTime(wall=datetime(2026, 11, 24, 6), zone="Europe/Berlin"),
    )
    assert harness.plan(harness.command_params(), daily).placement.scheduler == "nightshift"
    found = await preview(harness, daily)
    assert found.plan.placement.scheduler == "backend"
    assert found.targets.fixed
    sent: Any = found.plan.calls[0].body
    assert sent["job_invocation"]["recurrence"] == {"cron_line": "0 6 * * * Europe/Berlin", "purpose": TOKEN}


async def test_an_old_server_leaves_a_zoned_series_to_nightshift(harness: Harness) -> None:
    harness.sandbox.state.tasks = (7, 2, 1)
    daily = Series(
        rule=RecurrenceRule(freq="daily", times=(time(6),)),
        zone="Europe/Berlin",
        first=ZonedTime(wall=datetime(2026, 11, 24, 6), zone="Europe/Berlin"),
    )
    found = await preview(harness, daily)
    assert found.plan.placement.scheduler == "nightshift"
    assert not found.targets.fixed
    sent: Any = found.plan.calls[0].body
    assert not {"recurrence", "scheduling"} & set(sent["job_invocation"])


async def test_the_templates_own_description_follows_the_token(harness: Harness) -> None:
    sent: Any = (await preview(harness)).plan.calls[0].body
    assert sent["job_invocation"]["description_format"] == f"[{TOKEN}] Run %{{command}}"


async def test_versions_are_asked_for_once_in_a_while(harness: Harness) -> None:
    for _ in range(3):
        await preview(harness)
    assert len(harness.sandbox.requests_to("GET", "/api/statuses")) == 1
    harness.clock.advance(minutes=11)
    await preview(harness)
    assert len(harness.sandbox.requests_to("GET", "/api/statuses")) == 2


async def test_versions_that_the_account_may_not_see_are_unknown(harness: Harness) -> None:
    harness.sandbox.faults.append(Fault("status", path="/api/statuses", status=403, body={}, remaining=None))
    assert (await preview(harness)).targets.count == 13


class TestAllowList:
    @pytest.fixture
    def extra_settings(self) -> dict[str, Any]:
        return {"templates": ("Run Command - Script Default",), "features": ("katello_package_install",)}

    async def test_only_listed_templates_and_features_may_run(self, harness: Harness) -> None:
        assert (await preview(harness)).targets.count == 13
        told = await refusal(harness, job_template_id=190, inputs={"service": "httpd"})
        assert "not among the templates" in told["job_template_id"]
        told = await refusal(harness, job_template_id=201, inputs={"package": "zsh"})
        assert "not among the templates" in told["job_template_id"]
        through = await preview(
            harness, job_template_id=None, feature="katello_package_install", inputs={"package": "zsh"}
        )
        assert through.targets.count == 13

    async def test_only_these_can_be_chosen(self, harness: Harness) -> None:
        assert [o.label for o in await harness.operation.lookup("job_template_id", "", {})] == [
            "Run Command - Script Default",
            "Run Script",
            "Katello: Install Package",
        ]
        assert [o.value for o in await harness.operation.lookup("feature", "", {})] == [
            "run_script",
            "katello_package_install",
        ]
        assert await harness.operation.resolve_option("job_template_id", "190") is None


class TestOneKindOfAllowList:
    @pytest.fixture(params=[{"templates": ("Power Action - Script Default",)}, {"features": ("run_script",)}])
    def extra_settings(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return dict(request.param)

    async def test_what_is_not_listed_may_not_run(self, harness: Harness, extra_settings: dict[str, Any]) -> None:
        assert "not among the templates" in (await refusal(harness))["job_template_id"]
        options = await harness.operation.lookup("job_template_id", "", {})
        templates = [option.label for option in options if not option.value.startswith(FEATURE_PREFIX)]
        features = [option.value for option in await harness.operation.lookup("feature", "", {})]
        assert (templates, features) == (
            list(extra_settings.get("templates", ())),
            list(extra_settings.get("features", ())),
        )
