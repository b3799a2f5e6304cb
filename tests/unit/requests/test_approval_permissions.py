"""Who may decide on a request, and who may take a decision back."""

from typing import Any

import pytest

from bot.requests.approval.deciding import permission_to_decide, permission_to_retract
from bot.requests.approval.permission import PermissionCode
from bot.requests.directory import (
    Ineligibility,
    ineligibility,
)
from bot.requests.model import Decision, Person, Requirement
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
        # Complete, and still waiting: somebody took back a request for changes. Any other approver concludes it.
        ("UDAN", TWO_OF_SRE, [decision("UBOB"), decision("UCAT")], PermissionCode.ALLOWED, ""),
        (
            "UFAY",
            TWO_OF_SRE,
            [decision("UBOB"), decision("UCAT")],
            PermissionCode.NOT_AN_APPROVER,
            "Only @sre may decide on this, and you are not one of them.",
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
