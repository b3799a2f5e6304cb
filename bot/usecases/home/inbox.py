"""What Home shows a person: what needs them, what runs, what comes, and their own requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.errors import SlackSilent
from bot.requests.approval.delegation import delegators_of
from bot.requests.inbox import ComingRow, Decider, InboxRow, needs_decision_of
from bot.requests.model import Person, RequestState
from bot.requests.pauses import holding_pause
from bot.slack.live_directory import policy_group_names
from bot.storage import delegations, inbox, pauses
from bot.storage.inbox import SearchFilter
from bot.usecases.actor import Actor
from bot.usecases.pauses.list_pauses import list_pauses
from bot.usecases.reviews.list_reviews import list_reviews
from bot.usecases.services import Services
from bot.usecases.sight import UNKNOWN_SIGHT, seen_ids

MAX_AWAITING = 500
MAX_RUNNING = 100
MAX_COMING = 60
MAX_OWN = 20
MAX_FOUND = 200
COMING_DAYS = 7
HOLDABLE_STATES: tuple[RequestState, ...] = ("approved", "scheduled", "starting")


@dataclass(frozen=True, slots=True)
class Inbox:
    """The rows of Home, each request in one section only."""

    needs_you: Sequence[InboxRow]
    waiting_for_others: int
    running: Sequence[InboxRow]
    coming: Sequence[ComingRow]
    own: Sequence[InboxRow]
    own_is_above: bool
    """Whether some of the person's own requests are in another section."""
    paused: Sequence[str]
    reviews: Sequence[str]
    note: str = ""
    """What may be missing, and why; "" if nothing is."""


async def load_inbox(services: Services, actor: Actor) -> Inbox:
    """Return what Home shows somebody now."""
    now = services.clock.now()
    deciders = await _deciders(services, actor.person)
    async with services.db.read() as tx:
        awaiting = await inbox.awaiting_rows(tx, MAX_AWAITING)
        running = await inbox.running_rows(tx, MAX_RUNNING)
        coming = await inbox.coming_rows(tx, now, now + timedelta(days=COMING_DAYS), MAX_COMING)
        own = await inbox.rows_of_person(tx, actor.person, MAX_OWN)
        decided = await inbox.decided_ids(tx, [actor.person.user])
    mine = [row for row in awaiting if deciders is None or needs_decision_of(row, deciders, decided)]
    ids = [*(r.id for r in (*mine, *running)), *(r.request_id for r in coming), *(r.id for r in awaiting)]
    seen, is_open = await seen_ids(services, ids, actor.person)
    needs_you = [row for row in mine if row.id in seen]
    shown = {row.id for row in needs_you}
    running = [row for row in running if row.id in seen]
    other_own = [row for row in own if row.id not in shown | {row.id for row in running}]
    return Inbox(
        needs_you=needs_you,
        waiting_for_others=sum(row.id in seen for row in awaiting) - len(needs_you),
        running=running,
        coming=await _mark_held_starts(services, [row for row in coming if row.request_id in seen]),
        own=await _mark_held(services, other_own),
        own_is_above=len(other_own) < len(own),
        paused=await list_pauses(services, actor, with_series=False),
        reviews=await list_reviews(services, actor),
        note=UNKNOWN_SIGHT if is_open or deciders is None else "",
    )


async def search(services: Services, person: Person, found: SearchFilter) -> tuple[Sequence[InboxRow], str]:
    """Return the requests that match a filter and that a person may see, and what may be missing; "" if nothing is."""
    async with services.db.read() as tx:
        rows = await inbox.search_rows(tx, found, MAX_FOUND)
    seen, is_open = await seen_ids(services, [row.id for row in rows], person)
    return await _mark_held(services, [row for row in rows if row.id in seen]), UNKNOWN_SIGHT if is_open else ""


async def _mark_held(services: Services, rows: Sequence[InboxRow]) -> Sequence[InboxRow]:
    """Return the rows with whether a pause holds their next start, as their cards say it."""
    now = services.clock.now()
    waiting = [row.id for row in rows if row.state in HOLDABLE_STATES]
    async with services.db.read() as tx:
        in_force = await pauses.not_ended(tx) if waiting else []
        starts = await inbox.next_starts(tx, waiting) if in_force else {}

    def is_held(row: InboxRow) -> bool:
        start = starts.get(row.id) or row.start_at or now
        return row.state in HOLDABLE_STATES and bool(holding_pause(in_force, row.backend, row.id, max(start, now)))

    return [row.model_copy(update={"is_held": is_held(row)}) for row in rows]


async def _mark_held_starts(services: Services, rows: Sequence[ComingRow]) -> Sequence[ComingRow]:
    """Return the starts with whether a pause holds them."""
    async with services.db.read() as tx:
        in_force = await pauses.not_ended(tx)
    return [
        row.model_copy(
            update={"is_held": holding_pause(in_force, row.backend, row.request_id, row.starts_at) is not None}
        )
        for row in rows
    ]


async def _deciders(services: Services, person: Person) -> list[Decider] | None:
    """Return the person and those in whose place they may decide; None if Slack does not tell of groups."""
    now = services.clock.now()
    async with services.db.read() as tx:
        acts_for = delegators_of(person, await delegations.active_at(tx, now), now)
    try:
        groups = await services.directory.groups()
    except SlackSilent:
        return None
    users = (person.user, *acts_for)
    return [Decider(user=user, groups=policy_group_names(groups.containing(user))) for user in users]
