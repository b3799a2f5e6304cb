"""Expiry, reminders and the other terms of an approval: the strictest of the rules that apply, else the default."""

from typing import Any

import pytest

from bot.requests.model import Requirement
from bot.requests.policy.evaluate import evaluate
from tests.unit.requests.build import policy, requirement, rule, stage, subject

TERMS: list[tuple[str, str, str, Any]] = [
    ("the default expiry", "", "expires_after", 8 * 3600),
    ("a default in the file", '[policy]\napprovers = "@sre"\nexpires = "2d"', "expires_after", 2 * 86400),
    (
        "a rule's expiry",
        rule("min_targets = 1", 'approvers = "@ops"\nexpires = "1d"\nloosens = true'),
        "expires_after",
        86400,
    ),
    (
        "the shorter expiry",
        rule("min_targets = 1", 'effect = "limit"\nexpires = "1d"\nloosens = true')
        + rule("min_targets = 2", 'effect = "limit"\nexpires = "2h"', "s"),
        "expires_after",
        7200,
    ),
    (
        "a part of the targets cannot lengthen it",
        rule('targets = "web-1"', 'effect = "limit"\nexpires = "1d"\nloosens = true'),
        "expires_after",
        8 * 3600,
    ),
    (
        "a part of the targets can shorten it",
        rule('targets = "web-1"', 'effect = "limit"\nexpires = "1h"'),
        "expires_after",
        3600,
    ),
    ("the requester does not count", "", "requester_counts", False),
    (
        "the requester counts",
        rule("min_targets = 1", 'approvers = "@ops"\nrequester_counts = true\nloosens = true'),
        "requester_counts",
        True,
    ),
    (
        "unless another rule says no",
        rule("min_targets = 1", 'approvers = "@ops"\nrequester_counts = true\nloosens = true')
        + rule("min_targets = 2", "requester_counts = false", "s"),
        "requester_counts",
        False,
    ),
    (
        "and not for a part of the targets",
        rule('targets = "web-1"', 'approvers = "@ops"\nrequester_counts = true\nloosens = true'),
        "requester_counts",
        False,
    ),
    ("late approvals ask", "", "late", "ask"),
    (
        "the stricter late",
        rule("min_targets = 1", 'late = "now"\nloosens = true') + rule("min_targets = 2", 'late = "drop"', "s"),
        "late",
        "drop",
    ),
    ("a late of one rule", rule("min_targets = 1", 'late = "now"\nloosens = true'), "late", "now"),
    (
        "the smaller drift",
        rule("min_targets = 1", "drift = 20\nloosens = true") + rule("min_targets = 2", "drift = 5", "s"),
        "drift_percent",
        5,
    ),
    ("no drift given", "", "drift_percent", None),
    (
        "renewal after days",
        rule("min_targets = 1", "renew_after_days = 90") + rule("min_targets = 2", "renew_after_days = 30", "s"),
        "renew_after_days",
        30,
    ),
    ("renewal after runs", rule("min_targets = 1", "renew_after_runs = 12"), "renew_after_runs", 12),
    ("reminders", '[policy]\napprovers = "@sre"\nreminders = ["30m", "2h", "5h"]', "reminders", (1800, 7200, 18000)),
    (
        "no reminder after a shorter expiry",
        '[policy]\napprovers = "@sre"\nreminders = ["30m", "2h", "5h"]\n' + rule("min_targets = 1", 'expires = "2h"'),
        "reminders",
        (1800,),
    ),
    (
        "a shorter warning changes nothing for a part",
        rule('targets = "web-1"', 'warn_before = "1m"\nloosens = true'),
        "warn_before",
        900,
    ),
    ("a shorter warning", rule("min_targets = 1", 'warn_before = "1m"\nloosens = true'), "warn_before", 60),
    (
        "the longer warning",
        rule("min_targets = 1", 'warn_before = "1h"') + rule("min_targets = 2", 'warn_before = "2h"', "s"),
        "warn_before",
        7200,
    ),
    (
        "reminders of the first rule that has some",
        rule("min_targets = 1", "quorum = 1") + rule("min_targets = 2", 'reminders = ["1h"]', "s"),
        "reminders",
        (3600,),
    ),
    (
        "no reminder at the expiry",
        rule("min_targets = 1", 'expires = "1h"', "r") + rule("min_targets = 2", 'reminders = ["30m", "1h"]', "s"),
        "reminders",
        (1800,),
    ),
    (
        "the stricter of ask and next",
        rule("min_targets = 1", 'late = "next"\nloosens = true') + rule("min_targets = 2", 'late = "ask"', "s"),
        "late",
        "ask",
    ),
    (
        "the stricter of next and now",
        rule("min_targets = 1", 'late = "now"\nloosens = true')
        + rule("min_targets = 2", 'late = "next"\nloosens = true', "s"),
        "late",
        "next",
    ),
    (
        "escalation of a rule that loosens before one by default",
        '[policy]\napprovers = "@sre"\nescalate_after = "1h"\nescalate_to = "@leads"\n'
        + rule("min_targets = 1", 'escalate_after = "3h"\nescalate_to = "@a"\nloosens = true'),
        "escalate_after",
        10800,
    ),
    ("no renewal by default", "", "renew_after_days", None),
    ("no limit of runs by default", "", "renew_after_runs", None),
    ("a longer warning", rule("min_targets = 1", 'warn_before = "1h"'), "warn_before", 3600),
    ("no rule says who keeps the time", rule("min_targets = 1", "quorum = 1"), "scheduler", None),
    ("the back end by a rule", rule("min_targets = 1", 'scheduler = "backend"'), "scheduler", "backend"),
    ("the back end by a rule for a part", rule('targets = "web-1"', 'scheduler = "backend"'), "scheduler", None),
    (
        "Nightshift by a rule for a part",
        rule('targets = "web-1"', 'scheduler = "nightshift"'),
        "scheduler",
        "nightshift",
    ),
    (
        "Nightshift where rules disagree",
        rule("min_targets = 1", 'scheduler = "backend"') + rule("min_targets = 2", 'scheduler = "nightshift"', "s"),
        "scheduler",
        "nightshift",
    ),
    (
        "escalation",
        '[policy]\napprovers = "@sre"\nescalate_after = "4h"\nescalate_to = "@leads"',
        "escalate_after",
        14400,
    ),
    (
        "no escalation after a shorter expiry",
        '[policy]\napprovers = "@sre"\nescalate_after = "4h"\nescalate_to = "@leads"\n'
        + rule("min_targets = 1", 'expires = "4h"'),
        "escalate_after",
        None,
    ),
    (
        "the later escalation to the same people",
        rule("min_targets = 1", 'approvers = "@x"\nescalate_after = "3h"\nescalate_to = "@a"')
        + rule("min_targets = 2", 'approvers = "@y"\nescalate_after = "1h"\nescalate_to = "@a"', "s"),
        "escalate_after",
        10800,
    ),
    (
        "no escalation to people whom another rule does not name",
        rule("min_targets = 1", 'approvers = "@x"\nescalate_after = "3h"\nescalate_to = "@a"')
        + rule("min_targets = 2", 'approvers = "@y"', "s"),
        "escalate_to",
        None,
    ),
    (
        "no escalation where rules disagree about the people",
        rule("min_targets = 1", 'approvers = "@x"\nescalate_after = "3h"\nescalate_to = "@a"')
        + rule("min_targets = 2", 'approvers = "@y"\nescalate_after = "1h"\nescalate_to = "@b"', "s"),
        "escalate_to",
        None,
    ),
]


@pytest.mark.parametrize(("text", "term", "expected"), [c[1:] for c in TERMS], ids=[c[0] for c in TERMS])
def test_term(text: str, term: str, expected: Any) -> None:
    assert getattr(evaluate(policy(text), subject()), term) == expected


def test_an_escalation_names_its_group() -> None:
    text = rule("min_targets = 1", 'approvers = "@x"\nescalate_after = "3h"\nescalate_to = "@a"')
    found = evaluate(policy(text), subject())
    assert found.escalate_to is not None
    assert found.escalate_to.names == ("@a",)
    assert evaluate(policy(""), subject()).escalate_to is None


def test_an_escalation_counts_up_to_the_expiry() -> None:
    text = rule("min_targets = 1", 'escalate_after = "1h"\nescalate_to = "@a"\nloosens = true') + rule(
        "min_targets = 2", 'expires = "LENGTH"', "s"
    )
    before, at, after = (evaluate(policy(text.replace("LENGTH", length)), subject()) for length in ("59m", "1h", "61m"))
    assert (before.escalate_after, at.escalate_after, after.escalate_after) == (None, None, 3600)
    assert (before.escalate_to, at.escalate_to, after.escalate_to) == (None, None, stage("@a"))


def test_warnings_begin_a_quarter_of_an_hour_before() -> None:
    assert evaluate(policy(""), subject()).warn_before == 900


@pytest.mark.parametrize(
    ("asked", "by_then", "enough"),
    [
        (requirement(stage("@a")), requirement(stage("@a")), True),
        (requirement(stage("@a", quorum=2)), requirement(stage("@a")), True),
        (requirement(stage("@a")), requirement(stage("@a", quorum=2)), False),
        (requirement(stage("@a"), stage("@b")), requirement(stage("@b")), True),
        (requirement(stage("@a")), requirement(stage("@a"), stage("@b")), False),
        (requirement(stage("@a", "@b")), requirement(stage("@b", "@a")), True),
        (requirement(stage("@a", "@b")), requirement(stage("@a")), False),
        (requirement(stage("@a")), requirement(effect="approve"), True),
        (requirement(effect="approve"), requirement(stage("@a")), False),
        (requirement(stage("@a")), requirement(effect="refuse"), False),
        (requirement(stage("@a")), requirement(stage("@a"), freezes=("F",)), False),
        (requirement(stage("@a"), freezes=("F",)), requirement(stage("@a")), True),
        (requirement(stage("@a")), requirement(stage("@a"), requester_counts=True), True),
        (requirement(stage("@a"), requester_counts=True), requirement(stage("@a")), False),
    ],
)
def test_what_was_asked_is_enough_for_what_is_demanded_by_then(
    asked: Requirement, by_then: Requirement, enough: bool
) -> None:
    assert by_then.is_no_stricter_than(asked) is enough
