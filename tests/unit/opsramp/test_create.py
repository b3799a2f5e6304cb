"""Creating a job: once, under a name by which it is found again."""

from typing import Any

import pytest

from bot.backends.opsramp.create_job import CreateJobOperation
from bot.errors import InputError, OutcomeUnknown, Refused
from bot.schedule import RecurrenceRule, Weekday
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.support import NOW, PASSWORD, TOKEN, create_params, once, series


def created_jobs(sandbox: OpsRampSandbox) -> list[Any]:
    return [r.body for r in sandbox.requests_to("POST", "/api/v2/tenants/client_93/jobs")]


def backup_params(sandbox: OpsRampSandbox, **more: Any) -> Any:
    return create_params(
        job_type="networkconfigbackup",
        name="Fresh backup",
        entities=[sandbox.devices[0].id],
        versions_saved="ALL_VERSIONS",
        backup_trigger=False,
        **more,
    )


async def test_a_job_is_created_with_exactly_what_was_asked(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    schedule = series(RecurrenceRule(freq="weekly", weekdays=(Weekday(day=6),)), "2026-03-08T22:30")
    preview = await create_operation.preview(backup_params(sandbox), schedule, TOKEN)
    assert preview.targets.names == (sandbox.devices[0].host,)
    assert preview.plan.placement.scheduler == "backend"
    assert created_jobs(sandbox) == []
    handle = await create_operation.start(create_operation.plan(backup_params(sandbox), schedule, TOKEN))
    (body,) = created_jobs(sandbox)
    assert body == preview.plan.calls[0].body
    assert body == {
        "name": "Fresh backup",
        "entities": [{"resource": {"id": sandbox.devices[0].id, "type": "DEVICE"}}],
        "script": {
            "jobType": "networkconfigbackup",
            "configParams": {"versionsSaved": "ALL_VERSIONS", "backUpTrigger": False},
        },
        "schedule": {
            "startDate": "2026-03-08T22:30:00+0000",
            "pattern": {"type": "weekly", "weekDays": "Sunday"},
        },
    }
    assert handle.id == sandbox.job_by_name("Fresh backup")["id"]
    progress = (await create_operation.poll([handle]))[handle.id]
    assert progress.state == "succeeded"
    assert progress.summary == "OpsRamp created the job, and it holds what was sent."


async def test_types_that_need_a_schedule_say_so(create_operation: CreateJobOperation, sandbox: OpsRampSandbox) -> None:
    with pytest.raises(InputError) as caught:
        await create_operation.preview(backup_params(sandbox), NOW, TOKEN)
    assert list(caught.value.problems) == ["when"]
    preview = await create_operation.preview(create_params(job_type="custom", name="No hurry", script=8), NOW, TOKEN)
    body: Any = preview.plan.calls[0].body
    assert "schedule" not in body


async def test_half_a_schedule_says_what_is_missing(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    with pytest.raises(InputError) as caught:
        await create_operation.preview(backup_params(sandbox, pattern_type="never"), NOW, TOKEN)
    assert list(caught.value.problems) == ["start_date"]
    with pytest.raises(InputError) as caught:
        await create_operation.preview(backup_params(sandbox, start_date="2026-05-05T05:05:00Z"), NOW, TOKEN)
    assert list(caught.value.problems) == ["pattern_type"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"job_type": "networkconfigbackup", "name": "x"}, "versions_saved"),
        ({"job_type": "appinstall"}, "approval_type"),
        ({"job_type": "custom"}, "script"),
    ],
)
async def test_each_type_needs_its_own(
    create_operation: CreateJobOperation, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        await create_operation.preview(create_params(**values), once("2026-07-01T20:00"), TOKEN)
    assert list(caught.value.problems) == [field]


async def test_a_name_that_is_taken_is_refused_before_and_at_the_start(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = create_params(job_type="sqlreport", name="Install viewer")
    with pytest.raises(InputError) as caught:
        await create_operation.preview(params, once("2026-07-01T20:00"), TOKEN)
    assert "already has a job named Install viewer" in caught.value.problems["name"]
    with pytest.raises(Refused, match="Nothing was sent"):
        await create_operation.start(create_operation.plan(params, once("2026-07-01T20:00"), TOKEN))
    assert created_jobs(sandbox) == []


async def test_a_lost_answer_is_found_by_name_and_content_and_not_sent_again(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    plan = create_operation.plan(backup_params(sandbox), once("2026-07-01T20:00"), TOKEN)
    assert await create_operation.find_started(plan) is None
    sandbox.faults.append(Fault("cut_after", path="/jobs$", method="POST"))
    with pytest.raises(OutcomeUnknown):
        await create_operation.start(plan)
    found = await create_operation.find_started(plan)
    assert found is not None
    assert found.id == sandbox.job_by_name("Fresh backup")["id"]
    assert (await create_operation.poll([found]))[found.id].state == "succeeded"
    with pytest.raises(Refused):
        await create_operation.start(plan)
    assert len(created_jobs(sandbox)) == 1


async def test_what_cannot_be_told_apart_is_not_guessed(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    plan = create_operation.plan(backup_params(sandbox), once("2026-07-01T20:00"), TOKEN)
    await create_operation.start(plan)
    made = sandbox.job_by_name("Fresh backup")
    made["script"]["configParams"]["versionsSaved"] = "VERSION_WITH_CHANGES"
    assert await create_operation.find_started(plan) is None
    made["script"]["configParams"]["versionsSaved"] = "ALL_VERSIONS"
    sandbox.jobs["twin"] = {**made, "id": "twin"}
    assert await create_operation.find_started(plan) is None
    nameless = create_operation.plan(create_params(job_type="sqlreport"), once("2026-07-01T20:00"), TOKEN)
    assert await create_operation.find_started(nameless) is None


async def test_an_answer_without_an_id_is_looked_up(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    plan = create_operation.plan(backup_params(sandbox), once("2026-07-01T20:00"), TOKEN)
    sandbox.faults.append(Fault("status", path="/jobs$", method="POST", status=200, body={}))
    with pytest.raises(OutcomeUnknown, match="did not tell its id"):
        await create_operation.start(plan)
    assert len(created_jobs(sandbox)) == 1


async def test_a_job_that_was_made_can_be_deleted(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    handle = await create_operation.start(
        create_operation.plan(backup_params(sandbox), once("2026-07-01T20:00"), TOKEN)
    )
    assert await create_operation.cancel(handle) == "The job was deleted in OpsRamp."
    assert handle.id not in sandbox.jobs
    assert len(sandbox.jobs) == 4


async def test_a_password_travels_to_opsramp_alone(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = create_params(
        job_type="custom", name="Spool", script=7, **{"parameters.2": "Spooler", "parameters.4": "secret:spooler"}
    )
    preview = await create_operation.preview(params, once("2026-07-01T20:00"), TOKEN)
    assert PASSWORD not in preview.model_dump_json()
    handle = await create_operation.start(create_operation.plan(params, once("2026-07-01T20:00"), TOKEN))
    assert created_jobs(sandbox)[0]["script"]["parameters"][1] == {"paramId": 4, "value": PASSWORD}
    assert (await create_operation.poll([handle]))[handle.id].state == "succeeded"


async def test_a_secret_whose_value_is_gone_stops_it_before_anything_is_sent(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = create_params(job_type="custom", name="Spool", script=7, **{"parameters.4": "secret:spooler"})
    plan = create_operation.plan(params, once("2026-07-01T20:00"), TOKEN)
    monkeypatch.delenv("OPSRAMP_TEST_PASSWORD")
    with pytest.raises(Refused, match="OPSRAMP_TEST_PASSWORD is not set"):
        await create_operation.start(plan)
    assert created_jobs(sandbox) == []


async def test_an_error_that_repeats_a_password_is_scrubbed(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = create_params(job_type="custom", name="Spool", script=7, **{"parameters.4": "secret:spooler"})
    body = {"code": "0006", "message": f"Bad value {PASSWORD}"}
    sandbox.faults.append(Fault("status", path="/jobs$", method="POST", status=400, body=body))
    with pytest.raises(Refused) as caught:
        await create_operation.start(create_operation.plan(params, once("2026-07-01T20:00"), TOKEN))
    assert str(caught.value) == "opsramp.lab refused (400): Bad value ••• (code 0006)"
    assert PASSWORD not in caught.value.server_message


async def test_other_types_of_the_live_list_need_no_parameters(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = create_params(job_type="diskdefrag", name="Defragment", entities=[sandbox.devices[0].id])
    await create_operation.start(create_operation.plan(params, once("2026-07-01T20:00"), TOKEN))
    assert created_jobs(sandbox)[0]["script"] == {"jobType": "diskdefrag"}


async def test_a_partner_can_create_a_job_for_its_client(
    create_operation: CreateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = create_params(job_type="sqlreport", name="Report", client="client_94")
    await create_operation.start(create_operation.plan(params, once("2026-07-01T20:00"), TOKEN))
    assert [job["name"] for job in sandbox.tenants["client_94"].jobs.values()] == ["Report"]
    preview = create_operation.plan(params, once("2026-07-01T20:00"), TOKEN)
    assert "/tenants/client_94/jobs" in preview.calls[0].url
