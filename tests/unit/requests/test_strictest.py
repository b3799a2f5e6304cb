"""A request with several authors must meet what policy demands of each of them."""

import pytest

from bot.requests.model import Requirement
from bot.requests.model import RequirementCode as Code
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.strictest import strictest_requirement
from tests.unit.requests.build import policy, requirement, rule, stage, subject

SRE, DBA = stage("@sre"), stage("@dba")
APPROVED = Requirement(effect="approve", rules=("small",), reasons=("Small.",))
REFUSED = Requirement(effect="refuse", reasons=("Not yours.",))


def test_one_refusal_refuses_with_its_own_reasons_only() -> None:
    found = strictest_requirement([APPROVED, requirement(SRE), REFUSED])
    assert (found.effect, found.stages, found.reasons) == ("refuse", (), ("Not yours.",))


def test_an_approval_that_one_author_needs_is_needed() -> None:
    assert strictest_requirement([APPROVED, requirement(SRE)]).stages == (SRE,)
    assert strictest_requirement([APPROVED, requirement(SRE)]).effect == "ask"
    assert strictest_requirement([APPROVED, APPROVED]).effect == "approve"


def test_stages_add_up_and_the_larger_quorum_wins() -> None:
    two = stage("@sre", quorum=2)
    assert strictest_requirement([requirement(SRE, DBA), requirement(two)]).stages == (two, DBA)


@pytest.mark.parametrize(
    ("term", "one", "other", "wins"),
    [
        ("expires_after", 60, 3600, 60),
        ("requester_counts", True, False, False),
        ("late", "now", "drop", "drop"),
        ("late", "ask", "next", "ask"),
        ("renew_after_days", None, 30, 30),
        ("renew_after_runs", 5, 3, 3),
        ("drift_percent", None, 0, 0),
        ("warn_before", 900, 1800, 1800),
        ("scheduler", "backend", "nightshift", "nightshift"),
        ("scheduler", "backend", None, None),
        ("scheduler", "backend", "backend", "backend"),
        ("rules", ("a",), ("b", "a"), ("a", "b")),
        ("freezes", ("a",), ("b",), ("a", "b")),
        ("because", ("a",), ("a", "b"), ("a", "b")),
        ("codes", (Code.RULE_ASKS,), (Code.FREEZE_ASKS,), (Code.RULE_ASKS, Code.FREEZE_ASKS)),
    ],
)
def test_of_each_term_the_strictest_holds_in_either_order(term: str, one: object, other: object, wins: object) -> None:
    several = [requirement(SRE, **{term: one}), requirement(SRE, **{term: other})]
    assert getattr(strictest_requirement(several), term) == wins
    backwards = getattr(strictest_requirement(several[::-1]), term)
    assert (set(backwards) == set(wins)) if isinstance(wins, tuple) else backwards == wins


def test_the_earliest_escalation_holds_unless_the_request_expires_before() -> None:
    slow = requirement(SRE, escalate_after=7200, escalate_to=DBA)
    quick = requirement(SRE, escalate_after=600, escalate_to=SRE, reminders=(300, 1200))
    assert (strictest_requirement([slow, quick]).escalate_after, strictest_requirement([slow, quick]).escalate_to) == (
        600,
        SRE,
    )
    short = requirement(SRE, expires_after=600)
    assert strictest_requirement([slow, short]).escalate_after is None
    assert strictest_requirement([quick, short]).reminders == (300,)


def test_at_its_expiry_a_request_is_neither_escalated_nor_reminded_of() -> None:
    escalating = requirement(SRE, expires_after=600, escalate_after=600, escalate_to=DBA, reminders=(300, 600))
    found = strictest_requirement([escalating, requirement(SRE)])
    assert (found.escalate_after, found.escalate_to, found.reminders) == (None, None, (300,))
    sooner = escalating.model_copy(update={"escalate_after": 599})
    assert strictest_requirement([requirement(SRE), sooner]).escalate_to == DBA


def test_one_requirement_stays_as_it_is() -> None:
    assert strictest_requirement([APPROVED]) is APPROVED


def test_of_refusals_only_their_own_terms_count() -> None:
    found = strictest_requirement([requirement(SRE, expires_after=60, warn_before=1800), REFUSED])
    assert (found.expires_after, found.warn_before) == (REFUSED.expires_after, REFUSED.warn_before)


def test_no_rule_approves_by_itself_what_somebody_else_has_edited() -> None:
    small = policy(rule("max_targets = 2", 'effect = "approve"'))
    assert evaluate(small, subject()).effect == "approve"
    found = evaluate(small, subject(), automatic=False)
    assert (found.effect, found.stages) == ("ask", (SRE,))
