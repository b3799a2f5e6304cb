"""Letting somebody else decide in one's place for some days."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import NightshiftError, NotAllowed
from bot.requests.delegation import refusal
from bot.requests.model import Person
from bot.schedule import Once, Understood, read
from bot.slack.directory import directory_for
from bot.storage import audit, delegations
from bot.usecases.draft import Speaker
from bot.usecases.services import Services


async def delegate(app: Services, who: Speaker, to_user: str, phrase: str) -> str:
    """Delegate from now until the end that a phrase names; a day counts whole. Raises NightshiftError."""
    now = app.clock.now()
    ends = _end(phrase, now, who)
    to = Person(team=who.person.team, user=to_user)
    directory = await directory_for(app.people, None, [who.person, to])
    problem = refusal(who.person, to, now, ends, now, directory)
    if problem:
        raise NotAllowed(problem)
    async with app.db.write() as tx:
        await delegations.add(tx, who.person, to, now, ends)
        data = {"to": to_user, "until": ends.isoformat()}
        await audit.record(tx, now, f"{who.person.team}/{who.person.user}", "delegation.made", "", data)
    local = ends.astimezone(ZoneInfo(who.zone))
    return (
        f"Until {local:%a %d %b %Y %H:%M %Z} the one you named may decide in your place, never on their own requests."
    )


async def undelegate(app: Services, person: Person) -> str:
    """End one's delegation."""
    now = app.clock.now()
    async with app.db.write() as tx:
        ended = await delegations.end(tx, person, now)
        if ended:
            await audit.record(tx, now, f"{person.team}/{person.user}", "delegation.ended")
    return "You decide for yourself again." if ended else "You have not delegated to anybody."


def _end(phrase: str, now: datetime, who: Speaker) -> datetime:
    reading = read(phrase, now=now, zone=who.zone, habits=who.habits, whole_days=True)
    if isinstance(reading, Understood) and isinstance(reading.schedule, Once):
        start = reading.schedule.start
        if reading.schedule.grain == "day":
            return (start.local + timedelta(days=1)).replace(hour=0, minute=0)
        return start.instant
    raise NightshiftError(
        f"“{phrase}” does not name one end. Try: until friday, until 2026-12-24, until tomorrow 18:00."
    )
