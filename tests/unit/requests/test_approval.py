"""How approvals stand and who may decide, case by case."""

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.approval.delegation import Delegation, delegation_problem
from bot.requests.approval.rounds import ApprovalRound, current_round
from bot.requests.approval.status import (
    approval_status,
    missing_approver_reasons,
    permission_to_decide,
    permission_to_retract,
)
from bot.requests.directory import InMemoryDirectory, notified_users, resolve_groups
from bot.requests.model import Decision, Person, Requirement
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


def status_text(
    what: Requirement,
    *decisions: Decision,
    directory: InMemoryDirectory | None = None,
    minutes: float = 60,
    **values: Any,
) -> str:
    found = approval_status(
        approval_round(what, **values), decisions, directory or make_directory(GROUPS), NOW + timedelta(minutes=minutes)
    )
    return f"{found.state}: {found.text}"


def permission_text(
    user: str,
    what: Requirement,
    *decisions: Decision,
    directory: InMemoryDirectory | None = None,
    minutes: float = 60,
    **values: Any,
) -> str:
    """The reason why not, or who they act for, or "yes"."""
    at = NOW + timedelta(minutes=minutes)
    asked = approval_round(what, **values)
    ruling = permission_to_decide(
        asked, "awaiting_approval", person(user), decisions, directory or make_directory(GROUPS), at
    )
    return (f"for {ruling.on_behalf_of}" if ruling.on_behalf_of else "yes") if ruling.allowed else ruling.reason


def test_progress_is_told_until_the_quorum_is_there() -> None:
    assert status_text(TWO_OF_SRE) == "waiting: 0 of 2 approved by @sre"
    assert status_text(TWO_OF_SRE, decision("UBOB")) == "waiting: 1 of 2 approved by @sre"
    assert status_text(TWO_OF_SRE, decision("UBOB"), decision("UCAT")) == "approved: Approved by 2 of @sre"


def test_stages_come_one_after_the_other() -> None:
    assert status_text(SRE_THEN_DBA) == "waiting: Stage 1 of 2: 0 of 1 approved by @sre"
    assert status_text(SRE_THEN_DBA, decision("UBOB")) == "waiting: Stage 2 of 2: 0 of 1 approved by @dba"
    assert (
        status_text(SRE_THEN_DBA, decision("UBOB"), decision("UEVE"))
        == "approved: Approved by 1 of @sre, then 1 of @dba"
    )


def test_one_person_never_fills_two_stages() -> None:
    assert status_text(SRE_THEN_DBA, decision("UCAT")).startswith("waiting: Stage 2 of 2: 0 of 1")
    assert (
        "UCAT"
        not in approval_status(
            approval_round(SRE_THEN_DBA), [decision("UCAT")], make_directory(GROUPS), NOW
        ).eligible_approvers
    )


def test_who_could_sit_in_two_stages_sits_where_it_helps() -> None:
    assert status_text(SRE_THEN_DBA, decision("UCAT"), decision("UBOB")).startswith("approved")
    assert permission_text("UBOB", SRE_THEN_DBA, decision("UCAT")) == "yes"


def test_two_decisions_of_one_person_count_once() -> None:
    assert status_text(TWO_OF_SRE, decision("UBOB"), decision("UBOB", minutes=1)).startswith("waiting: 1 of 2")


def test_an_edit_voids_what_was_approved_before() -> None:
    old = decision("UBOB", content_hash="before")
    assert status_text(TWO_OF_SRE, old, decision("UCAT")).startswith("waiting: 1 of 2")
    assert permission_text("UBOB", TWO_OF_SRE, old) == "yes"


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
    assert status_text(TWO_OF_SRE, decision("UDAN", "denied", content_hash="before")).startswith("waiting: 0 of 2")


def test_changes_asked_for_hold_it_back_until_taken_back() -> None:
    changes = decision("UDAN", "changes")
    both = decision("UBOB"), decision("UCAT")
    assert status_text(TWO_OF_SRE, changes, *both) == "waiting: 2 of 2 approved by @sre, changes asked for"
    assert status_text(TWO_OF_SRE, changes.model_copy(update={"retracted_at": NOW}), *both).startswith("approved")


def test_what_was_taken_back_does_not_count_and_can_be_given_again() -> None:
    back = decision("UBOB", retracted_at=NOW)
    assert status_text(TWO_OF_SRE, back, decision("UCAT")).startswith("waiting: 1 of 2")
    assert permission_text("UBOB", TWO_OF_SRE, back) == "yes"


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
    assert status_text(TWO_OF_SRE, decision("UBOB"), decision("UCAT"), directory=there).startswith("waiting: 1 of 2")


def test_the_requester_counts_only_where_policy_says_so() -> None:
    there = make_directory(GROUPS | {"sre": {"UANN", "UBOB"}})
    counts = requirement(stage("@sre", quorum=2), requester_counts=True)
    both = decision("UANN"), decision("UBOB")
    assert status_text(TWO_OF_SRE, *both, directory=there).startswith("waiting: 1 of 2")
    assert status_text(counts, *both, directory=there).startswith("approved")
    assert permission_text("UANN", TWO_OF_SRE, directory=there).startswith("You asked for this yourself")
    assert permission_text("UANN", counts, directory=there) == "yes"
    assert permission_text("UANN", counts).startswith("Only @sre may decide")


def test_an_approver_who_edited_the_request_leaves_the_approval_to_others() -> None:
    edited = {"editors": [person("UBOB")]}
    assert permission_text("UBOB", TWO_OF_SRE, **edited) == "You have edited this request, so others decide."
    assert status_text(TWO_OF_SRE, decision("UBOB"), decision("UCAT"), **edited).startswith("waiting: 1 of 2")
    assert permission_text("UFAY", TWO_OF_SRE, delegations=(delegation("UBOB", "UFAY"),), **edited).startswith(
        "Only @sre"
    )
    own = TWO_OF_SRE.model_copy(update={"requester_counts": True})
    assert status_text(own, decision("UBOB"), decision("UCAT"), **edited).startswith("waiting: 1 of 2")


@pytest.mark.parametrize(
    ("user", "flags", "reason"),
    [
        ("UZOE", {}, "You are not known in this workspace"),
        ("UBOB", {"guest": {"UBOB"}}, "Guests cannot do this"),
        ("UBOB", {"external": {"UBOB"}}, "People from other workspaces"),
        ("UBOB", {"deleted": {"UBOB"}}, "This account is deactivated"),
        ("UBOB", {"bot": {"UBOB"}}, "Bots cannot do this"),
        ("UFAY", {}, "Only @sre may decide on this, and you are not one of them."),
        ("UBOB", {}, "yes"),
    ],
)
def test_who_may_decide(user: str, flags: dict[str, set[str]], reason: str) -> None:
    assert permission_text(user, TWO_OF_SRE, directory=make_directory(GROUPS, **flags)).startswith(reason)


def test_the_same_user_id_of_another_workspace_may_not() -> None:
    other = Person(team="T2", user="UBOB")
    ruling = permission_to_decide(
        approval_round(TWO_OF_SRE), "awaiting_approval", other, [], make_directory(GROUPS), NOW
    )
    assert not ruling.allowed
    assert status_text(TWO_OF_SRE, decision("UBOB", person=other), decision("UCAT")).startswith("waiting: 1 of 2")


def test_every_no_has_a_reason_that_fits() -> None:
    assert (
        permission_text("UBOB", TWO_OF_SRE, decision("UBOB"))
        == "You have approved this already. To change your mind, take that back first."
    )
    assert permission_text("UEVE", SRE_THEN_DBA) == "It is not your turn yet: @sre decides first."
    assert permission_text("UDAN", SRE_THEN_DBA, decision("UBOB")) == "Your stage is complete; now @dba decides."
    assert permission_text("UDAN", TWO_OF_SRE, decision("UBOB"), decision("UCAT")).startswith(
        "There is nothing left to decide: approved by"
    )
    assert permission_text("UDAN", TWO_OF_SRE, decision("UCAT", "denied")) == "There is nothing left to decide: denied."
    denied = permission_to_decide(approval_round(TWO_OF_SRE), "denied", person("UBOB"), [], make_directory(GROUPS), NOW)
    assert (denied.allowed, denied.reason) == (False, "There is nothing left to decide: denied.")


def test_a_group_that_emptied_or_is_gone_stops_it_and_says_so() -> None:
    for there, fault in (
        (make_directory(GROUPS | {"sre": set()}), "has nobody who may approve"),
        (make_directory({}), "cannot be found"),
    ):
        found = approval_status(approval_round(TWO_OF_SRE), [], there, NOW)
        assert found.state == "waiting"
        assert found.group_problems == (f"The user group @sre {fault}.",)
        assert found.unapprovable_reasons == ("This needs 2 of @sre, but only 0 of them can approve it now.",)
    assert status_text(TWO_OF_SRE, decision("UBOB"), decision("UCAT"), directory=make_directory({})).startswith(
        "waiting: 0 of 2"
    )


def test_asking_in_vain_is_known_before() -> None:
    assert missing_approver_reasons(approval_round(TWO_OF_SRE), make_directory(GROUPS)) == ()
    assert missing_approver_reasons(approval_round(TWO_OF_SRE), make_directory({"sre": {"UANN", "UBOB"}})) == (
        "This needs 2 of @sre, but only 1 of them can approve it now.",
    )
    assert missing_approver_reasons(
        approval_round(requirement(stage("@a"), stage("@b"))), make_directory({"a": {"UBOB"}, "b": {"UBOB"}})
    ) == ("This needs 1 of @b, but only 0 of them can approve it now.",)


def test_nobody_named_means_that_nobody_can_approve() -> None:
    assert status_text(requirement()) == "waiting: Policy names nobody who could approve this."
    assert permission_text("UBOB", requirement()) == "Policy names nobody who could approve this."


def test_policy_alone_approves_or_refuses() -> None:
    assert status_text(requirement(effect="approve")).startswith("approved: Approved at once")
    assert status_text(requirement(effect="refuse")) == "denied: Refused by policy"


def test_after_the_escalation_the_second_group_may_approve_too() -> None:
    what = requirement(stage("@sre", quorum=2), escalate_after=3600, escalate_to=stage("@leads"))
    assert permission_text("UFAY", what, minutes=59).startswith("Only @sre may decide")
    assert permission_text("UFAY", what, minutes=60) == "yes"
    given = decision("UBOB"), decision("UFAY", minutes=61)
    assert status_text(what, given[0], minutes=60) == "waiting: 1 of 2 approved by @sre or @leads"
    assert status_text(what, *given, minutes=62).startswith("approved")


def delegation(user: str, to_user: str, start: float = 0, end: float = 600, **values: Any) -> Delegation:
    base: dict[str, Any] = {"id": f"{user}-{to_user}", "team": TEAM, "user": user, "to_user": to_user}
    base |= {"starts": NOW + timedelta(minutes=start), "ends": NOW + timedelta(minutes=end)}
    return Delegation(**(base | values))


def test_a_delegate_approves_in_somebody_elses_place() -> None:
    given = (delegation("UBOB", "UFAY"),)
    assert permission_text("UFAY", TWO_OF_SRE, delegations=given) == "for UBOB"
    acted = decision("UFAY", on_behalf_of="UBOB", minutes=5)
    assert status_text(TWO_OF_SRE, acted, decision("UCAT"), delegations=given).startswith("approved")
    assert (
        permission_text("UBOB", TWO_OF_SRE, acted, delegations=given) == "Somebody has decided in your place already."
    )
    assert status_text(TWO_OF_SRE, acted, decision("UBOB", minutes=6), delegations=given).startswith("waiting: 1 of 2")


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
    assert status_text(TWO_OF_SRE, acted, decision("UCAT"), delegations=given, minutes=5).startswith("waiting: 1 of 2")
    assert permission_text("UFAY", TWO_OF_SRE, delegations=given, minutes=5).startswith("Only @sre may decide")


def test_a_delegate_has_one_voice() -> None:
    given = (delegation("UBOB", "UDAN"),)
    assert permission_text("UDAN", TWO_OF_SRE, delegations=given) == "yes"
    both = decision("UDAN"), decision("UDAN", on_behalf_of="UBOB", minutes=1)
    assert status_text(TWO_OF_SRE, *both, delegations=given).startswith("waiting: 1 of 2")
    assert permission_text("UDAN", TWO_OF_SRE, both[0], delegations=given).startswith("You have approved this already")


def test_delegation_never_reaches_own_requests() -> None:
    there = make_directory(GROUPS | {"sre": {"UANN", "UBOB", "UCAT"}})
    to_requester, from_requester = (delegation("UBOB", "UANN"),), (delegation("UANN", "UFAY"),)
    counts = requirement(stage("@sre", quorum=1), requester_counts=True)
    assert permission_text("UANN", TWO_OF_SRE, directory=there, delegations=to_requester).startswith(
        "You asked for this yourself"
    )
    assert permission_text("UFAY", TWO_OF_SRE, directory=there, delegations=from_requester).startswith(
        "Only @sre may decide"
    )
    assert permission_text("UFAY", counts, directory=there, delegations=from_requester).startswith(
        "Only @sre may decide"
    )
    assert status_text(
        counts, decision("UFAY", on_behalf_of="UANN"), directory=there, delegations=from_requester
    ).startswith("waiting")
    assert status_text(
        counts, decision("UANN", on_behalf_of="UBOB"), directory=there, delegations=to_requester
    ).startswith("waiting")


@pytest.mark.parametrize(
    ("to", "start", "end", "reason"),
    [
        ("UBOB", 0, 60, "yourself"),
        ("UGUEST", 0, 60, "cannot approve anything"),
        ("UFAY", 0, 0, "over before it begins"),
        ("UFAY", 60, 30, "over before it begins"),
        ("UFAY", 0, 91 * 1440, "at most 90 days"),
        ("UFAY", 0, 60, ""),
    ],
)
def test_what_may_be_delegated(to: str, start: int, end: int, reason: str) -> None:
    there = make_directory(GROUPS, guest={"UGUEST"})
    starts, ends = NOW + timedelta(minutes=start), NOW + timedelta(minutes=end)
    found = delegation_problem(person("UBOB"), person(to), starts, ends, NOW, there)
    assert reason in found
    assert bool(found) is bool(reason)


@pytest.mark.parametrize(
    ("state", "changed", "user", "reason"),
    [
        ("awaiting_approval", {}, "UBOB", ""),
        ("awaiting_approval", {}, "UCAT", "Only the person who decided"),
        ("awaiting_approval", {"retracted_at": NOW}, "UBOB", "has been taken back already"),
        ("awaiting_approval", {"content_hash": "before"}, "UBOB", "has changed since"),
        ("approved", {}, "UBOB", "too late to take that back: approved."),
        ("running", {}, "UBOB", "too late to take that back: running."),
    ],
)
def test_taking_back(state: Any, changed: dict[str, Any], user: str, reason: str) -> None:
    ruling = permission_to_retract(approval_round(TWO_OF_SRE), state, decision("UBOB", **changed), person(user))
    assert reason in ruling.reason
    assert ruling.allowed is (reason == "")


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
