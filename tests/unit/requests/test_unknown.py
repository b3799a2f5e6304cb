"""What Slack does not tell: whatever is called certain holds, however Slack's answer turns out."""

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bot.requests.approval.deciding import permission_to_decide
from bot.requests.approval.permission import PermissionCode
from bot.requests.approval.status import approval_status, is_still_valid
from bot.requests.directory import InMemoryDirectory, User, UserGroup
from tests.unit.requests.build import NOW, TEAM, decision, make_directory, person, requirement, stage
from tests.unit.requests.oracle import USERS
from tests.unit.requests.rounds import approval_round
from tests.unit.requests.test_approval_properties import Case, cases, quick

GROUPS = {"sre": {"UBOB", "UCAT"}}


def masked(directory: InMemoryDirectory, users: set[str], *, groups: bool = True) -> InMemoryDirectory:
    """The directory as it is if Slack says nothing of some users, and of groups."""
    known = {user: found for user in USERS if user not in users and (found := directory.local_user(user)) is not None}
    named = {group.id: group for name in ("@a", "@b", "@sre") if (group := directory.group(name)) is not None}
    return InMemoryDirectory(TEAM, known, named if groups else None, users)


@quick
@given(case=cases(), silent=st.sets(st.sampled_from(USERS)), groups=st.booleans(), who=st.sampled_from(USERS))
def test_what_is_certain_is_so(case: Case, silent: set[str], groups: bool, who: str) -> None:
    directory = masked(case.directory, silent, groups=groups)
    actual, status = case.status(), approval_status(case.approval_round, case.decisions, directory, NOW)
    event(f"{status.state}, certain: {status.is_certain}")
    if status.state != "waiting":
        assert actual.state == status.state
    if status.unapprovable_reasons and actual.state == "waiting":
        assert actual.unapprovable_reasons
    for check in (
        lambda d: permission_to_decide(case.approval_round, "awaiting_approval", person(who), case.decisions, d, NOW),
        lambda d: is_still_valid(case.approval_round, case.decisions, d, NOW),
    ):
        told, truth = check(directory), check(case.directory)
        event(f"told {told.code}")
        if not told.allowed and not told.is_unknown:
            assert not truth.allowed
    if is_still_valid(case.approval_round, case.decisions, directory, NOW).allowed:
        assert is_still_valid(case.approval_round, case.decisions, case.directory, NOW).allowed


ROUND = approval_round(requirement(stage("@sre", quorum=2)))


@pytest.mark.parametrize(
    ("silent", "groups", "text"),
    [
        (set[str](), True, "1 of 2 approved by @sre"),
        ({"UCAT"}, True, "1 of 2 approved by @sre. Slack does not say just now who may approve."),
        ({"UBOB"}, True, "At least 0 of 2 approved by @sre. Slack does not say just now who may approve."),
        (set[str](), False, "At least 0 of 2 approved by @sre. Slack does not say just now who may approve."),
    ],
)
def test_a_count_that_may_be_higher_says_at_least(silent: set[str], groups: bool, text: str) -> None:
    directory = masked(make_directory(GROUPS), silent, groups=groups)
    status = approval_status(ROUND, [decision("UBOB")], directory, NOW)
    assert (status.text, status.unapprovable_reasons) == (text, ())


def test_nobody_can_approve_is_said_only_of_what_is_known() -> None:
    lonely = masked(make_directory({"sre": {"UBOB"}}), set())
    assert approval_status(ROUND, [], lonely, NOW).unapprovable_reasons
    assert not approval_status(ROUND, [], masked(lonely, set(), groups=False), NOW).unapprovable_reasons
    assert approval_status(ROUND, [], masked(lonely, {"UBOB"}), NOW).unapprovable_reasons


@pytest.mark.parametrize(
    ("who", "silent", "groups", "code"),
    [
        ("UBOB", set[str](), False, PermissionCode.UNKNOWN),
        ("UBOB", {"UBOB"}, True, PermissionCode.UNKNOWN),
        ("UBOB", {"UCAT"}, True, PermissionCode.ALLOWED),
        ("UANN", set[str](), False, PermissionCode.OWN_REQUEST),
        ("UDAN", {"UBOB"}, True, PermissionCode.NOT_AN_APPROVER),
        ("UDAN", {"UDAN"}, True, PermissionCode.UNKNOWN),
    ],
)
def test_a_person_is_refused_only_for_what_is_known(
    who: str, silent: set[str], groups: bool, code: PermissionCode
) -> None:
    directory = masked(make_directory(GROUPS | {"others": {"UDAN"}}), silent, groups=groups)
    assert permission_to_decide(ROUND, "awaiting_approval", person(who), [], directory, NOW).code is code


def test_a_disabled_group_is_known_to_have_nobody() -> None:
    disabled = InMemoryDirectory(
        TEAM,
        {"UBOB": User(person=person("UBOB"))},
        {"S1": UserGroup(id="S1", handle="sre", disabled=True)},
    )
    status = approval_status(ROUND, [], disabled, NOW)
    assert status.group_problems == ("The user group @sre is disabled.",)
    assert permission_to_decide(ROUND, "awaiting_approval", person("UBOB"), [], disabled, NOW).code is (
        PermissionCode.NOT_AN_APPROVER
    )
