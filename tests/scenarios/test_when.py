"""An ambiguous time becomes a question, and the chosen instant is kept."""

from datetime import UTC, datetime

import pytest

from playground.environment import Environment
from playground.slack import Modal, Person
from tests.scenarios.steps import (
    RUN_COMMAND,
    WAIT_SECONDS,
    approve_request,
    click_for_reply,
    confirm_request,
    eventually,
    go_to_page,
    job_requests,
    jobs_received,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"


def jobs(env: Environment) -> int:
    """How many jobs Foreman was asked for."""
    return jobs_received(env)


async def open_ambiguous_form(alice: Person, when: str, question: str) -> Modal:
    """Open a form with an ambiguous time."""
    modal = await open_form(alice, f'{RUN_COMMAND} when="{when}"')
    assert question in modal.text, modal.text
    await modal.fill({"command": "id"})
    return modal


async def choose_meaning(modal: Modal, meaning: str) -> None:
    """Choose a meaning, and wait until the form shows it."""
    await modal.click(meaning)
    await modal.ws.wait_until(lambda: meaning not in modal.buttons, WAIT_SECONDS)


async def test_the_run_is_at_the_hour_whose_button_was_pressed(env: Environment, alice: Person) -> None:
    before = jobs(env)
    modal = await open_ambiguous_form(alice, "tomorrow at 9", "Is 'at 9' in the first or the second half of the day?")
    assert [b for b in modal.buttons if "2027" in b] == ["Tue 12 Jan 2027 09:00 CET", "Tue 12 Jan 2027 21:00 CET"]
    result = await modal.submit()
    assert "Is 'at 9'" in result.errors["When"], "nothing goes on while the time is in doubt"
    await choose_meaning(modal, "Tue 12 Jan 2027 21:00 CET")
    await go_to_page(modal, "Advanced", "Hosts at a time")
    await go_to_page(modal, "Basics", "When")
    assert modal.value("When") == "tomorrow at 9"
    preview = await press_preview(modal)
    assert "Tue 12 Jan 2027, 21:00 CET" in preview.text
    card = await approve_request(env, await confirm_request(preview))
    env.clock.move_to(env.clock.now().replace(day=12, hour=8, minute=1))
    await wait_for_texts(card, "21:00", env=env)
    env.clock.move_to(env.clock.now().replace(hour=19, minute=59))
    if jobs(env) > before:
        held = job_requests(env)[-1].body["job_invocation"]
        assert "2027-01-12T20:00:00" in held["scheduling"]["start_at"], "Foreman may hold it, but not start it"
    assert "Done" not in card.text
    env.clock.move_to(env.clock.now().replace(hour=20, minute=0, second=5))
    await wait_for_texts(card, "Done", env=env)
    assert jobs(env) == before + 1
    assert env.foreman.invocations[-1].start_at.isoformat().startswith("2027-01-12T20:00")


async def test_another_phrase_takes_the_answer_back(alice: Person) -> None:
    modal = await open_ambiguous_form(alice, "tomorrow at 9", "Is 'at 9'")
    await choose_meaning(modal, next(b for b in modal.buttons if "09:00" in b))
    await modal.fill({"When": "tomorrow at 8"})
    await modal.wait_for_text("Is 'at 8' in the first or the second half of the day?", WAIT_SECONDS)
    assert "Is 'at 8'" in (await modal.submit()).errors["When"]


async def test_a_button_distinguishes_a_series_from_a_day(env: Environment, alice: Person) -> None:
    modal = await open_ambiguous_form(alice, "first sunday 03:00", "first sunday")
    (series,) = [b for b in modal.buttons if "every month" in b]
    await choose_meaning(modal, series)
    preview = await press_preview(modal)
    assert "every month on the 1st Sunday at 03:00" in preview.text
    card = await approve_request(env, await confirm_request(preview))
    await wait_for_texts(card, "Run 1: waiting for its time", env=env)
    env.clock.move_to(datetime(2027, 2, 7, 2, 1, tzinfo=UTC))
    await alice.wait_for("run 1", where="#results")
    await click_for_reply(alice, "Cancel the series", card)
    await eventually(env, lambda: "Cancelled" in card.text)


async def test_the_form_says_who_will_hold_the_time(alice: Person) -> None:
    modal = await open_form(alice, f'{RUN_COMMAND} when="every day at 06:00"')
    assert "Foreman holds this series with the cron line 0 6 * * * Europe/Berlin" in modal.text
    await modal.fill({"When": "every 2 weeks on wednesday at 03:00"})
    await modal.wait_for_text("Nightshift holds", WAIT_SECONDS)
    assert "cron line" not in modal.text


async def test_the_profile_settles_what_it_can_and_the_form_says_so(env: Environment, alice: Person) -> None:
    env.slack.admin.change_user("alice", locale="de-DE")
    await env.slack.wait_for_events()
    # Slack reports the change without the language; whoever acts is looked up again after five minutes, as if by this.
    assert env.bot is not None
    env.bot.directory.invalidate_user(alice.id)
    modal = await open_form(alice, f'{RUN_COMMAND} when="tomorrow at 9"')
    await modal.wait_for_text("09:00 was read on the 24-hour clock, as is usual for you.", WAIT_SECONDS)
    assert not [b for b in modal.buttons if "CET" in b]
    await modal.fill({"When": "12/11/2027 21:00"})
    await modal.wait_for_text("Which is the day and which the month?", WAIT_SECONDS)


async def test_a_missing_hour_is_picked_as_any_time_of_day(env: Environment, alice: Person) -> None:
    modal = await open_ambiguous_form(alice, "15 march for 2 hours", "At what time?")
    await modal.pick("Another time", "22:15")
    await modal.wait_for_text("Mon 15 Mar 2027 22:15 to Tue 16 Mar 2027 00:15 CET", WAIT_SECONDS)
    assert modal.value("When") == "15 march for 2 hours"
    await confirm_request(await press_preview(modal))
    usual = await open_ambiguous_form(alice, "18 march", "At what time?")
    assert "Thu 18 Mar 2027 22:15 CET" in usual.buttons, usual.buttons
    assert "Thu 18 Mar 2027 09:00 CET" not in usual.buttons


async def test_a_picked_time_that_does_not_exist_is_asked_about_in_turn(env: Environment, alice: Person) -> None:
    modal = await open_ambiguous_form(alice, "28 march 2027", "At what time?")
    await modal.pick("Another time", "02:30")
    await modal.wait_for_text("02:30 does not exist on 28 March 2027", WAIT_SECONDS)
    await choose_meaning(modal, "Sun 28 Mar 2027 03:30 CEST")
    assert "03:30 CEST" in modal.text
