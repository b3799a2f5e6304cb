"""The daily budgets of rules that let something start without anybody's approval."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import Conflict
from bot.requests.model import Request, Requirement, Run
from bot.requests.policy.engine import Policy
from bot.storage import budgets, counters
from bot.storage.transactions import Tx


class BudgetUsedUp(Conflict):
    """Another start has used the last of a budget meanwhile."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of a policy. A day begins at midnight in the zone of the policy."""

    policy: Policy

    async def used(self, tx: Tx, at: datetime, now: datetime, *, apart_from: str = "") -> dict[str, int]:
        """Return by rule how much of its budget for the day of a moment is used, with what is to start that day.
        ``apart_from`` is the id of a request whose next runs do not count."""
        if not self._limits():
            return {}
        return await budgets.begun_or_planned(tx, *self._day_of(at), now, apart_from=apart_from)

    async def used_before(self, tx: Tx, request: Request, run: Run, at: datetime) -> dict[str, int]:
        """Return by rule how much is used before a run that starts at a moment. It is nothing for work that people have
        approved. What is planned later that day does not count: the first to start is the first to use the budget."""
        if not self._limits() or request.requirement.effect != "approve":
            return {}
        return await budgets.begun(tx, *self._day_of(at), apart_from=run.id)

    async def exhausted(self, tx: Tx, requirement: Requirement, at: datetime, now: datetime) -> str:
        """Return the rule whose budget is used up for a start at a moment; "" if none is.

        Checked in the transaction that approves, since two requests may have been previewed with the last of it.
        """
        await self.lock(tx, requirement)
        return self._exhausted(requirement, await self.used(tx, at, now))

    async def require_left(self, tx: Tx, request: Request, run: Run, at: datetime) -> None:
        """Raise BudgetUsedUp if no budget is left for a run, in the transaction that starts it."""
        if request.requirement.effect != "approve":
            return
        await self.lock(tx, request.requirement)
        if rule := self._exhausted(request.requirement, await self.used_before(tx, request, run, at)):
            raise BudgetUsedUp(used_up_text(rule))

    async def lock(self, tx: Tx, requirement: Requirement) -> None:
        """Let no other transaction use the budget of what rules approve until this one ends: it would not see what this
        one uses. To be called before anything is recorded in the audit trail, which waits for its turn as well."""
        if requirement.effect == "approve" and self._limits().keys() & set(requirement.rules):
            await counters.lock(tx, "budgets")

    def _exhausted(self, requirement: Requirement, used: dict[str, int]) -> str:
        limits = ((name, limit) for name, limit in self._limits().items() if name in requirement.rules)
        return next((name for name, limit in limits if used.get(name, 0) >= limit), "")

    def _limits(self) -> dict[str, int]:
        return {rule.rule.name: rule.rule.daily_budget for rule in self.policy.rules if rule.rule.daily_budget}

    def _day_of(self, at: datetime) -> tuple[datetime, datetime]:
        zone = ZoneInfo(self.policy.defaults.zone)
        day = at.astimezone(zone).date()
        midnights = (datetime(each.year, each.month, each.day, tzinfo=zone) for each in (day, day + timedelta(days=1)))
        since, until = midnights
        return since, until


def used_up_text(rule: str) -> str:
    """Return the sentence that no budget is left."""
    return f"The rule “{rule}” has let as many start that day without an approval as it may."
