"""Every parameter of OpsRamp's jobs is filled in through the modal and arrives as it should."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from bot.backends.base import form_fields
from bot.backends.opsramp.params import CreateJobParams, RunJobParams, UpdateJobParams
from playground.environment import Environment
from playground.opsramp.world import CLIENT, stable_uuid
from playground.slack import Modal, Person
from tests.scenarios.form_filling import PageValues, fill_pages, filled_labels, utc_time
from tests.scenarios.steps import (
    approve_request,
    confirm_request,
    exact_request,
    go_to_page,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """
[backends.opsramp.main.secrets]
service = "env:SANDBOX_SUDO_PASSWORD"

[backends.opsramp.partner]
title = "OpsRamp (partner)"
url = "{opsramp}"
tenant = "msp_12"
key = "env:SANDBOX_OPSRAMP_KEY"
secret = "env:SANDBOX_OPSRAMP_SECRET"

[backends.opsramp.partner.secrets]
service = "env:SANDBOX_SUDO_PASSWORD"
"""

JOBS = f"/api/v2/tenants/{CLIENT}/jobs"
WHY = {"When": "now", "Why": "auditors"}


@pytest.fixture(autouse=True)
def advance_past_caches(env: Environment) -> None:
    """Each test begins with OpsRamp's whole rate limit."""
    env.clock.advance(timedelta(minutes=2))


def device(host: str) -> str:
    """The id of a device of the main client."""
    return stable_uuid(f"{CLIENT}/{host}")


def resources(*hosts: str) -> list[dict[str, Any]]:
    """Devices as a body names them."""
    return [{"resource": {"id": device(host), "type": "DEVICE"}} for host in hosts]


START = utc_time(2027, 2, 1, 22, 30)
STARTS = {"startDate": "2027-02-01T22:30:00+0000"}

BACKUP: dict[str, PageValues] = {
    "Basics": {"Name": "Backup of switches", "Queued": True, **WHY},
    "What it does": {
        "Job type": "Network Configuration Backup",
        "Versions saved": "All versions",
        "Back up on change trap": True,
        "Alert on startup changes": True,
        "Alert on runtime changes": True,
        "Back up startup configuration": True,
        "Back up running configuration": True,
    },
    "Devices": {"Devices": ["nyc-sw-09", "ams-sw-14"]},
    "Schedule in OpsRamp": {
        "Start date": START,
        "Pattern": "Daily",
        "Frequency": "Every few days",
        "Repeats in": "Days",
        "Every how many days": "2",
    },
}
BACKUP_BODY: dict[str, Any] = {
    "name": "Backup of switches",
    "jobQueued": True,
    "entities": resources("nyc-sw-09", "ams-sw-14"),
    "script": {
        "jobType": "networkconfigbackup",
        "configParams": {
            "versionsSaved": "ALL_VERSIONS",
            "backUpTrigger": True,
            "startupConfigAlert": True,
            "runtimeConfigAlert": True,
            "startUpConfigFilesBackUp": True,
            "runTimeConfigFilesBackUp": True,
        },
    },
    "schedule": {
        **STARTS,
        "pattern": {"type": "daily", "frequency": "recurrence", "repeatType": "days", "repeatFrequency": 2},
    },
}
INSTALL: dict[str, PageValues] = {
    "Basics": {"Name": "Viewer for all", **WHY},
    "What it does": {
        "Job type": "Application Install",
        "Approval": "Automatic approval",
        "Approval reason": "Asked for by finance",
        "Alert while installing": True,
    },
    "Devices": {"Devices": ["nyc-sql-01"]},
    "Schedule in OpsRamp": {"Start date": START, "Pattern": "Weekly", "Days of the week": ["Sunday", "Wednesday"]},
}
INSTALL_BODY: dict[str, Any] = {
    "name": "Viewer for all",
    "jobQueued": False,
    "entities": resources("nyc-sql-01"),
    "script": {
        "jobType": "appinstall",
        "approvalType": {"approvalType": 1, "approvalReason": "Asked for by finance", "alertRequired": True},
    },
    "schedule": {**STARTS, "pattern": {"type": "weekly", "weekDays": "Sunday, Wednesday"}},
}
SCRIPT: dict[str, PageValues] = {
    "Basics": {"Name": "Restart the spooler", **WHY},
    "What it does": {
        "Job type": "Custom script",
        "Script": "Restart service",
        "Run as": "Other user",
        "Credential set": "Windows admins",
    },
    "Script parameters": {"Service": "Spooler", "Timeout": None, "Timeout from a macro": "30", "Password": "service"},
    "Devices": {"Devices": ["nyc-sql-01", "lon-dc-08"]},
    "Schedule in OpsRamp": {"Start date": START, "Pattern": "Monthly", "Days of the month": ["1", "15"]},
}
SCRIPT_BODY: dict[str, Any] = {
    "name": "Restart the spooler",
    "jobQueued": False,
    "entities": resources("nyc-sql-01", "lon-dc-08"),
    "script": {
        "jobType": "custom",
        "userType": 2,
        "customScript": {"id": 7},
        "parameters": [
            {"paramId": 2, "value": "Spooler"},
            {"paramId": 3, "itopMacro": {"id": 30}},
            {"paramId": 4, "value": "correct-horse"},
        ],
    },
    "credentialSet": {"uniqueId": "Cr3dWindowsAdminsSet0001"},
    "schedule": {**STARTS, "pattern": {"type": "monthly", "dayOfMonth": "1, 15"}},
}
CHECK: dict[str, PageValues] = {
    "Basics": {"Name": "Check the directory", **WHY},
    "What it does": {"Job type": "AD CheckList"},
    "Devices": {"Devices": ["lon-dc-08"]},
    "Schedule in OpsRamp": {
        "Start date": START,
        "Pattern": "Monthly",
        "Week of the month": "Second",
        "Weekday": "Sunday",
    },
}
CHECK_BODY: dict[str, Any] = {
    "name": "Check the directory",
    "jobQueued": False,
    "entities": resources("lon-dc-08"),
    "script": {"jobType": "adCheckList"},
    "schedule": {**STARTS, "pattern": {"type": "monthly", "weekIndex": "Second", "dayOfWeek": "Sunday"}},
}


def with_pattern(**pattern: Any) -> tuple[dict[str, PageValues], dict[str, Any]]:
    """The checklist with another pattern: its values by label, and its body."""
    words, body = pattern.pop("words"), copy.deepcopy(CHECK_BODY)
    body["schedule"]["pattern"] = pattern
    body["name"] = " ".join(["Check:", *words.values()])
    page = {"Start date": START, **words}
    return {**CHECK, "Basics": {"Name": body["name"], **WHY}, "Schedule in OpsRamp": page}, body


PATTERNS = [
    with_pattern(type="daily", frequency="everyday", words={"Pattern": "Daily", "Frequency": "Every day"}),
    with_pattern(type="daily", frequency="every weekday", words={"Pattern": "Daily", "Frequency": "Every weekday"}),
    with_pattern(type="run once", words={"Pattern": "Run once (a single time after the initial occurrence)"}),
    with_pattern(type="never", words={"Pattern": "Never (runs a single time and does not recur)"}),
]


async def fill(modal: Modal, pages: dict[str, PageValues]) -> None:
    """Fill in pages, beginning with the one that is shown."""
    await fill_pages(modal, pages)


async def run(env: Environment, who: Person, line: str, pages: dict[str, PageValues]) -> Any:
    """Fill in a form and have it approved; returns the body of the last job that was written."""
    modal = await open_form(who, line)
    await fill(modal, pages)
    preview = await press_preview(modal)
    assert "correct-horse" not in preview.text + await exact_request(preview)
    card = await approve_request(env, await confirm_request(preview))
    await wait_for_texts(card, "Done", env=env)
    return [r for r in env.opsramp.received_requests if r.method == "POST" and "/jobs" in r.path][-1].body


@pytest.mark.parametrize(
    ("pages", "body"),
    [
        pytest.param(BACKUP, BACKUP_BODY, id="configuration backup, every few days"),
        pytest.param(INSTALL, INSTALL_BODY, id="app install, weekly"),
        pytest.param(SCRIPT, SCRIPT_BODY, id="custom script, monthly by date"),
        pytest.param(CHECK, CHECK_BODY, id="checklist, monthly by weekday"),
        *(pytest.param(pages, body, id=body["name"]) for pages, body in PATTERNS),
    ],
)
async def test_a_job_is_created_as_it_was_filled_in(
    env: Environment, alice: Person, pages: dict[str, PageValues], body: Any
) -> None:
    assert await run(env, alice, "/opsramp create system=main", pages) == body
    assert "correct-horse" not in repr(list(env.slack.journal.entries))


async def test_an_update_writes_the_whole_job_with_what_was_changed(env: Environment, alice: Person) -> None:
    before = copy.deepcopy(env.opsramp.job_by_name("Weekly AD checklist"))
    pages: dict[str, PageValues] = {
        "Basics": {"Name": "AD checklist, twice a month", "Queued": False, **WHY},
        "Devices": {"Devices": ["lon-dc-08", "nyc-dc-13"]},
        "Schedule in OpsRamp": {"Start date": START, "Pattern": "Monthly", "Days of the month": ["1", "15"]},
    }
    line = '/opsramp update system=main job="Weekly AD checklist"'
    body = await run(env, alice, line, pages)
    assert body == {
        "id": before["id"],
        "name": "AD checklist, twice a month",
        "jobQueued": False,
        "entities": resources("lon-dc-08", "nyc-dc-13"),
        "script": before["script"],
        "schedule": {**STARTS, "pattern": {"type": "monthly", "dayOfMonth": "1, 15"}},
    }


@pytest.mark.parametrize(
    ("pages", "body"),
    [
        pytest.param(BACKUP, BACKUP_BODY, id="configuration backup"),
        pytest.param(INSTALL, INSTALL_BODY, id="app install"),
        pytest.param(SCRIPT, SCRIPT_BODY, id="custom script"),
        pytest.param(CHECK, CHECK_BODY, id="checklist"),
    ],
)
async def test_an_update_takes_every_parameter(
    env: Environment, alice: Person, pages: dict[str, PageValues], body: dict[str, Any]
) -> None:
    job = stable_uuid(body["name"])
    old = {
        **copy.deepcopy(env.opsramp.job_by_name("Nightly network backup")),
        "id": job,
        "name": f"Before {body['name']}",
    }
    env.opsramp.tenants[CLIENT].jobs[job] = old
    queued = {"Queued": body["jobQueued"]}
    basics = {"Client": "Customer 93", "Job": old["name"], **pages["Basics"], **queued}
    assert await run(env, alice, "/opsramp update system=partner", {**pages, "Basics": basics}) == {**body, "id": job}
    assert "correct-horse" not in repr(list(env.slack.journal.entries))


async def test_an_update_of_one_thing_keeps_every_other(env: Environment, alice: Person) -> None:
    before = copy.deepcopy(env.opsramp.job_by_name("Restart print spooler"))
    line = '/opsramp update system=main job="Restart print spooler" because=so when=now'
    body = await run(env, alice, line, {"Script parameters": {"Timeout": "90"}})
    wanted = copy.deepcopy(before)
    wanted["script"]["parameters"][1]["value"] = "90"
    after = env.opsramp.job_by_name("Restart print spooler")
    for job in (wanted, after, body):
        job["entities"].sort(key=lambda entity: entity["resource"]["id"])
    assert after == wanted
    assert body == {**wanted, "script": {**wanted["script"], "parameters": body["script"]["parameters"]}}


async def test_what_a_job_has_is_read_by_its_names(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, '/opsramp update system=main job="Restart print spooler" because=so when=now')
    await go_to_page(modal, "What it does", "Script")
    assert (modal.value("Job type"), modal.value("Script")) == ("Custom script", "Restart service")
    await go_to_page(modal, "Devices", "Devices")
    hosts = [entity["resource"]["id"] for entity in env.opsramp.job_by_name("Restart print spooler")["entities"]]
    assert {device(host) for host in modal.value("Devices")} == set(hosts)
    await go_to_page(modal, "Basics", "Job")
    await modal.pick("Job", "Nightly network backup")
    await go_to_page(modal, "What it does", "Job type")
    assert modal.value("Job type") == "Network Configuration Backup"
    preview = await press_preview(modal)
    assert all(host not in preview.text.partition("Approval")[0] for host in hosts)


async def test_a_run_on_demand_tells_its_reason(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, "/opsramp run system=partner")
    basics = {"Client": "Customer 93", "Job": "Nightly network backup", "Reason": "before the move", **WHY}
    await fill(modal, {"Basics": basics})
    await wait_for_texts(
        await approve_request(env, await confirm_request(await press_preview(modal))),
        "Done",
        "OpsRamp accepted the run",
        env=env,
    )
    ran = env.opsramp.runs[-1]
    assert ran.job == env.opsramp.job_by_name("Nightly network backup")["id"]
    assert ran.reason.startswith("before the move (Nightshift ns-")
    call = [r for r in env.opsramp.received_requests if r.path.endswith("/run")][-1]
    assert (call.path, call.body) == (f"{JOBS}/{ran.job}/run", {"reason": ran.reason})


async def test_a_partner_chooses_the_client(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, "/opsramp create system=partner")
    assert set(await modal.search("Client", "")) == {"Customer 93", "Customer 94"}
    pages = {**CHECK, "Basics": {"Client": "Customer 94", "Name": "For the other client", **WHY}}
    pages["Devices"] = {"Devices": ["nyc-sql-01"]}
    await fill(modal, pages)
    await wait_for_texts(await approve_request(env, await confirm_request(await press_preview(modal))), "Done", env=env)
    made = [job for job in env.opsramp.tenants["client_94"].jobs.values() if job["name"] == "For the other client"]
    assert len(made) == 1


async def test_no_parameter_of_the_models_is_left_out() -> None:
    filled = {"Client", "Job", "Reason"}.union(
        *(filled_labels(pages) for pages in (BACKUP, INSTALL, SCRIPT, CHECK, *(pages for pages, _ in PATTERNS)))
    )
    for model in (CreateJobParams, UpdateJobParams, RunJobParams):
        assert {field.label for field in form_fields(model)} <= filled
