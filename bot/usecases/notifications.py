"""Tells people of what happens to a request, as the notification plan says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.requests.model import Person, Request, Stage
from bot.requests.notify.events import Event
from bot.requests.notify.plan import Plan, plan
from bot.storage import messages
from bot.storage.notifications import audience_of, store_copies, store_plan
from bot.storage.transactions import Tx
from bot.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Reachable:
    """Everyone who may still decide on a request, nearest to deciding first, and the members of the approvers' channel,
    as Slack has told them. All are user ids."""

    approvers: tuple[str, ...]
    in_channel: frozenset[str]


async def tell(
    tx: Tx,
    services: Services,
    request: Request,
    event: Event,
    text: str = "",
    *,
    key: str,
    by: Person | None = None,
    run_id: str = "",
    approvers: Iterable[str] | None = None,
    in_channel: frozenset[str] | None = None,
    stages: Sequence[Stage] | None = None,
    reachable: Reachable | None = None,
) -> Plan:
    """Store the messages about an event; telling of it twice changes nothing. Returns the plan.

    ``text`` is a sentence about it, ``key`` tells it from other events of its kind, and ``by`` is who caused it.
    ``approvers`` and ``in_channel`` are what Slack says, where the caller has asked; the sender finds out whoever else
    must get a card, unless ``reachable`` tells everyone. ``stages`` are those that are asked; None for all of the
    request.
    """
    backend, now = request.content.backend, services.clock.now()
    actor = by.user if by is not None else ""
    if reachable is not None:
        approvers, in_channel = reachable.approvers, reachable.in_channel
    is_new = event is Event.REQUESTED and request.revision == 1
    cards = [] if is_new else await messages.of_request(tx, request.id, ["approval"])
    audience = await audience_of(
        tx,
        request,
        event,
        cards,
        channel=services.backends.approvals_channel(backend),
        results=services.backends.results_channel(backend),
        admins=services.settings.channels.admin,
        actor=actor,
        approvers=approvers,
        in_channel=in_channel,
        stages=stages,
    )
    planned = plan(event, audience, text, request)
    await store_plan(tx, now, request, event, planned, cards, key=key, by=actor, run_id=run_id)
    if request.requirement.effect == "ask" and reachable is None:
        facts = {"key": key, "channel": audience.channel, "admins": audience.admins, "by": actor}
        await store_copies(tx, now, request, event, facts)
    return planned


async def has_card(tx: Tx, services: Services, request: Request) -> bool:
    """Return whether the channel in which a request waits for approval has its card."""
    channel = services.backends.approvals_channel(request.content.backend)
    return any(card.recipient == channel for card in await messages.of_request(tx, request.id, ["approval"]))
