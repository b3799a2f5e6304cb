"""An ambiguous time is asked about, answered by a button that tells the moment, and kept to."""

from datetime import UTC, datetime

import pytest

from playground.slack import Modal, Person
from playground.stage import Stage
from tests.scenarios.steps import WAIT, approved, opened, previewed, reads, sent, so, told, turned

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMAND = '/foreman template="Run Command - Script Default" hosts="os = Debian" because=so'


def jobs(on: Stage) -> int:
    """How many jobs Foreman was asked for."""
    return len(on.foreman.received("POST", "/api/job_invocations"))


async def asked_about(alice: Person, when: str, question: str) -> Modal:
    """A form whose time is in doubt."""
    modal = await opened(alice, f'{COMMAND} when="{when}"')
    assert question in modal.text, modal.text
    await modal.fill({"command": "id"})
    return modal


async def press(modal: Modal, meaning: str) -> None:
    """Choose a meaning, and wait until the form has taken it."""
    await modal.click(meaning)
    await modal.ws.until(lambda: meaning not in modal.buttons, WAIT)


async def test_the_run_is_at_the_hour_whose_button_was_pressed(on: Stage, alice: Person) -> None:
    before = jobs(on)
    modal = await asked_about(alice, "tomorrow at 9", "Is 'at 9' in the first or the second half of the day?")
    assert [b for b in modal.buttons if "2027" in b] == ["Tue 12 Jan 2027 09:00 CET", "Tue 12 Jan 2027 21:00 CET"]
    result = await modal.submit()
    assert "Is 'at 9'" in result.errors["When"], "nothing goes on while the time is in doubt"
    await press(modal, "Tue 12 Jan 2027 21:00 CET")
    await turned(modal, "Advanced", "Hosts at a time")
    await turned(modal, "Basics", "When")
    assert modal.value("When") == "tomorrow at 9"
    preview = await previewed(modal)
    assert "Tue 12 Jan 2027 21:00 CET" in preview.text
    card = await approved(on, await sent(preview))
    on.clock.jump_to(on.clock.now().replace(day=12, hour=8, minute=1))
    await reads(card, "21:00", on=on)
    on.clock.jump_to(on.clock.now().replace(hour=19, minute=59))
    if jobs(on) > before:
        held = on.foreman.received("POST", "/api/job_invocations")[-1].body["job_invocation"]
        assert "2027-01-12T20:00:00" in held["scheduling"]["start_at"], "Foreman may hold it, but not start it"
    assert "Succeeded" not in card.text
    on.clock.jump_to(on.clock.now().replace(hour=20, minute=0, second=5))
    await reads(card, "Succeeded", on=on)
    assert jobs(on) == before + 1
    assert on.foreman.invocations[-1].start_at.isoformat().startswith("2027-01-12T20:00")


async def test_another_phrase_takes_the_answer_back(alice: Person) -> None:
    modal = await asked_about(alice, "tomorrow at 9", "Is 'at 9'")
    await press(modal, next(b for b in modal.buttons if "09:00" in b))
    await modal.fill({"When": "tomorrow at 8"})
    await modal.shows("Is 'at 8' in the first or the second half of the day?", WAIT)
    assert "Is 'at 8'" in (await modal.submit()).errors["When"]


async def test_a_series_is_told_from_a_day_by_a_button(on: Stage, alice: Person) -> None:
    modal = await asked_about(alice, "first sunday 03:00", "first sunday")
    (series,) = [b for b in modal.buttons if "every month" in b]
    await press(modal, series)
    preview = await previewed(modal)
    assert "every month on the 1st Sunday at 03:00" in preview.text
    card = await approved(on, await sent(preview))
    await reads(card, "waiting in the back end", on=on)
    on.clock.jump_to(datetime(2027, 2, 7, 2, 1, tzinfo=UTC))
    await alice.wait_for("run 1", where="#results", timeout=WAIT)
    await told(alice, "Cancel the series", card)
    await so(on, lambda: "Cancelled" in card.text)


async def test_the_form_says_who_will_hold_the_time(alice: Person) -> None:
    modal = await opened(alice, f'{COMMAND} when="every day at 06:00"')
    assert "Foreman holds this series with the cron line 0 6 * * * Europe/Berlin" in modal.text
    await modal.fill({"When": "every 2 weeks on wednesday at 03:00"})
    await modal.shows("Nightshift holds", WAIT)
    assert "cron line" not in modal.text


async def test_the_profile_settles_what_it_can_and_the_form_says_so(on: Stage, alice: Person) -> None:
    on.slack.admin.change_user("alice", locale="de-DE")
    await on.slack.heard()
    modal = await opened(alice, f'{COMMAND} when="tomorrow at 9"')
    await modal.shows("09:00 was read on the 24-hour clock, as is usual for you.", WAIT)
    assert not [b for b in modal.buttons if "CET" in b]
    await modal.fill({"When": "12/11/2027 21:00"})
    await modal.shows("Which is the day and which the month?", WAIT)
