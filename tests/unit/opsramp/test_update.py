"""Updating a job: read, lay over, write whole, read back."""

from datetime import UTC, datetime

import pytest

from bot.backends.base import parse_params
from bot.backends.opsramp.params import UpdateJobParams
from bot.backends.opsramp.update_job import UpdateJobOperation
from bot.errors import InputError, Refused, RemoteNotFound
from bot.schedule import RecurrenceRule, Weekday
from playground.opsramp import OpsRampSandbox
from tests.unit.opsramp.support import NOW, PASSWORD, TOKEN, ManualClock, once, series

BACKUP, AD, INSTALL, SCRIPT = "Nightly network backup", "Weekly AD checklist", "Install viewer", "Restart print spooler"


def posted_bodies(sandbox: OpsRampSandbox) -> list[tuple[str, object]]:
    """Every body that was posted to a job or to the jobs."""
    return [(r.path, r.body) for r in sandbox.received_requests if r.method == "POST" and "/jobs" in r.path]


def update_params_for(sandbox: OpsRampSandbox, job: str, /, **values: object) -> UpdateJobParams:
    return parse_params(UpdateJobParams, {"job": sandbox.job_by_name(job)["id"], **values})


async def test_the_whole_job_is_written_with_its_id_though_one_thing_was_asked(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    before = sandbox.job_by_name(BACKUP)
    plan = update_operation.plan(update_params_for(sandbox, BACKUP, backup_trigger=False), NOW, TOKEN)
    await update_operation.start(plan)
    ((path, body),) = posted_bodies(sandbox)
    assert path == f"/api/v2/tenants/client_93/jobs/{before['id']}"
    params = {**before["script"]["configParams"], "backUpTrigger": False}
    expected = {**before, "script": {**before["script"], "configParams": params}}
    assert isinstance(body, dict)
    body["entities"] = sorted(body["entities"], key=str)
    assert body == {**expected, "entities": sorted(before["entities"], key=str)}
    assert body["id"] == before["id"]
    assert len(sandbox.jobs) == 4


async def test_what_opsramp_only_tells_is_not_sent_back_and_custom_gets_its_type_again(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    await update_operation.start(update_operation.plan(update_params_for(sandbox, SCRIPT, name="Renamed"), NOW, TOKEN))
    ((_, body),) = posted_bodies(sandbox)
    assert isinstance(body, dict)
    assert body["script"]["jobType"] == "custom"
    assert body["script"]["customScript"] == {"id": 7}
    assert all(set(p) == {"paramId", "value"} for p in body["script"]["parameters"])
    assert all(set(e["resource"]) == {"id", "type"} for e in body["entities"])


async def test_the_preview_reads_only_and_shows_what_changes_in_words(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    keep, new = sandbox.devices[3], sandbox.devices[20]
    params = update_params_for(
        sandbox, BACKUP, name="Backup", versions_saved="ALL_VERSIONS", entities=[keep.id, new.id], job_queued=False
    )
    preview = await update_operation.preview(params, NOW, TOKEN)
    assert posted_bodies(sandbox) == []
    found = {c.field: (c.before, c.after) for c in preview.changes}
    gone = f"{sandbox.devices[4].host}, {sandbox.devices[5].host}"
    assert found.pop("Devices") in (
        (f"{gone} and 1 that stay", f"{new.host} and 1 that stay"),
        (f"{', '.join(reversed(gone.split(', ')))} and 1 that stay", f"{new.host} and 1 that stay"),
    )
    assert found == {
        "Name": ("Nightly network backup", "Backup"),
        "Queued": ("yes", "no"),
        "Versions saved": ("VERSION_WITH_CHANGES", "ALL_VERSIONS"),
    }
    assert preview.targets.count == 2
    assert preview.targets.names == (keep.host, new.host)
    assert preview.facts["job_type"] == "networkconfigbackup"
    assert update_operation.policy_facts >= preview.facts.keys()


async def test_a_schedule_change_is_one_line_and_the_body_holds_it(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    rule = RecurrenceRule(freq="weekly", weekdays=(Weekday(day=0), Weekday(day=3)))
    schedule = series(rule, "2026-03-05T21:00")
    preview = await update_operation.preview(update_params_for(sandbox, AD), schedule, TOKEN)
    (change,) = preview.changes
    assert change.field == "Schedule"
    assert change.before == "weekly on Sunday, Wednesday, from 2026-01-04 22:30 UTC"
    assert change.after == "weekly on Monday, Thursday, from 2026-03-05 21:00 UTC"
    assert preview.plan.placement.scheduler == "backend"
    await update_operation.start(update_operation.plan(update_params_for(sandbox, AD), schedule, TOKEN))
    assert sandbox.job_by_name(AD)["schedule"] == {
        "startDate": "2026-03-05T21:00:00+0000",
        "pattern": {"type": "weekly", "weekDays": "Monday, Thursday"},
    }


async def test_a_single_time_becomes_never_from_that_time(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    await update_operation.start(
        update_operation.plan(update_params_for(sandbox, AD), once("2026-07-01T20:00", "America/New_York"), TOKEN)
    )
    assert sandbox.job_by_name(AD)["schedule"] == {
        "startDate": "2026-07-02T00:00:00+0000",
        "pattern": {"type": "never"},
    }


def test_a_time_and_a_pattern_together_are_refused_under_when(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = update_params_for(sandbox, AD, pattern_type="daily", pattern_frequency="everyday")
    with pytest.raises(InputError) as caught:
        update_operation.plan(params, once("2026-07-01T20:00"), TOKEN)
    assert list(caught.value.problems) == ["when"]
    assert "not both" in caught.value.problems["when"]


def test_what_opsramp_cannot_hold_is_refused_under_when_with_what_comes_near(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    schedule = series(RecurrenceRule(freq="weekly", weekdays=(Weekday(day=0),)), "2026-03-02T20:00", "America/New_York")
    with pytest.raises(InputError) as caught:
        update_operation.plan(update_params_for(sandbox, AD), schedule, TOKEN)
    text = caught.value.problems["when"]
    assert "weekly on Tuesday, from 2026-03-03 01:00 UTC (2026-03-02 20:00 in America/New_York)" in text
    assert "opsramp.run_job" in text


async def test_a_new_job_type_replaces_the_script(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = update_params_for(sandbox, AD, job_type="appinstall", approval_type=1, approval_reason="Moved")
    await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    assert sandbox.job_by_name(AD)["script"] == {
        "jobType": "appinstall",
        "approvalType": {"approvalType": 1, "approvalReason": "Moved"},
    }


async def test_parameters_are_changed_one_by_one(update_operation: UpdateJobOperation, sandbox: OpsRampSandbox) -> None:
    params = update_params_for(sandbox, SCRIPT, **{"parameters.2": "W32Time", "macros.3": 44})
    preview = await update_operation.preview(params, NOW, TOKEN)
    assert {(c.field, c.before, c.after) for c in preview.changes} == {
        ("Service", "Spooler", "W32Time"),
        ("Timeout", "60", "macro 44"),
    }
    await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    assert sandbox.job_by_name(SCRIPT)["script"]["parameters"] == [
        {"paramId": 2, "value": "W32Time"},
        {"paramId": 3, "itopMacro": {"id": 44}},
    ]


async def test_another_script_brings_its_own_parameters(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = update_params_for(sandbox, SCRIPT, script=9, **{"parameters.5": "14"})
    await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    script = sandbox.job_by_name(SCRIPT)["script"]
    assert script["customScript"] == {"id": 9}
    assert script["parameters"] == [{"paramId": 5, "value": "14"}]
    assert script["userType"] == 1
    await update_operation.start(update_operation.plan(update_params_for(sandbox, SCRIPT, script=8), NOW, TOKEN))
    assert sandbox.job_by_name(SCRIPT)["script"]["parameters"] == []


async def test_the_outcome_says_updated_after_reading_back(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    handle = await update_operation.start(
        update_operation.plan(update_params_for(sandbox, INSTALL, approval_type=1), NOW, TOKEN)
    )
    progress = (await update_operation.poll([handle]))[handle.id]
    assert progress.state == "succeeded"
    assert progress.summary == "OpsRamp updated the job, and it holds what was sent."
    assert TOKEN in handle.id


async def test_what_opsramp_drops_is_told(update_operation: UpdateJobOperation, sandbox: OpsRampSandbox) -> None:
    sandbox.ignored_keys = {"jobQueued", "name"}
    params = update_params_for(sandbox, INSTALL, name="Viewer", job_queued=False, alert_required=True)
    handle = await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    progress = (await update_operation.poll([handle]))[handle.id]
    assert progress.state == "partly_failed"
    assert "Name is Install viewer there instead of Viewer." in progress.summary
    assert "Queued is yes there instead of no." in progress.summary
    assert "Alert" not in progress.summary


async def test_seconds_order_and_tenant_are_no_difference(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    devices = [d.id for d in sandbox.devices[:4]]
    params = update_params_for(
        sandbox,
        AD,
        entities=devices,
        start_date="2026-05-05T05:05:55+0000",
        pattern_type="weekly",
        pattern_week_days=["Friday", "Monday"],
    )
    handle = await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    assert (await update_operation.poll([handle]))[handle.id].state == "succeeded"


async def test_an_update_is_found_by_what_the_job_holds(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    plan = update_operation.plan(update_params_for(sandbox, AD, name="Done"), NOW, TOKEN)
    assert await update_operation.find_started(plan) is None
    handle = await update_operation.start(plan)
    found = await update_operation.find_started(plan)
    assert found is not None
    assert found.id == handle.id
    assert (await update_operation.poll([found]))[found.id].state == "succeeded"


async def test_a_password_is_a_secret_by_name_until_it_leaves(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = update_params_for(sandbox, SCRIPT, **{"parameters.4": "secret:spooler"})
    preview = await update_operation.preview(params, NOW, TOKEN)
    assert ("Password", "nothing", "the secret spooler") in {(c.field, c.before, c.after) for c in preview.changes}
    plan = update_operation.plan(params, NOW, TOKEN)
    assert PASSWORD not in preview.model_dump_json() + plan.model_dump_json()
    handle = await update_operation.start(plan)
    stored = {p["paramId"]: p["value"] for p in sandbox.job_by_name(SCRIPT)["script"]["parameters"]}
    assert stored[4] == PASSWORD
    progress = (await update_operation.poll([handle]))[handle.id]
    assert progress.state == "succeeded"
    assert PASSWORD not in handle.model_dump_json() + progress.model_dump_json()


async def test_a_password_in_clear_is_refused(update_operation: UpdateJobOperation, sandbox: OpsRampSandbox) -> None:
    with pytest.raises(InputError) as caught:
        await update_operation.preview(update_params_for(sandbox, SCRIPT, **{"parameters.4": "letmein"}), NOW, TOKEN)
    assert caught.value.problems == {"parameters.4": "This is a password: choose one of the configured secrets."}


def test_a_secret_that_is_not_configured_is_refused(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    with pytest.raises(InputError) as caught:
        update_operation.plan(update_params_for(sandbox, SCRIPT, **{"parameters.4": "secret:other"}), NOW, TOKEN)
    assert caught.value.problems == {"parameters.4": "opsramp.lab has no secret named other."}


async def test_a_password_that_opsramp_hides_is_never_written_back(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    sandbox.job_by_name(SCRIPT)["script"]["parameters"].append({"paramId": 4, "value": "the-old-one"})
    params = update_params_for(sandbox, SCRIPT, name="Renamed")
    with pytest.raises(InputError) as caught:
        await update_operation.preview(params, NOW, TOKEN)
    assert list(caught.value.problems) == ["parameters.4"]
    with pytest.raises(Refused, match="Nothing was sent"):
        await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    assert posted_bodies(sandbox) == []


async def test_a_password_that_opsramp_tells_is_kept_but_never_shown(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    sandbox.password_mode = "plain"
    sandbox.job_by_name(SCRIPT)["script"]["parameters"].append({"paramId": 4, "value": "the-old-one"})
    params = update_params_for(sandbox, SCRIPT, name="Renamed")
    preview = await update_operation.preview(params, NOW, TOKEN)
    handle = await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    values = await update_operation.load({"job": params.job})
    assert "parameters.4" not in values
    progress = (await update_operation.poll([handle]))[handle.id]
    for shown in (preview.model_dump_json(), handle.model_dump_json(), progress.model_dump_json(), str(values)):
        assert "the-old-one" not in shown
    assert sandbox.job_by_name("Renamed")["script"]["parameters"][-1] == {"paramId": 4, "value": "the-old-one"}


async def test_a_credential_set_is_sent_only_if_given_and_said_to_be_unchecked(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    plain = await update_operation.preview(update_params_for(sandbox, SCRIPT, name="A"), NOW, TOKEN)
    assert any("never tells a job's credential set" in w for w in plain.warnings)
    params = update_params_for(sandbox, SCRIPT, credential_set="Cr3dWindowsAdminsSet0001")
    preview = await update_operation.preview(params, NOW, TOKEN)
    assert [(c.before, c.after) for c in preview.changes] == [("not told by OpsRamp", "Cr3dWindowsAdminsSet0001")]
    handle = await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    ((_, body),) = posted_bodies(sandbox)
    assert isinstance(body, dict)
    assert body["credentialSet"] == {"uniqueId": "Cr3dWindowsAdminsSet0001"}
    progress = (await update_operation.poll([handle]))[handle.id]
    assert progress.state == "succeeded"
    assert "unchecked" in progress.summary


async def test_nothing_to_change_is_said(update_operation: UpdateJobOperation, sandbox: OpsRampSandbox) -> None:
    preview = await update_operation.preview(update_params_for(sandbox, AD, name=AD), NOW, TOKEN)
    assert preview.warnings[0] == "Nothing would change: the job is already like this."


async def test_what_belongs_to_another_type_is_said_and_not_sent(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = update_params_for(sandbox, AD, job_type="adCheckList", versions_saved="ALL_VERSIONS", name="New")
    preview = await update_operation.preview(params, NOW, TOKEN)
    assert "Versions saved does not apply to this job and is not sent." in preview.warnings
    assert update_operation.plan(params, NOW, TOKEN).warnings == (
        "Versions saved does not apply to this job and is not sent.",
    )
    await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    assert sandbox.job_by_name("New")["script"] == {"jobType": "adCheckList"}


async def test_a_job_that_is_gone_is_said_under_the_job(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    params = update_params_for(sandbox, AD, name="New")
    sandbox.jobs.clear()
    with pytest.raises(InputError) as caught:
        await update_operation.preview(params, NOW, TOKEN)
    assert "may have been deleted" in caught.value.problems["job"]
    with pytest.raises(RemoteNotFound):
        await update_operation.start(update_operation.plan(params, NOW, TOKEN))
    assert posted_bodies(sandbox) == []


async def test_an_unknown_device_or_script_is_pointed_at(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    preview = await update_operation.preview(update_params_for(sandbox, AD, entities=["not-there"]), NOW, TOKEN)
    assert "Not in the tenant's list of devices: not-there." in preview.warnings
    with pytest.raises(InputError) as caught:
        await update_operation.preview(update_params_for(sandbox, SCRIPT, script=99), NOW, TOKEN)
    assert list(caught.value.problems) == ["script"]


async def test_a_required_parameter_and_an_unknown_one(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    with pytest.raises(InputError) as caught:
        await update_operation.preview(
            update_params_for(sandbox, AD, job_type="custom", script=7, **{"parameters.77": "x"}), NOW, TOKEN
        )
    assert caught.value.problems == {
        "parameters.2": "The script needs Service.",
        "parameters.77": "The script Restart service has no parameter 77.",
    }


async def test_what_a_job_lacks_already_does_not_stand_in_the_way(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    sandbox.job_by_name(SCRIPT)["script"]["parameters"] = []
    del sandbox.job_by_name(BACKUP)["schedule"]
    for name in (SCRIPT, BACKUP):
        preview = await update_operation.preview(update_params_for(sandbox, name, job_queued=False), NOW, TOKEN)
        assert [c.field for c in preview.changes] == ["Queued"]


async def test_an_update_cannot_be_taken_back(update_operation: UpdateJobOperation, sandbox: OpsRampSandbox) -> None:
    handle = await update_operation.start(update_operation.plan(update_params_for(sandbox, AD, name="New"), NOW, TOKEN))
    with pytest.raises(Refused, match="ask for one that reverses it"):
        await update_operation.cancel(handle)


async def test_warnings_of_a_pattern_that_people_spell_out(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    clock.current = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    params = update_params_for(
        sandbox,
        AD,
        start_date="2026-03-09T20:00:00-05:00",
        pattern_type="monthly",
        pattern_day_of_month=["9", "31"],
    )
    warnings = " ".join((await update_operation.preview(params, NOW, TOKEN)).warnings)
    assert "The start is Mon 2026-03-09 for you but Tue 2026-03-10 in UTC." in warnings
    assert "01:00 UTC all year" in warnings
    assert "29 to 31" in warnings
    assert "The start date is no day of the pattern." in warnings
    for warning in update_operation.plan(params, NOW, TOKEN).warnings:
        assert warning in warnings
    assert len(update_operation.plan(params, NOW, TOKEN).warnings) == 5
    past = update_params_for(sandbox, AD, start_date="2026-03-01T00:00:00+0000", pattern_type="never")
    assert (await update_operation.preview(past, NOW, TOKEN)).warnings == (
        "The start date has passed. OpsRamp does not say what it then does with a job's first run.",
    )
