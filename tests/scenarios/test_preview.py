"""The preview shows what would be sent; errors appear under their fields."""

import json

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Person
from tests.scenarios.steps import (
    RESTART_COMMAND,
    WAIT_SECONDS,
    confirm_request,
    eventually,
    exact_request,
    go_to_page,
    job_requests,
    open_form,
    press_preview,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"
COMMAND = '/foreman template="Run Command - Script Default"'


def body_in(text: str) -> dict[str, object]:
    """The request body in the pages of an exact request, read back."""
    found: dict[str, object] = json.loads(text[text.index("{\n") : text.rindex("}") + 1])
    return found


async def test_the_preview_says_what_would_happen(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, f'{COMMAND} hosts="os = RedHat" when="2027-02-01 03:00" because="disk is full"')
    await modal.fill({"command": "df -h"})
    preview = await press_preview(modal)
    names = [host.name for host in env.foreman.state.find_hosts("os = RedHat")]
    shown = [name for name in names if name in preview.text]
    assert f"{len(names)} hosts" in preview.text
    assert len(shown) == 5
    assert f"+ {len(names) - 5} more" in preview.text
    assert "Mon 01 Feb 2027, 03:00 CET" in preview.text
    # It is the time of her own zone, so it is said once.
    assert "your time" not in preview.text
    assert "Needs 1 of @sre" in preview.text
    assert "This will notify 2 people." in preview.text
    assert "disk is full" in preview.text


async def test_it_shows_the_exact_body_that_is_sent(env: Environment, alice: Person, bob: Person) -> None:
    modal = await open_form(alice, f'{COMMAND} hosts="name ~ web" when="2027-02-01 03:00" because=so')
    await modal.fill({"command": "df -h"})
    preview = await press_preview(modal)
    shown = body_in(await exact_request(preview))
    name = await confirm_request(preview)
    assert job_requests(env) == []
    await bob.click("Approve", await bob.wait_for(f"{name} ·", where="#approvals"))
    await eventually(env, lambda: job_requests(env))
    (call,) = job_requests(env)
    token = call.body["job_invocation"]["description_format"].split("]")[0].removeprefix("[")
    assert token.startswith("ns-")
    assert call.body == json.loads(json.dumps(shown).replace("ns-made-at-the-start", token))


async def test_a_query_that_matches_no_host_is_an_error_under_the_query(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, f'{COMMAND} hosts="name = nowhere.example.com" when=now because=so')
    await modal.fill({"command": "id"})
    result = await modal.submit()
    assert list(result.errors) == ["Where"]
    assert "matches no host" in result.errors["Where"]


async def test_a_query_that_foreman_rejects_shows_foremans_error_under_the_field(alice: Person) -> None:
    modal = await open_form(alice, f'{COMMAND} hosts="colour = green" when=now because=so')
    await modal.fill({"command": "id"})
    result = await modal.submit()
    assert list(result.errors) == ["Where"]
    assert "colour" in result.errors["Where"]


async def test_a_time_that_is_not_understood_is_an_error_under_when(alice: Person) -> None:
    modal = await open_form(alice, f'{COMMAND} hosts="os = Debian" when="when pigs fly" because=so')
    await modal.fill({"command": "id"})
    result = await modal.submit()
    assert list(result.errors) == ["When"]
    assert "was not understood" in result.errors["When"]


async def test_an_error_on_another_page_brings_that_page_to_the_front(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, f'{COMMAND} hosts="os = Debian" when=now because=so')
    await modal.fill({"command": "id"})
    await go_to_page(modal, "Foreman's own timing", "Cron line")
    await modal.fill({"Cron line": "foo"})
    await go_to_page(modal, "Basics", "command")
    await modal.submit()
    await eventually(env, lambda: "Cron line" in modal.labels)
    assert modal.value("Cron line") == "foo"
    assert "⚠️ " in modal.text


async def test_nothing_is_sent_for_a_number_that_is_none(alice: Person) -> None:
    modal = await open_form(alice, f'{COMMAND} hosts="os = Debian" when=now because=so')
    await modal.fill({"command": "id"})
    await go_to_page(modal, "Advanced", "Hosts at a time")
    await modal.fill({"Hosts at a time": "many"})
    result = await modal.submit()
    assert list(result.errors) == ["Hosts at a time"]


async def test_going_back_and_changing_something_makes_a_new_preview(alice: Person) -> None:
    modal = await open_form(alice, RESTART_COMMAND)
    await modal.fill({"service": "nginx"})
    preview = await press_preview(modal)
    assert '"service": "nginx"' in await exact_request(preview)
    await preview.close()
    assert modal.value("service") == "nginx"
    await modal.fill({"service": "httpd"})
    preview = await press_preview(modal)
    assert '"service": "httpd"' in await exact_request(preview)


async def test_a_slow_back_end_is_waited_for_in_sight(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, RESTART_COMMAND)
    await modal.fill({"service": "nginx"})
    env.foreman.faults.append(Fault("slow", "/api/hosts", seconds=2.3))
    result = await modal.submit()
    assert result.error == ""
    assert "Checking what this would do" in modal.text
    await modal.wait_for_text("Needs 1 of @sre", WAIT_SECONDS)
    await confirm_request(modal)


async def test_an_error_is_shown_even_if_the_back_end_was_slow(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, f'{COMMAND} hosts="name = nowhere.example.com" when=now because=so')
    await modal.fill({"command": "id"})
    env.foreman.faults.append(Fault("slow", "/api/hosts", seconds=2.3))
    await modal.submit()
    await modal.wait_for_text("This does not work yet", WAIT_SECONDS)
    assert "matches no host" in modal.text
    await modal.close()
    await modal.wait_for_text("matches no host", WAIT_SECONDS)
    assert modal.value("command") == "id"
