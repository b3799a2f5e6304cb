"""Every parameter of a Foreman job invocation is filled in through the modal and arrives as it should."""

from typing import Any

import pytest

from bot.backends.base import form_fields
from bot.backends.foreman.params import ForemanJobParams
from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.form_filling import PageValues, fill_pages, filled_labels, utc_time
from tests.scenarios.steps import (
    approve_request,
    confirm_request,
    eventually,
    job_requests,
    jobs_received,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

# A second connection to the same sandbox, which is taken for a server from before version 11 of Remote Execution.
EXTRA = """
[backends.foreman.old]
title = "Old Foreman"
url = "{foreman}"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
remote_execution_version = "10.0.0"

[backends.foreman.old.secrets]
sudo = "env:SANDBOX_SUDO_PASSWORD"
"""


SCRIPT: dict[str, PageValues] = {
    "Basics": {
        "Template": "Run Command - Script Default",
        "command": "yum -y update",
        "Where": "name ~ web",
        "Match hosts": "Dynamic query",
        "When": "now",
        "Why": "patches",
    },
    "Advanced": {
        "Organization": "Example Org",
        "Location": "Berlin",
        "Run as": "deploy",
        "Password of that user": "sudo",
        "SSH user": "robot",
        "SSH password": "sudo",
        "SSH key passphrase": "sudo",
        "Random order": True,
        "Hosts at a time": "5",
        "Spread over seconds": "600",
        "Time limit in seconds": "900",
        "Time to pick up in seconds": "120",
        "Description": "Patching %{template_name}",
    },
    "Foreman's own timing": {
        "Cron line": "15 3 * * 1",
        "At most this many runs": "4",
        "No run after": utc_time(2027, 6, 1, 0, 0),
        "Purpose": "patching the web",
        "Start at": utc_time(2027, 1, 12, 3, 0),
    },
}
SCRIPT_BODY: dict[str, Any] = {
    "job_invocation": {
        "job_template_id": 189,
        "targeting_type": "dynamic_query",
        "search_query": "name ~ web",
        "randomized_ordering": True,
        "inputs": {"command": "yum -y update"},
        "ssh": {"effective_user": "deploy", "effective_user_password": "correct-horse"},
        "ssh_user": "robot",
        "password": "correct-horse",
        "key_passphrase": "correct-horse",
        "concurrency_control": {"concurrency_level": 5, "time_span": 600},
        "execution_timeout_interval": 900,
        "time_to_pickup": 120,
        "description_format": "[TOKEN] Patching %{template_name}",
        "recurrence": {
            "cron_line": "15 3 * * 1",
            "max_iteration": 4,
            "end_time": "2027-06-01T00:00:00Z",
            "purpose": "patching the web",
        },
        "scheduling": {"start_at": "2027-01-12T03:00:00Z"},
    },
    "organization_id": 1,
    "location_id": 11,
}
ANSIBLE: dict[str, PageValues] = {
    "Basics": {
        "Template": "Run Command - Ansible Default",
        "command": "uptime",
        "Bookmark": "web servers",
        "Match hosts": "Static query",
        "When": "now",
        "Why": "curious",
    },
    "Advanced": {"Ansible tags": "base,web", "Those tags are": "Include"},
}
ANSIBLE_BODY = {
    "job_invocation": {
        "job_template_id": 193,
        "targeting_type": "static_query",
        "bookmark_id": 1,
        "inputs": {"command": "uptime"},
        "ansible": {"tags": "base,web", "tags_flag": "include"},
        "description_format": '[TOKEN] %{template_name} with inputs command="%{command}"',
    }
}
FEATURE: dict[str, PageValues] = {
    "Basics": {"Template": "Run Script", "command": "uptime", "Where": "name ~ db", "When": "now", "Why": "curious"},
    "Foreman's own timing": {
        "Start at": utc_time(2027, 1, 13, 3, 0),
        "Not started later than": "2027-01-13T06:00:00+01:00",
    },
}
FEATURE_BODY = {
    "job_invocation": {
        "feature": "run_script",
        "targeting_type": "static_query",
        "search_query": "name ~ db",
        "inputs": {"command": "uptime"},
        "description_format": "[TOKEN] Run %{command}",
        "scheduling": {"start_at": "2027-01-13T03:00:00Z", "start_before": "2027-01-13T05:00:00Z"},
    }
}

# The parameters that Foreman documents for this call, in its own spelling.
DOCUMENTED = {
    "location_id", "organization_id", "job_invocation", "job_template_id", "targeting_type", "randomized_ordering",
    "inputs", "ssh", "ssh.effective_user", "ssh.effective_user_password", "ssh_user", "password", "key_passphrase",
    "recurrence", "recurrence.cron_line", "recurrence.max_iteration", "recurrence.end_time", "recurrence.purpose",
    "scheduling", "scheduling.start_at", "scheduling.start_before", "concurrency_control",
    "concurrency_control.concurrency_level", "execution_timeout_interval", "feature", "bookmark_id", "search_query",
    "description_format", "time_to_pickup", "ansible", "ansible.tags", "ansible.tags_flag",
    "concurrency_control.time_span",
}  # fmt: skip


async def run(env: Environment, who: Person, pages: dict[str, PageValues], line: str = "/foreman") -> Any:
    """Fill in a form, have it approved, and return the body that the sandbox received, with its token hidden."""
    before = jobs_received(env)
    modal = await open_form(who, line)
    await fill_pages(modal, pages)
    card = await approve_request(env, await confirm_request(await press_preview(modal)))
    await eventually(env, lambda: jobs_received(env) > before, lambda: card.text)
    call = job_requests(env)[-1]
    assert call.headers["Content-Type"] == "application/json"
    body = call.body
    job = body["job_invocation"]
    token = job["description_format"].partition("]")[0].removeprefix("[")
    job["description_format"] = job["description_format"].replace(token, "TOKEN")
    return body


@pytest.mark.parametrize(
    ("pages", "line", "body"),
    [
        pytest.param(SCRIPT, "/foreman system=old", SCRIPT_BODY, id="script"),
        pytest.param(ANSIBLE, "/foreman system=main", ANSIBLE_BODY, id="ansible"),
        pytest.param(FEATURE, "/foreman system=main", FEATURE_BODY, id="feature"),
    ],
)
async def test_what_is_filled_in_is_what_arrives(
    env: Environment, alice: Person, pages: dict[str, PageValues], line: str, body: Any
) -> None:
    assert await run(env, alice, pages, line) == body
    assert "correct-horse" not in repr(list(env.slack.journal.entries))


async def test_no_parameter_of_the_model_is_left_out() -> None:
    filled = filled_labels(SCRIPT) | filled_labels(ANSIBLE) | filled_labels(FEATURE)
    labels = {field.label for field in form_fields(ForemanJobParams)} - {"Inputs", "Feature"}
    assert labels <= filled


async def test_no_documented_parameter_is_left_out_and_no_other_is_sent() -> None:
    sent_keys: set[str] = set()
    for body in (SCRIPT_BODY, ANSIBLE_BODY, FEATURE_BODY):
        sent_keys |= set(body)
        for key, value in body["job_invocation"].items():
            sent_keys.add(key)
            if isinstance(value, dict) and key != "inputs":
                sent_keys |= {f"{key}.{inner}" for inner in value}
    assert sent_keys == DOCUMENTED


async def test_a_series_carries_its_token_as_its_purpose(env: Environment, alice: Person) -> None:
    line = '/foreman system=main template="Run Command - Script Default" hosts="os = Debian" when="every day at 06:00"'
    card = await approve_request(env, await make_request(alice, line, {"command": "id", "Why": "so"}))
    await wait_for_texts(card, "waiting in the back end", env=env)
    job = job_requests(env)[-1].body["job_invocation"]
    assert job["recurrence"]["purpose"].startswith("ns-")
    assert job["description_format"].startswith(f"[{job['recurrence']['purpose']}] ")
    assert job["recurrence"]["cron_line"] == "0 6 * * * Europe/Berlin"
