"""Jobs of Foreman that may be what a call of unknown outcome started."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.backends.base import Candidate, Plan
from bot.backends.foreman import candidates
from bot.errors import BackendError
from playground.sandbox import Fault
from tests.unit.foreman.conftest import START, TOKEN, Harness

JOBS = "^/api/job_invocations$"


def start_by_hand(harness: Harness, plan: Plan, **changes: Any) -> str:
    """Start in Foreman itself what a plan asks for, with changes and without its token. Returns its id."""
    body: Any = plan.calls[0].body
    return str(harness.sandbox.start_job({**body["job_invocation"], "description_format": "By hand", **changes}).id)


async def candidates_of(harness: Harness, plan: Plan, remote_id: str = "") -> Sequence[Candidate]:
    since, until = START - timedelta(minutes=2), START + timedelta(minutes=15)
    return await harness.operation.candidates(plan, since, until, remote_id)


async def differences(harness: Harness, plan: Plan, **changes: Any) -> tuple[str, ...]:
    (found,) = await candidates_of(harness, plan, start_by_hand(harness, plan, **changes))
    return found.differences


async def test_what_matches_is_found_with_its_time(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    job = start_by_hand(harness, plan)
    (found,) = await candidates_of(harness, plan)
    assert (found.id, found.title, found.starts_at) == (job, f"{job} · By hand", START.replace(microsecond=0))
    assert (found.carries_token, found.differences) == (False, ())
    assert (found.handle.kind, found.handle.id) == ("run", job)
    assert found.handle.detail["token"] == TOKEN


async def test_the_job_of_the_call_itself_carries_the_token(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    await harness.operation.start(plan)
    (found,) = await candidates_of(harness, plan)
    assert found.carries_token


async def test_only_jobs_of_the_template_and_of_that_time_are_listed_newest_first(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    harness.clock.advance(minutes=-3)
    start_by_hand(harness, plan)
    harness.clock.advance(minutes=1)
    first = start_by_hand(harness, plan)
    start_by_hand(harness, plan, job_template_id=190, inputs={"action": "restart", "service": "nginx"})
    harness.clock.advance(minutes=17)
    last = start_by_hand(harness, plan)
    harness.clock.advance(minutes=1)
    start_by_hand(harness, plan)
    assert [found.id for found in await candidates_of(harness, plan)] == [last, first]


async def test_the_list_goes_back_over_pages_and_ends(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_PAGE_SIZE", 2)
    plan = harness.plan(harness.command_params())
    jobs = [start_by_hand(harness, plan) for _ in range(12)]
    assert [found.id for found in await candidates_of(harness, plan)] == jobs[::-1][: candidates.MAX_CANDIDATES]
    harness.clock.advance(hours=1)
    for _ in range(3):
        start_by_hand(harness, plan)
    seen = len(harness.sandbox.requests_to("GET", JOBS))
    assert [found.id for found in await candidates_of(harness, plan)] == jobs[::-1][:7]
    assert len(harness.sandbox.requests_to("GET", JOBS)) - seen == candidates._MAX_PAGES


async def test_other_hosts_templates_and_series_are_told(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    assert await differences(harness, plan, search_query="os = Debian") == ("It is for other hosts: os = Debian.",)
    service = {"job_template_id": 190, "inputs": {"action": "restart", "service": "nginx"}}
    (words,) = await differences(harness, plan, **service)
    assert words.startswith("It runs another template: Service Action")
    assert await differences(harness, plan, recurrence={"cron_line": "0 6 * * *"}) == ("It is a run of a series.",)
    series = harness.plan(harness.command_params(cron_line="0 6 * * *"))
    assert await differences(harness, series, recurrence=None) == ("It is a single job, not a series.",)


async def test_the_token_of_another_start_is_told(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    job = start_by_hand(harness, plan, description_format="[ns-abc234] id")
    (found,) = await candidates_of(harness, plan, job)
    assert (found.other_token, found.carries_token, found.differences) == ("ns-abc234", False, ())


async def test_a_series_that_matches_is_watched_as_the_series(harness: Harness) -> None:
    plan = harness.plan(harness.command_params(cron_line="0 6 * * *"))
    job = start_by_hand(harness, plan, recurrence={"cron_line": "0 6 * * *"})
    (found,) = await candidates_of(harness, plan, job)
    assert (found.handle.kind, found.handle.id) == ("series", str(harness.sandbox.logics[-1].id))
    assert (found.id, found.differences) == (job, ())


async def test_a_bookmark_is_compared_by_its_id(harness: Harness) -> None:
    first, second, *_ = harness.sandbox.state.world.bookmarks
    plan = harness.plan(harness.params(job_template_id=189, inputs={"command": "id"}, bookmark_id=first.id))
    assert await differences(harness, plan) == ()
    changed = await differences(harness, plan, bookmark_id=second.id)
    assert changed == ("It does not use the bookmark that was asked for.",)


async def test_a_feature_is_compared_by_its_template(harness: Harness) -> None:
    feature = next(f for f in harness.sandbox.state.world.features if f.template == 189)
    values = {"feature": feature.label, "inputs": {"command": "id"}, "search_query": "os = Debian"}
    plan = harness.plan(harness.params(**values))
    assert await differences(harness, plan) == ()


async def test_inputs_are_compared_where_the_server_shows_them(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    assert await differences(harness, plan, inputs={"command": "reboot"}) == ()
    harness.sandbox.state.remote_execution = (15, 0, 0)
    assert await differences(harness, plan) == ()
    assert await differences(harness, plan, inputs={"command": "reboot"}) == ("Its input command is something else.",)


@pytest.mark.parametrize("remote_id", ["999", "", "nonsense", "-1", "1 or 1=1", "٤", "1" * 30])
async def test_what_is_no_job_is_no_candidate(harness: Harness, remote_id: str) -> None:
    assert await candidates_of(harness, harness.plan(harness.command_params()), remote_id) == []


async def test_a_job_is_found_by_the_address_of_its_page_too(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    job = start_by_hand(harness, plan)
    (found,) = await candidates_of(harness, plan, job)
    assert await candidates_of(harness, plan, found.handle.url) == [found]
    assert await candidates_of(harness, plan, f"https://elsewhere.example.com/job_invocations/{job}") == []


async def test_one_that_cannot_be_read_is_left_out_of_a_list_and_told_when_it_is_named(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    broken, good = start_by_hand(harness, plan), start_by_hand(harness, plan)
    harness.sandbox.faults.append(Fault("status", f"/api/job_invocations/{broken}$", "GET", status=500, remaining=None))
    assert [found.id for found in await candidates_of(harness, plan)] == [good]
    with pytest.raises(BackendError):
        await candidates_of(harness, plan, broken)
