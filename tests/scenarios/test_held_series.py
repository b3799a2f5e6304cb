"""A series that is given to the back end as a whole ends as that went: with its words, as failed where it failed."""

from datetime import timedelta

import pytest

from playground.sandbox import Fault
from playground.slack import Person
from playground.stage import Stage
from tests.scenarios.steps import WAIT, approved, asked, opened, previewed, reads, sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

JOB = '/opsramp update job="Restart print spooler" because=so'
DAILY = "every day at 06:00 UTC"


@pytest.fixture(autouse=True)
def another_minute(on: Stage) -> None:
    """OpsRamp takes so many calls a minute; each test begins with all of them."""
    on.clock.forward(timedelta(minutes=2))


async def test_a_schedule_that_opsramp_holds_says_what_became_of_the_update(on: Stage, alice: Person) -> None:
    name = await sent(await previewed(await opened(alice, f'{JOB} when="{DAILY}"')))
    card = await approved(on, name)
    await reads(card, "Succeeded", "OpsRamp updated the job, and it holds what was sent.", on=on)
    result = await alice.wait_for(f"{name} ·", where="#results", timeout=WAIT)
    assert "OpsRamp updated the job, and it holds what was sent." in result.text
    assert on.opsramp.job_named("Restart print spooler")["schedule"]["pattern"] == {
        "type": "daily",
        "frequency": "everyday",
    }


async def test_a_schedule_of_which_opsramp_drops_a_part_has_partly_failed(on: Stage, alice: Person) -> None:
    on.opsramp.ignores = {"jobQueued"}
    try:
        modal = await opened(alice, f'{JOB} when="every weekday at 07:00 UTC"')
        await modal.fill({"Queued": not modal.value("Queued")})
        name = await sent(await previewed(modal))
        await reads(await approved(on, name), "Partly failed", "it holds something else than was sent", on=on)
        result = await alice.wait_for(f"{name} ·", where="#results", timeout=WAIT)
        assert "partly failed" in result.text
    finally:
        on.opsramp.ignores = set()


async def test_a_series_that_foreman_refuses_has_failed(on: Stage, alice: Person) -> None:
    line = '/foreman template="Run Command - Script Default" hosts="os = Debian" because=so when="every day at 06:00"'
    name = await asked(alice, line, {"command": "id"})
    on.foreman.faults.append(
        Fault("status", "/api/job_invocations", "POST", status=422, body={"error": {"message": "No such purpose"}})
    )
    card = await approved(on, name)
    await reads(card, "Failed", "No such purpose", on=on)
    assert "failed" in (await alice.wait_for(f"{name} ·", where="#results", timeout=WAIT)).text
