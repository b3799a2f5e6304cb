"""Starts that Foreman could not keep to the second, and reads that fail at the last moment."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.backends.foreman.candidates import _shown_inputs
from bot.errors import Refused
from bot.schedule import Once, ZonedTime
from playground.sandbox import Fault
from tests.unit.foreman.conftest import Harness

TONIGHT = datetime(2026, 11, 23, 22)


@pytest.fixture
def extra_settings() -> dict[str, Any]:
    return {"secrets": {"root": "env:ROOT_PASSWORD"}}


@pytest.mark.parametrize(
    ("later", "scheduler"),
    [({}, "backend"), ({"seconds": 1}, "nightshift"), ({"microseconds": 1}, "nightshift"), ({"minutes": 1}, "backend")],
)
def test_a_start_between_two_minutes_is_kept_by_nightshift(
    harness: Harness, later: dict[str, int], scheduler: str
) -> None:
    start = ZonedTime(wall=TONIGHT + timedelta(**later), zone="UTC")
    placement = harness.plan(harness.command_params(), Once(start=start)).placement
    assert placement.scheduler == scheduler
    assert ("whole minutes" in placement.reason) is (scheduler == "nightshift")


async def test_a_template_that_is_gone_stops_a_call_with_secrets(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOT_PASSWORD", "s3cret")
    plan = harness.plan(harness.command_params(inputs={"command": "secret:root"}))
    world = harness.sandbox.state.world
    world.templates = [template for template in world.templates if template.id != 189]
    with pytest.raises(Refused, match="Nothing was sent"):
        await harness.operation.start(plan)
    assert harness.posts() == []


async def test_results_are_told_without_their_reasons_where_the_outputs_cannot_be_read(harness: Harness) -> None:
    name = harness.sandbox.state.find_hosts("location = Berlin")[0].name
    harness.sandbox.fail_hosts({name: "Disk full"})
    handle = await harness.start()
    harness.clock.advance(minutes=5)
    harness.sandbox.faults.append(Fault("status", path="/outputs", method="GET", status=500, remaining=None))
    first, *others = (await harness.progress(handle)).results
    assert (first.name, first.state, "Disk full" in first.reason) == (name, "failed", False)
    assert {result.state for result in others} == {"succeeded"}


def test_the_inputs_of_a_job_are_read_once_however_many_hosts_have_them() -> None:
    def host(value: str) -> dict[str, list[dict[str, str]]]:
        return {"input_values": [{"template_input_name": "command", "value": value}]}

    assert _shown_inputs({"template_invocations": [host("id"), host("df")]}) == [("command", "id")]
    both = {"template_invocations": [host("id")], "pattern_template_invocations": [host("df"), host("ls")]}
    assert _shown_inputs(both) == [("command", "df"), ("command", "ls")]
