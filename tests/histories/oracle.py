"""Judges what the rules did, from a record of what people did and what was true. Uses nothing of the
product but plain values."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.requests.drift import Observation
from tests.histories.demand import Demand, can_fill, demand_of_authors, members_of
from tests.histories.history import Form, History, Violation
from tests.histories.starting import Call
from tests.histories.world import GROUP_AGE_SECONDS, STALE_DIRECTORY_SECONDS, People, World

LATEST_START_MINUTES = {"flexible": 120, "window": 120, "series": 30}
"""How long after its time a run may still start."""


@dataclass(frozen=True, slots=True)
class Revision:
    """``form`` is what people wrote; ``shown`` is what it stood for when it was put before the approvers, and
    ``demands`` what policy may have asked for then."""

    form: Form
    shown: Observation
    tolerance: float
    opened_at: datetime
    demands: tuple[Demand, ...]


@dataclass(slots=True)
class Vote:
    user: str
    verdict: str
    revision: int
    for_whom: frozenset[str]
    """Everyone in whose place it may count: the voter, and who had delegated to them."""
    retracted: bool = False


class Oracle:
    """Keeps the record of one history. Every ``check_`` raises Violation."""

    def __init__(self, history: History, world: World) -> None:
        self._history = history
        self._world = world
        self._revisions: list[Revision] = []
        self._requester = history.requester
        self._editors: list[str] = []
        self._former: set[str] = set()
        """Who wrote it before the requester took it over."""
        self._votes: list[Vote] = []
        self._delegations: list[tuple[str, str, datetime]] = []
        self._approved: Observation | None = None
        """What the back end told when the approval was complete."""
        self._begin = world.now
        """The time that its last author said, or a late approver chose, for schedules that have one."""
        self._kind = ""
        """The kind of schedule that was agreed."""

    @property
    def authors(self) -> list[str]:
        return [self._requester, *self._editors]

    @property
    def form(self) -> Form:
        return self._revisions[-1].form

    @property
    def is_approved_in_part(self) -> bool:
        """Whether the newest revision was approved, by policy or at least by one person."""
        return self._approved is not None or any(vote.verdict == "approved" for vote in self._current_votes())

    def written(self, user: str, form: Form, shown: Observation, *, new_time: bool) -> None:
        """Somebody submitted or edited the request. ``shown`` is what the card says that it would do. ``new_time`` is
        whether they said a time, which is another one at each moment."""
        if new_time or form.schedule == "now" or not self._kind:
            self._kind = form.schedule
            self._begin = (self._world.now + timedelta(minutes=form.start_in)).replace(second=0)
        if user not in self.authors:
            self._editors.append(user)
        if shown != self._world.observe(form):
            raise Violation("the card shows something else than the back end told")
        self._add_revision(form, shown, 0.0)

    def taken_over(self, user: str, shown: Observation) -> None:
        """Somebody has become the requester. Whoever wrote it before cannot approve it."""
        self._former = {*self.authors, *self._former} - {user}
        self._requester, self._editors = user, []
        if shown != self._world.observe(self.form):
            raise Violation("the card shows something else than the back end told")
        self._add_revision(self.form, shown, 0.0)

    def asked_again(self, shown: Observation) -> None:
        """The request was put before its approvers again."""
        if shown != self._world.observe(self.form) and self._world.slack.answers and not self._world.backend_silent:
            raise Violation("approvers are asked about something that it would not do now")
        self._add_revision(self.form, shown, self._revisions[-1].tolerance)

    def start_moved(self, begin: datetime | None) -> None:
        """A late approver chose another start: at once if it is None. What others approved was the earlier one."""
        if begin is None:
            self._kind = "now"
        elif begin <= self._world.now or (begin - self._begin) % timedelta(days=1):
            raise Violation("the start was moved to another time of day, or into the past")
        else:
            self._begin = begin
        self._add_revision(self.form, self._revisions[-1].shown, self._revisions[-1].tolerance)

    def _add_revision(self, form: Form, shown: Observation, least_tolerance: float) -> None:
        demands = tuple(self._demand(shown, people) for people in self._recently(GROUP_AGE_SECONDS))
        tolerance = max(least_tolerance, *(_tolerance(demand, form) for demand in demands), 0.0)
        self._revisions.append(Revision(form, shown, tolerance, self._world.now, demands))
        self._approved = None

    def delegated(self, user: str, to_user: str, minutes: int) -> None:
        self._delegations.append((user, to_user, self._world.now + timedelta(minutes=minutes)))

    def voted(self, user: str, verdict: str, approvers: list[frozenset[str]]) -> None:
        """A decision was recorded. ``approvers`` are the names that the request asks, stage by stage."""
        now, people = self._world.now, self._world.people[-1]
        delegators = {giver for giver, taker, ends in self._delegations if taker == user and now < ends}
        if user in self._former:
            raise Violation(f"{user} wrote it before it was taken over, and decided on it")
        authors = {*self.authors, *self._former}
        for_whom = frozenset({user} if user in authors else {user, *delegators - authors})
        named = frozenset().union(*(members_of(names, people.groups, frozenset()) for names in approvers))
        if not for_whom & named:
            raise Violation(f"{user} decided, but is not an approver, nor has one delegated to them")
        self._votes.append(Vote(user, verdict, len(self._revisions), for_whom))

    def retracted(self, user: str) -> None:
        for vote in self._current_votes():
            if vote.user == user:
                vote.retracted = True

    def approved(self, approvers: list[tuple[frozenset[str], int]], *, requester_counts: bool, automatic: bool) -> None:
        """The approval became complete, by these stages."""
        if automatic:
            if self._editors or self._former:
                raise Violation("policy approved by itself what somebody else had edited or written")
        else:
            here = self._world.people[-1]
            # The groups were read just now; a person may have been looked up some minutes ago.
            readings = [replace(here, inactive=people.inactive) for people in self._recently(GROUP_AGE_SECONDS)]
            demand = Demand("ask", dict(approvers), requester_counts)
            if not any(self._is_filled(demand, people) for people in readings):
                raise Violation("an approval became complete without the people whom it needs")
        self._approved = self._world.observe(self.form)

    def check_refused_click(self, user: str, code: str, approvers: list[frozenset[str]]) -> None:
        """What Slack does not tell must not be shown as "no"."""
        slack, people = self._world.slack, self._world.people[-1]
        named = any(user in members_of(names, people.groups, people.inactive) for names in approvers)
        if code == "not_an_approver" and named and slack.groups_silent:
            raise Violation(f"{user} read that they are not an approver while Slack did not tell")

    def check_unchecked_call(self, call: Call) -> None:
        """A back end that keeps the time starts what was approved, even where nobody could check it, and people are
        told."""
        if not call.was_told:
            raise Violation("the back end started something unchecked, and nobody was told")
        sent, form = call.content.params, self.form
        if (sent["feature"], sent["command"], sent["search"]) != (form.feature, form.command, form.search):
            raise Violation("what the back end started is not what its last author wrote")
        if not self._is_in_time(call.at):
            raise Violation("started by the back end at another time than was agreed")

    def check_call(self, call: Call) -> None:
        """Nothing is sent without an approval for exactly this by people who may give it."""
        revision = self._revisions[-1]
        sent, form = call.content.params, revision.form
        if (sent["feature"], sent["command"], sent["search"]) != (form.feature, form.command, form.search):
            raise Violation("what was sent is not what its last author wrote")
        if not self._is_in_time(call.at):
            raise Violation("sent at another time than was agreed")
        if self._world.backend_silent:
            raise Violation("sent, although nobody could ask what it would do")
        age = GROUP_AGE_SECONDS if self._world.slack.answers else STALE_DIRECTORY_SECONDS
        reasons = [self._why_not(revision, people) for people in self._recently(age)]
        if all(reasons):
            raise Violation(f"sent, although {reasons[-1]}")

    def _is_in_time(self, at: datetime) -> bool:
        """Return whether a call is neither too early nor past its latest start."""
        if self._kind == "now":
            return True
        late = (at - self._begin) % timedelta(days=1) if self._kind == "series" else at - self._begin
        latest = LATEST_START_MINUTES.get(self._kind)
        return at >= self._begin and (latest is None or late <= timedelta(minutes=latest))

    def _why_not(self, revision: Revision, people: People) -> str:
        """Return why a call is not legitimate if these are the people; "" if it is."""
        seen = self._world.observe(revision.form)
        demand = self._demand(seen, people)
        if gone := [user for user in self.authors if user in people.inactive]:
            return f"its author {gone[0]} has left"
        if demand.effect == "refuse":
            return "policy refuses it to one of its authors"
        if demand.effect == "approve":
            return ""
        if seen.resolutions != revision.shown.resolutions:
            return f"it stands for {seen.facts} now"
        if _drift(revision.shown, seen) > revision.tolerance:
            return f"its targets drifted by {_drift(revision.shown, seen):.0f} %"
        if not self._is_filled(demand, people):
            return "no approval that holds covers it"
        return ""

    def _is_filled(self, demand: Demand, people: People) -> bool:
        votes = list(self._current_votes())
        if any(vote.verdict != "approved" for vote in votes):
            return False
        barred = {*self.authors, *self._former}
        if demand.requester_counts:
            barred = {*self._editors, *self._former}
        voters = [
            (vote.for_whom if vote.user not in self.authors else frozenset({vote.user})) - barred
            for vote in votes
            if vote.user not in people.inactive and vote.user not in barred
        ]
        seats = [
            members_of(names, people.groups, people.inactive)
            for names, quorum in demand.stages.items()
            for _ in range(quorum)
        ]
        return can_fill(seats, voters)

    def check_refused_start(self) -> None:
        """Only policy refuses a start: what the request is now, or one of its authors."""
        seen = self._world.observe(self.form)
        age = GROUP_AGE_SECONDS if self._world.slack.answers else STALE_DIRECTORY_SECONDS
        for people in self._recently(age):
            if people.inactive & set(self.authors) or self._demand(seen, people).effect == "refuse":
                return
        raise Violation("a start was refused, although policy allows it")

    def check_asked_again(self) -> None:
        """An unchanged world asks nobody twice. Unchanged since the approvers were asked: what changes between that and
        their clicks is judged at the start."""
        if self._approved is not None and self._is_unchanged_since(self._approved):
            raise Violation("asked again, although nothing has changed since the approval")

    def _is_unchanged_since(self, approved: Observation) -> bool:
        revision = self._revisions[-1]
        if not self._world.observe(self.form) == approved == revision.shown:
            return False
        # What Slack had not told by then counts as a change.
        told_for_sure = revision.opened_at - timedelta(seconds=GROUP_AGE_SECONDS)
        return all(
            people.since < told_for_sure or (people.heard and people.since <= revision.opened_at)
            for people in self._world.people
        )

    def check_asked_again_at_a_click(self) -> None:
        """Asking again needs a change of what it would do, or of what policy demands of it."""
        revision, seen = self._revisions[-1], self._world.observe(self.form)
        stale = GROUP_AGE_SECONDS if self._world.slack.answers else STALE_DIRECTORY_SECONDS
        # Where Slack may have told several things, nobody can say which of them counted when it was opened.
        demands = [*revision.demands, *(self._demand(revision.shown, people) for people in self._recently(stale))]
        if revision.shown == seen and all(demand == demands[0] for demand in demands):
            raise Violation("approvers were asked again, although nothing has changed")

    def check_wait(self) -> None:
        if self._world.slack.answers and not self._world.backend_silent:
            raise Violation("a start waits, although everybody answers")

    def _current_votes(self) -> Iterator[Vote]:
        return (vote for vote in self._votes if vote.revision == len(self._revisions) and not vote.retracted)

    def _demand(self, seen: Observation, people: People) -> Demand:
        template = str(seen.facts["template"])
        written_by_others = bool(self._editors or self._former)
        return demand_of_authors(
            self._history.policy,
            self.authors,
            people.groups,
            template,
            seen.targets.names,
            written_by_others=written_by_others,
        )

    def _recently(self, seconds: float) -> list[People]:
        """Return the states of the people that Slack may have told within some seconds, the present one last."""
        begin = self._world.now - timedelta(seconds=seconds)
        all_of_them = self._world.people
        return [
            people
            for index, people in enumerate(all_of_them)
            if index + 1 == len(all_of_them) or all_of_them[index + 1].since >= begin
        ]


def _tolerance(demand: Demand, form: Form) -> float:
    if demand.tolerance is not None:
        return demand.tolerance
    return 10.0 if form.dynamic else 0.0


def _drift(before: Observation, after: Observation) -> float:
    old, new = set(before.targets.names), set(after.targets.names)
    return 100 * len(old ^ new) / len(old)
