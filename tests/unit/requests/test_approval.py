"""How approvals stand and who may decide, case by case."""

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.approval.delegation import Delegation, DelegationCode, delegation_problem
from bot.requests.approval.rounds import ApprovalRound, countable_approvals, current_decisions, current_round
from bot.requests.approval.status import (
    Permission,
    PermissionCode,
    StatusCode,
    approval_status,
    is_still_valid,
    missing_approver_reasons,
    permission_to_decide,
    permission_to_retract,
)
from bot.requests.directory import (
    Ineligibility,
    InMemoryDirectory,
    User,
    ineligibility,
    notified_users,
    resolve_groups,
)
from bot.requests.model import Decision, Person, Requirement, Stage
from tests.unit.requests.build import (
    CONTENT_HASH,
    NOW,
    TEAM,
    decision,
    make_directory,
    pending_request,
    person,
    requirement,
    stage,
)

GROUPS = {"sre": {"UBOB", "UCAT", "UDAN"}, "dba": {"UCAT", "UEVE"}, "leads": {"UFAY"}}
TWO_OF_SRE = requirement(stage("@sre", quorum=2))
SRE_THEN_DBA = requirement(stage("@sre"), stage("@dba"))


def approval_round(what: Requirement, **values: Any) -> ApprovalRound:
    base = {"requirement": what, "content_hash": CONTENT_HASH, "requester": person("UANN"), "opened_at": NOW}
    return ApprovalRound(**(base | values))


def progress(
    what: Requirement,
    *decisions: Decision,
    directory: InMemoryDirectory | None = None,
    minutes: float = 60,
    **values: Any,
) -> str:
    """The code of the status, or how many have approved while it waits for more."""
    status = approval_status(
        approval_round(what, **values), decisions, directory or make_directory(GROUPS), NOW + timedelta(minutes=minutes)
    )
    if status.code is not StatusCode.MORE_APPROVALS_NEEDED:
        return status.code
    prefix = f"stage {status.stage_index + 1} of {status.stage_count}: " if status.stage_count > 1 else ""
    return f"{prefix}{status.approval_count} of {status.required_count}"


def may_decide(
    user: str,
    what: Requirement,
    *decisions: Decision,
    directory: InMemoryDirectory | None = None,
    minutes: float = 60,
    **values: Any,
) -> str:
    """The code of the permission, or who they act for."""
    permission = decide(user, what, *decisions, directory=directory, minutes=minutes, **values)
    return f"for {permission.on_behalf_of}" if permission.on_behalf_of else permission.code


def decide(
    user: str,
    what: Requirement,
    *decisions: Decision,
    directory: InMemoryDirectory | None = None,
    minutes: float = 60,
    **values: Any,
) -> Permission:
    return permission_to_decide(
        approval_round(what, **values),
        "awaiting_approval",
        person(user),
        decisions,
        directory or make_directory(GROUPS),
        NOW + timedelta(minutes=minutes),
    )


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


def test_the_requester_counts_only_where_policy_says_so() -> None:
    there = make_directory(GROUPS | {"sre": {"UANN", "UBOB"}})
    counts = requirement(stage("@sre", quorum=2), requester_counts=True)
    both = decision("UANN"), decision("UBOB")
    assert progress(TWO_OF_SRE, *both, directory=there) == "1 of 2"
    assert progress(counts, *both, directory=there) == "approved_by_people"
    assert may_decide("UANN", TWO_OF_SRE, directory=there) == "own_request"
    assert may_decide("UANN", counts, directory=there) == "allowed"
    assert may_decide("UANN", counts) == "not_an_approver"


def test_an_approver_who_edited_the_request_leaves_the_approval_to_others() -> None:
    edited = {"editors": [person("UBOB")]}
    assert may_decide("UBOB", TWO_OF_SRE, **edited) == "own_edit"
    assert progress(TWO_OF_SRE, decision("UBOB"), decision("UCAT"), **edited) == "1 of 2"
    assert may_decide("UFAY", TWO_OF_SRE, delegations=(delegation("UBOB", "UFAY"),), **edited) == "not_an_approver"
    own = TWO_OF_SRE.model_copy(update={"requester_counts": True})
    assert progress(own, decision("UBOB"), decision("UCAT"), **edited) == "1 of 2"


@pytest.mark.parametrize(
    ("user", "flags", "why", "text"),
    [
        ("UZOE", {}, Ineligibility.UNKNOWN, "You are not known in this workspace, so you cannot do this."),
        (
            "UBOB",
            {"guest": {"UBOB"}},
            Ineligibility.GUEST,
            "Guests cannot do this; ask a full member of the workspace.",
        ),
        ("UBOB", {"external": {"UBOB"}}, Ineligibility.EXTERNAL, "People from other workspaces cannot do this."),
        (
            "UBOB",
            {"deleted": {"UBOB"}},
            Ineligibility.DEACTIVATED,
            "This account is deactivated, so it cannot do this.",
        ),
        ("UBOB", {"bot": {"UBOB"}}, Ineligibility.BOT, "Bots cannot do this; a person has to."),
        ("UBOB", {}, None, ""),
    ],
)
def test_only_active_full_members_may_decide(
    user: str, flags: dict[str, set[str]], why: Ineligibility | None, text: str
) -> None:
    there = make_directory(GROUPS, **flags)
    assert ineligibility(there.user(person(user))) is why
    permission = decide(user, TWO_OF_SRE, directory=there)
    assert permission.code == ("ineligible" if why else "allowed")
    assert permission.reason == text


def test_the_same_user_id_of_another_workspace_may_not() -> None:
    other = Person(team="T2", user="UBOB")
    ruling = permission_to_decide(
        approval_round(TWO_OF_SRE), "awaiting_approval", other, [], make_directory(GROUPS), NOW
    )
    assert not ruling.allowed
    assert progress(TWO_OF_SRE, decision("UBOB", person=other), decision("UCAT")) == "1 of 2"


@pytest.mark.parametrize(
    ("user", "what", "decisions", "code", "text"),
    [
        ("UBOB", TWO_OF_SRE, [], PermissionCode.ALLOWED, ""),
        (
            "UBOB",
            TWO_OF_SRE,
            [decision("UBOB")],
            PermissionCode.ALREADY_DECIDED,
            "You have approved this already. To change your mind, take that back first.",
        ),
        (
            "UBOB",
            TWO_OF_SRE,
            [decision("UBOB", "denied", content_hash="before"), decision("UBOB", "changes")],
            PermissionCode.ALREADY_DECIDED,
            "You have asked for changes already. To change your mind, take that back first.",
        ),
        (
            "UBOB",
            TWO_OF_SRE,
            [decision("UBOB", "denied")],
            PermissionCode.ALREADY_DECIDED,
            "You have denied this already. To change your mind, take that back first.",
        ),
        (
            "UANN",
            TWO_OF_SRE,
            [],
            PermissionCode.OWN_REQUEST,
            "You asked for this yourself, so others decide. You can withdraw it.",
        ),
        ("UEVE", SRE_THEN_DBA, [], PermissionCode.LATER_STAGE, "It is not your turn yet: @sre decides first."),
        (
            "UDAN",
            SRE_THEN_DBA,
            [decision("UBOB")],
            PermissionCode.EARLIER_STAGE,
            "Your stage is complete; now @dba decides.",
        ),
        (
            "UDAN",
            TWO_OF_SRE,
            [decision("UBOB"), decision("UCAT")],
            PermissionCode.SETTLED,
            "There is nothing left to decide: approved by 2 of @sre.",
        ),
        (
            "UDAN",
            TWO_OF_SRE,
            [decision("UCAT", "denied")],
            PermissionCode.SETTLED,
            "There is nothing left to decide: denied.",
        ),
        (
            "UFAY",
            TWO_OF_SRE,
            [],
            PermissionCode.NOT_AN_APPROVER,
            "Only @sre may decide on this, and you are not one of them.",
        ),
        ("UBOB", requirement(), [], PermissionCode.NO_APPROVERS_NAMED, "Policy names nobody who could approve this."),
    ],
)
def test_every_no_has_its_reason(
    user: str, what: Requirement, decisions: list[Decision], code: PermissionCode, text: str
) -> None:
    permission = decide(user, what, *decisions)
    assert (permission.code, permission.reason, permission.allowed) == (code, text, text == "")


def test_what_is_decided_already_cannot_be_decided() -> None:
    permission = permission_to_decide(
        approval_round(TWO_OF_SRE), "denied", person("UBOB"), [], make_directory(GROUPS), NOW
    )
    assert permission.code is PermissionCode.NOT_OPEN
    assert permission.reason == "There is nothing left to decide: denied."


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
            "1 of 2 approved by @sre, changes asked for",
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
        assert found.unapprovable_reasons == ("This needs 2 of @sre, but only 0 of them can approve it now.",)
    assert progress(TWO_OF_SRE, decision("UBOB"), decision("UCAT"), directory=make_directory({})) == "0 of 2"


def test_asking_in_vain_is_known_before() -> None:
    assert missing_approver_reasons(approval_round(TWO_OF_SRE), make_directory(GROUPS)) == ()
    assert missing_approver_reasons(approval_round(TWO_OF_SRE), make_directory({"sre": {"UANN", "UBOB"}})) == (
        "This needs 2 of @sre, but only 1 of them can approve it now.",
    )
    assert missing_approver_reasons(
        approval_round(requirement(stage("@a"), stage("@b"))), make_directory({"a": {"UBOB"}, "b": {"UBOB"}})
    ) == ("This needs 1 of @b, but only 0 of them can approve it now.",)


def test_nobody_named_means_that_nobody_can_approve() -> None:
    assert progress(requirement()) == "no_approvers_named"
    assert may_decide("UBOB", requirement()) == "no_approvers_named"


def test_policy_alone_approves_or_refuses() -> None:
    assert progress(requirement(effect="approve")) == "approved_by_policy"
    assert progress(requirement(effect="refuse")) == "refused_by_policy"


def test_after_the_escalation_the_second_group_may_approve_too() -> None:
    what = requirement(stage("@sre", quorum=2), escalate_after=3600, escalate_to=stage("@leads"))
    assert may_decide("UFAY", what, minutes=59) == "not_an_approver"
    assert may_decide("UFAY", what, minutes=60) == "allowed"
    given = decision("UBOB"), decision("UFAY", minutes=61)
    assert progress(what, given[0], minutes=60) == "1 of 2"
    assert progress(what, *given, minutes=62) == "approved_by_people"


def delegation(user: str, to_user: str, start: float = 0, end: float = 600, **values: Any) -> Delegation:
    base: dict[str, Any] = {"id": f"{user}-{to_user}", "team": TEAM, "user": user, "to_user": to_user}
    base |= {"starts": NOW + timedelta(minutes=start), "ends": NOW + timedelta(minutes=end)}
    return Delegation(**(base | values))


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


@pytest.mark.parametrize(
    ("state", "changed", "user", "code", "text"),
    [
        ("awaiting_approval", {}, "UBOB", PermissionCode.ALLOWED, ""),
        (
            "awaiting_approval",
            {},
            "UCAT",
            PermissionCode.NOT_OWN_DECISION,
            "Only the person who decided can take that back.",
        ),
        (
            "awaiting_approval",
            {"retracted_at": NOW},
            "UBOB",
            PermissionCode.ALREADY_RETRACTED,
            "That has been taken back already.",
        ),
        (
            "awaiting_approval",
            {"content_hash": "before"},
            "UBOB",
            PermissionCode.CONTENT_CHANGED,
            "The request has changed since, so that decision does not count any more.",
        ),
        ("approved", {}, "UBOB", PermissionCode.NOT_OPEN, "It is too late to take that back: approved."),
        ("running", {}, "UBOB", PermissionCode.NOT_OPEN, "It is too late to take that back: running."),
    ],
)
def test_taking_back(state: Any, changed: dict[str, Any], user: str, code: PermissionCode, text: str) -> None:
    permission = permission_to_retract(approval_round(TWO_OF_SRE), state, decision("UBOB", **changed), person(user))
    assert (permission.code, permission.reason) == (code, text)


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
    assert left.reason == "The approval does not stand any more: 1 of 2 approved by @sre."
    assert not is_still_valid(approval_round(TWO_OF_SRE, content_hash="h2"), both, make_directory(GROUPS), NOW).allowed


def test_a_delegation_counts_if_it_was_in_force_when_the_delegate_decided() -> None:
    acted = decision("UFAY", on_behalf_of="UBOB", minutes=5)
    over_since = (delegation("UBOB", "UFAY", end=10),)
    assert progress(TWO_OF_SRE, acted, decision("UCAT"), delegations=over_since, minutes=600) == "approved_by_people"
    made_since = (delegation("UBOB", "UFAY", start=10),)
    assert progress(TWO_OF_SRE, acted, decision("UCAT"), delegations=made_since, minutes=600) == "1 of 2"


def test_how_many_will_be_notified() -> None:
    there = make_directory(GROUPS | {"sre": {"UANN", "UBOB", "UCAT", "UDAN"}}, deleted={"UDAN"})
    assert notified_users(SRE_THEN_DBA, there, person("UANN")) == {"UBOB", "UCAT", "UEVE"}
    own = SRE_THEN_DBA.model_copy(update={"requester_counts": True})
    assert notified_users(own, there, person("UANN")) == {"UANN", "UBOB", "UCAT", "UEVE"}


def test_handles_become_ids_and_keep_their_names() -> None:
    what = requirement(stage("@SRE", "@gone"), escalate_after=1, escalate_to=stage("@leads"))
    found = resolve_groups(what, make_directory(GROUPS))
    assert found.stages[0].groups == ("SSRE", "@gone")
    assert found.stages[0].names == ("@SRE", "@gone")
    assert found.escalate_to is not None
    assert found.escalate_to.groups == ("SLEADS",)


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


@pytest.mark.parametrize(
    "half", [{"escalate_after": 3600}, {"escalate_to": stage("@leads")}], ids=["no group", "no time"]
)
def test_half_an_escalation_is_none(half: dict[str, Any]) -> None:
    what = requirement(stage("@sre"), **half)
    assert approval_round(what).stages(NOW + timedelta(hours=2)) == (stage("@sre"),)


def test_the_second_group_is_named_beside_the_first() -> None:
    unnamed = Stage(groups=("S1",), users=("U1",))
    extra = Stage(groups=("S2",), users=("U2",), names=("the leads",))
    (escalated,) = approval_round(requirement(unnamed, escalate_after=60, escalate_to=extra)).stages(
        NOW + timedelta(hours=1)
    )
    assert (escalated.groups, escalated.users, escalated.names) == (
        ("S1", "S2"),
        ("U1", "U2"),
        ("S1", "U1", "the leads"),
    )
    named = unnamed.model_copy(update={"names": ("ops",)})
    (other,) = approval_round(
        requirement(named, escalate_after=60, escalate_to=unnamed.model_copy(update={"groups": ("S3",)}))
    ).stages(NOW + timedelta(hours=1))
    assert other.names == ("ops", "S3", "U1")


def test_only_approvals_count_as_approvals() -> None:
    status = approval_status(
        approval_round(TWO_OF_SRE), [decision("UBOB", "changes"), decision("UCAT")], make_directory(GROUPS), NOW
    )
    assert (status.approval_count, status.changes_requested_by) == (1, (person("UBOB"),))


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
    assert missing_approver_reasons(approval_round(what), there) == ()
    nobody = requirement(stage("@gone"))
    assert missing_approver_reasons(approval_round(nobody), there) == (
        "This needs 1 of @gone, but only 0 of them can approve it now.",
        "The user group @gone cannot be found.",
    )


def test_a_round_is_taken_from_a_request() -> None:
    request = pending_request()
    assert current_round(request, ()).opened_at == NOW
    later = request.model_copy(
        update={"round_opened_at": NOW + timedelta(hours=1), "editors": ("UBOB",), "last_editor": "UEVE"}
    )
    found = current_round(later, (delegation("UBOB", "UFAY"),))
    assert (found.opened_at, found.delegations) == (NOW + timedelta(hours=1), (delegation("UBOB", "UFAY"),))
    assert found.authors == {"UANN", "UBOB", "UEVE"}
    assert found.requester == person("UANN")
    assert (found.content_hash, found.requirement) == (request.content_hash, request.requirement)
