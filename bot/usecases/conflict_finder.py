"""Open requests that touch the same targets at the same time."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.clock import Clock
from bot.requests.conflicts import ConflictSearch, PlannedWork, TargetConflict, earliest_first
from bot.requests.model import Request
from bot.requests.policy.engine import Policy
from bot.requests.policy.sight import Sight, SightLists, Viewer, hides_requests, sight_lists, sight_of
from bot.requests.spans import TimeSpan, work_spans
from bot.schedule import Schedule
from bot.slack.users import SlackDirectory
from bot.slack.viewers import load_viewer
from bot.storage import requests
from bot.storage.database import Database
from bot.storage.transactions import Tx
from bot.usecases.policy_input import PolicyInput

T = TypeVar("T")
MAY_BE_RUNNING = timedelta(hours=24)
"""How long a request that people have marked as ended counts as possibly running."""
PAGE_SIZE = 4
"""Maximum number of open requests that are read and compared at once, each with up to 20,000 targets: more would keep
clicks waiting."""


@dataclass(frozen=True, slots=True)
class ConflictReaders:
    """Who reads of the conflicts of a request: its authors, and whoever else may see it."""

    authors: tuple[Viewer, ...]
    lists: SightLists


@dataclass(frozen=True, slots=True)
class ConflictFinder:
    """Finds conflicts. ``assumed_duration`` is how long a run is taken to last; with ``short_names``, targets are
    compared by the first label of their names. ``policy`` says which requests not everybody may see."""

    db: Database
    clock: Clock
    assumed_duration: timedelta
    short_names: bool
    policy: Policy
    directory: SlackDirectory

    async def find(self, policy_input: PolicyInput) -> tuple[TargetConflict, ...]:
        """Return the other open requests on the same targets at the same time."""
        now = self.clock.now()
        planned = PlannedWork(
            request=policy_input.name,
            backend=policy_input.content.backend,
            names=policy_input.targets.names,
            windows=work_spans(policy_input.content.schedule, now, self.assumed_duration),
        )
        readers = await self._readers(policy_input)
        search = ConflictSearch(planned, zone=policy_input.zone, short_names=self.short_names)
        async with self.db.read() as tx:
            ids = await _requests_sharing_targets(tx, search, now - MAY_BE_RUNNING)
            conflicts: list[TargetConflict] = []
            windows: dict[Schedule, tuple[TimeSpan, ...]] = {}
            for page in _pages(ids):
                for other in await requests.by_ids(tx, page):
                    await asyncio.sleep(0)
                    if other.state == "ended_unseen":
                        possible = search.possible_conflict_with(self._planned_work(other, (), readers), now)
                        conflicts += [possible] if possible is not None else []
                        continue
                    schedule = other.content.schedule
                    # Many requests have the same schedule, and a series takes milliseconds to expand.
                    if schedule not in windows:
                        windows[schedule] = work_spans(schedule, now, self.assumed_duration)
                    conflict = search.conflict_with(self._planned_work(other, windows[schedule], readers))
                    conflicts += [conflict] if conflict is not None else []
        return earliest_first(conflicts)

    async def _readers(self, policy_input: PolicyInput) -> ConflictReaders:
        if not hides_requests(self.policy):
            return ConflictReaders((), frozenset())
        lists = sight_lists(self.policy, policy_input.content, policy_input.facts, policy_input.targets)
        people = dict.fromkeys((policy_input.requester, *policy_input.editors, *policy_input.former_authors))
        authors = [await load_viewer(self.db, self.directory, self.clock, person) for person in people]
        return ConflictReaders(tuple(authors), lists)

    def _planned_work(self, request: Request, windows: tuple[TimeSpan, ...], readers: ConflictReaders) -> PlannedWork:
        """Return what another request does, hidden if one of the readers may not see it."""
        return PlannedWork(
            request=request.name,
            backend=request.content.backend,
            title=request.title,
            is_hidden=self._is_hidden(request, readers),
            names=request.targets.names,
            windows=windows,
        )

    def _is_hidden(self, request: Request, readers: ConflictReaders) -> bool:
        """Return whether one of the readers may not see another request.

        Authors see their own request whatever the lists say, so equal lists do not suffice: each author is checked.
        """
        lists = sight_lists(self.policy, request.content, request.facts, request.targets)
        if not lists:
            return False
        return not lists <= readers.lists or any(
            sight_of(self.policy, request, author) is not Sight.SEEN for author in readers.authors
        )


async def _requests_sharing_targets(tx: Tx, search: ConflictSearch, unseen_since: datetime) -> list[str]:
    """Return the ids of requests on some of the same targets that are open, or may be running since a moment."""
    ids: list[str] = []
    for page in _pages(await requests.open_numbers(tx, unseen_since)):
        names_by_id = await requests.target_names(tx, page)
        ids += [request_id for request_id, names in names_by_id.items() if search.shares_targets(names)]
        await asyncio.sleep(0)
    return ids


def _pages(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + PAGE_SIZE] for start in range(0, len(items), PAGE_SIZE))
