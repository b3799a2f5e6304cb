"""Several of each: two Foremans and an OpsRamp tenant for each customer. They are chosen, named and told apart, have
their own credentials, channels and limits, and one that is down or misconfigured does not touch the others."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs

from bot.clock import ShiftedClock
from bot.errors import Unauthorized
from playground.foreman import ForemanSandbox
from playground.opsramp import OpsRampSandbox
from playground.opsramp.world import OTHER_CLIENT
from playground.sandbox import Fault, Handler, Sandbox
from playground.server import serve
from playground.slack import Modal, Person
from playground.stage import Stage, bot_inside, stage
from tests.scenarios.conftest import Log
from tests.scenarios.steps import WAIT, approved, asked, card, opened, previewed, reads, sent, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "small lab jobs"
when = { backend = "foreman.lab", max_targets = 2 }
effect = "approve"

[[policy.rules]]
name = "the lab is its engineer's own"
when = { backend = "foreman.lab", min_targets = 3 }
approvers = ["U0DAVE"]

[[policy.rules]]
name = "dave keeps off production"
when = { backend = "foreman.prod", requester = "U0DAVE" }
effect = "refuse"
because = "Production is not yours, Dave"

[[policy.rules]]
name = "Fabrikam wants two"
when = { backend = "opsramp.fabrikam" }
approvers = ["@sre"]
quorum = 2
"""

CONFIG = """
[backends.foreman.lab]
title = "Lab"
url = "{lab}"
username = "labbot"
password = "env:LAB_PASSWORD"
approvals_channel = "#lab-approvals"
results_channel = "#lab-results"

[backends.foreman.lab.secrets]
lab-root = "env:LAB_PASSWORD"

[backends.opsramp.fabrikam]
title = "Fabrikam"
url = "{fabrikam}"
tenant = "client_94"
key = "env:SANDBOX_OPSRAMP_KEY"
secret = "env:FABRIKAM_SECRET"
"""
NAMES = {
    "[backends.foreman.main": "[backends.foreman.prod",
    'title = "Foreman"': 'title = "Production"',
    "[backends.opsramp.main]": "[backends.opsramp.contoso]",
    'title = "OpsRamp"': 'title = "Contoso"',
}
JOBS = "/api/job_invocations"
COMMAND = "Run Command - Script Default"
UPTIME = f'template="{COMMAND}" inputs.command=uptime when=now because=check'
FEW, MANY = 'hosts="os = RedHat and hostgroup = web"', 'hosts="os = Debian or os = RedHat"'


@dataclass
class Others:
    """The sandboxes besides the stage's own."""

    lab: ForemanSandbox
    fabrikam: OpsRampSandbox
    answers: asyncio.Event
    """While it is not set, the lab takes jobs and does not answer."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def others(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Others]:
    clock = ShiftedClock(tmp_path_factory.getbasetemp() / "several" / "clock")
    lab, fabrikam = ForemanSandbox(clock, hosts=12), OpsRampSandbox(clock)
    lab.users = {"labbot": "lab-secret"}
    # The number that is a harmless template in production is another one here.
    numbers = {COMMAND: 289, "Power Action - Script Default": 189}
    lab.state.world.templates = [replace(t, id=numbers.get(t.name, t.id)) for t in lab.state.world.templates]
    tenant = fabrikam.tenants[OTHER_CLIENT]
    job = deepcopy(fabrikam.job_named("Weekly AD checklist"))
    job["name"] = "Fabrikam checklist"
    job["entities"] = [{"resource": {"id": d, "type": "DEVICE"}} for d in tenant.devices]
    tenant.jobs[job["id"]] = job
    answers = asyncio.Event()
    answers.set()

    @web.middleware
    async def stubborn(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "POST" and request.path == JOBS:
            await answers.wait()
        return await handler(request)

    lab.app.middlewares.append(stubborn)
    yield Others(lab, fabrikam, answers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(others: Others, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stage, Log]]:
    place = tmp_path_factory.getbasetemp() / "several"
    place.mkdir()
    with capture_logs() as log, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_PASSWORD", "lab-secret")
        patch.setenv("FABRIKAM_SECRET", "sandbox-secret")
        async with serve(others.lab.app) as lab, serve(others.fabrikam.app) as fabrikam:
            extra = CONFIG.format(lab=lab, fabrikam=fabrikam)
            async with stage(place, policy=POLICY, extra=extra) as on:
                for name in ("#lab-approvals", "#lab-results"):
                    on.slack.state.add_channel(name, ("alice", "bob", "dave", "nightshift"))
                _rename(on.config)
                async with bot_inside(on, "http"):
                    yield on, log


def _rename(config: Path) -> None:
    """Names that tell the back ends apart; ImmyBot is left out, so that one kind is not configured at all."""
    text = config.read_text()
    for old, new in NAMES.items():
        assert old in text
        text = text.replace(old, new)
    head, _, rest = text.partition("[backends.immybot.main]")
    config.write_text(head + rest[rest.index("\n[") :])


@pytest.fixture(autouse=True)
def _all_right(others: Others) -> Iterator[None]:
    others.lab.speed = 100.0
    yield
    others.answers.set()
    others.lab.faults.clear()
    others.fabrikam.faults.clear()
    others.lab.users = {"labbot": "lab-secret"}


@pytest.fixture
def dave(on: Stage) -> Person:
    """The lab is his."""
    return on.slack.person("dave")


def posts(sandbox: Sandbox) -> list[Any]:
    """The bodies of the jobs that were asked for."""
    return [received.body for received in sandbox.received("POST", JOBS)]


def logins(sandbox: Sandbox) -> set[str]:
    """The accounts that have signed in."""
    told = {received.headers.get("Authorization", "") for received in sandbox.ledger}
    return {base64.b64decode(header.removeprefix("Basic ")).decode() for header in told if header}


async def system(modal: Modal, title: str) -> None:
    """Choose a system and wait until the form is that system's."""
    before = modal.where.content["private_metadata"]
    await modal.fill({"System": title})
    await modal.ws.until(lambda: modal.where.content["private_metadata"] != before, WAIT)


async def test_the_form_offers_each_by_its_title(alice: Person) -> None:
    modal = await opened(alice, "/foreman")
    assert modal.choices("System") == ["Production", "Lab"]
    assert modal.value("System") == "Production"
    await modal.close()
    modal = await opened(alice, "/opsramp run")
    assert modal.choices("System") == ["Contoso", "Fabrikam"]


@pytest.mark.parametrize("word", ["lab", "Lab", "foreman.lab"])
async def test_a_word_after_the_command_chooses_one(alice: Person, word: str) -> None:
    assert (await opened(alice, f"/foreman on={word} when=now")).value("System") == "Lab"


async def test_a_name_of_another_kind_is_not_taken(alice: Person) -> None:
    modal = await opened(alice, "/opsramp run on=lab")
    assert modal.value("System") == "Contoso"
    assert "There is no system named lab. There is: contoso, fabrikam." in modal.text


async def test_what_was_picked_on_one_is_not_asked_of_another(alice: Person) -> None:
    modal = await opened(alice, f"/foreman {UPTIME} {FEW}")
    assert modal.value("Template") == COMMAND
    await system(modal, "Lab")
    assert modal.value("System") == "Lab"
    assert modal.value("Template") is None
    assert "command" not in modal.labels
    kept = {label: modal.value(label) for label in ("Hosts", "When", "Why")}
    assert kept == {"Hosts": "os = RedHat and hostgroup = web", "When": "now", "Why": "check"}
    await modal.pick("Template", COMMAND)
    await modal.fill({"command": "uptime"})
    assert '"job_template_id": 289' in (await previewed(modal)).text


async def test_secrets_are_each_ones_own(alice: Person) -> None:
    modal = await opened(alice, "/foreman")
    await modal.click("Advanced")
    await modal.appears("SSH password")
    assert modal.choices("SSH password") == ["sudo"]
    await system(modal, "Lab")
    assert modal.choices("SSH password") == ["lab-root"]


async def test_a_request_goes_to_the_chosen_one_alone_under_its_own_name_account_and_channels(
    on: Stage, others: Others, alice: Person, bob: Person, dave: Person
) -> None:
    before = len(posts(on.foreman)), len(posts(others.lab))
    name = await asked(alice, f"/foreman on=lab {UPTIME} {MANY}")
    found = await card(dave, name, where="#lab-approvals")
    assert f"{name} · Lab: Run a Foreman job" in found.text
    assert bob.sees(name, where="#approvals") is None
    assert "you are not one of them" in await told(bob, "Approve", await card(bob, name, where="#lab-approvals"))
    assert "You approved" in await told(dave, "Approve", found)
    outcome = await dave.wait_for(f"{name} · Lab: Run a Foreman job: succeeded", where="#lab-results", timeout=WAIT)
    assert f"{name} · Lab: Run a Foreman job: succeeded" in (await alice.wait_for(outcome.text, where="dm")).text
    assert alice.sees(name, where="#results") is None
    assert (len(posts(on.foreman)), len(posts(others.lab))) == (before[0], before[1] + 1)
    assert posts(others.lab)[-1]["job_invocation"]["job_template_id"] == 289
    assert logins(others.lab) == {"labbot:lab-secret"}
    assert logins(on.foreman) <= {"nightshift:sandbox"}


async def test_the_other_keeps_the_common_channels(on: Stage, others: Others, alice: Person, bob: Person) -> None:
    before = len(posts(others.lab))
    name = await asked(alice, f"/foreman on=prod {UPTIME} {FEW}")
    assert f"{name} · Production: Run a Foreman job" in (await approved(on, name)).text
    await bob.wait_for(f"{name} · Production: Run a Foreman job: succeeded", where="#results", timeout=WAIT)
    assert bob.sees(name, where="#lab-approvals") is None
    assert bob.sees(name, where="#lab-results") is None
    assert len(posts(others.lab)) == before


async def test_an_edit_that_moves_a_request_brings_it_before_the_other_ones_approvers(
    on: Stage, alice: Person, bob: Person, dave: Person
) -> None:
    name = await asked(alice, f"/foreman on=prod {UPTIME} {MANY}")
    await alice.click("Edit", await card(alice, name))
    modal = await alice.modal(WAIT)
    await modal.appears("System")
    await system(modal, "Lab")
    await modal.pick("Template", COMMAND)
    await modal.fill({"command": "uptime"})
    await sent(await previewed(modal))
    found = await card(dave, name, where="#lab-approvals")
    assert "You approved" in await told(dave, "Approve", found)
    await dave.wait_for(f"{name} · Lab: Run a Foreman job: succeeded", where="#lab-results", timeout=WAIT)


async def test_policy_tells_them_apart(on: Stage, alice: Person, dave: Person) -> None:
    modal = await opened(dave, f"/foreman on=prod {UPTIME} {FEW}")
    result = await modal.submit()
    assert result.error == ""
    assert "Production is not yours, Dave" in modal.text
    await modal.close()
    name = await asked(dave, f"/foreman on=lab {UPTIME} {FEW}")
    await dave.wait_for(f"{name} · Lab: Run a Foreman job: succeeded", where="#lab-results", timeout=WAIT)


async def test_only_what_a_person_may_use_is_offered(others: Others, dave: Person) -> None:
    modal = await opened(dave, f"/foreman {UPTIME} {FEW}")
    assert "System" not in modal.labels
    preview = await previewed(modal)
    assert '"job_template_id": 289' in preview.text
    name = await sent(preview)
    await dave.wait_for(f"{name} · Lab: Run a Foreman job: succeeded", where="#lab-results", timeout=WAIT)


async def test_each_customer_has_a_tenant_and_rules_of_their_own(
    on: Stage, others: Others, alice: Person, bob: Person
) -> None:
    modal = await opened(alice, "/opsramp run when=now because=monthly")
    assert "Fabrikam checklist" not in await modal.search("Job", "checklist")
    await modal.pick("Job", "Weekly AD checklist")
    await system(modal, "Fabrikam")
    await modal.ws.until(lambda: modal.value("Job") is None, WAIT)
    assert await modal.search("Job", "checklist") == ["Fabrikam checklist"]
    await modal.pick("Job", "Fabrikam checklist")
    name = await sent(await previewed(modal))
    found = await card(bob, name)
    assert f"{name} · Fabrikam: Run a job" in found.text
    await told(bob, "Approve", found)
    assert others.fabrikam.runs == []
    await approved(on, name, by="carol")
    await bob.wait_for(f"{name} · Fabrikam: Run a job: succeeded", where="#results", timeout=WAIT)
    assert [run.tenant for run in others.fabrikam.runs] == ["client_94"]
    assert on.opsramp.runs == []


async def test_limits_are_each_ones_own(on: Stage, others: Others, alice: Person) -> None:
    on.clock.forward(timedelta(minutes=30))
    others.fabrikam.gate.limits["get_paged"] = 0
    modal = await opened(alice, "/opsramp run on=fabrikam")
    (answer,) = await modal.search("Job", "checklist")
    assert "opsramp.fabrikam" in answer
    assert "429" in answer or "limit" in answer
    await system(modal, "Contoso")
    assert await modal.search("Job", "checklist") == ["Weekly AD checklist"]
    others.fabrikam.gate.limits["get_paged"] = 50
    on.clock.forward(timedelta(minutes=2))


async def test_one_that_is_down_is_told_in_its_form_and_the_other_works(
    on: Stage, others: Others, alice: Person, bob: Person
) -> None:
    on.clock.forward(timedelta(minutes=1))  # What was searched for a moment ago would be known still.
    others.lab.faults.append(Fault("status", status=503, body={"message": "maintenance"}, times=None))
    modal = await opened(alice, f"/foreman on=lab {UPTIME} {FEW}")
    assert "foreman.lab failed (503): maintenance" in modal.text
    await system(modal, "Production")
    await modal.pick("Template", COMMAND)
    await modal.fill({"command": "uptime"})
    name = await sent(await previewed(modal))
    await approved(on, name)
    await bob.wait_for(f"{name} · Production: Run a Foreman job: succeeded", where="#results", timeout=WAIT)


async def test_wrong_credentials_of_one_are_told_and_the_other_works(
    on: Stage, others: Others, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FABRIKAM_SECRET")
    others.fabrikam.gate.revoke()
    others.lab.users = {}
    modal = await opened(alice, f"/foreman on=lab {UPTIME} {FEW}")
    assert "foreman.lab did not accept the bot's credentials (401)" in modal.text
    await modal.close()
    modal = await opened(alice, f"/foreman {UPTIME} {FEW}")
    await previewed(modal)
    await modal.close()
    assert on.bot is not None
    checks = {name: here.connection.check() for name, here in on.bot.services.configured.items()}
    results = await asyncio.gather(*checks.values(), return_exceptions=True)
    wrong = {name for name, result in zip(checks, results, strict=True) if isinstance(result, Unauthorized)}
    assert wrong == {"foreman.lab", "opsramp.fabrikam"}
    assert not [result for result in results if isinstance(result, Exception) and not isinstance(result, Unauthorized)]


async def test_calls_that_are_not_answered_keep_no_other_waiting(
    on: Stage, others: Others, alice: Person, bob: Person, dave: Person
) -> None:
    before = len(posts(others.lab))
    others.answers.clear()
    stuck = [await asked(alice, f"/foreman on=lab {UPTIME} {FEW}") for _ in range(5)]
    await on.slack.until(lambda: len(posts(others.lab)) >= before + 4, WAIT)
    name = await asked(alice, f"/foreman on=prod {UPTIME} {FEW}")
    await approved(on, name)
    await bob.wait_for(f"{name} · Production: Run a Foreman job: succeeded", where="#results", timeout=WAIT)
    assert len(posts(others.lab)) == before + 4
    others.answers.set()
    for one in stuck:
        await dave.wait_for(f"{one} · Lab: Run a Foreman job: succeeded", where="#lab-results", timeout=WAIT)
    assert len(posts(others.lab)) == before + 5


async def test_what_runs_on_one_is_watched_while_the_other_is_away(
    on: Stage, others: Others, alice: Person, bob: Person, dave: Person
) -> None:
    others.lab.speed = 1.0
    far = await asked(alice, f"/foreman on=lab {UPTIME} {FEW}")
    await reads(await card(dave, far, where="#lab-approvals"), "Running", on=on)
    others.lab.faults.append(Fault("status", status=503, times=None))
    near = await asked(alice, f"/foreman on=prod {UPTIME} {FEW}")
    await approved(on, near)
    await bob.wait_for(f"{near} · Production: Run a Foreman job: succeeded", where="#results", timeout=WAIT)
    assert dave.sees(far, where="#lab-results") is None
    on.clock.forward(timedelta(minutes=1))
    others.lab.faults.clear()
    await dave.wait_for(f"{far} · Lab: Run a Foreman job: succeeded", where="#lab-results", timeout=WAIT)


async def test_a_kind_that_is_not_configured_says_so(alice: Person) -> None:
    reply = await alice.command("/immybot", "#ops")
    assert reply.ephemeral == ["No immybot is configured here. An administrator can add one to the configuration."]
