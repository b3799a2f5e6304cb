"""Whether the people and groups that a policy names exist in the workspace."""

import pytest

from bot.requests.policy.load import all_stages, load_policy, workspace_problems
from tests.unit.requests.build import NOW, make_directory

CHECKED = """[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "two"
approvers = ["@pair"]
quorum = 2

[[policy.rules]]
name = "three"
approvers = ["@pair", "UZOE"]
quorum = 3
"""


def test_a_policy_that_fits_the_workspace() -> None:
    policy = load_policy(CHECKED, now=NOW)
    assert workspace_problems(policy, make_directory({"sre": {"UBOB"}, "pair": {"UBOB", "UCAT"}, "x": {"UZOE"}})) == ()


@pytest.mark.parametrize(
    ("groups", "flags", "expected"),
    [
        (
            {"sre": {"UBOB"}, "x": {"UZOE"}},
            {},
            [":6: there is no user group @pair", ":11: there is no user group @pair"],
        ),
        (
            {"sre": {"UBOB"}, "pair": {"UBOB"}, "x": {"UZOE"}},
            {},
            [
                ":7: @pair cannot give 2 approvals, as only 1 may approve",
                ":12: @pair or UZOE cannot give 3 approvals, as only 2",
            ],
        ),
        (
            {"sre": set(), "pair": {"UBOB", "UCAT"}, "x": {"UZOE"}},
            {},
            [":2: @sre cannot give 1 approval, as only 0 may approve"],
        ),
        (
            {"sre": {"UBOB"}, "pair": {"UBOB", "UCAT"}, "x": {"UZOE"}},
            {"guest": {"UCAT"}},
            [":7: @pair cannot give 2", ":12: @pair or UZOE cannot give 3"],
        ),
        ({"sre": {"UBOB"}, "pair": {"UBOB", "UCAT"}}, {}, [":11: UZOE cannot take part"]),
    ],
)
def test_a_policy_that_does_not_fit_the_workspace(
    groups: dict[str, set[str]], flags: dict[str, set[str]], expected: list[str]
) -> None:
    found = workspace_problems(load_policy(CHECKED, "my.toml", now=NOW), make_directory(groups, **flags))
    assert len(found) == len(expected)
    for fault, start in zip(found, expected, strict=True):
        assert fault.startswith(f"my.toml{start}")


def test_only_the_named_approvers_and_requesters_are_looked_for_in_the_workspace() -> None:
    there = make_directory({"sre": {"UBOB"}, "dba": {"UCAT", "UDAN"}}, guest={"UGUE"})
    text = """[policy]
approvers = ["@sre"]
escalate_after = "1h"
escalate_to = ["@e"]
may_request = ["@m"]

[[policy.rules]]
name = "r"
when = {requester = "@w"}
unless = {requester = "UGUE"}
quorum = 2

[[policy.rules]]
name = "s"
when = {min_targets = 2}
stages = [{approvers = "@dba", quorum = 2}, {approvers = "@dba", quorum = 3}]

[[policy.freezes]]
name = "F"
when = "every saturday"
effect = "ask"
approvers = ["@dba"]
quorum = 3

[[policy.freezes]]
name = "G"
when = "every sunday"
effect = "ask"
approvers = ["@f"]
"""
    loaded = load_policy(text, "my.toml", now=NOW)
    assert workspace_problems(loaded, there) == (
        "my.toml:5: there is no user group @m in the workspace; make it in Slack or correct the name.",
        "my.toml:4: there is no user group @e in the workspace; make it in Slack or correct the name.",
        "my.toml:9: there is no user group @w in the workspace; make it in Slack or correct the name.",
        "my.toml:10: UGUE cannot take part: Guests cannot do this; ask a full member of the workspace. "
        "Name somebody else.",
        "my.toml:29: there is no user group @f in the workspace; make it in Slack or correct the name.",
        "my.toml:11: @sre cannot give 2 approvals, as only 1 may approve; lower the quorum or add people.",
        "my.toml:16: @dba cannot give 3 approvals, as only 2 may approve; lower the quorum or add people.",
        "my.toml:22: @dba cannot give 3 approvals, as only 2 may approve; lower the quorum or add people.",
    )
    assert {stage.quorum for stage in all_stages(loaded)} == {1, 2, 3}
    assert len(all_stages(loaded)) == 6
