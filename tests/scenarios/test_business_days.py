"""Business days leave out the holidays of the policy's calendar, and what is not known about them is said."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from playground.environment import run_bot, run_environment
from playground.server import serve
from tests.scenarios.conftest import START_TIME
from tests.scenarios.steps import eventually

HOLIDAYS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//scenario//
BEGIN:VEVENT
UID:new-year
DTSTAMP:20270101T000000Z
SUMMARY:Founders' day
DTSTART;VALUE=DATE:20270201
END:VEVENT
BEGIN:VEVENT
UID:bridge
DTSTAMP:20270101T000000Z
SUMMARY:The day after
DTSTART;VALUE=DATE:20270112
DTEND;VALUE=DATE:20270113
END:VEVENT
END:VCALENDAR
"""


class HolidaySite:
    """A web server with the calendar, which may stop answering."""

    def __init__(self) -> None:
        self.status = 200
        self.app = web.Application()
        self.app.router.add_get("/holidays.ics", self._get)

    async def _get(self, _: web.Request) -> web.Response:
        return web.Response(status=self.status, text=HOLIDAYS, content_type="text/calendar")


async def test_holidays_of_the_calendar_are_no_business_days(tmp_path: Path) -> None:
    site = HolidaySite()
    async with serve(site.app) as url:
        policy = f'[policy]\napprovers = ["@sre"]\nzone = "Europe/Berlin"\nholidays = "{url}/holidays.ics"\n'
        async with run_environment(tmp_path, policy=policy) as env, run_bot(env, "http") as bot:
            env.clock.move_to(START_TIME)
            await bot.calendars.refresh()
            alice = env.slack.person("alice")

            async def ask(text: str) -> str:
                reply = await alice.command(f"/nightshift when {text}")
                await eventually(env, lambda: reply.ephemeral_texts)
                return "\n".join(reply.ephemeral_texts)

            answer = await ask("next business day 06:00")
            assert "Wed 13 Jan 2027 06:00 CET" in answer, answer
            assert "Without holidays this would be 12 January 2027." in answer
            answer = await ask("first business day of every month 06:00")
            assert "except 2027-02-01 and also on 2027-02-02" in answer, answer
            assert "Next: Tue 2 Feb 2027 06:00 CET" in answer
            assert "The holiday calendar ends on 31 December 2027" in answer

            site.status = 503
            env.clock.move_to(datetime(2027, 2, 15, 9, 0, tzinfo=UTC) + timedelta(minutes=1))
            await bot.calendars.refresh()
            answer = await ask("next business day 06:00")
            assert "Tue 16 Feb 2027 06:00 CET" in answer, answer
            assert "The holiday calendar does not answer, so every day from Monday to Friday counts." in answer
