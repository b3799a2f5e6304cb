"""The daily budgets of rules that approve by themselves."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.errors import Conflict
from bot.requests.model import Request, Requirement, Run
from bot.requests.policy.engine import Policy
from bot.storage import budgets, counters, runs
from bot.storage.transactions import Tx


class BudgetUsedUp(Conflict):
    """Another start has used the last of a budget meanwhile."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of a policy. A day begins at midnight in the zone of the policy."""

    policy: Policy

    async def used(self, tx: Tx, at: datetime) -> dict[str, int]:
        """Return by rule how much of its budget for the day of a moment is used."""
        return await budgets.used_since(tx, self._start_of_day(at)) if self._limits() else {}

    async def used_before(self, tx: Tx, request: Request, run: Run, at: datetime) -> dict[str, int]:
        """Return by rule how much is used before a run that starts at a moment.

        It is nothing for the first run after an approval, which has used its share then, and for work that people have
        approved.
        """
        if not self._limits() or request.requirement.effect != "approve" or request.approved_at is None:
            return {}
        if not await runs.started_since(tx, request.id, request.approved_at):
            return {}
        return await budgets.used_since(tx, self._start_of_day(at), apart_from=run.id)

    async def exhausted(self, tx: Tx, requirement: Requirement, now: datetime) -> str:
        """Return the rule whose budget is used up; "" if none is.

        Checked in the transaction that approves, since two requests may have been previewed with the last of it.
        """
        await self._lock(tx, requirement)
        return self._exhausted(requirement, await self.used(tx, now))

    async def require_left(self, tx: Tx, request: Request, run: Run, at: datetime) -> None:
        """Raise BudgetUsedUp if no budget is left for a run, in the transaction that starts it."""
        await self._lock(tx, request.requirement)
        if rule := self._exhausted(request.requirement, await self.used_before(tx, request, run, at)):
            raise BudgetUsedUp(f"The rule “{rule}” has approved as many at once today as it may.")

    async def _lock(self, tx: Tx, requirement: Requirement) -> None:
        """Let no other transaction use a budget until this one ends: it would not see what this one uses."""
        if self._limits().keys() & set(requirement.rules):
            await counters.lock(tx, "budgets")

    def _exhausted(self, requirement: Requirement, used: dict[str, int]) -> str:
        limits = ((name, limit) for name, limit in self._limits().items() if name in requirement.rules)
        return next((name for name, limit in limits if used.get(name, 0) >= limit), "")

    def _limits(self) -> dict[str, int]:
        return {rule.rule.name: rule.rule.budget for rule in self.policy.rules if rule.rule.budget}

    def _start_of_day(self, at: datetime) -> datetime:
        local = at.astimezone(ZoneInfo(self.policy.defaults.zone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0)
