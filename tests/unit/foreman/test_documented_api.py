"""The bot calls only what Foreman documents: paths, query parameters and headers, over a whole story."""

import re
from datetime import datetime, time

from bot.schedule import Now, RecurrenceRule, Series, ZonedTime
from tests.unit.foreman.conftest import TOKEN, Harness

DOCUMENTED_PATHS = {
    "GET": r"/api/(status|statuses|hosts|bookmarks(/\d+)?|organizations|locations|remote_execution_features"
    r"|job_templates(/\d+)?|templates/\d+/(template_inputs|foreign_input_sets)"
    r"|job_invocations(/\d+(/hosts|/outputs)?)?)|/foreman_tasks/api/recurring_logics",
    "POST": r"/api/job_invocations(/\d+/cancel)?|/foreman_tasks/api/recurring_logics/\d+/cancel",
}
DOCUMENTED_QUERY_KEYS = {
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


async def exercise_every_call(harness: Harness) -> None:
    """Everything that the operation can do, once."""
    await harness.connection.check()
    for field in ("job_template_id", "feature", "bookmark_id", "organization_id", "location_id"):
        await harness.operation.lookup(field, "a", {"organization_id": 1})
    await harness.operation.fields({"job_template_id": 201})
    params = harness.command_params(search_query=None, bookmark_id=2, location_id=11)
    await harness.operation.preview(params, Now(), TOKEN)
    harness.sandbox.fail_hosts([harness.sandbox.state.find_hosts("location = Berlin")[0].name])
    plan = harness.plan(params)
    handle = await harness.operation.start(plan)
    await harness.operation.find_started(plan)
    await harness.operation.cancel(handle)
    harness.clock.advance(minutes=5)
    await harness.progress(handle)
    await harness.operation.output(handle, "x")
    first = ZonedTime(wall=datetime(2026, 11, 24, 6), zone="UTC")
    daily = Series(rule=RecurrenceRule(freq="daily", times=(time(6),)), zone="UTC", first=first)
    series = await harness.start(schedule=daily, token="ns-series")
    harness.sandbox.denied_permissions.add("view_recurring_logics")
    await harness.operation.find_started(harness.plan(params, daily, token="ns-series"))
    harness.sandbox.denied_permissions.clear()
    await harness.progress(series)
    await harness.operation.cancel(series)


async def test_every_call_of_a_whole_story_is_documented(harness: Harness) -> None:
    await exercise_every_call(harness)
    assert len(harness.sandbox.received_requests) > 30
    for request in harness.sandbox.received_requests:
        assert re.fullmatch(DOCUMENTED_PATHS[request.method], request.path), request
        assert set(request.query) <= DOCUMENTED_QUERY_KEYS, request


async def test_every_call_names_the_versions_and_languages_it_speaks(harness: Harness) -> None:
    await exercise_every_call(harness)
    for request in harness.sandbox.received_requests:
        assert request.headers["Accept"] == "application/json;version=2"
        assert request.headers["Accept-Language"] == "en"
        assert ("Content-Type" in request.headers) == (request.method == "POST")
        if request.method == "POST":
            assert request.headers["Content-Type"] == "application/json"
