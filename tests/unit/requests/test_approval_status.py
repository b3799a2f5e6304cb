"""What the approval status says, case by case."""

import pytest

from bot.requests.approval.permission import PermissionCode
from bot.requests.approval.rounds import ApprovalRound, countable_approvals, current_decisions
from bot.requests.approval.status import StatusCode, approval_status, is_still_valid, missing_approver_reasons
from bot.requests.directory import (
    InMemoryDirectory,
    User,
)
from bot.requests.model import Decision, Person, Requirement
from tests.unit.requests.build import (
    NOW,
    TEAM,
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
    delegation,
    may_decide,
    progress,
)


def missing_now(asked: ApprovalRound, directory: InMemoryDirectory) -> tuple[str, ...]:
    return missing_approver_reasons(approval_status(asked, (), directory, asked.opened_at))


def test_progress_is_told_until_the_quorum_is_there() -> None:
    assert progress(TWO_OF_SRE) == "0 of 2"
    assert progress(TWO_OF_SRE, decision("UBOB")) == "1 of 2"
    assert progress(TWO_OF_SRE, decision("UBOB"), decision("UCAT")) == "approved_by_people"


def test_stages_come_one_after_the_other() -> None:
    assert progress(SRE_THEN_DBA) == "stage 1 of 2: 0 of 1"
    assert progress(SRE_THEN_DBA, decision("UBOB")) == "stage 2 of 2: 0 of 1"
    assert progress(SRE_THEN_DBA, decision("UBOB"), decision("UEVE")) == "approved_by_people"


def test_one_person_never_fills_two_stages() -> None:
    assert progress(SRE_THEN_DBA, decision("UCAT")) == "stage 2 of 2: 0 of 1"
    assert (
        "UCAT"
        not in approval_status(
            approval_round(SRE_THEN_DBA), [decision("UCAT")], make_directory(GROUPS), NOW
        ).eligible_approvers
    )


def test_who_could_sit_in_two_stages_sits_where_it_helps() -> None:
    assert progress(SRE_THEN_DBA, decision("UCAT"), decision("UBOB")) == "approved_by_people"
    assert may_decide("UBOB", SRE_THEN_DBA, decision("UCAT")) == "allowed"


def test_two_decisions_of_one_person_count_once() -> None:
    assert progress(TWO_OF_SRE, decision("UBOB"), decision("UBOB", minutes=1)) == "1 of 2"


def test_an_edit_voids_what_was_approved_before() -> None:
    old = decision("UBOB", content_hash="before")
    assert progress(TWO_OF_SRE, old, decision("UCAT")) == "1 of 2"
    assert may_decide("UBOB", TWO_OF_SRE, old) == "allowed"


def test_one_denial_ends_it_even_beside_a_quorum() -> None:
    found = approval_status(
        approval_round(TWO_OF_SRE),
        [decision("UBOB"), decision("UCAT"), decision("UDAN", "denied", comment="not today")],
        make_directory(GROUPS),
        NOW,
    )
    assert (found.state, found.denied_by, found.comment, found.text) == (
        "denied",
        person("UDAN"),
        "not today",
        "Denied",
    )


def test_a_denial_of_earlier_content_does_not_count() -> None:
    assert progress(TWO_OF_SRE, decision("UDAN", "denied", content_hash="before")) == "0 of 2"


def test_changes_asked_for_hold_it_back_until_taken_back() -> None:
    changes = decision("UDAN", "changes")
    both = decision("UBOB"), decision("UCAT")
    assert progress(TWO_OF_SRE, changes, *both) == "changes_requested"
    assert progress(TWO_OF_SRE, changes.model_copy(update={"retracted_at": NOW}), *both) == "approved_by_people"


def test_what_was_taken_back_does_not_count_and_can_be_given_again() -> None:
    back = decision("UBOB", retracted_at=NOW)
    assert progress(TWO_OF_SRE, back, decision("UCAT")) == "1 of 2"
    assert may_decide("UBOB", TWO_OF_SRE, back) == "allowed"


@pytest.mark.parametrize(
    "there",
    [
        make_directory(GROUPS | {"sre": {"UCAT", "UDAN"}}),
        make_directory(GROUPS, deleted={"UBOB"}),
        make_directory(GROUPS, guest={"UBOB"}),
        make_directory(GROUPS, external={"UBOB"}),
        make_directory(GROUPS, bot={"UBOB"}),
    ],
    ids=["left the group", "deactivated", "guest", "stranger", "bot"],
)
def test_an_approver_who_lost_the_right_does_not_count_any_more(there: InMemoryDirectory) -> None:
    assert progress(TWO_OF_SRE, decision("UBOB"), decision("UCAT"), directory=there) == "1 of 2"


@pytest.mark.parametrize(
    ("what", "decisions", "state", "code", "text"),
    [
        (TWO_OF_SRE, [], "waiting", StatusCode.MORE_APPROVALS_NEEDED, "0 of 2 approved by @sre"),
        (
            SRE_THEN_DBA,
            [decision("UBOB")],
            "waiting",
            StatusCode.MORE_APPROVALS_NEEDED,
            "Stage 2 of 2: 0 of 1 approved by @dba",
        ),
        (
            TWO_OF_SRE,
            [decision("UBOB"), decision("UDAN", "changes")],
            "waiting",
            StatusCode.CHANGES_REQUESTED,
            "1 of 2 approved by @sre. It waits for the requester's changes",
        ),
        (
            SRE_THEN_DBA,
            [decision("UBOB"), decision("UEVE")],
            "approved",
            StatusCode.APPROVED_BY_PEOPLE,
            "Approved by 1 of @sre, then 1 of @dba",
        ),
        (
            requirement(effect="approve"),
            [],
            "approved",
            StatusCode.APPROVED_BY_POLICY,
            "Approved at once, as policy allows",
        ),
        (requirement(effect="refuse"), [], "denied", StatusCode.REFUSED_BY_POLICY, "Refused by policy"),
        (TWO_OF_SRE, [decision("UBOB", "denied")], "denied", StatusCode.DENIED, "Denied"),
        (
            requirement(),
            [],
            "waiting",
            StatusCode.NO_APPROVERS_NAMED,
            "Policy names nobody who could approve this.",
        ),
    ],
)
def test_every_status_has_its_text(
    what: Requirement, decisions: list[Decision], state: str, code: StatusCode, text: str
) -> None:
    status = approval_status(approval_round(what), decisions, make_directory(GROUPS), NOW)
    assert (status.state, status.code, status.text) == (state, code, text)


def test_a_group_that_emptied_or_is_gone_stops_it_and_says_so() -> None:
    for there, fault in (
        (make_directory(GROUPS | {"sre": set()}), "has nobody who may approve"),
        (make_directory({}), "cannot be found"),
    ):
        found = approval_status(approval_round(TWO_OF_SRE), [], there, NOW)
        assert found.state == "waiting"
        assert found.group_problems == (f"The user group @sre {fault}.",)
        assert found.unapprovable_reasons == ("This needs 2 of @sre, but nobody of them can approve it now.",)
    assert progress(TWO_OF_SRE, decision("UBOB"), decision("UCAT"), directory=make_directory({})) == "0 of 2"


def test_asking_in_vain_is_known_before() -> None:
    assert missing_now(approval_round(TWO_OF_SRE), make_directory(GROUPS)) == ()
    assert missing_now(approval_round(TWO_OF_SRE), make_directory({"sre": {"UANN", "UBOB"}})) == (
        "This needs 2 of @sre, but only 1 of them can approve it now.",
    )
    assert missing_now(
        approval_round(requirement(stage("@a"), stage("@b"))), make_directory({"a": {"UBOB"}, "b": {"UBOB"}})
    ) == ("This needs 1 of @b, but nobody of them can approve it now.",)


def test_nobody_named_means_that_nobody_can_approve() -> None:
    assert progress(requirement()) == "no_approvers_named"
    assert may_decide("UBOB", requirement()) == "no_approvers_named"


def test_policy_alone_approves_or_refuses() -> None:
    assert progress(requirement(effect="approve")) == "approved_by_policy"
    assert progress(requirement(effect="refuse")) == "refused_by_policy"


def test_without_stages_nothing_is_counted() -> None:
    denied = approval_status(approval_round(requirement(effect="refuse")), [], make_directory(GROUPS), NOW)
    assert (denied.stage_index, denied.stage_count, denied.approval_count, denied.required_count) == (0, 1, 0, 0)
    alone = approval_status(approval_round(requirement(effect="approve")), [], make_directory(GROUPS), NOW)
    assert (alone.stage_count, alone.eligible_approvers) == (0, frozenset())
    nobody = approval_status(approval_round(requirement()), [], make_directory(GROUPS), NOW)
    assert nobody.stage_count == 0


def test_before_a_start_the_approval_is_checked_again() -> None:
    both = [decision("UBOB"), decision("UCAT")]
    approved = approval_round(TWO_OF_SRE)
    assert is_still_valid(approved, both, make_directory(GROUPS), NOW).allowed
    left = is_still_valid(approved, both, make_directory(GROUPS | {"sre": {"UCAT"}}), NOW)
    assert left.code is PermissionCode.NOT_APPROVED
    assert left.reason == "The approval no longer holds: 1 of 2 approved by @sre."
    assert not is_still_valid(approval_round(TWO_OF_SRE, content_hash="h2"), both, make_directory(GROUPS), NOW).allowed


def test_an_approval_tells_who_counts_in_which_stage() -> None:
    found = approval_status(
        approval_round(SRE_THEN_DBA), [decision("UCAT"), decision("UBOB")], make_directory(GROUPS), NOW
    )
    assert found.approved_by == ((person("UBOB"),), (person("UCAT"),))
    assert (
        found.stage_index,
        found.stage_count,
        found.approval_count,
        found.required_count,
        found.eligible_approvers,
    ) == (1, 2, 1, 1, frozenset())


def test_only_approvals_count_as_approvals() -> None:
    status = approval_status(
        approval_round(TWO_OF_SRE), [decision("UBOB", "changes"), decision("UCAT")], make_directory(GROUPS), NOW
    )
    assert (status.approval_count, status.changes_requested_by) == (1, (person("UBOB"),))


def test_an_approver_whom_the_directory_knows_from_another_workspace_does_not_count() -> None:
    other = Person(team="T2", user="UBOB")
    there = InMemoryDirectory(TEAM, {"UBOB": User(person=other), "UCAT": User(person=person("UCAT"))}, {})
    what = approval_round(requirement(stage("UBOB", "UCAT")))
    assert countable_approvals(what, [decision("UBOB", person=other)], there) == {}


def test_decisions_are_in_the_order_in_which_they_were_made() -> None:
    late, early = decision("UBOB", minutes=2), decision("UCAT", minutes=1)
    tie = [decision("UDAN", minutes=2, id="b"), decision("UEVE", minutes=2, id="a")]
    found = current_decisions(approval_round(TWO_OF_SRE), [*tie, late, early])
    assert [d.id for d in found] == ["UCAT-approved-1", "UBOB-approved-2", "a", "b"]


def test_the_people_who_can_still_approve_are_those_who_help() -> None:
    status = approval_status(
        approval_round(TWO_OF_SRE, delegations=(delegation("UBOB", "UFAY"),)),
        [decision("UFAY", on_behalf_of="UBOB", minutes=1)],
        make_directory(GROUPS),
        NOW,
    )
    assert status.eligible_approvers == {"UCAT", "UDAN"}
    both = approval_status(approval_round(SRE_THEN_DBA), [decision("UCAT")], make_directory(GROUPS), NOW)
    assert both.eligible_approvers == {"UBOB", "UDAN", "UEVE"}


def test_group_problems_are_told_for_incomplete_stages_only() -> None:
    there = make_directory(GROUPS)
    what = requirement(stage("@sre", "@gone"), stage("@dba", "@lost"))
    assert approval_status(approval_round(what), [decision("UBOB")], there, NOW).group_problems == (
        "The user group @lost cannot be found.",
    )
    assert approval_status(approval_round(what), [], there, NOW).group_problems == (
        "The user group @gone cannot be found.",
        "The user group @lost cannot be found.",
    )
    assert missing_now(approval_round(what), there) == ()
    nobody = requirement(stage("@gone"))
    assert missing_now(approval_round(nobody), there) == (
        "This needs 1 of @gone, but nobody of them can approve it now.",
        "The user group @gone cannot be found.",
    )
