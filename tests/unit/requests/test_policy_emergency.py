"""Emergencies: what their rules replace, what they never do, and what a freeze lets pass."""

from datetime import timedelta

import pytest

from bot.errors import ConfigError
from bot.requests.approval.permission import PermissionCode
from bot.requests.approval.review import permission_to_review
from bot.requests.directory import InMemoryDirectory
from bot.requests.emergency import marked_title
from bot.requests.freezes.model import find_freeze_hits, start_blocking_hits
from bot.requests.model import Requirement, RequirementCode, Review, Stage
from bot.requests.policy.evaluate import evaluate, evaluate_authors
from bot.requests.policy.explain import headline, rule_trace
from bot.requests.policy.loosening import policy_notes
from bot.requests.spans import TimeSpan
from tests.unit.requests.build import NOW, TEAM, make_directory, once, person, policy, rule, subject

EMERGENCY = """
[[policy.rules]]
name = "outage"
when = { targets = "web-*" }
effect = "emergency"
review_by = ["@cab"]
review_within = "12h"
"""
ASKS = rule('backend = "foreman"', 'approvers = ["@ops"]\nquorum = 2')
LOADED = policy(EMERGENCY + ASKS)
REVIEW = Review(by=Stage(groups=("SCAB",), names=("@cab",)), within=3600)


def test_an_emergency_replaces_what_other_rules_ask_for() -> None:
    found = evaluate(LOADED, subject(emergency=True))
    assert (found.effect, found.stages, found.codes) == ("approve", (), (RequirementCode.EMERGENCY,))
    assert found.review is not None
    assert (found.review.by.groups, found.review.within) == (("@cab",), 12 * 3600)
    assert headline(found) == ("Emergency. Approved at once: the target web-1. @cab must review it within 12 hours.")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"emergency": True, "schedule": once()},
        {"emergency": True, "names": ("web-1", "db-1")},
        {"emergency": True, "names": ("db-1",)},
    ],
)
def test_what_is_not_an_emergency_is_decided_as_without_the_rule(values: dict) -> None:
    found = evaluate(LOADED, subject(**values))
    assert found == evaluate(policy(ASKS), subject(**values))
    assert (found.effect, found.review) == ("ask", None)


@pytest.mark.parametrize(("budget", "used", "asks"), [("", 2, False), ("", 3, True), ("budget = 1", 1, True)])
def test_after_enough_emergencies_of_a_day_people_decide(budget: str, used: int, asks: bool) -> None:
    found = evaluate(policy(EMERGENCY + budget + "\n" + ASKS), subject(emergency=True, approved_today={"outage": used}))
    assert found.review is not None
    assert (found.effect, bool(found.stages)) == (("ask", True) if asks else ("approve", False))
    text = f"The rule “outage” has let {used} start that day without an approval, as many as it may; people decide now."
    assert (text in found.reasons) == asks
    assert ("(3 of 3 that day)" in found.reasons[0]) == (not asks)


def test_a_budget_of_emergencies_that_people_approve_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="budget is for emergencies that nobody approves"):
        policy(EMERGENCY + 'approvers = ["@ops"]\nbudget = 2')


def test_content_that_others_wrote_is_no_emergency() -> None:
    for found in (
        evaluate_authors(LOADED, subject(emergency=True), {"UBOB": frozenset()}),
        evaluate_authors(LOADED, subject(emergency=True), {}, needs_people=True),
    ):
        assert (found.effect, found.review) == ("ask", None)


def test_refusals_and_lists_of_requesters_hold_in_an_emergency() -> None:
    refusing = policy(EMERGENCY + rule("min_targets = 2", 'effect = "refuse"'))
    assert evaluate(refusing, subject(emergency=True)).effect == "refuse"
    only_oncall = policy(EMERGENCY + 'may_request = ["@oncall"]\n')
    assert evaluate(only_oncall, subject(emergency=True)).effect == "refuse"
    assert evaluate(only_oncall, subject(emergency=True, groups={"@oncall"})).effect == "approve"
    assert evaluate(only_oncall, subject()).effect == "ask"


def test_an_emergency_rule_never_wins_over_a_refusal_for_what_others_wrote() -> None:
    refuses = rule("min_targets = 2", 'effect = "refuse"', name="no")
    loaded = policy(EMERGENCY + 'wins_over = ["no"]\n' + refuses)
    assert evaluate(loaded, subject(emergency=True)).effect == "approve"
    assert evaluate_authors(loaded, subject(emergency=True), {"UBOB": frozenset()}).effect == "refuse"
    assert evaluate(loaded, subject()).effect == "refuse"


def test_one_approval_can_be_asked_for_and_the_first_rule_says_who_reviews() -> None:
    more = EMERGENCY.replace("outage", "any").replace("@cab", "@leads").replace("12h", "2h")
    found = evaluate(policy(EMERGENCY + 'approvers = ["@oncall"]\n' + more), subject(emergency=True))
    assert [(stage.groups, stage.quorum) for stage in found.stages] == [(("@oncall",), 1)]
    assert found.review is not None
    assert (found.effect, found.review.by.groups, found.review.within) == ("ask", ("@cab",), 2 * 3600)


@pytest.mark.parametrize(("exception", "passes"), [("", False), ('except = "emergency"\n', True)])
@pytest.mark.parametrize("effect", ["", 'effect = "ask"\napprovers = ["@board"]\n'])
def test_a_freeze_lets_an_emergency_pass_only_if_it_says_so(exception: str, effect: str, passes: bool) -> None:
    freeze = '[[policy.freezes]]\nname = "f"\nstart = 2026-03-01T00:00:00Z\nend = 2026-04-01T00:00:00Z\n'
    loaded = policy(EMERGENCY + freeze + effect + exception)
    emergency, ordinary = subject(emergency=True), subject()
    hits = find_freeze_hits(loaded.freezes, emergency, [TimeSpan(NOW, NOW + timedelta(hours=1))], NOW)
    found = evaluate(loaded, emergency, hits)
    assert (found.effect == "approve") == passes
    assert (start_blocking_hits(hits, Requirement(review=REVIEW)) == ()) == passes
    assert start_blocking_hits(hits, Requirement()) == hits
    assert evaluate(loaded, ordinary, hits).effect != "approve"


def test_the_trace_and_the_notes_name_it() -> None:
    assert "does not apply: it is for emergencies that start now" in rule_trace(LOADED, subject())[0]
    assert any("lets a target web-* run as an emergency without approval" in note for note in policy_notes(LOADED))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('effect = "emergency"\n', 'effect = "emergency" needs review_by: who reviews it afterwards'),
        ('effect = "approve"\nreview_by = ["@cab"]\n', 'review_by is for effect = "emergency" only'),
        ('approvers = ["@ops"]\nreview_within = "2h"\n', 'review_within is for effect = "emergency" only'),
    ],
)
def test_a_rule_says_who_reviews_or_is_none_for_emergencies(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        policy(rule("min_targets = 1", text))


def test_only_a_reviewer_who_did_not_take_part_reviews() -> None:
    directory = make_directory({"cab": {"UBOB", "UEVE"}}, deleted={"UEVE"})

    def code(user: str, participants: set[str] = frozenset(), known: InMemoryDirectory = directory) -> PermissionCode:
        return permission_to_review(REVIEW, participants, person(user), known).code

    assert code("UBOB") is PermissionCode.ALLOWED
    assert code("UBOB", {"UBOB"}) is PermissionCode.TOOK_PART
    assert code("UANN") is PermissionCode.NOT_AN_APPROVER
    assert code("UEVE") is PermissionCode.INELIGIBLE
    silent = InMemoryDirectory(TEAM, {"UBOB": directory.local_user("UBOB")}, None)
    assert code("UBOB", known=silent) is PermissionCode.UNKNOWN
    assert code("UBOB", {"UBOB"}, silent) is PermissionCode.TOOK_PART


def test_a_title_is_marked_once_and_loses_the_mark_with_the_emergency() -> None:
    marked = marked_title(marked_title("Run a job", Requirement(review=REVIEW)), Requirement(review=REVIEW))
    assert marked == "Emergency: Run a job"
    assert marked_title(marked, Requirement()) == "Run a job"
