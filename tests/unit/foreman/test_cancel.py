"""Cancelling, running again on what failed, output on request, and the check of a connection."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from bot.backends.base import Handle, parse_params
from bot.errors import Forbidden, InputError, OutcomeUnknown, Refused, RemoteNotFound
from bot.schedule import Now, RecurrenceRule, Series, ZonedTime
from playground.sandbox import Fault
from tests.unit.foreman.conftest import Harness

DAILY = Series(
    rule=RecurrenceRule(freq="daily", times=(time(6),)),
    zone="UTC",
    first=ZonedTime(wall=datetime(2026, 11, 24, 6), zone="UTC"),
)


async def test_a_run_under_way_is_cancelled(harness: Harness) -> None:
    handle = await harness.start()
    harness.clock.advance(seconds=21)
    assert await harness.operation.cancel(handle) == (
        f"Foreman is cancelling job {handle.id}; hosts that have finished stay as they are."
    )
    ended = await harness.progress(handle)
    assert (ended.state, ended.succeeded, ended.cancelled) == ("cancelled", 3, 10)
    assert {result.state for result in ended.results} == {"succeeded", "cancelled"}


async def test_cancelling_what_has_ended_says_so(harness: Harness) -> None:
    handle = await harness.start()
    harness.clock.advance(minutes=5)
    assert await harness.operation.cancel(handle) == f"Job {handle.id} had already ended in Foreman: succeeded."


async def test_what_foreman_cannot_cancel_is_told_in_its_words(harness: Harness) -> None:
    handle = await harness.start()
    fault = Fault("status", path="/cancel$", status=422, body={"message": "The job could not be cancelled."})
    harness.sandbox.faults.append(fault)
    with pytest.raises(Refused, match="could not be cancelled"):
        await harness.operation.cancel(handle)


async def test_a_series_is_cancelled_through_its_logic(harness: Harness) -> None:
    handle = await harness.start(schedule=DAILY)
    assert "makes no more runs" in await harness.operation.cancel(handle)
    harness.clock.advance(days=9)
    assert [job.status(harness.clock.now()) for job in harness.sandbox.invocations] == [4]


async def test_cancelling_one_run_of_a_series_leaves_the_series(harness: Harness) -> None:
    handle = await harness.start(schedule=DAILY)
    harness.clock.current = datetime(2026, 11, 24, 6, 0, 5, tzinfo=UTC)
    await harness.operation.cancel((await harness.progress(handle)).runs[0])
    harness.clock.advance(days=1, minutes=5)
    states = [(await harness.operation.poll([h]))[h.id].state for h in (await harness.progress(handle)).runs]
    assert states == ["cancelled", "succeeded"]


async def test_a_cancellation_whose_answer_is_lost_is_not_sent_again(harness: Harness) -> None:
    handle = await harness.start()
    harness.sandbox.faults.append(Fault("cut_after", path="/cancel$"))
    with pytest.raises(OutcomeUnknown):
        await harness.operation.cancel(handle)
    assert len(harness.sandbox.requests_to("POST", ".*/cancel")) == 1


async def test_a_right_that_is_missing_is_named(harness: Harness) -> None:
    handle = await harness.start()
    harness.sandbox.denied_permissions.add("cancel_job_invocations")
    with pytest.raises(Forbidden, match="cancel_job_invocations"):
        await harness.operation.cancel(handle)


async def test_a_job_that_is_gone_cannot_be_cancelled(harness: Harness) -> None:
    with pytest.raises(RemoteNotFound, match="not found by id '99'"):
        await harness.operation.cancel(Handle(id="99"))


async def test_running_again_touches_the_failed_hosts_alone(harness: Harness) -> None:
    names = [host.name for host in harness.sandbox.state.find_hosts("location = Berlin")]
    harness.sandbox.fail_hosts(names[2:4])
    first = harness.command_params(targeting_type="dynamic_query", ssh_user="admin")
    handle = await harness.start(first)
    harness.clock.advance(minutes=5)
    again = harness.operation.params_for_rerun(first, handle, names[2:4])
    assert again.search_query == f"job_invocation.id = {handle.id} and job_invocation.result = failed"
    assert (again.targeting_type, again.ssh_user, again.inputs) == ("static_query", "admin", {"command": "uptime"})
    assert list((await harness.operation.preview(again, Now(), "ns-again")).targets.names) == sorted(names[2:4])
    harness.sandbox.state.jobs.failing_hosts.clear()
    repeated = await harness.operation.start(harness.plan(again, token="ns-again"))
    harness.clock.advance(minutes=5)
    assert (await harness.progress(repeated)).succeeded == 2


async def test_running_again_keeps_nothing_of_the_old_times(harness: Harness) -> None:
    first = harness.command_params(search_query=None, bookmark_id=1, cron_line="0 6 * * *", max_iteration=3)
    again = harness.operation.params_for_rerun(first, Handle(id="5"), ["a"])
    assert (again.bookmark_id, again.cron_line, again.max_iteration) == (None, None, None)
    assert parse_params(harness.operation.params_model, again.model_dump(mode="json")) == again


async def test_a_series_as_a_whole_cannot_be_run_again(harness: Harness) -> None:
    with pytest.raises(InputError, match="Choose one run of the series"):
        harness.operation.params_for_rerun(harness.command_params(), Handle(kind="series", id="1"), ["a"])


async def test_output_of_a_host_on_request(harness: Harness) -> None:
    name = harness.sandbox.state.find_hosts("location = Berlin")[0].name
    handle = await harness.start()
    harness.clock.advance(minutes=5)
    assert await harness.operation.output(handle, name) == f"Working on {name}\nExit status: 0"
    assert await harness.operation.output(handle, "nowhere") == ""


async def test_output_in_pieces_is_put_together(harness: Harness) -> None:
    pieces = [{"output": "a\n", "output_type": "stdout"}, {"output": "b\n", "output_type": "stderr"}]
    body: Any = {"outputs": [{"host_id": 1, "output": pieces}]}
    harness.sandbox.faults.append(Fault("status", path="/outputs$", status=200, body=body))
    assert await harness.operation.output(Handle(id="1"), "x") == "a\nb"


async def test_a_check_names_the_versions_and_who_reads_cron(harness: Harness) -> None:
    assert await harness.connection.check() == (
        "Foreman 3.12.0, Remote Execution 13.2.0, foreman-tasks 10.0.1; cron lines are read by Fugit."
    )
    harness.sandbox.state.tasks = (7, 2, 1)
    assert "read by parse-cron in UTC" in await harness.connection.check()


async def test_a_check_reads_no_more_than_one_row_of_each_list(harness: Harness) -> None:
    await harness.connection.check()
    lists = [r for r in harness.sandbox.received_requests if "per_page" in r.query]
    assert len({r.path for r in lists}) == 6
    assert {r.query["per_page"] for r in lists} == {"1"}


async def test_a_check_says_which_rights_are_missing(harness: Harness) -> None:
    harness.sandbox.denied_permissions.add("view_recurring_logics")
    assert "no access to series (Access denied. Missing one of the required permissions: view_recurring_logics" in (
        await harness.connection.check()
    )
    harness.sandbox.denied_permissions.add("view_hosts")
    with pytest.raises(Forbidden, match="view_hosts"):
        await harness.connection.check()


class TestForcedVersions:
    @pytest.fixture
    def extra_settings(self) -> dict[str, Any]:
        return {"cron_dialect": "plain", "remote_execution_version": "10.0", "tasks_version": "8.1"}

    async def test_what_the_configuration_forces_wins(self, harness: Harness) -> None:
        said = await harness.connection.check()
        assert "Remote Execution 10.0, foreman-tasks 8.1; cron lines are read by parse-cron" in said
