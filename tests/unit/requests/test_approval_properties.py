"""What holds for every approval, whoever decides and in whatever order."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.requests.approval import Standing, may_decide, standing
from bot.requests.directory import People
from bot.requests.model import Decision
from bot.requests.rounds import Round
from tests.unit.requests.build import HASH, NOW, decision, people, person, requirement, stage
from tests.unit.requests.oracle import USERS, complete

VERDICTS = ("approved", "approved", "approved", "denied", "changes")
quick = settings(max_examples=60, deadline=None)
some_users = st.sets(st.sampled_from(USERS))


@dataclass
class Case:
    """One situation."""

    around: Round
    decisions: list[Decision]
    groups: dict[str, set[str]]
    inactive: set[str]

    @property
    def there(self) -> People:
        everybody = {user: {user} for user in USERS}
        return people(self.groups | everybody, deleted=self.inactive)

    def stands(self, decisions: list[Decision] | None = None) -> Standing:
        return standing(self.around, self.decisions if decisions is None else decisions, self.there, NOW)


@st.composite
def stages(draw: st.DrawFn) -> list[object]:
    names = st.lists(st.sampled_from(["@a", "@b", "UBOB", "UCAT"]), min_size=1, max_size=2, unique=True)
    found = draw(st.lists(st.tuples(names, st.integers(1, 2)), min_size=1, max_size=3))
    return [stage(*who, quorum=quorum) for who, quorum in found]


@st.composite
def cases(draw: st.DrawFn, verdicts: tuple[str, ...] = VERDICTS) -> Case:
    what = requirement(*draw(stages()), requester_counts=draw(st.booleans()))  # type: ignore[arg-type]
    around = Round(requirement=what, content_hash=HASH, requester=person("UANN"), asked_at=NOW)
    decided = draw(
        st.lists(
            st.tuples(
                st.sampled_from(USERS), st.sampled_from(verdicts), st.sampled_from([HASH, HASH, "old"]), st.booleans()
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
            taken_back=NOW + timedelta(hours=1) if back and n % 3 == 0 else None,
        )
        for n, (user, verdict, of, back) in enumerate(decided)
    ]
    groups = {"a": draw(some_users), "b": draw(some_users)}
    return Case(around, decisions, groups, draw(st.sets(st.sampled_from(USERS), max_size=1)))


@quick
@given(cases())
def test_approved_exactly_when_live_approvals_of_this_content_fill_every_stage(case: Case) -> None:
    assert (case.stands().state == "approved") is complete(case.around, case.decisions, case.groups, case.inactive)


@quick
@given(cases(("approved",)), st.randoms(use_true_random=False))
def test_the_order_of_decisions_changes_nothing(case: Case, random: object) -> None:
    shuffled = list(case.decisions)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    moved = [d.model_copy(update={"at": NOW - timedelta(minutes=n)}) for n, d in enumerate(shuffled)]
    before, after = case.stands(), case.stands(moved)
    assert (before.state, before.stage, before.have, before.may_approve, before.stuck) == (
        after.state,
        after.stage,
        after.have,
        after.may_approve,
        after.stuck,
    )


@quick
@given(cases())
def test_nobody_counts_twice(case: Case) -> None:
    counted = [one for stage in case.stands().approved_by for one in stage]
    assert len(counted) == len(set(counted))
    assert set(counted) <= {d.person for d in case.decisions if d.content_hash == HASH and d.taken_back is None}


@quick
@given(cases(), st.lists(st.sampled_from(USERS), max_size=5))
def test_a_denial_is_final(case: Case, more: list[str]) -> None:
    denial = decision("UDAN", "denied", minutes=20)
    approvals = [decision(user, minutes=30 + n) for n, user in enumerate(more)]
    assert case.stands([*case.decisions, denial, *approvals]).state == "denied"


@quick
@given(cases(), st.data())
def test_taking_back_is_as_if_it_had_never_been_said(case: Case, data: st.DataObject) -> None:
    assume(case.decisions)
    index = data.draw(st.integers(0, len(case.decisions) - 1))
    back = [d.model_copy(update={"taken_back": NOW}) if n == index else d for n, d in enumerate(case.decisions)]
    without = [d for n, d in enumerate(case.decisions) if n != index]
    assert case.stands(back) == case.stands(without)


@quick
@given(cases(("approved",)))
def test_who_may_decide_moves_it_along_and_nobody_else_would(case: Case) -> None:
    before = case.stands()
    assume(before.state == "waiting")
    live = {d.person.user for d in case.decisions if d.content_hash == HASH and d.taken_back is None}
    for user in set(USERS) - live:
        ruling = may_decide(case.around, "awaiting_approval", person(user), case.decisions, case.there, NOW)
        after = case.stands([*case.decisions, decision(user, minutes=50)])
        gained = sum(map(len, after.approved_by)) - sum(map(len, before.approved_by))
        assert ruling.allowed is (user in before.may_approve)
        assert bool(ruling.reason) is not ruling.allowed
        if ruling.allowed:
            assert gained == 1
            assert after.state == "approved" or (after.stage, after.have) > (before.stage, before.have)
        elif not (user == "UANN" and not case.around.requirement.requester_counts):
            assert len(after.approved_by[before.stage]) == before.have


@quick
@given(cases(("approved",)), st.randoms(use_true_random=False))
def test_what_is_not_stuck_can_be_completed_and_what_is_cannot(case: Case, random: object) -> None:
    now, decisions = case.stands(), list(case.decisions)
    stuck = bool(now.stuck)
    while now.state == "waiting" and now.may_approve:
        user = random.choice(sorted(now.may_approve))  # type: ignore[attr-defined]
        decisions.append(decision(user, minutes=100 + len(decisions)))
        now = case.stands(decisions)
    assert (now.state == "approved") is not stuck
