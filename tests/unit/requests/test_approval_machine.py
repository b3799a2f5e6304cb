"""Requests, edits, clicks, expiry, restarts and changes of groups in any order: what must hold, holds."""

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.requests.approval.deadlines import expires_at
from bot.requests.approval.deciding import permission_to_decide, permission_to_retract
from bot.requests.approval.delegation import Delegation
from bot.requests.approval.rounds import ApprovalRound
from bot.requests.approval.status import approval_status, is_still_valid
from bot.requests.directory import InMemoryDirectory
from bot.requests.freezes.model import Freeze, find_freeze_hits, start_blocking_hits
from bot.requests.lifecycle import FINAL_STATES, can_transition
from bot.requests.model import Decision, RequestState
from bot.requests.spans import work_spans
from bot.schedule import Now, Window, ZonedTime
from tests.unit.requests.build import NOW, TEAM, make_directory, person, requirement, stage, subject
from tests.unit.requests.oracle import USERS, is_complete

PLAIN = subject()
anybody = st.sampled_from(USERS)


class ApprovalMachine(RuleBasedStateMachine):
    """One request in a small workspace, with what would be stored kept as plain values."""

    @initialize(first=st.integers(1, 2), second=st.integers(0, 1), own=st.booleans())
    def ask(self, first: int, second: int, own: bool) -> None:
        stages = [stage("@a", quorum=first)] + [stage("@b", "UEVE")] * second
        self.requirement = requirement(*stages, requester_counts=own, expires_after=7200)
        self.groups: dict[str, set[str]] = {"a": {"UBOB", "UCAT", "UDAN"}, "b": {"UCAT", "UANN"}}
        self.inactive: set[str] = set()
        self.delegations: list[Delegation] = []
        self.state: RequestState = "awaiting_approval"
        self.revision = 1
        self.decisions: list[Decision] = []
        self.now = self.asked_at = NOW
        self.seen: list[RequestState] = [self.state]
        self.starts = 0
        self.freezes: list[Freeze] = []
        self.frozen: list[tuple[datetime, datetime]] = []

    @property
    def directory(self) -> InMemoryDirectory:
        return make_directory(self.groups | {user: {user} for user in USERS}, deleted=self.inactive)

    @property
    def approval_round(self) -> ApprovalRound:
        return ApprovalRound(
            requirement=self.requirement,
            content_hash=f"h{self.revision}",
            requester=person("UANN"),
            opened_at=self.asked_at,
            delegations=tuple(self.delegations),
        )

    def move(self, state: RequestState) -> None:
        assert can_transition(self.state, state)
        self.state = state
        self.seen.append(state)

    def is_complete(self) -> bool:
        """By the slow way, with delegates' approvals as if those they stand in for had given them."""
        stood_in = [d.model_copy(update={"person": person(d.on_behalf_of or d.person.user)}) for d in self.decisions]
        live = [d for d, own in zip(stood_in, self.decisions, strict=True) if own.person.user not in self.inactive]
        return is_complete(self.approval_round, live, self.groups, self.inactive)

    @rule(user=anybody, verdict=st.sampled_from(["approved", "approved", "approved", "denied", "changes"]))
    def click(self, user: str, verdict: str) -> None:
        ruling = permission_to_decide(
            self.approval_round, self.state, person(user), self.decisions, self.directory, self.now
        )
        assert ruling.allowed is not bool(ruling.reason)
        if not ruling.allowed:
            return
        assert self.state == "awaiting_approval"
        assert user not in self.inactive
        self.decisions.append(
            Decision(
                id=str(len(self.decisions)),
                request_id="r1",
                revision=self.revision,
                content_hash=f"h{self.revision}",
                person=person(user),
                verdict=verdict,
                at=self.now,
                on_behalf_of=ruling.on_behalf_of,
            )
        )
        self.settle()

    def settle(self) -> None:
        found = approval_status(self.approval_round, self.decisions, self.directory, self.now)
        if found.state == "approved":
            assert self.is_complete()
            self.move("approved")
        elif found.state == "denied":
            self.move("denied")

    @rule(user=anybody, pick=st.integers(0, 20))
    def take_back(self, user: str, pick: int) -> None:
        if not self.decisions:
            return
        index = pick % len(self.decisions)
        given = self.decisions[index]
        ruling = permission_to_retract(self.approval_round, self.state, given, person(user))
        assert ruling.allowed is not bool(ruling.reason)
        if ruling.allowed:
            assert (given.person, self.state) == (person(user), "awaiting_approval")
            self.decisions[index] = given.model_copy(update={"retracted_at": self.now})
            self.settle()

    @precondition(lambda self: self.state in ("awaiting_approval", "approved", "scheduled"))
    @rule()
    def edit(self) -> None:
        self.revision += 1
        self.asked_at = self.now
        if self.state != "awaiting_approval":
            self.move("awaiting_approval")

    @rule(user=anybody, group=st.sampled_from(["a", "b"]))
    def join_or_leave(self, user: str, group: str) -> None:
        self.groups[group] ^= {user}

    @rule(user=anybody)
    def deactivate_or_bring_back(self, user: str) -> None:
        self.inactive ^= {user}

    @rule(user=anybody, to_user=anybody, hours=st.integers(1, 3))
    def delegate(self, user: str, to_user: str, hours: int) -> None:
        ends = self.now + timedelta(hours=hours)
        given = {"id": str(len(self.delegations)), "team": TEAM, "user": user, "to_user": to_user}
        self.delegations.append(Delegation(**given, starts=self.now, ends=ends))

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.now: datetime = self.now + timedelta(minutes=minutes)
        until = expires_at(self.requirement, self.asked_at, Now())
        if self.state == "awaiting_approval" and self.now >= until:
            self.move("expired")

    @precondition(lambda self: self.state == "awaiting_approval")
    @rule()
    def recompute(self) -> None:
        """What a restart or a change of groups does: the state is worked out anew from what is stored."""
        self.settle()

    @precondition(lambda self: self.state in ("approved", "scheduled"))
    @rule()
    def start(self) -> None:
        permission = is_still_valid(self.approval_round, self.decisions, self.directory, self.now)
        assert permission.allowed is not bool(permission.reason)
        if not permission.allowed:
            self.move("awaiting_approval")
            return
        hits = find_freeze_hits(self.freezes, PLAIN, work_spans(Now(), self.now, timedelta(hours=1)), self.now)
        if start_blocking_hits(hits, self.requirement):
            self.move("cancelled")
            return
        assert self.is_complete()
        assert not any(start <= self.now < end for start, end in self.frozen)
        self.starts += 1
        self.move("starting")

    @rule(after=st.integers(-60, 120), minutes=st.integers(10, 60))
    def freeze(self, after: int, minutes: int) -> None:
        start = self.now + timedelta(minutes=after)
        end = start + timedelta(minutes=minutes)
        self.frozen.append((start, end))
        schedule = Window(start=ZonedTime.from_instant(start, "UTC"), end=ZonedTime.from_instant(end, "UTC"))
        self.freezes.append(Freeze(name=str(len(self.freezes)), schedule=schedule))

    @precondition(lambda self: self.state == "starting")
    @rule(state=st.sampled_from(["running", "unknown", "succeeded", "failed"]))
    def progress(self, state: RequestState) -> None:
        self.move(state)

    @invariant()
    def never_started_twice(self) -> None:
        assert getattr(self, "starts", 0) <= 1

    @invariant()
    def final_states_stay(self) -> None:
        assert not any(state in FINAL_STATES for state in getattr(self, "seen", [])[:-1])


ApprovalMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestApproval = ApprovalMachine.TestCase
