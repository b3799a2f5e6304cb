"""Approvers who let others decide in their place."""

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.approval.delegation import Delegation, DelegationCode, delegation_problem
from bot.requests.approval.rounds import countable_approvals
from bot.requests.approval.status import approval_status
from bot.requests.model import Decision
from tests.unit.requests.build import (
    NOW,
    decision,
    make_directory,
    person,
    requirement,
    stage,
)
from tests.unit.requests.rounds import (
    GROUPS,
    SRE_THEN_DBA,
    TWO_OF_SRE,
    approval_round,
    decide,
    delegation,
    may_decide,
    progress,
)


def test_a_delegate_approves_in_somebody_elses_place() -> None:
    given = (delegation("UBOB", "UFAY"),)
    assert may_decide("UFAY", TWO_OF_SRE, delegations=given) == "for UBOB"
    acted = decision("UFAY", on_behalf_of="UBOB", minutes=5)
    assert progress(TWO_OF_SRE, acted, decision("UCAT"), delegations=given) == "approved_by_people"
    assert may_decide("UBOB", TWO_OF_SRE, acted, delegations=given) == "place_taken"
    assert progress(TWO_OF_SRE, acted, decision("UBOB", minutes=6), delegations=given) == "1 of 2"


@pytest.mark.parametrize(
    "given",
    [
        (),
        (delegation("UBOB", "UFAY", end=4),),
        (delegation("UBOB", "UFAY", start=6),),
        (delegation("UBOB", "UFAY", ended_at=NOW + timedelta(minutes=4)),),
        (delegation("UEVE", "UFAY"), delegation("UBOB", "UEVE")),
        (delegation("UBOB", "UFAY", team="T2"),),
    ],
    ids=["none", "over", "not yet", "ended", "second hand", "another workspace"],
)
def test_without_a_delegation_in_force_nobody_acts_for_others(given: tuple[Delegation, ...]) -> None:
    acted = decision("UFAY", on_behalf_of="UBOB", minutes=5)
    assert progress(TWO_OF_SRE, acted, decision("UCAT"), delegations=given, minutes=5) == "1 of 2"
    assert may_decide("UFAY", TWO_OF_SRE, delegations=given, minutes=5) == "not_an_approver"


def test_a_delegate_has_one_voice() -> None:
    given = (delegation("UBOB", "UDAN"),)
    assert may_decide("UDAN", TWO_OF_SRE, delegations=given) == "allowed"
    both = decision("UDAN"), decision("UDAN", on_behalf_of="UBOB", minutes=1)
    assert progress(TWO_OF_SRE, *both, delegations=given) == "1 of 2"
    assert may_decide("UDAN", TWO_OF_SRE, both[0], delegations=given) == "already_decided"


def test_delegation_never_reaches_own_requests() -> None:
    there = make_directory(GROUPS | {"sre": {"UANN", "UBOB", "UCAT"}})
    to_requester, from_requester = (delegation("UBOB", "UANN"),), (delegation("UANN", "UFAY"),)
    counts = requirement(stage("@sre", quorum=1), requester_counts=True)
    assert may_decide("UANN", TWO_OF_SRE, directory=there, delegations=to_requester) == "own_request"
    assert may_decide("UFAY", TWO_OF_SRE, directory=there, delegations=from_requester) == "not_an_approver"
    assert may_decide("UFAY", counts, directory=there, delegations=from_requester) == "not_an_approver"
    assert (
        progress(counts, decision("UFAY", on_behalf_of="UANN"), directory=there, delegations=from_requester) == "0 of 1"
    )
    assert (
        progress(counts, decision("UANN", on_behalf_of="UBOB"), directory=there, delegations=to_requester) == "0 of 1"
    )


@pytest.mark.parametrize(
    ("user", "to", "start", "end", "code", "text"),
    [
        ("UBOB", "UFAY", 0, 60, None, ""),
        ("UBOB", "UFAY", -60, 1, None, ""),
        ("UBOB", "UFAY", 0, 90 * 1440, None, ""),
        ("UBOB", "UBOB", 0, 60, DelegationCode.TO_THEMSELVES, "You cannot delegate to yourself."),
        (
            "UGUEST",
            "UFAY",
            0,
            60,
            DelegationCode.DELEGATOR_INELIGIBLE,
            "Guests cannot do this; ask a full member of the workspace.",
        ),
        (
            "UBOB",
            "UGUEST",
            0,
            60,
            DelegationCode.DELEGATE_INELIGIBLE,
            "That person cannot approve anything: delegate to an active full member of this workspace.",
        ),
        (
            "UBOB",
            "UFAY",
            -60,
            0,
            DelegationCode.OVER,
            "That would be over before it begins; name an end in the future.",
        ),
        (
            "UBOB",
            "UFAY",
            60,
            60,
            DelegationCode.OVER,
            "That would be over before it begins; name an end in the future.",
        ),
        (
            "UBOB",
            "UFAY",
            0,
            90 * 1440 + 1,
            DelegationCode.TOO_LONG,
            "A delegation may last at most 90 days; name an earlier end.",
        ),
    ],
)
def test_what_may_be_delegated(
    user: str, to: str, start: int, end: int, code: DelegationCode | None, text: str
) -> None:
    there = make_directory(GROUPS, guest={"UGUEST"})
    starts, ends = NOW + timedelta(minutes=start), NOW + timedelta(minutes=end)
    problem = delegation_problem(person(user), person(to), starts, ends, NOW, there)
    assert (problem.code, problem.text) == (code, text) if problem else code is None


def test_a_delegation_counts_if_it_was_in_force_when_the_delegate_decided() -> None:
    acted = decision("UFAY", on_behalf_of="UBOB", minutes=5)
    over_since = (delegation("UBOB", "UFAY", end=10),)
    assert progress(TWO_OF_SRE, acted, decision("UCAT"), delegations=over_since, minutes=600) == "approved_by_people"
    made_since = (delegation("UBOB", "UFAY", start=10),)
    assert progress(TWO_OF_SRE, acted, decision("UCAT"), delegations=made_since, minutes=600) == "1 of 2"


def test_own_voices_go_before_lent_ones() -> None:
    given = (delegation("UBOB", "UFAY"), delegation("UBOB", "UDAN"))

    def counted(*decisions: Decision) -> list[str]:
        asked = approval_round(TWO_OF_SRE, delegations=given)
        found = approval_status(asked, decisions, make_directory(GROUPS), NOW + timedelta(hours=1))
        return sorted(one.user for stage in found.approved_by for one in stage)

    lent, own = decision("UFAY", on_behalf_of="UBOB", minutes=5), decision("UBOB", minutes=6)
    assert counted(lent) == ["UFAY"]
    assert counted(lent, own) == ["UBOB"]
    assert counted(own, lent.model_copy(update={"at": NOW + timedelta(minutes=7)})) == ["UBOB"]
    both = decision("UDAN", on_behalf_of="UBOB", minutes=5), decision("UDAN", minutes=6)
    assert counted(*both, own) == ["UBOB", "UDAN"]
    swapped = decision("UDAN", minutes=5), decision("UDAN", on_behalf_of="UBOB", minutes=6)
    assert counted(*swapped, own.model_copy(update={"at": NOW + timedelta(minutes=7)})) == ["UBOB", "UDAN"]


def test_of_several_approvals_one_counts_for_each_person() -> None:
    given = (delegation("UBOB", "UDAN"), delegation("UCAT", "UDAN"))
    own, own_again = decision("UDAN", minutes=1), decision("UDAN", minutes=2)
    for_bob = decision("UDAN", on_behalf_of="UBOB", minutes=3)
    for_cat = decision("UDAN", on_behalf_of="UCAT", minutes=4)
    bob = decision("UBOB", minutes=5)

    def counted(*decisions: Decision) -> dict[str, Decision]:
        return countable_approvals(approval_round(TWO_OF_SRE, delegations=given), decisions, make_directory(GROUPS))

    assert counted(own, own_again) == {"UDAN": own}
    assert counted(own, for_bob) == {"UDAN": own}
    assert counted(for_bob, own_again) == {"UDAN": own_again}
    assert counted(for_bob, for_cat) == {"UBOB": for_bob}
    assert counted(for_bob, bob) == {"UBOB": bob}
    assert counted(bob, for_bob) == {"UBOB": bob}


def test_a_delegate_of_two_stages_counts_where_it_helps_most() -> None:
    """Gus acts for Bob of the first stage and for Eve of the second, who are away."""
    given = (delegation("UBOB", "UGUS"), delegation("UEVE", "UGUS"))
    there = make_directory({"sre": {"UBOB", "UCAT"}, "dba": {"UEVE"}, "others": {"UGUS"}})
    acted, cat = decision("UGUS", on_behalf_of="UBOB"), decision("UCAT", minutes=6)
    values: dict[str, Any] = {"directory": there, "delegations": given}
    assert progress(SRE_THEN_DBA, acted, **values) == "stage 2 of 2: 0 of 1"
    assert may_decide("UCAT", SRE_THEN_DBA, acted, **values) == "allowed"
    assert progress(SRE_THEN_DBA, acted, cat, **values) == "approved_by_people"
    assert progress(SRE_THEN_DBA, cat, acted, **values) == "approved_by_people"
    again = decide("UGUS", SRE_THEN_DBA, acted, **values)
    assert again.code == "already_decided"
    assert "Nobody counts twice: whoever else you act for decides themselves" in again.reason
    # Alone, one person never makes up two stages.
    assert progress(SRE_THEN_DBA, acted, decision("UGUS", on_behalf_of="UEVE", minutes=6), **values) != (
        "approved_by_people"
    )


def test_two_delegates_of_one_person_never_count_for_both_of_their_places() -> None:
    given = (
        *(delegation("UEVE", user) for user in ("UGUS", "UHAL")),
        delegation("UBOB", "UGUS"),
        delegation("UCAT", "UHAL"),
    )
    there = make_directory({"sre": {"UBOB", "UCAT"}, "dba": {"UEVE", "UIDA"}, "others": {"UGUS", "UHAL"}})
    both = decision("UGUS", on_behalf_of="UBOB"), decision("UHAL", on_behalf_of="UCAT", minutes=6)
    two_of_dba = requirement(stage("@dba", quorum=2))
    assert progress(two_of_dba, *both, directory=there, delegations=given) == "1 of 2"


def test_an_own_approval_counts_for_somebody_of_another_stage_too_if_it_is_needed_there() -> None:
    given = (delegation("UEVE", "UBOB"),)
    there = make_directory({"sre": {"UBOB", "UCAT"}, "dba": {"UEVE"}})
    both = decision("UBOB"), decision("UCAT", minutes=6)
    assert progress(SRE_THEN_DBA, *both, directory=there, delegations=given) == "approved_by_people"
    assert progress(SRE_THEN_DBA, both[0], directory=there, delegations=given) == "stage 2 of 2: 0 of 1"
