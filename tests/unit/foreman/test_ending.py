"""Cancelling, running again on what failed, output on request, and the check of a connection."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from bot.backends.base import Handle, parse
from bot.errors import FateUnknown, Forbidden, InputError, Missing, Refused
from bot.schedule import Moment, Now, Rule, Series
from playground.sandbox import Fault
from tests.unit.foreman.conftest import Bench

DAILY = Series(
    rule=Rule(freq="daily", times=(time(6),)), zone="UTC", first=Moment(wall=datetime(2026, 11, 24, 6), zone="UTC")
)


async def test_a_run_under_way_is_cancelled(bench: Bench) -> None:
    handle = await bench.started()
    bench.clock.forward(seconds=21)
    assert await bench.run.cancel(handle) == (
        f"Foreman is cancelling job {handle.id}; hosts that have finished stay as they are."
    )
    ended = await bench.progress(handle)
    assert (ended.state, ended.succeeded, ended.cancelled) == ("cancelled", 3, 10)
    assert {result.state for result in ended.results} == {"succeeded", "cancelled"}


async def test_cancelling_what_has_ended_says_so(bench: Bench) -> None:
    handle = await bench.started()
    bench.clock.forward(minutes=5)
    assert await bench.run.cancel(handle) == f"Job {handle.id} had already ended: Foreman says succeeded."


async def test_what_foreman_cannot_cancel_is_told_in_its_words(bench: Bench) -> None:
    handle = await bench.started()
    fault = Fault("status", path="/cancel$", status=422, body={"message": "The job could not be cancelled."})
    bench.sandbox.faults.append(fault)
    with pytest.raises(Refused, match="could not be cancelled"):
        await bench.run.cancel(handle)


async def test_a_series_is_cancelled_through_its_logic(bench: Bench) -> None:
    handle = await bench.started(schedule=DAILY)
    assert "makes no more runs" in await bench.run.cancel(handle)
    bench.clock.forward(days=9)
    assert [job.status(bench.clock.now()) for job in bench.sandbox.invocations] == [4]


async def test_cancelling_one_run_of_a_series_leaves_the_series(bench: Bench) -> None:
    handle = await bench.started(schedule=DAILY)
    bench.clock.present = datetime(2026, 11, 24, 6, 0, 5, tzinfo=UTC)
    await bench.run.cancel((await bench.progress(handle)).occurrences[0])
    bench.clock.forward(days=1, minutes=5)
    states = [(await bench.run.poll([h]))[h.id].state for h in (await bench.progress(handle)).occurrences]
    assert states == ["cancelled", "succeeded"]


async def test_a_cancellation_whose_answer_is_lost_is_not_sent_again(bench: Bench) -> None:
    handle = await bench.started()
    bench.sandbox.faults.append(Fault("cut_after", path="/cancel$"))
    with pytest.raises(FateUnknown):
        await bench.run.cancel(handle)
    assert len(bench.sandbox.received("POST", ".*/cancel")) == 1


async def test_a_right_that_is_missing_is_named(bench: Bench) -> None:
    handle = await bench.started()
    bench.sandbox.denied.add("cancel_job_invocations")
    with pytest.raises(Forbidden, match="cancel_job_invocations"):
        await bench.run.cancel(handle)


async def test_a_job_that_is_gone_cannot_be_cancelled(bench: Bench) -> None:
    with pytest.raises(Missing, match="not found by id '99'"):
        await bench.run.cancel(Handle(id="99"))


async def test_running_again_touches_the_failed_hosts_alone(bench: Bench) -> None:
    names = [host.name for host in bench.sandbox.state.find_hosts("location = Berlin")]
    bench.sandbox.fail_hosts(names[2:4])
    first = bench.command(targeting_type="dynamic_query", ssh_user="admin")
    handle = await bench.started(first)
    bench.clock.forward(minutes=5)
    again = bench.run.rerun_failed(first, handle, names[2:4])
    assert again.search_query == f"job_invocation.id = {handle.id} and job_invocation.result = failed"
    assert (again.targeting_type, again.ssh_user, again.inputs) == ("static_query", "admin", {"command": "uptime"})
    assert list((await bench.run.preview(again, Now(), "ns-again")).targets.names) == sorted(names[2:4])
    bench.sandbox.state.jobs.failing.clear()
    repeated = await bench.run.start(bench.plan(again, token="ns-again"))
    bench.clock.forward(minutes=5)
    assert (await bench.progress(repeated)).succeeded == 2


async def test_running_again_keeps_nothing_of_the_old_times(bench: Bench) -> None:
    first = bench.command(search_query=None, bookmark_id=1, cron_line="0 6 * * *", max_iteration=3)
    again = bench.run.rerun_failed(first, Handle(id="5"), ["a"])
    assert (again.bookmark_id, again.cron_line, again.max_iteration) == (None, None, None)
    assert parse(bench.run.params, again.model_dump(mode="json")) == again


async def test_a_series_as_a_whole_cannot_be_run_again(bench: Bench) -> None:
    with pytest.raises(InputError, match="Choose one run of the series"):
        bench.run.rerun_failed(bench.command(), Handle(kind="series", id="1"), ["a"])


async def test_output_of_a_host_on_request(bench: Bench) -> None:
    name = bench.sandbox.state.find_hosts("location = Berlin")[0].name
    handle = await bench.started()
    bench.clock.forward(minutes=5)
    assert await bench.run.output(handle, name) == f"Working on {name}\nExit status: 0"
    assert await bench.run.output(handle, "nowhere") == ""


async def test_output_in_pieces_is_put_together(bench: Bench) -> None:
    pieces = [{"output": "a\n", "output_type": "stdout"}, {"output": "b\n", "output_type": "stderr"}]
    body: Any = {"outputs": [{"host_id": 1, "output": pieces}]}
    bench.sandbox.faults.append(Fault("status", path="/outputs$", status=200, body=body))
    assert await bench.run.output(Handle(id="1"), "x") == "a\nb"


async def test_a_check_names_the_versions_and_who_reads_cron(bench: Bench) -> None:
    assert await bench.connection.check() == (
        "Foreman 3.12.0, Remote Execution 13.2.0, foreman-tasks 10.0.1; cron lines are read by Fugit."
    )
    bench.sandbox.state.tasks = (7, 2, 1)
    assert "read by parse-cron in UTC" in await bench.connection.check()


async def test_a_check_says_which_rights_are_missing(bench: Bench) -> None:
    bench.sandbox.denied.add("view_recurring_logics")
    assert "no access to series (Access denied. Missing one of the required permissions: view_recurring_logics" in (
        await bench.connection.check()
    )
    bench.sandbox.denied.add("view_hosts")
    with pytest.raises(Forbidden, match="view_hosts"):
        await bench.connection.check()


class TestForcedVersions:
    @pytest.fixture
    def extra(self) -> dict[str, Any]:
        return {"cron_dialect": "plain", "remote_execution_version": "10.0", "tasks_version": "8.1"}

    async def test_what_the_configuration_forces_wins(self, bench: Bench) -> None:
        said = await bench.connection.check()
        assert "Remote Execution 10.0, foreman-tasks 8.1; cron lines are read by parse-cron" in said
