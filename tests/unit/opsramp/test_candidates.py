"""The evidence that OpsRamp gives of a run: the output of a custom script, and nothing else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.backends.base import Candidate, Handle, Operation
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.run_job import RunJobOperation
from bot.backends.opsramp.update_job import UpdateJobOperation
from playground.opsramp import OpsRampSandbox
from tests.unit.opsramp.support import NOW, TOKEN, ManualClock, run_params

AD, SCRIPT = "Weekly AD checklist", "Restart print spooler"


async def candidates_of(
    operation: RunJobOperation, sandbox: OpsRampSandbox, sent_at: datetime, name: str = SCRIPT, remote_id: str = ""
) -> Sequence[Candidate]:
    plan = operation.plan(run_params(job=sandbox.job_by_name(name)["id"]), NOW, TOKEN)
    return await operation.candidates(plan, sent_at - timedelta(minutes=2), sent_at + timedelta(minutes=15), remote_id)


async def run(operation: RunJobOperation, sandbox: OpsRampSandbox, name: str = SCRIPT) -> None:
    await operation.start(operation.plan(run_params(job=sandbox.job_by_name(name)["id"]), NOW, TOKEN))


async def test_the_output_of_its_script_shows_a_run(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    sent_at, job = clock.now(), sandbox.job_by_name(SCRIPT)
    await run(run_operation, sandbox)
    assert await candidates_of(run_operation, sandbox, sent_at) == ()
    clock.advance(minutes=1)
    (found,) = await candidates_of(run_operation, sandbox, sent_at)
    count = len(job["entities"])
    assert (found.id, found.title) == (job["id"], f"Output of {SCRIPT} from {count} of {count} devices")
    assert (found.starts_at, found.carries_token) == (sent_at + sandbox.script_duration, False)
    assert await candidates_of(run_operation, sandbox, sent_at, remote_id=job["id"]) == (found,)
    assert (await run_operation.poll([found.handle]))[found.handle.id].state == "succeeded"


async def test_output_of_another_time_is_no_evidence(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    await run(run_operation, sandbox)
    clock.advance(minutes=3)
    assert await candidates_of(run_operation, sandbox, clock.now()) == ()
    sent_at = clock.now()
    clock.advance(minutes=15)
    await run(run_operation, sandbox)
    clock.advance(minutes=1)
    assert await candidates_of(run_operation, sandbox, sent_at) == ()


@pytest.mark.parametrize(("name", "remote_id"), [(SCRIPT, "complete nonsense"), (AD, ""), (AD, "complete nonsense")])
async def test_without_a_script_or_under_another_id_there_is_no_evidence(
    run_operation: RunJobOperation, sandbox: OpsRampSandbox, clock: ManualClock, name: str, remote_id: str
) -> None:
    sent_at = clock.now()
    await run(run_operation, sandbox, name)
    clock.advance(minutes=1)
    assert await candidates_of(run_operation, sandbox, sent_at, name, remote_id) == ()


async def test_an_id_that_a_person_once_named_has_no_progress(
    run_operation: RunJobOperation, update_operation: UpdateJobOperation, create_operation: CreateJobOperation
) -> None:
    operations: list[Operation[Any]] = [run_operation, update_operation, create_operation]
    for operation in operations:
        assert await operation.poll([Handle(id="complete nonsense")]) == {}
