"""Everyone who took part in an emergency."""

from bot.requests.approval.permission import Permission
from bot.requests.approval.review import permission_to_review
from bot.requests.directory import eligible_approvers
from bot.requests.model import Person, Request, Requirement, Review
from bot.slack.live_directory import load_directory
from bot.storage import audit, requests
from bot.storage.transactions import Tx
from bot.usecases.services import Services

_LOOKED_ONLY = "request.shown"
"""What the audit trail says of somebody who has read a request, and done nothing."""


async def participants(tx: Tx, request: Request) -> frozenset[str]:
    """Return the user ids of everyone who asked for a request, wrote it, decided on it, or did anything about it."""
    authors = {person.user for person in (request.requester, *request.edited_by, *request.taken_over_from)}
    decisions = await requests.decisions_of(tx, request.id)
    deciders = {user for decision in decisions for user in (decision.person.user, decision.on_behalf_of) if user}
    entries = [entry async for entry in audit.entries(tx, request.id) if entry.action != _LOOKED_ONLY]
    actors = {entry.actor.partition("/")[2] for entry in entries} - {""}
    return frozenset(authors | deciders | actors)


async def may_review(services: Services, request: Request, review: Review, person: Person) -> Permission:
    """Return whether a person may review an emergency, from live groups; unknown if Slack does not tell."""
    async with services.db.read() as tx:
        took_part = await participants(tx, request)
    directory = await load_directory(services.directory, Requirement(stages=(review.by,)), [person])
    return permission_to_review(review, took_part, person, directory)


async def reviewers(services: Services, request: Request, review: Review) -> frozenset[str]:
    """Return the user ids of those who may review an emergency, as far as Slack tells."""
    async with services.db.read() as tx:
        took_part = await participants(tx, request)
    directory = await load_directory(services.directory, Requirement(stages=(review.by,)))
    return eligible_approvers(review.by, directory) - took_part
