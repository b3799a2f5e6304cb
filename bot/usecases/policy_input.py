"""What policy is asked about: a request, or a draft of one."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bot.requests.model import Content, Person, Request, TargetSet


@dataclass(frozen=True, slots=True)
class PolicyInput:
    """A request, or a draft of one, as policy sees it.

    ``editors`` are those besides the requester who have changed it or are about to. ``former_authors`` wrote it before
    the requester took it over. ``may_be_running`` says that a request on the same targets, marked as ended, may still
    be running: no rule alone approves another one then.
    """

    name: str
    requester: Person
    channel: str
    content: Content
    targets: TargetSet
    facts: Mapping[str, JsonValue]
    zone: str
    reason: str
    editors: tuple[Person, ...] = ()
    former_authors: tuple[Person, ...] = ()
    may_be_running: bool = False
    former_groups: tuple[str, ...] | None = ()
    """The ids of the user groups that ``former_authors`` were in when they wrote it; None if that is not known."""
    request_id: str = ""
    """The id of the request; "" for a draft that is not one yet."""


def policy_input_of_request(request: Request) -> PolicyInput:
    """Return a stored request as policy sees it."""
    return PolicyInput(
        name=request.name,
        requester=request.requester,
        channel=request.channel,
        content=request.content,
        targets=request.targets,
        facts=request.facts,
        zone=request.zone,
        reason=request.reason,
        editors=request.edited_by,
        former_authors=request.taken_over_from,
        former_groups=request.author_groups if request.taken_over_from else (),
        request_id=request.id,
    )
