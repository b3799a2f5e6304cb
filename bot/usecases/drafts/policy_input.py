"""A draft as policy sees it."""

from collections.abc import Mapping

from pydantic import JsonValue

from bot.requests.model import Content, Person, Request, TargetSet
from bot.storage import requests
from bot.storage.drafts import Draft
from bot.usecases.policy_input import PolicyInput
from bot.usecases.services import Services


async def policy_input_of_draft(
    services: Services, draft: Draft, content: Content, targets: TargetSet, facts: Mapping[str, JsonValue], zone: str
) -> PolicyInput:
    """Return a draft as policy sees it. An edit keeps the name and the requester of its request."""
    name, requester, editors, former = "this request", draft.person, tuple[Person, ...](), tuple[Person, ...]()
    former_groups: tuple[str, ...] | None = ()
    if draft.revises:
        async with services.db.read() as tx:
            request = await requests.get(tx, draft.revises)
        name, requester = request.name, request.requester
        editors, former = editors_including(request, draft.person), request.taken_over_from
        former_groups = request.author_groups if former else ()
    return PolicyInput(
        name=name,
        requester=requester,
        channel=draft.channel,
        content=content,
        targets=targets,
        facts=facts,
        zone=zone,
        reason=draft.reason,
        editors=editors,
        former_authors=former,
        former_groups=former_groups,
        request_id=draft.revises or "",
    )


def editors_including(request: Request, person: Person) -> tuple[Person, ...]:
    """Return the editors of a request after one more edit. The requester never counts as an editor."""
    return tuple(dict.fromkeys(editor for editor in (*request.edited_by, person) if editor != request.requester))
