"""An approval round: whom it asks, and whom it asks after the escalation."""

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.approval.rounds import current_round
from bot.requests.directory import (
    resolve_groups,
)
from bot.requests.model import Stage
from tests.unit.requests.build import (
    NOW,
    decision,
    make_directory,
    pending_request,
    person,
    requirement,
    stage,
)
from tests.unit.requests.rounds import (
    GROUPS,
    approval_round,
    delegation,
    may_decide,
    progress,
)


def test_after_the_escalation_the_second_group_may_approve_too() -> None:
    what = requirement(stage("@sre", quorum=2), escalate_after=3600, escalate_to=stage("@leads"))
    assert may_decide("UFAY", what, minutes=59) == "not_an_approver"
    assert may_decide("UFAY", what, minutes=60) == "allowed"
    given = decision("UBOB"), decision("UFAY", minutes=61)
    assert progress(what, given[0], minutes=60) == "1 of 2"
    assert progress(what, *given, minutes=62) == "approved_by_people"


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


def test_handles_become_ids_and_keep_their_names() -> None:
    what = requirement(stage("@SRE", "@gone"), escalate_after=1, escalate_to=stage("@leads"))
    found = resolve_groups(what, make_directory(GROUPS))
    assert found.stages[0].groups == ("SSRE", "@gone")
    assert found.stages[0].names == ("@SRE", "@gone")
    assert found.escalate_to is not None
    assert found.escalate_to.groups == ("SLEADS",)


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
