"""Lets somebody else decide in a person's place for some days."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import NightshiftError, NotAllowed, SlackSilent
from bot.requests.approval.delegation import delegation_problem
from bot.requests.model import Person
from bot.schedule import Once, Parsed, read
from bot.slack.live_directory import load_directory
from bot.storage import audit, delegations
from bot.usecases.actor import Actor
from bot.usecases.services import Services


async def delegate(services: Services, actor: Actor, to_user: str, phrase: str) -> str:
    """Delegate from now until the end that a phrase names; a day counts whole. Raises NightshiftError."""
    now = services.clock.now()
    ends = _parse_end(phrase, now, actor)
    to = Person(team=actor.person.team, user=to_user)
    directory = await load_directory(services.directory, None, [actor.person, to])
    problem = delegation_problem(actor.person, to, now, ends, now, directory)
    if problem != delegation_problem(actor.person, to, now, ends, now, directory.as_possible()):
        raise SlackSilent("Slack does not say just now who that is, so nothing was changed. Try again in a minute.")
    if problem is not None:
        raise NotAllowed(problem.text, code=problem.code)
    async with services.db.write() as tx:
        await delegations.add(tx, actor.person, to, now, ends)
        data = {"to": to_user, "until": ends.isoformat()}
        await audit.record(tx, now, actor.person.key, "delegation.made", "", data)
    local = ends.astimezone(ZoneInfo(actor.zone))
    until = f"{local:%a %d %b %Y %H:%M %Z}"
    return f"Until {until} the person you named may decide in your place, but never on their own requests."


def _parse_end(phrase: str, now: datetime, actor: Actor) -> datetime:
    reading = read(phrase, now=now, zone=actor.zone, preferences=actor.time_preferences, whole_days=True)
    if isinstance(reading, Parsed) and isinstance(reading.schedule, Once):
        start = reading.schedule.start
        if reading.schedule.grain == "day":
            return (start.local + timedelta(days=1)).replace(hour=0, minute=0)
        return start.instant
    raise NightshiftError(
        f"“{phrase}” does not name one end. Try: until friday, until 2026-12-24, until tomorrow 18:00."
    )
