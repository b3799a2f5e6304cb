"""Open requests that touch the same targets at the same time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.requests.conflicts import PlannedWork, TargetConflict, find_conflicts
from bot.requests.model import Request
from bot.requests.spans import work_spans
from bot.storage import requests
from bot.storage.database import Database
from bot.storage.transactions import Tx
from bot.usecases.policy_service import PolicyInput

TARGETS_PAGE_SIZE = 100
"""Open requests whose targets are compared at once: all of them together would keep clicks waiting."""


@dataclass(frozen=True, slots=True)
class ConflictFinder:
    """Finds conflicts. ``assumed_duration`` is how long a run is taken to last; with ``short_names``, targets are
    compared by the first label of their names."""

    db: Database
    clock: Clock
    assumed_duration: timedelta
    short_names: bool

    async def find(self, policy_input: PolicyInput) -> tuple[TargetConflict, ...]:
        """Return the other open requests on the same targets at the same time."""
        now = self.clock.now()
        planned = PlannedWork(
            request=policy_input.name,
            backend=policy_input.content.backend,
            names=policy_input.targets.names,
            windows=work_spans(policy_input.content.schedule, now, self.assumed_duration),
        )
        async with self.db.read() as tx:
            ids = await self._requests_sharing_targets(tx, policy_input.targets.names)
            others = await requests.by_ids(tx, ids)
        return find_conflicts(
            planned,
            [self._planned_work(other, now) for other in others],
            zone=policy_input.zone,
            short_names=self.short_names,
        )

    async def _requests_sharing_targets(self, tx: Tx, names: Sequence[str]) -> list[str]:
        """Return the ids of open requests that may touch some of the targets."""
        numbers = await requests.open_numbers(tx)
        ids: list[str] = []
        for start in range(0, len(numbers), TARGETS_PAGE_SIZE):
            names_by_id = await requests.target_names(tx, numbers[start : start + TARGETS_PAGE_SIZE])
            ids += [request_id for request_id, others in names_by_id.items() if self._names_may_overlap(names, others)]
            await asyncio.sleep(0)
        return ids

    def _names_may_overlap(self, names: Sequence[str], others: Sequence[str]) -> bool:
        """Compare names quickly, before the time spans of a request are worked out."""
        if self.short_names:
            return True
        return not _comparable(names).isdisjoint(_comparable(others))

    def _planned_work(self, request: Request, now: datetime) -> PlannedWork:
        return PlannedWork(
            request=request.name,
            backend=request.content.backend,
            title=request.title,
            names=request.targets.names,
            windows=work_spans(request.content.schedule, now, self.assumed_duration),
        )


def _comparable(names: Sequence[str]) -> set[str]:
    return {name.casefold().rstrip(".") for name in names}
