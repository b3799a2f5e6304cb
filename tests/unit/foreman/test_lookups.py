"""Live choices: found by part of their name, the best first, quickly, and never more than a select can hold."""

import time
from typing import Any

import pytest

from bot.errors import Missing, NotFound, Unreachable
from bot.schedule import Now
from playground.foreman import ForemanSandbox
from playground.foreman.world import JobTemplate, Place, default_world
from playground.sandbox import Fault
from tests.unit.foreman.conftest import TOKEN, Bench


async def labels(bench: Bench, field: str, query: str = "", **values: Any) -> list[str]:
    return [option.label for option in await bench.run.lookup(field, query, values)]


async def test_templates_are_found_by_part_of_their_name(bench: Bench) -> None:
    assert await labels(bench, "job_template_id", "SERVICE") == ["Service Action - Script Default"]
    found = await bench.run.lookup("job_template_id", "run command", {})
    assert [(o.value, o.description) for o in found] == [("193", "Ansible Commands"), ("189", "Commands")]


async def test_snippets_are_no_templates(bench: Bench) -> None:
    assert "Package manager snippet" not in await labels(bench, "job_template_id")


async def test_the_exact_name_comes_first_then_what_starts_so(bench: Bench) -> None:
    world = bench.sandbox.state.world
    world.templates += [
        JobTemplate(401, "A patch", "X"),
        JobTemplate(402, "patching", "X"),
        JobTemplate(403, "Patch", "X"),
    ]
    assert await labels(bench, "job_template_id", "patch") == ["Patch", "patching", "A patch"]


async def test_quotes_in_a_query_do_no_harm(bench: Bench) -> None:
    bench.sandbox.state.world.templates.append(JobTemplate(404, 'Say "hi" \\ bye', "X"))
    assert await labels(bench, "job_template_id", '"hi" \\') == ['Say "hi" \\ bye']


async def test_features_without_a_template_are_not_offered(bench: Bench) -> None:
    assert await labels(bench, "feature") == ["Run Script", "Katello: Install Package"]
    assert await labels(bench, "feature", "katello_p") == ["Katello: Install Package"]


async def test_bookmarks_are_those_of_hosts(bench: Bench) -> None:
    assert await labels(bench, "bookmark_id") == ["Berlin", "web servers"]


async def test_organizations_and_locations(bench: Bench) -> None:
    assert await labels(bench, "organization_id") == ["Example Org", "Subsidiary"]
    assert await labels(bench, "location_id", "ber") == ["Berlin"]


async def test_katello_serves_organizations_elsewhere(bench: Bench) -> None:
    bench.sandbox.faults.append(Fault("status", path="^/api/organizations", status=404, body={"error": {}}, times=None))
    bench.sandbox.faults.append(
        Fault("status", path="^/katello/api/organizations", status=200, body={"results": [{"id": 9, "name": "ACME"}]})
    )
    assert await labels(bench, "organization_id") == ["ACME"]


async def test_the_chosen_context_is_passed_on(bench: Bench) -> None:
    await labels(bench, "job_template_id", "", organization_id="2", location_id=11)
    query = bench.sandbox.ledger[-1].query
    assert (query["organization_id"], query["location_id"]) == ("2", "11")


async def test_more_than_a_select_holds_is_seen_as_too_many(bench: Bench) -> None:
    bench.sandbox.state.world.organizations += [Place(n, f"Org {n}") for n in range(100, 400)]
    assert len(await labels(bench, "organization_id")) == 101


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
    bench: Bench, field: str, text: str, value: str | None
) -> None:
    found = await bench.run.resolve(field, text)
    assert (found.value if found else None) == value


async def test_only_a_number_is_asked_for_by_number(bench: Bench) -> None:
    await bench.run.resolve("job_template_id", "Default")
    assert [request.path for request in bench.sandbox.ledger] == ["/api/job_templates"]


async def test_a_name_that_several_have_names_none(bench: Bench) -> None:
    bench.sandbox.state.world.templates += [JobTemplate(405, "Twin", "X"), JobTemplate(406, "Twin", "X")]
    assert await bench.run.resolve("job_template_id", "twin") is None


async def test_a_field_without_choices_has_no_lookup(bench: Bench) -> None:
    with pytest.raises(NotFound, match="ssh_user"):
        await bench.run.lookup("ssh_user", "", {})


class TestSlowServer:
    @pytest.fixture
    def extra(self) -> dict[str, Any]:
        return {"lookup_timeout": 0.1}

    async def test_a_server_that_takes_too_long_is_given_up_on(self, bench: Bench) -> None:
        bench.sandbox.faults.append(Fault("slow", seconds=0.25))
        with pytest.raises(Unreachable, match=r"did not answer within 0\.1 seconds"):
            await bench.run.lookup("job_template_id", "x", {})


async def test_ten_thousand_hosts_are_previewed_within_a_second(bench: Bench) -> None:
    sandbox: ForemanSandbox = bench.sandbox
    sandbox.state.world.hosts = default_world(10_000).hosts
    began = time.monotonic()
    found = await bench.run.preview(bench.command(search_query="os = RedHat or params.tier = test"), Now(), TOKEN)
    assert time.monotonic() - began < 1.0
    assert found.targets.count == 5000
    assert len(found.targets.names) == 2000


async def test_the_same_search_is_fetched_once_for_ten_seconds(bench: Bench) -> None:
    for _ in range(3):
        await bench.run.lookup("job_template_id", "serv", {})
    assert len(bench.sandbox.ledger) == 1
    bench.clock.forward(seconds=11)
    await bench.run.lookup("job_template_id", "serv", {})
    assert len(bench.sandbox.ledger) == 2


async def test_a_search_that_failed_is_made_again(bench: Bench) -> None:
    bench.sandbox.faults.append(Fault("html", status=404))
    with pytest.raises(Missing):
        await bench.run.lookup("job_template_id", "serv", {})
    assert await bench.run.lookup("job_template_id", "serv", {})
