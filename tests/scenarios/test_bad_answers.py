"""A back end that answers badly, or not at all: the form says which, in words, and nothing that was typed is lost."""

from datetime import timedelta
from typing import Any

import pytest

from playground.sandbox import Fault
from playground.slack import Modal, Person
from playground.stage import Stage
from tests.scenarios.steps import RESTART, WAIT, approved, opened, previewed, reads, sent

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """
[backends.foreman.down]
title = "Foreman (moved)"
url = "http://127.0.0.1:9"
username = "nightshift"
password = "env:SANDBOX_FOREMAN_PASSWORD"
"""

TYPED = {"Hosts": "os = RedHat", "When": "now", "Why": "patch"}
VALIDATION = {"error": {"message": "Validation failed: Description can't be blank"}}

BAD = [
    pytest.param(
        Fault("status", status=401, body={"error": {"message": "Unable to authenticate user nightshift"}}, times=None),
        "did not accept the bot's credentials (401): Unable to authenticate user nightshift",
        id="401",
    ),
    pytest.param(Fault("status", status=401, times=None), "did not accept the bot's credentials (401)", id="empty 401"),
    pytest.param(
        Fault(
            "status",
            status=403,
            body={"error": {"message": "Access denied", "details": "Missing one of the required permissions"}},
            times=None,
        ),
        "does not permit this to the bot's account (403)",
        id="403",
    ),
    pytest.param(Fault("status", status=404, body={"error": {"message": "Resource not found"}}, times=None),
                 "Resource not found", id="404"),
    pytest.param(Fault("status", status=500, body=VALIDATION, times=None), "Description can't be blank", id="500"),
    pytest.param(Fault("status", status=503, body=None, times=None), "failed (503)", id="503"),
    pytest.param(Fault("html", status=502, times=None), "failed (502)", id="HTML with an error status"),
    pytest.param(Fault("html", status=200, times=None), "answered with text/html", id="HTML with 200"),
    pytest.param(Fault("status", status=200, body="surprise", times=None), "foreman.main", id="a wrong type"),
    pytest.param(Fault("cut", times=None), "The connection to foreman.main was lost", id="cut"),
]  # fmt: skip


def kept(modal: Modal) -> dict[str, object]:
    """What stands in the fields that were filled in."""
    return {label: modal.value(label) for label in TYPED}


def said(row: dict[str, Any]) -> str:
    """The words of a choice, on both of its lines."""
    return " ".join(row[line]["text"] for line in ("text", "description") if line in row)


@pytest.mark.parametrize(("fault", "words"), BAD)
async def test_while_searching_a_row_says_what_is_wrong(on: Stage, alice: Person, fault: Fault, words: str) -> None:
    modal = await opened(alice, '/foreman system=main hosts="os = RedHat" when=now because=patch')
    on.foreman.faults.append(fault)
    field = modal.field("Template")
    (row,) = await modal.options(field, "Service")
    assert words in said(row)
    await modal.enter(field, row)
    on.foreman.faults.clear()
    assert kept(modal) == TYPED
    result = await modal.submit()
    assert "Template" in result.errors, "picking the row that complains picks nothing"


@pytest.mark.parametrize(("fault", "words"), BAD)
async def test_at_the_preview_the_form_says_what_is_wrong_and_works_once_it_is_right_again(
    on: Stage, alice: Person, fault: Fault, words: str
) -> None:
    modal = await opened(alice, RESTART + " system=main")
    await modal.fill({"service": "nginx"})
    on.foreman.faults.append(fault)
    await modal.submit()
    await modal.shows(words, WAIT)
    assert "Traceback" not in modal.text
    if modal.depth > 1:
        await modal.close()
        await modal.shows(words, WAIT)
    on.foreman.faults.clear()
    assert kept(modal) == TYPED
    preview = await previewed(modal)
    assert '"service": "nginx"' in preview.text
    assert on.foreman.received("POST", "/api/job_invocations") == []


async def test_while_the_template_is_asked_for_its_inputs(on: Stage, alice: Person) -> None:
    modal = await opened(alice, '/foreman system=main hosts="os = RedHat" when=now because=patch')
    on.foreman.faults.append(Fault("html", "/api/job_templates/192|/192/template_inputs", status=502, times=None))
    await modal.pick("Template", "Power Action - Script Default")
    await modal.shows("failed (502)", WAIT)
    assert kept(modal) == TYPED
    on.foreman.faults.clear()
    await modal.pick("Template", "Power Action - Script Default")
    await modal.appears("action")
    assert kept(modal) == TYPED


async def test_what_cannot_be_reached_says_so_and_the_other_works(on: Stage, alice: Person) -> None:
    modal = await opened(alice, '/foreman system=down hosts="os = RedHat" when=now because=patch')
    assert modal.value("System") == "Foreman (moved)"
    (row,) = await modal.options(modal.field("Template"), "Service")
    assert said(row).startswith("foreman.down cannot be reached at http://127.0.0.1:9")
    await modal.fill({"System": "Foreman"})
    await modal.pick("Template", "Service Action - Script Default")
    await modal.fill({"service": "nginx"})
    assert kept(modal) == TYPED
    card = await approved(on, await sent(await previewed(modal)))
    await reads(card, "Succeeded", on=on)


async def test_arguments_that_cannot_be_looked_up_are_said_and_the_rest_is_filled_in(on: Stage, alice: Person) -> None:
    on.clock.forward(timedelta(minutes=1))  # What was searched for a moment ago would be known still.
    on.foreman.faults.append(Fault("html", status=502, times=None))
    modal = await opened(alice, RESTART + " system=main")
    assert "failed (502)" in modal.text
    on.foreman.faults.clear()
    assert kept(modal) == TYPED
