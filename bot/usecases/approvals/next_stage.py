"""Tells the approvers of a stage that it is their turn."""

from collections.abc import Sequence

from bot.requests.approval.delegation import Delegation
from bot.requests.approval.rounds import current_round
from bot.requests.directory import InMemoryDirectory as Directory
from bot.requests.model import Decision, Request
from bot.requests.notify.events import Event
from bot.requests.notify.words import next_stage_text
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.services import Services


async def tell_next_stage(
    tx: Tx,
    services: Services,
    request: Request,
    decisions: Sequence[Decision],
    directory: Directory,
    delegations: Sequence[Delegation],
    in_channel: frozenset[str] | None,
) -> None:
    """Tell the approvers of the next stage if the last of ``decisions`` has completed the one before it.

    ``in_channel`` are the members of the approvers' channel; None if Slack does not tell.
    """
    last, service = decisions[-1], services.approvals
    before = service.approval_status(request, decisions[:-1], directory, delegations, last.at)
    status = service.approval_status(request, decisions, directory, delegations, last.at)
    if status.state != "waiting" or status.stage_index <= before.stage_index:
        return
    stage = current_round(request, delegations).stages(last.at)[status.stage_index]
    text = next_stage_text(request, stage)
    await tell(
        tx,
        services,
        request,
        Event.NEXT_STAGE,
        text,
        key=last.id,
        by=last.person,
        approvers=sorted(status.eligible_approvers),
        in_channel=in_channel,
        stages=[stage],
    )
