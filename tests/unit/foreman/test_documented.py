"""The bot calls only what Foreman documents: paths, query parameters and headers, over a whole story."""

import re
from datetime import datetime, time

from bot.schedule import Moment, Now, Rule, Series
from tests.unit.foreman.conftest import TOKEN, Bench

PATHS = {
    "GET": r"/api/(status|statuses|hosts|bookmarks(/\d+)?|organizations|locations|remote_execution_features"
    r"|job_templates(/\d+)?|templates/\d+/(template_inputs|foreign_input_sets)"
    r"|job_invocations(/\d+(/hosts|/outputs)?)?)|/foreman_tasks/api/recurring_logics",
    "POST": r"/api/job_invocations(/\d+/cancel)?|/foreman_tasks/api/recurring_logics/\d+/cancel",
}
QUERY = {
    "search",
    "order",
    "per_page",
    "organization_id",
    "location_id",
    "thin",
    "host_status",
    "include_hosts",
    "search_query",
    "raw",
}


async def tell(bench: Bench) -> None:
    """Everything that the operation can do, once."""
    await bench.connection.check()
    for field in ("job_template_id", "feature", "bookmark_id", "organization_id", "location_id"):
        await bench.run.lookup(field, "a", {"organization_id": 1})
    await bench.run.fields({"job_template_id": 201})
    params = bench.command(search_query=None, bookmark_id=2, location_id=11)
    await bench.run.preview(params, Now(), TOKEN)
    bench.sandbox.fail_hosts([bench.sandbox.state.find_hosts("location = Berlin")[0].name])
    plan = bench.plan(params)
    handle = await bench.run.start(plan)
    await bench.run.find(plan)
    await bench.run.cancel(handle)
    bench.clock.forward(minutes=5)
    await bench.progress(handle)
    await bench.run.output(handle, "x")
    first = Moment(wall=datetime(2026, 11, 24, 6), zone="UTC")
    daily = Series(rule=Rule(freq="daily", times=(time(6),)), zone="UTC", first=first)
    series = await bench.started(schedule=daily, token="ns-series")
    bench.sandbox.denied.add("view_recurring_logics")
    await bench.run.find(bench.plan(params, daily, token="ns-series"))
    bench.sandbox.denied.clear()
    await bench.progress(series)
    await bench.run.cancel(series)


async def test_every_call_of_a_whole_story_is_documented(bench: Bench) -> None:
    await tell(bench)
    assert len(bench.sandbox.ledger) > 30
    for request in bench.sandbox.ledger:
        assert re.fullmatch(PATHS[request.method], request.path), request
        assert set(request.query) <= QUERY, request


async def test_every_call_names_the_versions_and_languages_it_speaks(bench: Bench) -> None:
    await tell(bench)
    for request in bench.sandbox.ledger:
        assert request.headers["Accept"] == "application/json;version=2"
        assert request.headers["Accept-Language"] == "en"
        assert ("Content-Type" in request.headers) == (request.method == "POST")
        if request.method == "POST":
            assert request.headers["Content-Type"] == "application/json"
