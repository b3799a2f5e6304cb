"""Whether a person may see a request, its logs and its files. What they may not see is as if it were not there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.errors import NotAllowed, SlackSilent
from bot.requests.model import Person, Request, RequestSummary
from bot.requests.policy.sight import Sight, Viewer, hides_requests, sight_of, sight_of_logs
from bot.slack.viewers import load_viewer
from bot.storage import requests
from bot.storage.transactions import Tx
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services

UNKNOWN_SIGHT = "Slack does not tell just now which groups you are in, so what not everybody may see is left out."
LIST_LENGTH = 20
MAX_SEARCHED = 500
"""Maximum number of requests that are looked through for a list."""
_PAGE_SIZE = 4
"""Requests that are read at once, each with up to 20,000 targets: more would keep clicks waiting."""

FindSummaries = Callable[[Tx, int], Awaitable[Sequence[RequestSummary]]]
"""Finds requests for a list, at most as many as it is given."""


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


async def seen_summaries(services: Services, find: FindSummaries, person: Person) -> tuple[list[RequestSummary], str]:
    """Return the requests of a list that a person may see, and a sentence if Slack does not tell of some; "" if it
    does."""
    hides = hides_requests(services.policy.policy)
    async with services.db.read() as tx:
        candidates = await find(tx, MAX_SEARCHED if hides else LIST_LENGTH)
    if not hides:
        return list(candidates), ""
    shown: list[RequestSummary] = []
    is_open = False
    for start in range(0, len(candidates), _PAGE_SIZE):
        page = candidates[start : start + _PAGE_SIZE]
        async with services.db.read() as tx:
            read = await requests.by_ids(tx, [summary.id for summary in page])
        seen, unknown = await seen_requests(services, read, person)
        ids = {request.id for request in seen}
        shown += [summary for summary in page if summary.id in ids]
        is_open |= unknown
        if len(shown) >= LIST_LENGTH:
            break
        await asyncio.sleep(0)
    return shown[:LIST_LENGTH], UNKNOWN_SIGHT if is_open else ""


async def _viewer(services: Services, person: Person) -> Viewer:
    return await load_viewer(services.db, services.directory, services.clock, person)
