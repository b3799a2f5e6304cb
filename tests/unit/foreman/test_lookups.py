"""Live choices: found by part of their name, the best first, quickly, and never more than a select can hold."""

from typing import Any

import pytest

from bot.errors import NotFound, RemoteNotFound, Unreachable
from bot.schedule import Now
from playground.foreman import ForemanSandbox
from playground.foreman.world import JobTemplate, Taxonomy, default_world
from playground.sandbox import Fault
from tests.unit.foreman.conftest import TOKEN, Harness


async def labels(harness: Harness, field: str, query: str = "", **values: Any) -> list[str]:
    return [option.label for option in await harness.operation.lookup(field, query, values)]


async def test_templates_are_found_by_part_of_their_name(harness: Harness) -> None:
    assert await labels(harness, "job_template_id", "SERVICE") == ["Service Action - Script Default"]
    found = await harness.operation.lookup("job_template_id", "run command", {})
    assert [(o.value, o.description) for o in found] == [
        ("193", "Ansible Commands"),
        ("189", "Commands · Run %{command}"),
    ]


async def test_features_are_found_among_the_templates(harness: Harness) -> None:
    found = await harness.operation.lookup("job_template_id", "run script", {})
    described = "Feature that runs Run Command - Script Default"
    assert [(o.value, o.label, o.description) for o in found] == [("feature:run_script", "Run Script", described)]


async def test_snippets_are_no_templates(harness: Harness) -> None:
    assert "Package manager snippet" not in await labels(harness, "job_template_id")


async def test_the_exact_name_comes_first_then_what_starts_so(harness: Harness) -> None:
    world = harness.sandbox.state.world
    world.templates += [
        JobTemplate(401, "A patch", "X"),
        JobTemplate(402, "patching", "X"),
        JobTemplate(403, "Patch", "X"),
    ]
    assert await labels(harness, "job_template_id", "patch") == ["Patch", "patching", "A patch"]


async def test_quotes_in_a_query_do_no_harm(harness: Harness) -> None:
    harness.sandbox.state.world.templates.append(JobTemplate(404, 'Say "hi" \\ bye', "X"))
    assert await labels(harness, "job_template_id", '"hi" \\') == ['Say "hi" \\ bye']


async def test_features_without_a_template_are_not_offered(harness: Harness) -> None:
    assert await labels(harness, "feature") == ["Run Script", "Katello: Install Package"]
    assert await labels(harness, "feature", "katello_p") == ["Katello: Install Package"]


async def test_bookmarks_are_those_of_hosts(harness: Harness) -> None:
    assert await labels(harness, "bookmark_id") == ["Berlin", "web servers"]


async def test_organizations_and_locations(harness: Harness) -> None:
    assert await labels(harness, "organization_id") == ["Example Org", "Subsidiary"]
    assert await labels(harness, "location_id", "ber") == ["Berlin"]


async def test_katello_serves_organizations_elsewhere(harness: Harness) -> None:
    harness.sandbox.faults.append(
        Fault("status", path="^/api/organizations", status=404, body={"error": {}}, remaining=None)
    )
    harness.sandbox.faults.append(
        Fault("status", path="^/katello/api/organizations", status=200, body={"results": [{"id": 9, "name": "ACME"}]})
    )
    assert await labels(harness, "organization_id") == ["ACME"]


async def test_the_chosen_context_is_passed_on(harness: Harness) -> None:
    await labels(harness, "job_template_id", "", organization_id="2", location_id=11)
    (request,) = harness.sandbox.requests_to("GET", "/api/job_templates")
    query = request.query
    assert (query["organization_id"], query["location_id"]) == ("2", "11")


async def test_more_than_a_select_holds_is_seen_as_too_many(harness: Harness) -> None:
    harness.sandbox.state.world.organizations += [Taxonomy(n, f"Org {n}") for n in range(100, 400)]
    assert len(await labels(harness, "organization_id")) == 101


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("job_template_id", "service action - script default", "190"),
        ("job_template_id", "190", "190"),
        ("job_template_id", "Default", None),
        ("job_template_id", "999", None),
        ("feature", "run_script", "run_script"),
        ("feature", "Run Script", "run_script"),
        ("bookmark_id", "berlin", "2"),
        ("organization_id", "2", "2"),
    ],
)
async def test_a_typed_argument_names_one_choice_or_none(
    harness: Harness, field: str, text: str, value: str | None
) -> None:
    found = await harness.operation.resolve_option(field, text)
    assert (found.value if found else None) == value


async def test_only_a_number_is_asked_for_by_number(harness: Harness) -> None:
    await harness.operation.resolve_option("job_template_id", "Default")
    paths = {request.path for request in harness.sandbox.received_requests}
    assert paths == {"/api/job_templates", "/api/remote_execution_features"}


async def test_a_name_that_several_have_names_none(harness: Harness) -> None:
    harness.sandbox.state.world.templates += [JobTemplate(405, "Twin", "X"), JobTemplate(406, "Twin", "X")]
    assert await harness.operation.resolve_option("job_template_id", "twin") is None


async def test_a_field_without_choices_has_no_lookup(harness: Harness) -> None:
    with pytest.raises(NotFound, match="ssh_user"):
        await harness.operation.lookup("ssh_user", "", {})


class TestSlowServer:
    @pytest.fixture
    def extra_settings(self) -> dict[str, Any]:
        return {"lookup_timeout": 0.1}

    async def test_a_server_that_takes_too_long_is_given_up_on(self, harness: Harness) -> None:
        harness.sandbox.faults.append(Fault("slow", seconds=0.25))
        with pytest.raises(Unreachable, match=r"did not answer within 0\.1 seconds"):
            await harness.operation.lookup("job_template_id", "x", {})


async def test_thousands_of_hosts_are_all_named(harness: Harness) -> None:
    sandbox: ForemanSandbox = harness.sandbox
    sandbox.state.world.hosts = default_world(10_000).hosts
    found = await harness.operation.preview(
        harness.command_params(search_query="os = RedHat or params.tier = test"), Now(), TOKEN
    )
    assert found.targets.count == 5000
    assert len(set(found.targets.names)) == 5000


async def test_the_same_search_is_fetched_once_for_ten_seconds(harness: Harness) -> None:
    for _ in range(3):
        await harness.operation.lookup("bookmark_id", "serv", {})
    assert len(harness.sandbox.received_requests) == 1
    harness.clock.advance(seconds=11)
    await harness.operation.lookup("bookmark_id", "serv", {})
    assert len(harness.sandbox.received_requests) == 2


async def test_a_search_that_failed_is_made_again(harness: Harness) -> None:
    harness.sandbox.faults.append(Fault("html", status=404))
    with pytest.raises(RemoteNotFound):
        await harness.operation.lookup("job_template_id", "serv", {})
    assert await harness.operation.lookup("job_template_id", "serv", {})
