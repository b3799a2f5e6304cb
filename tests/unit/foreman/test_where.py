"""What people type under Where: names, a search, or a bookmark."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backends.base import FoundTargets, parse_params
from bot.backends.foreman.host_names import MAX_NAMES, bookmark_name, names_in_search, parse_host_list, search_for
from bot.backends.foreman.params import ForemanJobParams
from bot.errors import InputError
from bot.schedule import Now
from playground.foreman.world import default_world
from tests.unit.foreman.conftest import TOKEN, Harness

WEB05, WEB10 = "web05.sin.example.com", "web10.nyc.example.com"
names = st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]\.example\.com", fullmatch=True), min_size=1, max_size=30)


def searched(text: str) -> str | None:
    return parse_params(ForemanJobParams, {"search_query": text}).search_query


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("web05, web10", "name ^ (web05, web10)"),
        ("web05 web10\nweb15;web20", "name ^ (web05, web10, web15, web20)"),
        ("WEB05.example.com", "name ^ (web05.example.com)"),
        ("web05, web10, Web05", "name ^ (web05, web10)"),
        ("web", "web"),
        ("os = RedHat", "os = RedHat"),
        ("name ~ web and os = Debian", "name ~ web and os = Debian"),
        ("web or db", "web or db"),
        ("not web05", "not web05"),
    ],
)
def test_a_list_of_names_becomes_a_search_and_a_search_stays(text: str, query: str) -> None:
    assert searched(text) == query


@given(names, st.sampled_from([" ", ",", ", ", "\n", ";", " \t"]))
def test_every_list_is_read_back_from_its_search(given_names: list[str], separator: str) -> None:
    hosts = parse_host_list(separator.join(given_names))
    assert hosts is not None
    assert set(hosts.names) == set(given_names)
    assert set(hosts.repeated) == {name for name in given_names if given_names.count(name) > 1}
    assert names_in_search(search_for(hosts.names)) == hosts.names


def test_more_names_than_a_list_may_have_are_refused() -> None:
    many = [f"host{number}" for number in range(MAX_NAMES + 1)]
    assert searched(" ".join(many[1:])) == search_for(many[1:])
    with pytest.raises(InputError, match="These are 2,001 names, and at most 2,000 can be given"):
        searched(" ".join(many))


@pytest.mark.parametrize(
    ("text", "name"),
    [("bookmark Web tier", "Web tier"), ("Bookmark: db", "db"), ("bookmark", ""), ("bookmarked = x", "")],
)
def test_a_bookmark_is_named(text: str, name: str) -> None:
    assert bookmark_name(text) == name


async def found(harness: Harness, **values: Any) -> FoundTargets | None:
    return await harness.operation.find_targets(values)


async def test_hosts_are_counted(harness: Harness) -> None:
    hosts = await found(harness, search_query="name ~ web")
    assert hosts is not None
    assert (hosts.count > 5, len(hosts.names), hosts.notes) == (True, 5, ())
    assert (await found(harness, search_query="bookmark web servers")) == await found(harness, bookmark_id="1")
    assert await found(harness) is None
    with pytest.raises(InputError, match="colour"):
        await found(harness, search_query="colour = blue")


async def test_the_same_hosts_are_counted_once_a_minute(harness: Harness) -> None:
    for _ in range(3):
        await found(harness, search_query="name ~ web")
    assert len(harness.sandbox.requests_to("GET", "/api/hosts")) == 1


async def test_names_that_are_unknown_or_listed_twice_are_named(harness: Harness) -> None:
    hosts = await found(harness, search_query=f"{WEB05}, {WEB05}, web10, nowhere")
    assert hosts == FoundTargets(
        count=2, names=(WEB05, WEB10), notes=("Not in Foreman: nowhere.", f"Listed twice: {WEB05}.")
    )


async def test_short_names_are_completed_and_unknown_ones_refused(harness: Harness) -> None:
    completed = await harness.operation.interpret({"search_query": f"web05, {WEB10}"}, {})
    assert completed.values == {"search_query": f"{WEB05}, {WEB10}"}
    assert (await harness.operation.interpret({"search_query": f"{WEB05} {WEB10}"}, {})).values == {}
    with pytest.raises(InputError, match=r"Foreman has no host named nowhere, neither\."):
        await harness.operation.interpret({"search_query": "web05 nowhere neither"}, {})


async def test_a_feature_and_a_bookmark_move_to_their_own_fields(harness: Harness) -> None:
    moved = await harness.operation.interpret(
        {"job_template_id": "feature:run_script", "search_query": "bookmark web servers"},
        {"job_template_id": "Run Script"},
    )
    assert moved.values == {
        "job_template_id": None, "feature": "run_script", "search_query": None, "bookmark_id": "1",
    }  # fmt: skip
    assert moved.labels == {"feature": "Run Script", "bookmark_id": "web servers"}
    with pytest.raises(InputError, match="no bookmark of hosts named “nothing”"):
        await harness.operation.interpret({"search_query": "bookmark nothing"}, {})


async def test_thousands_of_names_are_found_in_several_searches(harness: Harness) -> None:
    harness.sandbox.state.world.hosts = default_world(3_000).hosts
    listed = [host.name for host in harness.sandbox.state.world.hosts[:1_999]]
    preview = await harness.operation.preview(
        harness.command_params(search_query=" ".join([*listed, "gone.example.com"])), Now(), TOKEN
    )
    assert preview.targets.count == 1_999
    assert "Not in Foreman: gone.example.com." in preview.warnings
    assert all(len(r.query["search"]) < 4_000 for r in harness.sandbox.requests_to("GET", "/api/hosts"))
