"""A back end with bad answers or none: the form names it, and no input is lost."""

from datetime import timedelta
from typing import Any

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Modal, Person
from tests.scenarios.steps import (
    RESTART_COMMAND,
    WAIT_SECONDS,
    approve_request,
    confirm_request,
    exact_request,
    job_requests,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """
[backends.foreman.down]
title = "Foreman (moved)"
url = "http://127.0.0.1:9"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
"""

TYPED = {"Where": "os = RedHat", "When": "now", "Why": "patch"}
VALIDATION = {"error": {"message": "Validation failed: Description can't be blank"}}

BAD = [
    pytest.param(
        Fault("status", status=401, body={"error": {"message": "Unable to authenticate user nightshift"}},
              remaining=None),
        "did not accept the bot's credentials (401): Unable to authenticate user nightshift",
        id="401",
    ),
    pytest.param(Fault("status", status=401, remaining=None),
                 "did not accept the bot's credentials (401)", id="empty 401"),
    pytest.param(
        Fault(
            "status",
            status=403,
            body={"error": {"message": "Access denied", "details": "Missing one of the required permissions"}},
            remaining=None,
        ),
        "does not permit this to the bot's account (403)",
        id="403",
    ),
    pytest.param(Fault("status", status=404, body={"error": {"message": "Resource not found"}}, remaining=None),
                 "Resource not found", id="404"),
    pytest.param(Fault("status", status=500, body=VALIDATION, remaining=None), "Description can't be blank", id="500"),
    pytest.param(Fault("status", status=503, body=None, remaining=None), "failed (503)", id="503"),
    pytest.param(Fault("html", status=502, remaining=None), "failed (502)", id="HTML with an error status"),
    pytest.param(Fault("html", status=200, remaining=None), "answered with text/html", id="HTML with 200"),
    pytest.param(Fault("status", status=200, body="surprise", remaining=None), "foreman.main", id="a wrong type"),
    pytest.param(Fault("cut", remaining=None), "The connection to foreman.main was lost", id="cut"),
]  # fmt: skip


def kept_values(modal: Modal) -> dict[str, object]:
    """The values of the fields that were filled in."""
    return {label: modal.value(label) for label in TYPED}


def row_text(row: dict[str, Any]) -> str:
    """The words of a choice, on both of its lines."""
    return " ".join(row[line]["text"] for line in ("text", "description") if line in row)


@pytest.mark.parametrize(("fault", "words"), BAD)
async def test_a_search_shows_an_error_as_a_row(env: Environment, alice: Person, fault: Fault, words: str) -> None:
    modal = await open_form(alice, '/foreman system=main hosts="os = RedHat" when=now because=patch')
    env.foreman.faults.append(fault)
    field = modal.field("Template")
    (row,) = await modal.options(field, "Service")
    assert words in row_text(row)
    await modal.set_value(field, row)
    env.foreman.faults.clear()
    assert kept_values(modal) == TYPED
    result = await modal.submit()
    assert "Template" in result.errors, "picking the row that complains picks nothing"


@pytest.mark.parametrize(("fault", "words"), BAD)
async def test_the_preview_shows_an_error_and_works_once_it_is_corrected(
    env: Environment, alice: Person, fault: Fault, words: str
) -> None:
    modal = await open_form(alice, RESTART_COMMAND + " system=main")
    await modal.fill({"service": "nginx"})
    env.foreman.faults.append(fault)
    await modal.submit()
    await modal.wait_for_text(words, WAIT_SECONDS)
    assert "Traceback" not in modal.text
    if modal.depth > 1:
        await modal.close()
        await modal.wait_for_text(words, WAIT_SECONDS)
    env.foreman.faults.clear()
    assert kept_values(modal) == TYPED
    preview = await press_preview(modal)
    assert '"service": "nginx"' in await exact_request(preview)
    assert job_requests(env) == []


async def test_while_the_template_is_asked_for_its_inputs(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, '/foreman system=main hosts="os = RedHat" when=now because=patch')
    env.foreman.faults.append(Fault("html", "/api/job_templates/192|/192/template_inputs", status=502, remaining=None))
    await modal.pick("Template", "Power Action - Script Default")
    await modal.wait_for_text("failed (502)", WAIT_SECONDS)
    assert kept_values(modal) == TYPED
    env.foreman.faults.clear()
    await modal.pick("Template", "Power Action - Script Default")
    await modal.wait_for_field("action")
    assert kept_values(modal) == TYPED


async def test_what_cannot_be_reached_says_so_and_the_other_works(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, '/foreman system=down hosts="os = RedHat" when=now because=patch')
    assert modal.value("System") == "Foreman (moved)"
    (row,) = await modal.options(modal.field("Template"), "Service")
    assert row_text(row).startswith("foreman.down cannot be reached at http://127.0.0.1:9")
    await modal.fill({"System": "Foreman"})
    await modal.pick("Template", "Service Action - Script Default")
    await modal.fill({"service": "nginx"})
    assert kept_values(modal) == TYPED
    card = await approve_request(env, await confirm_request(await press_preview(modal)))
    await wait_for_texts(card, "Done", env=env)


async def test_arguments_that_cannot_be_looked_up_are_reported_and_the_rest_is_filled_in(
    env: Environment, alice: Person
) -> None:
    env.clock.advance(timedelta(minutes=1))  # Recent searches are cached.
    env.foreman.faults.append(Fault("html", status=502, remaining=None))
    modal = await open_form(alice, RESTART_COMMAND + " system=main")
    assert "failed (502)" in modal.text
    env.foreman.faults.clear()
    assert kept_values(modal) == TYPED
