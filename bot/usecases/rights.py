"""Policy and people brought together: what a request needs, who may decide, and whether it may still start.

The decisions themselves are pure (``bot.requests``); here they are given what they need to know.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bot.errors import InputError, NotAllowed
from bot.requests.approval import Ruling, Standing, can_take_back, may_decide, shortfalls, standing
from bot.requests.conflicts import Work, conflicts
from bot.requests.deadlines import Lateness, late_options
from bot.requests.decide import decide, refuses_all, strictest
from bot.requests.delegation import Delegation
from bot.requests.directory import People as Directory
from bot.requests.directory import audience, barred, listed, resolve
from bot.requests.explain import headline
from bot.requests.freezes import Hit, blocking, hits
from bot.requests.gate import may_start
from bot.requests.model import Content, Decision, Matched, Person, Request, Requirement
from bot.requests.policy import Policy
from bot.requests.rounds import Round, round_of
from bot.requests.subject import Subject
from bot.requests.windows import Span, starts, windows
from bot.schedule import Now, Schedule
from bot.slack.directory import directory_for
from bot.slack.people import Group
from bot.storage import delegations, requests
from bot.storage.database import Tx
from bot.usecases.calendars import Calendars

if TYPE_CHECKING:
    from bot.usecases.services import Services

PAGE = 100
"""Open requests whose targets are compared at once: all of them together would keep clicks waiting."""
Late = Literal["now", "next", "drop"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, or a draft of one, as policy looks at it. ``editors`` are those who have changed it, or are about to,
    besides the requester."""

    name: str
    requester: Person
    channel: str
    content: Content
    matched: Matched
    facts: Mapping[str, JsonValue]
    zone: str
    editors: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """What policy demands of a request. ``notified`` is how many people asking will notify.

    ``hold`` says why Nightshift must hold the schedule rather than the back end, as what is held there is not looked at
    again; "" where it need not. ``notes`` are sentences about freezes that it touches.
    """

    requirement: Requirement
    notified: int
    hold: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rights:
    """Answers the questions about rights. Holds the policy and the calendars of its freezes."""

    policy: Policy
    calendars: Calendars

    async def require(self, app: "Services", ask: Ask, met: tuple[str, ...]) -> Demand:
        """What policy demands. ``met`` are the other requests that it meets.

        Raises InputError where nobody could approve it as things are, NotAllowed where Slack does not tell groups.
        """
        subject = await self._subject(app, ask, met)
        now = app.clock.now()
        touched = self._touched(app, ask.content, subject)
        requirement = await self._decide(app, ask, subject, touched)
        directory = await directory_for(app.people, requirement, [ask.requester, *ask.editors])
        requirement = resolve(requirement, directory)
        if requirement.verdict == "ask":
            round_ = Round(
                requirement=requirement,
                content_hash=ask.content.hash,
                requester=ask.requester,
                asked_at=now,
                editors=ask.editors,
            )
            short = shortfalls(round_, directory)
            if short:
                raise InputError({"": "Nobody could approve this as things are. " + " ".join(short)})
        notified = len(audience(requirement, directory, ask.requester) - {editor.user for editor in ask.editors})
        return Demand(requirement, notified, self._hold(subject, requirement), tuple(hit.words for hit in touched))

    async def _decide(self, app: "Services", ask: Ask, subject: Subject, touched: Sequence[Hit] = ()) -> Requirement:
        """What policy demands of a request by all its authors: each must be allowed to ask for it, and the strictest
        result counts. What somebody else than the requester has edited is never approved by a rule alone."""
        if not ask.editors:
            return decide(self.policy, subject, touched)
        groups = await app.people.groups()
        found = [decide(self.policy, subject, touched, automatic=False)]
        for editor in ask.editors:
            author = {"requester": editor.user, "groups": _groups_of(groups.of(editor.user))}
            found.append(decide(self.policy, subject.model_copy(update=author), touched, automatic=False))
        return strictest(found)

    def _hold(self, subject: Subject, requirement: Requirement) -> str:
        kind = subject.schedule.kind
        if kind == "series" and (requirement.renew_after_days or requirement.renew_after_runs):
            return "Nightshift holds this series and starts each run itself, because it is asked for again."
        # A freeze that is given by its dates has been looked at for a single start; a calendar may still change.
        freezes = (f for f in self.policy.freezes if kind != "now" and (kind == "series" or f.calendar))
        freeze = next((f for f in freezes if f.covers(subject)), None)
        if freeze is None:
            return ""
        return f"Nightshift holds the start, because the freeze “{freeze.name}” is looked at again then."

    def _touched(self, app: "Services", content: Content, subject: Subject) -> tuple[Hit, ...]:
        """The freezes that a request touches as things are now."""
        now = app.clock.now()
        return hits(
            self.policy.freezes,
            subject,
            self._windows(content, now),
            now,
            self.calendars.copies,
            goes_around=not app.operation(content.backend, content.operation).makes_schedule,
        )

    async def objections(self, app: "Services", request: Request, schedule: Schedule) -> tuple[str, ...]:
        """What speaks against a start by this schedule instead of the one that policy was asked about, as it was when
        asked; a sentence each. A start at once is at another hour when it is approved."""
        zone = self.policy.defaults.zone
        content = request.content.model_copy(update={"schedule": schedule})
        asked = starts(request.content.schedule, request.asked_at or request.created_at, zone)
        ask = replace(ask_of(request), content=content)
        subject = await self._subject(app, ask, ())
        earlier = subject.model_copy(update={"schedule": request.content.schedule, "starts": asked})
        before = await self._decide(app, ask, earlier)
        after = await self._decide(app, ask, subject, self._touched(app, content, subject))
        if after.asks_no_more_than(before):
            return ()
        if after.verdict == "refuse":
            return ("It would start at another time than was asked for, and policy refuses that.", *after.reasons)
        if resolve(after, await directory_for(app.people, after)).asks_no_more_than(request.requirement):
            return ()
        return (
            f"It would start at another time than was asked for, and policy asks for more then. {headline(after)}",
            "“Edit” on its card puts it before them.",
        )

    async def offered(self, app: "Services", person: Person, operation: str, backends: Sequence[str]) -> list[str]:
        """The back ends of which a person may ask anything at all. All of them where that is none, or where Slack does
        not tell groups: the refusal, with its reason, then comes with the preview."""
        if len(backends) < 2:
            return list(backends)
        try:
            mine = (await app.people.groups()).of(person.user)
        except NotAllowed:
            return list(backends)
        groups = _groups_of(mine)
        found = []
        for name in backends:
            subject = Subject(backend=name, operation=operation, requester=person.user, groups=groups, schedule=Now())
            if not refuses_all(self.policy, subject):
                found.append(name)
        return found or list(backends)

    async def meets(self, app: "Services", ask: Ask) -> tuple[str, ...]:
        """Other open requests on the same targets at the same time, a sentence each."""
        now = app.clock.now()
        mine = Work(
            request=ask.name,
            backend=ask.content.backend,
            names=ask.matched.names,
            windows=self._windows(ask.content, now),
        )
        async with app.db.read() as tx:
            sharing = await self._sharing(tx, ask.matched.names)
            others = await requests.several(tx, sharing)
        works = [self._work(other, now) for other in others]
        found = conflicts(mine, works, zone=ask.zone, short_names=self.policy.defaults.short_names)
        return tuple(conflict.words for conflict in found)

    async def _sharing(self, tx: Tx, mine: Sequence[str]) -> list[str]:
        """The ids of open requests that may touch the same targets."""
        numbers = await requests.open_numbers(tx)
        found: list[str] = []
        for page in range(0, len(numbers), PAGE):
            names = await requests.targets(tx, numbers[page : page + PAGE])
            found += [one for one, theirs in names.items() if self._may_share(mine, theirs)]
            await asyncio.sleep(0)
        return found

    def _may_share(self, mine: Sequence[str], others: Sequence[str]) -> bool:
        """A quick look at the names, before the windows of a request are worked out."""
        if self.policy.defaults.short_names:
            return True
        plain = {name.casefold().rstrip(".") for name in mine}
        return not plain.isdisjoint(name.casefold().rstrip(".") for name in others)

    def _work(self, request: Request, now: datetime) -> Work:
        return Work(
            request=request.name,
            backend=request.content.backend,
            title=request.title,
            names=request.matched.names,
            windows=self._windows(request.content, now),
        )

    async def directory_for(self, app: "Services", request: Request, *also: Person) -> Directory:
        """The workspace as it is now, for deciding on one request: groups asked of Slack afresh."""
        return await directory_for(app.people, request.requirement, [request.requester, *also])

    async def delegations(self, app: "Services") -> tuple[Delegation, ...]:
        """The delegations in force."""
        async with app.db.read() as tx:
            return tuple(await delegations.holding(tx, app.clock.now()))

    def round(self, request: Request, held: Sequence[Delegation]) -> Round:
        """The asking that a request is in."""
        return round_of(request, held)

    def ruling(
        self,
        request: Request,
        person: Person,
        decisions: Sequence[Decision],
        directory: Directory,
        held: Sequence[Delegation],
        now: datetime,
    ) -> Ruling:
        """Whether a person may decide at this moment."""
        return may_decide(self.round(request, held), request.state, person, decisions, directory, now)

    def standing(
        self,
        request: Request,
        decisions: Sequence[Decision],
        directory: Directory,
        held: Sequence[Delegation],
        now: datetime,
    ) -> Standing:
        """How the approval stands."""
        return standing(self.round(request, held), decisions, directory, now)

    def take_back(self, request: Request, decision: Decision, person: Person, held: Sequence[Delegation]) -> Ruling:
        """Whether a decision can still be taken back."""
        return can_take_back(self.round(request, held), request.state, decision, person)

    def lateness(self, request: Request, now: datetime) -> Lateness:
        """What an approval at this moment means for the start."""
        return late_options(request, now)

    async def may_oversee(self, app: "Services", request: Request, person: Person) -> Ruling:
        """Whether a person is one of a request's approvers, and so may stop it or say what became of it."""
        directory = await self.directory_for(app, request, person)
        if problem := barred(directory.member(person)):
            return Ruling(allowed=False, reason=problem)
        stages = self.round(request, ()).stages(app.clock.now())
        if any(person.user in listed(stage, directory) for stage in stages):
            return Ruling(allowed=True)
        if request.requirement.verdict == "approve":
            default = list(self.policy.defaults.stage_list())
            if any(person.user in listed(stage, directory) for stage in default):
                return Ruling(allowed=True)
        return Ruling(allowed=False, reason="You are not one of them.")

    async def frozen_now(self, app: "Services", request: Request) -> str:
        """Why a freeze keeps a run from starting at this moment; "" where none does."""
        now = app.clock.now()
        subject = await self._subject(app, ask_of(request), (), groups=False)
        span = (Span(now, now + timedelta(seconds=self.policy.defaults.assume)),)
        touched = hits(self.policy.freezes, subject, span, now, self.calendars.copies)
        found = blocking(touched, request.requirement)
        return " ".join(hit.words for hit in found)

    async def lapsed(self, app: "Services", request: Request) -> str:
        """Why an approval that was given does not hold any more; "" where it does.

        Approvers who have left their group, or the company, do not count any more. Where Slack cannot be asked at
        the moment, what was counted at the click holds: work that was approved does not wait for Slack.
        """
        if request.requirement.verdict != "ask":
            return ""
        async with app.db.read() as tx:
            decisions = await requests.decisions_of(tx, request.id)
        people = [decision.person for decision in decisions]
        try:
            directory = await directory_for(app.people, request.requirement, people, whole=True)
        except NotAllowed:
            return ""
        held = await self.delegations_at(app, decisions)
        return may_start(self.round(request, held), decisions, directory, app.clock.now()).reason

    async def delegations_at(self, app: "Services", decisions: Sequence[Decision]) -> tuple[Delegation, ...]:
        """The delegations that held when decisions were made."""
        found: dict[str, Delegation] = {}
        async with app.db.read() as tx:
            for decision in decisions:
                found |= {d.id: d for d in await delegations.holding(tx, decision.at)}
        return tuple(found.values())

    async def freezes_of(self, app: "Services", ask: Ask) -> tuple[Hit, ...]:
        """The freezes that a request touches as things are now."""
        return self._touched(app, ask.content, await self._subject(app, ask, ()))

    def _windows(self, content: Content, now: datetime) -> tuple[Span, ...]:
        return windows(content.schedule, now, timedelta(seconds=self.policy.defaults.assume))

    async def _subject(self, app: "Services", ask: Ask, met: tuple[str, ...], *, groups: bool = True) -> Subject:
        """``groups`` False leaves out the requester's groups, which freezes do not look at: Slack may be away."""
        mine = (await app.people.groups()).of(ask.requester.user) if groups else ()
        now = app.clock.now()
        zone = self.policy.defaults.zone
        return Subject(
            backend=ask.content.backend,
            operation=ask.content.operation,
            facts=ask.facts,
            requester=ask.requester.user,
            groups=_groups_of(mine),
            channel=ask.channel,
            channel_name=await app.people.channel_name(ask.channel),
            targets=ask.matched.count,
            names=ask.matched.names,
            noun=ask.matched.noun,
            query=str(ask.facts.get("query", "")),
            schedule=ask.content.schedule,
            starts=starts(ask.content.schedule, now, zone),
            approved_today=await self._approved_today(app),
            conflicts=met,
        )

    async def _approved_today(self, app: "Services") -> dict[str, int]:
        if not self._budgets():
            return {}
        async with app.db.read() as tx:
            return await requests.approved_by_rule_since(tx, self._midnight(app.clock.now()))

    async def overspent(self, tx: Tx, requirement: Requirement, now: datetime) -> str:
        """The rule whose budget for today is used up, of those that approve a request at once; "" where none is.

        Asked within the transaction that approves: two requests may have been previewed with the last of it.
        """
        budgets = {name: most for name, most in self._budgets().items() if name in requirement.rules}
        if not budgets:
            return ""
        used = await requests.approved_by_rule_since(tx, self._midnight(now))
        return next((name for name, most in budgets.items() if used.get(name, 0) >= most), "")

    def _budgets(self) -> dict[str, int]:
        return {rule.rule.name: rule.rule.budget for rule in self.policy.rules if rule.rule.budget}

    def _midnight(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.policy.defaults.zone)).replace(hour=0, minute=0, second=0, microsecond=0)


def _groups_of(mine: Sequence[Group]) -> frozenset[str]:
    """Groups as policy names them: by id and by handle."""
    return frozenset([g.id for g in mine] + [f"@{g.handle}" for g in mine])


def ask_of(request: Request) -> Ask:
    """A stored request as policy looks at it."""
    return Ask(
        name=request.name,
        requester=request.requester,
        channel=request.channel,
        content=request.content,
        matched=request.matched,
        facts=request.facts,
        zone=request.zone,
        editors=request.edited_by,
    )
