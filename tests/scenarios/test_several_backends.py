"""Several back ends of a kind: two Foremans and an OpsRamp tenant for each customer. Each has its own name,
credentials, channels and limits, and one that is down or misconfigured does not affect the others."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs

from bot.clock import ShiftedClock
from bot.errors import Unauthorized
from playground.environment import Environment, run_bot, run_environment
from playground.foreman import ForemanSandbox
from playground.opsramp import OpsRampSandbox
from playground.opsramp.world import OTHER_CLIENT
from playground.sandbox import Fault, Handler, Sandbox
from playground.server import serve
from playground.slack import Modal, Person
from tests.scenarios.conftest import Log
from tests.scenarios.several_backends import CONFIG, POLICY, rename_backends
from tests.scenarios.steps import (
    JOBS_PATH,
    WAIT_SECONDS,
    approve_request,
    click_for_reply,
    confirm_request,
    exact_request,
    find_card,
    find_outcome,
    go_to_page,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMAND = "Run Command - Script Default"
UPTIME = f'template="{COMMAND}" inputs.command=uptime when=now because=check'
FEW, MANY = 'hosts="os = RedHat and hostgroup = web"', 'hosts="os = Debian or os = RedHat"'


@dataclass
class ExtraSandboxes:
    """The sandboxes in addition to the environment's own."""

    lab: ForemanSandbox
    fabrikam: OpsRampSandbox
    answers: asyncio.Event
    """While it is not set, the lab accepts jobs and does not answer."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def extra_sandboxes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExtraSandboxes]:
    clock = ShiftedClock(tmp_path_factory.getbasetemp() / "several" / "clock")
    lab, fabrikam = ForemanSandbox(clock, hosts=12), OpsRampSandbox(clock)
    lab.users = {"labbot": "lab-secret"}
    # The same number is another template here.
    numbers = {COMMAND: 289, "Power Action - Script Default": 189}
    lab.state.world.templates = [replace(t, id=numbers.get(t.name, t.id)) for t in lab.state.world.templates]
    tenant = fabrikam.tenants[OTHER_CLIENT]
    job = deepcopy(fabrikam.job_by_name("Weekly AD checklist"))
    job["name"] = "Fabrikam checklist"
    job["entities"] = [{"resource": {"id": d, "type": "DEVICE"}} for d in tenant.devices]
    tenant.jobs[job["id"]] = job
    answers = asyncio.Event()
    answers.set()

    @web.middleware
    async def stubborn(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "POST" and request.path == JOBS_PATH:
            await answers.wait()
        return await handler(request)

    lab.app.middlewares.append(stubborn)
    yield ExtraSandboxes(lab, fabrikam, answers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_env(
    extra_sandboxes: ExtraSandboxes, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Environment, Log]]:
    place = tmp_path_factory.getbasetemp() / "several"
    place.mkdir()
    with capture_logs() as log, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_PASSWORD", "lab-secret")
        patch.setenv("FABRIKAM_SECRET", "sandbox-secret")
        async with serve(extra_sandboxes.lab.app) as lab, serve(extra_sandboxes.fabrikam.app) as fabrikam:
            extra = CONFIG.format(lab=lab, fabrikam=fabrikam)
            async with run_environment(place, policy=POLICY, extra=extra) as env:
                for name in ("#lab-approvals", "#lab-results"):
                    env.slack.workspace.add_channel(name, ("alice", "bob", "dave", "nightshift"))
                rename_backends(env.config)
                async with run_bot(env, "http"):
                    yield env, log


@pytest.fixture(autouse=True)
def _clear_faults(extra_sandboxes: ExtraSandboxes) -> Iterator[None]:
    extra_sandboxes.lab.speed = 100.0
    yield
    extra_sandboxes.answers.set()
    extra_sandboxes.lab.faults.clear()
    extra_sandboxes.fabrikam.faults.clear()
    extra_sandboxes.lab.users = {"labbot": "lab-secret"}


@pytest.fixture
def dave(env: Environment) -> Person:
    """The owner of the lab."""
    return env.slack.person("dave")


def job_posts(sandbox: Sandbox) -> list[Any]:
    """The bodies of the requests for a job."""
    return [received.body for received in sandbox.requests_to("POST", JOBS_PATH)]


def logins(sandbox: Sandbox) -> set[str]:
    """The accounts that have signed in."""
    told = {received.headers.get("Authorization", "") for received in sandbox.received_requests}
    return {base64.b64decode(header.removeprefix("Basic ")).decode() for header in told if header}


async def choose_backend(modal: Modal, title: str) -> None:
    """Choose a system and wait until the form is that system's."""
    before = modal.container.content["private_metadata"]
    await modal.fill({"System": title})
    await modal.ws.wait_until(lambda: modal.container.content["private_metadata"] != before, WAIT_SECONDS)


async def test_the_form_offers_each_by_its_title(alice: Person) -> None:
    modal = await open_form(alice, "/foreman")
    assert modal.option_texts("System") == ["Production", "Lab"]
    assert modal.value("System") == "Production"
    await modal.close()
    modal = await open_form(alice, "/opsramp run")
    assert modal.option_texts("System") == ["Contoso", "Fabrikam"]


@pytest.mark.parametrize("word", ["lab", "Lab", "foreman.lab"])
async def test_a_word_after_the_command_chooses_one(alice: Person, word: str) -> None:
    assert (await open_form(alice, f"/foreman on={word} when=now")).value("System") == "Lab"


async def test_a_name_of_another_kind_is_not_taken(alice: Person) -> None:
    modal = await open_form(alice, "/opsramp run on=lab")
    assert modal.value("System") == "Contoso"
    assert "There is no system named lab. There is: contoso, fabrikam." in modal.text


async def test_what_was_picked_on_one_is_not_asked_of_another(alice: Person) -> None:
    modal = await open_form(alice, f"/foreman {UPTIME} {FEW}")
    assert modal.value("Template") == COMMAND
    await choose_backend(modal, "Lab")
    assert modal.value("System") == "Lab"
    assert modal.value("Template") is None
    assert "command" not in modal.labels
    kept = {label: modal.value(label) for label in ("Where", "When", "Why")}
    assert kept == {"Where": "os = RedHat and hostgroup = web", "When": "now", "Why": "check"}
    await modal.pick("Template", COMMAND)
    await modal.fill({"command": "uptime"})
    assert '"job_template_id": 289' in await exact_request(await press_preview(modal))


async def test_secrets_are_each_ones_own(alice: Person) -> None:
    modal = await open_form(alice, "/foreman")
    await go_to_page(modal, "Advanced", "SSH password")
    await modal.wait_for_field("SSH password")
    assert modal.option_texts("SSH password") == ["sudo"]
    await go_to_page(modal, "Basics", "When")
    await choose_backend(modal, "Lab")
    await go_to_page(modal, "Advanced", "SSH password")
    assert modal.option_texts("SSH password") == ["lab-root"]


async def test_a_request_goes_to_the_chosen_one_alone_under_its_own_name_account_and_channels(
    env: Environment, extra_sandboxes: ExtraSandboxes, alice: Person, bob: Person, dave: Person
) -> None:
    before = len(job_posts(env.foreman)), len(job_posts(extra_sandboxes.lab))
    name = await make_request(alice, f"/foreman on=lab {UPTIME} {MANY}")
    card = await find_card(dave, name, where="#lab-approvals")
    assert "· Lab ·" in card.text
    assert bob.find_message(name, where="#approvals") is None
    assert "you are not one of them" in await click_for_reply(
        bob, "Approve", await find_card(bob, name, where="#lab-approvals")
    )
    assert "You approved" in await click_for_reply(dave, "Approve", card)
    outcome = await find_outcome(dave, name, where="#lab-results")
    assert "succeeded" in outcome.text
    await find_outcome(alice, name, where="dm")
    assert alice.find_message(name, where="#results") is None
    assert (len(job_posts(env.foreman)), len(job_posts(extra_sandboxes.lab))) == (before[0], before[1] + 1)
    assert job_posts(extra_sandboxes.lab)[-1]["job_invocation"]["job_template_id"] == 289
    assert logins(extra_sandboxes.lab) == {"labbot:lab-secret"}
    assert logins(env.foreman) <= {"nightshift:sandbox"}


async def test_the_other_keeps_the_common_channels(
    env: Environment, extra_sandboxes: ExtraSandboxes, alice: Person, bob: Person
) -> None:
    before = len(job_posts(extra_sandboxes.lab))
    name = await make_request(alice, f"/foreman on=prod {UPTIME} {FEW}")
    assert "· Production ·" in (await approve_request(env, name)).text
    await find_outcome(bob, name)
    assert bob.find_message(name, where="#lab-approvals") is None
    assert bob.find_message(name, where="#lab-results") is None
    assert len(job_posts(extra_sandboxes.lab)) == before


async def test_an_edit_that_moves_a_request_brings_it_before_the_other_ones_approvers(
    env: Environment, alice: Person, bob: Person, dave: Person
) -> None:
    name = await make_request(alice, f"/foreman on=prod {UPTIME} {MANY}")
    await alice.click("Edit", await find_card(alice, name))
    modal = await alice.modal(WAIT_SECONDS)
    await modal.wait_for_field("System")
    await choose_backend(modal, "Lab")
    await modal.pick("Template", COMMAND)
    await modal.fill({"command": "uptime"})
    await confirm_request(await press_preview(modal))
    card = await find_card(dave, name, where="#lab-approvals")
    assert "You approved" in await click_for_reply(dave, "Approve", card)
    await find_outcome(dave, name, where="#lab-results")


async def test_policy_tells_them_apart(env: Environment, alice: Person, dave: Person) -> None:
    modal = await open_form(dave, f"/foreman on=prod {UPTIME} {FEW}")
    result = await modal.submit()
    assert result.error == ""
    assert "Production is not yours, Dave" in modal.text
    await modal.close()
    name = await make_request(dave, f"/foreman on=lab {UPTIME} {FEW}")
    await find_outcome(dave, name, where="#lab-results")


async def test_only_what_a_person_may_use_is_offered(extra_sandboxes: ExtraSandboxes, dave: Person) -> None:
    modal = await open_form(dave, f"/foreman {UPTIME} {FEW}")
    assert "System" not in modal.labels
    preview = await press_preview(modal)
    assert '"job_template_id": 289' in await exact_request(preview)
    name = await confirm_request(preview)
    await find_outcome(dave, name, where="#lab-results")


async def test_each_customer_has_a_tenant_and_rules_of_their_own(
    env: Environment, extra_sandboxes: ExtraSandboxes, alice: Person, bob: Person
) -> None:
    modal = await open_form(alice, "/opsramp run when=now because=monthly")
    assert "Fabrikam checklist" not in await modal.search("Job", "checklist")
    await modal.pick("Job", "Weekly AD checklist")
    await choose_backend(modal, "Fabrikam")
    await modal.ws.wait_until(lambda: modal.value("Job") is None, WAIT_SECONDS)
    assert await modal.search("Job", "checklist") == ["Fabrikam checklist"]
    await modal.pick("Job", "Fabrikam checklist")
    name = await confirm_request(await press_preview(modal))
    card = await find_card(bob, name)
    assert "Run Fabrikam checklist on 5 devices" in card.text
    await click_for_reply(bob, "Approve", card)
    assert extra_sandboxes.fabrikam.runs == []
    await approve_request(env, name, by="carol")
    await find_outcome(bob, name)
    assert [run.tenant for run in extra_sandboxes.fabrikam.runs] == ["client_94"]
    assert env.opsramp.runs == []


async def test_limits_are_each_ones_own(env: Environment, extra_sandboxes: ExtraSandboxes, alice: Person) -> None:
    env.clock.advance(timedelta(minutes=30))
    extra_sandboxes.fabrikam.auth.rate_limits["get_paged"] = 0
    modal = await open_form(alice, "/opsramp run on=fabrikam")
    (answer,) = await modal.search("Job", "checklist")
    assert "opsramp.fabrikam" in answer
    assert "429" in answer or "limit" in answer
    await choose_backend(modal, "Contoso")
    assert await modal.search("Job", "checklist") == ["Weekly AD checklist"]
    extra_sandboxes.fabrikam.auth.rate_limits["get_paged"] = 50
    env.clock.advance(timedelta(minutes=2))


async def test_a_back_end_that_is_down_is_named_in_its_form_and_the_other_works(
    env: Environment, extra_sandboxes: ExtraSandboxes, alice: Person, bob: Person
) -> None:
    env.clock.advance(timedelta(minutes=1))  # Recent searches are cached.
    extra_sandboxes.lab.faults.append(Fault("status", status=503, body={"message": "maintenance"}, remaining=None))
    modal = await open_form(alice, f"/foreman on=lab {UPTIME} {FEW}")
    assert "foreman.lab failed (503): maintenance" in modal.text
    await choose_backend(modal, "Production")
    await modal.pick("Template", COMMAND)
    await modal.fill({"command": "uptime"})
    name = await confirm_request(await press_preview(modal))
    await approve_request(env, name)
    await find_outcome(bob, name)


async def test_wrong_credentials_of_one_are_reported_and_the_other_works(
    env: Environment, extra_sandboxes: ExtraSandboxes, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FABRIKAM_SECRET")
    extra_sandboxes.fabrikam.auth.revoke()
    extra_sandboxes.lab.users = {}
    modal = await open_form(alice, f"/foreman on=lab {UPTIME} {FEW}")
    assert "foreman.lab did not accept the bot's credentials (401)" in modal.text
    await modal.close()
    modal = await open_form(alice, f"/foreman {UPTIME} {FEW}")
    await press_preview(modal)
    await modal.close()
    assert env.bot is not None
    checks = {name: here.connection.check() for name, here in env.bot.services.backends.items()}
    results = await asyncio.gather(*checks.values(), return_exceptions=True)
    wrong = {name for name, result in zip(checks, results, strict=True) if isinstance(result, Unauthorized)}
    assert wrong == {"foreman.lab", "opsramp.fabrikam"}
    assert not [result for result in results if isinstance(result, Exception) and not isinstance(result, Unauthorized)]


async def test_calls_that_are_not_answered_keep_no_other_waiting(
    env: Environment, extra_sandboxes: ExtraSandboxes, alice: Person, bob: Person, dave: Person
) -> None:
    before = len(job_posts(extra_sandboxes.lab))
    extra_sandboxes.answers.clear()
    stuck = [await make_request(alice, f"/foreman on=lab {UPTIME} {FEW}") for _ in range(5)]
    await env.slack.wait_until(lambda: len(job_posts(extra_sandboxes.lab)) >= before + 4, WAIT_SECONDS)
    name = await make_request(alice, f"/foreman on=prod {UPTIME} {FEW}")
    await approve_request(env, name)
    await find_outcome(bob, name)
    assert len(job_posts(extra_sandboxes.lab)) == before + 4
    extra_sandboxes.answers.set()
    for one in stuck:
        await find_outcome(dave, one, where="#lab-results")
    assert len(job_posts(extra_sandboxes.lab)) == before + 5


async def test_what_runs_on_one_is_watched_while_the_other_is_away(
    env: Environment, extra_sandboxes: ExtraSandboxes, alice: Person, bob: Person, dave: Person
) -> None:
    extra_sandboxes.lab.speed = 1.0
    far = await make_request(alice, f"/foreman on=lab {UPTIME} {FEW}")
    await wait_for_texts(await find_card(dave, far, where="#lab-approvals"), "Running", env=env)
    extra_sandboxes.lab.faults.append(Fault("status", status=503, remaining=None))
    near = await make_request(alice, f"/foreman on=prod {UPTIME} {FEW}")
    await approve_request(env, near)
    await find_outcome(bob, near)
    assert dave.find_message(far, where="#lab-results") is None
    env.clock.advance(timedelta(minutes=1))
    extra_sandboxes.lab.faults.clear()
    await find_outcome(dave, far, where="#lab-results")


async def test_a_kind_that_is_not_configured_says_so(alice: Person) -> None:
    reply = await alice.command("/immybot", "#ops")
    assert reply.ephemeral_texts == [
        "No immybot is configured here. An administrator can add one to the configuration."
    ]
