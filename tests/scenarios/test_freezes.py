"""Freezes: refused or with approvers of their own, and looked at again when it is decided and when it starts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from playground.server import serve
from playground.slack import Message, Modal, Person
from playground.stage import Stage, bot_inside, stage
from tests.scenarios.conftest import MORNING
from tests.scenarios.steps import WAIT, approved, asked, card, opened, previewed, reads, sent, told

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


async def again(on: Stage) -> None:
    """The bot's regular look at its calendars, now."""
    assert on.bot is not None
    await on.bot.calendars.read()


async def to(on: Stage, instant: datetime) -> None:
    """Let time pass until an instant; the bot has looked at its calendars shortly before."""
    on.clock.jump_to(instant - timedelta(seconds=20))
    await again(on)
    on.clock.jump_to(instant + timedelta(seconds=5))


async def refused(who: Person, when: str, *texts: str) -> None:
    """Ask for something that is refused in the form with some texts."""
    form = await opened(who, LINE.format(when))
    await form.fill({"command": "uptime"})
    await form.submit()
    await who.ws.until(lambda: all(text in form.text for text in texts) or "[Ask for" in form.text, WAIT)
    assert all(text in form.text for text in texts), form.text
    await form.close(everything=True)


async def previewing(who: Person, when: str) -> Modal:
    form = await opened(who, LINE.format(when))
    await form.fill({"command": "uptime"})
    return await previewed(form)


async def outcome(who: Person, name: str) -> Message:
    return await who.wait_for(f"{name} ·", where="#results", timeout=WAIT)


@pytest.fixture
async def calendars(tmp_path: Path) -> AsyncIterator[tuple[Stage, Calendar, Path]]:
    """A stage with two freezes: one from a web server, that refuses, and one from a file, with its own approvers."""
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
        async with stage(tmp_path, policy=policy) as on:
            on.clock.jump_to(MORNING)
            on.foreman.speed = 100.0
            on.slack.admin.set_group("@board", ["dave"])
            on.slack.admin.invite("dave", "#approvals")
            yield on, site, file


async def test_a_calendar_that_stops_answering_counts_for_a_day_and_then_everything_is_frozen(
    calendars: tuple[Stage, Calendar, Path],
) -> None:
    on, site, _ = calendars
    alice = on.slack.person("alice")
    site.text = calendar(
        ("Winter freeze", TUESDAY_NIGHT, TUESDAY_NIGHT + timedelta(days=3)),
        ("Cake", MORNING, MORNING + timedelta(days=9)),
    )
    async with bot_inside(on, "http"):
        await refused(alice, "2027-01-13 10:00", "It falls into the freeze “Company” (Winter freeze)")
        await (await previewing(alice, "2027-01-12 10:00")).close()
        await (await alice.modal()).close()

        site.status = 503
        on.clock.forward(timedelta(hours=5))
        await again(on)
        await refused(alice, "2027-01-13 10:00", "(Winter freeze)", "Its calendar was last read 5 hours ago.")

        on.clock.forward(timedelta(hours=20))
        await again(on)
        everything = "was last read 1 day 1 hour ago; until it answers, everything counts as frozen"
        await refused(alice, "2027-01-20 10:00", "The calendar of the freeze “Company”", everything)

        site.status, site.text = 200, calendar()
        await again(on)
        await asked(alice, LINE.format("2027-01-13 10:00"), {"command": "uptime"})


async def test_a_freeze_that_came_after_the_approval_keeps_it_from_starting(
    calendars: tuple[Stage, Calendar, Path],
) -> None:
    on, site, file = calendars
    alice = on.slack.person("alice")
    async with bot_inside(on, "http"):
        hard, soft = [
            (name, await approved(on, name))
            for name in [
                await asked(alice, LINE.format(when), {"command": "uptime"})
                for when in ("2027-01-12 22:00", "2027-01-13 22:00")
            ]
        ]
        site.text = calendar(("Sudden freeze", TUESDAY_NIGHT, TUESDAY_NIGHT + timedelta(hours=2)))
        day = timedelta(days=1)
        file.write_text(calendar(("Audit", TUESDAY_NIGHT + day, TUESDAY_NIGHT + day + timedelta(hours=2))))
        await to(on, TUESDAY_NIGHT)
        await reads(hard[1], "Not started: It falls into the freeze “Company” (Sudden freeze)", on=on)
        assert "Not started" in (await outcome(alice, hard[0])).text
        await to(on, TUESDAY_NIGHT + day)
        await reads(soft[1], "Not started: It falls into the freeze “Board” (Audit)", "needs 1 of @board", on=on)
        assert not on.foreman.received("POST", "/api/job_invocations")


async def test_a_freeze_that_came_after_the_asking_stops_the_approval_until_its_approvers_are_asked(
    calendars: tuple[Stage, Calendar, Path],
) -> None:
    on, site, file = calendars
    alice, bob, dave = (on.slack.person(name) for name in ("alice", "bob", "dave"))
    async with bot_inside(on, "http"):
        name = await asked(alice, LINE.format("2027-01-12 22:00"), {"command": "uptime"})
        found = await card(bob, name)
        site.text = calendar(("Sudden freeze", TUESDAY_NIGHT, TUESDAY_NIGHT + timedelta(hours=2)))
        await again(on)
        answer = await told(bob, "Approve", found)
        assert f"{name} cannot be approved now." in answer
        assert "the freeze “Company” (Sudden freeze)" in answer

        site.text = calendar()
        file.write_text(calendar(("Audit", TUESDAY_NIGHT, TUESDAY_NIGHT + timedelta(hours=2))))
        await again(on)
        assert "needs 1 of @board. Edit the request" in await told(bob, "Approve", found)
        await reads(found, "Waiting for approval", "0 of 1 approved by @sre", on=on)

        # The content stays as it is: what has changed is who must approve it.
        await alice.click("Edit", found)
        form = await alice.modal()
        await on.slack.until(lambda: "One moment" not in form.text)
        preview = await previewed(form)
        assert "1 of @sre, then 1 of @board" in preview.text
        assert await sent(preview) == name
        await reads(found, "the freeze Board", "Stage 1 of 2: 0 of 1 approved by @sre", on=on)
        assert "It is not your turn yet" in await told(dave, "Approve", found)
        await told(bob, "Approve", found)
        await reads(found, "Stage 2 of 2: 0 of 1 approved by @board", on=on)
        assert "You approved" in await told(dave, "Approve", found)
        await to(on, TUESDAY_NIGHT)
        # It starts in the midst of the freeze, as its own approvers have agreed.
        await reads(found, "Succeeded", on=on)


async def test_runs_of_a_series_inside_a_freeze_are_left_out_also_where_the_back_end_could_hold_it(
    calendars: tuple[Stage, Calendar, Path],
) -> None:
    on, site, _ = calendars
    alice = on.slack.person("alice")
    site.text = calendar(("Short freeze", MORNING + timedelta(days=1), MORNING + timedelta(days=2)))
    async with bot_inside(on, "http"):
        preview = await previewing(alice, "every day at 06:00")
        assert "1 of the next 100 runs fall into the freeze “Company” (Short freeze)" in preview.text
        assert "They will be left out." in preview.text
        assert "because the freeze “Company” is looked at again then" in preview.text
        name = await sent(preview)
        found = await approved(on, name)
        for day, word in ((12, "succeeded"), (13, "missed"), (14, "succeeded")):
            number = day - 11
            await reads(found, f"Run {number}: waiting for its time · ", f"{day} Jan 2027 06:00 CET", on=on)
            await to(on, datetime(2027, 1, day, 5, 0, tzinfo=UTC))
            run = await alice.wait_for(f"{name} · run {number} ·", where="#results", timeout=WAIT)
            assert word in run.text
        assert len(on.foreman.received("POST", "/api/job_invocations")) == 2


async def test_a_calendar_that_never_answered_freezes_everything(calendars: tuple[Stage, Calendar, Path]) -> None:
    on, site, _ = calendars
    site.status = 404
    async with bot_inside(on, "http"):
        await refused(on.slack.person("alice"), "now", "was never read; until it answers, everything counts as frozen")
