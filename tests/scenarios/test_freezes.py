"""Freezes refuse requests or add approvers, and are checked again at each decision and start."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from playground.environment import Environment, run_bot, run_environment
from playground.server import serve
from playground.slack import Modal, Person
from tests.scenarios.conftest import START_TIME
from tests.scenarios.steps import (
    WAIT_SECONDS,
    approve_request,
    click_for_reply,
    confirm_request,
    find_card,
    find_outcome,
    job_requests,
    jobs_received,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

SCHEDULER = "backend"
LINE = '/foreman run template="Run Command - Script Default" hosts="name ~ web05" when="{}" because=patch'
EVENT = """BEGIN:VEVENT
UID:{title}
DTSTAMP:20270101T000000Z
SUMMARY:{title}
DTSTART:{start:%Y%m%dT%H%M%SZ}
DTEND:{end:%Y%m%dT%H%M%SZ}
END:VEVENT
"""
TUESDAY_NIGHT = datetime(2027, 1, 12, 21, 0, tzinfo=UTC)
POLICY = """
[policy]
approvers = ["@sre"]
drift = 100
"""


class Calendar:
    """A calendar on a web server that may stop answering."""

    def __init__(self) -> None:
        self.status = 200
        self.text = calendar()
        self.app = web.Application()
        self.app.router.add_get("/freezes.ics", self._get)

    async def _get(self, _: web.Request) -> web.Response:
        return web.Response(status=self.status, text=self.text, content_type="text/calendar")


def calendar(*events: tuple[str, datetime, datetime]) -> str:
    body = "".join(EVENT.format(title=title, start=start, end=end) for title, start, end in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//scenario//\n{body}END:VCALENDAR\n"


async def reload_calendars(env: Environment) -> None:
    """Make the bot read its calendars now."""
    assert env.bot is not None
    await env.bot.calendars.refresh()


async def advance_to(env: Environment, instant: datetime) -> None:
    """Move the clock to an instant; the bot reads its calendars shortly before."""
    env.clock.move_to(instant - timedelta(seconds=20))
    await reload_calendars(env)
    env.clock.move_to(instant + timedelta(seconds=5))


async def expect_refusal(who: Person, when: str, *texts: str) -> None:
    """Make a request that the form refuses with some texts."""
    form = await open_form(who, LINE.format(when))
    await form.fill({"command": "uptime"})
    await form.submit()
    await who.ws.wait_until(lambda: all(text in form.text for text in texts) or "[Ask for" in form.text, WAIT_SECONDS)
    assert all(text in form.text for text in texts), form.text
    await form.close(everything=True)


async def preview_form(who: Person, when: str) -> Modal:
    form = await open_form(who, LINE.format(when))
    await form.fill({"command": "uptime"})
    return await press_preview(form)


@pytest.fixture
async def env_with_calendars(tmp_path: Path) -> AsyncIterator[tuple[Environment, Calendar, Path]]:
    """An environment with two freezes: one from a web server, that refuses, and one from a file, with its own
    approvers."""
    site, file = Calendar(), tmp_path / "board.ics"
    file.write_text(calendar())
    async with serve(site.app) as url:
        policy = f"""{POLICY}
[[policy.freezes]]
name = "Company"
calendar = "{url}/freezes.ics"
events = ["*freeze*"]
max_age = "24h"

[[policy.freezes]]
name = "Board"
calendar = "{file}"
max_age = "100d"
effect = "ask"
approvers = ["@board"]
"""
        async with run_environment(tmp_path, policy=policy) as env:
            env.clock.move_to(START_TIME)
            env.foreman.speed = 100.0
            env.slack.admin.set_group("@board", ["dave"])
            env.slack.admin.add_to_channel("dave", "#approvals")
            yield env, site, file


async def test_a_calendar_that_stops_answering_counts_for_a_day_and_then_everything_is_frozen(
    env_with_calendars: tuple[Environment, Calendar, Path],
) -> None:
    env, site, _ = env_with_calendars
    alice = env.slack.person("alice")
    site.text = calendar(
        ("Winter freeze", TUESDAY_NIGHT, TUESDAY_NIGHT + timedelta(days=3)),
        ("Cake", START_TIME, START_TIME + timedelta(days=9)),
    )
    async with run_bot(env, "http"):
        await expect_refusal(alice, "2027-01-13 10:00", "It falls into the freeze “Company” (Winter freeze)")
        await (await preview_form(alice, "2027-01-12 10:00")).close()
        await (await alice.modal()).close()

        site.status = 503
        env.clock.advance(timedelta(hours=5))
        await reload_calendars(env)
        await expect_refusal(alice, "2027-01-13 10:00", "(Winter freeze)", "Its calendar was last read 5 hours ago.")

        env.clock.advance(timedelta(hours=20))
        await reload_calendars(env)
        everything = "was last read 1 day 1 hour ago; until it answers, everything counts as frozen"
        await expect_refusal(alice, "2027-01-20 10:00", "The calendar of the freeze “Company”", everything)

        site.status, site.text = 200, calendar()
        await reload_calendars(env)
        await make_request(alice, LINE.format("2027-01-13 10:00"), {"command": "uptime"})


async def test_a_freeze_that_came_after_the_approval_keeps_it_from_starting(
    env_with_calendars: tuple[Environment, Calendar, Path],
) -> None:
    env, site, file = env_with_calendars
    alice = env.slack.person("alice")
    async with run_bot(env, "http"):
        hard, soft = [
            (name, await approve_request(env, name))
            for name in [
                await make_request(alice, LINE.format(when), {"command": "uptime"})
                for when in ("2027-01-12 22:00", "2027-01-13 22:00")
            ]
        ]
        site.text = calendar(("Sudden freeze", TUESDAY_NIGHT, TUESDAY_NIGHT + timedelta(hours=2)))
        day = timedelta(days=1)
        file.write_text(calendar(("Audit", TUESDAY_NIGHT + day, TUESDAY_NIGHT + day + timedelta(hours=2))))
        await advance_to(env, TUESDAY_NIGHT)
        await wait_for_texts(hard[1], "Not started: It falls into the freeze “Company” (Sudden freeze)", env=env)
        assert "Not started" in (await find_outcome(alice, hard[0], "Not started")).text
        await advance_to(env, TUESDAY_NIGHT + day)
        await wait_for_texts(
            soft[1], "Not started: It falls into the freeze “Board” (Audit)", "needs 1 of @board", env=env
        )
        assert not job_requests(env)


async def test_a_freeze_that_came_after_the_asking_stops_the_approval_until_its_approvers_are_asked(
    env_with_calendars: tuple[Environment, Calendar, Path],
) -> None:
    env, site, file = env_with_calendars
    alice, bob, dave = (env.slack.person(name) for name in ("alice", "bob", "dave"))
    async with run_bot(env, "http"):
        name = await make_request(alice, LINE.format("2027-01-12 22:00"), {"command": "uptime"})
        card = await find_card(bob, name)
        site.text = calendar(("Sudden freeze", TUESDAY_NIGHT, TUESDAY_NIGHT + timedelta(hours=2)))
        await reload_calendars(env)
        answer = await click_for_reply(bob, "Approve", card)
        assert f"{name} cannot be approved now." in answer
        assert "the freeze “Company” (Sudden freeze)" in answer

        site.text = calendar()
        file.write_text(calendar(("Audit", TUESDAY_NIGHT, TUESDAY_NIGHT + timedelta(hours=2))))
        await reload_calendars(env)
        assert "needs 1 of @board. Edit the request" in await click_for_reply(bob, "Approve", card)
        await wait_for_texts(card, "Waiting for approval", "Needs 1 approval from @sre", env=env)

        # The content is unchanged; only its approvers have changed.
        await alice.click("Edit", card)
        form = await alice.modal()
        await env.slack.wait_until(lambda: "Loading…" not in form.text)
        preview = await press_preview(form)
        assert "1 of @sre, then 1 of @board" in preview.text
        assert await confirm_request(preview) == name
        await wait_for_texts(card, "the freeze Board", "Needs 1 approval from @sre, then", env=env)
        assert "It is not your turn yet" in await click_for_reply(dave, "Approve", card)
        await click_for_reply(bob, "Approve", card)
        await wait_for_texts(card, "Needs 1 more approval from @board", env=env)
        assert "You approved" in await click_for_reply(dave, "Approve", card)
        await advance_to(env, TUESDAY_NIGHT)
        # It starts during the freeze, since the freeze's approvers have agreed.
        await wait_for_texts(card, "Done", env=env)


async def test_runs_inside_a_freeze_are_left_out_even_if_the_back_end_could_keep_the_series(
    env_with_calendars: tuple[Environment, Calendar, Path],
) -> None:
    env, site, _ = env_with_calendars
    alice = env.slack.person("alice")
    site.text = calendar(("Short freeze", START_TIME + timedelta(days=1), START_TIME + timedelta(days=2)))
    async with run_bot(env, "http"):
        preview = await preview_form(alice, "every day at 06:00")
        assert "1 of the next 100 runs fall into the freeze “Company” (Short freeze)" in preview.text
        assert "They will be left out." in preview.text
        assert "because the freeze “Company” is looked at again then" in preview.text
        name = await confirm_request(preview)
        card = await approve_request(env, name)
        for day, word in ((12, "succeeded"), (13, "Missed"), (14, "succeeded")):
            number = day - 11
            await wait_for_texts(card, f"Run {number}: waiting for its time · ", f"{day} Jan, 06:00 CET", env=env)
            await advance_to(env, datetime(2027, 1, day, 5, 0, tzinfo=UTC))
            run = await find_outcome(alice, name, f"(run {number})")
            assert word in run.text
        assert jobs_received(env) == 2


async def test_a_calendar_that_never_answered_freezes_everything(
    env_with_calendars: tuple[Environment, Calendar, Path],
) -> None:
    env, site, _ = env_with_calendars
    site.status = 404
    async with run_bot(env, "http"):
        await expect_refusal(
            env.slack.person("alice"), "now", "was never read; until it answers, everything counts as frozen"
        )
