"""Whether a person may see a request, its logs and its files. What they may not see is as if it were not there."""

import asyncio
from collections.abc import Sequence

from bot.errors import NotAllowed, SlackSilent
from bot.requests.model import Person, Request
from bot.requests.policy.sight import Sight, Viewer, hides_requests, sight_of, sight_of_logs
from bot.slack.viewers import load_viewer
from bot.storage import requests
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services

UNKNOWN_SIGHT = "Slack does not tell just now which groups you are in, so what not everybody may see is left out."
MAX_SEARCHED = 500
"""Maximum number of requests that are looked through for a list."""
_PAGE_SIZE = 4
"""Requests that are read at once, each with up to 20,000 targets: more would keep clicks waiting."""


async def check_may_see(services: Services, request: Request, person: Person) -> None:
    """Raise NotFound if a request is not to be seen by a person, SlackSilent if Slack does not tell."""
    if not hides_requests(services.policy.policy):
        return
    match sight_of(services.policy.policy, request, await _viewer(services, person)):
        case Sight.HIDDEN:
            raise requests.no_such_request(request.number)
        case Sight.UNKNOWN:
            raise SlackSilent("Slack does not tell just now whether you may see this. Try again in a minute.")
        case Sight.SEEN:
            return


async def check_may_see_id(services: Services, request_id: str, person: Person) -> None:
    """Raise the same for the request with an id, and NotFound if there is none. Reads it only where policy hides
    requests."""
    if not hides_requests(services.policy.policy):
        return
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    await check_may_see(services, request, person)


async def check_may_read_logs(services: Services, request: Request, person: Person) -> None:
    """Raise NotFound, NotAllowed or SlackSilent unless a person may see a request, and wrote, approves or administers
    it."""
    await check_may_see(services, request, person)
    match sight_of_logs(services.policy.policy, request, await _viewer(services, person)):
        case Sight.HIDDEN:
            text = f"Logs and files of {request.name} are for its requester, its approvers and admins."
            raise NotAllowed(text, code=RefusalCode.NOT_MANAGER)
        case Sight.UNKNOWN:
            raise SlackSilent("Slack does not tell just now whether you may read this. Try again in a minute.")
        case Sight.SEEN:
            return


async def seen_requests(services: Services, found: Sequence[Request], person: Person) -> tuple[list[Request], bool]:
    """Return those of some requests that a person may see, and whether Slack left any of it open."""
    if not hides_requests(services.policy.policy):
        return list(found), False
    viewer = await _viewer(services, person)
    sights = [(request, sight_of(services.policy.policy, request, viewer)) for request in found]
    return [r for r, sight in sights if sight is Sight.SEEN], any(sight is Sight.UNKNOWN for _, sight in sights)


async def seen_ids(services: Services, ids: Sequence[str], person: Person) -> tuple[frozenset[str], bool]:
    """Return those of some requests that a person may see, by their ids, and whether Slack left any of it open.

    Where policy hides requests, those after the first ``MAX_SEARCHED`` are left out.
    """
    if not hides_requests(services.policy.policy):
        return frozenset(ids), False
    shown: set[str] = set()
    is_open = False
    wanted = list(dict.fromkeys(ids))[:MAX_SEARCHED]
    for start in range(0, len(wanted), _PAGE_SIZE):
        async with services.db.read() as tx:
            read = await requests.by_ids(tx, wanted[start : start + _PAGE_SIZE])
        seen, unknown = await seen_requests(services, read, person)
        shown |= {request.id for request in seen}
        is_open |= unknown
        await asyncio.sleep(0)
    return frozenset(shown), is_open


async def _viewer(services: Services, person: Person) -> Viewer:
    return await load_viewer(services.db, services.directory, services.clock, person)
