"""Rules that win over others: where the strictest is not what is meant."""

import pytest

from bot.errors import ConfigError
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import headline, rule_trace
from bot.requests.policy.refusals import refuses_every_request
from tests.unit.requests.build import policy, rule, subject

CUSTOMERS = rule('targets = "web-1"', 'approvers = ["@one"]', "customer one") + rule(
    'targets = "web-2"', 'effect = "refuse"', "customer two"
)
STANDARD = rule('template = "Uptime"', 'approvers = ["@sre"]\nwins_over = ["customer *"]', "standard change")


def test_a_rule_that_wins_over_others_decides_alone_even_over_a_refusal() -> None:
    loaded = policy(CUSTOMERS + STANDARD)
    assert evaluate(loaded, subject()).effect == "refuse"
    requirement = evaluate(loaded, subject(facts={"template": "Uptime"}))
    assert headline(requirement) == "Needs 1 of @sre because the template Uptime."
    assert requirement.rules == ("standard change",)


def test_it_wins_only_where_it_covers_the_whole_request() -> None:
    partly = rule('targets = "web-1"', 'approvers = ["@sre"]\nwins_over = "customer *"', "standard change")
    assert evaluate(policy(CUSTOMERS + partly), subject()).effect == "refuse"


def test_a_rule_that_does_not_count_wins_over_nothing() -> None:
    chain = rule("min_targets = 1", 'effect = "refuse"', "a")
    chain += rule("min_targets = 1", 'approvers = ["@b"]\nwins_over = "a"', "b")
    chain += rule("min_targets = 1", 'approvers = ["@c"]\nwins_over = "b"', "c")
    assert evaluate(policy(chain), subject()).effect == "refuse"


def test_the_trace_says_which_rule_wins() -> None:
    lines = rule_trace(policy(CUSTOMERS + STANDARD), subject(facts={"template": "Uptime"}))
    assert [line.partition(": ")[2] for line in lines] == [
        "“customer one” does not count: “standard change” wins over it.",
        "“customer two” does not count: “standard change” wins over it.",
        "“standard change” applies: the template Uptime.",
    ]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (
            rule("", 'wins_over = "nobody"'),
            'the rule “r”: there is no other rule "nobody"; see wins_over.',
        ),
        (rule("", 'wins_over = "r"'), 'the rule “r”: there is no other rule "r"; see wins_over.'),
        (
            rule("", 'wins_over = "b"', "a") + rule("", 'wins_over = "c"', "b") + rule("", 'wins_over = "a"', "c"),
            "the rule “a”: “a” wins over “b” wins over “c” wins over “a”: none of them would count; "
            "take one wins_over out.",
        ),
    ],
)
def test_unknown_names_and_loops_are_errors(rules: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        policy(rules)
    assert error.value.problems[0].partition(": ")[2] == told


def test_a_system_whose_refusal_something_may_win_over_is_offered() -> None:
    no = rule('backend = "foreman.prod"', 'effect = "refuse"', "no")
    assert refuses_every_request(policy(no), subject())
    assert not refuses_every_request(
        policy(no + rule('template = "Uptime"', 'wins_over = "no"', "standard")), subject()
    )
