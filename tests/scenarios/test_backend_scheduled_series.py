"""A series that is handed to the back end ends with the back end's result."""

from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Person
from tests.scenarios.steps import (
    approve_request,
    confirm_request,
    go_to_page,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"
JOB = '/opsramp update job="Restart print spooler" because=so'
DAILY = "every day at 06:00 UTC"


@pytest.fixture(autouse=True)
def advance_past_caches(env: Environment) -> None:
    """Each test begins with OpsRamp's whole rate limit."""
    env.clock.advance(timedelta(minutes=2))


async def test_a_schedule_kept_by_opsramp_reports_the_result_of_the_update(env: Environment, alice: Person) -> None:
    name = await confirm_request(await press_preview(await open_form(alice, f'{JOB} when="{DAILY}"')))
    card = await approve_request(env, name)
    await wait_for_texts(card, "Done", "OpsRamp updated the job, and it holds what was sent.", env=env)
    assert "Checked when it is handed to OpsRamp, not before the job's own runs." in card.text
    result = await alice.wait_for(f"{name} ·", where="#results")
    assert "OpsRamp updated the job, and it holds what was sent." in result.text
    assert env.opsramp.job_by_name("Restart print spooler")["schedule"]["pattern"] == {
        "type": "daily",
        "frequency": "everyday",
    }


async def test_a_schedule_of_which_opsramp_drops_a_part_has_partly_failed(env: Environment, alice: Person) -> None:
    env.opsramp.ignored_keys = {"jobQueued"}
    try:
        modal = await open_form(alice, f'{JOB} when="every weekday at 07:00 UTC"')
        await go_to_page(modal, "", "Queued")
        await modal.fill({"Queued": not modal.value("Queued")})
        name = await confirm_request(await press_preview(modal))
        await wait_for_texts(
            await approve_request(env, name), "Partly failed", "it holds something else than was sent", env=env
        )
        result = await alice.wait_for(f"{name} ·", where="#results")
        assert "Partly failed" in result.text
    finally:
        env.opsramp.ignored_keys = set()


async def test_a_series_that_foreman_refuses_has_failed(env: Environment, alice: Person) -> None:
    line = '/foreman template="Run Command - Script Default" hosts="os = Debian" because=so when="every day at 06:00"'
    name = await make_request(alice, line, {"command": "id"})
    env.foreman.faults.append(
        Fault("status", "/api/job_invocations", "POST", status=422, body={"error": {"message": "No such purpose"}})
    )
    card = await approve_request(env, name)
    await wait_for_texts(card, "Failed", "No such purpose", env=env)
    assert "Failed" in (await alice.wait_for(f"{name} ·", where="#results")).text
