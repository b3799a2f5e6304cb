"""What rules do, alone and together: the most demanding wins, and says why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.requests.model import RequirementCode as Code
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import headline
from bot.requests.policy.strictest import merge_stages
from tests.unit.requests.build import NOW, policy, rule, stage, subject

NOBODY_NAMED = "Needs 1 of @sre because no rule names approvers."
DEFAULT = "Needs 1 of @sre because no rule applies."
SATURDAY_NIGHT = datetime(2026, 3, 7, 23, 30, tzinfo=UTC)
WEDNESDAY_NIGHT = datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
HOSTS_43 = {"names": tuple(f"web-{n}" for n in range(43))}


def asks(because: str) -> str:
    return f"Needs 1 of @ops because {because}."


REFUSE = 'effect = "refuse"'
APPROVE = 'effect = "approve"'
EFFECTS: list[tuple[str, str, dict[str, Any], str, str]] = [
    (
        "a refusal",
        rule('reboot = "Force"', REFUSE),
        {"facts": {"reboot": "Force"}},
        "refuse",
        "The rule “r” refuses this: a forced reboot.",
    ),
    ("a refusal that does not apply", rule('reboot = "Force"', REFUSE), {}, "ask", DEFAULT),
    (
        "its own words",
        rule('targets = "db-*"', REFUSE + '\nbecause = "databases are patched by hand"'),
        {"names": ("db-1",)},
        "refuse",
        "refuses this: databases are patched by hand",
    ),
    (
        "approved at once",
        rule('backend = "foreman.lab"', APPROVE),
        {"backend": "foreman.lab"},
        "approve",
        "Approved at once: foreman.lab.",
    ),
    ("not approved at once elsewhere", rule('backend = "foreman.lab"', APPROVE), {}, "ask", DEFAULT),
    (
        "approved at once where all targets match",
        rule('targets = "web-*"', APPROVE),
        {},
        "approve",
        "Approved at once: the target web-1.",
    ),
    (
        "not approved at once where one does not",
        rule('targets = "web-*"', APPROVE),
        {"names": ("web-1", "db-1")},
        "ask",
        DEFAULT,
    ),
    (
        "not approved at once where names are unknown",
        rule('targets = "web-*"', APPROVE),
        {"targets": 3},
        "ask",
        DEFAULT,
    ),
    (
        "not approved at once where one start is outside",
        rule('hours = "22:00-23:30"', APPROVE),
        {"starts": (WEDNESDAY_NIGHT, SATURDAY_NIGHT)},
        "ask",
        DEFAULT,
    ),
    (
        "approved at once where all starts match",
        rule('hours = "22:00-23:59"', APPROVE),
        {"starts": (WEDNESDAY_NIGHT, SATURDAY_NIGHT)},
        "approve",
        "Approved at once",
    ),
    (
        "refused where names are unknown",
        rule('targets = "db-*"', REFUSE),
        {"targets": 3},
        "refuse",
        "targets not all known by name, while db-* matters",
    ),
    ("not refused where all are known", rule('targets = "db-*"', REFUSE), {}, "ask", DEFAULT),
    (
        "within the budget",
        rule("max_targets = 2", APPROVE + "\nbudget = 2"),
        {"approved_today": {"r": 1}},
        "approve",
        "Approved at once: 2 hosts.",
    ),
    (
        "budget used up",
        rule("max_targets = 2", APPROVE + "\nbudget = 2"),
        {"approved_today": {"r": 2}},
        "ask",
        "Needs 1 of @sre because the daily budget of “r” is used up.",
    ),
    (
        "budget used up, others asked",
        rule("max_targets = 2", APPROVE + '\nbudget = 2\napprovers = ["@ops"]'),
        {"approved_today": {"r": 2}},
        "ask",
        "Needs 1 of @ops because",
    ),
    (
        "another rule's budget",
        rule("max_targets = 2", APPROVE + "\nbudget = 2"),
        {"approved_today": {"x": 9}},
        "approve",
        "Approved at once",
    ),
    (
        "may request",
        rule('backend = "foreman"', 'effect = "limit"\nmay_request = ["@ops"]'),
        {"groups": {"@ops"}},
        "ask",
        NOBODY_NAMED,
    ),
    (
        "may not request",
        rule('backend = "foreman"', 'effect = "limit"\nmay_request = ["@ops", "UZOE"]'),
        {},
        "refuse",
        "The rule “r” says that only @ops or UZOE may ask for this.",
    ),
    (
        "nobody but some may request at all",
        '[policy]\napprovers = ["@sre"]\nmay_request = ["@staff"]',
        {},
        "refuse",
        "Only @staff may ask for this.",
    ),
    ("one who may", '[policy]\napprovers = ["@sre"]\nmay_request = ["@staff"]', {"groups": {"@staff"}}, "ask", DEFAULT),
    (
        "refusing beats asking",
        rule("min_targets = 1") + rule('reboot = "Force"', REFUSE, "no"),
        {"facts": {"reboot": "Force"}},
        "refuse",
        "The rule “no” refuses",
    ),
    (
        "refusing beats asking, whatever the order",
        rule('reboot = "Force"', REFUSE, "no") + rule("min_targets = 1"),
        {"facts": {"reboot": "Force"}},
        "refuse",
        "The rule “no” refuses",
    ),
    (
        "asking beats approving",
        rule('backend = "foreman"', APPROVE, "ok") + rule("min_targets = 2"),
        {},
        "ask",
        asks("2 hosts"),
    ),
    (
        "asking beats approving, whatever the order",
        rule("min_targets = 2") + rule('backend = "foreman"', APPROVE, "ok"),
        {},
        "ask",
        asks("2 hosts"),
    ),
    (
        "refusing beats approving",
        rule('backend = "foreman"', APPROVE, "ok") + rule("min_targets = 2", REFUSE),
        {},
        "refuse",
        "refuses this: 2 hosts",
    ),
    (
        "the larger quorum wins",
        rule("min_targets = 1") + rule("min_targets = 2", 'approvers = ["@ops"]\nquorum = 2', "s"),
        {},
        "ask",
        "Needs 2 of @ops because 2 hosts.",
    ),
    (
        "the larger quorum wins first too",
        rule("min_targets = 2", 'approvers = ["@ops"]\nquorum = 2', "s") + rule("min_targets = 1"),
        {},
        "ask",
        "Needs 2 of @ops because 2 hosts.",
    ),
    (
        "a quorum alone raises others'",
        rule('backend = "foreman"') + rule("min_targets = 2", "quorum = 2", "s"),
        {},
        "ask",
        "Needs 2 of @ops because foreman.prod and 2 hosts.",
    ),
    (
        "a quorum alone raises the default",
        rule("min_targets = 2", "quorum = 2"),
        {},
        "ask",
        "Needs 2 of @sre because 2 hosts.",
    ),
    (
        "other approvers add a stage",
        rule('backend = "foreman"') + rule('targets = "web-*"', 'approvers = ["@web"]', "s"),
        {},
        "ask",
        "Needs 1 of @ops, then 1 of @web because foreman.prod and the target web-1.",
    ),
    (
        "stages in one rule",
        rule('backend = "foreman"', 'stages = [{approvers = "@ops"}, {approvers = ["@dba", "UZOE"], quorum = 2}]'),
        {},
        "ask",
        "Needs 1 of @ops, then 2 of @dba or UZOE",
    ),
    (
        "an exception",
        rule('backend = "foreman"', REFUSE + '\nunless = {requester = "@leads"}'),
        {"groups": {"@leads"}},
        "ask",
        DEFAULT,
    ),
    (
        "no exception",
        rule('backend = "foreman"', REFUSE + '\nunless = {requester = "@leads"}'),
        {},
        "refuse",
        "foreman.prod",
    ),
    (
        "a refusal is not excepted by a part",
        rule('backend = "foreman"', REFUSE + '\nunless = {targets = "web-*"}'),
        {"names": ("web-1", "db-1")},
        "refuse",
        "foreman.prod",
    ),
    (
        "a refusal is excepted by all",
        rule('backend = "foreman"', REFUSE + '\nunless = {targets = "web-*"}'),
        {},
        "ask",
        DEFAULT,
    ),
    (
        "approving at once is excepted by a part",
        rule('backend = "foreman"', APPROVE + '\nunless = {targets = "db-*"}'),
        {"names": ("web-1", "db-1")},
        "ask",
        DEFAULT,
    ),
    (
        "approving at once is excepted by none",
        rule('backend = "foreman"', APPROVE + '\nunless = {targets = "db-*"}'),
        {},
        "approve",
        "foreman.prod",
    ),
    (
        "a part is asked for by a rule, the rest by default",
        rule('targets = "web-*"'),
        {"names": ("web-1", "db-1")},
        "ask",
        "Needs 1 of @ops, then 1 of @sre because the target web-1 and a part without a rule.",
    ),
    (
        "two rules share the targets",
        rule('targets = "web-*"') + rule('targets = "db-*"', 'approvers = ["@dba"]', "s"),
        {"names": ("web-1", "db-1")},
        "ask",
        "Needs 1 of @ops, then 1 of @dba because the target web-1 and the target db-1.",
    ),
    ("a limit alone settles nothing", rule("min_targets = 1", 'effect = "limit"\ndrift = 0'), {}, "ask", NOBODY_NAMED),
    (
        "a limit does not undo approving at once",
        rule("min_targets = 1", 'effect = "limit"\ndrift = 0') + rule('backend = "foreman"', APPROVE, "ok"),
        {},
        "approve",
        "Approved at once: foreman.prod.",
    ),
]


@pytest.mark.parametrize(
    ("rules", "values", "verdict", "expected"), [c[1:] for c in EFFECTS], ids=[c[0] for c in EFFECTS]
)
def test_effect(rules: str, values: dict[str, Any], verdict: str, expected: str) -> None:
    found = evaluate(policy(rules), subject(**values))
    assert found.effect == verdict
    assert expected in headline(found)


@pytest.mark.parametrize(
    ("rules", "values", "stages"),
    [
        (rule("min_targets = 1", "quorum = 2", "a") + rule("min_targets = 2", "quorum = 3", "b"), {}, [3]),
        (rule("min_targets = 1", "quorum = 3", "a") + rule("min_targets = 2", "quorum = 2", "b"), {}, [3]),
        (rule("min_targets = 1", 'approvers = "@ops"\nquorum = 3', "a") + rule("min_targets = 2", "", "b"), {}, [3]),
        (
            rule("min_targets = 1", 'approvers = "@ops"\nquorum = 3', "a")
            + rule('targets = "web-1"', "quorum = 2", "b"),
            {},
            [3],
        ),
        (rule("min_targets = 1", "", "a"), {}, [1]),
        (rule('backend = "foreman"', APPROVE + "\nbudget = 1", "a"), {"approved_today": {"a": 1}}, [1]),
    ],
)
def test_the_largest_quorum_is_the_least_for_all(rules: str, values: dict[str, Any], stages: list[int]) -> None:
    assert [stage.quorum for stage in evaluate(policy(rules), subject(**values)).stages] == stages


@pytest.mark.parametrize(("used", "effect"), [(0, "approve"), (1, "approve"), (2, "ask"), (3, "ask")])
def test_a_daily_budget_of_two_approves_twice(used: int, effect: str) -> None:
    text = rule("max_targets = 2", APPROVE + "\nbudget = 2")
    found = evaluate(policy(text), subject(approved_today={"r": used}))
    assert found.effect == effect
    assert (Code.BUDGET_EXHAUSTED in found.codes) is (effect == "ask")


def test_a_budget_of_one_approves_the_first_of_a_day() -> None:
    text = rule("max_targets = 2", APPROVE + "\nbudget = 1")
    assert evaluate(policy(text), subject(approved_today={})).effect == "approve"


def test_a_budget_that_is_used_up_lets_no_other_rule_approve() -> None:
    text = rule("max_targets = 2", APPROVE + "\nbudget = 1", "small") + rule('backend = "foreman"', APPROVE, "ok")
    found = evaluate(policy(text), subject(approved_today={"small": 1}))
    assert found.codes == (Code.BUDGET_EXHAUSTED, Code.APPROVING_RULE_OVERRULED)
    assert (found.effect, found.because) == ("ask", ("the daily budget of “small” is used up",))


def test_of_stages_with_the_same_approvers_the_first_spelling_stays() -> None:
    one, other = stage("@a", "@b"), stage("@b", "@a")
    assert merge_stages([one, other]) == (one,)
    assert merge_stages([one, stage("@b", "@a", quorum=2)]) == (stage("@b", "@a", quorum=2),)
    assert merge_stages([stage("@a", quorum=2), stage("@a")]) == (stage("@a", quorum=2),)
    assert merge_stages([stage("@a"), stage("UBOB")]) == (stage("@a"), stage("UBOB"))


def test_a_rule_about_targets_and_something_else_shares_targets_only_if_the_rest_covers_all() -> None:
    text = rule('targets = "web-*", days = "wed"') + rule('targets = "db-*"', 'approvers = ["@dba"]', "s")
    wednesday, saturday = WEDNESDAY_NIGHT, SATURDAY_NIGHT
    names = ("web-1", "db-1")
    assert len(evaluate(policy(text), subject(names=names, starts=(wednesday,))).stages) == 2
    assert len(evaluate(policy(text), subject(names=names, starts=(wednesday, saturday))).stages) == 3


def test_rules_for_other_back_ends_and_operations_are_left_alone() -> None:
    text = rule('operation = "foreman.run", backend = "foreman.prod"')
    asked = [
        evaluate(policy(text), subject(operation=operation, backend=backend)).rules == ("r",)
        for operation, backend in [
            ("foreman.run", "foreman.prod"),
            ("foreman.stop", "foreman.prod"),
            ("foreman.run", "foreman.lab"),
        ]
    ]
    assert asked == [True, False, False]


def test_policy_without_automatic_approval_still_refuses() -> None:
    text = rule("min_targets = 2", REFUSE)
    assert evaluate(policy(text), subject(), automatic=False).effect == "refuse"


TWO_EXCEPTIONS = 'unless = [{requester = "@leads"}, {channel = "#emergency", hours = "12:00-13:00"}]'


@pytest.mark.parametrize(
    ("values", "effect"),
    [
        ({"groups": {"@leads"}}, "ask"),
        ({"channel_name": "emergency"}, "ask"),
        ({}, "refuse"),
        ({"channel_name": "emergency", "starts": (NOW + timedelta(hours=2),)}, "refuse"),
    ],
)
def test_any_of_several_exceptions_is_enough(values: dict[str, Any], effect: str) -> None:
    text = rule('backend = "foreman"', f"{REFUSE}\n{TWO_EXCEPTIONS}")
    assert evaluate(policy(text), subject(**values)).effect == effect


def test_a_refusal_names_its_exceptions() -> None:
    text = rule('backend = "foreman"', f"{REFUSE}\n{TWO_EXCEPTIONS}")
    assert evaluate(policy(text), subject()).reasons == (
        "The rule “r” refuses this: foreman.prod. It allows a requester from @leads or "
        "a request from the channel emergency and a start at 12:00-13:00 (UTC).",
    )


def test_approving_at_once_is_excepted_by_any_exception() -> None:
    text = rule('backend = "foreman"', f'{APPROVE}\nunless = [{{targets = "db-*"}}, {{requester = "@leads"}}]')
    assert evaluate(policy(text), subject()).effect == "approve"
    assert evaluate(policy(text), subject(names=("web-1", "db-1"))).effect == "ask"
    assert evaluate(policy(text), subject(groups={"@leads"})).effect == "ask"
