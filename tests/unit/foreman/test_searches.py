"""Which searches are made of Foreman's API, against one that answers from a table."""

from typing import Any

import pytest

from bot.backends.base import BackendContext, Resolution, Targets
from bot.backends.foreman import lookups, preview, templates
from bot.backends.foreman.context import ForemanContext
from bot.backends.foreman.params import ForemanJobParams
from bot.backends.foreman.preview import FoundHosts
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate, TemplateInput
from bot.errors import (
    BadResponse,
    Forbidden,
    InputError,
    Refused,
    RemoteNotFound,
    Unauthorized,
)
from tests.unit.foreman.conftest import ManualClock
from tests.unit.foreman.fake_api import SETTINGS, FakeApi


def missing() -> RemoteNotFound:
    return RemoteNotFound("f.lab", "gone", status=404, server_message="gone")


@pytest.mark.parametrize(
    ("field", "query", "settings", "path", "asked"),
    [
        ("job_template_id", "", {}, "/api/job_templates", {"search": "snippet = false"}),
        ("job_template_id", "a", {"templates": ("x", "y")}, "/api/job_templates",
         {"search": 'snippet = false and (name = "x" or name = "y") and name ~ "a"'}),
        ("bookmark_id", "", {}, "/api/bookmarks", {"search": "controller = hosts"}),
        ("organization_id", "", {}, "/api/organizations", {}),
        ("location_id", "a", {}, "/api/locations", {"search": 'name ~ "a"'}),
    ],
)  # fmt: skip
async def test_what_is_searched(field: str, query: str, settings: Any, path: str, asked: dict[str, Any]):
    api = FakeApi({path: {"results": [
        {"id": 1, "name": "b", "job_category": "c", "query": "c", "description": "c"}, {"id": 2, "name": "a"},
    ]}})  # fmt: skip
    taxonomy = {} if field.endswith("ation_id") else {"location_id": 3}
    options = await lookups.lookup(api, SETTINGS.model_copy(update=settings), field, query, {"location_id": 3})
    others = [("/api/remote_execution_features", {})] if field == "job_template_id" else []
    assert api.asked == [(path, {"per_page": 101, "order": "name ASC", **taxonomy, **asked}), *others]
    by_value = sorted((o.value, o.label, o.description) for o in options)
    assert by_value == [("1", "b", "c"), ("2", "a", "")]
    assert [o.value for o in options] == (["2", "1"] if query else ["1", "2"])


async def test_features_are_filtered_here():
    rows = [
        {"label": "one", "name": "One", "job_template_id": 1, "job_template_name": "T"},
        {"label": "two", "job_template_id": 2},
        {"label": "none", "name": "None"},
    ]
    api = FakeApi({"/api/remote_execution_features": {"results": rows}})
    found = await lookups.lookup(api, SETTINGS, "feature", "", {})
    assert [(o.value, o.label, o.description) for o in found] == [("one", "One", "T"), ("two", "two", "")]
    assert [o.value for o in await lookups.lookup(api, SETTINGS, "feature", "TWO", {})] == ["two"]
    for allowed, expected in (({"features": ("two",)}, ["two"]), ({"templates": ("T",)}, ["one"])):
        some = await lookups.lookup(api, SETTINGS.model_copy(update=allowed), "feature", "", {})
        assert [o.value for o in some] == expected
    many = [{"label": str(n), "job_template_id": n} for n in range(150)]
    full = FakeApi({"/api/remote_execution_features": {"results": many}})
    assert len(await lookups.lookup(full, SETTINGS, "feature", "", {})) == 101
    only_features = SETTINGS.model_copy(update={"features": ("two",)})
    offered = await lookups.lookup(api, only_features, "job_template_id", "", {})
    assert [(o.value, o.label, o.description) for o in offered] == [("feature:two", "two", "Feature")]


async def test_a_typed_name_or_number():
    rows = {"results": [{"id": 1, "name": "a"}, {"id": 2, "name": "a"}, {"id": 3, "name": "b"}]}
    api = FakeApi({"/api/job_templates": rows, "/api/job_templates/9": {"id": 9, "name": "nine"}})

    async def resolve(text: str, settings: ForemanSettings = SETTINGS, field: str = "job_template_id") -> str | None:
        option = await lookups.resolve_option(api, settings, field, text, {})
        return option.value if option else None

    assert [await resolve(text) for text in ("B", "3", "a", "9", "z")] == ["3", "3", None, "9", None]
    assert await resolve("9", SETTINGS.model_copy(update={"templates": ("other",)})) is None
    assert await resolve("9", SETTINGS.model_copy(update={"templates": ("nine",)})) == "9"
    api.answers["/api/job_templates/9"] = missing()
    assert await resolve("9") is None
    assert await resolve("9", field="feature") is None
    assert lookups.is_allowed(SETTINGS, "t", None)
    listed = SETTINGS.model_copy(update={"templates": ("t",), "features": ("f",)})
    assert [lookups.is_allowed(listed, *args) for args in (("t", None), ("x", "f"), ("x", None), ("x", "g"))] == [
        True, True, False, False
    ]  # fmt: skip


async def test_templates_and_inherited_inputs():
    api = FakeApi({
        "/api/job_templates/1": {"name": "T", "job_category": "C", "provider_type": "Ansible",
                                 "description_format": "d",
                                 "effective_user": {"value": "v", "current_user": True, "overridable": True}},
        "/api/templates/1/template_inputs": {"results": [
            {"name": "own", "input_type": "user", "required": True, "options": "x\n\n y", "default": "x"},
            {"name": "fact", "input_type": "fact"}, {"name": "plain", "description": "d", "hidden_value": True},
        ]},
        "/api/templates/1/foreign_input_sets": {"results": [
            {"target_template_id": 2, "include_all": True, "exclude": "c, own"}, {"target_template_id": "x"},
            {"target_template_id": 3, "include": "e", "include_all": False}, {"target_template_id": 1},
        ]},
        "/api/templates/2/template_inputs": {"results": [{"name": n} for n in ("own", "b", "c")]},
        "/api/templates/3/template_inputs": {"results": [{"name": "e", "default": ""}, {"name": "f"}]},
    })  # fmt: skip
    template = await fetch_template(api, 1, {"location_id": 3})
    assert template == JobTemplate(1, "T", "C", "Ansible", "d", "v", True, True, (
        TemplateInput("own", True, False, ("x", "y"), "x"), TemplateInput("plain", hidden=True, description="d"),
        TemplateInput("b"), TemplateInput("e"),
    ))  # fmt: skip
    assert template.is_ansible
    assert ("/api/job_templates/1", {"location_id": 3}) in api.asked
    assert ("/api/templates/2/template_inputs", {"per_page": "all", "location_id": 3}) in api.asked
    bare = await fetch_template(FakeApi({"/api/job_templates/4": {"effective_user": None}}), 4, {})
    assert bare == JobTemplate(4, "4", "", "", "", "", False, False, ())


async def test_inherited_inputs_go_six_levels_deep():
    answers: dict[str, Any] = {"/api/job_templates/0": {}}
    for n in range(9):
        answers[f"/api/templates/{n}/template_inputs"] = {"results": [{"name": f"i{n}"}]}
        answers[f"/api/templates/{n}/foreign_input_sets"] = {
            "results": [{"target_template_id": n + 1, "include_all": True}]
        }
    template = await fetch_template(FakeApi(answers), 0, {})
    assert [item.name for item in template.inputs] == [f"i{n}" for n in range(7)]


async def fetch_template(api: FakeApi, number: int, taxonomy: dict[str, int]) -> JobTemplate:
    return await templates.fetch_template(api, number, taxonomy, lambda n: templates.fetch_input_sets(api, n, taxonomy))


async def test_long_lists_of_hosts_are_read_page_by_page():
    pages = tuple({"results": [{"name": f"h{page}-{n}"} for n in range(2)], "subtotal": 5} for page in range(2))
    api = FakeApi({"/api/hosts": (*pages, {"results": [{"name": "last"}], "subtotal": 5})})
    found = await preview.find_hosts(api, params(search_query="s"), {})
    assert (found.targets.count, found.targets.names) == (5, ("h0-0", "h0-1", "h1-0", "h1-1", "last"))
    assert [asked.get("page") for _, asked in api.asked] == [None, 2, 3]


async def test_a_list_that_ends_before_its_count_leaves_names_unknown():
    api = FakeApi({"/api/hosts": ({"results": [{"name": "a"}], "subtotal": 3}, {"results": [], "subtotal": 3})})
    targets = (await preview.find_hosts(api, params(search_query="s"), {})).targets
    assert (targets.count, targets.names) == (3, ("a",))


NOT_LOOKED_UP = {"organizations": (None,), "locations": (None,), "host_groups": (None,)}


async def test_what_hosts_belong_to_is_read_where_policy_depends_on_it():
    rows = [
        {"name": "a", "organization_name": "Example", "location_name": None, "hostgroup_title": "Base/Web",
         "hostgroup_name": "Web"},
        {"name": "b", "organization_name": "Example", "location_name": "Berlin", "hostgroup_name": "Db"},
    ]  # fmt: skip
    api = FakeApi({"/api/hosts": {"results": rows, "subtotal": 2}})
    targets = (await preview.find_hosts(api, params(search_query="s"), {}, ["host_groups", "tenants"])).targets
    assert targets.facts == {
        "organizations": ("Example",),
        "locations": ("", "Berlin"),
        "host_groups": ("Base/Web", "Db"),
    }
    assert api.asked == [("/api/hosts", {"search": "s", "per_page": 500})]
    thin = (await preview.find_hosts(api, params(search_query="s"), {}, ["tenants"])).targets
    assert (thin.names, api.asked[1][1].get("thin")) == (("a", "b"), "1")


async def test_what_hosts_belong_to_that_were_not_all_read_is_not_known():
    rows = {"results": [{"name": "a", "organization_name": "Example"}], "subtotal": 3}
    api = FakeApi({"/api/hosts": (rows, {"results": [], "subtotal": 3})})
    targets = (await preview.find_hosts(api, params(search_query="s"), {}, ["organizations"])).targets
    assert targets.facts == {"organizations": ("Example", None), "locations": (None,), "host_groups": (None,)}


def params(**values: Any) -> ForemanJobParams:
    return ForemanJobParams.model_validate({"job_template_id": 1, **values})


async def test_hosts_of_a_request():
    rows = {"results": [{"name": "a"}], "subtotal": 1}
    api = FakeApi({"/api/hosts": rows, "/api/bookmarks/4": {"query": "q", "controller": "hosts"}})
    found = await preview.find_hosts(api, params(search_query="s"), {"location_id": 3})
    assert found == FoundHosts(Targets(count=1, names=("a",), facts=NOT_LOOKED_UP), "s")
    assert api.asked == [("/api/hosts", {"search": "s", "thin": "1", "per_page": 2000, "location_id": 3})]
    dynamic = params(bookmark_id=4, targeting_type="dynamic_query")
    found = await preview.find_hosts(api, dynamic, {})
    assert (found.targets.fixed, found.targets.note) == (False, "Matched again when the job starts.")
    assert (found.query, found.bookmark) == (
        "q",
        Resolution(field="bookmark_id", kind="bookmark", id="4", name="4", details={"search": "q"}),
    )
    assert api.asked[1:] == [("/api/bookmarks/4", {}), ("/api/hosts", {"search": "q", "thin": "1", "per_page": 2000})]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"/api/bookmarks/4": missing()}, "There is no bookmark 4 that the bot can see."),
        ({"/api/bookmarks/4": {"controller": "x"}}, "This bookmark is not one of hosts."),
        ({"/api/bookmarks/4": {}}, "This matches no host. Foreman would take it and do nothing."),
        ({"/api/bookmarks/4": {}, "/api/hosts": Refused("f", "no", status=400, server_message="bad")},
         "Foreman cannot use this search: bad."),
        ({"/api/bookmarks/4": {}, "/api/hosts": Refused("f", "no", status=422)}, "Foreman cannot use this search: no."),
    ],
)  # fmt: skip
async def test_hosts_that_cannot_be_found(answers: dict[str, Any], problem: str):
    with pytest.raises(InputError) as refused:
        await preview.find_hosts(FakeApi(answers), params(bookmark_id=4), {})
    assert refused.value.problems == {"bookmark_id": problem}


@pytest.mark.parametrize("error", [Refused("f", "no", status=409), Unauthorized("f", "no", status=400)])
async def test_another_refusal_is_no_matter_of_the_search(error: Refused):
    with pytest.raises(type(error)):
        await preview.find_hosts(FakeApi({"/api/hosts": error}), params(search_query="s"), {})


async def test_what_is_known_of_a_server_is_kept_for_a_while():
    clock = ManualClock()
    context = ForemanContext("f.lab", SETTINGS, BackendContext(clock))
    context.api = api = FakeApi({"/api/statuses": {"results": {"foreman": {"version": "3.9"}}}})
    await context.refresh_versions()
    clock.advance(seconds=599)
    await context.refresh_versions()
    assert (len(api.asked), context.server.foreman) == (1, "3.9")
    clock.advance(seconds=1)
    await context.refresh_versions()
    assert len(api.asked) == 2
    for error in (Forbidden("f", "no"), missing(), BadResponse("f", "no")):
        api.answers["/api/statuses"] = {"results": {"foreman": {"version": "3.9"}}}
        await context.refresh_versions(force=True)
        api.answers["/api/statuses"] = error
        await context.refresh_versions(force=True)
        assert context.server.foreman == ""
    asked = len(api.asked)
    await context.refresh_versions()
    assert len(api.asked) == asked


async def test_templates_are_kept_for_a_minute_and_features_by_name():
    clock = ManualClock()
    context = ForemanContext("f.lab", SETTINGS, BackendContext(clock))
    features = {"results": [{"label": "x", "job_template_id": 1}, {"label": "y"}]}
    context.api = api = FakeApi({"/api/remote_execution_features": features, "/api/job_templates/1": {"name": "T"}})
    assert context.cached_template(None, "x") is None
    assert (await context.fetch_template(None, "x", {})).name == "T"
    assert context.cached_template(1, None) == context.cached_template(None, "x") is not None
    clock.advance(seconds=59)
    asked = len(api.asked)
    await context.fetch_template(1, None, {})
    assert len(api.asked) == asked
    clock.advance(seconds=1)
    await context.fetch_template(1, None, {})
    assert len(api.asked) > asked
    for feature, problem in (("y", "No template is assigned to y in f.lab."), ("z", "f.lab has no feature z.")):
        with pytest.raises(InputError) as refused:
            await context.fetch_template(None, feature, {})
        assert refused.value.problems == {"feature": problem}
    api.answers["/api/job_templates/9"] = missing()
    with pytest.raises(InputError) as refused:
        await context.fetch_template(9, None, {})
    gone = "f.lab has no such template that the bot can see (gone)"
    assert refused.value.problems == {"job_template_id": gone}
    clock.advance(seconds=60)
    api.answers["/api/job_templates/1"] = missing()
    with pytest.raises(InputError) as refused:
        await context.fetch_template(None, "x", {})
    assert refused.value.problems == {"feature": gone}
    own = ForemanContext("f", SETTINGS.model_copy(update={"organization_id": 5}), BackendContext(clock))
    assert own.taxonomy_params({"location_id": "7"}) == {"organization_id": 5, "location_id": 7}
    assert own.taxonomy_params({"organization_id": "6"}) == {"organization_id": 6}


async def test_of_a_template_whose_inputs_are_all_given_only_their_names_are_read():
    own = [{"name": "a", "input_type": "user"}, {"name": "fact", "input_type": "fact"}]
    answers = {"/api/job_templates/1": {"name": "T", "template_inputs": own}, "/api/templates/1/foreign_input_sets": []}
    details = {"/api/templates/1/template_inputs": {"results": [{"name": "a", "default": "x"}]}}

    async def fetched(given: set[str], more: dict[str, Any]) -> tuple[JobTemplate, list[str]]:
        api = FakeApi({**answers, **details, **more})
        template = await templates.fetch_template(api, 1, {}, lambda n: templates.fetch_input_sets(api, n, {}), given)
        return template, [path for path, _ in api.asked]

    template, asked = await fetched({"a"}, {})
    assert (template.inputs, template.has_input_details, len(asked)) == ((TemplateInput("a"),), False, 2)
    untold = {"/api/job_templates/1": {"name": "T"}}
    inherits = {"/api/templates/1/foreign_input_sets": {"results": [{"target_template_id": 2, "include": "b"}]}}
    for given, more in ((set[str](), {}), ({"a"}, untold), ({"a"}, inherits)):
        template, asked = await fetched(given, more)
        assert template.inputs == (TemplateInput("a", default="x"),)
        assert (template.has_input_details, "/api/templates/1/template_inputs" in asked) == (True, True)
