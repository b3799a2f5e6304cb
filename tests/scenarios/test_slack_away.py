"""Slack does not answer while somebody resolves or edits a request: nothing is decided, and they read what to do."""

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Message, Person
from tests.scenarios.steps import (
    JOBS_PATH,
    approve_request,
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    job_requests,
    make_request,
    open_edit,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHAT_TO_DO = "nothing was changed. Please press the button again in a minute."


async def unknown(env: Environment, alice: Person) -> tuple[str, Message, str]:
    """A request whose call got lost, and a job that fits it. Returns its name, its card and the id of the job."""
    name = await make_request(alice)
    env.foreman.faults.append(Fault("cut", f"{JOBS_PATH}$", "POST"))
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", env=env)
    given = {**job_requests(env)[-1].body["job_invocation"], "description_format": "By hand"}
    return name, card, str(env.foreman.start_job(given).id)


@pytest.mark.parametrize("fault", ["status", "cut"])
async def test_a_view_that_slack_does_not_open_changes_nothing(
    env: Environment, alice: Person, bob: Person, fault: str
) -> None:
    name, card, job = await unknown(env, alice)
    if fault == "status":
        env.slack.faults.fail_with_status("views.open", times=None)
    else:
        env.slack.faults.drop_connection("views.open", times=None)
    assert WHAT_TO_DO in await click_for_reply(bob, "It ran", card)
    env.slack.faults.clear()
    assert "Outcome unknown" in card.text
    await bob.click("It ran", card)
    offer = await bob.modal()
    await eventually(env, lambda: offer.labels, lambda: offer.text)
    await offer.fill({f"Which of them is {name}?": f"{job} · By hand"})
    await offer.submit()
    await eventually(env, lambda: f"{name} is watched as {job}" in offer.text, lambda: offer.text)
    await offer.close(everything=True)


async def test_an_edit_form_that_slack_does_not_open_changes_nothing(
    env: Environment, alice: Person, bob: Person
) -> None:
    name = await make_request(alice)
    card = await find_card(bob, name)
    env.slack.faults.fail_with_code("views.open", "internal_error", times=None)
    assert WHAT_TO_DO in await click_for_reply(alice, "Edit", card)
    env.slack.faults.clear()
    form = await open_edit(alice, card)
    await form.fill({"service": "apache2"})
    assert await confirm_request(await press_preview(form)) == name
    await wait_for_texts(card, "apache2", env=env)
