"""What holds for every approval, whoever decides and in whatever order."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.requests.approval.deciding import permission_to_decide
from bot.requests.approval.rounds import ApprovalRound
from bot.requests.approval.status import ApprovalStatus, approval_status
from bot.requests.directory import InMemoryDirectory
from bot.requests.model import Decision
from tests.unit.requests.build import CONTENT_HASH, NOW, decision, make_directory, person, requirement, stage
from tests.unit.requests.oracle import USERS, is_complete

VERDICTS = ("approved", "approved", "approved", "denied", "changes")
quick = settings(max_examples=60, deadline=None)
some_users = st.sets(st.sampled_from(USERS))


@dataclass
class Case:
    """One situation."""

    approval_round: ApprovalRound
    decisions: list[Decision]
    groups: dict[str, set[str]]
    inactive: set[str]

    @property
    def directory(self) -> InMemoryDirectory:
        everybody = {user: {user} for user in USERS}
        return make_directory(self.groups | everybody, deleted=self.inactive)

    def status(self, decisions: list[Decision] | None = None) -> ApprovalStatus:
        return approval_status(
            self.approval_round, self.decisions if decisions is None else decisions, self.directory, NOW
        )


@st.composite
def stages(draw: st.DrawFn) -> list[object]:
    names = st.lists(st.sampled_from(["@a", "@b", "UBOB", "UCAT"]), min_size=1, max_size=2, unique=True)
    found = draw(st.lists(st.tuples(names, st.integers(1, 2)), min_size=1, max_size=3))
    return [stage(*who, quorum=quorum) for who, quorum in found]


@st.composite
def cases(draw: st.DrawFn, verdicts: tuple[str, ...] = VERDICTS) -> Case:
    what = requirement(*draw(stages()), requester_counts=draw(st.booleans()))  # type: ignore[arg-type]
    around = ApprovalRound(requirement=what, content_hash=CONTENT_HASH, requester=person("UANN"), opened_at=NOW)
    decided = draw(
        st.lists(
            st.tuples(
                st.sampled_from(USERS),
                st.sampled_from(verdicts),
                st.sampled_from([CONTENT_HASH, CONTENT_HASH, "old"]),
                st.booleans(),
            ),
            max_size=7,
        )
    )
    decisions = [
        decision(
            user,
            verdict,
            minutes=n,
            content_hash=of,
            retracted_at=NOW + timedelta(hours=1) if back and n % 3 == 0 else None,
        )
        for n, (user, verdict, of, back) in enumerate(decided)
    ]
    groups = {"a": draw(some_users), "b": draw(some_users)}
    return Case(around, decisions, groups, draw(st.sets(st.sampled_from(USERS), max_size=1)))


@quick
@given(cases())
def test_approved_exactly_when_live_approvals_of_this_content_fill_every_stage(case: Case) -> None:
    assert (case.status().state == "approved") is is_complete(
        case.approval_round, case.decisions, case.groups, case.inactive
    )


@quick
@given(cases(("approved",)), st.randoms(use_true_random=False))
def test_the_order_of_decisions_changes_nothing(case: Case, random: object) -> None:
    shuffled = list(case.decisions)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    moved = [d.model_copy(update={"at": NOW - timedelta(minutes=n)}) for n, d in enumerate(shuffled)]
    before, after = case.status(), case.status(moved)
    assert (
        before.state,
        before.stage_index,
        before.approval_count,
        before.eligible_approvers,
        before.unapprovable_reasons,
    ) == (
        after.state,
        after.stage_index,
        after.approval_count,
        after.eligible_approvers,
        after.unapprovable_reasons,
    )


@quick
@given(cases())
def test_nobody_counts_twice(case: Case) -> None:
    counted = [one for stage in case.status().approved_by for one in stage]
    assert len(counted) == len(set(counted))
    assert set(counted) <= {
        d.person for d in case.decisions if d.content_hash == CONTENT_HASH and d.retracted_at is None
    }


@quick
@given(cases(), st.lists(st.sampled_from(USERS), max_size=5))
def test_a_denial_is_final(case: Case, more: list[str]) -> None:
    denial = decision("UDAN", "denied", minutes=20)
    approvals = [decision(user, minutes=30 + n) for n, user in enumerate(more)]
    assert case.status([*case.decisions, denial, *approvals]).state == "denied"


@quick
@given(cases(), st.data())
def test_taking_back_is_as_if_it_had_never_been_said(case: Case, data: st.DataObject) -> None:
    assume(case.decisions)
    index = data.draw(st.integers(0, len(case.decisions) - 1))
    back = [d.model_copy(update={"retracted_at": NOW}) if n == index else d for n, d in enumerate(case.decisions)]
    without = [d for n, d in enumerate(case.decisions) if n != index]
    assert case.status(back) == case.status(without)


@quick
@given(cases(("approved",)))
def test_who_may_decide_moves_it_along_and_nobody_else_would(case: Case) -> None:
    before = case.status()
    assume(before.state == "waiting")
    live = {d.person.user for d in case.decisions if d.content_hash == CONTENT_HASH and d.retracted_at is None}
    for user in set(USERS) - live:
        ruling = permission_to_decide(
            case.approval_round, "awaiting_approval", person(user), case.decisions, case.directory, NOW
        )
        after = case.status([*case.decisions, decision(user, minutes=50)])
        gained = sum(map(len, after.approved_by)) - sum(map(len, before.approved_by))
        assert ruling.allowed is (user in before.eligible_approvers)
        assert bool(ruling.reason) is not ruling.allowed
        if ruling.allowed:
            assert gained == 1
            assert after.state == "approved" or (after.stage_index, after.approval_count) > (
                before.stage_index,
                before.approval_count,
            )
        elif not (user == "UANN" and not case.approval_round.requirement.requester_counts):
            assert len(after.approved_by[before.stage_index]) == before.approval_count


@quick
@given(cases(("approved",)), st.randoms(use_true_random=False))
def test_what_is_not_stuck_can_be_completed_and_what_is_cannot(case: Case, random: object) -> None:
    now, decisions = case.status(), list(case.decisions)
    stuck = bool(now.unapprovable_reasons)
    while now.state == "waiting" and now.eligible_approvers:
        user = random.choice(sorted(now.eligible_approvers))  # type: ignore[attr-defined]
        decisions.append(decision(user, minutes=100 + len(decisions)))
        now = case.status(decisions)
    assert (now.state == "approved") is not stuck
